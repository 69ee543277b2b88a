//! Compares what a client gets with what it may see.

use serde_json::Value;

use crate::hidden::HIDDEN;
use crate::run::WrongKind;

/// The code of the graph's errors for what is denied.
const DENIED: &str = "UNAUTHORIZED_FIELD_OR_TYPE";

/// The answers to one operation.
pub(super) struct Comparison<'a> {
    /// The graph's.
    pub found: &'a Value,
    /// A plain server's.
    pub all: &'a Value,
    /// A plain server's without what is hidden.
    pub allowed: &'a Value,
    /// Whether the graph may have more reasons to deny something than the plain server to hide it.
    pub has_abstract_types: bool,
}

/// Keys and indices.
type Path = Vec<Value>;

impl Comparison<'_> {
    /// What is wrong.
    pub fn problem(&self) -> Option<(WrongKind, String)> {
        if let Some(text) = self.shown() {
            return Some((WrongKind::Shown, text));
        }
        if let Some(text) = self.unexplained() {
            return Some((WrongKind::Unexplained, text));
        }
        Some((WrongKind::Denied, self.denied()?))
    }

    /// What the client gets to know though it is hidden.
    fn shown(&self) -> Option<String> {
        let surplus = surplus(&self.found["data"], &self.allowed["data"], &mut Path::new());
        if let Some(path) = surplus {
            return Some(format!("not for this client: {}", written(&path)));
        }
        let hidden = paths_of(self.allowed, |code| code == HIDDEN);
        let errors = paths_of(self.found, |code| code != DENIED);
        let tells = |path: &&Path| hidden.iter().any(|hidden| begins(hidden, path));
        let path = errors.iter().find(tells)?;
        let text = format!("an error tells of what is hidden: {}", written(path));
        Some(text)
    }

    /// What is kept from the client without an error that says so.
    fn unexplained(&self) -> Option<String> {
        let denials = self.denials();
        let lost = nulls(&self.found["data"], &self.all["data"]);
        let is_explained = |path: &Path| {
            let mut denials = denials.iter();
            denials.any(|denial| begins(denial, path) || is_above(path, denial))
        };
        if let Some(path) = lost.iter().find(|path| !is_explained(path)) {
            return Some(format!("no error says why this is null: {}", written(path)));
        }
        let hidden = paths_of(self.allowed, |code| code == HIDDEN);
        let is_denied = |path: &Path| denials.iter().any(|denial| begins(denial, path));
        let path = hidden.iter().find(|path| !is_denied(path))?;
        let text = format!("no error says that this is denied: {}", written(path));
        Some(text)
    }

    /// What is denied although the client may see it.
    fn denied(&self) -> Option<String> {
        if self.has_abstract_types {
            return None;
        }
        let allowed = &self.allowed["data"];
        let lost = nulls(&self.found["data"], allowed);
        // An object of which nothing may be seen is not fetched, and its null may travel.
        let is_open = |path: &&Path| !has_blank(path.iter().fold(allowed, child));
        let path = lost.iter().find(is_open)?;
        Some(format!("denied without a reason: {}", written(path)))
    }

    /// Where the graph says that something is denied, without the fragment that it may have been denied in.
    fn denials(&self) -> Vec<Path> {
        let mut paths = paths_of(self.found, |code| code == DENIED);
        for path in &mut paths {
            let is_fragment = |step: &mut Value| {
                let step = step.as_str();
                step.is_some_and(|step| step.starts_with("... on "))
            };
            path.pop_if(is_fragment);
        }
        paths
    }
}

/// The paths of a response's errors with certain codes.
fn paths_of(response: &Value, is_meant: impl Fn(&Value) -> bool) -> Vec<Path> {
    let errors = response["errors"].as_array().into_iter().flatten();
    let errors = errors.filter(|error| is_meant(&error["extensions"]["code"]));
    let paths = errors.filter_map(|error| error["path"].as_array());
    paths.cloned().collect()
}

/// Where the first value has something that is not in the second.
fn surplus(found: &Value, allowed: &Value, path: &mut Path) -> Option<Path> {
    match (found, allowed) {
        (Value::Null, _) => None,
        (Value::Object(found), Value::Object(allowed)) if found.keys().eq(allowed.keys()) => {
            let mut pairs = found.iter().zip(allowed.values());
            pairs.find_map(|((key, found), allowed)| {
                below(key.as_str().into(), found, allowed, path)
            })
        }
        (Value::Array(found), Value::Array(allowed)) if found.len() == allowed.len() => {
            let mut pairs = found.iter().zip(allowed).enumerate();
            pairs.find_map(|(index, (found, allowed))| below(index.into(), found, allowed, path))
        }
        _ if found == allowed => None,
        _ => Some(path.clone()),
    }
}

fn below(step: Value, found: &Value, allowed: &Value, path: &mut Path) -> Option<Path> {
    path.push(step);
    let surplus = surplus(found, allowed, path);
    path.pop();
    surplus
}

/// The places where the first value is null and the second is not.
fn nulls(found: &Value, other: &Value) -> Vec<Path> {
    if found.is_null() && !other.is_null() {
        return vec![Path::new()];
    }
    let mut places = Vec::new();
    for (step, found) in children(found) {
        for mut place in nulls(found, child(other, &step)) {
            place.insert(0, step.clone());
            places.push(place);
        }
    }
    places
}

/// Whether there is an object in a value of which nothing is to be seen, though something was asked of it.
fn has_blank(value: &Value) -> bool {
    fn is_blank(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(items) => items.iter().all(is_blank),
            Value::Object(fields) => !fields.is_empty() && fields.values().all(is_blank),
            _ => false,
        }
    }
    let is_composite = value.is_object() || value.is_array();
    is_composite && (is_blank(value) || children(value).any(|(_, child)| has_blank(child)))
}

fn children(value: &Value) -> impl Iterator<Item = (Value, &Value)> {
    let fields = value.as_object().into_iter().flatten();
    let fields = fields.map(|(key, field)| (Value::from(key.as_str()), field));
    let items = value.as_array().into_iter().flatten().enumerate();
    fields.chain(items.map(|(index, item)| (Value::from(index), item)))
}

fn child<'a>(value: &'a Value, step: &Value) -> &'a Value {
    match step {
        Value::String(key) => &value[key.as_str()],
        index => &value[index.as_u64().unwrap_or(u64::MAX) as usize],
    }
}

/// Whether a path begins with another, which may have `@` for every index.
fn begins(with: &[Value], path: &[Value]) -> bool {
    let mut steps = with.iter().zip(path);
    let is_same =
        |(with, step): (&Value, &Value)| with == step || (with == "@" && step.is_number());
    with.len() <= path.len() && steps.all(is_same)
}

/// Whether a denial, which has `@` for every index, is further down than a path.
fn is_above(path: &[Value], denial: &[Value]) -> bool {
    let above = denial.get(..path.len());
    above.is_some_and(|above| begins(above, path))
}

fn written(path: &[Value]) -> String {
    Value::from(path).to_string()
}
