//! Clothing.

use async_graphql::{Enum, InputObject, MaybeUndefined, SimpleObject};
use serde::{Deserialize, Serialize};
use souk_platform::ApiResult;

use super::{Details, line, optional_line, set, set_optional};
use crate::domain::Kind;

/// Whom clothing is cut for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum, Serialize, Deserialize)]
#[graphql(name = "ClothingAudience")]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Audience {
    /// Women.
    Women,
    /// Men.
    Men,
    /// Everybody.
    Unisex,
    /// Children.
    Children,
}

/// What only clothing has.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "ClothingDetailsInput")]
pub struct ClothingDetails {
    /// What it is made of, such as `100 % cotton`.
    pub material: String,
    /// Its size, when all variants have the same one; otherwise the size is an attribute of the variants.
    pub size: Option<String>,
    /// Its colour, when all variants have the same one.
    pub color: Option<String>,
    /// Who makes it.
    pub brand: Option<String>,
    /// Whom it is cut for.
    pub audience: Option<Audience>,
    /// How to wash it.
    pub care: Option<String>,
}

/// What may change of clothing's own fields.
#[derive(Debug, InputObject)]
pub struct ClothingChanges {
    /// What it is made of.
    pub material: Option<String>,
    /// Its size; null removes it.
    pub size: MaybeUndefined<String>,
    /// Its colour; null removes it.
    pub color: MaybeUndefined<String>,
    /// Who makes it; null removes it.
    pub brand: MaybeUndefined<String>,
    /// Whom it is cut for; null removes it.
    pub audience: MaybeUndefined<Audience>,
    /// How to wash it; null removes it.
    pub care: MaybeUndefined<String>,
}

impl Details for ClothingDetails {
    const KIND: Kind = Kind::Clothing;
    type Changes = ClothingChanges;

    fn checked(mut self) -> ApiResult<Self> {
        self.material = line("input.material", &self.material)?;
        self.size = optional_line("input.size", self.size)?;
        self.color = optional_line("input.color", self.color)?;
        self.brand = optional_line("input.brand", self.brand)?;
        self.care = optional_line("input.care", self.care)?;
        Ok(self)
    }

    fn changed(mut self, changes: ClothingChanges) -> Self {
        set(&mut self.material, changes.material);
        set_optional(&mut self.size, changes.size);
        set_optional(&mut self.color, changes.color);
        set_optional(&mut self.brand, changes.brand);
        set_optional(&mut self.audience, changes.audience);
        set_optional(&mut self.care, changes.care);
        self
    }

    fn keywords(&self) -> Vec<String> {
        let optional = [&self.brand, &self.color, &self.size];
        std::iter::once(&self.material)
            .chain(optional.into_iter().flatten())
            .cloned()
            .collect()
    }
}
