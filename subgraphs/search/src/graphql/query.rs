//! Queries and entity look-ups.

use std::sync::Arc;

use async_graphql::{Context, Object};
use souk_platform::page::Page;
use souk_platform::{ApiError, ApiResult, Id};
use uuid::Uuid;

use super::entities::Product;
use super::input::{self, NearInput, ProductKind, ProductSearchFilter, SearchOrder};
use super::results::{self, ProductHits, ShopHits};
use crate::domain::{Criteria, Entity};
use crate::index::{self, SearchIndex};

/// The queries.
pub struct Query;

#[Object]
impl Query {
    /// Products that fit a text and filters. Every word of the text must be found, in the title, the category, the
    /// shop's name, the description or a feature; small misspellings are forgiven. Changes are found within a second.
    #[allow(clippy::too_many_arguments)]
    async fn search_products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look for, at most 200 characters; everything when absent.")] text: Option<String>,
        #[graphql(desc = "Filters.")] filter: Option<ProductSearchFilter>,
        #[graphql(desc = "Only what a branch within this distance sells.")] near: Option<NearInput>,
        #[graphql(desc = "The order of the results.", default_with = "SearchOrder::Best")] order_by: SearchOrder,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which to begin.")] after: Option<String>,
    ) -> ApiResult<ProductHits> {
        let page: Page<(u64, Uuid)> = Page::new(first, after)?;
        let filter = filter.unwrap_or_default();
        let near = near.map(|near| near.checked()).transpose()?;
        let has_previous = page.after.is_some();
        let criteria = Criteria {
            entity: Entity::Product,
            text: input::text(text)?,
            kinds: filter
                .kinds
                .unwrap_or_default()
                .into_iter()
                .map(ProductKind::type_name)
                .collect(),
            categories: input::ids("filter.categoryIds", filter.category_ids)?,
            shops: input::ids("filter.shopIds", filter.shop_ids)?,
            price: filter.price.map(|price| price.minor()).transpose()?,
            in_stock: filter.in_stock,
            near,
            order: order_by.checked(near.as_ref())?,
            after: page.after.map(|(key, id)| (key, id.as_u128())),
            limit: page.first,
        };
        let found = search(ctx, criteria).await?;
        Ok(results::products(&found, has_previous))
    }

    /// Shops that fit a text. Small misspellings are forgiven. Changes are found within a second.
    async fn search_shops(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look for, at most 200 characters; everything when absent.")] text: Option<String>,
        #[graphql(desc = "Only shops with a branch within this distance.")] near: Option<NearInput>,
        #[graphql(
            desc = "The order of the results; CHEAPEST says nothing of shops.",
            default_with = "SearchOrder::Best"
        )]
        order_by: SearchOrder,
        #[graphql(desc = "How many, 1 to 100; 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "The cursor after which to begin.")] after: Option<String>,
    ) -> ApiResult<ShopHits> {
        if order_by == SearchOrder::Cheapest {
            return Err(ApiError::bad_input(
                "orderBy",
                "shops have no price: choose BEST, NEWEST or NEAREST",
            ));
        }
        let page: Page<(u64, Uuid)> = Page::new(first, after)?;
        let near = near.map(|near| near.checked()).transpose()?;
        let has_previous = page.after.is_some();
        let criteria = Criteria {
            entity: Entity::Shop,
            text: input::text(text)?,
            kinds: Vec::new(),
            categories: Vec::new(),
            shops: Vec::new(),
            price: None,
            in_stock: None,
            near,
            order: order_by.checked(near.as_ref())?,
            after: page.after.map(|(key, id)| (key, id.as_u128())),
            limit: page.first,
        };
        let found = search(ctx, criteria).await?;
        Ok(results::shops(&found, has_previous))
    }

    #[graphql(entity)]
    async fn product_by_id(&self, id: Id) -> Product {
        Product { id }
    }
}

async fn search(ctx: &Context<'_>, criteria: Criteria) -> ApiResult<Arc<index::Page>> {
    let index = ctx.data_unchecked::<Arc<SearchIndex>>().clone();
    if let Some(page) = index.known(&criteria) {
        return Ok(page);
    }
    tokio::task::spawn_blocking(move || index.search(&criteria))
        .await
        .map_err(ApiError::internal)?
}
