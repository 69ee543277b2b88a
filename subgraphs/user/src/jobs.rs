//! What the user subgraph does from time to time.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use futures::FutureExt;
use souk_platform::{ApiResult, Job};

use crate::state::State;
use crate::store;

/// How long an expired session is kept, so that a late reuse of its tokens is still recognised.
const KEEP_EXPIRED: TimeDelta = TimeDelta::days(1);

/// The subgraph's jobs.
pub fn all(state: &State) -> Vec<Job> {
    let (restoring, tidying, warming) = (state.clone(), state.clone(), state.clone());
    vec![
        Job {
            name: "restore revocations",
            every: Duration::from_secs(30),
            run: Box::new(move || restore_revocations(restoring.clone()).boxed()),
        },
        Job {
            name: "delete expired sessions",
            every: Duration::from_secs(3600),
            run: Box::new(move || delete_expired_sessions(tidying.clone()).boxed()),
        },
        Job {
            name: "prepare for logins",
            every: Duration::from_secs(3600),
            run: Box::new(move || prepare(warming.clone()).boxed()),
        },
    ]
}

/// The cache may forget: it is empty after a restart, and evicts. The database knows which sessions were ended while
/// access tokens of theirs may still be good.
async fn restore_revocations(state: State) -> ApiResult<()> {
    let lifetime =
        TimeDelta::from_std(state.identity().access_token_lifetime).unwrap_or(TimeDelta::days(1));
    let mut connection = state.database.get().await?;
    let revoked = store::sessions::revoked_since(&mut connection, Utc::now() - lifetime).await?;
    drop(connection);
    state.end_access(&revoked).await
}

async fn delete_expired_sessions(state: State) -> ApiResult<()> {
    let mut connection = state.database.get().await?;
    let deleted =
        store::sessions::delete_expired(&mut connection, Utc::now() - KEEP_EXPIRED).await?;
    tracing::debug!(deleted, "deleted expired sessions");
    Ok(())
}

/// Makes what the first login would otherwise wait for.
async fn prepare(state: State) -> ApiResult<()> {
    state.hashing.warm_up().await?;
    state.keys.public().await.map(drop)
}
