-- Events that this subgraph tells, written with the change that they tell of.
CREATE TABLE outbox (
    sequence     BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    event_id     UUID        NOT NULL CONSTRAINT outbox_event_id_key UNIQUE,
    aggregate_id UUID        NOT NULL,
    event        JSONB       NOT NULL,
    published_at TIMESTAMPTZ
);
CREATE INDEX outbox_waiting ON outbox (sequence) WHERE published_at IS NULL;
CREATE INDEX outbox_published ON outbox (published_at) WHERE published_at IS NOT NULL;

-- Events that this subgraph was told, one row per queue and event, kept after they were worked so that a
-- repeated delivery is recognised.
CREATE TABLE inbox (
    sequence        BIGINT GENERATED ALWAYS AS IDENTITY,
    queue           TEXT        NOT NULL,
    event_id        UUID        NOT NULL,
    aggregate_id    UUID        NOT NULL,
    body            BYTEA       NOT NULL,
    received_at     TIMESTAMPTZ NOT NULL DEFAULT now(),
    attempts        INTEGER     NOT NULL DEFAULT 0,
    next_attempt_at TIMESTAMPTZ NOT NULL DEFAULT now(),
    done_at         TIMESTAMPTZ,
    dead_at         TIMESTAMPTZ,
    error           TEXT,
    CONSTRAINT inbox_pkey PRIMARY KEY (queue, event_id),
    CONSTRAINT inbox_done_or_dead CHECK (done_at IS NULL OR dead_at IS NULL)
);
CREATE INDEX inbox_waiting ON inbox (queue, sequence) WHERE done_at IS NULL AND dead_at IS NULL;
CREATE INDEX inbox_done ON inbox (done_at) WHERE done_at IS NOT NULL;
CREATE INDEX inbox_dead ON inbox (dead_at) WHERE dead_at IS NOT NULL;

-- Wakes the relay and the queue workers at commit, whichever instance they run in.
CREATE FUNCTION notify_channel() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify(TG_ARGV[0], '');
    RETURN NULL;
END
$$;
CREATE TRIGGER outbox_wakes AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('outbox');
CREATE TRIGGER inbox_wakes AFTER INSERT ON inbox FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('inbox');
