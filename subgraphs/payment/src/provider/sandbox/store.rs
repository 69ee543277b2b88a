//! The sandbox's own tables.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use serde_json::json;
use souk_platform::database::prepared;
use souk_platform::money::{CurrencyCode, Money};
use uuid::Uuid;

use super::CheckoutRequest;
use crate::tables::{sandbox_account, sandbox_checkout, sandbox_refund, sandbox_webhook};

/// What the checkout page shows.
#[derive(Debug, Clone)]
pub struct CheckoutPage {
    /// What is paid for.
    pub description: String,
    /// How much.
    pub amount: Money,
    /// `OPEN`, `PAID`, `DECLINED` or `CANCELLED`.
    pub state: String,
}

/// The buyer's choice on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// Pay.
    Pay,
    /// Decline.
    Decline,
}

/// The secret of our account at the sandbox, made at the first question.
pub async fn account_secret(connection: &mut AsyncPgConnection) -> QueryResult<String> {
    // Two v4 UUIDs hold 244 random bits.
    let fresh = format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple());
    diesel::insert_into(sandbox_account::table)
        .values((
            sandbox_account::id.eq(1),
            sandbox_account::webhook_secret.eq(fresh),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    sandbox_account::table
        .select(sandbox_account::webhook_secret)
        .first(connection)
        .await
}

/// The checkout of this payment, made if it is new.
pub async fn create(
    connection: &mut AsyncPgConnection,
    request: &CheckoutRequest,
) -> QueryResult<Uuid> {
    let client_key = request.payment_id.to_string();
    diesel::insert_into(sandbox_checkout::table)
        .values((
            sandbox_checkout::id.eq(Uuid::now_v7()),
            sandbox_checkout::client_key.eq(&client_key),
            sandbox_checkout::description.eq(&request.description),
            sandbox_checkout::amount_minor.eq(request.amount_minor),
            sandbox_checkout::currency.eq(request.currency),
            sandbox_checkout::state.eq("OPEN"),
        ))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    sandbox_checkout::table
        .filter(sandbox_checkout::client_key.eq(&client_key))
        .select(sandbox_checkout::id)
        .first(connection)
        .await
}

/// The page of a checkout.
pub async fn page(
    connection: &mut AsyncPgConnection,
    id: Uuid,
) -> QueryResult<Option<CheckoutPage>> {
    let row: Option<(String, i64, CurrencyCode, String)> = sandbox_checkout::table
        .find(id)
        .select((
            sandbox_checkout::description,
            sandbox_checkout::amount_minor,
            sandbox_checkout::currency,
            sandbox_checkout::state,
        ))
        .first(connection)
        .await
        .optional()?;
    Ok(
        row.map(|(description, amount, currency, state)| CheckoutPage {
            description,
            amount: Money::from_minor(amount, currency),
            state,
        }),
    )
}

/// Takes the buyer's choice if the checkout is open, and writes the webhook that tells of it.
pub async fn choose(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    choice: Choice,
) -> QueryResult<()> {
    let state = match choice {
        Choice::Pay => "PAID",
        Choice::Decline => "DECLINED",
    };
    connection
        .transaction(async |transaction| {
            let open = sandbox_checkout::table
                .find(id)
                .filter(sandbox_checkout::state.eq("OPEN"));
            let update = diesel::update(open)
                .set(sandbox_checkout::state.eq(state))
                .returning((sandbox_checkout::amount_minor, sandbox_checkout::currency));
            let chosen: Option<(i64, CurrencyCode)> =
                prepared(update).get_result(transaction).await.optional()?;
            let Some((amount_minor, currency)) = chosen else {
                return Ok(());
            };
            let event_id = Uuid::now_v7();
            let body = match choice {
                Choice::Pay => json!({
                    "id": event_id, "type": "checkout.paid", "checkout": id,
                    "amountMinor": amount_minor, "currency": currency.as_str(),
                }),
                Choice::Decline => json!({
                    "id": event_id, "type": "checkout.declined", "checkout": id,
                    "reason": "the buyer declined",
                }),
            };
            diesel::insert_into(sandbox_webhook::table)
                .values((
                    sandbox_webhook::event_id.eq(event_id),
                    sandbox_webhook::body.eq(body.to_string()),
                ))
                .execute(transaction)
                .await?;
            Ok(())
        })
        .await
}

/// Closes an open checkout. True if it was paid before.
pub async fn cancel(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<bool> {
    diesel::update(
        sandbox_checkout::table
            .find(id)
            .filter(sandbox_checkout::state.eq("OPEN")),
    )
    .set(sandbox_checkout::state.eq("CANCELLED"))
    .execute(connection)
    .await?;
    let state: Option<String> = sandbox_checkout::table
        .find(id)
        .select(sandbox_checkout::state)
        .first(connection)
        .await
        .optional()?;
    Ok(state.as_deref() == Some("PAID"))
}

/// Gives money back, once per key. False when the checkout was not paid or less is left than asked for.
pub async fn refund(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    key: &str,
    amount_minor: i64,
) -> QueryResult<bool> {
    connection
        .transaction(async |transaction| {
            // The lock makes concurrent refunds of one checkout take turns.
            let paid: Option<i64> = sandbox_checkout::table
                .find(id)
                .filter(sandbox_checkout::state.eq("PAID"))
                .select(sandbox_checkout::amount_minor)
                .for_update()
                .first(transaction)
                .await
                .optional()?;
            let Some(paid) = paid else { return Ok(false) };
            let refunds: Vec<(String, i64)> = sandbox_refund::table
                .filter(sandbox_refund::checkout_id.eq(id))
                .select((sandbox_refund::client_key, sandbox_refund::amount_minor))
                .load(transaction)
                .await?;
            if refunds.iter().any(|(known, _)| known == key) {
                return Ok(true);
            }
            let refunded: i64 = refunds.iter().map(|(_, amount)| amount).sum();
            if amount_minor > paid - refunded {
                return Ok(false);
            }
            diesel::insert_into(sandbox_refund::table)
                .values((
                    sandbox_refund::client_key.eq(key),
                    sandbox_refund::checkout_id.eq(id),
                    sandbox_refund::amount_minor.eq(amount_minor),
                ))
                .execute(transaction)
                .await?;
            Ok(true)
        })
        .await
}
