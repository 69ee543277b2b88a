DROP TABLE webhook;
DROP TABLE payment_event;
DROP TABLE refund;
DROP TABLE cancelled_order;
DROP TABLE payment;
