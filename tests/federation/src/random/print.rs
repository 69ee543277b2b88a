//! Writes each subgraph's schema.

use std::fmt::Write;

use crate::random::whole::{Field, FieldHere, Kind, Subgraph, TypeHere, Whole};

const HEADER: &str = r#"extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [
  "@key", "@external", "@requires", "@provides", "@shareable", "@override", "@interfaceObject", "@inaccessible"
])
"#;

/// The end of the header of a graph that is not for everybody.
const PROTECTED: &str = r#", "@authenticated", "@requiresScopes", "@policy"
])"#;

/// What a deprecated field has.
pub(super) const DEPRECATED: &str = " @deprecated(reason: \"old\")";

/// The schemas of a graph's subgraphs, with their names.
pub(crate) fn print(whole: &Whole) -> Vec<(String, String)> {
    let indices = 0..whole.subgraphs.len();
    indices
        .map(|index| {
            let subgraph = &whole.subgraphs[index];
            (
                subgraph.name.clone(),
                print_subgraph(whole, index, subgraph),
            )
        })
        .collect()
}

fn print_subgraph(whole: &Whole, index: usize, subgraph: &Subgraph) -> String {
    let mut sdl = String::new();
    for (name, here) in &subgraph.types {
        object(&mut sdl, whole, subgraph, name, here);
    }
    for name in &subgraph.interfaces {
        interface(&mut sdl, whole, index, name);
    }
    for union in &subgraph.unions {
        let mut members = whole.unions[union].clone();
        members.retain(|member| subgraph.types.contains_key(member));
        let _ = writeln!(sdl, "union {union} = {}", members.join(" | "));
    }
    for (name, definition) in basics(subgraph.more_moods, subgraph.more_filters) {
        if sdl.contains(&format!(": {name}")) || sdl.contains(&format!("[{name}")) {
            let demand = whole.demand(name, "");
            sdl.push_str(&definition.replacen(name, &format!("{name}{demand}"), 1));
        }
    }
    let header = match whole.demands.is_empty() {
        true => HEADER.to_owned(),
        false => HEADER.replace("\n])", PROTECTED),
    };
    format!("{header}\n{sdl}")
}

fn object(sdl: &mut String, whole: &Whole, subgraph: &Subgraph, name: &str, here: &TypeHere) {
    let _ = write!(sdl, "type {name}");
    if let Some(object) = whole.objects.get(name) {
        let mut interfaces = object.interfaces.clone();
        interfaces.retain(|interface| subgraph.interfaces.contains(interface));
        if !interfaces.is_empty() {
            let _ = write!(sdl, " implements {}", interfaces.join(" & "));
        }
        for (key, resolvable) in &here.keys {
            let set = &object.keys[*key].set;
            let resolvable = if *resolvable {
                ""
            } else {
                ", resolvable: false"
            };
            let _ = write!(sdl, " @key(fields: \"{set}\"{resolvable})");
        }
        if object.kind == Kind::Value {
            sdl.push_str(" @shareable");
        }
    }
    if here.interface_object {
        sdl.push_str(" @key(fields: \"id\") @interfaceObject");
    }
    sdl.push_str(&whole.demand(name, ""));
    sdl.push_str(" {\n");
    let in_keys: Vec<&String> = here
        .keys
        .iter()
        .flat_map(|(key, _)| &whole.objects[name].keys[*key].fields)
        .collect();
    for (field, defined) in &here.fields {
        let mut definition = whole.field(name, field).clone();
        if defined.loose {
            definition.ty = definition.ty.nullable();
        }
        if defined.extra {
            definition.arguments.push("extra: Boolean");
        }
        signature(sdl, field, &definition);
        let is_value = whole
            .objects
            .get(name)
            .is_some_and(|it| it.kind == Kind::Value);
        let shareable = defined.shareable && !is_value && !in_keys.contains(&field);
        if definition.hidden && defined.is_resolved() {
            sdl.push_str(" @inaccessible");
        }
        if defined.is_resolved() {
            sdl.push_str(&whole.demand(name, field));
        }
        directives(sdl, defined, shareable);
        sdl.push('\n');
    }
    sdl.push_str("}\n");
}

fn interface(sdl: &mut String, whole: &Whole, subgraph: usize, name: &str) {
    let entity = whole.interfaces[name].entity;
    let _ = write!(sdl, "interface {name}");
    if let Some(extended) = whole.extended(subgraph, name) {
        let _ = write!(sdl, " implements {extended}");
    }
    if entity.is_some_and(|(owner, _)| owner == subgraph) {
        sdl.push_str(" @key(fields: \"id\")");
    }
    sdl.push_str(" {\n");
    for field in whole.interface_fields(subgraph, name) {
        signature(sdl, field, whole.field(name, field));
        sdl.push('\n');
    }
    sdl.push_str("}\n");
}

/// The enums, the scalar and the input object that fields' and arguments' types name, by their names.
pub(super) fn basics(more_moods: bool, more_filters: bool) -> [(&'static str, String); 4] {
    let extra = if more_filters { ", extra: Int" } else { "" };
    let mixed = if more_moods { " MIXED" } else { "" };
    [
        (
            "Filter",
            format!(
                "input Filter {{ n: Int = 1, tags: [String!], color: Color = RED, sub: Filter{extra} }}\n"
            ),
        ),
        ("Color", "enum Color { RED GREEN BLUE }\n".to_owned()),
        ("Mood", format!("enum Mood {{ GOOD BAD{mixed} }}\n")),
        ("Blob", "scalar Blob\n".to_owned()),
    ]
}

pub(super) fn signature(sdl: &mut String, name: &str, field: &Field) {
    let _ = write!(sdl, "  {name}");
    if !field.arguments.is_empty() {
        let _ = write!(sdl, "({})", field.arguments.join(", "));
    }
    let _ = write!(sdl, ": {}", field.ty);
}

fn directives(sdl: &mut String, field: &FieldHere, shareable: bool) {
    if field.external {
        sdl.push_str(" @external");
    }
    if field.deprecated {
        sdl.push_str(DEPRECATED);
    }
    if shareable {
        sdl.push_str(" @shareable");
    }
    for (directive, argument, value) in [
        ("requires", "fields", &field.requires),
        ("provides", "fields", &field.provides),
        ("override", "from", &field.override_from),
    ] {
        if let Some(value) = value {
            let label = match directive == "override" && field.progressive {
                true => ", label: \"percent(50)\"",
                false => "",
            };
            let _ = write!(sdl, " @{directive}({argument}: \"{value}\"{label})");
        }
    }
}
