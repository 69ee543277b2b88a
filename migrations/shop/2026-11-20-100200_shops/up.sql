CREATE TABLE shops (
    id uuid PRIMARY KEY,
    owner_id uuid NOT NULL,
    name text NOT NULL CONSTRAINT shops_name_length CHECK (char_length(name) BETWEEN 1 AND 100),
    description text NOT NULL CONSTRAINT shops_description_length CHECK (char_length(description) <= 5000),
    status text NOT NULL CONSTRAINT shops_status_known CHECK (status IN ('PENDING', 'APPROVED', 'REJECTED')),
    rejection_reason text CONSTRAINT shops_rejection_reason_length CHECK (char_length(rejection_reason) BETWEEN 1 AND 1000),
    -- The moderator who approved or rejected it last.
    decided_by uuid,
    decided_at timestamptz,
    -- Grows with every change of the shop or its branches: for events and for optimistic locking.
    revision bigint NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    CONSTRAINT shops_rejection_has_reason CHECK ((status = 'REJECTED') = (rejection_reason IS NOT NULL))
);

CREATE INDEX shops_owner ON shops (owner_id, id);
CREATE INDEX shops_status ON shops (status, id);

CREATE TABLE branches (
    id uuid PRIMARY KEY,
    shop_id uuid NOT NULL REFERENCES shops ON DELETE CASCADE,
    name text NOT NULL,
    line1 text NOT NULL,
    line2 text NOT NULL,
    city text NOT NULL,
    region text NOT NULL,
    postal_code text NOT NULL,
    country text NOT NULL CONSTRAINT branches_country_code CHECK (country ~ '^[A-Z]{2}$'),
    phone text NOT NULL,
    latitude double precision NOT NULL CONSTRAINT branches_latitude CHECK (latitude BETWEEN -90 AND 90),
    longitude double precision NOT NULL CONSTRAINT branches_longitude CHECK (longitude BETWEEN -180 AND 180),
    created_at timestamptz NOT NULL
);

CREATE INDEX branches_shop ON branches (shop_id, id);
-- Narrows a search around a point to a bounding box.
CREATE INDEX branches_position ON branches USING gist (point(longitude, latitude));

-- Great-circle distance in kilometres by the haversine formula, mean radius of the Earth (IUGG).
CREATE FUNCTION distance_km(
    latitude double precision, longitude double precision, to_latitude double precision, to_longitude double precision
) RETURNS double precision LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT 2 * 6371.0088 * asin(least(1, sqrt(
        sin(radians(to_latitude - latitude) / 2) ^ 2
        + cos(radians(latitude)) * cos(radians(to_latitude)) * sin(radians(to_longitude - longitude) / 2) ^ 2
    )))
$$;
