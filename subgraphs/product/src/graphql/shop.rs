//! What this subgraph adds to shops.

use async_graphql::{Context, Object};
use souk_platform::{ApiResult, Id};
use uuid::Uuid;

use super::loaders::Loaders;
use super::product::{ProductPage, ProductWindow};

/// A shop, of which the shop subgraph tells more.
pub struct Shop(pub Uuid);

/// A shop on the platform.
#[Object]
impl Shop {
    /// The shop's id.
    async fn id(&self) -> Id {
        Id(self.0)
    }

    /// What the shop sells, newest first. The owner also sees it while the shop is not approved.
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1 to 100; 20 if not given.")] first: Option<i32>,
        #[graphql(desc = "Continue behind this cursor.")] after: Option<String>,
    ) -> ApiResult<ProductPage> {
        let window = ProductWindow::new(ctx, first, after)?;
        let rows = Loaders::of(ctx)?
            .products_of_shop(self.0, window.key())
            .await?;
        window.page(rows)
    }
}
