//! What the router asks for by key. Whoever holds a reference was shown the thing by the subgraph that owns the
//! reference: a buyer's order, for one. So archived products and removed variants are still resolved here, while
//! the queries hide them.

use async_graphql::{Context, Object};
use souk_platform::{ApiResult, Id};

use super::category::Category;
use super::loaders::Loaders;
use super::product::{Book, Clothing, GeneralProduct, Laptop, Mobile, Product};
use super::shop::Shop;
use super::variant::Variant;

/// Entity resolvers.
#[derive(Default)]
pub struct Entities;

#[Object]
impl Entities {
    #[graphql(entity)]
    async fn product_entity(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Product>> {
        Product::load(ctx, id.0).await
    }

    #[graphql(entity)]
    async fn book_entity(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Book>> {
        Ok(Product::load(ctx, id.0).await?.and_then(Book::of))
    }

    #[graphql(entity)]
    async fn laptop_entity(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Laptop>> {
        Ok(Product::load(ctx, id.0).await?.and_then(Laptop::of))
    }

    #[graphql(entity)]
    async fn mobile_entity(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Mobile>> {
        Ok(Product::load(ctx, id.0).await?.and_then(Mobile::of))
    }

    #[graphql(entity)]
    async fn clothing_entity(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Clothing>> {
        Ok(Product::load(ctx, id.0).await?.and_then(Clothing::of))
    }

    #[graphql(entity)]
    async fn general_product_entity(
        &self,
        ctx: &Context<'_>,
        id: Id,
    ) -> ApiResult<Option<GeneralProduct>> {
        Ok(Product::load(ctx, id.0).await?.and_then(GeneralProduct::of))
    }

    #[graphql(entity)]
    async fn category_entity(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Category>> {
        Ok(Loaders::of(ctx)?.category(id.0).await?.map(Category))
    }

    #[graphql(entity)]
    async fn variant_entity(&self, ctx: &Context<'_>, id: Id) -> ApiResult<Option<Variant>> {
        Ok(Loaders::of(ctx)?.variant(id.0).await?.map(Variant))
    }

    #[graphql(entity)]
    async fn shop_entity(&self, id: Id) -> Shop {
        Shop(id.0)
    }
}
