//! Every statement that the subgraph sends to its database.
//!
//! Rows are locked in one order everywhere: the category, the shop, its products, then variants by id. A transaction
//! that holds a product's variants knows that no stock of them moves until it commits, so the events of one product stand
//! in the outbox in the order of the changes they tell of.

pub mod category;
pub mod category_tree;
pub mod offer;
pub mod page;
pub mod product;
pub mod reservation;
pub mod shop;
pub mod snapshot;
pub mod stock;
pub mod variant;

/// Who changes something, and what it belongs to.
#[derive(Debug, Clone)]
pub struct Author {
    /// The user who must own the shop.
    pub seller: uuid::Uuid,
    /// Ties the change's events to the client's request.
    pub correlation_id: String,
}
