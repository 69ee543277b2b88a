//! Entities of other subgraphs that hits point to, and what this one adds to them.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, SimpleObject};
use souk_platform::{ApiError, ApiResult, Id};

use crate::index::SearchIndex;

/// The most similar products that can be asked for.
const MOST_SIMILAR: i32 = 20;

/// Something that a shop sells. What is common to all kinds is here; each kind is a type with fields of its own.
// The product subgraph owns the interface; an interface object adds to all its types at once.
#[derive(SimpleObject)]
#[graphql(complex, interface_object)]
pub struct Product {
    /// Identifies the product.
    pub id: Id,
}

#[ComplexObject]
impl Product {
    /// Products with similar names, categories and features, the most similar first.
    async fn similar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 20.", default = 5)] first: i32,
    ) -> ApiResult<Vec<Product>> {
        if !(1..=MOST_SIMILAR).contains(&first) {
            return Err(ApiError::bad_input(
                "first",
                format!("first must be between 1 and {MOST_SIMILAR}, got {first}"),
            ));
        }
        let index = ctx.data_unchecked::<Arc<SearchIndex>>().clone();
        let (id, limit) = (self.id.0, usize::try_from(first).unwrap_or(1));
        let similar = tokio::task::spawn_blocking(move || index.similar(id, limit))
            .await
            .map_err(ApiError::internal)??;
        Ok(similar
            .into_iter()
            .map(|id| Product { id: id.into() })
            .collect())
    }
}

/// A shop on the platform.
#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Shop {
    /// The shop's id.
    pub id: Id,
}

/// A place in the tree of categories.
#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Category {
    /// Identifies the category.
    pub id: Id,
}
