//! What a client may give for a type, and what becomes of it (specification, "Input Coercion" of each kind of
//! type).

use std::fmt::{self, Display};

use apollo_compiler::ast::{Type, Value as Literal};
use apollo_compiler::response::JsonValue as Given;
use apollo_compiler::schema::{ExtendedType, InputObjectType};
use apollo_compiler::{Name, Node, Schema};
use serde_json::{Map, Number, Value};

/// Where a value stands: `input.boxes[1].wide` is in the variable `input`.
#[derive(Clone, Copy)]
pub(super) enum Place<'a> {
    /// All of a variable.
    Variable(&'a str),
    /// A field of an input object.
    Field(&'a Place<'a>, &'a str),
    /// An item of a list.
    Item(&'a Place<'a>, usize),
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Variable(name) => write!(f, "{name}"),
            Place::Field(object, name) => write!(f, "{object}.{name}"),
            Place::Item(list, index) => write!(f, "{list}[{index}]"),
        }
    }
}

/// The value that the client's value stands for. The error says what does not fit, and where.
pub(super) fn coerce(
    schema: &Schema,
    ty: &Type,
    value: &Given,
    place: Place<'_>,
) -> Result<Value, String> {
    let name = match (ty, value) {
        (Type::NonNullNamed(_) | Type::NonNullList(_), Given::Null) => {
            return Err(format!(
                "null value for variable {place} of non-null type {ty}"
            ));
        }
        (_, Given::Null) => return Ok(Value::Null),
        (Type::List(item) | Type::NonNullList(item), Given::Array(values)) => {
            let items = values.iter().enumerate();
            let coerced =
                items.map(|(index, value)| coerce(schema, item, value, Place::Item(&place, index)));
            return Ok(Value::Array(coerced.collect::<Result<_, _>>()?));
        }
        // A single value is a list of one.
        (Type::List(item) | Type::NonNullList(item), value) => {
            return Ok(Value::Array(vec![coerce(schema, item, value, place)?]));
        }
        (Type::Named(name) | Type::NonNullNamed(name), _) => name,
    };
    let fits = match (schema.types.get(name), value) {
        (Some(ExtendedType::Scalar(_)), value) => fits_scalar(name, value),
        (Some(ExtendedType::Enum(definition)), Given::String(text)) => {
            definition.values.contains_key(text.as_str())
        }
        (Some(ExtendedType::InputObject(definition)), Given::Object(_)) => {
            return input_object(schema, definition, value, place);
        }
        _ => false,
    };
    if fits && name == "ID" {
        Ok(id(value))
    } else if fits {
        Ok(plain(value))
    } else {
        Err(format!(
            "could not coerce variable {place}: {value} to type {name}"
        ))
    }
}

/// Whether a value that is not null is one of a scalar. A custom scalar takes anything: only subgraphs know more.
fn fits_scalar(name: &Name, value: &Given) -> bool {
    match (name.as_str(), value) {
        ("Int", Given::Number(number)) => number
            .as_i64()
            .is_some_and(|number| i32::try_from(number).is_ok()),
        // Every number of JSON is a finite one of double precision here, if not exactly.
        ("Float", Given::Number(_)) => true,
        // An integer of more than 64 bits has been rounded by the JSON parser. It would identify something else.
        ("ID", Given::Number(number)) => number.is_i64() || number.is_u64(),
        ("ID" | "String", Given::String(_)) | ("Boolean", Given::Bool(_)) => true,
        ("Int" | "Float" | "String" | "Boolean" | "ID", _) => false,
        _ => true,
    }
}

/// The largest integer that every JSON parser keeps as it is: many read numbers with double precision.
const LARGEST_SAFE_INTEGER: u64 = (1 << 53) - 1;

/// An ID as it is, but as text if it might otherwise become another one on its way.
fn id(value: &Given) -> Value {
    match value {
        Given::Number(number)
            if number
                .as_i64()
                .is_none_or(|number| number.unsigned_abs() > LARGEST_SAFE_INTEGER) =>
        {
            Value::String(number.to_string())
        }
        value => plain(value),
    }
}

fn input_object(
    schema: &Schema,
    definition: &InputObjectType,
    value: &Given,
    place: Place<'_>,
) -> Result<Value, String> {
    let ty = &definition.name;
    let mut coerced = Map::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        let Some((name, field)) = definition.fields.get_key_value(key.as_str()) else {
            return Err(format!(
                "variable {place} has the key {}, which type {ty} does not have",
                key.as_str()
            ));
        };
        let place = Place::Field(&place, name);
        coerced.insert(name.to_string(), coerce(schema, &field.ty, value, place)?);
    }
    for (name, field) in &definition.fields {
        if coerced.contains_key(name.as_str()) {
            continue;
        }
        if let Some(default) = &field.default_value {
            coerced.insert(name.to_string(), literal(default)?);
        } else if field.ty.is_non_null() {
            return Err(format!(
                "variable {place} lacks the field {name}, which type {ty} needs"
            ));
        }
    }
    Ok(Value::Object(coerced))
}

/// A constant of a document as JSON. Validation has seen that it fits.
pub(super) fn literal(value: &Node<Literal>) -> Result<Value, String> {
    let number = |text: &str| {
        let number = text.parse::<Number>();
        number.map_err(|_| format!("the number {text} is too large"))
    };
    Ok(match &**value {
        Literal::Null => Value::Null,
        Literal::Boolean(value) => Value::Bool(*value),
        Literal::Enum(name) => Value::String(name.to_string()),
        Literal::String(text) => Value::String(text.clone()),
        Literal::Int(int) => Value::Number(number(int.as_str())?),
        Literal::Float(float) => Value::Number(number(float.as_str())?),
        Literal::List(items) => Value::Array(items.iter().map(literal).collect::<Result<_, _>>()?),
        Literal::Object(fields) => {
            let field = |(name, value): &(Name, Node<Literal>)| {
                Ok::<_, String>((name.to_string(), literal(value)?))
            };
            Value::Object(fields.iter().map(field).collect::<Result<_, _>>()?)
        }
        Literal::Variable(name) => return Err(format!("variable `${name}` in a constant")),
    })
}

/// The compiler's JSON value as everybody else's. Nested no deeper than the JSON parser follows.
fn plain(value: &Given) -> Value {
    match value {
        Given::Null => Value::Null,
        Given::Bool(value) => Value::Bool(*value),
        Given::Number(value) => Value::Number(value.clone()),
        Given::String(value) => Value::String(value.as_str().to_owned()),
        Given::Array(items) => Value::Array(items.iter().map(plain).collect()),
        Given::Object(map) => Value::Object(
            map.iter()
                .map(|(key, value)| (key.as_str().to_owned(), plain(value)))
                .collect(),
        ),
    }
}
