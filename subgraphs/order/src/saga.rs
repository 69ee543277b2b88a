//! Placing an order: drives a placement from step to step, resumes what stands still, undoes what cannot go on.
//!
//! Each step is a call that product or payment do once per order, followed by a transaction that takes the placement
//! one step further, once. Whatever dies whenever: the placement stands at a step that anybody can repeat.

use std::time::{Duration, Instant};

use chrono::Utc;
use diesel_async::AsyncConnection;
use futures::StreamExt;
use souk_platform::database::Database;
use souk_platform::peers::{PeerError, Peers};
use souk_platform::{ApiError, ApiResult, ErrorCode, Services};
use uuid::Uuid;

use crate::calls;
use crate::domain::address::ShippingAddress;
use crate::domain::pricing::{self, Mismatch};
use crate::domain::saga::SagaStep;
use crate::store::placement::{self, Begun, Placement};

/// How long a repeated request waits for the first one before it is told to come back.
const WAIT_FOR_OTHER: Duration = Duration::from_secs(8);
/// How often it looks.
const LOOK_AGAIN: Duration = Duration::from_millis(50);
/// The longest pause between two attempts at a placement.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A placement that could not go on for so long, because product or payment do not answer, is given up.
const GIVE_UP_AFTER: chrono::Duration = chrono::Duration::minutes(2);
/// How many placements one run of the reconciler takes up.
const RECONCILED_AT_ONCE: i64 = 32;

/// Places orders.
#[derive(Clone)]
pub struct Saga {
    database: Database,
    peers: Peers,
    /// Nobody else takes up a placement before that time has passed.
    lease: Duration,
}

impl Saga {
    /// The saga of this subgraph.
    pub fn new(services: &Services) -> Saga {
        Saga {
            database: services.database.clone(),
            peers: services.peers.clone(),
            lease: services.config.orders.stalled_after,
        }
    }

    /// Places what is in the buyer's cart and gives the order's id. The same key gives the same order, whether the
    /// first request is done, still runs or died; a cart that cannot be ordered now frees the key.
    pub async fn place(
        &self,
        buyer: Uuid,
        key: &str,
        address: &ShippingAddress,
        correlation_id: &str,
    ) -> ApiResult<Uuid> {
        let begun = {
            let mut connection = self.database.get().await?;
            placement::begin(&mut connection, buyer, key, address, self.lease).await?
        };
        match begun {
            Begun::New(id) => self.drive_and_tell(id, correlation_id).await,
            Begun::Known(known) if known.address != *address => {
                let message = "this idempotency key was used for another order: an order with another address needs a new key";
                Err(ApiError::conflict(message).at("input.idempotencyKey"))
            }
            Begun::Known(known) => self.wait_or_take_up(known.id, correlation_id).await,
        }
    }

    async fn wait_or_take_up(&self, id: Uuid, correlation_id: &str) -> ApiResult<Uuid> {
        let deadline = Instant::now() + WAIT_FOR_OTHER;
        loop {
            let (placement, claimed) = {
                let mut connection = self.database.get().await?;
                let placement = self.placement(&mut connection, id).await?;
                let claimed = decided(&placement).is_none()
                    && placement::claim(&mut connection, id, self.lease).await?;
                (placement, claimed)
            };
            if let Some(decided) = decided(&placement) {
                return decided;
            }
            if claimed {
                return self.drive_and_tell(id, correlation_id).await;
            }
            if Instant::now() >= deadline {
                let message = "the order with this idempotency key is still being placed; try again in a moment";
                return Err(ApiError::conflict(message).at("input.idempotencyKey"));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The buyer hears what was decided, even when undoing a refused placement has to wait.
    async fn drive_and_tell(&self, id: Uuid, correlation_id: &str) -> ApiResult<Uuid> {
        let driven = self.drive_to_end(id, correlation_id).await;
        let mut connection = self.database.get().await?;
        let placement = self.placement(&mut connection, id).await?;
        match (decided(&placement), driven) {
            (Some(decided), _) => decided,
            (None, Err(stuck)) => Err(stuck),
            (None, Ok(())) => Err(ApiError::internal(format!(
                "order {id} stopped at {}",
                placement.step.as_str()
            ))),
        }
    }

    /// Drives on its own task: a client that hangs up does not stop it half-way.
    async fn drive_to_end(&self, id: Uuid, correlation_id: &str) -> ApiResult<()> {
        let saga = self.clone();
        let correlation_id = correlation_id.to_owned();
        let driven = tokio::spawn(async move { saga.drive(id, &correlation_id).await });
        driven
            .await
            .unwrap_or_else(|died| Err(ApiError::internal(died)))
    }

    /// Takes the placement, which the caller has leased, as far as it goes. `UNAVAILABLE` when a peer does not answer:
    /// the placement then waits for the reconciler or for the client's next attempt.
    async fn drive(&self, id: Uuid, correlation_id: &str) -> ApiResult<()> {
        loop {
            let placement = {
                let mut connection = self.database.get().await?;
                self.placement(&mut connection, id).await?
            };
            let step = match placement.step {
                SagaStep::Reserving => self.reserve(&placement, correlation_id).await,
                SagaStep::Paying => self.pay(&placement, correlation_id).await,
                SagaStep::Abandoning => self.undo(&placement, correlation_id).await,
                SagaStep::Placed | SagaStep::Abandoned => return Ok(()),
            };
            let Err(stuck) = step else { continue };
            if !self.give_up(&placement, &stuck).await? {
                let mut connection = self.database.get().await?;
                placement::give_back(&mut connection, id, pause(placement.attempts)).await?;
                return Err(stuck);
            }
        }
    }

    /// True when the placement has been stuck for so long that it is undone instead.
    async fn give_up(&self, placement: &Placement, stuck: &ApiError) -> ApiResult<bool> {
        let goes_forward = matches!(placement.step, SagaStep::Reserving | SagaStep::Paying);
        if !goes_forward || Utc::now() - placement.created_at < GIVE_UP_AFTER {
            return Ok(false);
        }
        let mut connection = self.database.get().await?;
        placement::abandon(&mut connection, placement, stuck, &[]).await?;
        Ok(true)
    }

    async fn reserve(&self, placement: &Placement, correlation_id: &str) -> ApiResult<()> {
        let reserved = match calls::reserve(
            &self.peers,
            placement.id,
            &placement.requested,
            correlation_id,
        )
        .await
        {
            Ok(reserved) => reserved,
            Err(error) => return self.refused(placement, error).await,
        };
        let mut connection = self.database.get().await?;
        match pricing::price(&placement.requested, placement.currency, reserved) {
            Ok(priced) => placement::freeze(&mut connection, placement, priced).await?,
            Err(Mismatch::Prices(changed)) => {
                let failure = pricing::price_changed(placement.currency, &changed);
                let repriced: Vec<_> = changed.iter().map(|(_, _, line)| line).collect();
                placement::abandon(&mut connection, placement, &failure, &repriced).await?;
            }
            Err(Mismatch::Lines) => {
                let failure = ApiError::internal(format!(
                    "product put other lines aside for order {}",
                    placement.id
                ));
                placement::abandon(&mut connection, placement, &failure, &[]).await?;
            }
        }
        Ok(())
    }

    async fn pay(&self, placement: &Placement, correlation_id: &str) -> ApiResult<()> {
        let total_minor = placement.total_minor.unwrap_or_default();
        let (buyer, currency) = (placement.buyer_id, placement.currency);
        // Nothing to pay needs no payment: the order is confirmed as it is placed.
        let payment = if total_minor == 0 {
            None
        } else {
            let created = calls::create_payment(
                &self.peers,
                placement.id,
                buyer,
                total_minor,
                currency,
                correlation_id,
            )
            .await;
            match created {
                Ok(payment) => Some(payment),
                Err(error) => return self.refused(placement, error).await,
            }
        };
        let mut connection = self.database.get().await?;
        connection
            .transaction(async |connection| {
                placement::finish(connection, placement, payment, correlation_id).await
            })
            .await
            .map_err(|error: diesel::result::Error| ApiError::from(error))
    }

    /// A refusal is final and gives the placement up; no answer leaves it where it is.
    async fn refused(&self, placement: &Placement, error: PeerError) -> ApiResult<()> {
        let PeerError::Refused {
            subgraph,
            code,
            message,
            argument,
        } = error
        else {
            return Err(error.into());
        };
        let failure = match code {
            ErrorCode::OutOfStock
            | ErrorCode::NotFound
            | ErrorCode::Conflict
            | ErrorCode::PaymentDeclined => {
                let failure = ApiError::new(code, message);
                match argument.as_deref().and_then(cart_line) {
                    Some(line) => failure.at(line),
                    None => failure,
                }
            }
            // Anything else says that the two sides do not understand each other, which the buyer cannot help.
            _ => ApiError::internal(format!(
                "{subgraph} refused order {}: {} {message}",
                placement.id,
                code.as_str()
            )),
        };
        let mut connection = self.database.get().await?;
        placement::abandon(&mut connection, placement, &failure, &[]).await
    }

    async fn undo(&self, placement: &Placement, correlation_id: &str) -> ApiResult<()> {
        calls::release(&self.peers, placement.id, correlation_id).await?;
        let mut paid = false;
        // Without a total it never came to a payment.
        if placement.total_minor.is_some() {
            let status = calls::cancel_payment(&self.peers, placement.id, correlation_id).await?;
            paid = status.as_deref() == Some(calls::PAID);
        }
        let mut connection = self.database.get().await?;
        placement::abandoned(&mut connection, placement, paid).await?;
        Ok(())
    }

    /// Takes up the placements that stand still. One run of the job.
    pub async fn reconcile(&self) -> ApiResult<()> {
        let idle = {
            let mut connection = self.database.get().await?;
            placement::claim_idle(&mut connection, self.lease, RECONCILED_AT_ONCE).await?
        };
        futures::stream::iter(idle)
            .for_each_concurrent(4, async |id| {
                // The order's id ties these calls together; the client's request is long gone.
                if let Err(error) = self.drive_to_end(id, &id.to_string()).await {
                    tracing::warn!(order = %id, code = error.code.as_str(), message = error.message, "a placement stands still");
                }
            })
            .await;
        Ok(())
    }

    async fn placement(
        &self,
        connection: &mut diesel_async::AsyncPgConnection,
        id: Uuid,
    ) -> ApiResult<Placement> {
        let found = placement::load(connection, id).await?;
        found.ok_or_else(|| {
            ApiError::internal(format!("order {id} vanished while it was being placed"))
        })
    }
}

/// What the buyer is told, once it is certain.
fn decided(placement: &Placement) -> Option<ApiResult<Uuid>> {
    match placement.step {
        SagaStep::Reserving | SagaStep::Paying => None,
        SagaStep::Placed => Some(Ok(placement.id)),
        SagaStep::Abandoning | SagaStep::Abandoned => placement
            .failure
            .clone()
            .map(|failure| Err(ApiError::from(failure))),
    }
}

/// Half a second after the first attempt, twice as long after each further one.
fn pause(attempts: i32) -> Duration {
    let doublings = u32::try_from(attempts.clamp(0, 10)).unwrap_or_default();
    LONGEST_PAUSE.min(Duration::from_millis(500) * 2_u32.pow(doublings))
}

/// Product names a line of the call; the buyer knows it as the line of the cart at the same position.
fn cart_line(argument: &str) -> Option<String> {
    let line = argument.strip_prefix("input.lines.")?;
    Some(format!("cart.items.{line}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_at_fault_is_named_as_the_buyer_knows_it() {
        assert_eq!(cart_line("input.lines.2").as_deref(), Some("cart.items.2"));
        assert_eq!(cart_line("input.orderId"), None);
    }

    #[test]
    fn pauses_grow_to_half_a_minute() {
        assert_eq!(pause(0), Duration::from_millis(500));
        assert_eq!(pause(3), Duration::from_secs(4));
        assert_eq!(pause(i32::MAX), LONGEST_PAUSE);
    }
}
