//! The tables of the shop database, see `migrations/shop`.

diesel::table! {
    shops (id) {
        id -> Uuid,
        owner_id -> Uuid,
        name -> Text,
        description -> Text,
        status -> Text,
        rejection_reason -> Nullable<Text>,
        decided_by -> Nullable<Uuid>,
        decided_at -> Nullable<Timestamptz>,
        revision -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    branches (id) {
        id -> Uuid,
        shop_id -> Uuid,
        name -> Text,
        line1 -> Text,
        line2 -> Text,
        city -> Text,
        region -> Text,
        postal_code -> Text,
        country -> Text,
        phone -> Text,
        latitude -> Double,
        longitude -> Double,
        created_at -> Timestamptz,
    }
}
