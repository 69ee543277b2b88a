//! Writes the schema of one server that has the whole graph.

use std::fmt::Write;

use crate::random::print::{DEPRECATED, basics, signature};
use crate::random::whole::{FieldHere, Whole};

/// The unsplit schema of a graph that is split into these subgraphs.
///
/// Where subgraphs say different things of one element, it has what Apollo's rules make of them: a field may be null or
/// is deprecated if one of them says so, it has the arguments that all have, an enum that is only answered has the
/// values of all, an input object the fields that all have, and what is inaccessible in one is in none.
pub(crate) fn unsplit(whole: &Whole, subgraphs: &[(String, String)]) -> String {
    let mut sdl = String::new();
    for (name, object) in &whole.objects {
        let _ = write!(sdl, "type {name}");
        if !object.interfaces.is_empty() {
            let _ = write!(sdl, " implements {}", object.interfaces.join(" & "));
        }
        let own: Vec<&String> = object.fields.keys().collect();
        fields(&mut sdl, whole, name, &own);
        for interface in &object.interfaces {
            contributed(&mut sdl, whole, interface);
        }
        sdl.push_str("}\n");
    }
    for (name, interface) in &whole.interfaces {
        let _ = write!(sdl, "interface {name}");
        let mut all = 0..whole.subgraphs.len();
        if let Some(extended) = all.find_map(|index| whole.extended(index, name)) {
            let _ = write!(sdl, " implements {extended}");
        }
        let own: Vec<&String> = interface.fields.iter().collect();
        fields(&mut sdl, whole, name, &own);
        contributed(&mut sdl, whole, name);
        sdl.push_str("}\n");
    }
    for (union, members) in &whole.unions {
        let _ = writeln!(sdl, "union {union} = {}", members.join(" | "));
    }
    let written = |text: &str| subgraphs.iter().any(|(_, sdl)| sdl.contains(text));
    let mut filters = subgraphs
        .iter()
        .filter(|(_, sdl)| sdl.contains("input Filter"));
    let more_filters = filters.all(|(_, sdl)| sdl.contains("extra: Int"));
    for (name, definition) in basics(written("MIXED"), more_filters) {
        if ["enum", "input", "scalar"]
            .iter()
            .any(|kind| written(&format!("{kind} {name}")))
        {
            sdl.push_str(&definition);
        }
    }
    sdl
}

fn fields(sdl: &mut String, whole: &Whole, ty: &str, names: &[&String]) {
    sdl.push_str(" {\n");
    for name in names {
        let mut field = whole.field(ty, name).clone();
        if field.hidden {
            continue;
        }
        if some_have(whole, ty, name, |here| here.loose) {
            field.ty = field.ty.nullable();
        }
        signature(sdl, name, &field);
        if some_have(whole, ty, name, |here| here.deprecated) {
            sdl.push_str(DEPRECATED);
        }
        sdl.push('\n');
    }
}

/// The fields that an interface object gives to an interface and to all that implement it.
fn contributed(sdl: &mut String, whole: &Whole, interface: &str) {
    for (name, field) in &whole.interfaces[interface].contributed {
        signature(sdl, name, field);
        sdl.push('\n');
    }
}

/// Whether some subgraph's field is like this.
fn some_have(whole: &Whole, ty: &str, field: &str, has: impl Fn(&FieldHere) -> bool) -> bool {
    let mut here = whole.subgraphs.iter().filter_map(|it| it.types.get(ty));
    here.any(|here| here.fields.get(field).is_some_and(&has))
}
