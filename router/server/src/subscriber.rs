//! Who holds a subscription. A subscription lasts longer than a request: its token expires, its session is ended,
//! and what subgraphs were told of the subscriber at the beginning becomes too old for them.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use http::request::Parts;
use serde_json::{Map, Value};
use souk_executor::RequestContext;

use crate::authentication::LEEWAY;
use crate::error::Refusal;
use crate::service::Service;

/// The shortest pause between two checks, when a token has expired and nobody can tell at the moment.
const LEAST_PAUSE: Duration = Duration::from_secs(1);

/// When the token of a request expires, as an extension of its context.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenExpiry(SystemTime);

impl TokenExpiry {
    /// The time in the claim `exp` (RFC 7519, section 4.1.4).
    pub fn of(claims: &Map<String, Value>) -> Option<TokenExpiry> {
        let since_1970 = Duration::try_from_secs_f64(claims.get("exp")?.as_f64()?).ok()?;
        Some(TokenExpiry(SystemTime::UNIX_EPOCH.checked_add(since_1970)?))
    }
}

/// One client for as long as its subscription is open.
pub(crate) struct Subscriber {
    service: Arc<Service>,
    /// The request that opened the subscription; over a WebSocket, the upgrade with what `connection_init` added.
    parts: Arc<Parts>,
    context: ArcSwap<RequestContext>,
}

impl Subscriber {
    pub fn new(
        service: Arc<Service>,
        parts: Arc<Parts>,
        context: Arc<RequestContext>,
    ) -> Arc<Subscriber> {
        Arc::new(Subscriber {
            service,
            parts,
            context: ArcSwap::new(context),
        })
    }

    /// What subgraphs are told of the subscriber now. Not older than `subscription.identity_check_interval`, as long
    /// as somebody awaits [`Subscriber::refused`].
    pub fn context(&self) -> Arc<RequestContext> {
        self.context.load_full()
    }

    /// Asks again and again who the subscriber is, and resolves when it may not go on. When nobody can tell, it may:
    /// a cache that is down for a moment should not end every subscription.
    pub async fn refused(&self) -> Refusal {
        if self.service.verifier.is_none() && self.service.hook.is_none() {
            return std::future::pending().await;
        }
        loop {
            tokio::time::sleep(self.until_next_check()).await;
            match self.service.context(&self.parts).await {
                Ok(context) => self.context.store(context),
                Err(refusal) if refusal.is_about_identity() => return refusal,
                Err(refusal) => {
                    let reason = refusal.errors.first().map(|error| error.message.as_str());
                    tracing::warn!(reason, "cannot tell whether a subscriber may go on");
                }
            }
        }
    }

    fn until_next_check(&self) -> Duration {
        let interval = self.service.config.subscription.identity_check_interval.0;
        let context = self.context.load();
        let Some(TokenExpiry(expiry)) = context.extensions.get() else {
            return interval;
        };
        // The verifier counts in whole seconds: only a second later is it sure to refuse.
        let refused_from = *expiry + LEEWAY + Duration::from_secs(1);
        let left = refused_from.duration_since(SystemTime::now());
        interval.min(left.unwrap_or_default().max(LEAST_PAUSE))
    }
}
