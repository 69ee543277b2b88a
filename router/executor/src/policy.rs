//! What clients are told of a subgraph's errors.

use crate::errors::GraphQLError;

/// The message of an error whose own is kept from clients.
const REDACTED: &str = "Subgraph errors redacted";

/// What clients see of a subgraph's errors, and of failed requests to it. Paths are always seen: they lie in the
/// client's own operation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorPolicy {
    /// Whether the message is replaced by a general one.
    pub redact_message: bool,
    /// Which extensions are seen, the subgraph's own and the executor's `code` and `service`.
    pub extensions: ExtensionPolicy,
}

/// Which extensions of an error are seen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum ExtensionPolicy {
    /// All.
    #[default]
    All,
    /// Those of these keys.
    Allow(Vec<String>),
    /// All but those of these keys.
    Deny(Vec<String>),
}

impl ErrorPolicy {
    /// Nothing but that there was an error, and where.
    pub fn redact_all() -> ErrorPolicy {
        ErrorPolicy {
            redact_message: true,
            extensions: ExtensionPolicy::Allow(Vec::new()),
        }
    }

    /// Takes out of the errors what clients are not to see, and logs those whose message goes.
    pub(crate) fn apply(&self, subgraph: &str, errors: &mut [GraphQLError]) {
        for error in errors {
            if self.redact_message {
                tracing::info!(
                    subgraph,
                    message = error.message,
                    extensions = ?error.extensions,
                    "subgraph error redacted"
                );
                error.message = REDACTED.to_owned();
            }
            match &self.extensions {
                ExtensionPolicy::All => {}
                ExtensionPolicy::Allow(keys) => {
                    error.extensions.retain(|key, _| keys.contains(key));
                }
                ExtensionPolicy::Deny(keys) => {
                    error.extensions.retain(|key, _| !keys.contains(key));
                }
            }
        }
    }
}
