//! Who may see what.

use serde::Deserialize;

/// `authorization`
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authorization {
    /// Whether anonymous requests are refused altogether. Default false.
    pub require_authentication: bool,
    /// `@authenticated`, `@requiresScopes` and `@policy`.
    pub directives: AuthorizationDirectives,
}

/// `authorization.directives`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AuthorizationDirectives {
    /// Whether the supergraph's directives are enforced. Default true.
    pub enabled: bool,
    /// Whether everything is fetched and only reported what would be denied. Default false.
    pub dry_run: bool,
    /// Whether an operation of which something is denied is refused altogether. Default false.
    pub reject_unauthorized: bool,
    /// What becomes known of what is denied.
    pub errors: DenialErrors,
}

impl Default for AuthorizationDirectives {
    fn default() -> AuthorizationDirectives {
        AuthorizationDirectives {
            enabled: true,
            dry_run: false,
            reject_unauthorized: false,
            errors: DenialErrors::default(),
        }
    }
}

/// `authorization.directives.errors`
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DenialErrors {
    /// Whether the log says what was denied. Default true.
    pub log: bool,
    /// Where the response says so. Default `errors`.
    pub response: DenialReport,
}

impl Default for DenialErrors {
    fn default() -> DenialErrors {
        DenialErrors {
            log: true,
            response: DenialReport::default(),
        }
    }
}

/// Where a response says what was denied.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DenialReport {
    /// In `errors`.
    #[default]
    Errors,
    /// In `extensions.authorizationErrors`.
    Extensions,
    /// Nowhere.
    Disabled,
}
