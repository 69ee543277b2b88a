-- For an order that stands and is not paid, leased_until says until when its payment may still come by itself. Orders
-- from before this rule get a day: longer than any time to pay.
UPDATE orders SET leased_until = placed_at + interval '1 day' WHERE saga = 'PLACED' AND status = 'PENDING';

CREATE INDEX orders_unpaid ON orders (leased_until) WHERE saga = 'PLACED' AND status = 'PENDING';
