//! Values that depend on arguments or on other fields of the object.
//!
//! | in `data.json` | is |
//! |---|---|
//! | `{"$error": "no price", "$code": "NO_PRICE"}` | a field error |
//! | `{"$by": "id", "1": …, "otherwise": …}` | the value for an argument |
//! | `{"$template": "{name} for {price(currency: \"EUR\")}"}` | text made of other fields; `{$id}` is an argument |
//! | `{"$sum": ["weight", "box.weight"]}` | the sum of other fields |
//! | `{"$arguments": true}` | the arguments, as JSON text unless the field is a custom scalar |

use serde_json::Value;

use crate::data::Object;

/// How a formula is worked out.
#[derive(Debug)]
pub(crate) enum Formula<'a> {
    /// The field fails.
    Error {
        message: &'a str,
        code: Option<&'a str>,
    },
    /// Another value, by argument.
    By(Value),
    /// Text with other fields in it.
    Template(&'a str),
    /// The sum of other fields.
    Sum(&'a [Value]),
    /// The arguments themselves.
    Arguments,
}

impl Formula<'_> {
    /// The formula that a value is, given the field's arguments.
    pub fn of<'a>(value: &'a Value, arguments: &Object) -> Option<Formula<'a>> {
        let object = value.as_object()?;
        if let Some(message) = object.get("$error") {
            let code = object.get("$code").and_then(Value::as_str);
            let message = message.as_str().expect("an error's message is a string");
            return Some(Formula::Error { message, code });
        }
        if let Some(argument) = object.get("$by") {
            let argument = argument.as_str().expect("$by names an argument");
            let given = text(arguments.get(argument).unwrap_or(&Value::Null));
            let chosen = object.get(&given).or_else(|| object.get("otherwise"));
            return Some(Formula::By(chosen.cloned().unwrap_or(Value::Null)));
        }
        if let Some(template) = object.get("$template") {
            return template.as_str().map(Formula::Template);
        }
        if let Some(terms) = object.get("$sum") {
            return terms.as_array().map(|terms| Formula::Sum(terms));
        }
        object.get("$arguments").map(|_| Formula::Arguments)
    }
}

/// One step of a path such as `price(currency: "EUR").amount`.
pub(crate) struct Step {
    pub name: String,
    pub arguments: Object,
}

/// Takes a path apart.
pub(crate) fn steps(path: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = path.trim();
    while !rest.is_empty() {
        let end = rest.find(['.', '(']).unwrap_or(rest.len());
        let name = rest[..end].trim().to_owned();
        rest = &rest[end..];
        let mut arguments = Object::new();
        if let Some(inside) = rest.strip_prefix('(') {
            let close = inside.find(')').expect("a closing parenthesis");
            for argument in inside[..close].split(',') {
                let (name, value) = argument.split_once(':').expect("name: value");
                let value = serde_json::from_str(value.trim()).expect("an argument in JSON");
                arguments.insert(name.trim().to_owned(), value);
            }
            rest = &inside[close + 1..];
        }
        steps.push(Step { name, arguments });
        rest = rest.strip_prefix('.').unwrap_or(rest);
    }
    steps
}

/// A value as a template shows it: strings bare, lists joined by `+`.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join("+"),
        other => other.to_string(),
    }
}

/// Fills a template: `{path}` is what `look_up` finds.
pub(crate) fn fill(
    template: &str,
    mut look_up: impl FnMut(&str) -> Result<Value, String>,
) -> Result<String, String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (path, after) = after.split_once('}').expect("a closing brace");
        filled.push_str(before);
        filled.push_str(&text(&look_up(path)?));
        rest = after;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// The sum of numbers; nulls count for nothing.
pub(crate) fn sum(values: &[Value]) -> Value {
    let mut flat = Vec::new();
    for value in values {
        match value {
            Value::Array(items) => flat.extend(items.iter().cloned()),
            other => flat.push(other.clone()),
        }
    }
    if flat.iter().any(Value::is_f64) {
        return Value::from(flat.iter().filter_map(Value::as_f64).sum::<f64>());
    }
    Value::from(flat.iter().filter_map(Value::as_i64).sum::<i64>())
}
