DROP FUNCTION distance_km;
DROP TABLE branches;
DROP TABLE shops;
