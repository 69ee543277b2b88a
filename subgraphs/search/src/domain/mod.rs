//! What can be found and what can be asked for, without I/O.

mod criteria;
mod document;

pub use criteria::{Criteria, Near, Order, PriceRange, SortKey};
pub use document::{Document, Entity};
