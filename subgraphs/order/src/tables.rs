//! The tables of the order database; `migrations/order` explains the columns.

diesel::table! {
    carts (owner_id) {
        owner_id -> Uuid,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
        kept_until -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    cart_items (id) {
        id -> Uuid,
        owner_id -> Uuid,
        product_id -> Uuid,
        variant_id -> Uuid,
        quantity -> Int4,
        unit_price_minor -> Int8,
        currency -> Text,
        added_at -> Timestamptz,
    }
}

diesel::table! {
    orders (id) {
        id -> Uuid,
        buyer_id -> Uuid,
        idempotency_key -> Nullable<Text>,
        saga -> Text,
        leased_until -> Timestamptz,
        saga_attempts -> Int4,
        requested -> Jsonb,
        failure -> Nullable<Jsonb>,
        status -> Text,
        currency -> Text,
        total_minor -> Nullable<Int8>,
        shipping_address -> Jsonb,
        payment_id -> Nullable<Uuid>,
        revision -> Int8,
        created_at -> Timestamptz,
        placed_at -> Nullable<Timestamptz>,
        paid_at -> Nullable<Timestamptz>,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    shop_orders (id) {
        id -> Uuid,
        order_id -> Uuid,
        shop_id -> Uuid,
        seller_id -> Uuid,
        status -> Text,
        currency -> Text,
        subtotal_minor -> Int8,
        created_at -> Timestamptz,
        updated_at -> Timestamptz,
    }
}

diesel::table! {
    order_items (id) {
        id -> Uuid,
        order_id -> Uuid,
        shop_order_id -> Uuid,
        position -> Int4,
        product_id -> Uuid,
        variant_id -> Uuid,
        name -> Text,
        sku -> Text,
        currency -> Text,
        unit_price_minor -> Int8,
        quantity -> Int4,
    }
}

diesel::table! {
    shipments (id) {
        id -> Uuid,
        shop_order_id -> Uuid,
        carrier -> Text,
        tracking_number -> Text,
        shipped_at -> Timestamptz,
        delivered_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    order_history (order_id, revision) {
        order_id -> Uuid,
        revision -> Int8,
        status -> Text,
        shop_order_id -> Nullable<Uuid>,
        part_status -> Nullable<Text>,
        note -> Nullable<Text>,
        at -> Timestamptz,
    }
}

diesel::table! {
    settlements (id) {
        id -> Uuid,
        order_id -> Uuid,
        kind -> Text,
        idempotency_key -> Text,
        amount_minor -> Nullable<Int8>,
        currency -> Text,
        reason -> Text,
        attempts -> Int4,
        next_attempt_at -> Timestamptz,
        last_error -> Nullable<Text>,
        outcome -> Nullable<Text>,
        created_at -> Timestamptz,
        done_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    shops (shop_id) {
        shop_id -> Uuid,
        owner_id -> Uuid,
        name -> Text,
        approved -> Bool,
        revision -> Int8,
    }
}

diesel::joinable!(cart_items -> carts (owner_id));
diesel::joinable!(shop_orders -> orders (order_id));
diesel::joinable!(shipments -> shop_orders (shop_order_id));
diesel::allow_tables_to_appear_in_same_query!(carts, cart_items);
diesel::allow_tables_to_appear_in_same_query!(orders, shop_orders, shipments);
