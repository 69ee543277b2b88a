//! Which other sites' pages may read answers (Fetch, "CORS protocol").

use axum::body::Body;
use axum::response::Response;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};

use crate::config::{Cors, CorsPolicy, HeaderText, Period};

/// The `cors` configuration, with the texts of its headers made once.
#[derive(Debug)]
pub(crate) struct CorsRules {
    allow_any_origin: bool,
    any: Grant,
    policies: Vec<(CorsPolicy, Grant)>,
}

/// What an origin is granted.
#[derive(Debug)]
struct Grant {
    credentials: bool,
    /// `None` grants whatever is asked for.
    allow_headers: Option<HeaderValue>,
    expose_headers: Option<HeaderValue>,
    methods: HeaderValue,
    max_age: Option<HeaderValue>,
}

impl CorsRules {
    pub fn new(config: &Cors) -> CorsRules {
        let any = Grant::new(
            config.allow_credentials,
            &config.allow_headers,
            &config.expose_headers,
            &config.methods,
            config.max_age,
        );
        let mut policies = Vec::new();
        for policy in &config.policies {
            let or_all = |own: &'_ [HeaderText], all: &'_ [HeaderText]| -> Vec<HeaderText> {
                if own.is_empty() {
                    all.to_vec()
                } else {
                    own.to_vec()
                }
            };
            let grant = Grant::new(
                policy.allow_credentials.unwrap_or(config.allow_credentials),
                &or_all(&policy.allow_headers, &config.allow_headers),
                &or_all(&policy.expose_headers, &config.expose_headers),
                policy.methods.as_ref().unwrap_or(&config.methods),
                policy.max_age.or(config.max_age),
            );
            policies.push((policy.clone(), grant));
        }
        CorsRules {
            allow_any_origin: config.allow_any_origin,
            any,
            policies,
        }
    }

    /// Whether pages of this origin may read answers.
    pub fn allows(&self, origin: &HeaderValue) -> bool {
        self.grant(origin).is_some()
    }

    fn grant(&self, origin: &HeaderValue) -> Option<&Grant> {
        let text = origin.to_str().ok()?;
        for (policy, grant) in &self.policies {
            let named = policy
                .origins
                .iter()
                .any(|allowed| allowed.trim_end_matches('/') == text);
            if named
                || policy
                    .match_origins
                    .iter()
                    .any(|pattern| pattern.matches(text))
            {
                return Some(grant);
            }
        }
        self.allow_any_origin.then_some(&self.any)
    }

    /// The answer to a preflight request; `None` for every other request.
    pub fn preflight(&self, parts: &Parts) -> Option<Response> {
        if parts.method != Method::OPTIONS
            || !parts
                .headers
                .contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
        {
            return None;
        }
        let mut response = Response::new(Body::empty());
        *response.status_mut() = StatusCode::NO_CONTENT;
        let origin = parts.headers.get(header::ORIGIN);
        self.decorate(origin, response.headers_mut());
        let grant = origin.and_then(|origin| self.grant(origin));
        if let Some(grant) = grant {
            let headers = response.headers_mut();
            headers.insert(header::ACCESS_CONTROL_ALLOW_METHODS, grant.methods.clone());
            let asked = parts.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS);
            if let Some(allowed) = grant.allow_headers.as_ref().or(asked) {
                headers.insert(header::ACCESS_CONTROL_ALLOW_HEADERS, allowed.clone());
            }
            if let Some(max_age) = &grant.max_age {
                headers.insert(header::ACCESS_CONTROL_MAX_AGE, max_age.clone());
            }
        }
        Some(response)
    }

    /// Adds to any response what the origin of its request is granted.
    pub fn decorate(&self, origin: Option<&HeaderValue>, response: &mut HeaderMap) {
        response.append(header::VARY, HeaderValue::from_static("origin"));
        let Some(origin) = origin else {
            return;
        };
        let Some(grant) = self.grant(origin) else {
            return;
        };
        response.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
        if grant.credentials {
            response.insert(
                header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
                HeaderValue::from_static("true"),
            );
        }
        if let Some(exposed) = &grant.expose_headers {
            response.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }
}

impl Grant {
    fn new(
        credentials: bool,
        allow_headers: &[HeaderText],
        expose_headers: &[HeaderText],
        methods: &[String],
        max_age: Option<Period>,
    ) -> Grant {
        Grant {
            credentials,
            allow_headers: names(allow_headers),
            expose_headers: names(expose_headers),
            methods: HeaderValue::from_str(&methods.join(", "))
                .unwrap_or(HeaderValue::from_static("GET, POST, OPTIONS")),
            max_age: max_age.map(|period| HeaderValue::from(period.0.as_secs())),
        }
    }
}

fn names(headers: &[HeaderText]) -> Option<HeaderValue> {
    if headers.is_empty() {
        return None;
    }
    let names: Vec<&str> = headers.iter().map(|header| header.0.as_str()).collect();
    HeaderValue::from_str(&names.join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RouterConfig;

    const CONFIG: &str = r#"
cors:
  allow_headers: [content-type]
  max_age: 2h
  policies:
    - origins: [https://shop.example]
      allow_credentials: true
      expose_headers: [x-correlation-id]
    - match_origins: ["https://[a-z]+\\.shop\\.example"]
"#;

    fn decorated(origin: &str) -> HeaderMap {
        let rules = CorsRules::new(&RouterConfig::from_yaml(CONFIG).unwrap().cors);
        let mut request = HeaderMap::new();
        request.insert(header::ORIGIN, origin.parse().unwrap());
        let mut response = HeaderMap::new();
        rules.decorate(request.get(header::ORIGIN), &mut response);
        response
    }

    #[test]
    fn only_listed_origins_may_read() {
        let named = decorated("https://shop.example");
        assert_eq!(named["access-control-allow-origin"], "https://shop.example");
        assert_eq!(named["access-control-allow-credentials"], "true");
        assert_eq!(named["access-control-expose-headers"], "x-correlation-id");
        let matched = decorated("https://berlin.shop.example");
        assert_eq!(
            matched["access-control-allow-origin"],
            "https://berlin.shop.example"
        );
        assert!(!matched.contains_key("access-control-allow-credentials"));
        for other in [
            "https://evil.example",
            "https://berlin.shop.example.evil.example",
            "http://shop.example",
            "null",
        ] {
            assert!(
                !decorated(other).contains_key("access-control-allow-origin"),
                "{other}"
            );
        }
    }

    #[test]
    fn preflights_are_answered() {
        let rules = CorsRules::new(&RouterConfig::from_yaml(CONFIG).unwrap().cors);
        let request = http::Request::builder()
            .method(Method::OPTIONS)
            .header("origin", "https://shop.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "content-type, x-other");
        let (parts, ()) = request.body(()).unwrap().into_parts();
        let response = rules.preflight(&parts).unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
        assert_eq!(
            response.headers()["access-control-allow-headers"],
            "content-type"
        );
        assert_eq!(response.headers()["access-control-max-age"], "7200");
        assert_eq!(
            response.headers()["access-control-allow-methods"],
            "GET, POST, OPTIONS"
        );
    }
}
