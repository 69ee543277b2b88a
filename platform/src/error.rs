//! The errors a client can expect, with the closed set of codes that `extensions.code` may hold.

use async_graphql::{ErrorExtensionValues, Value};

/// The result of a resolver.
pub type ApiResult<T> = Result<T, ApiError>;

/// Every code that a subgraph puts into `extensions.code`. The set is closed: clients switch on it, and
/// `docs/schema.md` explains each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ErrorCode {
    /// Nobody is logged in, or the credentials don't hold.
    Unauthenticated,
    /// Somebody is logged in who may not do this.
    Forbidden,
    /// The thing named does not exist, or the caller may not know that it does.
    NotFound,
    /// An argument is wrong; `extensions.argument` names it.
    BadUserInput,
    /// The thing is in a state in which this cannot be done.
    Conflict,
    /// Fewer pieces are left than asked for.
    OutOfStock,
    /// The price changed between the cart and the order.
    PriceChanged,
    /// Too many attempts; try later.
    RateLimited,
    /// The payment provider said no.
    PaymentDeclined,
    /// Something this depends on does not answer; the same request may succeed later.
    Unavailable,
    /// Our fault. The details are in the log under the correlation id.
    Internal,
}

impl ErrorCode {
    /// Every code, for documentation and tests.
    pub const ALL: [ErrorCode; 11] = [
        ErrorCode::Unauthenticated,
        ErrorCode::Forbidden,
        ErrorCode::NotFound,
        ErrorCode::BadUserInput,
        ErrorCode::Conflict,
        ErrorCode::OutOfStock,
        ErrorCode::PriceChanged,
        ErrorCode::RateLimited,
        ErrorCode::PaymentDeclined,
        ErrorCode::Unavailable,
        ErrorCode::Internal,
    ];

    /// The code as it stands in `extensions.code`.
    pub fn as_str(self) -> &'static str {
        match self {
            ErrorCode::Unauthenticated => "UNAUTHENTICATED",
            ErrorCode::Forbidden => "FORBIDDEN",
            ErrorCode::NotFound => "NOT_FOUND",
            ErrorCode::BadUserInput => "BAD_USER_INPUT",
            ErrorCode::Conflict => "CONFLICT",
            ErrorCode::OutOfStock => "OUT_OF_STOCK",
            ErrorCode::PriceChanged => "PRICE_CHANGED",
            ErrorCode::RateLimited => "RATE_LIMITED",
            ErrorCode::PaymentDeclined => "PAYMENT_DECLINED",
            ErrorCode::Unavailable => "UNAVAILABLE",
            ErrorCode::Internal => "INTERNAL",
        }
    }

    /// The code that `text` stands for, if it is one of ours.
    pub fn parse(text: &str) -> Option<ErrorCode> {
        ErrorCode::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
    }
}

/// A failure on its way to the client.
///
/// It has no `Display`, because async-graphql turns whatever has one into an error without extensions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// A sentence for a developer: what is wrong and, where it helps, what to do.
    pub message: String,
    /// The input field at fault, as a dotted path below the mutation's arguments (`input.price.amount`).
    pub argument: Option<String>,
    /// When a repetition may succeed, in seconds from now; `extensions.retryAfter`.
    pub retry_after: Option<u64>,
}

impl ApiError {
    /// An error with this code and message.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> ApiError {
        ApiError {
            code,
            message: message.into(),
            argument: None,
            retry_after: None,
        }
    }

    /// Names the input field at fault.
    #[must_use]
    pub fn at(mut self, argument: impl Into<String>) -> ApiError {
        self.argument = Some(argument.into());
        self
    }

    /// `RATE_LIMITED`: what was tried too often, and in how many seconds it may be tried again.
    pub fn rate_limited(what: &str, seconds: u64) -> ApiError {
        let mut error = ApiError::new(
            ErrorCode::RateLimited,
            format!("{what}; try again in {seconds} s"),
        );
        error.retry_after = Some(seconds);
        error
    }

    /// `BAD_USER_INPUT` for the argument.
    pub fn bad_input(argument: impl Into<String>, message: impl Into<String>) -> ApiError {
        ApiError::new(ErrorCode::BadUserInput, message).at(argument)
    }

    /// `NOT_FOUND`: "there is no {what} with this id".
    pub fn not_found(what: &str, argument: impl Into<String>) -> ApiError {
        ApiError::new(
            ErrorCode::NotFound,
            format!("there is no {what} with this id"),
        )
        .at(argument)
    }

    /// `CONFLICT`.
    pub fn conflict(message: impl Into<String>) -> ApiError {
        ApiError::new(ErrorCode::Conflict, message)
    }

    /// `FORBIDDEN`.
    pub fn forbidden(message: impl Into<String>) -> ApiError {
        ApiError::new(ErrorCode::Forbidden, message)
    }

    /// `UNAUTHENTICATED`.
    pub fn unauthenticated(message: impl Into<String>) -> ApiError {
        ApiError::new(ErrorCode::Unauthenticated, message)
    }

    /// `UNAVAILABLE`: the database could not be asked, or was lost before it answered. The cause goes to the log.
    pub fn database_unavailable(cause: impl std::fmt::Display) -> ApiError {
        tracing::error!(%cause, "database unavailable");
        ApiError::new(
            ErrorCode::Unavailable,
            "the database does not answer; try again in a moment",
        )
    }

    /// `INTERNAL`: the cause goes to the log, never to the client.
    pub fn internal(cause: impl std::fmt::Display) -> ApiError {
        tracing::error!(%cause, "internal error");
        ApiError::new(
            ErrorCode::Internal,
            "something went wrong on our side; quote the correlation id when you report it",
        )
    }
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", Value::from(error.code.as_str()));
        if let Some(argument) = error.argument {
            extensions.set("argument", Value::from(argument));
        }
        if let Some(seconds) = error.retry_after {
            extensions.set("retryAfter", Value::from(seconds));
        }
        let mut graphql = async_graphql::Error::new(error.message);
        graphql.extensions = Some(extensions);
        graphql
    }
}

impl From<diesel::result::Error> for ApiError {
    fn from(error: diesel::result::Error) -> Self {
        use diesel::result::DatabaseErrorKind::{
            ClosedConnection, SerializationFailure, UnableToSendCommand,
        };
        match error {
            diesel::result::Error::DatabaseError(
                ClosedConnection | SerializationFailure | UnableToSendCommand,
                details,
            ) => ApiError::database_unavailable(details.message()),
            other => ApiError::internal(other),
        }
    }
}

/// Maps the violation of a named database constraint to the client's error; everything else stays as it is.
pub trait OnConstraint<T> {
    /// `error` is made when `constraint` (its name in PostgreSQL) was violated.
    fn on_constraint(self, constraint: &str, error: impl FnOnce() -> ApiError) -> ApiResult<T>;
}

impl<T> OnConstraint<T> for Result<T, diesel::result::Error> {
    fn on_constraint(self, constraint: &str, error: impl FnOnce() -> ApiError) -> ApiResult<T> {
        self.map_err(|cause| match &cause {
            diesel::result::Error::DatabaseError(_, details)
                if details.constraint_name() == Some(constraint) =>
            {
                error()
            }
            _ => ApiError::from(cause),
        })
    }
}
