//! Categories.

use async_graphql::{Context, Object};
use souk_platform::page::PageOf;
use souk_platform::{ApiResult, Id};

use super::loaders::Loaders;
use super::product::{ProductPage, ProductWindow};
use crate::store::category as store;

/// A page of categories.
pub type CategoryPage = PageOf<Category>;

/// A place in the tree of categories.
pub struct Category(pub store::Category);

/// A place in the tree of categories.
#[Object]
impl Category {
    /// Identifies the category.
    async fn id(&self) -> Id {
        Id(self.0.id)
    }

    /// Its name, unique among the categories directly below the same parent.
    async fn name(&self) -> &str {
        &self.0.name
    }

    /// The category above it; null for a root of the tree.
    async fn parent(&self, ctx: &Context<'_>) -> ApiResult<Option<Category>> {
        match self.0.parent_id {
            Some(parent) => Ok(Loaders::of(ctx)?.category(parent).await?.map(Category)),
            None => Ok(None),
        }
    }

    /// The categories above it, from the root down, without itself.
    async fn ancestors(&self, ctx: &Context<'_>) -> ApiResult<Vec<Category>> {
        let above = self.0.path.split_last().map_or(&[][..], |(_, above)| above);
        Ok(Loaders::of(ctx)?
            .categories(above)
            .await?
            .into_iter()
            .map(Category)
            .collect())
    }

    /// The categories directly below it, by name; at most 200.
    async fn children(&self, ctx: &Context<'_>) -> ApiResult<Vec<Category>> {
        Ok(Loaders::of(ctx)?
            .children_of(self.0.id)
            .await?
            .into_iter()
            .map(Category)
            .collect())
    }

    /// The products of this category and of all below it, newest first.
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 if not given.")] first: Option<i32>,
        #[graphql(desc = "Continue behind this cursor.")] after: Option<String>,
    ) -> ApiResult<ProductPage> {
        let window = ProductWindow::new(ctx, first, after)?;
        let rows = Loaders::of(ctx)?
            .products_of_category(self.0.id, window.key())
            .await?;
        window.page(rows)
    }
}
