//! Named properties that sellers choose themselves: what sets a variant apart, or what a general product has.

use std::collections::HashSet;

use async_graphql::{InputObject, SimpleObject};
use serde::{Deserialize, Serialize};
use souk_platform::{ApiError, ApiResult, input};

/// How many attributes one thing may have.
const MOST: usize = 20;
/// The longest name and the longest value, in characters.
const LONGEST: usize = 100;

/// A named property, such as colour and red.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, SimpleObject, InputObject)]
#[graphql(name = "ProductAttribute", input_name = "ProductAttributeInput")]
pub struct Attribute {
    /// The property, at most 100 characters; unique within its list, whatever the case.
    pub name: String,
    /// Its value, at most 100 characters.
    pub value: String,
}

/// Attributes in order, trimmed; `BAD_USER_INPUT` below `argument` for too many, empty or duplicate ones.
pub fn checked(argument: &str, attributes: Vec<Attribute>) -> ApiResult<Vec<Attribute>> {
    if attributes.len() > MOST {
        return Err(ApiError::bad_input(
            argument,
            format!("there may be at most {MOST} attributes"),
        ));
    }
    let mut names = HashSet::new();
    let mut checked = Vec::with_capacity(attributes.len());
    for (index, attribute) in attributes.into_iter().enumerate() {
        let at = format!("{argument}.{index}.name");
        let name = input::line(&at, &attribute.name, LONGEST)?;
        if !names.insert(name.to_lowercase()) {
            return Err(ApiError::bad_input(
                at,
                format!("the attribute {name:?} is given twice"),
            ));
        }
        let value = input::line(
            &format!("{argument}.{index}.value"),
            &attribute.value,
            LONGEST,
        )?;
        checked.push(Attribute { name, value });
    }
    Ok(checked)
}

/// A product's name with what sets this variant apart: `T-shirt (red, L)`.
pub fn variant_name(product: &str, attributes: &[Attribute]) -> String {
    if attributes.is_empty() {
        return product.to_owned();
    }
    let values: Vec<&str> = attributes
        .iter()
        .map(|attribute| attribute.value.as_str())
        .collect();
    format!("{product} ({})", values.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(name: &str, value: &str) -> Attribute {
        Attribute {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    #[test]
    fn duplicates_and_empty_values_name_their_place() {
        let twice = checked(
            "input.attributes",
            vec![attribute("Size", "L"), attribute(" size ", "M")],
        )
        .unwrap_err();
        assert_eq!(twice.argument.as_deref(), Some("input.attributes.1.name"));
        let empty = checked("input.attributes", vec![attribute("Size", " ")]).unwrap_err();
        assert_eq!(empty.argument.as_deref(), Some("input.attributes.0.value"));
        assert!(
            checked(
                "a",
                (0..21).map(|n| attribute(&n.to_string(), "x")).collect()
            )
            .is_err()
        );
    }

    #[test]
    fn a_variant_is_named_by_its_values() {
        assert_eq!(
            variant_name(
                "T-shirt",
                &[attribute("Colour", "red"), attribute("Size", "L")]
            ),
            "T-shirt (red, L)"
        );
        assert_eq!(variant_name("Atlas", &[]), "Atlas");
    }
}
