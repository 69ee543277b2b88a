//! Who asks: JSON Web Tokens (RFC 7519) and the keys they are signed with (RFC 7517).

mod jwks;
mod verify;

use std::sync::Arc;

use async_trait::async_trait;
use jsonwebtoken::jwk::JwkSet;

pub(crate) use verify::{LEEWAY, Verifier};

/// Where the keys are that tokens are signed with. For a program that has the keys itself; a set behind a URL is
/// configured as `authentication.router.jwt.jwks`.
#[async_trait]
pub trait KeySource: Send + Sync + 'static {
    /// The keys as they are known now. Called for every token, so it should cost nothing most of the time.
    async fn keys(&self) -> Result<Arc<JwkSet>, KeySourceError>;

    /// The keys, looked up again because a token names one that is not among them. Anybody can send such tokens,
    /// so a source that has to ask somebody else limits how often it does.
    async fn refresh(&self) -> Result<Arc<JwkSet>, KeySourceError> {
        self.keys().await
    }

    /// The `iss` claims accepted with these keys; any when `None`.
    fn issuers(&self) -> Option<Vec<String>> {
        None
    }

    /// The `aud` claims accepted with these keys, of which a token needs one; any when `None`.
    fn audiences(&self) -> Option<Vec<String>> {
        None
    }
}

/// The keys cannot be had.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the key set is not available: {0}")]
pub struct KeySourceError(pub String);
