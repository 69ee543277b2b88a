-- What the shop subgraph told of its shops; an older revision never replaces a newer one.
CREATE TABLE shops (
    id        UUID PRIMARY KEY,
    owner_id  UUID    NOT NULL,
    name      TEXT    NOT NULL,
    approved  BOOLEAN NOT NULL,
    positions JSONB   NOT NULL,
    revision  BIGINT  NOT NULL
);

-- The category tree. path holds the ids of the ancestors from the root down and, at its end, the category's own.
CREATE TABLE categories (
    id         UUID PRIMARY KEY,
    parent_id  UUID REFERENCES categories (id),
    name       TEXT        NOT NULL CONSTRAINT categories_name_length CHECK (char_length(name) BETWEEN 1 AND 80),
    path       UUID[]      NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT categories_depth CHECK (cardinality(path) BETWEEN 1 AND 8),
    CONSTRAINT categories_path_ends_here CHECK (path[cardinality(path)] = id),
    CONSTRAINT categories_path_through_parent CHECK (path[cardinality(path) - 1] IS NOT DISTINCT FROM parent_id)
);
CREATE UNIQUE INDEX categories_name_key ON categories (parent_id, lower(name)) NULLS NOT DISTINCT;
CREATE INDEX categories_path_idx ON categories USING gin (path);
CREATE INDEX categories_list_idx ON categories (name, id);

CREATE TABLE products (
    id          UUID PRIMARY KEY,
    shop_id     UUID        NOT NULL REFERENCES shops (id),
    category_id UUID REFERENCES categories (id),
    kind        TEXT        NOT NULL
        CONSTRAINT products_kind CHECK (kind IN ('Book', 'Laptop', 'Mobile', 'Clothing', 'GeneralProduct')),
    name        TEXT        NOT NULL CONSTRAINT products_name_length CHECK (char_length(name) BETWEEN 1 AND 200),
    description TEXT        NOT NULL,
    -- The one currency of all its variants' prices.
    currency    TEXT        NOT NULL,
    -- The kind's own fields, in the shape of the typed struct of that kind.
    details     JSONB       NOT NULL CONSTRAINT products_details_object CHECK (jsonb_typeof(details) = 'object'),
    revision    BIGINT      NOT NULL DEFAULT 1,
    created_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    updated_at  TIMESTAMPTZ NOT NULL DEFAULT now(),
    archived_at TIMESTAMPTZ,
    CONSTRAINT products_id_shop_key UNIQUE (id, shop_id)
);
CREATE INDEX products_shop_idx ON products (shop_id, id DESC);
CREATE INDEX products_category_idx ON products (category_id, id DESC);

-- What can be bought. Removed variants stay, because orders refer to them.
CREATE TABLE variants (
    id             UUID PRIMARY KEY,
    product_id     UUID        NOT NULL,
    shop_id        UUID        NOT NULL,
    sku            TEXT        NOT NULL CONSTRAINT variants_sku_length CHECK (char_length(sku) BETWEEN 1 AND 64),
    attributes     JSONB       NOT NULL CONSTRAINT variants_attributes_array CHECK (jsonb_typeof(attributes) = 'array'),
    price_minor    BIGINT      NOT NULL CONSTRAINT variants_price_positive CHECK (price_minor > 0),
    on_hand        INTEGER     NOT NULL CONSTRAINT variants_on_hand_range CHECK (on_hand BETWEEN 0 AND 1000000000),
    reserved       INTEGER     NOT NULL DEFAULT 0 CONSTRAINT variants_reserved_not_negative CHECK (reserved >= 0),
    -- Grows with every change of on_hand or reserved.
    stock_revision BIGINT      NOT NULL DEFAULT 1,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    removed_at     TIMESTAMPTZ,
    CONSTRAINT variants_product_fkey FOREIGN KEY (product_id, shop_id) REFERENCES products (id, shop_id),
    CONSTRAINT variants_reserved_on_hand CHECK (reserved <= on_hand)
);
CREATE UNIQUE INDEX variants_sku_key ON variants (shop_id, sku) WHERE removed_at IS NULL;
CREATE INDEX variants_product_idx ON variants (product_id, id);
