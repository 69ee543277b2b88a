//! The tables of `migrations/platform`.

diesel::table! {
    outbox (sequence) {
        sequence -> BigInt,
        event_id -> Uuid,
        aggregate_id -> Uuid,
        event -> Jsonb,
        published_at -> Nullable<Timestamptz>,
    }
}

diesel::table! {
    inbox (queue, event_id) {
        sequence -> BigInt,
        queue -> Text,
        event_id -> Uuid,
        aggregate_id -> Uuid,
        body -> Binary,
        received_at -> Timestamptz,
        attempts -> Integer,
        next_attempt_at -> Timestamptz,
        done_at -> Nullable<Timestamptz>,
        dead_at -> Nullable<Timestamptz>,
        error -> Nullable<Text>,
    }
}
