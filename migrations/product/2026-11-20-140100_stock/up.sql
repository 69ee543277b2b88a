-- Stock put aside for orders. A row without lines is a tombstone: the order was given up before its stock was
-- put aside, and a late attempt must fail.
CREATE TABLE reservations (
    order_id   UUID PRIMARY KEY,
    released   BOOLEAN     NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- What was put aside, with everything that the order was told, so that a repeated call gets the same answer.
CREATE TABLE reservation_lines (
    order_id         UUID    NOT NULL REFERENCES reservations (order_id),
    position         INTEGER NOT NULL,
    variant_id       UUID    NOT NULL REFERENCES variants (id),
    quantity         INTEGER NOT NULL CONSTRAINT reservation_lines_quantity CHECK (quantity > 0),
    state            TEXT    NOT NULL
        CONSTRAINT reservation_lines_state CHECK (state IN ('RESERVED', 'RELEASED', 'COMMITTED')),
    product_id       UUID    NOT NULL,
    shop_id          UUID    NOT NULL,
    seller_id        UUID    NOT NULL,
    sku              TEXT    NOT NULL,
    name             TEXT    NOT NULL,
    unit_price_minor BIGINT  NOT NULL,
    currency         TEXT    NOT NULL,
    PRIMARY KEY (order_id, position)
);
CREATE INDEX reservation_lines_variant_idx ON reservation_lines (variant_id);
