//! What everybody can ask.

use async_graphql::{Context, InputObject, Object};
use souk_platform::page::{LONGEST_PAGE, Page, connection};
use souk_platform::{ApiError, ApiResult, Caller, Id, Services};

use super::category::{Category, CategoryPage};
use super::loaders::Loaders;
use super::product::{Product, ProductPage, product_page, viewer};
use crate::domain::Kind;
use crate::store::category;
use crate::store::page::{self, Filter};

/// Which products a list shows.
#[derive(InputObject, Default)]
pub struct ProductFilter {
    /// Only those of this category and of all below it.
    category_id: Option<Id>,
    /// Only those of this shop.
    shop_id: Option<Id>,
    /// Only those of this kind.
    kind: Option<Kind>,
    /// True: the archived ones instead of the others; only their owner sees them.
    #[graphql(default)]
    archived: bool,
}

/// Queries of the catalogue.
#[derive(Default)]
pub struct Catalogue;

#[Object]
impl Catalogue {
    /// The product with this id; null when there is none, or when it is not listed and the caller does not own it.
    async fn product(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The product's id.")] id: Id,
    ) -> ApiResult<Option<Product>> {
        let product = Loaders::of(ctx)?.product(id.0).await?;
        let visible = product.filter(|product| product.visible_to(viewer(ctx.identity())));
        visible.map(Product::read).transpose()
    }

    /// Products, newest first. Those that are not listed are shown to the owner of their shop only.
    async fn products(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only these, at most 100; unknown ones are left out.")] ids: Option<
            Vec<Id>,
        >,
        #[graphql(desc = "Only those that fit.")] filter: Option<ProductFilter>,
        #[graphql(desc = "How many, 1 to 100; 20 if not given, or all of `ids`.")] first: Option<
            i32,
        >,
        #[graphql(desc = "Continue behind this cursor.")] after: Option<String>,
    ) -> ApiResult<ProductPage> {
        let asked = ids.as_ref().map_or(0, Vec::len);
        if asked > LONGEST_PAGE {
            return Err(ApiError::bad_input(
                "ids",
                format!("at most {LONGEST_PAGE} ids may be asked for, got {asked}"),
            ));
        }
        let first = first.or_else(|| i32::try_from(asked).ok().filter(|asked| *asked > 0));
        let page = Page::new(first, after)?;
        let filter = filter.unwrap_or_default();
        let filter = Filter {
            ids: ids.map(|ids| ids.into_iter().map(|id| id.0).collect()),
            category_id: filter.category_id.map(|id| id.0),
            shop_id: filter.shop_id.map(|id| id.0),
            kind: filter.kind,
            archived: filter.archived,
        };
        let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
        let rows = page::products(&mut connection, &filter, viewer(ctx.identity()), &page).await?;
        product_page(&page, rows)
    }

    /// The category with this id.
    async fn category(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category's id.")] id: Id,
    ) -> ApiResult<Option<Category>> {
        Ok(Loaders::of(ctx)?.category(id.0).await?.map(Category))
    }

    /// Categories by name: the roots of the tree, or those directly below a category.
    async fn categories(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The category above; without it, the roots of the tree.")]
        parent_id: Option<Id>,
        #[graphql(desc = "How many, 1 to 100; 20 if not given.")] first: Option<i32>,
        #[graphql(desc = "Continue behind this cursor.")] after: Option<String>,
    ) -> ApiResult<CategoryPage> {
        let page: Page<category::ListKey> = Page::new(first, after)?;
        let mut database = ctx.data_unchecked::<Services>().database.get().await?;
        let rows = category::page(&mut database, parent_id.map(|id| id.0), &page).await?;
        Ok(connection(
            &page,
            rows,
            |row| (row.name.clone(), row.id),
            Category,
        ))
    }
}
