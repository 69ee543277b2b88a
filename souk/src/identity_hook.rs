//! Passes the identity in a verified token on to the subgraphs.

use std::net::SocketAddr;

use async_trait::async_trait;
use axum::extract::ConnectInfo;
use http::request::Parts;
use http::{HeaderName, HeaderValue};
use serde_json::{Map, Value};
use souk_executor::RequestContext;
use souk_platform::cache::Revocations;
use souk_platform::identity::{
    AccessClaims, CLIENT_HEADER, CORRELATION_HEADER, ClientAddress, CorrelationId, IDENTITY_HEADER,
    InternalSigner, TrustedProxies,
};
use souk_platform::{ErrorCode, Identity};
use souk_router::{GraphQLError, RequestHook};

/// Turns access token claims into the identity that subgraphs trust: as a value for those in this process, and as
/// a signed header for the others.
pub struct IdentityHook {
    /// Who must have issued the token.
    pub issuer: String,
    /// For whom the token must be.
    pub audience: String,
    /// Sessions that were ended early.
    pub revocations: Revocations,
    /// Whom to believe for which client a connection speaks.
    pub proxies: TrustedProxies,
    /// Signs the header for subgraphs in other processes; `None` when every subgraph is in this one.
    pub signer: Option<InternalSigner>,
}

fn refused(message: &str) -> GraphQLError {
    GraphQLError::new(message, ErrorCode::Unauthenticated.as_str())
}

impl IdentityHook {
    /// A proxy that does not append to the client's line `x-forwarded-for` adds a line of its own behind it.
    fn client_address(&self, parts: &Parts) -> Option<ClientAddress> {
        let ConnectInfo(peer) = parts.extensions.get::<ConnectInfo<SocketAddr>>()?;
        let lines = parts.headers.get_all("x-forwarded-for");
        let last = lines.iter().next_back().and_then(|line| line.to_str().ok());
        Some(self.proxies.client(peer.ip(), last))
    }

    async fn identity(
        &self,
        claims: Option<&Map<String, Value>>,
    ) -> Result<Identity, GraphQLError> {
        let Some(claims) = claims else {
            return Ok(Identity::Anonymous);
        };
        let claims: AccessClaims = serde_json::from_value(Value::Object(claims.clone()))
            .map_err(|_| refused("this token is not an access token of this platform"))?;
        if claims.iss != self.issuer || claims.aud != self.audience {
            return Err(refused("this token was not issued for this platform"));
        }
        match self.revocations.is_revoked(claims.sid).await {
            Ok(false) => Ok(Identity::Subject(claims.into())),
            Ok(true) => Err(refused("this session was ended; log in again")),
            // Letting a revoked token through is worse than asking the client to try again.
            Err(error) => {
                tracing::error!(%error, "cannot tell whether a session is revoked");
                let message = "the session cannot be checked now; try again in a moment";
                Err(GraphQLError::new(message, ErrorCode::Unavailable.as_str()))
            }
        }
    }
}

#[async_trait]
impl RequestHook for IdentityHook {
    async fn prepare(
        &self,
        parts: &Parts,
        claims: Option<&Map<String, Value>>,
        context: &mut RequestContext,
    ) -> Result<(), GraphQLError> {
        let identity = self.identity(claims).await?;
        if let Some(signer) = &self.signer {
            let internal = || {
                GraphQLError::new(
                    "the identity cannot be passed on",
                    ErrorCode::Internal.as_str(),
                )
            };
            let signed = signer.sign(&identity).map_err(|_| internal())?;
            let value = HeaderValue::try_from(signed).map_err(|_| internal())?;
            context.set_header(&HeaderName::from_static(IDENTITY_HEADER), &value);
        }
        let correlation = context
            .headers()
            .get(CORRELATION_HEADER)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default();
        context
            .extensions
            .insert(CorrelationId(correlation.to_owned()));
        context.extensions.insert(identity);
        let client_header = HeaderName::from_static(CLIENT_HEADER);
        context.remove_header(&client_header);
        if let Some(client) = self.client_address(parts) {
            if let Ok(value) = HeaderValue::try_from(client.0.to_string()) {
                context.set_header(&client_header, &value);
            }
            context.extensions.insert(client);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use souk_platform::cache::MemoryCache;
    use souk_platform::config::Config;

    use super::*;

    #[test]
    fn a_client_cannot_make_up_its_address_behind_a_proxy_that_adds_a_line() {
        let hook = IdentityHook {
            issuer: String::new(),
            audience: String::new(),
            revocations: Revocations::new(Arc::new(MemoryCache::default()), Duration::ZERO),
            proxies: Config::default().server.trusted_proxies,
            signer: None,
        };
        let (parts, ()) = http::Request::builder()
            .extension(ConnectInfo(SocketAddr::from(([10, 0, 0, 2], 1234))))
            .header("x-forwarded-for", "6.6.6.6")
            .header("x-forwarded-for", "203.0.113.7")
            .body(())
            .unwrap()
            .into_parts();
        let client = hook.client_address(&parts).unwrap();
        assert_eq!(client.0.to_string(), "203.0.113.7");
    }
}
