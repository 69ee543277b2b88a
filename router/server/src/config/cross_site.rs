//! What pages of other sites may do.

use serde::Deserialize;

use super::{HeaderText, Pattern, Period};

/// `cors`. Without a policy, and without `allow_any_origin`, no page of another site can read an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Cors {
    /// Every origin may read answers. Default false.
    pub allow_any_origin: bool,
    /// Browsers may send cookies, for policies that do not say otherwise. Default false.
    pub allow_credentials: bool,
    /// Headers a page may send; whichever it asks for when empty.
    pub allow_headers: Vec<HeaderText>,
    /// Response headers a page may read, beside those that every page may.
    pub expose_headers: Vec<HeaderText>,
    /// Methods a page may use. Default GET, POST and OPTIONS.
    pub methods: Vec<String>,
    /// How long a browser may remember the answer to its preflight request.
    pub max_age: Option<Period>,
    /// Origins with their own rules; the first that fits is used.
    pub policies: Vec<CorsPolicy>,
}

impl Default for Cors {
    fn default() -> Cors {
        Cors {
            allow_any_origin: false,
            allow_credentials: false,
            allow_headers: Vec::new(),
            expose_headers: Vec::new(),
            methods: ["GET", "POST", "OPTIONS"].map(str::to_owned).into(),
            max_age: None,
            policies: Vec::new(),
        }
    }
}

/// One item of `cors.policies`. What it leaves out is as under `cors`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CorsPolicy {
    /// Origins by name: scheme, host and port, such as `https://shop.example`.
    pub origins: Vec<String>,
    /// Origins by pattern. A pattern has to match the whole origin.
    pub match_origins: Vec<Pattern>,
    /// Browsers may send cookies.
    pub allow_credentials: Option<bool>,
    /// Headers a page may send.
    pub allow_headers: Vec<HeaderText>,
    /// Response headers a page may read.
    pub expose_headers: Vec<HeaderText>,
    /// Methods a page may use.
    pub methods: Option<Vec<String>>,
    /// How long a browser may remember the answer to its preflight request.
    pub max_age: Option<Period>,
}

/// `csrf`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Csrf {
    /// Switches the protection off. Default false.
    pub unsafe_disabled: bool,
    /// Headers that no page can send to another site without asking first; one of them makes a request pass.
    /// Default `x-apollo-operation-name` and `apollo-require-preflight`.
    pub required_headers: Vec<HeaderText>,
}

impl Default for Csrf {
    fn default() -> Csrf {
        let header = |name| HeaderText(http::HeaderName::from_static(name));
        Csrf {
            unsafe_disabled: false,
            required_headers: vec![
                header("x-apollo-operation-name"),
                header("apollo-require-preflight"),
            ],
        }
    }
}
