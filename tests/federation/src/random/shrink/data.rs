//! Cuts in the data: objects, fields, items of lists, the ways of formulas.

use serde_json::Value;

use crate::data::Object;
use crate::random::sample::Sample;
use crate::random::shrink::Cutter;

pub(super) fn cut(sample: &Sample, number: usize) -> Option<Sample> {
    let mut cutter = Cutter::new(number);
    let mut smaller = sample.clone();
    if cutter.here() {
        drop_unknown(&mut smaller);
    }
    value(&mut cutter, &mut smaller.data);
    cutter.done.then_some(smaller)
}

fn value(cutter: &mut Cutter, found: &mut Value) {
    match found {
        Value::Array(items) => {
            cutter.item(items, false);
            for item in items {
                value(cutter, item);
            }
        }
        Value::Object(fields) => {
            if fields.contains_key("$by") {
                let ways = fields.iter().filter(|(name, _)| *name != "$by");
                let way = ways.map(|(_, way)| way).find(|_| cutter.here()).cloned();
                if let Some(way) = way {
                    *found = way;
                }
                return;
            }
            // Without its type, an object would not be found.
            let names: Vec<String> = fields
                .keys()
                .filter(|name| *name != "__typename")
                .cloned()
                .collect();
            for name in names {
                if cutter.here() {
                    fields.shift_remove(&name);
                    return;
                }
            }
            for (_, field) in fields.iter_mut() {
                value(cutter, field);
            }
        }
        _ => {}
    }
}

/// Drops the fields that are in no schema any more.
fn drop_unknown(sample: &mut Sample) {
    let schemas: Vec<&str> = sample
        .subgraphs
        .iter()
        .map(|(_, sdl)| sdl.as_str())
        .collect();
    let is_known = |name: &str| {
        name == "__typename" || schemas.iter().any(|sdl| sdl.contains(&format!("  {name}")))
    };
    let prune = |fields: &mut Object| fields.retain(|name, _| is_known(name));
    let Some(sections) = sample.data.as_object_mut() else {
        return;
    };
    for (name, section) in sections {
        let Some(section) = section.as_object_mut() else {
            continue;
        };
        if name == "objects" {
            section
                .values_mut()
                .filter_map(Value::as_object_mut)
                .for_each(prune);
        } else {
            prune(section);
        }
    }
}
