-- One row: how far the changes of documents have come. Taking the next number locks the row until the commit, so
-- numbers become visible in their order and an index that reads "everything after n" misses nothing.
CREATE TABLE feed (
    id         INTEGER PRIMARY KEY CONSTRAINT feed_single CHECK (id = 1),
    sequence   BIGINT NOT NULL DEFAULT 0,
    -- An index of another generation is made again from the beginning. The first one is the time, so that an index of
    -- another database is not taken for one of this.
    generation BIGINT NOT NULL DEFAULT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint
);
INSERT INTO feed (id) VALUES (1);
CREATE TRIGGER feed_wakes AFTER UPDATE ON feed FOR EACH STATEMENT EXECUTE FUNCTION notify_channel('search_feed');

-- What can be found: the newest snapshot of each product and shop that an event told of.
CREATE TABLE document (
    id       UUID   PRIMARY KEY,
    entity   TEXT   NOT NULL CONSTRAINT document_entity_known CHECK (entity IN ('PRODUCT', 'SHOP')),
    body     JSONB  NOT NULL,
    revision BIGINT NOT NULL,
    sequence BIGINT NOT NULL
);
CREATE INDEX document_sequence ON document (sequence);

-- Pieces left, told apart from the products because they change far more often.
CREATE TABLE stock_level (
    variant_id UUID   PRIMARY KEY,
    product_id UUID   NOT NULL,
    available  BIGINT NOT NULL,
    revision   BIGINT NOT NULL
);
CREATE INDEX stock_level_product ON stock_level (product_id);
