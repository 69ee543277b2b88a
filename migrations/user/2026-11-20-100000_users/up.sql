CREATE TABLE users (
    id uuid PRIMARY KEY,
    -- Normalised: trimmed and in lower case, so that the constraint holds whatever way it is typed.
    email text NOT NULL CONSTRAINT users_email_key UNIQUE
        CONSTRAINT users_email_length CHECK (char_length(email) BETWEEN 3 AND 254),
    name text NOT NULL CONSTRAINT users_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
    -- A PHC string of argon2id.
    password_hash text NOT NULL,
    roles text[] NOT NULL CONSTRAINT users_roles_known CHECK (
        cardinality(roles) > 0 AND roles <@ ARRAY['BUYER', 'SELLER', 'MODERATOR', 'ADMIN', 'PARTNER']
    ),
    customer_type text NOT NULL DEFAULT 'REGULAR',
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);

CREATE TABLE addresses (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users ON DELETE CASCADE,
    label text NOT NULL,
    recipient text NOT NULL,
    line1 text NOT NULL,
    line2 text NOT NULL,
    city text NOT NULL,
    region text NOT NULL,
    postal_code text NOT NULL,
    country text NOT NULL CONSTRAINT addresses_country_code CHECK (country ~ '^[A-Z]{2}$'),
    phone text NOT NULL,
    latitude double precision CONSTRAINT addresses_latitude CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision CONSTRAINT addresses_longitude CHECK (longitude BETWEEN -180 AND 180),
    is_default boolean NOT NULL,
    created_at timestamptz NOT NULL,
    CONSTRAINT addresses_position_whole CHECK ((latitude IS NULL) = (longitude IS NULL))
);

CREATE INDEX addresses_user ON addresses (user_id, id);
CREATE UNIQUE INDEX addresses_one_default ON addresses (user_id) WHERE is_default;

-- Which shops a user owns, as the shop subgraph told: a hint for access tokens.
CREATE TABLE owned_shops (
    shop_id uuid PRIMARY KEY,
    user_id uuid NOT NULL
);

CREATE INDEX owned_shops_user ON owned_shops (user_id);
