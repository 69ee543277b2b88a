//! What other subgraphs ask. None of it is in the graph that clients see.

use std::collections::HashSet;

use async_graphql::{Context, Json, Object, SimpleObject};
use souk_platform::events::ProductSnapshot;
use souk_platform::money::Money;
use souk_platform::page::{Page, cursor};
use souk_platform::{ApiError, ApiResult, Caller, Id, Services};
use uuid::Uuid;

use crate::store::{offer, snapshot};

/// How many variants the cart may ask for at once.
const MOST_OFFERS: usize = 500;

/// What a shop offers: a variant with everything that a cart needs to know.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub struct VariantOffer {
    /// The variant.
    variant_id: Id,
    /// Its product.
    product_id: Id,
    /// The shop that sells it.
    shop_id: Id,
    /// Who owns the shop.
    seller_id: Id,
    /// The product's name with what sets the variant apart.
    name: String,
    /// Stock keeping unit.
    sku: String,
    /// The price of one piece.
    price: Money,
    /// Pieces that can be bought now.
    available: i32,
    /// False when it cannot be bought: archived, removed, or of a shop that is not approved.
    listed: bool,
}

impl From<&offer::Offer> for VariantOffer {
    fn from(offer: &offer::Offer) -> Self {
        VariantOffer {
            variant_id: Id(offer.row.id),
            product_id: Id(offer.row.product_id),
            shop_id: Id(offer.row.shop_id),
            seller_id: Id(offer.seller_id),
            name: offer.name(),
            sku: offer.row.sku.clone(),
            price: Money::from_minor(offer.row.price_minor, offer.currency),
            available: offer.available(),
            listed: offer.listed && offer.row.removed_at.is_none(),
        }
    }
}

/// A page of snapshots.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub struct ProductSnapshots {
    /// The products as events tell of them.
    nodes: Vec<Json<ProductSnapshot>>,
    /// Continue behind this; null on an empty page, which is the end.
    end_cursor: Option<String>,
}

/// Queries of other subgraphs.
#[derive(Default)]
pub struct Internal;

#[Object]
impl Internal {
    /// What is offered for these variants, in the same order, null for unknown ones. At most 500.
    #[graphql(inaccessible)]
    async fn variant_offers(
        &self,
        ctx: &Context<'_>,
        variant_ids: Vec<Id>,
    ) -> ApiResult<Vec<Option<VariantOffer>>> {
        ctx.identity().service()?;
        if variant_ids.len() > MOST_OFFERS {
            return Err(ApiError::bad_input(
                "variantIds",
                format!("at most {MOST_OFFERS} variants may be asked for"),
            ));
        }
        let distinct: HashSet<Uuid> = variant_ids.iter().map(|id| id.0).collect();
        let distinct: Vec<Uuid> = distinct.into_iter().collect();
        let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
        let offers = offer::offers(&mut connection, &distinct).await?;
        Ok(variant_ids
            .iter()
            .map(|id| offers.get(&id.0).map(VariantOffer::from))
            .collect())
    }

    /// All products, archived ones included, oldest first, for whoever builds an index of them.
    #[graphql(inaccessible)]
    async fn product_snapshots(
        &self,
        ctx: &Context<'_>,
        first: Option<i32>,
        after: Option<String>,
    ) -> ApiResult<ProductSnapshots> {
        ctx.identity().service()?;
        let page: Page<Uuid> = Page::new(first, after)?;
        let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
        let snapshots = snapshot::page(&mut connection, &page).await?;
        let end_cursor = snapshots.last().map(|last| cursor(&last.product_id));
        Ok(ProductSnapshots {
            nodes: snapshots.into_iter().map(Json).collect(),
            end_cursor,
        })
    }
}
