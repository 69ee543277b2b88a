//! What can be asked for.

use std::hash::{Hash, Hasher};

use souk_platform::geo::Coordinates;
use souk_platform::money::CurrencyCode;
use uuid::Uuid;

use super::Entity;

/// A search.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Criteria {
    /// Products or shops.
    pub entity: Entity,
    /// What the client typed; empty finds everything.
    pub text: String,
    /// Any of these kinds; empty is all.
    pub kinds: Vec<&'static str>,
    /// In any of these categories or below; empty is all.
    pub categories: Vec<Uuid>,
    /// Of any of these shops; empty is all.
    pub shops: Vec<Uuid>,
    /// With a variant in this range.
    pub price: Option<PriceRange>,
    /// Only what can be bought now (or cannot).
    pub in_stock: Option<bool>,
    /// Near a place.
    pub near: Option<Near>,
    /// The order of the hits.
    pub order: Order,
    /// The key of the hit before the page.
    pub after: Option<SortKey>,
    /// How many hits.
    pub limit: usize,
}

/// Prices in minor units of one currency, both ends included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct PriceRange {
    /// At least.
    pub min: i64,
    /// At most.
    pub max: i64,
    /// The currency; other currencies never fit.
    pub currency: CurrencyCode,
}

/// A place and how far from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Near {
    /// The place.
    pub centre: Coordinates,
    /// How far, in kilometres.
    pub radius_km: f64,
}

// Its numbers were checked, so none is NaN.
impl Eq for Near {}

impl Hash for Near {
    fn hash<H: Hasher>(&self, state: &mut H) {
        for number in [self.centre.latitude, self.centre.longitude, self.radius_km] {
            // Minus zero equals zero, so it must have the same hash.
            (number + 0.0).to_bits().hash(state);
        }
    }
}

/// The order of hits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// What fits the text best; newest first without a text.
    Best,
    /// Newest first.
    Newest,
    /// Lowest price first.
    Cheapest,
    /// Nearest first.
    Nearest,
}

/// Where a hit stands: by what the order asks for, then by id. Smaller is earlier.
pub type SortKey = (u64, u128);
