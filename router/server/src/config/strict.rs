//! Keys have to be written as keys.
//!
//! Serde takes a list for a struct, too, item by item in the order of the fields. In a file that is a mistake, such as a
//! dash too many, and has to be told as one.

use serde::de::value::{MapAccessDeserializer, MapDeserializer, SeqDeserializer};
use serde::de::{Deserializer, Error as _, IntoDeserializer, Unexpected, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error, Value};

/// Deserializes a parsed document; structs from maps only.
#[derive(Clone, Copy)]
pub(super) struct Strict<'de>(pub &'de Value);

/// What a value is, in the words of whoever wrote it.
pub(super) fn shape(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

impl<'de> Deserializer<'de> for Strict<'de> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Array(items) => {
                visitor.visit_seq(SeqDeserializer::new(items.iter().map(Strict)))
            }
            Value::Object(map) => {
                let entries = map.iter().map(|(key, value)| (key.as_str(), Strict(value)));
                visitor.visit_map(MapDeserializer::new(entries))
            }
            scalar => scalar.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(_) => self.deserialize_any(visitor),
            other => Err(Error::custom(format!(
                "expected a map of keys, found {}",
                shape(other)
            ))),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match self.0 {
            Value::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        match self.0 {
            Value::Object(map) if map.len() == 1 => {
                let entries = map.iter().map(|(key, value)| (key.as_str(), Strict(value)));
                visitor.visit_enum(MapAccessDeserializer::new(MapDeserializer::new(entries)))
            }
            Value::Object(_) => Err(Error::invalid_value(
                Unexpected::Map,
                &"a map with a single key",
            )),
            scalar => scalar.deserialize_enum(name, variants, visitor),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

impl<'de> IntoDeserializer<'de, Error> for Strict<'de> {
    type Deserializer = Strict<'de>;

    fn into_deserializer(self) -> Strict<'de> {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::super::RouterConfig;

    fn error(yaml: &str) -> String {
        RouterConfig::from_yaml(yaml).unwrap_err().to_string()
    }

    #[test]
    fn what_is_no_map_of_keys_is_told_to_be_one() {
        for (yaml, found) in [("- supergraph: {}", "a list"), ("supergraph", "a text")] {
            let expected = format!(
                "the configuration has to be a map of keys, such as `supergraph` and `limits`, and is {found}"
            );
            assert_eq!(error(yaml), expected);
        }
        for (yaml, place, found) in [
            ("limits: [5, 5]", "limits", "a list"),
            (
                "headers: { all: [{ remove: { named: a } }] }",
                "headers.all",
                "a list",
            ),
            (
                "supergraph:\n# listen: 0.0.0.0:4000",
                "supergraph",
                "nothing",
            ),
            ("csrf: true", "csrf", "a boolean"),
            (
                "authentication: { router: { jwt: { jwks: ['https://id.example/keys'] } } }",
                "authentication.router.jwt.jwks[0]",
                "a text",
            ),
        ] {
            let expected = format!(
                "the configuration is invalid: {place}: expected a map of keys, found {found}"
            );
            assert_eq!(error(yaml), expected);
        }
    }
}
