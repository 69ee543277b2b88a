//! From YAML text to a [`RouterConfig`], with every mistake reported at once.

use serde_json::Value;
use serde_path_to_error::Segment;

use super::expand::expand;
use super::strict::{Strict, shape};
use super::{ConfigError, Problem, RouterConfig};

/// Reads a configuration. An empty text is the default configuration.
pub(super) fn from_yaml(text: &str) -> Result<RouterConfig, ConfigError> {
    if text.trim().is_empty() {
        return Ok(RouterConfig::default());
    }
    let document: Option<Value> =
        serde_saphyr::from_str(text).map_err(|error| ConfigError::Syntax(error.to_string()))?;
    from_value(document.unwrap_or(Value::Object(serde_json::Map::new())))
}

/// Reads a configuration from a parsed document.
///
/// Deserialization stops at the first mistake. Every key has a default, so the part that is wrong can be taken out
/// and the rest read again, until nothing is left to complain about.
pub(super) fn from_value(mut document: Value) -> Result<RouterConfig, ConfigError> {
    if !document.is_object() {
        return Err(ConfigError::NoMap(shape(&document)));
    }
    let mut problems: Vec<Problem> = expand(&mut document);
    let mut removed = Removed::default();
    loop {
        let error = match serde_path_to_error::deserialize::<_, RouterConfig>(Strict(&document)) {
            Ok(config) => {
                problems.extend(config.contradictions());
                problems.extend(config.tls.subgraph.problems());
                if problems.is_empty() {
                    return Ok(config);
                }
                return Err(ConfigError::Invalid(problems));
            }
            Err(error) => error,
        };
        let path: Vec<Segment> = error.path().iter().cloned().collect();
        let shown = removed.original(&path);
        // What is said of a whole from which a wrong part was taken, is not the author's mistake.
        let follows = problems
            .iter()
            .any(|problem| problem.path == shown || is_directly_inside(&problem.path, &shown));
        if !follows {
            problems.push(Problem {
                path: shown,
                message: error.inner().to_string(),
            });
        }
        if !remove(&mut document, &path, &mut removed) {
            return Err(ConfigError::Invalid(problems));
        }
    }
}

/// The list items that have been taken out: those behind them have moved, but are to be reported by the index that
/// they have in the author's file.
#[derive(Default)]
struct Removed {
    /// The list's path and the item's index, both as in the file.
    items: Vec<(String, usize)>,
}

impl Removed {
    /// The path in the author's file of what is at `path` now.
    fn original(&self, path: &[Segment]) -> String {
        let mut text = String::new();
        for segment in path {
            match segment {
                Segment::Seq { index } => {
                    let index = self.original_index(&text, *index);
                    text.push_str(&format!("[{index}]"));
                }
                // An enum's variant is a key of the file, too.
                Segment::Map { key } | Segment::Enum { variant: key } => {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(key);
                }
                Segment::Unknown => {}
            }
        }
        text
    }

    fn original_index(&self, list: &str, index: usize) -> usize {
        let mut gone: Vec<usize> = self
            .items
            .iter()
            .filter(|(path, _)| path == list)
            .map(|(_, at)| *at)
            .collect();
        gone.sort_unstable();
        let mut original = index;
        for at in gone {
            if at <= original {
                original += 1;
            }
        }
        original
    }
}

fn is_directly_inside(inner: &str, outer: &str) -> bool {
    let Some(rest) = inner.strip_prefix(outer) else {
        return false;
    };
    rest.strip_prefix('.')
        .is_some_and(|key| !key.contains(['.', '[']))
}

/// Takes the value at `path` out of the document, or the innermost existing value above it. False when nothing but
/// the document itself is left to remove.
fn remove(document: &mut Value, path: &[Segment], removed: &mut Removed) -> bool {
    let Some((last, parents)) = path.split_last() else {
        return false;
    };
    let mut parent = Some(&mut *document);
    for segment in parents {
        parent = parent.and_then(|value| step(value, segment));
    }
    let done = match (parent, last) {
        (Some(Value::Object(map)), Segment::Map { key }) => map.shift_remove(key).is_some(),
        (Some(Value::Array(items)), Segment::Seq { index }) if *index < items.len() => {
            items.remove(*index);
            let list = removed.original(parents);
            let original = removed.original_index(&list, *index);
            removed.items.push((list, original));
            true
        }
        _ => false,
    };
    done || remove(document, parents, removed)
}

fn step<'a>(value: &'a mut Value, segment: &Segment) -> Option<&'a mut Value> {
    match (value, segment) {
        (Value::Object(map), Segment::Map { key }) => map.get_mut(key),
        (Value::Array(items), Segment::Seq { index }) => items.get_mut(*index),
        (Value::Object(map), Segment::Enum { variant }) => map.get_mut(variant),
        _ => None,
    }
}
