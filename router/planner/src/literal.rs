//! What literals mean.

use apollo_compiler::Node;
use apollo_compiler::ast::{Argument, Value};

/// Whether two literals are the same value, however it is written: `1` and `1.0`, objects in whatever order.
pub fn same_value(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Int(one), Value::Int(other)) => one == other,
        (Value::Int(_) | Value::Float(_), Value::Int(_) | Value::Float(_)) => {
            one.to_f64() == other.to_f64()
        }
        (Value::List(one), Value::List(other)) => {
            let mut pairs = one.iter().zip(other);
            one.len() == other.len() && pairs.all(|(one, other)| same_value(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, value)| {
                    let same = other.iter().find(|(other, _)| other == name);
                    same.is_some_and(|(_, other)| same_value(value, other))
                })
        }
        _ => one == other,
    }
}

/// Whether two fields have the same arguments, in whatever order.
pub(crate) fn same_arguments(one: &[Node<Argument>], other: &[Node<Argument>]) -> bool {
    one.len() == other.len()
        && one.iter().all(|argument| {
            let same = other.iter().find(|other| other.name == argument.name);
            same.is_some_and(|other| same_value(&argument.value, &other.value))
        })
}

#[cfg(test)]
mod tests {
    use apollo_compiler::Schema;
    use apollo_compiler::ast::Value;

    use super::same_value;

    /// Parses the literal as the default of an argument.
    fn literal(text: &str) -> Value {
        let sdl = format!("type Query {{ field(value: Int = {text}): Int }}");
        let schema = Schema::parse(&sdl, "schema.graphql").unwrap();
        let field = &schema.get_object("Query").unwrap().fields["field"];
        Value::clone(field.arguments[0].default_value.as_ref().unwrap())
    }

    #[test]
    fn the_same_value_written_differently() {
        for (one, other) in [
            ("1", "1.0"),
            ("0.5", "0.50"),
            ("5e-1", "0.5"),
            ("{ a: 1, b: [2] }", "{ b: [2.0], a: 1 }"),
        ] {
            assert!(same_value(&literal(one), &literal(other)), "{one} {other}");
        }
        for (one, other) in [
            ("1", "2"),
            ("1", "\"1\""),
            ("[1]", "[1, 1]"),
            ("{ a: 1 }", "{ a: 1, b: null }"),
            ("9007199254740993", "9007199254740992"),
        ] {
            assert!(!same_value(&literal(one), &literal(other)), "{one} {other}");
        }
    }
}
