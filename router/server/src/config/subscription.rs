//! Subscriptions.

use std::collections::BTreeMap;

use serde::Deserialize;
use souk_executor::transport::http;

use super::{HeaderText, Period, UrlPath};

/// `subscription`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Subscription {
    /// Whether clients may subscribe. Default true.
    pub enabled: bool,
    /// How subgraphs send their events.
    pub mode: SubscriptionMode,
    /// The most subscriptions open at once, over all clients. Default none.
    pub max_opened_subscriptions: Option<usize>,
    /// The most operations open at once on one WebSocket. Default 100.
    pub max_operations_per_connection: usize,
    /// How long a client may take for `connection_init` after it opened a WebSocket. Default 10 s.
    pub connection_init_timeout: Period,
    /// What of the payload of `connection_init` counts as headers of the upgrade request, where that does not have them
    /// itself. The header of the token always does: it is `authorization`, unless `authentication.router.jwt` names
    /// another. Whatever else is taken, clients can make up, for a proxy does not see it. Default none.
    pub connection_init_headers: Vec<HeaderText>,
    /// How often a quiet connection is shown to be alive: a ping over WebSocket, a comment over server-sent events,
    /// an empty part over multipart. Default 12 s.
    pub heartbeat_interval: Period,
    /// How often a subscriber is asked again who it is: a token that has expired or was revoked since ends the
    /// subscription, and subgraphs get an identity that is not older than this. Default 30 s.
    pub identity_check_interval: Period,
}

impl Default for Subscription {
    fn default() -> Subscription {
        Subscription {
            enabled: true,
            mode: SubscriptionMode::default(),
            max_opened_subscriptions: None,
            max_operations_per_connection: 100,
            connection_init_timeout: Period::seconds(10),
            connection_init_headers: Vec::new(),
            heartbeat_interval: Period::seconds(12),
            identity_check_interval: Period::seconds(30),
        }
    }
}

/// `subscription.mode`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubscriptionMode {
    /// Over a connection from the router to the subgraph.
    pub passthrough: Passthrough,
}

/// `subscription.mode.passthrough`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Passthrough {
    /// Every subgraph.
    pub all: AllPassthrough,
    /// The subgraphs of these names; what is left out is as under `all`.
    pub subgraphs: BTreeMap<String, PassthroughTarget>,
}

/// `subscription.mode.passthrough.all`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AllPassthrough {
    /// The path of a subgraph's subscriptions, when it is another than that of its URL.
    pub path: Option<UrlPath>,
    /// How subgraphs send events. Default `graphql_ws`.
    pub protocol: SubscriptionProtocol,
}

/// `subscription.mode.passthrough.subgraphs.<name>`: the keys of [`AllPassthrough`].
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct PassthroughTarget {
    pub path: Option<UrlPath>,
    pub protocol: Option<SubscriptionProtocol>,
}

/// `protocol`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SubscriptionProtocol {
    /// The subprotocol `graphql-transport-ws` of the library graphql-ws, over a WebSocket.
    #[default]
    GraphqlWs,
    /// Server-sent events, one response per subscription.
    Sse,
    /// A multipart response per subscription.
    Multipart,
}

impl From<SubscriptionProtocol> for http::SubscriptionProtocol {
    fn from(protocol: SubscriptionProtocol) -> http::SubscriptionProtocol {
        match protocol {
            SubscriptionProtocol::GraphqlWs => http::SubscriptionProtocol::WebSocket,
            SubscriptionProtocol::Sse => http::SubscriptionProtocol::EventStream,
            SubscriptionProtocol::Multipart => http::SubscriptionProtocol::Multipart,
        }
    }
}

impl Passthrough {
    /// The URL of a subgraph's subscriptions, when it is another than `url`, the subgraph's own.
    pub fn url(&self, subgraph: &str, url: &str) -> Option<String> {
        let own = self
            .subgraphs
            .get(subgraph)
            .and_then(|target| target.path.as_ref());
        let path = own.or(self.all.path.as_ref())?;
        let mut url = url::Url::parse(url).ok()?;
        url.set_path(&path.0);
        Some(url.into())
    }

    /// How this subgraph sends events.
    pub fn protocol(&self, subgraph: &str) -> SubscriptionProtocol {
        let own = self
            .subgraphs
            .get(subgraph)
            .and_then(|target| target.protocol);
        own.unwrap_or(self.all.protocol)
    }
}
