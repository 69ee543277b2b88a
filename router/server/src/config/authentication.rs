//! How the router learns who asks.

use serde::Deserialize;

use super::{HeaderText, KeySetUrl, Period};

/// `authentication`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authentication {
    /// Requests to the router.
    pub router: RouterAuthentication,
}

/// `authentication.router`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct RouterAuthentication {
    /// JSON Web Tokens. Without it no token is looked at.
    pub jwt: Option<Jwt>,
}

/// `authentication.router.jwt`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Jwt {
    /// Where the keys are that tokens may be signed with.
    pub jwks: Vec<Jwks>,
    /// The header that carries the token. Default `authorization`.
    pub header_name: HeaderText,
    /// What stands before the token in the header, and a space. Default `Bearer`.
    pub header_value_prefix: String,
    /// Whether a header value with another prefix is taken as no token, instead of a wrong one. Default false.
    pub ignore_other_prefixes: bool,
}

impl Default for Jwt {
    fn default() -> Jwt {
        Jwt {
            jwks: Vec::new(),
            header_name: HeaderText(http::header::AUTHORIZATION),
            header_value_prefix: "Bearer".to_owned(),
            ignore_other_prefixes: false,
        }
    }
}

/// One item of `authentication.router.jwt.jwks`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Jwks {
    /// Where the key set is: `https`, `http` or `file`.
    pub url: KeySetUrl,
    /// The `iss` claims accepted with keys of this set; any when absent.
    #[serde(default)]
    pub issuers: Option<Vec<String>>,
    /// The `aud` claims accepted with keys of this set, of which a token needs one; any when absent.
    #[serde(default)]
    pub audiences: Option<Vec<String>>,
    /// The algorithms accepted with keys of this set; all that fit the key when absent.
    #[serde(default)]
    pub algorithms: Option<Vec<SigningAlgorithm>>,
    /// How old the set may get before it is fetched again. Until the new one is there, the old one is used. Default 60 s.
    #[serde(default = "a_minute")]
    pub poll_interval: Period,
}

fn a_minute() -> Period {
    Period::seconds(60)
}

/// A way of signing tokens, by its name in RFC 7518 or RFC 8037.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[allow(missing_docs)]
pub enum SigningAlgorithm {
    HS256,
    HS384,
    HS512,
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    EdDSA,
}

impl From<SigningAlgorithm> for jsonwebtoken::Algorithm {
    fn from(algorithm: SigningAlgorithm) -> jsonwebtoken::Algorithm {
        match algorithm {
            SigningAlgorithm::HS256 => jsonwebtoken::Algorithm::HS256,
            SigningAlgorithm::HS384 => jsonwebtoken::Algorithm::HS384,
            SigningAlgorithm::HS512 => jsonwebtoken::Algorithm::HS512,
            SigningAlgorithm::RS256 => jsonwebtoken::Algorithm::RS256,
            SigningAlgorithm::RS384 => jsonwebtoken::Algorithm::RS384,
            SigningAlgorithm::RS512 => jsonwebtoken::Algorithm::RS512,
            SigningAlgorithm::PS256 => jsonwebtoken::Algorithm::PS256,
            SigningAlgorithm::PS384 => jsonwebtoken::Algorithm::PS384,
            SigningAlgorithm::PS512 => jsonwebtoken::Algorithm::PS512,
            SigningAlgorithm::ES256 => jsonwebtoken::Algorithm::ES256,
            SigningAlgorithm::ES384 => jsonwebtoken::Algorithm::ES384,
            SigningAlgorithm::EdDSA => jsonwebtoken::Algorithm::EdDSA,
        }
    }
}
