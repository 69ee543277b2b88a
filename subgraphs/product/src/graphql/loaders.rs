//! Batches: what many places of one request ask for is read with one statement.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Context;
use diesel_async::AsyncPgConnection;
use futures::future::try_join_all;
use souk_platform::database::Database;
use souk_platform::loading::ByKey;
use souk_platform::{ApiError, ApiResult};
use uuid::Uuid;

use crate::store::category::{self, Category};
use crate::store::page::{self, Window};
use crate::store::product::{self, Product};
use crate::store::variant::{self, Variant};

/// The loaders of one request.
pub struct Loaders {
    products: ByKey<Uuid, Product>,
    variants: ByKey<Uuid, Arc<Variant>>,
    // Several fields of a product look at its variants.
    variants_of: ByKey<Uuid, Vec<Arc<Variant>>>,
    categories: ByKey<Uuid, Category>,
    children_of: ByKey<Uuid, Vec<Category>>,
    pages_of: ByKey<PageKey, Vec<Product>>,
}

/// A page of products of one owner.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct PageKey {
    owner: Uuid,
    list: List,
    window: Window,
}

/// Whose products a page shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum List {
    Shop,
    Category,
}

impl Loaders {
    /// New loaders, which have read nothing.
    pub fn new(database: &Database) -> Loaders {
        Loaders {
            products: ByKey::new(database, async |mut connection, ids| {
                Ok(product::by_ids(&mut connection, &ids).await?)
            }),
            variants: ByKey::new(database, async |mut connection, ids| {
                let found = variant::by_ids(&mut connection, &ids).await?;
                Ok(found
                    .into_iter()
                    .map(|(id, variant)| (id, Arc::new(variant)))
                    .collect())
            }),
            variants_of: ByKey::new(database, async |mut connection, products| {
                let found = variant::of_products(&mut connection, &products).await?;
                let shared = |variants: Vec<Variant>| variants.into_iter().map(Arc::new).collect();
                Ok(found
                    .into_iter()
                    .map(|(product, variants)| (product, shared(variants)))
                    .collect())
            }),
            categories: ByKey::new(database, async |mut connection, ids| {
                Ok(category::by_ids(&mut connection, &ids).await?)
            }),
            children_of: ByKey::new(database, async |mut connection, parents| {
                Ok(category::children_of(&mut connection, &parents).await?)
            }),
            pages_of: ByKey::new(database, async |mut connection, keys| {
                Ok(pages(&mut connection, keys).await?)
            }),
        }
    }

    /// The request's loaders.
    pub fn of<'a>(ctx: &'a Context<'_>) -> ApiResult<&'a Loaders> {
        ctx.data_opt::<Loaders>()
            .ok_or_else(|| ApiError::internal("the request carries no loaders"))
    }

    /// The product, listed or not.
    pub async fn product(&self, id: Uuid) -> ApiResult<Option<Product>> {
        self.products.load(id).await
    }

    /// The variant, removed or not.
    pub async fn variant(&self, id: Uuid) -> ApiResult<Option<Arc<Variant>>> {
        self.variants.load(id).await
    }

    /// The product's variants, without removed ones, oldest first.
    pub async fn variants_of(&self, product: Uuid) -> ApiResult<Vec<Arc<Variant>>> {
        Ok(self.variants_of.load(product).await?.unwrap_or_default())
    }

    /// The category.
    pub async fn category(&self, id: Uuid) -> ApiResult<Option<Category>> {
        self.categories.load(id).await
    }

    /// The categories, in the order of `ids`, unknown ones missing.
    pub async fn categories(&self, ids: &[Uuid]) -> ApiResult<Vec<Category>> {
        let loaded = try_join_all(ids.iter().map(|id| self.categories.load(*id))).await?;
        Ok(loaded.into_iter().flatten().collect())
    }

    /// The categories directly below, by name.
    pub async fn children_of(&self, category: Uuid) -> ApiResult<Vec<Category>> {
        Ok(self.children_of.load(category).await?.unwrap_or_default())
    }

    /// A page of the shop's products.
    pub async fn products_of_shop(&self, shop: Uuid, window: Window) -> ApiResult<Vec<Product>> {
        self.page(PageKey {
            owner: shop,
            list: List::Shop,
            window,
        })
        .await
    }

    /// A page of the products of the category and of all below it.
    pub async fn products_of_category(
        &self,
        category: Uuid,
        window: Window,
    ) -> ApiResult<Vec<Product>> {
        self.page(PageKey {
            owner: category,
            list: List::Category,
            window,
        })
        .await
    }

    async fn page(&self, key: PageKey) -> ApiResult<Vec<Product>> {
        Ok(self.pages_of.load(key).await?.unwrap_or_default())
    }
}

/// Owners that ask for the same page, as those of one list do, are read with one statement.
async fn pages(
    connection: &mut AsyncPgConnection,
    keys: Vec<PageKey>,
) -> diesel::QueryResult<HashMap<PageKey, Vec<Product>>> {
    let mut groups: HashMap<(List, Window), Vec<Uuid>> = HashMap::new();
    for key in keys {
        groups
            .entry((key.list, key.window))
            .or_default()
            .push(key.owner);
    }
    let mut pages = HashMap::new();
    for ((list, window), owners) in groups {
        let read = match list {
            List::Shop => page::of_shops(connection, &owners, &window).await?,
            List::Category => page::of_categories(connection, &owners, &window).await?,
        };
        for (owner, rows) in read {
            pages.insert(
                PageKey {
                    owner,
                    list,
                    window: window.clone(),
                },
                rows,
            );
        }
    }
    Ok(pages)
}
