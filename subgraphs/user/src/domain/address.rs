//! What a postal address must be.

use async_graphql::InputObject;
use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use souk_platform::geo::CoordinatesInput;
use souk_platform::{ApiResult, input};

use crate::tables::addresses;

/// How many addresses one user may keep.
pub const MOST_PER_USER: i64 = 50;

/// A postal address as a client sends it.
#[derive(Debug, Clone, InputObject)]
pub struct AddressInput {
    /// Your own name for it, such as "home"; at most 50 characters.
    pub label: Option<String>,
    /// Who receives there; at most 100 characters.
    pub recipient: String,
    /// Street and number; at most 200 characters.
    pub line1: String,
    /// Floor, company and the like; at most 200 characters.
    pub line2: Option<String>,
    /// City or town; at most 100 characters.
    pub city: String,
    /// State, province or region, where addresses have one; at most 100 characters.
    pub region: Option<String>,
    /// Postal code, where the country has them; at most 20 characters.
    pub postal_code: Option<String>,
    /// Country as ISO 3166-1 alpha-2, such as "DE".
    pub country: String,
    /// Telephone number for the carrier; at most 40 characters.
    pub phone: Option<String>,
    /// Where it is, so that the nearest shops can be found.
    pub position: Option<CoordinatesInput>,
}

/// A postal address that keeps the rules, as it is stored; the fields are those of
/// [`AddressInput`]. Absent texts are empty.
#[derive(Debug, Clone, PartialEq, Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = addresses, treat_none_as_null = true)]
pub struct PostalAddress {
    pub label: String,
    pub recipient: String,
    pub line1: String,
    pub line2: String,
    pub city: String,
    pub region: String,
    pub postal_code: String,
    pub country: String,
    pub phone: String,
    pub latitude: Option<f64>,
    pub longitude: Option<f64>,
}

impl AddressInput {
    /// The address, or `BAD_USER_INPUT` for the field below `argument` that is wrong.
    pub fn checked(&self, argument: &str) -> ApiResult<PostalAddress> {
        let at = |field: &str| format!("{argument}.{field}");
        let optional = |field: &str, value: &Option<String>, longest: usize| {
            input::optional_line(&at(field), value.as_deref().unwrap_or_default(), longest)
        };
        let position = match self.position {
            Some(position) => Some(position.on_globe(&at("position"))?),
            None => None,
        };
        Ok(PostalAddress {
            label: optional("label", &self.label, 50)?,
            recipient: input::line(&at("recipient"), &self.recipient, 100)?,
            line1: input::line(&at("line1"), &self.line1, 200)?,
            line2: optional("line2", &self.line2, 200)?,
            city: input::line(&at("city"), &self.city, 100)?,
            region: optional("region", &self.region, 100)?,
            postal_code: optional("postalCode", &self.postal_code, 20)?,
            country: input::country(&at("country"), &self.country)?,
            phone: optional("phone", &self.phone, 40)?,
            latitude: position.map(|position| position.latitude),
            longitude: position.map(|position| position.longitude),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> AddressInput {
        AddressInput {
            label: None,
            recipient: "Ada".to_owned(),
            line1: "Unter den Linden 1".to_owned(),
            line2: None,
            city: "Berlin".to_owned(),
            region: None,
            postal_code: Some("10117".to_owned()),
            country: "de".to_owned(),
            phone: None,
            position: Some(CoordinatesInput {
                latitude: 52.5,
                longitude: 13.4,
            }),
        }
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let address = draft().checked("input.address").unwrap();
        assert_eq!(
            (address.country.as_str(), address.line2.as_str()),
            ("DE", "")
        );
        let wrong = [
            (
                AddressInput {
                    recipient: " ".to_owned(),
                    ..draft()
                },
                "recipient",
            ),
            (
                AddressInput {
                    line1: "x".repeat(201),
                    ..draft()
                },
                "line1",
            ),
            (
                AddressInput {
                    country: "Germany".to_owned(),
                    ..draft()
                },
                "country",
            ),
            (
                AddressInput {
                    postal_code: Some("1".repeat(21)),
                    ..draft()
                },
                "postalCode",
            ),
            (
                AddressInput {
                    position: Some(CoordinatesInput {
                        latitude: 91.0,
                        longitude: 0.0,
                    }),
                    ..draft()
                },
                "position.latitude",
            ),
        ];
        for (draft, field) in wrong {
            let error = draft.checked("input.address").unwrap_err();
            assert_eq!(error.argument, Some(format!("input.address.{field}")));
        }
    }
}
