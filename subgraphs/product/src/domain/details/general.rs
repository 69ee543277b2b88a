//! Products of no special kind.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use serde::{Deserialize, Serialize};
use souk_platform::{ApiResult, input};

use super::{Details, optional_line, set, set_optional};
use crate::domain::Kind;
use crate::domain::attributes::{self, Attribute};

/// What products of no special kind have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "GeneralProductDetailsInput")]
pub struct GeneralDetails {
    /// Who makes it.
    pub brand: Option<String>,
    /// Where it was made, as ISO 3166-1 alpha-2, such as `DE`.
    pub country_of_origin: Option<String>,
    /// Whatever else is to be known of it, at most 20 properties.
    #[graphql(default)]
    pub properties: Vec<Attribute>,
}

/// What may change of the own fields of a product of no special kind.
#[derive(Debug, InputObject)]
pub struct GeneralChanges {
    /// Who makes it; null removes it.
    pub brand: MaybeUndefined<String>,
    /// Where it was made, as ISO 3166-1 alpha-2; null removes it.
    pub country_of_origin: MaybeUndefined<String>,
    /// All the properties it has from now on, at most 20.
    pub properties: Option<Vec<Attribute>>,
}

impl Details for GeneralDetails {
    const KIND: Kind = Kind::GeneralProduct;
    type Changes = GeneralChanges;

    fn checked(mut self) -> ApiResult<Self> {
        self.brand = optional_line("input.brand", self.brand)?;
        if let Some(country) = &self.country_of_origin {
            self.country_of_origin = Some(input::country("input.countryOfOrigin", country)?);
        }
        self.properties = attributes::checked("input.properties", self.properties)?;
        Ok(self)
    }

    fn changed(mut self, changes: GeneralChanges) -> Self {
        set_optional(&mut self.brand, changes.brand);
        set_optional(&mut self.country_of_origin, changes.country_of_origin);
        set(&mut self.properties, changes.properties);
        self
    }

    fn keywords(&self) -> Vec<String> {
        let values = self.properties.iter().map(|property| &property.value);
        self.brand.iter().chain(values).cloned().collect()
    }
}
