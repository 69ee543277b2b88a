//! TLS towards subgraphs.

use std::collections::BTreeMap;

use serde::Deserialize;
use souk_executor::transport::http::{TlsConfig, TlsIdentity};

/// `tls`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tls {
    /// Connections to subgraphs.
    pub subgraph: SubgraphTls,
}

/// `tls.subgraph`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubgraphTls {
    /// Every subgraph.
    pub all: SubgraphTlsTarget,
    /// The subgraphs of these names; what is left out is as under `all`.
    pub subgraphs: BTreeMap<String, SubgraphTlsTarget>,
}

/// `tls.subgraph.all` and `tls.subgraph.subgraphs.<name>`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SubgraphTlsTarget {
    /// The certificate authorities to believe instead of Mozilla's, as PEM text; `${file.ca.pem}` reads it from a file.
    pub certificate_authorities: Option<String>,
    /// The certificate that the router shows.
    pub client_authentication: Option<ClientAuthentication>,
}

/// `client_authentication`
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClientAuthentication {
    /// The certificate and those that lead to its authority, as PEM text.
    pub certificate_chain: String,
    /// Its private key, as PEM text.
    pub key: String,
}

impl std::fmt::Debug for ClientAuthentication {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientAuthentication")
    }
}

impl SubgraphTls {
    /// TLS to this subgraph.
    pub fn of(&self, subgraph: &str) -> TlsConfig {
        let own = self.subgraphs.get(subgraph);
        let authorities = own.and_then(|own| own.certificate_authorities.as_ref());
        let identity = own.and_then(|own| own.client_authentication.as_ref());
        let identity = identity.or(self.all.client_authentication.as_ref());
        TlsConfig {
            certificate_authorities: authorities
                .or(self.all.certificate_authorities.as_ref())
                .cloned(),
            identity: identity.map(|identity| TlsIdentity {
                certificate_chain: identity.certificate_chain.clone(),
                key: identity.key.clone(),
            }),
        }
    }
}
