//! What the user subgraph does from time to time.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use futures::FutureExt;
use souk_platform::{ApiResult, Job};

use crate::state::State;
use crate::store;

/// How long expired sessions and tokens are kept, so that a late reuse of a token is still recognised.
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
            run: Box::new(move || delete_expired(tidying.clone()).boxed()),
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

/// Deletes sessions that expired, and of the others the exchanged tokens that would have expired by now. Until then the
/// client may take such a token for good and present it, which tells that a thief has exchanged it.
async fn delete_expired(state: State) -> ApiResult<()> {
    let mut connection = state.database.get().await?;
    let expired = Utc::now() - KEEP_EXPIRED;
    let sessions = store::sessions::delete_expired(&mut connection, expired).await?;
    let lifetime = TimeDelta::from_std(state.identity().refresh_token_lifetime).ok();
    let tokens = match lifetime.and_then(|lifetime| expired.checked_sub_signed(lifetime)) {
        Some(issued) => store::sessions::delete_exchanged(&mut connection, issued).await?,
        // They last longer than time does.
        None => 0,
    };
    tracing::debug!(sessions, tokens, "deleted what expired");
    Ok(())
}

/// Makes what the first login would otherwise wait for.
async fn prepare(state: State) -> ApiResult<()> {
    state.hashing.warm_up().await?;
    state.keys.public().await.map(drop)
}
