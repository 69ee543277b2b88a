-- One payment per order.
CREATE TABLE payment (
    id             UUID        PRIMARY KEY,
    order_id       UUID        NOT NULL CONSTRAINT payment_order_id_key UNIQUE,
    buyer_id       UUID        NOT NULL,
    amount_minor   BIGINT      NOT NULL CONSTRAINT payment_amount_positive CHECK (amount_minor > 0),
    currency       TEXT        NOT NULL,
    status         TEXT        NOT NULL CONSTRAINT payment_status_known
                   CHECK (status IN ('PENDING', 'SUCCEEDED', 'FAILED', 'EXPIRED', 'CANCELLED', 'REFUNDED')),
    provider       TEXT        NOT NULL,
    reference      TEXT,
    checkout_url   TEXT,
    failure_reason TEXT,
    expires_at     TIMESTAMPTZ NOT NULL,
    created_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    settled_at     TIMESTAMPTZ,
    CONSTRAINT payment_reference_key UNIQUE (provider, reference)
);
CREATE INDEX payment_open ON payment (expires_at) WHERE status = 'PENDING';

-- Orders that were given up before their payment was created: a payment that comes late is refused.
CREATE TABLE cancelled_order (
    order_id     UUID        PRIMARY KEY,
    cancelled_at TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Money given back. The key makes a repeated request the same refund.
CREATE TABLE refund (
    id              UUID        PRIMARY KEY,
    payment_id      UUID        NOT NULL REFERENCES payment (id),
    idempotency_key TEXT        NOT NULL,
    amount_minor    BIGINT      NOT NULL CONSTRAINT refund_amount_positive CHECK (amount_minor > 0),
    reason          TEXT        NOT NULL,
    status          TEXT        NOT NULL CONSTRAINT refund_status_known CHECK (status IN ('PENDING', 'SUCCEEDED')),
    created_at      TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT refund_idempotency_key_key UNIQUE (payment_id, idempotency_key)
);

-- Every call to a provider and every webhook from one, accepted or not. Rows are only ever added.
CREATE TABLE payment_event (
    id         UUID        PRIMARY KEY,
    payment_id UUID        REFERENCES payment (id),
    provider   TEXT        NOT NULL,
    kind       TEXT        NOT NULL,
    detail     JSONB       NOT NULL,
    created_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX payment_event_payment ON payment_event (payment_id, id);

-- Webhooks that were worked, so that one sent twice has its effect once.
CREATE TABLE webhook (
    provider    TEXT        NOT NULL,
    event_id    TEXT        NOT NULL,
    received_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    CONSTRAINT webhook_pkey PRIMARY KEY (provider, event_id)
);
