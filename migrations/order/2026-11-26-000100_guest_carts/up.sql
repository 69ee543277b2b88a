-- Until when a guest's cart is kept; null for the cart of a user, which stays. Carts from before this rule stay too:
-- they do not say whose they are.
ALTER TABLE carts ADD COLUMN kept_until timestamptz;

CREATE INDEX carts_of_guests ON carts (kept_until) WHERE kept_until IS NOT NULL;
