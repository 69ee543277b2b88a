DROP TABLE inbox;
DROP TABLE outbox;
DROP FUNCTION notify_channel;
