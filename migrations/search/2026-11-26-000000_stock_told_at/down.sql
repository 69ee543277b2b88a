ALTER TABLE stock_level DROP COLUMN told_at;
