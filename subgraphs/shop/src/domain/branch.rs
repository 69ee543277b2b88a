//! What a branch must be.

use async_graphql::InputObject;
use diesel::prelude::{AsChangeset, Insertable, Queryable, Selectable};
use souk_platform::geo::CoordinatesInput;
use souk_platform::{ApiResult, input};

use crate::tables::branches;

/// How many branches one shop may have. Every event of the shop carries all their positions.
pub const MOST_PER_SHOP: usize = 100;

/// A place where a shop can be visited, as a client sends it.
#[derive(Debug, Clone, InputObject)]
pub struct BranchInput {
    /// What the branch is called, such as "Old Town"; at most 100 characters.
    pub name: String,
    /// Where to send letters.
    pub address: BranchAddressInput,
    /// Where it is on the globe, to be found by people near.
    pub position: CoordinatesInput,
    /// Telephone number; at most 40 characters.
    pub phone: Option<String>,
}

/// A branch's postal address, as a client sends it.
#[derive(Debug, Clone, InputObject)]
pub struct BranchAddressInput {
    /// Street and number; at most 200 characters.
    pub line1: String,
    /// Floor, building and the like; at most 200 characters.
    pub line2: Option<String>,
    /// City or town; at most 100 characters.
    pub city: String,
    /// State, province or region, where addresses have one; at most 100 characters.
    pub region: Option<String>,
    /// Postal code, where the country has them; at most 20 characters.
    pub postal_code: Option<String>,
    /// Country as ISO 3166-1 alpha-2, such as "DE".
    pub country: String,
}

/// A branch that keeps the rules, as it is stored; the fields are those of [`BranchInput`]. Absent texts are empty.
#[derive(Debug, Clone, PartialEq, Insertable, AsChangeset, Queryable, Selectable)]
#[diesel(table_name = branches)]
pub struct BranchFields {
    pub name: String,
    pub line1: String,
    pub line2: String,
    pub city: String,
    pub region: String,
    pub postal_code: String,
    pub country: String,
    pub phone: String,
    pub latitude: f64,
    pub longitude: f64,
}

impl BranchInput {
    /// The branch, or `BAD_USER_INPUT` for the field below `argument` that is wrong.
    pub fn checked(&self, argument: &str) -> ApiResult<BranchFields> {
        let at = |field: &str| format!("{argument}.{field}");
        let optional = |field: &str, value: &Option<String>, longest: usize| {
            input::optional_line(&at(field), value.as_deref().unwrap_or_default(), longest)
        };
        let address = &self.address;
        let position = self.position.on_globe(&at("position"))?;
        Ok(BranchFields {
            name: input::line(&at("name"), &self.name, 100)?,
            line1: input::line(&at("address.line1"), &address.line1, 200)?,
            line2: optional("address.line2", &address.line2, 200)?,
            city: input::line(&at("address.city"), &address.city, 100)?,
            region: optional("address.region", &address.region, 100)?,
            postal_code: optional("address.postalCode", &address.postal_code, 20)?,
            country: input::country(&at("address.country"), &address.country)?,
            phone: optional("phone", &self.phone, 40)?,
            latitude: position.latitude,
            longitude: position.longitude,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn branch() -> BranchInput {
        BranchInput {
            name: " Old Town ".to_owned(),
            address: BranchAddressInput {
                line1: "Market 1".to_owned(),
                line2: None,
                city: "Marrakesh".to_owned(),
                region: None,
                postal_code: None,
                country: "ma".to_owned(),
            },
            position: CoordinatesInput {
                latitude: 31.6,
                longitude: -8.0,
            },
            phone: None,
        }
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let fields = branch().checked("input.branch").unwrap();
        assert_eq!(
            (fields.name.as_str(), fields.country.as_str()),
            ("Old Town", "MA")
        );
        let mut wrong = branch();
        wrong.address.country = "Morocco".to_owned();
        assert_eq!(
            wrong
                .checked("input.branch")
                .unwrap_err()
                .argument
                .as_deref(),
            Some("input.branch.address.country")
        );
        let mut wrong = branch();
        wrong.position.longitude = 180.1;
        assert_eq!(
            wrong
                .checked("input.branch")
                .unwrap_err()
                .argument
                .as_deref(),
            Some("input.branch.position.longitude")
        );
    }
}
