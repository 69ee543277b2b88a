//! Rules of payments, without I/O.

pub mod signature;
pub mod status;

pub use status::{Fact, PaymentStatus};
