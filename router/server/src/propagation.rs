//! Which of a client's headers subgraphs get.

use http::{HeaderMap, HeaderName};

use crate::config::{HeaderRule, Propagate, Remove};

/// Headers that are about one connection, or about the body of one message: never passed on.
const NEVER: [HeaderName; 14] = [
    http::header::ACCEPT,
    http::header::ACCEPT_ENCODING,
    http::header::CONNECTION,
    http::header::CONTENT_ENCODING,
    http::header::CONTENT_LENGTH,
    http::header::CONTENT_TYPE,
    http::header::EXPECT,
    http::header::HOST,
    http::header::PROXY_AUTHORIZATION,
    http::header::TE,
    http::header::TRAILER,
    http::header::TRANSFER_ENCODING,
    http::header::UPGRADE,
    HeaderName::from_static("keep-alive"),
];

/// The headers for subgraphs, by the rules in their order.
pub(crate) fn propagate(rules: &[HeaderRule], client: &HeaderMap) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for rule in rules {
        match rule {
            HeaderRule::Propagate(Propagate::Named {
                named,
                rename,
                default,
            }) => {
                let target = &rename.as_ref().unwrap_or(named).0;
                headers.remove(target);
                for value in client.get_all(&named.0) {
                    headers.append(target, value.clone());
                }
                if let (Some(default), false) = (default, client.contains_key(&named.0)) {
                    headers.insert(target, default.0.clone());
                }
            }
            HeaderRule::Propagate(Propagate::Matching(pattern)) => {
                for (name, value) in client {
                    if pattern.matches(name.as_str()) && !NEVER.contains(name) {
                        headers.append(name, value.clone());
                    }
                }
            }
            HeaderRule::Insert(insert) => {
                headers.insert(&insert.name.0, insert.value.0.clone());
            }
            HeaderRule::Remove(Remove::Named(name)) => {
                headers.remove(&name.0);
            }
            HeaderRule::Remove(Remove::Matching(pattern)) => {
                let matching: Vec<HeaderName> = headers
                    .keys()
                    .filter(|name| pattern.matches(name.as_str()))
                    .cloned()
                    .collect();
                for name in matching {
                    headers.remove(name);
                }
            }
        }
    }
    headers
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RouterConfig;

    #[test]
    fn rules_apply_in_order() {
        let config = RouterConfig::from_yaml(
            r"
headers:
  all:
    request:
      - propagate: { named: accept-language }
      - propagate: { named: x-tenant, rename: x-shop, default: main }
      - propagate: { matching: 'x-debug-.*|content-.*' }
      - insert: { name: x-from, value: router }
      - remove: { matching: '.*-secret' }
",
        )
        .unwrap();
        let mut client = HeaderMap::new();
        for (name, value) in [
            ("accept-language", "de"),
            ("cookie", "session=1"),
            ("content-length", "3"),
            ("x-debug-level", "2"),
            ("x-debug-secret", "s"),
        ] {
            client.insert(name, value.parse().unwrap());
        }
        let headers = propagate(&config.headers.all.request, &client);
        let mut seen: Vec<String> = headers
            .iter()
            .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()))
            .collect();
        seen.sort();
        assert_eq!(
            seen,
            [
                "accept-language=de",
                "x-debug-level=2",
                "x-from=router",
                "x-shop=main"
            ]
        );
    }
}
