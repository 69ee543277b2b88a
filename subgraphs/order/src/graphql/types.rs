//! Entities of other subgraphs that orders point to, and the types of inputs and payloads.

use async_graphql::{InputObject, SimpleObject};
use souk_platform::Id;

use super::cart::{Cart, CartItem};
use super::order::{Order, ShopOrder};
use crate::domain::address::ShippingAddressInput;

/// Something that a shop sells. What is common to all kinds is here; each kind is a type with fields of its own.
// The product subgraph owns the interface; an interface object lets this one point to it without naming its types.
#[derive(SimpleObject)]
#[graphql(interface_object, unresolvable = "id")]
pub struct Product {
    /// Identifies the product.
    pub id: Id,
}

/// What is bought: one version of a product, such as the red one in size L.
#[derive(SimpleObject)]
#[graphql(unresolvable = "id")]
pub struct Variant {
    /// Identifies the variant.
    pub id: Id,
}

/// What to add to the cart.
#[derive(InputObject)]
pub struct AddToCartInput {
    /// The variant.
    pub variant_id: Id,
    /// How many pieces more: 1 to 999.
    #[graphql(default = 1)]
    pub quantity: i32,
}

/// The cart after something was added.
#[derive(SimpleObject)]
pub struct AddToCartPayload {
    /// The cart.
    pub cart: Cart,
    /// The line that has the variant.
    pub item: CartItem,
}

/// How many pieces of a line to buy.
#[derive(InputObject)]
pub struct UpdateCartItemInput {
    /// The line.
    pub item_id: Id,
    /// How many pieces in all: 1 to 999.
    pub quantity: i32,
}

/// The cart after a line was changed.
#[derive(SimpleObject)]
pub struct UpdateCartItemPayload {
    /// The cart.
    pub cart: Cart,
    /// The line.
    pub item: CartItem,
}

/// What to take out of the cart.
#[derive(InputObject)]
pub struct RemoveFromCartInput {
    /// The line.
    pub item_id: Id,
}

/// The cart after a line was removed.
#[derive(SimpleObject)]
pub struct RemoveFromCartPayload {
    /// The cart.
    pub cart: Cart,
}

/// The cart after it was emptied.
#[derive(SimpleObject)]
pub struct ClearCartPayload {
    /// The cart.
    pub cart: Cart,
}

/// How to order what is in the cart.
#[derive(InputObject)]
pub struct PlaceOrderInput {
    /// Chosen by the client, 1 to 128 characters, new for every order it wants: a request that is repeated with the
    /// same key, because the answer was lost, gives the order that the first one placed.
    pub idempotency_key: String,
    /// Where the order shall be sent.
    pub shipping_address: ShippingAddressInput,
}

/// The order that was placed.
#[derive(SimpleObject)]
pub struct PlaceOrderPayload {
    /// The order. It waits for its payment.
    pub order: Order,
}

/// Which order to cancel.
#[derive(InputObject)]
pub struct CancelOrderInput {
    /// The order.
    pub order_id: Id,
    /// Why, at most 500 characters.
    pub reason: Option<String>,
}

/// The order that was cancelled.
#[derive(SimpleObject)]
pub struct CancelOrderPayload {
    /// The order.
    pub order: Order,
}

/// Which part to work on.
#[derive(InputObject)]
pub struct StartShopOrderInput {
    /// The part.
    pub shop_order_id: Id,
}

/// The part that is being worked on.
#[derive(SimpleObject)]
pub struct StartShopOrderPayload {
    /// The part.
    pub shop_order: ShopOrder,
}

/// Which part was handed to which carrier.
#[derive(InputObject)]
pub struct ShipShopOrderInput {
    /// The part.
    pub shop_order_id: Id,
    /// The carrier's number for the parcel: 1 to 100 characters.
    pub tracking_number: String,
    /// The carrier's name: 1 to 100 characters.
    pub carrier: String,
}

/// The part that was shipped.
#[derive(SimpleObject)]
pub struct ShipShopOrderPayload {
    /// The part.
    pub shop_order: ShopOrder,
}

/// Which part reached the buyer.
#[derive(InputObject)]
pub struct DeliverShopOrderInput {
    /// The part.
    pub shop_order_id: Id,
}

/// The part that was delivered.
#[derive(SimpleObject)]
pub struct DeliverShopOrderPayload {
    /// The part.
    pub shop_order: ShopOrder,
}

/// Which part cannot be delivered.
#[derive(InputObject)]
pub struct CancelShopOrderInput {
    /// The part.
    pub shop_order_id: Id,
    /// Why, at most 500 characters; the buyer sees it.
    pub reason: Option<String>,
}

/// The part that was cancelled.
#[derive(SimpleObject)]
pub struct CancelShopOrderPayload {
    /// The part.
    pub shop_order: ShopOrder,
}
