DROP TABLE sandbox_webhook;
DROP TABLE sandbox_refund;
DROP TABLE sandbox_checkout;
DROP TABLE sandbox_account;
