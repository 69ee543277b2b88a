//! Changes of stock: effects of orders, and what sellers count.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Integer, Uuid as SqlUuid};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::database::prepared;
use souk_platform::events::outbox;
use souk_platform::events::{Event, Payload, StockLevel};
use souk_platform::{ApiError, ApiResult};
use uuid::Uuid;

use super::Author;
use crate::domain::stock::{Effect, MOST_PIECES};
use crate::tables::{products, shops, variants};

/// Changes of several variants, in the order of their ids, which is the order in which rows are locked.
pub(super) type Effects = BTreeMap<Uuid, Effect>;

/// A variant's stock after a change.
#[derive(Debug, QueryableByName)]
pub(super) struct Level {
    #[diesel(sql_type = SqlUuid)]
    pub id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    pub product_id: Uuid,
    #[diesel(sql_type = Integer)]
    pub available: i32,
    #[diesel(sql_type = BigInt)]
    pub stock_revision: i64,
}

/// Locks the variants in the order of their ids, so that two orders never wait for each other.
pub(super) async fn lock(connection: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<()> {
    variants::table
        .filter(variants::id.eq_any(ids))
        .order(variants::id)
        .select(variants::id)
        .for_no_key_update()
        .load::<Uuid>(connection)
        .await?;
    Ok(())
}

/// Applies the effects to variants that are locked. A variant whose pieces do not suffice stays as it is and is
/// missing from the answer; the caller rolls back then.
pub(super) async fn apply(
    connection: &mut AsyncPgConnection,
    effects: &Effects,
) -> QueryResult<Vec<Level>> {
    let ids: Vec<Uuid> = effects.keys().copied().collect();
    let on_hand: Vec<i32> = effects.values().map(|effect| effect.on_hand).collect();
    let reserved: Vec<i32> = effects.values().map(|effect| effect.reserved).collect();
    let update = diesel::sql_query(
        "UPDATE variants SET on_hand = on_hand + effect.more_on_hand, reserved = reserved + effect.more_reserved, \
         stock_revision = stock_revision + 1 \
         FROM unnest($1, $2, $3) AS effect (variant_id, more_on_hand, more_reserved) \
         WHERE id = effect.variant_id AND on_hand + effect.more_on_hand >= reserved + effect.more_reserved \
         RETURNING id, product_id, \
         CASE WHEN removed_at IS NULL THEN on_hand - reserved ELSE 0 END AS available, stock_revision",
    )
    .bind::<Array<SqlUuid>, _>(ids)
    .bind::<Array<Integer>, _>(on_hand)
    .bind::<Array<Integer>, _>(reserved);
    prepared(update).load(connection).await
}

/// The events `stock.changed`, one per product, so that they keep their order with the product's own events.
pub(super) fn changed(levels: Vec<Level>, correlation_id: &str) -> Vec<Event> {
    let mut by_product: BTreeMap<Uuid, Vec<StockLevel>> = BTreeMap::new();
    for level in levels {
        by_product
            .entry(level.product_id)
            .or_default()
            .push(StockLevel {
                product_id: level.product_id,
                variant_id: level.id,
                available: i64::from(level.available),
                revision: level.stock_revision,
            });
    }
    by_product
        .into_iter()
        .map(|(product_id, levels)| {
            Event::new(product_id, correlation_id, Payload::StockChanged { levels })
        })
        .collect()
}

/// What a seller says of a variant's stock.
#[derive(Debug, Clone, Copy)]
pub enum Count {
    /// There are so many pieces, as long as nothing moved since this revision of the stock.
    Set {
        /// Pieces on hand, those reserved for orders included.
        on_hand: i32,
        /// The revision that the seller looked at.
        expected_revision: i64,
    },
    /// So many pieces more, or fewer.
    Adjust {
        /// Added to the pieces on hand.
        delta: i32,
    },
}

/// Takes over what the seller counted. Call it in a transaction.
///
/// `CONFLICT` when the stock moved since the expected revision, or when more pieces are reserved than would be left.
pub async fn count(
    connection: &mut AsyncPgConnection,
    author: &Author,
    variant: Uuid,
    count: Count,
) -> ApiResult<()> {
    let row: Option<(i32, i32, i64)> = variants::table
        .find(variant)
        .filter(variants::removed_at.is_null())
        .select((
            variants::on_hand,
            variants::reserved,
            variants::stock_revision,
        ))
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?;
    let missing = || ApiError::not_found("variant", "input.variantId");
    let (known, reserved, revision) = row.ok_or_else(missing)?;
    let owner: Uuid = variants::table
        .find(variant)
        .inner_join(products::table.inner_join(shops::table))
        .select(shops::owner_id)
        .first(connection)
        .await?;
    if owner != author.seller {
        return Err(ApiError::forbidden(
            "only the owner of the shop may do this",
        ));
    }
    let on_hand = match count {
        Count::Set {
            expected_revision, ..
        } if expected_revision != revision => {
            let message = format!(
                "the stock moved meanwhile: it is at revision {revision} with {known} pieces on hand"
            );
            return Err(ApiError::conflict(message).at("input.expectedRevision"));
        }
        Count::Set { on_hand, .. } => on_hand,
        Count::Adjust { delta } => known.saturating_add(delta),
    };
    let argument = if matches!(count, Count::Set { .. }) {
        "input.onHand"
    } else {
        "input.delta"
    };
    if on_hand < reserved {
        let message =
            format!("{reserved} pieces are put aside for orders, so there cannot be fewer on hand");
        return Err(ApiError::conflict(message).at(argument));
    }
    if on_hand > MOST_PIECES {
        return Err(ApiError::bad_input(
            argument,
            format!("a variant has at most {MOST_PIECES} pieces"),
        ));
    }
    let effects = Effects::from([(
        variant,
        Effect {
            on_hand: on_hand - known,
            reserved: 0,
        },
    )]);
    let levels = apply(connection, &effects).await?;
    Ok(outbox::append_all(connection, &changed(levels, &author.correlation_id)).await?)
}
