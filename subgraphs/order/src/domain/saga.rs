//! The steps of placing an order.

use diesel::deserialize::FromSqlRow;
use diesel::expression::AsExpression;
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};
use souk_platform::{ApiError, ErrorCode};

use crate::text_enum::text_enum;

/// How far the placement of an order is. Each step is idempotent, so whoever finds an order may repeat its step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, AsExpression, FromSqlRow)]
#[diesel(sql_type = Text)]
pub enum SagaStep {
    /// Next: put the stock aside and freeze the prices.
    Reserving,
    /// Next: create the payment.
    Paying,
    /// The order stands. Final.
    Placed,
    /// Next: give the stock back and end the payment.
    Abandoning,
    /// Nothing is left of it but the record. Final.
    Abandoned,
}

text_enum!(SagaStep {
    Reserving = "RESERVING",
    Paying = "PAYING",
    Placed = "PLACED",
    Abandoning = "ABANDONING",
    Abandoned = "ABANDONED",
});

impl SagaStep {
    /// The steps on which somebody still has to work.
    pub const UNFINISHED: [SagaStep; 3] =
        [SagaStep::Reserving, SagaStep::Paying, SagaStep::Abandoning];
}

/// Why a placement was given up, kept so that everybody who waits for it hears the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// One of `extensions.code`.
    pub code: String,
    /// The sentence for the client.
    pub message: String,
    /// What is at fault.
    pub argument: Option<String>,
}

impl From<&ApiError> for Failure {
    fn from(error: &ApiError) -> Self {
        Failure {
            code: error.code.as_str().to_owned(),
            message: error.message.clone(),
            argument: error.argument.clone(),
        }
    }
}

impl From<Failure> for ApiError {
    fn from(failure: Failure) -> Self {
        let code = ErrorCode::parse(&failure.code).unwrap_or(ErrorCode::Internal);
        let error = ApiError::new(code, failure.message);
        match failure.argument {
            Some(argument) => error.at(argument),
            None => error,
        }
    }
}
