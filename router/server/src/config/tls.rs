//! TLS towards subgraphs.

use std::collections::BTreeMap;

use serde::Deserialize;
use souk_executor::transport::http::{HttpSetupError, TlsConfig, TlsIdentity};

use super::Problem;

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

impl ClientAuthentication {
    fn identity(&self) -> TlsIdentity {
        TlsIdentity {
            certificate_chain: self.certificate_chain.clone(),
            key: self.key.clone(),
        }
    }
}

impl SubgraphTls {
    /// Certificates and keys that cannot be used, by the keys that say them.
    pub(super) fn problems(&self) -> Vec<Problem> {
        let mut targets = vec![("tls.subgraph.all".to_owned(), &self.all)];
        for (name, target) in &self.subgraphs {
            targets.push((format!("tls.subgraph.subgraphs.{name}"), target));
        }
        let mut problems = Vec::new();
        for (path, target) in targets {
            let identity = target.client_authentication.as_ref();
            let authorities = TlsConfig {
                certificate_authorities: target.certificate_authorities.clone(),
                identity: None,
            };
            let identity = TlsConfig {
                certificate_authorities: None,
                identity: identity.map(ClientAuthentication::identity),
            };
            let checked = [
                ("certificate_authorities", authorities.check()),
                ("client_authentication", identity.check()),
            ];
            for (key, result) in checked {
                let Err(error) = result else { continue };
                let hint = match error {
                    HttpSetupError::Pem(..) => "; ${file.PATH} takes it from a file",
                    _ => "",
                };
                problems.push(Problem {
                    path: format!("{path}.{key}"),
                    message: format!("{error}{hint}"),
                });
            }
        }
        problems
    }

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
            identity: identity.map(ClientAuthentication::identity),
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, KeyPair};
    use serde_json::{Value, json};

    use super::super::{ConfigError, RouterConfig};

    /// A certificate and its key.
    fn pair() -> (String, String) {
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["router".to_owned()]).unwrap();
        let certificate = params.self_signed(&key).unwrap();
        (certificate.pem(), key.serialize_pem())
    }

    fn problems(tls: &Value) -> Vec<String> {
        match RouterConfig::from_value(json!({ "tls": { "subgraph": tls } })) {
            Err(ConfigError::Invalid(problems)) => {
                problems.iter().map(ToString::to_string).collect()
            }
            other => panic!("expected problems, got {other:?}"),
        }
    }

    #[test]
    fn what_a_subgraph_does_not_say_is_as_under_all() {
        let ((authorities, _), (certificate, key)) = (pair(), pair());
        let config = RouterConfig::from_value(json!({ "tls": { "subgraph": {
            "all": { "certificate_authorities": authorities },
            "subgraphs": {
                "order": { "client_authentication": { "certificate_chain": certificate, "key": key } },
            },
        } } }));
        let tls = config.unwrap().tls.subgraph;
        for (subgraph, identity) in [("user", None), ("order", Some(&certificate))] {
            let of = tls.of(subgraph);
            assert_eq!(of.certificate_authorities.as_ref(), Some(&authorities));
            let shown = of.identity.map(|identity| identity.certificate_chain);
            assert_eq!(shown.as_ref(), identity, "{subgraph}");
        }
    }

    #[test]
    fn certificates_that_cannot_be_used_are_named_by_their_keys() {
        let (certificate, key) = pair();
        let (_, other_key) = pair();
        let found = problems(&json!({
            "all": {
                "certificate_authorities": "/etc/authorities.pem",
                "client_authentication": { "certificate_chain": certificate, "key": "none" },
            },
            "subgraphs": {
                "order": { "client_authentication": { "certificate_chain": certificate, "key": other_key } },
                "user": { "client_authentication": { "certificate_chain": certificate, "key": key } },
            },
        }));
        insta::assert_snapshot!(found.join("\n"), @r"
        tls.subgraph.all.certificate_authorities: the certificate authorities cannot be read as PEM text: there is no certificate in it; ${file.PATH} takes it from a file
        tls.subgraph.all.client_authentication: the key cannot be read as PEM text: no items found; ${file.PATH} takes it from a file
        tls.subgraph.subgraphs.order.client_authentication: the key is not that of the first certificate in the certificate chain
        ");
    }
}
