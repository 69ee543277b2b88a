-- What a person or a guest session means to buy. One cart per owner, so the owner is its key.
CREATE TABLE carts (
    owner_id uuid PRIMARY KEY,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE cart_items (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL REFERENCES carts (owner_id) ON DELETE CASCADE,
    product_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    quantity integer NOT NULL CONSTRAINT cart_items_quantity CHECK (quantity BETWEEN 1 AND 999),
    -- The price of one piece that the buyer saw, in minor units.
    unit_price_minor bigint NOT NULL CHECK (unit_price_minor >= 0),
    currency text NOT NULL,
    added_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT cart_items_variant UNIQUE (owner_id, variant_id)
);

CREATE TABLE orders (
    id uuid PRIMARY KEY,
    buyer_id uuid NOT NULL,
    -- The client's; empty again once the placement was given up, so that the same key may try again.
    idempotency_key text,
    -- How far the placement is. Only PLACED orders are shown to anybody.
    saga text NOT NULL CHECK (saga IN ('RESERVING', 'PAYING', 'PLACED', 'ABANDONING', 'ABANDONED')),
    -- Until then somebody drives the saga; afterwards it stands still and anybody may take it.
    leased_until timestamptz NOT NULL,
    saga_attempts integer NOT NULL DEFAULT 0,
    -- The lines as the cart had them: [{variant_id, quantity, unit_price_minor}].
    requested jsonb NOT NULL,
    -- Why the placement was given up: {code, message, argument}.
    failure jsonb,
    -- Derived from the parts in the same transaction that changes them.
    status text NOT NULL CHECK (status IN ('PENDING', 'CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
    currency text NOT NULL,
    total_minor bigint CHECK (total_minor >= 0),
    shipping_address jsonb NOT NULL,
    payment_id uuid,
    -- Grows by one with every change of the status or of a part.
    revision bigint NOT NULL DEFAULT 0,
    created_at timestamptz NOT NULL DEFAULT now(),
    placed_at timestamptz,
    paid_at timestamptz,
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT orders_priced CHECK (saga NOT IN ('PAYING', 'PLACED') OR total_minor IS NOT NULL),
    CONSTRAINT orders_placed CHECK ((saga = 'PLACED') = (placed_at IS NOT NULL))
);

CREATE UNIQUE INDEX orders_idempotency_key ON orders (buyer_id, idempotency_key);
-- Two placements of one cart at once would order it twice.
CREATE UNIQUE INDEX orders_one_placement ON orders (buyer_id) WHERE saga IN ('RESERVING', 'PAYING');
CREATE INDEX orders_of_buyer ON orders (buyer_id, id DESC) WHERE saga = 'PLACED';
CREATE INDEX orders_unfinished ON orders (leased_until) WHERE saga IN ('RESERVING', 'PAYING', 'ABANDONING');

-- The part of an order that one shop delivers.
CREATE TABLE shop_orders (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    shop_id uuid NOT NULL,
    -- The shop's owner when the order was placed.
    seller_id uuid NOT NULL,
    status text NOT NULL CHECK (status IN ('PENDING', 'CONFIRMED', 'PROCESSING', 'SHIPPED', 'DELIVERED', 'CANCELLED')),
    currency text NOT NULL,
    subtotal_minor bigint NOT NULL CHECK (subtotal_minor >= 0),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT shop_orders_one_per_shop UNIQUE (order_id, shop_id)
);

CREATE INDEX shop_orders_of_shop ON shop_orders (shop_id, id DESC);

CREATE TABLE order_items (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    shop_order_id uuid NOT NULL REFERENCES shop_orders (id),
    -- Where it stood in the cart, from 0.
    position integer NOT NULL,
    product_id uuid NOT NULL,
    variant_id uuid NOT NULL,
    -- Name, stock keeping unit and price are frozen: what the buyer agreed to.
    name text NOT NULL,
    sku text NOT NULL,
    currency text NOT NULL,
    unit_price_minor bigint NOT NULL CHECK (unit_price_minor >= 0),
    quantity integer NOT NULL CHECK (quantity BETWEEN 1 AND 999),
    CONSTRAINT order_items_variant UNIQUE (order_id, variant_id)
);

CREATE INDEX order_items_of_part ON order_items (shop_order_id);

CREATE TABLE shipments (
    id uuid PRIMARY KEY,
    shop_order_id uuid NOT NULL CONSTRAINT shipments_one_per_part UNIQUE REFERENCES shop_orders (id),
    carrier text NOT NULL,
    tracking_number text NOT NULL,
    shipped_at timestamptz NOT NULL DEFAULT now(),
    delivered_at timestamptz
);

-- Every change of an order, one row per revision.
CREATE TABLE order_history (
    order_id uuid NOT NULL REFERENCES orders (id),
    revision bigint NOT NULL,
    -- The whole order's status after the change.
    status text NOT NULL,
    -- The part that changed, when it was a single one.
    shop_order_id uuid REFERENCES shop_orders (id),
    part_status text,
    note text,
    at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_id, revision)
);

-- What the payment service still has to be told about an order: done once, retried until it is.
CREATE TABLE settlements (
    id uuid PRIMARY KEY,
    order_id uuid NOT NULL REFERENCES orders (id),
    kind text NOT NULL CHECK (kind IN ('CANCEL_PAYMENT', 'REFUND')),
    idempotency_key text NOT NULL CONSTRAINT settlements_key UNIQUE,
    amount_minor bigint CHECK (amount_minor > 0),
    currency text NOT NULL,
    reason text NOT NULL,
    attempts integer NOT NULL DEFAULT 0,
    next_attempt_at timestamptz NOT NULL DEFAULT now(),
    last_error text,
    -- The payment's status as the payment service answered.
    outcome text,
    created_at timestamptz NOT NULL DEFAULT now(),
    done_at timestamptz,
    CONSTRAINT settlements_amount CHECK ((kind = 'REFUND') = (amount_minor IS NOT NULL))
);

CREATE INDEX settlements_due ON settlements (next_attempt_at) WHERE done_at IS NULL;
CREATE INDEX settlements_of_order ON settlements (order_id);

-- Who owns which shop, from the shop.* events.
CREATE TABLE shops (
    shop_id uuid PRIMARY KEY,
    owner_id uuid NOT NULL,
    name text NOT NULL,
    approved boolean NOT NULL,
    revision bigint NOT NULL
);
