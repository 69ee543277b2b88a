//! Which of a client's headers subgraphs get.

use std::collections::HashMap;

use http::{HeaderMap, HeaderName};

use crate::config::{HeaderRule, HeaderRules, Headers, Propagate, Remove};

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

/// What subgraphs get of a request with these headers: those without rules of their own, and each of the others.
pub(crate) fn propagate(
    config: &Headers,
    client: &HeaderMap,
) -> (HeaderMap, HashMap<String, HeaderMap>) {
    let mut for_all = HeaderMap::new();
    apply(&config.all.request, client, &mut for_all);
    let for_one = |(subgraph, rules): (&String, &HeaderRules)| {
        let mut headers = for_all.clone();
        apply(&rules.request, client, &mut headers);
        (subgraph.clone(), headers)
    };
    let for_each = config.subgraphs.iter().map(for_one).collect();
    (for_all, for_each)
}

/// Applies rules in their order.
fn apply(rules: &[HeaderRule], client: &HeaderMap, headers: &mut HeaderMap) {
    for rule in rules {
        match rule {
            HeaderRule::Propagate(Propagate::Named {
                named,
                rename,
                default,
            }) => {
                let target = &rename.as_ref().unwrap_or(named).0;
                if client.contains_key(&named.0) {
                    headers.remove(target);
                    pass(client, &named.0, target, headers);
                } else if let Some(default) = default {
                    headers.insert(target, default.0.clone());
                }
            }
            HeaderRule::Propagate(Propagate::Matching(pattern)) => {
                let matches = |name: &&HeaderName| pattern.matches(name.as_str());
                for name in client.keys().filter(matches) {
                    if !NEVER.contains(name) && !headers.contains_key(name) {
                        pass(client, name, name, headers);
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
}

/// Adds the client's values of a header, under another name or the same.
fn pass(client: &HeaderMap, name: &HeaderName, target: &HeaderName, headers: &mut HeaderMap) {
    for value in client.get_all(name) {
        headers.append(target, value.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RouterConfig;

    /// What comes of a client's headers, sorted: for a subgraph without rules of its own, and for `order`.
    fn propagated(yaml: &str, client: &[(&str, &str)]) -> [Vec<String>; 2] {
        let config = RouterConfig::from_yaml(yaml).unwrap();
        let mut headers = HeaderMap::new();
        for (name, value) in client {
            headers.append(HeaderName::try_from(*name).unwrap(), value.parse().unwrap());
        }
        let (for_all, for_each) = propagate(&config.headers, &headers);
        let for_order = for_each.get("order").unwrap_or(&for_all);
        [&for_all, for_order].map(|headers| {
            let lines = headers
                .iter()
                .map(|(name, value)| format!("{name}={}", value.to_str().unwrap()));
            let mut lines: Vec<String> = lines.collect();
            lines.sort();
            lines
        })
    }

    #[test]
    fn rules_apply_in_order() {
        let rules = r"
headers:
  all:
    request:
      - propagate: { named: accept-language }
      - propagate: { named: x-tenant, rename: x-shop, default: main }
      - propagate: { matching: 'x-debug-.*|content-.*' }
      - insert: { name: x-from, value: router }
      - remove: { matching: '.*-secret' }
";
        let client = [
            ("accept-language", "de"),
            ("cookie", "session=1"),
            ("content-length", "3"),
            ("x-debug-level", "2"),
            ("x-debug-secret", "s"),
        ];
        let expected = [
            "accept-language=de",
            "x-debug-level=2",
            "x-from=router",
            "x-shop=main",
        ];
        assert_eq!(propagated(rules, &client)[0], expected);
    }

    #[test]
    fn rules_of_one_subgraph_follow_those_for_all() {
        let rules = r"
headers:
  all:
    request:
      - propagate: { named: accept-language }
      - insert: { name: x-from, value: router }
  subgraphs:
    order:
      request:
        - propagate: { named: cookie }
        - insert: { name: x-from, value: shop }
        - remove: { named: accept-language }
";
        let client = [("accept-language", "de"), ("cookie", "session=1")];
        let [others, order] = propagated(rules, &client);
        assert_eq!(others, ["accept-language=de", "x-from=router"]);
        assert_eq!(order, ["cookie=session=1", "x-from=shop"]);
    }

    #[test]
    fn a_pattern_leaves_what_rules_before_it_have_set() {
        let rules = r"
headers:
  all: { request: [{ insert: { name: x-from, value: router } }] }
  subgraphs:
    order:
      request:
        - propagate: { matching: 'x-.*' }
        - propagate: { named: x-not-sent, rename: x-from }
";
        let client = [("x-from", "somebody"), ("x-b", "3")];
        let [others, order] = propagated(rules, &client);
        assert_eq!(others, ["x-from=router"]);
        assert_eq!(order, ["x-b=3", "x-from=router"]);
    }

    #[test]
    fn what_two_rules_pass_on_is_passed_on_once() {
        let rules = r"
headers:
  all: { request: [{ propagate: { named: x-a } }, { propagate: { matching: 'x-.*' } }] }
  subgraphs: { order: { request: [{ propagate: { matching: '.*' } }] } }
";
        let client = [("x-a", "1"), ("x-a", "2"), ("x-b", "3")];
        let expected = ["x-a=1", "x-a=2", "x-b=3"];
        for headers in propagated(rules, &client) {
            assert_eq!(headers, expected);
        }
    }
}
