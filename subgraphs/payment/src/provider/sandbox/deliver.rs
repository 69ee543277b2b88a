//! The sandbox's webhooks on their way to us.

use std::time::Duration;

use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel_async::{AsyncConnection, AsyncPgConnection, RunQueryDsl};
use souk_platform::ApiResult;
use souk_platform::client::causes;
use souk_platform::database::prepared;

use super::{SIGNATURE_HEADER, Sandbox};
use crate::domain::signature;
use crate::tables::sandbox_webhook;

/// How long the receiver may take.
pub(super) const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long a webhook that is being sent is left alone by others: longer than the receiver may take.
const CLAIMED_FOR: Duration = Duration::from_secs(10);
/// How many are sent in one run.
const BATCH: i64 = 20;
/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

struct Waiting {
    sequence: i64,
    body: String,
    attempts: i32,
}

impl Sandbox {
    /// Sends the webhooks that are due. One that is not taken (anything but a 2xx) is sent again with growing
    /// pauses, for ever: a sandbox must not lose a payment.
    pub async fn deliver_webhooks(&self) -> ApiResult<()> {
        loop {
            let claimed = claim(&mut *self.database.get().await?).await?;
            if claimed.is_empty() {
                return Ok(());
            }
            // All at once: one receiver that is slow to answer must not use up the others' claim.
            let delivered = claimed.iter().map(|webhook| self.deliver(webhook));
            futures::future::try_join_all(delivered).await?;
        }
    }

    async fn deliver(&self, webhook: &Waiting) -> ApiResult<()> {
        let sent = self.send(&webhook.body).await?;
        settle(&mut *self.database.get().await?, webhook, sent).await?;
        Ok(())
    }

    async fn send(&self, body: &str) -> ApiResult<Result<(), String>> {
        let signature = signature::sign(
            self.secret().await?,
            Utc::now().timestamp(),
            body.as_bytes(),
        );
        let request = self
            .client
            .post(self.url("/webhooks/payments/sandbox"))
            .header("content-type", "application/json")
            .header(SIGNATURE_HEADER, signature)
            .body(body.to_owned());
        Ok(match request.send().await {
            Ok(answer) if answer.status().is_success() => Ok(()),
            Ok(answer) => Err(format!("HTTP status {}", answer.status())),
            Err(error) => Err(causes(&error)),
        })
    }
}

/// Takes webhooks that are due and keeps other instances from them for a while.
async fn claim(connection: &mut AsyncPgConnection) -> QueryResult<Vec<Waiting>> {
    connection
        .transaction(async |transaction| {
            let due: Vec<(i64, String, i32)> = sandbox_webhook::table
                .filter(sandbox_webhook::delivered_at.is_null())
                .filter(sandbox_webhook::next_attempt_at.le(Utc::now()))
                .order(sandbox_webhook::sequence)
                .limit(BATCH)
                .for_update()
                .skip_locked()
                .select((
                    sandbox_webhook::sequence,
                    sandbox_webhook::body,
                    sandbox_webhook::attempts,
                ))
                .load(transaction)
                .await?;
            let sequences: Vec<i64> = due.iter().map(|(sequence, _, _)| *sequence).collect();
            let claimed =
                sandbox_webhook::table.filter(sandbox_webhook::sequence.eq_any(sequences));
            let until = sandbox_webhook::next_attempt_at.eq(Utc::now() + CLAIMED_FOR);
            prepared(diesel::update(claimed).set(until))
                .execute(transaction)
                .await?;
            Ok(due
                .into_iter()
                .map(|(sequence, body, attempts)| Waiting {
                    sequence,
                    body,
                    attempts,
                })
                .collect())
        })
        .await
}

async fn settle(
    connection: &mut AsyncPgConnection,
    webhook: &Waiting,
    sent: Result<(), String>,
) -> QueryResult<()> {
    let row = sandbox_webhook::table.find(webhook.sequence);
    match sent {
        Ok(()) => {
            prepared(diesel::update(row).set(sandbox_webhook::delivered_at.eq(Utc::now())))
                .execute(connection)
                .await?;
        }
        Err(error) => {
            tracing::warn!(
                error,
                attempts = webhook.attempts + 1,
                "a sandbox webhook was not taken"
            );
            diesel::update(row)
                .set((
                    sandbox_webhook::attempts.eq(webhook.attempts + 1),
                    sandbox_webhook::next_attempt_at.eq(next_attempt(webhook.attempts)),
                    sandbox_webhook::last_error.eq(error),
                ))
                .execute(connection)
                .await?;
        }
    }
    Ok(())
}

fn next_attempt(attempts: i32) -> DateTime<Utc> {
    let doublings = u32::try_from(attempts.clamp(0, 10)).unwrap_or(0);
    Utc::now() + (Duration::from_millis(500) * 2_u32.pow(doublings)).min(LONGEST_PAUSE)
}
