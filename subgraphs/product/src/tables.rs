//! The tables of `migrations/product`.

diesel::table! {
    shops (id) {
        id -> Uuid,
        owner_id -> Uuid,
        name -> Text,
        approved -> Bool,
        positions -> Jsonb,
        revision -> BigInt,
    }
}

diesel::table! {
    categories (id) {
        id -> Uuid,
        parent_id -> Nullable<Uuid>,
        name -> Text,
        path -> Array<Uuid>,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    products (id) {
        id -> Uuid,
        shop_id -> Uuid,
        category_id -> Nullable<Uuid>,
        kind -> Text,
        name -> Text,
        description -> Text,
        currency -> Text,
        details -> Jsonb,
        revision -> BigInt,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        archived_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    variants (id) {
        id -> Uuid,
        product_id -> Uuid,
        shop_id -> Uuid,
        sku -> Text,
        attributes -> Jsonb,
        price_minor -> BigInt,
        on_hand -> Integer,
        reserved -> Integer,
        stock_revision -> BigInt,
        created_at -> Timestamptz,
        removed_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    reservations (order_id) {
        order_id -> Uuid,
        released -> Bool,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    reservation_lines (order_id, position) {
        order_id -> Uuid,
        position -> Integer,
        variant_id -> Uuid,
        quantity -> Integer,
        state -> Text,
        product_id -> Uuid,
        shop_id -> Uuid,
        seller_id -> Uuid,
        sku -> Text,
        name -> Text,
        unit_price_minor -> BigInt,
        currency -> Text,
    }
}

diesel::joinable!(products -> shops (shop_id));
diesel::joinable!(products -> categories (category_id));
diesel::joinable!(variants -> products (product_id));
diesel::allow_tables_to_appear_in_same_query!(
    shops,
    categories,
    products,
    variants,
    reservations,
    reservation_lines
);
