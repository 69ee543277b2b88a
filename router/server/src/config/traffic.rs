//! How subgraphs are asked, and how long clients and subgraphs may take.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;
use souk_executor::transport::encoding::Coding;
use souk_executor::transport::http::HttpVersion;

use super::Period;

/// `traffic_shaping`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct TrafficShaping {
    /// Requests of clients.
    pub router: RouterTraffic,
    /// Requests to every subgraph.
    pub all: AllTraffic,
    /// Requests to the subgraphs of these names; what is left out is as under `all`.
    pub subgraphs: BTreeMap<String, SubgraphTraffic>,
}

/// `traffic_shaping.router`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouterTraffic {
    /// How long a query or mutation may take, with reading its body and finding out who asks. A mutation that takes
    /// longer is carried out all the same. Default 60 s.
    pub timeout: Period,
}

impl Default for RouterTraffic {
    fn default() -> RouterTraffic {
        RouterTraffic {
            timeout: Period::seconds(60),
        }
    }
}

/// `traffic_shaping.all`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AllTraffic {
    /// How long one request to a subgraph may take, until the end of its answer. Default 30 s.
    pub timeout: Period,
    /// Whether identical queries with the same headers that are under way at the same time share one request. What
    /// belongs to a client's mutation is never shared. Default true.
    pub deduplicate_query: bool,
    /// Which versions of HTTP are spoken. Default `enable`.
    pub experimental_http2: Http2,
    /// How the bodies of requests are compressed. Default `identity`.
    pub compression: Compression,
}

impl Default for AllTraffic {
    fn default() -> AllTraffic {
        AllTraffic {
            timeout: Period::seconds(30),
            deduplicate_query: true,
            experimental_http2: Http2::default(),
            compression: Compression::default(),
        }
    }
}

/// `traffic_shaping.subgraphs.<name>`: the keys of [`AllTraffic`].
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[allow(missing_docs)]
pub struct SubgraphTraffic {
    pub timeout: Option<Period>,
    pub deduplicate_query: Option<bool>,
    pub experimental_http2: Option<Http2>,
    pub compression: Option<Compression>,
}

/// `experimental_http2`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Http2 {
    /// HTTP/2 where TLS negotiates it, HTTP/1.1 otherwise.
    #[default]
    Enable,
    /// HTTP/1.1 only.
    Disable,
    /// HTTP/2 only, also without TLS.
    Http2Only,
}

impl From<Http2> for HttpVersion {
    fn from(http2: Http2) -> HttpVersion {
        match http2 {
            Http2::Enable => HttpVersion::Negotiated,
            Http2::Disable => HttpVersion::Http1,
            Http2::Http2Only => HttpVersion::Http2,
        }
    }
}

/// `compression`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    #[default]
    Identity,
    /// With gzip.
    Gzip,
    /// With zlib (RFC 9110, section 8.4.1.2).
    Deflate,
    /// With brotli.
    Br,
}

impl From<Compression> for Coding {
    fn from(compression: Compression) -> Coding {
        match compression {
            Compression::Identity => Coding::Identity,
            Compression::Gzip => Coding::Gzip,
            Compression::Deflate => Coding::Deflate,
            Compression::Br => Coding::Brotli,
        }
    }
}

impl TrafficShaping {
    /// How long one request to this subgraph may take.
    pub fn subgraph_timeout(&self, subgraph: &str) -> Duration {
        let own = self.of(subgraph, |own| own.timeout);
        own.unwrap_or(self.all.timeout).0
    }

    /// Whether identical queries to this subgraph share a request.
    pub fn deduplicates_queries(&self, subgraph: &str) -> bool {
        let own = self.of(subgraph, |own| own.deduplicate_query);
        own.unwrap_or(self.all.deduplicate_query)
    }

    /// Which versions of HTTP this subgraph is spoken to in.
    pub fn http_version(&self, subgraph: &str) -> HttpVersion {
        let own = self.of(subgraph, |own| own.experimental_http2);
        own.unwrap_or(self.all.experimental_http2).into()
    }

    /// How the bodies of requests to this subgraph are compressed.
    pub fn compression(&self, subgraph: &str) -> Coding {
        let own = self.of(subgraph, |own| own.compression);
        own.unwrap_or(self.all.compression).into()
    }

    /// What is said of this subgraph alone.
    fn of<T>(&self, subgraph: &str, key: impl Fn(&SubgraphTraffic) -> Option<T>) -> Option<T> {
        self.subgraphs.get(subgraph).and_then(key)
    }
}
