//! Every query of the order database.

pub mod cart;
pub mod list;
pub mod order;
pub mod overdue;
pub mod placement;
pub mod progress;
pub mod settlement;
pub mod shop;
