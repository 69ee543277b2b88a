//! What clients are told of a subgraph's errors.

use crate::errors::GraphQLError;

/// The message of an error whose own is kept from clients.
const REDACTED: &str = "Subgraph errors redacted";

/// What clients see of a subgraph's errors, and of failed requests to it. Paths are always seen: they lie in the
/// client's own operation. So are errors of values that the API schema does not allow, but for the subgraph's name.
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

impl ExtensionPolicy {
    fn shows(&self, key: &str) -> bool {
        match self {
            ExtensionPolicy::All => true,
            ExtensionPolicy::Allow(keys) => keys.iter().any(|known| known == key),
            ExtensionPolicy::Deny(keys) => keys.iter().all(|known| known != key),
        }
    }
}

impl ErrorPolicy {
    /// Whether clients learn the name of the subgraph: by the extension `service`, and by messages of the executor.
    pub(crate) fn names_subgraph(&self) -> bool {
        self.extensions.shows("service")
    }

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
            error.extensions.retain(|key, _| self.extensions.shows(key));
        }
    }
}
