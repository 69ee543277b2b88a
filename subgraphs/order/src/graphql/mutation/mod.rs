//! Mutations.

mod cart;
mod order;
mod selling;

use async_graphql::MergedObject;

/// The mutations.
#[derive(MergedObject, Default)]
pub struct Mutation(
    cart::CartMutation,
    order::OrderMutation,
    selling::SellingMutation,
);
