//! The tables of `migrations/search`.

diesel::table! {
    feed (id) {
        id -> Integer,
        sequence -> BigInt,
        generation -> BigInt,
    }
}

diesel::table! {
    document (id) {
        id -> Uuid,
        entity -> Text,
        body -> Jsonb,
        revision -> BigInt,
        sequence -> BigInt,
    }
}

diesel::table! {
    stock_level (variant_id) {
        variant_id -> Uuid,
        product_id -> Uuid,
        available -> BigInt,
        revision -> BigInt,
        told_at -> Timestamptz,
    }
}
