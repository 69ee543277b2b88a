ALTER TABLE carts DROP COLUMN kept_until;
