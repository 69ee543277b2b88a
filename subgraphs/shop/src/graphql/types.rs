//! Branches, shops nearby, and snapshots in GraphQL.

use async_graphql::{Json, SimpleObject};
use chrono::{DateTime, Utc};
use souk_platform::Id;
use souk_platform::events::ShopSnapshot;
use souk_platform::geo::Coordinates;

use super::entities::Shop;
use crate::store::branches::BranchRow;

/// A place where a shop can be visited.
#[derive(SimpleObject)]
pub struct Branch {
    /// The branch's id.
    pub id: Id,
    /// What the branch is called, such as "Old Town".
    pub name: String,
    /// Where to send letters.
    pub address: BranchAddress,
    /// Where it is on the globe.
    pub position: Coordinates,
    /// Telephone number.
    pub phone: Option<String>,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

/// A branch's postal address.
#[derive(SimpleObject)]
pub struct BranchAddress {
    /// Street and number.
    pub line1: String,
    /// Floor, building and the like.
    pub line2: Option<String>,
    /// City or town.
    pub city: String,
    /// State, province or region.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country as ISO 3166-1 alpha-2, such as "DE".
    pub country: String,
}

impl From<BranchRow> for Branch {
    fn from(row: BranchRow) -> Self {
        let some = |text: String| (!text.is_empty()).then_some(text);
        let fields = row.fields;
        Branch {
            id: row.id.into(),
            name: fields.name,
            address: BranchAddress {
                line1: fields.line1,
                line2: some(fields.line2),
                city: fields.city,
                region: some(fields.region),
                postal_code: some(fields.postal_code),
                country: fields.country,
            },
            position: Coordinates {
                latitude: fields.latitude,
                longitude: fields.longitude,
            },
            phone: some(fields.phone),
            created_at: row.created_at,
        }
    }
}

/// A shop near a point.
#[derive(SimpleObject)]
pub struct NearbyShop {
    /// The shop.
    pub shop: Shop,
    /// The branch of the shop that is nearest.
    pub branch: Branch,
    /// How far that branch is from the point, as the crow flies, in kilometres.
    pub distance_km: f64,
}

/// Shops as other parts of the platform keep them.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub struct ShopSnapshots {
    /// The snapshots, in order of the shops' ids.
    pub nodes: Vec<Json<ShopSnapshot>>,
    /// Where the next page begins; null when this was the last.
    pub end_cursor: Option<String>,
}
