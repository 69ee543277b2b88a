//! How often somebody may try to log in, and how many sessions one client may open without a password.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use sha2::{Digest, Sha256};
use souk_platform::cache::{Cache, CacheError};
use souk_platform::config::IdentitySettings;
use souk_platform::{ApiError, ApiResult, ErrorCode};

/// The length of a window in seconds.
const WINDOW: u64 = 60;
/// How many times more failures a client may have than an account: people behind one address share it.
const CLIENT_FACTOR: u64 = 5;

/// Counts attempts per account, and failures and new sessions per client, in windows of a minute that all instances
/// share through the cache.
#[derive(Clone)]
pub struct Limits {
    cache: Arc<dyn Cache>,
    logins: u64,
    new_sessions: u64,
}

/// One attempt that was let through. It counts as a failure until [`Limits::succeeded`] says otherwise.
pub struct Attempt {
    account: String,
    client: Option<String>,
}

/// The minute that it is, and the seconds that are left of it.
fn window() -> (u64, u64) {
    let now = u64::try_from(Utc::now().timestamp()).unwrap_or_default();
    (now / WINDOW, WINDOW - now % WINDOW)
}

/// Whom a limit counts: an address, of IPv6 the network, because one client has all addresses of it (RFC 6177). `None`
/// for clients on this machine: they are its own programs, or everybody, behind a proxy that does not say for whom it
/// speaks.
fn client_key(client: IpAddr) -> Option<String> {
    if client.is_loopback() {
        return None;
    }
    Some(match client {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{}/64", Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    })
}

impl Limits {
    /// A minute has at most `login_attempts_per_minute` attempts for an account without a success between them, and
    /// at most `new_sessions_per_minute` new accounts and guests of a client.
    pub fn new(cache: Arc<dyn Cache>, settings: &IdentitySettings) -> Limits {
        Limits {
            cache,
            logins: u64::from(settings.login_attempts_per_minute),
            new_sessions: u64::from(settings.new_sessions_per_minute),
        }
    }

    /// Lets a client make an account or become a guest, or says `RATE_LIMITED`. Clients on this machine are let through.
    pub async fn new_session(&self, client: Option<IpAddr>) -> ApiResult<()> {
        let Some(client) = client.and_then(client_key) else {
            return Ok(());
        };
        let (window, left) = window();
        let opened = self
            .count(&format!("session:client:{client}:{window}"))
            .await?;
        if opened > self.new_sessions {
            let what = "too many new accounts and guest sessions from this address";
            return Err(ApiError::rate_limited(what, left));
        }
        Ok(())
    }

    /// Lets an attempt through or says `RATE_LIMITED`. Attempts count whether or not the account exists, so that
    /// the limit does not tell; `account` is the e-mail address or whatever was typed for it. They count before the
    /// password is looked at, so that guesses at the same time are counted, too.
    pub async fn attempt(&self, account: &str, client: Option<IpAddr>) -> ApiResult<Attempt> {
        let (window, left) = window();
        // Hashed: the cache need not know who logs in, and a key stays short whatever is typed.
        let account = format!(
            "login:account:{}:{window}",
            hex::encode(Sha256::digest(account.as_bytes()))
        );
        let client = client
            .and_then(client_key)
            .map(|client| format!("login:client:{client}:{window}"));
        if let Some(client) = &client
            && self.count(client).await? > self.logins * CLIENT_FACTOR
        {
            return Err(ApiError::rate_limited(
                "too many failed logins from this address",
                left,
            ));
        }
        if self.count(&account).await? > self.logins {
            // Nothing was guessed: whoever shares the address need not suffer for it.
            self.give_back(client.as_deref()).await?;
            return Err(ApiError::rate_limited(
                "too many attempts to log in to this account",
                left,
            ));
        }
        Ok(Attempt { account, client })
    }

    /// The password was right: the account's count starts again, and the client gets this one attempt back. The client's
    /// other failures stay, or an attacker would log in to an account of his own now and then.
    pub async fn succeeded(&self, attempt: Attempt) -> ApiResult<()> {
        self.cache
            .delete(&attempt.account)
            .await
            .map_err(unavailable)?;
        self.give_back(attempt.client.as_deref()).await
    }

    async fn count(&self, key: &str) -> ApiResult<u64> {
        self.cache
            .increment(key, Duration::from_secs(WINDOW))
            .await
            .map_err(unavailable)
    }

    async fn give_back(&self, client: Option<&str>) -> ApiResult<()> {
        match client {
            Some(key) => self.cache.decrement(key).await.map_err(unavailable),
            None => Ok(()),
        }
    }
}

/// A cache that does not answer is `UNAVAILABLE`: guessing passwords without a limit is worse than waiting.
#[expect(
    clippy::needless_pass_by_value,
    reason = "the shape that map_err wants"
)]
pub fn unavailable(error: CacheError) -> ApiError {
    tracing::error!(%error, "cache unavailable");
    ApiError::new(
        ErrorCode::Unavailable,
        "logging in is not possible at the moment; try again soon",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_network_are_one_client() {
        let key = |address: &str| client_key(address.parse().unwrap()).unwrap();
        assert_eq!(key("2001:db8:1:2::1"), key("2001:db8:1:2:3:4:5:6"));
        assert_ne!(key("2001:db8:1:2::1"), key("2001:db8:1:3::1"));
        assert_ne!(key("198.51.100.1"), key("198.51.100.2"));
    }
}
