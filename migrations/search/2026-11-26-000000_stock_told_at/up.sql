-- When a level was told, by this database's clock: a rebuild forgets what was told before it began.
ALTER TABLE stock_level ADD COLUMN told_at TIMESTAMPTZ NOT NULL DEFAULT now();
