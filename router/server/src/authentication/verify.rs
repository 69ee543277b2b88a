//! Checks a token, and says what is wrong with it.

use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt};
use futures::stream::{FuturesUnordered, StreamExt};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::jwk::{AlgorithmParameters, EllipticCurve, Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation};
use serde_json::{Map, Value};

use super::jwks::RemoteKeys;
use super::{KeySource, KeySourceError};
use crate::config::Jwt;
use crate::error::{GraphQLError, Refusal};

/// The claims of a token that has been verified.
pub(crate) type Claims = Map<String, Value>;

/// Clocks of two machines may differ by so much.
pub(crate) const LEEWAY: Duration = Duration::from_secs(5);

/// Verifies the token of a request against the configured key sets.
pub(crate) struct Verifier {
    config: Jwt,
    sets: Vec<KeySet>,
}

struct KeySet {
    source: Arc<dyn KeySource>,
    issuers: Option<Vec<String>>,
    audiences: Option<Vec<String>>,
    algorithms: Option<Vec<Algorithm>>,
}

impl Verifier {
    /// A verifier for the key sets of the configuration, and for `source` if there is one.
    pub fn new(
        config: Jwt,
        source: Option<Arc<dyn KeySource>>,
    ) -> Result<Verifier, KeySourceError> {
        let mut sets = Vec::new();
        for set in &config.jwks {
            sets.push(KeySet {
                source: Arc::new(RemoteKeys::new(set)?),
                issuers: set.issuers.clone(),
                audiences: set.audiences.clone(),
                algorithms: set
                    .algorithms
                    .as_ref()
                    .map(|list| list.iter().map(|name| (*name).into()).collect()),
            });
        }
        if let Some(source) = source {
            sets.push(KeySet {
                issuers: source.issuers(),
                audiences: source.audiences(),
                algorithms: None,
                source,
            });
        }
        Ok(Verifier { config, sets })
    }

    /// The claims of the request's token; `None` when it has no token. Every wrong token is refused, so that a
    /// client whose token expired learns it instead of being served as a stranger. An empty one is none: clients with a
    /// field for the token send the prefix alone until somebody has logged in.
    pub async fn verify(&self, headers: &HeaderMap) -> Result<Option<Claims>, Refusal> {
        let Some(token) = self.token(headers)? else {
            return Ok(None);
        };
        self.claims(token).await.map(Some)
    }

    fn token<'a>(&self, headers: &'a HeaderMap) -> Result<Option<&'a str>, Refusal> {
        let Some(value) = headers.get(&self.config.header_name.0) else {
            return Ok(None);
        };
        let text = value
            .to_str()
            .map_err(|_| refuse(Reason::Malformed, "the token is not text"))?
            .trim();
        if text.is_empty() {
            return Ok(None);
        }
        let prefix = self.config.header_value_prefix.as_str();
        if prefix.is_empty() {
            return Ok(Some(text));
        }
        let (found, token) = text.split_once(' ').unwrap_or((text, ""));
        if !found.eq_ignore_ascii_case(prefix) {
            if self.config.ignore_other_prefixes {
                return Ok(None);
            }
            let message = format!(
                "the header {} must be \"{prefix} <token>\"",
                self.config.header_name.0
            );
            return Err(refuse(Reason::Malformed, message));
        }
        let token = token.trim();
        Ok((!token.is_empty()).then_some(token))
    }

    async fn claims(&self, token: &str) -> Result<Claims, Refusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| {
            refuse(
                Reason::Malformed,
                "the token is not a JSON Web Token that the router can read",
            )
        })?;
        let mut found = self.ask(token, &header, |set| set.source.keys()).await;
        if matches!(found.outcome, Outcome::NoKey) {
            found = self.ask(token, &header, |set| set.source.refresh()).await;
        }
        match (found.outcome, found.missing) {
            (Outcome::Valid(claims), _) => Ok(claims),
            (Outcome::Wrong(refusal), _) => Err(*refusal),
            (Outcome::NoKey, Some(error)) => Err(unavailable(&error)),
            (Outcome::NoKey, None) => Err(refuse(
                Reason::UnknownKey,
                "the token is signed with a key that the router does not know",
            )),
        }
    }

    /// Asks all sets at once, until one finds the token valid: an issuer that does not answer is nothing to those whose
    /// tokens another one signed.
    async fn ask<'a>(
        &'a self,
        token: &str,
        header: &Header,
        keys: impl Fn(&'a KeySet) -> BoxFuture<'a, Result<Arc<JwkSet>, KeySourceError>>,
    ) -> Found {
        let mut found = Found {
            outcome: Outcome::NoKey,
            missing: None,
        };
        let mut answers: FuturesUnordered<_> = self
            .sets
            .iter()
            .map(|set| keys(set).map(move |keys| (set, keys)))
            .collect();
        while let Some((set, keys)) = answers.next().await {
            match keys {
                Ok(keys) => found.outcome = found.outcome.or(set.verify(token, header, &keys)),
                Err(error) => found.missing = Some(error),
            }
            if matches!(found.outcome, Outcome::Valid(_)) {
                break;
            }
        }
        found
    }
}

/// What the key sets together make of a token.
struct Found {
    outcome: Outcome,
    /// Why a set could not be asked.
    missing: Option<KeySourceError>,
}

/// What a key set makes of a token.
enum Outcome {
    Valid(Claims),
    Wrong(Box<Refusal>),
    /// The set has no key for it.
    NoKey,
}

impl Outcome {
    /// The better of two: a valid token beats a wrong one beats none.
    fn or(self, other: Outcome) -> Outcome {
        match (&self, &other) {
            (Outcome::Valid(_), _) | (_, Outcome::NoKey) => self,
            (Outcome::Wrong(_), Outcome::Wrong(_)) => self,
            _ => other,
        }
    }
}

impl KeySet {
    fn verify(&self, token: &str, header: &Header, keys: &JwkSet) -> Outcome {
        let mut outcome = Outcome::NoKey;
        for key in &keys.keys {
            let named = match (&header.kid, &key.common.key_id) {
                (Some(wanted), Some(id)) => wanted == id,
                (Some(_), None) => false,
                (None, _) => true,
            };
            if !named || key.common.public_key_use == Some(PublicKeyUse::Encryption) {
                continue;
            }
            let allowed = self.algorithms_for(key);
            if !allowed.contains(&header.alg) {
                // Without a key id, a key of another kind is simply not the one.
                if header.kid.is_some() {
                    let message = format!(
                        "the token's algorithm {:?} is not accepted with its key",
                        header.alg
                    );
                    outcome =
                        outcome.or(Outcome::Wrong(Box::new(refuse(Reason::Algorithm, message))));
                }
                continue;
            }
            outcome = outcome.or(match self.verify_with(token, header.alg, key) {
                Ok(claims) => Outcome::Valid(claims),
                Err(error) => Outcome::Wrong(Box::new(explain(error.kind()))),
            });
        }
        outcome
    }

    fn verify_with(
        &self,
        token: &str,
        algorithm: Algorithm,
        key: &Jwk,
    ) -> Result<Claims, jsonwebtoken::errors::Error> {
        let mut validation = Validation::new(algorithm);
        validation.leeway = LEEWAY.as_secs();
        validation.validate_nbf = true;
        validation.validate_aud = self.audiences.is_some();
        if let Some(audiences) = &self.audiences {
            validation.set_audience(audiences);
            validation.required_spec_claims.insert("aud".to_owned());
        }
        if let Some(issuers) = &self.issuers {
            validation.set_issuer(issuers);
            validation.required_spec_claims.insert("iss".to_owned());
        }
        let key = DecodingKey::from_jwk(key)?;
        Ok(jsonwebtoken::decode::<Claims>(token, &key, &validation)?.claims)
    }

    /// The algorithms that may be used with a key. They come from the key, never from the token alone: a public
    /// RSA key taken as an HMAC secret would let anybody sign.
    fn algorithms_for(&self, key: &Jwk) -> Vec<Algorithm> {
        use Algorithm::{
            ES256, ES384, EdDSA, HS256, HS384, HS512, PS256, PS384, PS512, RS256, RS384, RS512,
        };
        let mut fitting = match &key.algorithm {
            AlgorithmParameters::RSA(_) => vec![RS256, RS384, RS512, PS256, PS384, PS512],
            AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P256 => {
                vec![ES256]
            }
            AlgorithmParameters::EllipticCurve(curve) if curve.curve == EllipticCurve::P384 => {
                vec![ES384]
            }
            AlgorithmParameters::OctetKeyPair(_) => vec![EdDSA],
            AlgorithmParameters::OctetKey(_) => vec![HS256, HS384, HS512],
            _ => Vec::new(),
        };
        if let Some(only) = key.common.key_algorithm {
            fitting.retain(|algorithm| only.to_string() == format!("{algorithm:?}"));
        }
        if let Some(accepted) = &self.algorithms {
            fitting.retain(|algorithm| accepted.contains(algorithm));
        }
        fitting
    }
}

/// What is wrong with a token, for programs: `extensions.reason`.
#[derive(Clone, Copy)]
enum Reason {
    Malformed,
    Signature,
    UnknownKey,
    Algorithm,
    Expired,
    NotYetValid,
    Issuer,
    Audience,
    Claim,
}

impl Reason {
    fn as_str(self) -> &'static str {
        match self {
            Reason::Malformed => "TOKEN_MALFORMED",
            Reason::Signature => "SIGNATURE_INVALID",
            Reason::UnknownKey => "KEY_UNKNOWN",
            Reason::Algorithm => "ALGORITHM_NOT_ACCEPTED",
            Reason::Expired => "TOKEN_EXPIRED",
            Reason::NotYetValid => "TOKEN_NOT_YET_VALID",
            Reason::Issuer => "ISSUER_NOT_ACCEPTED",
            Reason::Audience => "AUDIENCE_NOT_ACCEPTED",
            Reason::Claim => "CLAIM_INVALID",
        }
    }
}

fn explain(kind: &ErrorKind) -> Refusal {
    match kind {
        ErrorKind::ExpiredSignature => refuse(Reason::Expired, "the token has expired"),
        ErrorKind::ImmatureSignature => refuse(Reason::NotYetValid, "the token is not valid yet"),
        ErrorKind::InvalidIssuer => refuse(Reason::Issuer, "the token's issuer is not accepted"),
        ErrorKind::InvalidAudience => {
            refuse(Reason::Audience, "the token's audience is not accepted")
        }
        ErrorKind::InvalidSignature => refuse(Reason::Signature, "the token's signature is wrong"),
        ErrorKind::MissingRequiredClaim(claim) => {
            refuse(Reason::Claim, format!("the token lacks the claim {claim}"))
        }
        ErrorKind::InvalidClaimFormat(claim) => refuse(
            Reason::Claim,
            format!("the token's claim {claim} has a wrong type"),
        ),
        _ => refuse(Reason::Malformed, "the token cannot be read"),
    }
}

fn refuse(reason: Reason, message: impl Into<String>) -> Refusal {
    let error =
        GraphQLError::new(message, "UNAUTHENTICATED").with_extension("reason", reason.as_str());
    let challenge = format!(
        "Bearer error=\"invalid_token\", error_description=\"{}\"",
        error.message.replace('"', "'")
    );
    let refusal = Refusal::from(error);
    match HeaderValue::from_str(&challenge) {
        Ok(challenge) => refusal.with_header(header::WWW_AUTHENTICATE, challenge),
        Err(_) => refusal,
    }
}

fn unavailable(error: &KeySourceError) -> Refusal {
    tracing::error!(%error, "tokens cannot be verified");
    let message = "tokens cannot be verified at the moment";
    Refusal::http(
        StatusCode::SERVICE_UNAVAILABLE,
        message,
        "AUTHENTICATION_UNAVAILABLE",
    )
}
