//! What sellers, moderators and other subgraphs can do.

mod categories;
mod products;
mod reservations;
mod stock;
mod variants;

use async_graphql::{Context, MergedObject};
use souk_platform::{ApiResult, Caller, Role};

use crate::store::Author;

/// The mutations.
#[derive(MergedObject, Default)]
pub struct Mutation(
    products::Products,
    variants::Variants,
    stock::StockCounts,
    categories::Categories,
    reservations::Reservations,
);

/// The seller who asks; what they may change, the store checks against the owner of the shop.
fn author(ctx: &Context<'_>) -> ApiResult<Author> {
    let seller = ctx.identity().with_role(&[Role::Seller])?.id;
    Ok(Author {
        seller,
        correlation_id: ctx.correlation_id().to_owned(),
    })
}
