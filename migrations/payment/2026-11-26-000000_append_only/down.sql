DROP TRIGGER payment_event_only_grows ON payment_event;
DROP FUNCTION refuse_change();
