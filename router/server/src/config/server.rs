//! Connections of clients.

use serde::Deserialize;

use super::Period;

/// `server`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Server {
    /// HTTP as the router speaks it with clients.
    pub http: Http,
}

/// `server.http`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Http {
    /// How long a client may take to send the head of a request, counted from when its connection was opened or got its
    /// last answer. So long is a connection kept without requests: load balancers should give theirs up earlier.
    /// Default 75 s.
    pub header_read_timeout: Period,
}

impl Default for Http {
    fn default() -> Http {
        Http {
            header_read_timeout: Period::seconds(75),
        }
    }
}
