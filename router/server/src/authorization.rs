//! What a client may see of what it asks for, by `@authenticated`, `@requiresScopes` and `@policy`.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::StatusCode;
use serde_json::{Map, Value, json};
use souk_executor::{GraphQLError as ResponseError, Response};
use souk_planner::{Authorization, Credentials};

use crate::config::{AuthorizationDirectives, DenialReport};
use crate::error::{GraphQLError, Refusal};

/// What is known of the client of a request, by the names that JSON Web Tokens have for it. They are in the extensions of the
/// request's context when a token was verified. A [`RequestHook`](crate::RequestHook) that knows clients by other means
/// puts them there, or others in their place: a client that has claims is authenticated, and has the scopes that `scope` names
/// (RFC 8693, section 4.2: words with spaces between them; a list of texts is read as well).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Claims(pub Arc<Map<String, Value>>);

impl Claims {
    fn scopes(&self) -> BTreeSet<&str> {
        match self.0.get("scope") {
            Some(Value::String(words)) => words.split_whitespace().collect(),
            Some(Value::Array(texts)) => texts.iter().filter_map(Value::as_str).collect(),
            _ => BTreeSet::new(),
        }
    }
}

/// What is shown of the credentials that an operation asks for. The policies that the client may pass are known from
/// elsewhere.
pub(crate) fn shown(
    asked: &Credentials,
    claims: Option<&Claims>,
    policies: BTreeSet<Arc<str>>,
) -> Credentials {
    let scopes = claims.map(Claims::scopes).unwrap_or_default();
    let has = |scope: &&Arc<str>| scopes.contains(&***scope);
    Credentials {
        authenticated: asked.authenticated && claims.is_some(),
        scopes: asked.scopes.iter().filter(has).cloned().collect(),
        policies,
    }
}

/// As the planner has it: without credentials nothing is enforced.
pub(crate) fn mode<'a>(
    config: &AuthorizationDirectives,
    shown: Option<&'a Credentials>,
) -> Authorization<'a> {
    match shown {
        None => Authorization::Off,
        Some(shown) if config.dry_run => Authorization::DryRun(shown),
        Some(shown) => Authorization::Enforced(shown),
    }
}

/// How responses say what was denied.
#[derive(Debug, Clone, Default)]
pub(crate) struct Denials {
    /// To go into `errors`.
    pub errors: Arc<[ResponseError]>,
    /// To go into the extensions.
    extension: Option<Arc<Value>>,
}

impl Denials {
    /// What to say of these denials of an operation. `Err` when nothing of the operation is to be executed.
    pub fn report(
        config: &AuthorizationDirectives,
        operation: Option<&str>,
        denials: Vec<ResponseError>,
    ) -> Result<Denials, Refusal> {
        if denials.is_empty() {
            return Ok(Denials::default());
        }
        if config.errors.log {
            let paths: Vec<_> = denials
                .iter()
                .filter_map(|denial| denial.path.as_ref())
                .collect();
            tracing::info!(operation, paths = %json!(paths), "unauthorized fields or types");
        }
        // A refusal says why, whatever is said beside data.
        if config.reject_unauthorized && !config.dry_run {
            return Err(Refusal::graphql(
                denials.iter().map(as_request_error).collect(),
            ));
        }
        Ok(match config.errors.response {
            DenialReport::Errors => Denials {
                errors: denials.into(),
                extension: None,
            },
            DenialReport::Extensions => Denials {
                errors: Arc::default(),
                extension: Some(Arc::new(json!(denials))),
            },
            DenialReport::Disabled => Denials::default(),
        })
    }

    /// The response with what belongs into its extensions.
    pub fn extend(&self, response: Response) -> Response {
        match &self.extension {
            Some(denials) => response.with_extension("authorizationErrors", denials),
            None => response,
        }
    }
}

fn as_request_error(denial: &ResponseError) -> GraphQLError {
    let code = denial.extensions.get("code").and_then(Value::as_str);
    let error = GraphQLError::new(denial.message.clone(), code.unwrap_or_default());
    error.with_path(denial.path.clone().unwrap_or_default())
}

/// Says in the log what of a supergraph nobody at all may see, because of what is not configured.
pub(crate) fn warn_of_the_unseen(asked: &Credentials, knows_clients: bool, decides_policies: bool) {
    if !knows_clients && (asked.authenticated || !asked.scopes.is_empty()) {
        tracing::warn!(
            "nobody sees what @authenticated and @requiresScopes protect, because no client is known; \
             tokens are configured as authentication.router.jwt"
        );
    }
    if !decides_policies && !asked.policies.is_empty() {
        tracing::warn!(
            "nobody sees what @policy protects, because nobody decides; it is configured as coprocessor"
        );
    }
}

/// The refusal of an anonymous request where only known clients are served.
pub(crate) fn unknown_client() -> Refusal {
    let message = "this graph is for known clients only: send a token";
    let error = GraphQLError::new(message, "UNAUTHENTICATED");
    Refusal::from(
        error
            .with_extension("reason", "TOKEN_MISSING")
            .with_status(StatusCode::UNAUTHORIZED),
    )
}
