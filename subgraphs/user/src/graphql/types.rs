//! Addresses and tokens in GraphQL.

use async_graphql::SimpleObject;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use souk_platform::geo::Coordinates;
use souk_platform::{ApiResult, Id};

use crate::state::State;
use crate::store::addresses::AddressRow;
use crate::store::sessions::Continued;
use crate::store::users::UserRow;

/// A postal address that a user keeps.
#[derive(SimpleObject)]
#[graphql(serial)]
pub struct Address {
    /// The address's id.
    pub id: Id,
    /// The user's own name for it, such as "home".
    pub label: Option<String>,
    /// Who receives there.
    pub recipient: String,
    /// Street and number.
    pub line1: String,
    /// Floor, company and the like.
    pub line2: Option<String>,
    /// City or town.
    pub city: String,
    /// State, province or region.
    pub region: Option<String>,
    /// Postal code.
    pub postal_code: Option<String>,
    /// Country as ISO 3166-1 alpha-2, such as "DE".
    pub country: String,
    /// Telephone number for the carrier.
    pub phone: Option<String>,
    /// Where it is, if the user said so.
    pub position: Option<Coordinates>,
    /// True for the one that is offered first. Exactly one address of a user is, when there are any.
    pub is_default: bool,
    /// When it was added.
    pub created_at: DateTime<Utc>,
}

impl From<AddressRow> for Address {
    fn from(row: AddressRow) -> Self {
        let some = |text: String| (!text.is_empty()).then_some(text);
        let postal = row.postal;
        Address {
            id: row.id.into(),
            label: some(postal.label),
            recipient: postal.recipient,
            line1: postal.line1,
            line2: some(postal.line2),
            city: postal.city,
            region: some(postal.region),
            postal_code: some(postal.postal_code),
            country: postal.country,
            phone: some(postal.phone),
            position: match (postal.latitude, postal.longitude) {
                (Some(latitude), Some(longitude)) => Some(Coordinates {
                    latitude,
                    longitude,
                }),
                _ => None,
            },
            is_default: row.is_default,
            created_at: row.created_at,
        }
    }
}

/// The tokens of a session.
#[derive(SimpleObject)]
pub struct Tokens {
    /// Send it as `Authorization: Bearer ...` with every request. It is short-lived.
    pub access_token: String,
    /// When the access token expires.
    pub access_token_expires_at: DateTime<Utc>,
    /// Exchange it for new tokens with the mutation `refresh` before it expires. It is good for one exchange; when it
    /// is presented a second time, it counts as stolen and the session ends.
    pub refresh_token: String,
    /// When the refresh token expires.
    pub refresh_token_expires_at: DateTime<Utc>,
}

impl Tokens {
    /// The tokens of a session that has just begun or was just refreshed.
    pub async fn of(
        state: &State,
        connection: &mut AsyncPgConnection,
        continued: Continued,
        user: Option<&UserRow>,
    ) -> ApiResult<Tokens> {
        let access = state.access(connection, &continued.session, user).await?;
        Ok(Tokens {
            access_token: access.token,
            access_token_expires_at: access.expires_at,
            refresh_token: continued.token.into_text(),
            refresh_token_expires_at: continued.session.expires_at,
        })
    }
}
