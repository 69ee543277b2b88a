//! Batched loading.

use std::collections::HashMap;

use async_graphql::Context;
use souk_platform::ApiResult;
use souk_platform::database::{Connection, Database};
use souk_platform::loading::{ByKey, by_key};
use uuid::Uuid;

use crate::domain::status::{OrderStatus, PartStatus};
use crate::store::cart::{self, CartItem};
use crate::store::list::{self, Window};
use crate::store::order::{self, HistoryRow, ItemRow, OrderRow, PartRow, ShipmentRow};
use crate::store::shop;

/// What a seller has to deliver from one shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Deliveries {
    /// Who delivers.
    pub seller: Uuid,
    /// From where.
    pub shop: Uuid,
    /// Which part of the list.
    pub window: Window<PartStatus>,
}

/// Whose cart, and the guest whose cart it takes in.
type CartOf = (Uuid, Option<Uuid>);
/// Whose orders, and which part of the list.
type OrdersOf = (Uuid, Window<OrderStatus>);

/// The loaders of one request.
pub struct Loaders {
    /// Placed orders by id.
    pub orders: ByKey<Uuid, OrderRow>,
    /// The parts of an order.
    pub parts_of: ByKey<Uuid, Vec<PartRow>>,
    /// Parts of placed orders by id.
    pub parts: ByKey<Uuid, PartRow>,
    /// The lines of an order.
    pub items_of: ByKey<Uuid, Vec<ItemRow>>,
    /// Lines by id.
    pub items: ByKey<Uuid, ItemRow>,
    /// The shipment of a part.
    pub shipments: ByKey<Uuid, ShipmentRow>,
    /// The history of an order.
    pub history_of: ByKey<Uuid, Vec<HistoryRow>>,
    /// The owner of a shop that has been heard of.
    pub shop_owners: ByKey<Uuid, Uuid>,
    orders_of: ByKey<OrdersOf, Vec<OrderRow>>,
    deliveries_of: ByKey<Deliveries, Vec<PartRow>>,
    cart_of: ByKey<CartOf, Vec<CartItem>>,
}

impl Loaders {
    /// Loaders on this database.
    pub fn new(database: &Database) -> Loaders {
        Loaders {
            orders: ByKey::new(database, |mut connection, ids: Vec<Uuid>| async move {
                Ok(by_key(
                    order::by_ids(&mut connection, &ids).await?,
                    |order| order.id,
                ))
            }),
            parts_of: ByKey::new(database, |mut connection, orders: Vec<Uuid>| async move {
                Ok(order::parts_of(&mut connection, &orders).await?)
            }),
            parts: ByKey::new(database, |mut connection, ids: Vec<Uuid>| async move {
                Ok(by_key(
                    order::parts_by_ids(&mut connection, &ids).await?,
                    |part| part.id,
                ))
            }),
            items_of: ByKey::new(database, |mut connection, orders: Vec<Uuid>| async move {
                Ok(order::items_of(&mut connection, &orders).await?)
            }),
            items: ByKey::new(database, |mut connection, ids: Vec<Uuid>| async move {
                Ok(by_key(
                    order::items_by_ids(&mut connection, &ids).await?,
                    |item| item.id,
                ))
            }),
            shipments: ByKey::new(database, |mut connection, parts: Vec<Uuid>| async move {
                Ok(by_key(
                    order::shipments_of(&mut connection, &parts).await?,
                    |shipment| shipment.shop_order_id,
                ))
            }),
            history_of: ByKey::new(database, |mut connection, orders: Vec<Uuid>| async move {
                Ok(order::history_of(&mut connection, &orders).await?)
            }),
            shop_owners: ByKey::new(database, |mut connection, shops: Vec<Uuid>| async move {
                Ok(shop::owners(&mut connection, &shops).await?)
            }),
            orders_of: ByKey::new(database, load_orders),
            deliveries_of: ByKey::new(database, load_deliveries),
            cart_of: ByKey::new(database, load_carts),
        }
    }

    /// The loaders of the request that resolves.
    pub fn of<'ctx>(ctx: &Context<'ctx>) -> &'ctx Loaders {
        ctx.data_unchecked()
    }

    /// Orders of a buyer, newest first.
    pub async fn orders_of(&self, key: OrdersOf) -> ApiResult<Vec<OrderRow>> {
        Ok(self.orders_of.load(key).await?.unwrap_or_default())
    }

    /// What a seller has to deliver from a shop, newest first.
    pub async fn deliveries_of(&self, key: Deliveries) -> ApiResult<Vec<PartRow>> {
        Ok(self.deliveries_of.load(key).await?.unwrap_or_default())
    }

    /// The lines of a cart after it took in that of the guest, oldest first.
    pub async fn cart_of(&self, key: CartOf) -> ApiResult<Vec<CartItem>> {
        Ok(self.cart_of.load(key).await?.unwrap_or_default())
    }
}

/// One statement for each buyer and window: buyers see only their own orders, so that these are as many as the
/// operation has such fields, however often it meets the buyer.
async fn load_orders(
    mut connection: Connection,
    wanted: Vec<OrdersOf>,
) -> ApiResult<HashMap<OrdersOf, Vec<OrderRow>>> {
    let mut found = HashMap::with_capacity(wanted.len());
    for (buyer, window) in wanted {
        let rows = list::of_buyer(&mut connection, buyer, window).await?;
        found.insert((buyer, window), rows);
    }
    Ok(found)
}

/// One statement for each window.
async fn load_deliveries(
    mut connection: Connection,
    wanted: Vec<Deliveries>,
) -> ApiResult<HashMap<Deliveries, Vec<PartRow>>> {
    let mut groups: HashMap<(Uuid, Window<PartStatus>), Vec<Uuid>> = HashMap::new();
    for key in wanted {
        groups
            .entry((key.seller, key.window))
            .or_default()
            .push(key.shop);
    }
    let mut found = HashMap::new();
    for ((seller, window), shops) in groups {
        let rows = list::of_shops(&mut connection, seller, &shops, window).await?;
        found.extend(rows.into_iter().map(|(shop, rows)| {
            let key = Deliveries {
                seller,
                shop,
                window,
            };
            (key, rows)
        }));
    }
    Ok(found)
}

/// A request has one caller, and thus one cart.
async fn load_carts(
    mut connection: Connection,
    wanted: Vec<CartOf>,
) -> ApiResult<HashMap<CartOf, Vec<CartItem>>> {
    let mut found = HashMap::with_capacity(wanted.len());
    for (owner, guest) in wanted {
        if let Some(guest) = guest {
            cart::merge_guest(&mut connection, owner, guest).await?;
        }
        let items = cart::items(&mut connection, owner).await?;
        found.insert((owner, guest), items);
    }
    Ok(found)
}
