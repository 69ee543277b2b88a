//! The rules of carts and orders, without I/O.

pub mod address;
pub mod cart;
pub mod lifecycle;
pub mod pricing;
pub mod saga;
pub mod status;
