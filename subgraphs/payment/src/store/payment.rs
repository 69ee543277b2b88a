//! Payments.

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use souk_platform::database::prepared;
use souk_platform::money::CurrencyCode;
use uuid::Uuid;

use crate::domain::{Fact, PaymentStatus};
use crate::tables::{cancelled_order, payment};

/// A payment of an order.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = payment)]
pub struct Payment {
    /// The payment.
    pub id: Uuid,
    /// The order it pays.
    pub order_id: Uuid,
    /// Who pays.
    pub buyer_id: Uuid,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// The currency.
    pub currency: CurrencyCode,
    status: String,
    /// Who takes the money.
    pub provider: String,
    /// The provider's name for it; `None` until the page is open.
    pub reference: Option<String>,
    /// Where the buyer pays; `None` until the page is open.
    pub checkout_url: Option<String>,
    /// Why it failed, for people.
    pub failure_reason: Option<String>,
    /// When the time to pay is over.
    pub expires_at: DateTime<Utc>,
    /// When it was created.
    pub created_at: DateTime<Utc>,
    /// When it left `PENDING`.
    pub settled_at: Option<DateTime<Utc>>,
}

impl Payment {
    /// Where it stands. The database's check allows only names that parse.
    pub fn status(&self) -> PaymentStatus {
        PaymentStatus::parse(&self.status).unwrap_or(PaymentStatus::Pending)
    }
}

/// A payment to be created.
#[derive(Debug, Clone, Insertable)]
#[diesel(table_name = payment)]
pub struct NewPayment {
    /// The payment.
    pub id: Uuid,
    /// The order it pays.
    pub order_id: Uuid,
    /// Who pays.
    pub buyer_id: Uuid,
    /// How much, in minor units.
    pub amount_minor: i64,
    /// The currency.
    pub currency: CurrencyCode,
    /// Its first state.
    pub status: &'static str,
    /// Who takes the money.
    pub provider: &'static str,
    /// When the time to pay is over.
    pub expires_at: DateTime<Utc>,
}

/// The payment of the order: the one that is there, or this one.
pub async fn insert_or_get(
    connection: &mut AsyncPgConnection,
    new: &NewPayment,
) -> QueryResult<Payment> {
    diesel::insert_into(payment::table)
        .values(new)
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    payment::table
        .filter(payment::order_id.eq(new.order_id))
        .select(Payment::as_select())
        .first(connection)
        .await
}

/// The payment, locked until the end of the transaction.
pub async fn lock(connection: &mut AsyncPgConnection, id: Uuid) -> QueryResult<Payment> {
    payment::table
        .find(id)
        .select(Payment::as_select())
        .for_update()
        .first(connection)
        .await
}

/// The payment with the provider's name, locked until the end of the transaction.
pub async fn lock_by_reference(
    connection: &mut AsyncPgConnection,
    provider: &str,
    reference: &str,
) -> QueryResult<Option<Payment>> {
    payment::table
        .filter(payment::provider.eq(provider))
        .filter(payment::reference.eq(reference))
        .select(Payment::as_select())
        .for_update()
        .first(connection)
        .await
        .optional()
}

/// Payments by their ids.
pub async fn by_ids(connection: &mut AsyncPgConnection, ids: &[Uuid]) -> QueryResult<Vec<Payment>> {
    payment::table
        .filter(payment::id.eq_any(ids))
        .select(Payment::as_select())
        .load(connection)
        .await
}

/// Payments by their orders.
pub async fn by_orders(
    connection: &mut AsyncPgConnection,
    orders: &[Uuid],
) -> QueryResult<Vec<Payment>> {
    payment::table
        .filter(payment::order_id.eq_any(orders))
        .select(Payment::as_select())
        .load(connection)
        .await
}

/// Notes the provider's page.
pub async fn set_checkout(
    connection: &mut AsyncPgConnection,
    id: Uuid,
    reference: &str,
    url: &str,
) -> QueryResult<Payment> {
    let update = diesel::update(payment::table.find(id))
        .set((
            payment::reference.eq(reference),
            payment::checkout_url.eq(url),
        ))
        .returning(Payment::as_returning());
    prepared(update).get_result(connection).await
}

/// Moves a locked payment on, if the fact changes anything. Gives its new state then.
pub async fn apply(
    connection: &mut AsyncPgConnection,
    payment: &Payment,
    fact: Fact,
    failure_reason: Option<&str>,
) -> QueryResult<Option<PaymentStatus>> {
    let Some(next) = payment.status().after(fact) else {
        return Ok(None);
    };
    let update = diesel::update(payment::table.find(payment.id)).set((
        payment::status.eq(next.as_str()),
        payment::failure_reason.eq(failure_reason),
        // When it left PENDING; a refund or a late payment does not change that.
        payment::settled_at.eq(payment.settled_at.unwrap_or_else(Utc::now)),
    ));
    prepared(update).execute(connection).await?;
    Ok(Some(next))
}

/// Open payments whose time is over.
pub async fn overdue(connection: &mut AsyncPgConnection, limit: i64) -> QueryResult<Vec<Payment>> {
    payment::table
        .filter(payment::status.eq(PaymentStatus::Pending.as_str()))
        .filter(payment::expires_at.lt(Utc::now()))
        .order(payment::expires_at)
        .limit(limit)
        .select(Payment::as_select())
        .load(connection)
        .await
}

/// Notes that no payment may be created for the order any more.
pub async fn refuse_order(connection: &mut AsyncPgConnection, order: Uuid) -> QueryResult<()> {
    diesel::insert_into(cancelled_order::table)
        .values(cancelled_order::order_id.eq(order))
        .on_conflict_do_nothing()
        .execute(connection)
        .await?;
    Ok(())
}

/// True if no payment may be created for the order.
pub async fn is_refused(connection: &mut AsyncPgConnection, order: Uuid) -> QueryResult<bool> {
    diesel::select(diesel::dsl::exists(cancelled_order::table.find(order)))
        .get_result(connection)
        .await
}
