//! Where an order goes.

use async_graphql::{InputObject, SimpleObject};
use serde::{Deserialize, Serialize};
use souk_platform::{ApiResult, input};

/// The address that an order is sent to, as it was when the order was placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject)]
pub struct ShippingAddress {
    /// Who receives the parcel.
    pub recipient: String,
    /// Street and number.
    pub line1: String,
    /// Flat, floor, building.
    #[serde(default)]
    pub line2: Option<String>,
    /// Town.
    pub city: String,
    /// State, province or county, where addresses have one.
    #[serde(default)]
    pub region: Option<String>,
    /// Postal code, where the country has them.
    #[serde(default)]
    pub postal_code: Option<String>,
    /// Country, ISO 3166-1 alpha-2, such as `DE`.
    pub country: String,
    /// A number the carrier can call.
    #[serde(default)]
    pub phone: Option<String>,
}

/// Where an order shall be sent.
#[derive(Debug, Clone, InputObject)]
pub struct ShippingAddressInput {
    /// Who receives the parcel: 1 to 200 characters.
    pub recipient: String,
    /// Street and number: 1 to 200 characters.
    pub line1: String,
    /// Flat, floor, building: at most 200 characters.
    pub line2: Option<String>,
    /// Town: 1 to 100 characters.
    pub city: String,
    /// State, province or county: at most 100 characters.
    pub region: Option<String>,
    /// Postal code: at most 20 characters.
    pub postal_code: Option<String>,
    /// Country, ISO 3166-1 alpha-2, such as `DE`.
    pub country: String,
    /// A number the carrier can call: at most 40 characters.
    pub phone: Option<String>,
}

impl ShippingAddressInput {
    /// The address without surrounding spaces; `BAD_USER_INPUT` names the field below `argument`.
    pub fn check(&self, argument: &str) -> ApiResult<ShippingAddress> {
        let field = |name: &str| format!("{argument}.{name}");
        let optional =
            |name: &str, value: &Option<String>, longest: usize| -> ApiResult<Option<String>> {
                let Some(value) = value else { return Ok(None) };
                let value = input::optional_line(&field(name), value, longest)?;
                Ok(Some(value).filter(|value| !value.is_empty()))
            };
        Ok(ShippingAddress {
            recipient: input::line(&field("recipient"), &self.recipient, 200)?,
            line1: input::line(&field("line1"), &self.line1, 200)?,
            line2: optional("line2", &self.line2, 200)?,
            city: input::line(&field("city"), &self.city, 100)?,
            region: optional("region", &self.region, 100)?,
            postal_code: optional("postalCode", &self.postal_code, 20)?,
            country: input::country(&field("country"), &self.country)?,
            phone: optional("phone", &self.phone, 40)?,
        })
    }
}
