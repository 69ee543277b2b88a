//! Every statement on our own tables.

pub mod audit;
pub mod payment;
pub mod refund;
