//! Whether a literal fits a type (GraphQL specification, "Input Coercion").

use apollo_compiler::Name;
use apollo_compiler::ast::{Definition, InputValueDefinition, Type, Value};
use apollo_compiler::schema::ExtendedType;

/// What literals of a named type may look like.
pub(super) enum InputType<'t> {
    /// Built in or custom.
    Scalar,
    Enum(Vec<&'t Name>),
    Input {
        fields: Vec<&'t InputValueDefinition>,
        one_of: bool,
    },
}

impl<'t> InputType<'t> {
    /// Of a merged type; nothing for types that are no input.
    pub(super) fn of_definition(definition: &'t Definition) -> Option<Self> {
        match definition {
            Definition::ScalarTypeDefinition(_) => Some(Self::Scalar),
            Definition::EnumTypeDefinition(definition) => Some(Self::Enum(
                definition.values.iter().map(|value| &value.value).collect(),
            )),
            Definition::InputObjectTypeDefinition(input) => Some(Self::Input {
                fields: input.fields.iter().map(AsRef::as_ref).collect(),
                one_of: input.directives.has("oneOf"),
            }),
            _ => None,
        }
    }

    /// Of a subgraph's own type; nothing for types that are no input.
    pub(super) fn of_type(ty: &'t ExtendedType) -> Option<Self> {
        match ty {
            ExtendedType::Scalar(_) => Some(Self::Scalar),
            ExtendedType::Enum(definition) => Some(Self::Enum(definition.values.keys().collect())),
            ExtendedType::InputObject(input) => Some(Self::Input {
                fields: input.fields.values().map(AsRef::as_ref).collect(),
                one_of: input.directives.has("oneOf"),
            }),
            _ => None,
        }
    }
}

/// Why a literal is no value of a type; nothing when it is one. `types` knows the types by name;
/// what it does not know fits.
pub(super) fn misfit<'t>(
    value: &Value,
    ty: &Type,
    types: &impl Fn(&Name) -> Option<InputType<'t>>,
) -> Option<String> {
    if value.is_null() {
        return ty.is_non_null().then(|| format!("\"{ty}\" is never null"));
    }
    if ty.is_list() {
        return match value {
            Value::List(items) => items
                .iter()
                .find_map(|item| misfit(item, ty.item_type(), types)),
            // A single value stands for a list of it.
            single => misfit(single, ty.item_type(), types),
        };
    }
    let name = ty.inner_named_type();
    match (types(name), value) {
        (None | Some(InputType::Scalar), _) => misfit_scalar(value, name),
        (Some(InputType::Enum(values)), Value::Enum(given)) => {
            (!values.contains(&given)).then(|| format!("enum \"{name}\" has no value \"{given}\""))
        }
        (Some(InputType::Input { fields, one_of }), Value::Object(given)) => {
            misfit_object(name, given, &fields, one_of, types)
        }
        (Some(_), _) => Some(no_value(value, name)),
    }
}

fn misfit_scalar(value: &Value, name: &Name) -> Option<String> {
    let fits = match name.as_str() {
        "Int" => value.to_i32().is_some(),
        "Float" => value.to_f64().is_some(),
        "String" => matches!(value, Value::String(_)),
        "Boolean" => matches!(value, Value::Boolean(_)),
        "ID" => matches!(value, Value::String(_) | Value::Int(_)),
        // What a custom scalar can be, only its subgraphs know.
        _ => true,
    };
    (!fits).then(|| no_value(value, name))
}

fn misfit_object<'t>(
    name: &Name,
    given: &[(Name, apollo_compiler::Node<Value>)],
    fields: &[&InputValueDefinition],
    one_of: bool,
    types: &impl Fn(&Name) -> Option<InputType<'t>>,
) -> Option<String> {
    for (key, value) in given {
        let Some(field) = fields.iter().find(|field| field.name == *key) else {
            return Some(format!("input object \"{name}\" has no field \"{key}\""));
        };
        if let Some(problem) = misfit(value, &field.ty, types) {
            return Some(problem);
        }
    }
    let is_given = |field: &&&InputValueDefinition| given.iter().any(|(key, _)| *key == field.name);
    let mut missing = fields.iter().filter(|field| field.is_required());
    if let Some(field) = missing.find(|field| !is_given(field)) {
        return Some(format!("\"{name}.{}\" is required", field.name));
    }
    let is_one = given.len() == 1 && given.iter().all(|(_, value)| !value.is_null());
    (one_of && !is_one).then(|| format!("\"{name}\" takes exactly one of its fields"))
}

fn no_value(value: &Value, name: &Name) -> String {
    format!("{} is no \"{name}\"", value.serialize().no_indent())
}

#[cfg(test)]
mod tests {
    use super::{InputType, misfit};
    use apollo_compiler::Schema;
    use apollo_compiler::ast::Value;

    const SCHEMA: &str = "
        type Query { field(value: Value = null): Int }
        enum Order { NEW OLD }
        scalar Value
        input Filter { order: Order = NEW limit: Int! inner: [Filter!] }
        input One @oneOf { a: Int b: Int }
    ";

    /// Parses the literal as the default of an argument.
    fn literal(text: &str) -> Value {
        let sdl = format!("type Query {{ field(value: Int = {text}): Int }}");
        let schema = Schema::parse(&sdl, "schema.graphql").unwrap();
        let field = &schema.get_object("Query").unwrap().fields["field"];
        Value::clone(field.arguments[0].default_value.as_ref().unwrap())
    }

    #[test]
    fn literals_that_fit_a_type_and_others() {
        let schema = Schema::parse(SCHEMA, "schema.graphql").unwrap();
        let types =
            |name: &apollo_compiler::Name| InputType::of_type(schema.types.get(name.as_str())?);
        let problem = |text: &str, ty: &str| {
            let sdl = format!("type Query {{ field: {ty} }}");
            let parsed = Schema::parse(&sdl, "type.graphql").unwrap();
            let ty = &parsed.get_object("Query").unwrap().fields["field"].ty;
            misfit(&literal(text), ty, &types)
        };
        for (text, ty) in [
            ("1", "Float"),
            ("1", "ID!"),
            ("null", "Int"),
            ("1", "[Int!]!"),
            ("[[1], [null]]", "[[Int]]"),
            ("NEW", "Order"),
            ("{ any: [1, X] }", "Value"),
            ("{ limit: 1, inner: { limit: 2, order: OLD } }", "Filter"),
            ("{ b: 1 }", "One"),
        ] {
            assert_eq!(problem(text, ty), None, "{text} {ty}");
        }
        for (text, ty, expected) in [
            ("null", "Int!", "\"Int!\" is never null"),
            ("1.0", "Int", "1.0 is no \"Int\""),
            ("3000000000", "Int", "3000000000 is no \"Int\""),
            ("1", "String", "1 is no \"String\""),
            ("[1, \"a\"]", "[Int]", "\"a\" is no \"Int\""),
            ("\"NEW\"", "Order", "\"NEW\" is no \"Order\""),
            ("MIDDLE", "Order", "enum \"Order\" has no value \"MIDDLE\""),
            ("{}", "Filter", "\"Filter.limit\" is required"),
            (
                "{ limit: 1, page: 2 }",
                "Filter",
                "input object \"Filter\" has no field \"page\"",
            ),
            (
                "{ a: 1, b: 1 }",
                "One",
                "\"One\" takes exactly one of its fields",
            ),
        ] {
            assert_eq!(problem(text, ty).as_deref(), Some(expected), "{text} {ty}");
        }
    }
}
