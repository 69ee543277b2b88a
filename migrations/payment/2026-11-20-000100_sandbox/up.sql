-- What the sandbox provider knows. It stands for a company of its own: nothing here refers to our payments but by
-- the names we gave it.
CREATE TABLE sandbox_account (
    id             INTEGER PRIMARY KEY CONSTRAINT sandbox_account_single CHECK (id = 1),
    webhook_secret TEXT    NOT NULL
);

CREATE TABLE sandbox_checkout (
    id           UUID        PRIMARY KEY,
    client_key   TEXT        NOT NULL CONSTRAINT sandbox_checkout_client_key_key UNIQUE,
    description  TEXT        NOT NULL,
    amount_minor BIGINT      NOT NULL,
    currency     TEXT        NOT NULL,
    state        TEXT        NOT NULL CONSTRAINT sandbox_checkout_state_known
                 CHECK (state IN ('OPEN', 'PAID', 'DECLINED', 'CANCELLED')),
    created_at   TIMESTAMPTZ NOT NULL DEFAULT now()
);

CREATE TABLE sandbox_refund (
    client_key   TEXT        PRIMARY KEY,
    checkout_id  UUID        NOT NULL REFERENCES sandbox_checkout (id),
    amount_minor BIGINT      NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL DEFAULT now()
);

-- Webhooks that the sandbox has to deliver, written with the change that they tell of.
CREATE TABLE sandbox_webhook (
    sequence        BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id        UUID        NOT NULL UNIQUE,
    body            TEXT        NOT NULL,
    attempts        INTEGER     NOT NULL DEFAULT 0,
    next_attempt_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    delivered_at    TIMESTAMPTZ,
    last_error      TEXT
);
CREATE INDEX sandbox_webhook_waiting ON sandbox_webhook (next_attempt_at) WHERE delivered_at IS NULL;
