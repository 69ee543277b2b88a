//! The data behind a graph: `data.json`, and `data.<subgraph>.json` where a subgraph says something else.

use serde_json::{Map, Value};

/// A JSON object.
pub(crate) type Object = Map<String, Value>;

/// What a graph, or one subgraph of it, knows.
#[derive(Debug, Clone, Default)]
pub(crate) struct Data {
    all: Object,
}

impl Data {
    /// Reads `data.json`.
    pub fn parse(text: &str) -> Data {
        Data {
            all: serde_json::from_str(text).expect("the data are a JSON object"),
        }
    }

    /// The data that `data.json` would have as this JSON object.
    pub fn of(value: &Value) -> Data {
        Data {
            all: value.as_object().cloned().unwrap_or_default(),
        }
    }

    /// These data, changed field by field as `patch` says. An object that is null in the patch is gone.
    pub fn patched(&self, patch: &Data) -> Data {
        let mut all = self.all.clone();
        for (key, value) in &patch.all {
            match (all.get_mut(key), value) {
                (Some(Value::Object(section)), Value::Object(changes)) if key == "objects" => {
                    for (id, change) in changes {
                        patch_section(section, id, change);
                    }
                }
                _ => patch_section(&mut all, key, value),
            }
        }
        Data { all }
    }

    /// The fields of a root type: `Query`, `Mutation` or `Subscription`, whatever a subgraph calls it.
    pub fn root(&self, operation: &str) -> Object {
        match self.all.get(operation) {
            Some(Value::Object(fields)) => fields.clone(),
            _ => Object::new(),
        }
    }

    /// The object that others refer to by this name.
    pub fn object(&self, name: &str) -> Option<&Object> {
        self.all.get("objects")?.get(name)?.as_object()
    }

    /// Every object that has a name.
    pub fn objects(&self) -> impl Iterator<Item = &Object> {
        let objects = self.all.get("objects").and_then(Value::as_object);
        objects
            .into_iter()
            .flat_map(Map::values)
            .filter_map(Value::as_object)
    }

    /// How the subgraph misbehaves, when it does.
    pub fn fault(&self) -> Option<&str> {
        self.all.get("$fault")?.as_str()
    }

    /// The object that a value stands for: itself, or the one it names.
    pub fn follow<'a>(&'a self, value: &'a Value) -> Option<&'a Object> {
        match value {
            Value::Object(object) => Some(object),
            Value::String(name) => self.object(name),
            _ => None,
        }
    }
}

fn patch_section(section: &mut Object, key: &str, change: &Value) {
    match (section.get_mut(key), change) {
        (_, Value::Null) => {
            section.remove(key);
        }
        (Some(Value::Object(fields)), Value::Object(changes)) => {
            for (field, value) in changes {
                fields.insert(field.clone(), value.clone());
            }
        }
        _ => {
            section.insert(key.to_owned(), change.clone());
        }
    }
}
