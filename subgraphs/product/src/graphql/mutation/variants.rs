//! Adding, changing and removing variants.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use diesel_async::AsyncConnection;
use souk_platform::money::MoneyInput;
use souk_platform::{ApiError, ApiResult, Id, Services};
use uuid::Uuid;

use super::author;
use crate::domain::attributes::{self, Attribute};
use crate::graphql::input::{self, AddVariantInput};
use crate::graphql::loaders::Loaders;
use crate::graphql::product::Product;
use crate::graphql::variant::Variant;
use crate::store::variant::{self, VariantChanges};

/// What changes of a variant. What is left out stays as it is.
#[derive(InputObject)]
pub struct UpdateVariantInput {
    /// The variant; its shop must be yours.
    variant_id: Id,
    /// Another stock keeping unit, unique within the shop, at most 64 characters.
    sku: Option<String>,
    /// Another price, more than zero, in the currency of the product's other prices. Orders keep the price that
    /// they were placed with.
    price: Option<MoneyInput>,
    /// All the attributes it has from now on.
    attributes: Option<Vec<Attribute>>,
}

/// A variant to be removed.
#[derive(InputObject)]
pub struct RemoveVariantInput {
    /// The variant; its shop must be yours.
    variant_id: Id,
}

/// A variant that was added.
#[derive(SimpleObject)]
pub struct AddVariantPayload {
    /// The new variant.
    variant: Variant,
}

/// A variant that was changed.
#[derive(SimpleObject)]
pub struct UpdateVariantPayload {
    /// The variant as it is now.
    variant: Variant,
}

/// A variant that was removed.
#[derive(SimpleObject)]
pub struct RemoveVariantPayload {
    /// The product without the variant.
    product: Product,
}

/// Mutations of variants.
#[derive(Default)]
pub struct Variants;

#[Object]
impl Variants {
    /// Adds a variant to a product. Only the owner of its shop may.
    async fn add_variant(
        &self,
        ctx: &Context<'_>,
        input: AddVariantInput,
    ) -> ApiResult<AddVariantPayload> {
        let author = author(ctx)?;
        let product_id = input.product_id.0;
        let (currency, new) = input.checked()?;
        let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
        let id = connection
            .transaction(async |connection| {
                variant::add(connection, &author, product_id, currency, new).await
            })
            .await?;
        drop(connection);
        Ok(AddVariantPayload {
            variant: loaded(ctx, id).await?,
        })
    }

    /// Changes a variant's SKU, price or attributes. Only the owner of its shop may.
    async fn update_variant(
        &self,
        ctx: &Context<'_>,
        input: UpdateVariantInput,
    ) -> ApiResult<UpdateVariantPayload> {
        let author = author(ctx)?;
        let id = input.variant_id.0;
        let changes = input.checked()?;
        let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
        connection
            .transaction(async |connection| variant::update(connection, &author, id, changes).await)
            .await?;
        drop(connection);
        Ok(UpdateVariantPayload {
            variant: loaded(ctx, id).await?,
        })
    }

    /// Removes a variant; a product keeps at least one. Orders that hold pieces of it go on. Only the owner of its
    /// shop may.
    async fn remove_variant(
        &self,
        ctx: &Context<'_>,
        input: RemoveVariantInput,
    ) -> ApiResult<RemoveVariantPayload> {
        let author = author(ctx)?;
        let id = input.variant_id.0;
        let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
        let product_id = connection
            .transaction(async |connection| variant::remove(connection, &author, id).await)
            .await?;
        drop(connection);
        let product = Product::load(ctx, product_id).await?;
        Ok(RemoveVariantPayload {
            product: product.ok_or_else(|| ApiError::internal("a variant has no product"))?,
        })
    }
}

impl UpdateVariantInput {
    fn checked(self) -> ApiResult<VariantChanges> {
        let sku = self
            .sku
            .map(|sku| input::sku("input.sku", &sku))
            .transpose()?;
        let price = match &self.price {
            Some(price) => Some((input::price("input.price", price)?, price.currency)),
            None => None,
        };
        let attributes = self
            .attributes
            .map(|attributes| attributes::checked("input.attributes", attributes))
            .transpose()?;
        Ok(VariantChanges {
            sku,
            attributes,
            price,
        })
    }
}

/// The variant as it is now.
pub(super) async fn loaded(ctx: &Context<'_>, id: Uuid) -> ApiResult<Variant> {
    let variant = Loaders::of(ctx)?.variant(id).await?;
    variant
        .map(Variant)
        .ok_or_else(|| ApiError::internal("a variant is gone after it was written"))
}
