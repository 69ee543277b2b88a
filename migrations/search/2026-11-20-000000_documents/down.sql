DROP TABLE stock_level;
DROP TABLE document;
DROP TABLE feed;
