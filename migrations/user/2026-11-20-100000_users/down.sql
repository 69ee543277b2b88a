DROP TABLE owned_shops;
DROP TABLE addresses;
DROP TABLE users;
