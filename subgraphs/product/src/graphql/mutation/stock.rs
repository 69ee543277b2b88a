//! What sellers count.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use diesel_async::AsyncConnection;
use souk_platform::{ApiError, ApiResult, Id, Services};
use uuid::Uuid;

use super::author;
use super::variants::loaded;
use crate::domain::stock::MOST_PIECES;
use crate::graphql::input;
use crate::graphql::variant::Variant;
use crate::store::stock::{self, Count};

/// How many pieces there are.
#[derive(InputObject)]
pub struct SetStockInput {
    /// The variant; its shop must be yours.
    variant_id: Id,
    /// Pieces there are, those put aside for orders included, 0 to 1,000,000,000.
    on_hand: i32,
    /// The `stock.revision` that you looked at. When the stock moved meanwhile, nothing is changed.
    expected_revision: i64,
}

/// How many pieces came or went.
#[derive(InputObject)]
pub struct AdjustStockInput {
    /// The variant; its shop must be yours.
    variant_id: Id,
    /// Pieces that came, or, below zero, that went.
    delta: i32,
}

/// Stock that was set.
#[derive(SimpleObject)]
pub struct SetStockPayload {
    /// The variant as it is now.
    variant: Variant,
}

/// Stock that was adjusted.
#[derive(SimpleObject)]
pub struct AdjustStockPayload {
    /// The variant as it is now.
    variant: Variant,
}

/// Mutations of stock.
#[derive(Default)]
pub struct StockCounts;

#[Object]
impl StockCounts {
    /// Sets how many pieces of a variant there are. `CONFLICT` when orders moved the stock since you looked, or hold
    /// more pieces than that. Only the owner of its shop may.
    async fn set_stock(
        &self,
        ctx: &Context<'_>,
        input: SetStockInput,
    ) -> ApiResult<SetStockPayload> {
        let on_hand = input::pieces("input.onHand", input.on_hand)?;
        let count = Count::Set {
            on_hand,
            expected_revision: input.expected_revision,
        };
        Ok(SetStockPayload {
            variant: counted(ctx, input.variant_id.0, count).await?,
        })
    }

    /// Adds pieces to a variant, or takes some away. `CONFLICT` when orders hold more pieces than would be left. Only
    /// the owner of its shop may.
    async fn adjust_stock(
        &self,
        ctx: &Context<'_>,
        input: AdjustStockInput,
    ) -> ApiResult<AdjustStockPayload> {
        if input.delta == 0 || !(-MOST_PIECES..=MOST_PIECES).contains(&input.delta) {
            let message =
                format!("the difference must not be zero, and at most {MOST_PIECES} pieces");
            return Err(ApiError::bad_input("input.delta", message));
        }
        let count = Count::Adjust { delta: input.delta };
        Ok(AdjustStockPayload {
            variant: counted(ctx, input.variant_id.0, count).await?,
        })
    }
}

async fn counted(ctx: &Context<'_>, variant_id: Uuid, count: Count) -> ApiResult<Variant> {
    let author = author(ctx)?;
    let mut connection = ctx.data_unchecked::<Services>().database.get().await?;
    connection
        .transaction(async |connection| stock::count(connection, &author, variant_id, count).await)
        .await?;
    drop(connection);
    loaded(ctx, variant_id).await
}
