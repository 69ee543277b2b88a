//! Laptops.

use async_graphql::{InputObject, MaybeUndefined, SimpleObject};
use serde::{Deserialize, Serialize};
use souk_platform::ApiResult;

use super::{Details, between, line, optional_between, optional_line, set, set_optional};
use crate::domain::Kind;

/// What only laptops have.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(input_name = "LaptopDetailsInput")]
pub struct LaptopDetails {
    /// Who makes it.
    pub brand: String,
    /// The maker's name or number of the model.
    pub model: Option<String>,
    /// The processor.
    pub cpu: String,
    /// Memory in gigabytes, 1 to 4096.
    pub ram_gb: i32,
    /// Storage in gigabytes, 1 to 100,000.
    pub storage_gb: i32,
    /// The graphics processor, if it has one of its own.
    pub gpu: Option<String>,
    /// The screen's diagonal in inches, 5 to 30.
    pub screen_inches: Option<f64>,
    /// The operating system it comes with.
    pub operating_system: Option<String>,
}

/// What may change of a laptop's own fields.
#[derive(Debug, InputObject)]
pub struct LaptopChanges {
    /// Who makes it.
    pub brand: Option<String>,
    /// The maker's name or number of the model; null removes it.
    pub model: MaybeUndefined<String>,
    /// The processor.
    pub cpu: Option<String>,
    /// Memory in gigabytes, 1 to 4096.
    pub ram_gb: Option<i32>,
    /// Storage in gigabytes, 1 to 100,000.
    pub storage_gb: Option<i32>,
    /// The graphics processor; null removes it.
    pub gpu: MaybeUndefined<String>,
    /// The screen's diagonal in inches, 5 to 30; null removes it.
    pub screen_inches: MaybeUndefined<f64>,
    /// The operating system it comes with; null removes it.
    pub operating_system: MaybeUndefined<String>,
}

impl Details for LaptopDetails {
    const KIND: Kind = Kind::Laptop;
    type Changes = LaptopChanges;

    fn checked(mut self) -> ApiResult<Self> {
        self.brand = line("input.brand", &self.brand)?;
        self.model = optional_line("input.model", self.model)?;
        self.cpu = line("input.cpu", &self.cpu)?;
        between("input.ramGb", self.ram_gb, 1, 4096)?;
        between("input.storageGb", self.storage_gb, 1, 100_000)?;
        self.gpu = optional_line("input.gpu", self.gpu)?;
        optional_between("input.screenInches", self.screen_inches, 5.0, 30.0)?;
        self.operating_system = optional_line("input.operatingSystem", self.operating_system)?;
        Ok(self)
    }

    fn changed(mut self, changes: LaptopChanges) -> Self {
        set(&mut self.brand, changes.brand);
        set_optional(&mut self.model, changes.model);
        set(&mut self.cpu, changes.cpu);
        set(&mut self.ram_gb, changes.ram_gb);
        set(&mut self.storage_gb, changes.storage_gb);
        set_optional(&mut self.gpu, changes.gpu);
        set_optional(&mut self.screen_inches, changes.screen_inches);
        set_optional(&mut self.operating_system, changes.operating_system);
        self
    }

    fn keywords(&self) -> Vec<String> {
        let optional = [&self.model, &self.gpu, &self.operating_system];
        [&self.brand, &self.cpu]
            .into_iter()
            .chain(optional.into_iter().flatten())
            .cloned()
            .collect()
    }
}
