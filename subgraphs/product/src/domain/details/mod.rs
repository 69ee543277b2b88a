//! The fields that each kind of product has of its own. One struct per kind is at once the GraphQL output, the
//! input for creating, and the shape of the `details` column.

mod book;
mod clothing;
mod general;
mod laptop;
mod mobile;

pub use book::{BookChanges, BookDetails};
pub use clothing::{ClothingChanges, ClothingDetails};
pub use general::{GeneralChanges, GeneralDetails};
pub use laptop::{LaptopChanges, LaptopDetails};
pub use mobile::{MobileChanges, MobileDetails};

use async_graphql::MaybeUndefined;
use serde::Serialize;
use serde::de::DeserializeOwned;
use souk_platform::{ApiError, ApiResult, input};

use super::Kind;

/// The longest short text, such as a brand, in characters.
const LONGEST_LINE: usize = 100;

/// A kind's own fields.
pub trait Details: Serialize + DeserializeOwned + Send + Sync {
    /// The kind that has them.
    const KIND: Kind;
    /// What may change, field by field.
    type Changes: Send;

    /// The fields trimmed and in their normal form, or `BAD_USER_INPUT` with the argument below `input`.
    fn checked(self) -> ApiResult<Self>;

    /// The fields with the changes made, not yet checked.
    #[must_use]
    fn changed(self, changes: Self::Changes) -> Self;

    /// Words to find the product by.
    fn keywords(&self) -> Vec<String>;
}

/// The keywords of details as they stand in the database.
pub fn keywords(kind: Kind, details: serde_json::Value) -> Result<Vec<String>, serde_json::Error> {
    Ok(match kind {
        Kind::Book => serde_json::from_value::<BookDetails>(details)?.keywords(),
        Kind::Laptop => serde_json::from_value::<LaptopDetails>(details)?.keywords(),
        Kind::Mobile => serde_json::from_value::<MobileDetails>(details)?.keywords(),
        Kind::Clothing => serde_json::from_value::<ClothingDetails>(details)?.keywords(),
        Kind::GeneralProduct => serde_json::from_value::<GeneralDetails>(details)?.keywords(),
    })
}

/// A required short text.
fn line(argument: &str, value: &str) -> ApiResult<String> {
    input::line(argument, value, LONGEST_LINE)
}

/// A short text that may be missing; an empty one counts as missing.
fn optional_line(argument: &str, value: Option<String>) -> ApiResult<Option<String>> {
    let Some(value) = value else { return Ok(None) };
    let value = input::optional_line(argument, &value, LONGEST_LINE)?;
    Ok((!value.is_empty()).then_some(value))
}

/// A number within bounds.
fn between<N: PartialOrd + Copy + std::fmt::Display>(
    argument: &str,
    value: N,
    lowest: N,
    highest: N,
) -> ApiResult<()> {
    // Written so that NaN, which compares to nothing, is refused.
    if value >= lowest && value <= highest {
        return Ok(());
    }
    Err(ApiError::bad_input(
        argument,
        format!("this must be between {lowest} and {highest}, got {value}"),
    ))
}

/// A number within bounds, if there is one.
fn optional_between<N: PartialOrd + Copy + std::fmt::Display>(
    argument: &str,
    value: Option<N>,
    lowest: N,
    highest: N,
) -> ApiResult<()> {
    value.map_or(Ok(()), |value| between(argument, value, lowest, highest))
}

/// Applies a change to a field that cannot be empty: absent and null leave it as it is.
fn set<T>(field: &mut T, change: Option<T>) {
    if let Some(value) = change {
        *field = value;
    }
}

/// Applies a change to a field that can be empty: absent leaves it as it is, null empties it.
fn set_optional<T>(field: &mut Option<T>, change: MaybeUndefined<T>) {
    match change {
        MaybeUndefined::Undefined => {}
        MaybeUndefined::Null => *field = None,
        MaybeUndefined::Value(value) => *field = Some(value),
    }
}
