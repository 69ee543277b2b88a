//! Mobile phones.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use serde::{Deserialize, Serialize};
use souk_platform::ApiResult;

use super::{Details, between, line, optional_between, optional_line, set, set_optional};
use crate::domain::Kind;

/// What only mobile phones have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "MobileDetailsInput")]
pub struct MobileDetails {
    /// Who makes it.
    pub brand: String,
    /// The maker's name or number of the model.
    pub model: Option<String>,
    /// The operating system it comes with.
    pub operating_system: String,
    /// Storage in gigabytes, 1 to 10,000.
    pub storage_gb: i32,
    /// Memory in gigabytes, 1 to 256.
    pub ram_gb: Option<i32>,
    /// The screen's diagonal in inches, 1 to 15.
    pub screen_inches: Option<f64>,
    /// What the battery holds in milliampere-hours, 100 to 50,000.
    pub battery_mah: Option<i32>,
}

/// What may change of a mobile phone's own fields.
#[derive(Debug, InputObject)]
pub struct MobileChanges {
    /// Who makes it.
    pub brand: Option<String>,
    /// The maker's name or number of the model; null removes it.
    pub model: MaybeUndefined<String>,
    /// The operating system it comes with.
    pub operating_system: Option<String>,
    /// Storage in gigabytes, 1 to 10,000.
    pub storage_gb: Option<i32>,
    /// Memory in gigabytes, 1 to 256; null removes it.
    pub ram_gb: MaybeUndefined<i32>,
    /// The screen's diagonal in inches, 1 to 15; null removes it.
    pub screen_inches: MaybeUndefined<f64>,
    /// What the battery holds in milliampere-hours, 100 to 50,000; null removes it.
    pub battery_mah: MaybeUndefined<i32>,
}

impl Details for MobileDetails {
    const KIND: Kind = Kind::Mobile;
    type Changes = MobileChanges;

    fn checked(mut self) -> ApiResult<Self> {
        self.brand = line("input.brand", &self.brand)?;
        self.model = optional_line("input.model", self.model)?;
        self.operating_system = line("input.operatingSystem", &self.operating_system)?;
        between("input.storageGb", self.storage_gb, 1, 10_000)?;
        optional_between("input.ramGb", self.ram_gb, 1, 256)?;
        optional_between("input.screenInches", self.screen_inches, 1.0, 15.0)?;
        optional_between("input.batteryMah", self.battery_mah, 100, 50_000)?;
        Ok(self)
    }

    fn changed(mut self, changes: MobileChanges) -> Self {
        set(&mut self.brand, changes.brand);
        set_optional(&mut self.model, changes.model);
        set(&mut self.operating_system, changes.operating_system);
        set(&mut self.storage_gb, changes.storage_gb);
        set_optional(&mut self.ram_gb, changes.ram_gb);
        set_optional(&mut self.screen_inches, changes.screen_inches);
        set_optional(&mut self.battery_mah, changes.battery_mah);
        self
    }

    fn keywords(&self) -> Vec<String> {
        [&self.brand, &self.operating_system]
            .into_iter()
            .chain(&self.model)
            .cloned()
            .collect()
    }
}
