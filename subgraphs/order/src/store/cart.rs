//! Carts and their lines.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Text, Uuid as SqlUuid};
use diesel::upsert::excluded;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use souk_platform::database::prepared;
use souk_platform::money::CurrencyCode;
use souk_platform::{ApiError, ApiResult, OnConstraint};
use uuid::Uuid;

use crate::domain::cart::{LONGEST_CART, MOST_PIECES};
use crate::domain::pricing::{RequestedLine, ReservedLine};
use crate::tables::{cart_items, carts};

/// A line of a cart.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = cart_items)]
pub struct CartItem {
    /// The line.
    pub id: Uuid,
    /// Whose cart: a user or a guest session.
    pub owner_id: Uuid,
    /// The variant's product.
    pub product_id: Uuid,
    /// What to buy.
    pub variant_id: Uuid,
    /// How many, 1 to 999.
    pub quantity: i32,
    /// The price of one piece that the buyer saw, in minor units.
    pub unit_price_minor: i64,
    /// The price's currency.
    pub currency: CurrencyCode,
    /// When the variant first came into the cart.
    pub added_at: DateTime<Utc>,
}

/// The lines of a cart, oldest first.
pub async fn items(connection: &mut AsyncPgConnection, owner: Uuid) -> QueryResult<Vec<CartItem>> {
    cart_items::table
        .filter(cart_items::owner_id.eq(owner))
        .order(cart_items::id)
        .select(CartItem::as_select())
        .load(connection)
        .await
}

/// The line with this id, if it is in the owner's cart.
pub async fn item(
    connection: &mut AsyncPgConnection,
    owner: Uuid,
    id: Uuid,
) -> QueryResult<Option<CartItem>> {
    cart_items::table
        .filter(cart_items::owner_id.eq(owner).and(cart_items::id.eq(id)))
        .select(CartItem::as_select())
        .first(connection)
        .await
        .optional()
}

/// Makes the cart if there is none and locks it until the end of the transaction: changes of one cart and
/// placements from it happen one after the other. A guest's cart is from now on kept until then, a user's for ever.
pub async fn lock(
    connection: &mut AsyncPgConnection,
    owner: Uuid,
    kept_until: Option<DateTime<Utc>>,
) -> QueryResult<()> {
    let upsert = diesel::insert_into(carts::table)
        .values((carts::owner_id.eq(owner), carts::kept_until.eq(kept_until)))
        .on_conflict(carts::owner_id)
        .do_update()
        .set((
            carts::updated_at.eq(diesel::dsl::now),
            carts::kept_until.eq(excluded(carts::kept_until)),
        ));
    prepared(upsert).execute(connection).await?;
    Ok(())
}

/// Removes up to `limit` guests' carts that are kept no longer, with their lines.
pub async fn forget_old(connection: &mut AsyncPgConnection, limit: i64) -> QueryResult<()> {
    diesel::sql_query(
        "DELETE FROM carts WHERE owner_id IN ( \
             SELECT owner_id FROM carts WHERE kept_until < now() \
             ORDER BY kept_until LIMIT $1 FOR UPDATE SKIP LOCKED)",
    )
    .bind::<BigInt, _>(limit)
    .execute(connection)
    .await?;
    Ok(())
}

/// Adds the line, or its quantity to the line that has this variant already, with the line's price. Gives the line
/// as it is now. More than 999 pieces or 100 lines are refused. In a transaction that holds the cart's lock.
pub async fn add(connection: &mut AsyncPgConnection, line: &CartItem) -> ApiResult<CartItem> {
    let upsert = diesel::insert_into(cart_items::table)
        .values(line)
        .on_conflict((cart_items::owner_id, cart_items::variant_id))
        .do_update()
        .set((
            cart_items::quantity.eq(cart_items::quantity + excluded(cart_items::quantity)),
            cart_items::unit_price_minor.eq(excluded(cart_items::unit_price_minor)),
            cart_items::currency.eq(excluded(cart_items::currency)),
        ))
        .returning(CartItem::as_returning());
    let added = prepared(upsert)
        .get_result(connection)
        .await
        .on_constraint("cart_items_quantity", || {
            let message = format!("a cart holds at most {MOST_PIECES} pieces of one variant");
            ApiError::bad_input("input.quantity", message)
        })?;
    let lines: i64 = cart_items::table
        .filter(cart_items::owner_id.eq(line.owner_id))
        .count()
        .get_result(connection)
        .await?;
    if lines > LONGEST_CART {
        return Err(ApiError::conflict(format!(
            "a cart holds at most {LONGEST_CART} different variants"
        )));
    }
    Ok(added)
}

/// Sets quantity and price of a line; false when the cart has no such line.
pub async fn update(connection: &mut AsyncPgConnection, line: &CartItem) -> QueryResult<bool> {
    let of_owner = cart_items::owner_id
        .eq(line.owner_id)
        .and(cart_items::id.eq(line.id));
    let changed = diesel::update(cart_items::table.filter(of_owner))
        .set((
            cart_items::quantity.eq(line.quantity),
            cart_items::unit_price_minor.eq(line.unit_price_minor),
            cart_items::currency.eq(line.currency),
        ))
        .execute(connection)
        .await?;
    Ok(changed == 1)
}

/// Removes a line; false when the cart has no such line.
pub async fn remove(
    connection: &mut AsyncPgConnection,
    owner: Uuid,
    id: Uuid,
) -> QueryResult<bool> {
    let of_owner = cart_items::owner_id.eq(owner).and(cart_items::id.eq(id));
    let removed = diesel::delete(cart_items::table.filter(of_owner))
        .execute(connection)
        .await?;
    Ok(removed == 1)
}

/// Removes every line.
pub async fn clear(connection: &mut AsyncPgConnection, owner: Uuid) -> QueryResult<()> {
    diesel::delete(cart_items::table.filter(cart_items::owner_id.eq(owner)))
        .execute(connection)
        .await?;
    Ok(())
}

/// Moves a guest's lines into the cart of the user that the guest became. The guest's cart is gone afterwards, so
/// doing it again changes nothing. Quantities of the same variant add up, to at most 999; lines beyond the hundredth
/// are dropped.
pub async fn merge_guest(
    connection: &mut AsyncPgConnection,
    user: Uuid,
    guest: Uuid,
) -> QueryResult<()> {
    let guest_cart = carts::table.filter(carts::owner_id.eq(guest));
    // Most sessions have nothing to merge, or not any more: that costs this one statement.
    let exists: bool = diesel::select(diesel::dsl::exists(guest_cart))
        .get_result(connection)
        .await?;
    if !exists || user == guest {
        return Ok(());
    }
    connection
        .transaction(async |connection| {
            lock(connection, user, None).await?;
            let locked: Option<Uuid> = guest_cart
                .select(carts::owner_id)
                .for_update()
                .first(connection)
                .await
                .optional()?;
            if locked.is_none() {
                return Ok(());
            }
            let mut merged = items(connection, user).await?;
            for line in items(connection, guest).await? {
                match merged
                    .iter_mut()
                    .find(|own| own.variant_id == line.variant_id)
                {
                    Some(own) => {
                        own.quantity = (own.quantity + line.quantity).min(MOST_PIECES);
                        own.unit_price_minor = line.unit_price_minor;
                        own.currency = line.currency;
                    }
                    None => merged.push(CartItem {
                        id: Uuid::now_v7(),
                        owner_id: user,
                        ..line
                    }),
                }
            }
            merged.truncate(usize::try_from(LONGEST_CART).unwrap_or(usize::MAX));
            diesel::insert_into(cart_items::table)
                .values(&merged)
                .on_conflict((cart_items::owner_id, cart_items::variant_id))
                .do_update()
                .set((
                    cart_items::quantity.eq(excluded(cart_items::quantity)),
                    cart_items::unit_price_minor.eq(excluded(cart_items::unit_price_minor)),
                    cart_items::currency.eq(excluded(cart_items::currency)),
                ))
                .execute(connection)
                .await?;
            diesel::delete(guest_cart).execute(connection).await?;
            Ok(())
        })
        .await
}

/// Takes what was ordered out of the cart. What was put in while the order was being placed stays.
pub async fn take_ordered(
    connection: &mut AsyncPgConnection,
    owner: Uuid,
    lines: &[RequestedLine],
) -> QueryResult<()> {
    let variants: Vec<Uuid> = lines.iter().map(|line| line.variant_id).collect();
    let quantities: Vec<i32> = lines.iter().map(|line| line.quantity).collect();
    let take = diesel::sql_query(
        "WITH ordered AS (SELECT * FROM unnest($2, $3) AS line (variant_id, quantity)), \
         kept AS ( \
             UPDATE cart_items SET quantity = cart_items.quantity - ordered.quantity FROM ordered \
             WHERE owner_id = $1 AND cart_items.variant_id = ordered.variant_id \
                 AND cart_items.quantity > ordered.quantity) \
         DELETE FROM cart_items USING ordered \
         WHERE owner_id = $1 AND cart_items.variant_id = ordered.variant_id AND cart_items.quantity <= ordered.quantity",
    )
    .bind::<SqlUuid, _>(owner)
    .bind::<Array<SqlUuid>, _>(variants)
    .bind::<Array<Integer>, _>(quantities);
    prepared(take).execute(connection).await?;
    Ok(())
}

/// Gives the cart's lines the prices that these variants have now.
pub async fn reprice(
    connection: &mut AsyncPgConnection,
    owner: Uuid,
    lines: &[&ReservedLine],
) -> QueryResult<()> {
    let variants: Vec<Uuid> = lines.iter().map(|line| line.variant_id).collect();
    let prices: Vec<i64> = lines.iter().map(|line| line.unit_price_minor).collect();
    let currencies: Vec<&str> = lines.iter().map(|line| line.currency.as_str()).collect();
    diesel::sql_query(
        "UPDATE cart_items SET unit_price_minor = now.price, currency = now.currency \
         FROM unnest($2, $3, $4) AS now (variant_id, price, currency) \
         WHERE owner_id = $1 AND cart_items.variant_id = now.variant_id",
    )
    .bind::<SqlUuid, _>(owner)
    .bind::<Array<SqlUuid>, _>(variants)
    .bind::<Array<BigInt>, _>(prices)
    .bind::<Array<Text>, _>(currencies)
    .execute(connection)
    .await?;
    Ok(())
}
