//! Days of the calendar.

use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// A day of the calendar, the same in every time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Date(pub NaiveDate);

/// A day of the calendar as text by ISO 8601: `"2026-11-20"`.
#[Scalar(name = "Date")]
impl ScalarType for Date {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = value else {
            return Err(InputValueError::expected_type(value));
        };
        match NaiveDate::parse_from_str(&text, "%Y-%m-%d") {
            Ok(day) => Ok(Date(day)),
            Err(_) => Err(InputValueError::custom(format!(
                "\"{text}\" is not a day such as \"2026-11-20\""
            ))),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_come_back_as_they_went() {
        let day = Date::parse(Value::from("2024-02-29")).unwrap();
        assert_eq!(day.to_value(), Value::from("2024-02-29"));
        for wrong in ["2023-02-29", "29.2.2024", "2024-02-29T00:00:00Z", ""] {
            assert!(Date::parse(Value::from(wrong)).is_err(), "{wrong}");
        }
        assert!(Date::parse(Value::from(20240229)).is_err());
    }
}
