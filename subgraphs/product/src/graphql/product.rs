//! Products: what all kinds have in common, and the types of the kinds.

use async_graphql::{Context, Interface, Object, SimpleObject};
use chrono::{DateTime, Utc};
use souk_platform::money::Money;
use souk_platform::page::{Page, PageOf, connection};
use souk_platform::{ApiError, ApiResult, Caller, Id, Identity};
use uuid::Uuid;

use super::category::Category;
use super::loaders::Loaders;
use super::shop::Shop;
use super::variant::Variant;
use crate::domain::Kind;
use crate::domain::details::{
    BookDetails, ClothingDetails, GeneralDetails, LaptopDetails, MobileDetails,
};
use crate::store::page::Window;
use crate::store::product as store;

/// A page of products.
pub type ProductPage = PageOf<Product>;

/// The fields of all kinds. It is no type of the graph: every kind takes these fields over.
pub struct ProductFields(store::Product);

/// What the variants of a product cost.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct PriceRange {
    /// The price of the cheapest variant.
    lowest: Money,
    /// The price of the dearest variant.
    highest: Money,
}

#[Object]
impl ProductFields {
    /// Identifies the product.
    pub async fn id(&self) -> Id {
        Id(self.0.row.id)
    }

    /// Its title.
    pub async fn name(&self) -> &str {
        &self.0.row.name
    }

    /// What the seller says of it; may be empty.
    pub async fn description(&self) -> &str {
        &self.0.row.description
    }

    /// The shop that sells it.
    pub async fn shop(&self) -> Shop {
        Shop(self.0.row.shop_id)
    }

    /// Its place in the tree of categories.
    pub async fn category(&self, ctx: &Context<'_>) -> ApiResult<Option<Category>> {
        match self.0.row.category_id {
            Some(category) => Ok(Loaders::of(ctx)?.category(category).await?.map(Category)),
            None => Ok(None),
        }
    }

    /// What can be bought, at most 100 variants.
    pub async fn variants(&self, ctx: &Context<'_>) -> ApiResult<Vec<Variant>> {
        Ok(Loaders::of(ctx)?
            .variants_of(self.0.row.id)
            .await?
            .into_iter()
            .map(Variant)
            .collect())
    }

    /// From the cheapest variant's price to the dearest's. All are in one currency.
    pub async fn price_range(&self, ctx: &Context<'_>) -> ApiResult<PriceRange> {
        let variants = Loaders::of(ctx)?.variants_of(self.0.row.id).await?;
        let prices = variants.iter().map(|variant| variant.row.price_minor);
        let (Some(lowest), Some(highest)) = (prices.clone().min(), prices.max()) else {
            return Err(ApiError::internal("a product has no variants"));
        };
        let money = |minor| Money::from_minor(minor, self.0.row.currency);
        Ok(PriceRange {
            lowest: money(lowest),
            highest: money(highest),
        })
    }

    /// True when at least one piece of one variant can be bought now.
    pub async fn in_stock(&self, ctx: &Context<'_>) -> ApiResult<bool> {
        let variants = Loaders::of(ctx)?.variants_of(self.0.row.id).await?;
        Ok(variants.iter().any(|variant| variant.available() > 0))
    }

    /// True when it can be found and bought: it is not archived and its shop is approved.
    pub async fn listed(&self) -> bool {
        self.0.listed()
    }

    /// When it was made.
    pub async fn created_at(&self) -> DateTime<Utc> {
        self.0.row.created_at
    }

    /// When it last changed.
    pub async fn updated_at(&self) -> DateTime<Utc> {
        self.0.row.updated_at
    }

    /// When it was taken off the market; null while it is sold.
    pub async fn archived_at(&self) -> Option<DateTime<Utc>> {
        self.0.row.archived_at
    }
}

/// Something that a shop sells. What is common to all kinds is here; each kind is a type with fields of its own.
#[allow(
    clippy::duplicated_attributes,
    reason = "fields of the interface may have the same type"
)]
#[derive(Interface)]
#[graphql(
    field(name = "id", ty = "Id", desc = "Identifies the product."),
    field(name = "name", ty = "&str", desc = "Its title."),
    field(
        name = "description",
        ty = "&str",
        desc = "What the seller says of it; may be empty."
    ),
    field(name = "shop", ty = "Shop", desc = "The shop that sells it."),
    field(
        name = "category",
        ty = "ApiResult<Option<Category>>",
        desc = "Its place in the tree of categories."
    ),
    field(
        name = "variants",
        ty = "ApiResult<Vec<Variant>>",
        desc = "What can be bought, at most 100 variants."
    ),
    field(
        name = "price_range",
        ty = "ApiResult<PriceRange>",
        desc = "From the cheapest variant's price to the dearest's. All are in one currency."
    ),
    field(
        name = "in_stock",
        ty = "ApiResult<bool>",
        desc = "True when at least one piece of one variant can be bought now."
    ),
    field(
        name = "listed",
        ty = "bool",
        desc = "True when it can be found and bought: it is not archived and its shop is approved."
    ),
    field(name = "created_at", ty = "DateTime<Utc>", desc = "When it was made."),
    field(
        name = "updated_at",
        ty = "DateTime<Utc>",
        desc = "When it last changed."
    ),
    field(
        name = "archived_at",
        ty = "Option<DateTime<Utc>>",
        desc = "When it was taken off the market; null while it is sold."
    )
)]
pub enum Product {
    /// A book.
    Book(Book),
    /// A laptop.
    Laptop(Laptop),
    /// A mobile phone.
    Mobile(Mobile),
    /// Clothing.
    Clothing(Clothing),
    /// Anything else.
    GeneralProduct(GeneralProduct),
}

/// A type of the graph for each kind: the common fields and the kind's own. A kind dereferences to the common
/// fields, because the interface calls them by name.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident($details:ty);)*) => {$(
        $(#[$doc])*
        #[derive(SimpleObject)]
        pub struct $name {
            #[graphql(flatten)]
            product: ProductFields,
            #[graphql(flatten)]
            details: $details,
        }

        impl std::ops::Deref for $name {
            type Target = ProductFields;

            fn deref(&self) -> &ProductFields {
                &self.product
            }
        }

        impl $name {
            /// The product as this kind; `None` when it is of another.
            pub fn of(product: Product) -> Option<$name> {
                match product {
                    Product::$name(own) => Some(own),
                    _ => None,
                }
            }
        }
    )*};
}

kinds! {
    /// A book.
    Book(BookDetails);
    /// A laptop.
    Laptop(LaptopDetails);
    /// A mobile phone.
    Mobile(MobileDetails);
    /// Something to wear.
    Clothing(ClothingDetails);
    /// A product of no special kind.
    GeneralProduct(GeneralDetails);
}

impl Product {
    /// The product as the type of its kind.
    pub fn read(mut product: store::Product) -> ApiResult<Product> {
        let details = product.row.details.take();
        let kind = product.row.kind;
        let product = ProductFields(product);
        let read = match kind {
            Kind::Book => serde_json::from_value(details)
                .map(|details| Product::Book(Book { product, details })),
            Kind::Laptop => serde_json::from_value(details)
                .map(|details| Product::Laptop(Laptop { product, details })),
            Kind::Mobile => serde_json::from_value(details)
                .map(|details| Product::Mobile(Mobile { product, details })),
            Kind::Clothing => serde_json::from_value(details)
                .map(|details| Product::Clothing(Clothing { product, details })),
            Kind::GeneralProduct => serde_json::from_value(details)
                .map(|details| Product::GeneralProduct(GeneralProduct { product, details })),
        };
        read.map_err(ApiError::internal)
    }

    /// The product with this id, whoever asks.
    pub async fn load(ctx: &Context<'_>, id: Uuid) -> ApiResult<Option<Product>> {
        Loaders::of(ctx)?
            .product(id)
            .await?
            .map(Product::read)
            .transpose()
    }
}

/// The user who asks, if one does.
pub fn viewer(identity: &Identity) -> Option<Uuid> {
    identity.subject().ok().map(|subject| subject.id)
}

/// The arguments `first` and `after` of a list of products, and who looks at it.
pub struct ProductWindow {
    page: Page<Uuid>,
    viewer: Option<Uuid>,
}

impl ProductWindow {
    /// Reads the arguments.
    pub fn new(
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> ApiResult<ProductWindow> {
        Ok(ProductWindow {
            page: Page::new(first, after)?,
            viewer: viewer(ctx.identity()),
        })
    }

    /// What to read.
    pub fn key(&self) -> Window {
        Window {
            limit: self.page.limit(),
            after: self.page.after,
            viewer: self.viewer,
        }
    }

    /// The connection of the rows that were read.
    pub fn page(&self, rows: Vec<store::Product>) -> ApiResult<ProductPage> {
        product_page(&self.page, rows)
    }
}

/// The connection of up to `first + 1` rows.
pub fn product_page(page: &Page<Uuid>, rows: Vec<store::Product>) -> ApiResult<ProductPage> {
    let mut products = Vec::with_capacity(rows.len());
    for row in rows {
        products.push((row.row.id, Product::read(row)?));
    }
    Ok(connection(
        page,
        products,
        |(id, _)| *id,
        |(_, product)| product,
    ))
}
