//! The cart.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::{Context, Enum, Object};
use chrono::{DateTime, Utc};
use souk_platform::database::Connection;
use souk_platform::money::Money;
use souk_platform::peers::Peers;
use souk_platform::{ApiError, ApiResult, Caller, Id, Identity, Role, Services};
use tokio::sync::OnceCell;
use uuid::Uuid;

use super::loaders::Loaders;
use super::types::{Product, Variant};
use crate::calls::{self, Offer};
use crate::domain::cart;
use crate::store;
use crate::store::cart::CartItem as Row;

/// What somebody means to buy.
pub struct Cart {
    owner: Uuid,
    items: Vec<Row>,
    offers: Arc<Offers>,
}

/// What a person or a guest session means to buy. There is one per person; a guest's is merged into the cart of the
/// account that the guest registers or logs in to.
#[Object]
impl Cart {
    /// The cart's id.
    async fn id(&self) -> Id {
        self.owner.into()
    }

    /// The lines, at most 100, oldest first.
    async fn items(&self) -> Vec<CartItem> {
        self.items
            .iter()
            .map(|row| CartItem {
                row: row.clone(),
                offers: self.offers.clone(),
            })
            .collect()
    }

    /// How many pieces all lines have together.
    async fn item_count(&self) -> i32 {
        self.items.iter().map(|item| item.quantity).sum()
    }

    /// What the lines cost, one sum per currency. An order has one currency, so a cart with several sums cannot be
    /// ordered at once.
    async fn subtotals(&self) -> Vec<Money> {
        let lines = self
            .items
            .iter()
            .map(|item| (item.currency, item.unit_price_minor, item.quantity));
        let sums = cart::subtotals(lines);
        sums.into_iter()
            .map(|(currency, minor)| Money::from_minor(minor, currency))
            .collect()
    }
}

impl Cart {
    /// The cart of this owner with these lines.
    pub fn new(ctx: &Context<'_>, owner: Uuid, items: Vec<Row>) -> ApiResult<Cart> {
        let variants = items.iter().map(|item| item.variant_id).collect();
        Ok(Cart {
            owner,
            items,
            offers: Arc::new(Offers::new(ctx, variants)?),
        })
    }

    /// One of its lines.
    pub fn item(&self, id: Uuid) -> Option<CartItem> {
        let row = self.items.iter().find(|item| item.id == id)?;
        Some(CartItem {
            row: row.clone(),
            offers: self.offers.clone(),
        })
    }
}

/// A line of a cart.
pub struct CartItem {
    row: Row,
    offers: Arc<Offers>,
}

/// Whether a line of a cart can be ordered now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum CartItemAvailability {
    /// There are enough pieces.
    Available,
    /// There are fewer pieces than the line asks for.
    Insufficient,
    /// It is sold out or not sold any more.
    Unavailable,
}

/// A line of a cart: a variant of a product and how many pieces of it.
#[Object]
impl CartItem {
    /// The line's id.
    async fn id(&self) -> Id {
        self.row.id.into()
    }

    /// The product.
    async fn product(&self) -> Product {
        Product {
            id: self.row.product_id.into(),
        }
    }

    /// The variant of the product.
    async fn variant(&self) -> Variant {
        Variant {
            id: self.row.variant_id.into(),
        }
    }

    /// How many pieces, 1 to 999.
    async fn quantity(&self) -> i32 {
        self.row.quantity
    }

    /// The price of one piece when the line was last changed. Placing an order at another price fails with
    /// PRICE_CHANGED and brings this up to date.
    async fn unit_price(&self) -> Money {
        Money::from_minor(self.row.unit_price_minor, self.row.currency)
    }

    /// What the line costs: the price of one piece times the quantity.
    async fn total(&self) -> Money {
        Money::from_minor(
            self.row.unit_price_minor * i64::from(self.row.quantity),
            self.row.currency,
        )
    }

    /// The price of one piece now; null when it is not sold any more.
    async fn current_price(&self) -> ApiResult<Option<Money>> {
        let offer = self.offer().await?;
        Ok(offer.map(|offer| Money::from_minor(offer.unit_price_minor, offer.currency)))
    }

    /// Whether the line can be ordered now.
    async fn availability(&self) -> ApiResult<Option<CartItemAvailability>> {
        let available = self.offer().await?.map_or(0, |offer| offer.available);
        Ok(Some(match available {
            ..=0 => CartItemAvailability::Unavailable,
            pieces if pieces < i64::from(self.row.quantity) => CartItemAvailability::Insufficient,
            _ => CartItemAvailability::Available,
        }))
    }

    /// How many pieces can be bought now.
    async fn available_quantity(&self) -> ApiResult<Option<i32>> {
        let available = self
            .offer()
            .await?
            .map_or(0, |offer| offer.available.max(0));
        Ok(Some(i32::try_from(available).unwrap_or(i32::MAX)))
    }

    /// When the variant came into the cart.
    async fn added_at(&self) -> DateTime<Utc> {
        self.row.added_at
    }
}

impl CartItem {
    async fn offer(&self) -> ApiResult<Option<&Offer>> {
        let offer = self.offers.of(self.row.variant_id).await?;
        Ok(offer.filter(|offer| offer.listed))
    }
}

/// What product says about the variants in a cart: asked once, and only if a field needs it.
struct Offers {
    peers: Peers,
    correlation_id: String,
    variants: Vec<Uuid>,
    answer: OnceCell<ApiResult<HashMap<Uuid, Offer>>>,
}

impl Offers {
    fn new(ctx: &Context<'_>, variants: Vec<Uuid>) -> ApiResult<Offers> {
        Ok(Offers {
            peers: services(ctx)?.peers.clone(),
            correlation_id: ctx.correlation_id().to_owned(),
            variants,
            answer: OnceCell::new(),
        })
    }

    async fn of(&self, variant: Uuid) -> ApiResult<Option<&Offer>> {
        match self.answer.get_or_init(|| self.ask()).await {
            Ok(offers) => Ok(offers.get(&variant)),
            Err(error) => Err(error.clone()),
        }
    }

    async fn ask(&self) -> ApiResult<HashMap<Uuid, Offer>> {
        let offers = calls::offers(&self.peers, &self.variants, &self.correlation_id).await?;
        Ok(offers
            .into_iter()
            .flatten()
            .map(|offer| (offer.variant_id, offer))
            .collect())
    }
}

/// The services of this subgraph.
pub fn services<'ctx>(ctx: &Context<'ctx>) -> ApiResult<&'ctx Services> {
    ctx.data()
        .map_err(|error| ApiError::internal(error.message))
}

/// Whose cart the caller uses: a guest's own, or the buyer's.
pub fn cart_owner(identity: &Identity) -> ApiResult<Uuid> {
    let subject = identity.subject()?;
    if !subject.has(Role::Guest) {
        identity.with_role(&[Role::Buyer])?;
    }
    Ok(subject.id)
}

/// A connection on which the caller's cart is complete: the cart of the guest that the caller was is merged into it.
pub async fn with_merged_cart(ctx: &Context<'_>) -> ApiResult<(Connection, Uuid)> {
    let owner = cart_owner(ctx.identity())?;
    let mut connection = services(ctx)?.database.get().await?;
    if let Some(guest) = ctx.identity().subject()?.guest {
        store::cart::merge_guest(&mut connection, owner, guest).await?;
    }
    Ok((connection, owner))
}

/// The caller's cart.
pub async fn own_cart(ctx: &Context<'_>) -> ApiResult<Cart> {
    let owner = cart_owner(ctx.identity())?;
    let guest = ctx.identity().subject()?.guest;
    let items = Loaders::of(ctx).cart_of((owner, guest)).await?;
    Cart::new(ctx, owner, items)
}
