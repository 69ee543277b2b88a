//! The tables of `migrations/payment`.

diesel::table! {
    payment (id) {
        id -> Uuid,
        order_id -> Uuid,
        buyer_id -> Uuid,
        amount_minor -> BigInt,
        currency -> Text,
        status -> Text,
        provider -> Text,
        reference -> Nullable<Text>,
        checkout_url -> Nullable<Text>,
        failure_reason -> Nullable<Text>,
        expires_at -> Timestamptz,
        created_at -> Timestamptz,
        settled_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    cancelled_order (order_id) {
        order_id -> Uuid,
        cancelled_at -> Timestamptz,
    }
}

diesel::table! {
    refund (id) {
        id -> Uuid,
        payment_id -> Uuid,
        idempotency_key -> Text,
        amount_minor -> BigInt,
        reason -> Text,
        status -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    payment_event (id) {
        id -> Uuid,
        payment_id -> Nullable<Uuid>,
        provider -> Text,
        kind -> Text,
        detail -> Jsonb,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    webhook (provider, event_id) {
        provider -> Text,
        event_id -> Text,
        received_at -> Timestamptz,
    }
}

diesel::table! {
    sandbox_account (id) {
        id -> Integer,
        webhook_secret -> Text,
    }
}

diesel::table! {
    sandbox_checkout (id) {
        id -> Uuid,
        client_key -> Text,
        description -> Text,
        amount_minor -> BigInt,
        currency -> Text,
        state -> Text,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    sandbox_refund (client_key) {
        client_key -> Text,
        checkout_id -> Uuid,
        amount_minor -> BigInt,
        created_at -> Timestamptz,
    }
}

diesel::table! {
    sandbox_webhook (sequence) {
        sequence -> BigInt,
        event_id -> Uuid,
        body -> Text,
        attempts -> Integer,
        next_attempt_at -> Timestamptz,
        delivered_at -> Nullable<Timestamptz>,
        last_error -> Nullable<Text>,
    }
}

diesel::allow_tables_to_appear_in_same_query!(payment, refund, payment_event);
