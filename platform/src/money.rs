//! Prices. In GraphQL a decimal string and a currency; in the database minor units in a bigint. No floating point.

use async_graphql::{
    Enum, InputObject, InputValueError, InputValueResult, Scalar, ScalarType, SimpleObject, Value,
};
use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::Text;
use serde::{Deserialize, Serialize};

use crate::error::{ApiError, ApiResult};

/// An exact decimal number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal(pub rust_decimal::Decimal);

/// An exact decimal number, sent as text: `"12.50"`. As input, numbers are accepted too. Compute with it in a decimal
/// type, never in floating point.
#[Scalar(name = "Decimal")]
impl ScalarType for Decimal {
    fn parse(value: Value) -> InputValueResult<Self> {
        // A JSON number's own text is parsed: going through f64 could change the amount.
        let text = match &value {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => return Err(InputValueError::expected_type(value)),
        };
        match rust_decimal::Decimal::from_str_exact(&text) {
            Ok(decimal) => Ok(Decimal(decimal)),
            Err(_) => Err(InputValueError::custom(format!(
                "\"{text}\" is not a decimal number such as \"12.50\""
            ))),
        }
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_string())
    }
}

/// A currency by its ISO 4217 code.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Enum,
    Serialize,
    Deserialize,
    AsExpression,
    FromSqlRow,
)]
#[graphql(rename_items = "UPPERCASE")]
#[serde(rename_all = "UPPERCASE")]
#[diesel(sql_type = Text)]
pub enum CurrencyCode {
    /// Euro.
    Eur,
    /// United States dollar.
    Usd,
    /// Pound sterling.
    Gbp,
    /// Indian rupee.
    Inr,
    /// Japanese yen; it has no minor unit.
    Jpy,
    /// Swiss franc.
    Chf,
}

impl CurrencyCode {
    /// The ISO 4217 code.
    pub fn as_str(self) -> &'static str {
        match self {
            CurrencyCode::Eur => "EUR",
            CurrencyCode::Usd => "USD",
            CurrencyCode::Gbp => "GBP",
            CurrencyCode::Inr => "INR",
            CurrencyCode::Jpy => "JPY",
            CurrencyCode::Chf => "CHF",
        }
    }

    /// How many decimals an amount has: ISO 4217's minor unit.
    pub fn decimals(self) -> u32 {
        match self {
            CurrencyCode::Jpy => 0,
            _ => 2,
        }
    }

    /// The currency with this ISO 4217 code, if it is one we trade in.
    pub fn parse(code: &str) -> Option<CurrencyCode> {
        use CurrencyCode::{Chf, Eur, Gbp, Inr, Jpy, Usd};
        [Eur, Usd, Gbp, Inr, Jpy, Chf]
            .into_iter()
            .find(|currency| currency.as_str() == code)
    }
}

impl ToSql<Text, Pg> for CurrencyCode {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        <str as ToSql<Text, Pg>>::to_sql(self.as_str(), out)
    }
}

impl FromSql<Text, Pg> for CurrencyCode {
    fn from_sql(bytes: PgValue<'_>) -> deserialize::Result<Self> {
        let code = <String as FromSql<Text, Pg>>::from_sql(bytes)?;
        CurrencyCode::parse(&code)
            .ok_or_else(|| format!("unknown currency {code:?} in the database").into())
    }
}

/// An amount of money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, SimpleObject)]
#[graphql(shareable, serial)]
pub struct Money {
    /// The amount in major units, with as many decimals as the currency has.
    pub amount: Decimal,
    /// The currency of the amount.
    pub currency: CurrencyCode,
}

impl Money {
    /// Money from minor units (cents).
    pub fn from_minor(minor: i64, currency: CurrencyCode) -> Money {
        Money {
            amount: Decimal(rust_decimal::Decimal::new(minor, currency.decimals())),
            currency,
        }
    }

    /// The amount in minor units; `None` when it does not fit into 64 bits or has too many decimals.
    pub fn to_minor(&self) -> Option<i64> {
        minor_units(self.amount, self.currency)
    }
}

/// An amount of money that a client sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, InputObject)]
pub struct MoneyInput {
    /// The amount in major units, such as `"12.50"`.
    pub amount: Decimal,
    /// The currency of the amount.
    pub currency: CurrencyCode,
}

/// The highest price in major units. It leaves room to multiply by any quantity.
const HIGHEST_PRICE: i64 = 10_000_000_000;

impl MoneyInput {
    /// The price in minor units. Negative amounts, more decimals than the currency has and amounts beyond
    /// reason are `BAD_USER_INPUT` for `argument`.
    pub fn price_minor(&self, argument: &str) -> ApiResult<i64> {
        let at = format!("{argument}.amount");
        if self.amount.0.is_sign_negative() && !self.amount.0.is_zero() {
            return Err(ApiError::bad_input(at, "a price cannot be negative"));
        }
        if self.amount.0 > HIGHEST_PRICE.into() {
            return Err(ApiError::bad_input(at, "a price is at most 10,000,000,000"));
        }
        minor_units(self.amount, self.currency).ok_or_else(|| {
            let (code, decimals) = (self.currency.as_str(), self.currency.decimals());
            ApiError::bad_input(
                at,
                format!("an amount in {code} has at most {decimals} decimals"),
            )
        })
    }
}

fn minor_units(amount: Decimal, currency: CurrencyCode) -> Option<i64> {
    let factor = rust_decimal::Decimal::from(10_i64.pow(currency.decimals()));
    let minor = amount.0.checked_mul(factor)?;
    if !minor.fract().is_zero() {
        return None;
    }
    i64::try_from(minor.trunc().mantissa() / 10_i128.pow(minor.trunc().scale())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn input(amount: &str, currency: CurrencyCode) -> MoneyInput {
        MoneyInput {
            amount: Decimal(amount.parse().unwrap()),
            currency,
        }
    }

    #[test]
    fn prices_become_minor_units() {
        assert_eq!(input("12.5", CurrencyCode::Eur).price_minor("p"), Ok(1250));
        assert_eq!(
            input("12.500", CurrencyCode::Eur).price_minor("p"),
            Ok(1250)
        );
        assert_eq!(input("700", CurrencyCode::Jpy).price_minor("p"), Ok(700));
        assert_eq!(
            Money::from_minor(1250, CurrencyCode::Eur).amount.to_value(),
            Value::from("12.50")
        );
    }

    #[test]
    fn wrong_prices_name_the_argument() {
        for (amount, currency) in [
            ("0.001", CurrencyCode::Eur),
            ("-1", CurrencyCode::Eur),
            ("1.5", CurrencyCode::Jpy),
            ("1e15", CurrencyCode::Usd),
        ] {
            let amount = rust_decimal::Decimal::from_scientific(amount)
                .or_else(|_| amount.parse())
                .unwrap();
            let error = MoneyInput {
                amount: Decimal(amount),
                currency,
            }
            .price_minor("input.price")
            .unwrap_err();
            assert_eq!(error.argument.as_deref(), Some("input.price.amount"));
        }
    }
}
