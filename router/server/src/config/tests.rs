use souk_executor::transport::encoding::Coding;
use souk_executor::transport::http::HttpVersion;
use souk_executor::{ErrorPolicy, ExtensionPolicy};

use super::*;

fn problems(yaml: &str) -> Vec<String> {
    match RouterConfig::from_yaml(yaml) {
        Err(ConfigError::Invalid(problems)) => problems.iter().map(ToString::to_string).collect(),
        other => panic!("expected problems, got {other:?}"),
    }
}

#[test]
fn an_empty_file_is_the_default() {
    assert_eq!(
        RouterConfig::from_yaml("").unwrap(),
        RouterConfig::default()
    );
    assert_eq!(
        RouterConfig::from_yaml("# nothing\n").unwrap(),
        RouterConfig::default()
    );
}

#[test]
fn a_file_in_apollo_routers_shape_is_read() {
    let config = RouterConfig::from_yaml(
        r#"
supergraph:
  listen: 0.0.0.0:4100
  path: /api
  introspection: false
  query_planning:
    cache:
      in_memory:
        limit: 64
server:
  http:
    header_read_timeout: 10s
homepage:
  enabled: false
limits:
  max_depth: 20
  max_aliases: null
  http_max_request_bytes: 100000
cors:
  policies:
    - origins: [https://shop.example]
      allow_credentials: true
    - match_origins: ["https://[a-z]+\\.shop\\.example"]
csrf:
  required_headers: [x-shop]
authentication:
  router:
    jwt:
      jwks:
        - url: https://id.example/jwks.json
          issuers: [https://id.example]
          algorithms: [EdDSA, ES256]
          poll_interval: 5m
coprocessor:
  url: http://127.0.0.1:8081
  timeout: 2s
  supergraph:
    request:
      url: https://policies.example/decide
      context: all
      headers: true
headers:
  all:
    request:
      - propagate:
          named: accept-language
      - propagate:
          named: x-tenant
          rename: x-shop
          default: main
      - propagate:
          matching: x-debug-.*
      - insert:
          name: x-from
          value: router
      - remove:
          named: x-debug-secret
traffic_shaping:
  router:
    timeout: 10s
  all:
    timeout: 2s
    deduplicate_query: false
  subgraphs:
    search:
      timeout: 500ms
      deduplicate_query: true
      experimental_http2: http2only
      compression: br
override_subgraph_url:
  order: http://localhost:4004/graphql
include_subgraph_errors:
  all: false
  subgraphs:
    order: true
    product:
      redact_message: false
      deny_extensions_keys: [service]
subscription:
  enabled: true
  mode:
    passthrough:
      all:
        protocol: sse
      subgraphs:
        order:
          protocol: multipart
  max_opened_subscriptions: 1000
"#,
    )
    .unwrap();
    assert_eq!(config.supergraph.listen.0, "0.0.0.0:4100");
    assert!(!config.supergraph.introspection);
    assert_eq!(config.server.http.header_read_timeout, Period::seconds(10));
    assert_eq!(config.supergraph.query_planning.cache.in_memory.limit, 64);
    assert_eq!(config.limits.max_depth, Some(20));
    assert_eq!(config.limits.max_aliases, None);
    assert_eq!(
        config.limits.max_root_fields,
        Limits::default().max_root_fields
    );
    assert_eq!(config.headers.all.request.len(), 5);
    assert_eq!(
        config
            .traffic_shaping
            .subgraph_timeout("search")
            .as_millis(),
        500
    );
    assert_eq!(
        config.traffic_shaping.subgraph_timeout("order").as_secs(),
        2
    );
    let errors = &config.include_subgraph_errors;
    assert_eq!(*errors.policy("order"), ErrorPolicy::default());
    assert_eq!(*errors.policy("user"), ErrorPolicy::redact_all());
    let product = errors.policy("product");
    assert!(!product.redact_message);
    assert_eq!(
        product.extensions,
        ExtensionPolicy::Deny(vec!["service".to_owned()])
    );
    let traffic = &config.traffic_shaping;
    assert!(!traffic.deduplicates_queries("order"));
    assert!(traffic.deduplicates_queries("search"));
    assert_eq!(traffic.http_version("search"), HttpVersion::Http2);
    assert_eq!(traffic.http_version("order"), HttpVersion::Negotiated);
    assert_eq!(traffic.compression("search"), Coding::Brotli);
    assert_eq!(traffic.compression("order"), Coding::Identity);
    let passthrough = &config.subscription.mode.passthrough;
    assert_eq!(
        passthrough.protocol("order"),
        SubscriptionProtocol::Multipart
    );
    assert_eq!(passthrough.protocol("user"), SubscriptionProtocol::Sse);
    let jwt = config.authentication.router.jwt.unwrap();
    assert_eq!(jwt.jwks[0].poll_interval, Period::seconds(300));
    let coprocessor = config.coprocessor.unwrap();
    assert_eq!(coprocessor.url.0.as_str(), "http://127.0.0.1:8081/");
    assert_eq!(coprocessor.timeout, Period::seconds(2));
    let told = &coprocessor.supergraph.request;
    assert_eq!(
        told.url.as_ref().map(|url| url.0.as_str()),
        Some("https://policies.example/decide")
    );
    assert_eq!(told.context, ContextEntries::All);
    assert!(told.headers && !told.method && !told.body);
}

#[test]
fn every_wrong_key_and_value_is_named_at_once() {
    insta::assert_snapshot!(problems(
        r"
supergraf: {}
supergraph:
  listen: nowhere
  path: graphql
  introspection: maybe
limits:
  max_depth: -1
  max_dept: 3
traffic_shaping:
  all:
    timeout: 30
authentication:
  router:
    jwt:
      jwks:
        - url: not a url
        - issuers: [x]
        - url: https://id.example/jwks
          algorithms: [none]
headers:
  all:
    request:
      - propagate: { named: a b }
      - propagate: { named: a, matching: b }
      - forward: { named: a }
cors:
  policies:
    - match_origins: ['(']
override_subgraph_url:
  user: file:///srv/user.sock
  order: http://order/graphql
"
    )
    .join("\n"), @r#"
    supergraf: unknown field `supergraf`, expected one of `supergraph`, `server`, `homepage`, `sandbox`, `health_check`, `limits`, `cors`, `csrf`, `authentication`, `authorization`, `coprocessor`, `headers`, `traffic_shaping`, `tls`, `override_subgraph_url`, `override_labels`, `include_subgraph_errors`, `subscription`, `telemetry`, `plugins`
    supergraph.listen: "nowhere" is not an address to listen on; write one such as 127.0.0.1:4000 or localhost:4000
    supergraph.path: "graphql" is not a path; write one that starts with a slash, such as /graphql
    supergraph.introspection: invalid type: string "maybe", expected a boolean
    limits.max_depth: invalid value: integer `-1`, expected u32
    limits.max_dept: unknown field `max_dept`, expected one of `http_max_request_bytes`, `parser_max_tokens`, `parser_max_recursion`, `max_depth`, `max_height`, `max_root_fields`, `max_aliases`, `introspection_max_depth`, `warn_only`
    traffic_shaping.all.timeout: invalid type: integer `30`, expected a duration such as 500ms, 30s, 5m or 1h
    authentication.router.jwt.jwks[0].url: "not a url" is not a URL: relative URL without a base
    authentication.router.jwt.jwks[1]: missing field `url`
    authentication.router.jwt.jwks[2].algorithms[0]: unknown variant `none`, expected one of `HS256`, `HS384`, `HS512`, `RS256`, `RS384`, `RS512`, `PS256`, `PS384`, `PS512`, `ES256`, `ES384`, `EdDSA`
    headers.all.request[0].propagate.named: "a b" is not a header name
    headers.all.request[1].propagate: expected either `named` (with or without `rename` and `default`) or `matching`
    headers.all.request[2]: unknown variant `forward`, expected one of `propagate`, `insert`, `remove`
    cors.policies[0].match_origins[0]: "(" is not a regular expression: unclosed group
    override_subgraph_url.user: "file:///srv/user.sock" has the scheme "file"; supported are http, https
    "#);
}

#[test]
fn a_coprocessor_needs_no_more_than_a_url() {
    let config = RouterConfig::from_yaml("coprocessor: { url: 'http://127.0.0.1:8081' }").unwrap();
    let coprocessor = config.coprocessor.unwrap();
    assert_eq!(coprocessor.timeout, Period::seconds(1));
    assert_eq!(
        coprocessor.supergraph.request,
        CoprocessorRequest {
            url: None,
            context: ContextEntries::All,
            headers: false,
            method: false,
            body: false,
        }
    );
    assert_eq!(RouterConfig::default().coprocessor, None);
}

#[test]
fn what_a_coprocessor_cannot_be_asked_is_named() {
    insta::assert_snapshot!(problems("coprocessor: {}").join("\n"), @"coprocessor: missing field `url`");
    insta::assert_snapshot!(problems(
        r"
coprocessor:
  url: file:///run/policies
  timeout: 2
  router: { request: { headers: true } }
  supergraph:
    request: { context: false, sdl: true }
    response: { body: true }
"
    )
    .join("\n"), @r#"
    coprocessor.url: "file:///run/policies" has the scheme "file"; supported are http, https
    coprocessor.timeout: invalid type: integer `2`, expected a duration such as 500ms, 30s, 5m or 1h
    coprocessor.router: unknown field `router`, expected one of `url`, `timeout`, `supergraph`
    coprocessor.supergraph.request.context: the coprocessor has to be told the policies that it decides about; write all, or add apollo::authorization::required_policies under selective
    coprocessor.supergraph.request.sdl: unknown field `sdl`, expected one of `url`, `context`, `headers`, `method`, `body`
    coprocessor.supergraph.response: unknown field `response`, expected `request`
    "#);
    for context in [
        "none",
        "1",
        "[all]",
        "{ selective: [] }",
        "{ selective: all }",
    ] {
        let yaml = format!(
            "coprocessor: {{ url: 'http://127.0.0.1', supergraph: {{ request: {{ context: {context} }} }} }}"
        );
        let problems = problems(&yaml);
        assert!(
            problems.len() == 1
                && problems[0].starts_with("coprocessor.supergraph.request.context: "),
            "{context}: {problems:?}"
        );
    }
}

#[test]
fn contradictions_are_named() {
    insta::assert_snapshot!(problems(
        "cors: { allow_any_origin: true, allow_credentials: true }\nhealth_check: { path: /graphql }"
    )
    .join("\n"), @r"
    cors.allow_credentials: cannot be true together with cors.allow_any_origin; list the origins under cors.policies
    health_check.path: is /graphql, which is supergraph.path already
    ");
}

#[test]
fn two_things_at_one_path_are_a_contradiction() {
    let key = "telemetry.exporters.metrics.prometheus.path";
    for (yaml, expected) in [
        ("health_check: { path: / }", "health_check.path: is /"),
        (
            "health_check: { readiness_path: / }",
            "health_check.readiness_path: is /",
        ),
        (
            "telemetry: { exporters: { metrics: { prometheus: { path: / } } } }",
            &format!("{key}: is /"),
        ),
        (
            "{ homepage: { enabled: false }, sandbox: { enabled: true }, health_check: { path: / } }",
            "health_check.path: is /",
        ),
        (
            "health_check: { path: /metrics }",
            &format!("{key}: is /metrics, which is health_check.path already"),
        ),
    ] {
        let problems = problems(yaml);
        assert!(
            problems.len() == 1 && problems[0].starts_with(expected),
            "{yaml}: {problems:?}"
        );
    }
    for allowed in [
        "supergraph: { path: / }",
        "{ homepage: { enabled: false }, health_check: { path: / } }",
        "health_check: { enabled: false, path: / }",
        "{ telemetry: { exporters: { metrics: { prometheus: { enabled: false } } } }, health_check: { path: /metrics } }",
    ] {
        assert!(RouterConfig::from_yaml(allowed).is_ok(), "{allowed}");
    }
}

#[test]
fn broken_yaml_says_where() {
    let error = RouterConfig::from_yaml("supergraph: [").unwrap_err();
    assert!(matches!(error, ConfigError::Syntax(_)), "{error}");
    assert!(error.to_string().contains("line"), "{error}");
}

#[test]
fn keys_for_subgraphs_that_are_not_there_are_found() {
    let config = RouterConfig::from_yaml(
        "
traffic_shaping: { subgraphs: { order: { timeout: 1s }, ordr: { timeout: 1s } } }
include_subgraph_errors: { subgraphs: { user: false, usr: false } }
override_subgraph_url: { user: 'http://localhost:1', paymnt: 'http://localhost:2' }
subscription: { mode: { passthrough: { subgraphs: { ordr: { protocol: sse } } } } }",
    )
    .unwrap();
    assert_eq!(
        config.keys_of_unknown_subgraphs(&["order", "user"].into()),
        [
            "traffic_shaping.subgraphs.ordr",
            "include_subgraph_errors.subgraphs.usr",
            "subscription.mode.passthrough.subgraphs.ordr",
            "override_subgraph_url.paymnt",
        ]
    );
}
