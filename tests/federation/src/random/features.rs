//! What a random graph and a random operation on it have: lest the generator should quietly stop making some of it.

use std::collections::{BTreeMap, BTreeSet};

use crate::random::sample::Sample;

/// The features that there are, and whether the sample has them.
pub(super) fn features_of(sample: &Sample) -> BTreeMap<&'static str, bool> {
    let mut features = BTreeMap::new();
    for (_, sdl) in &sample.subgraphs {
        // The link at the top names every directive.
        for line in sdl.lines().filter(|line| !line.contains("\"@")) {
            note(&mut features, of_line(line));
        }
    }
    note(&mut features, of_all_schemas(&sample.subgraphs));
    let data = sample.data.to_string();
    note(
        &mut features,
        [
            ("a null", data.contains("null")),
            ("an error", data.contains("$error")),
            ("an empty list", data.contains("[]")),
        ],
    );
    note(&mut features, of_operation(sample));
    features
}

fn note(
    features: &mut BTreeMap<&'static str, bool>,
    found: impl IntoIterator<Item = (&'static str, bool)>,
) {
    for (feature, holds) in found {
        *features.entry(feature).or_default() |= holds;
    }
}

/// What a line of a subgraph's schema has: a type's head, or a field.
fn of_line(line: &str) -> impl IntoIterator<Item = (&'static str, bool)> {
    let has = |text: &str| line.contains(text);
    let is_interface = line.starts_with("interface ");
    let is_protected = ["@authenticated", "@requiresScopes", "@policy"]
        .iter()
        .any(|directive| has(directive));
    let required = argument(line, "@requires(fields: ");
    let provided = argument(line, "@provides(fields: ");
    [
        ("a key of one field", has("@key(fields: \"id\"")),
        ("a key of two fields", has("@key(fields: \"group part\"")),
        ("a nested key", has("@key(fields: \"ref { code }\"")),
        ("a key with another entity in it", has("owner { id }\"")),
        ("several keys", line.matches("@key").count() > 1),
        ("a key to refer by alone", has("resolvable: false")),
        (
            "a required leaf",
            !required.is_empty() && !required.contains('{'),
        ),
        ("a required field of an object", required.contains('{')),
        (
            "a required field of an abstract type",
            required.contains("... on"),
        ),
        ("a required field with arguments", required.contains('(')),
        ("what requires is required", required.contains("made")),
        (
            "a provided leaf",
            !provided.is_empty() && !provided.contains('{'),
        ),
        ("a provided field of an object", is_nested(provided)),
        (
            "a provided field of an abstract type",
            provided.contains("... on"),
        ),
        (
            "a field that several resolve",
            has("@shareable") && has(":"),
        ),
        ("an interface", is_interface),
        ("an interface with a key", is_interface && has("@key")),
        (
            "an interface that implements another",
            is_interface && has(" implements "),
        ),
        ("an interface object", has("@interfaceObject {")),
        (
            "a type with two interfaces",
            has("implements") && has(" & "),
        ),
        ("a union", line.starts_with("union ")),
        ("an override", has("@override") && !has("label")),
        ("an override for some requests", has("label: ")),
        ("a mutation", line.starts_with("type Mutation")),
        ("a list", has(": [") && !has(": [[")),
        (
            "a list of lists",
            has("): [[") || (has(": [[") && !has("(")),
        ),
        ("a field that clients do not see", has("@inaccessible")),
        ("a deprecated field", has("@deprecated")),
        (
            "a protected type",
            is_protected && line.starts_with("type "),
        ),
        ("a protected field", is_protected && line.starts_with("  ")),
        (
            "a protected enum or scalar",
            is_protected && (line.starts_with("enum ") || line.starts_with("scalar ")),
        ),
        ("an argument that not all have", has("extra: Boolean")),
        ("a field that is never null", line.ends_with('!')),
    ]
}

/// What shows only when the subgraphs are put side by side.
fn of_all_schemas(
    subgraphs: &[(String, String)],
) -> impl IntoIterator<Item = (&'static str, bool)> {
    let mut members: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    let mut implementers: BTreeMap<String, BTreeSet<Vec<&str>>> = BTreeMap::new();
    let mut types: BTreeMap<(&str, &str), BTreeSet<&str>> = BTreeMap::new();
    let mut homes: BTreeMap<&str, usize> = BTreeMap::new();
    for (_, sdl) in subgraphs {
        let mut here: BTreeMap<String, Vec<&str>> = BTreeMap::new();
        let mut owner = "";
        for line in sdl.lines() {
            if let Some((union, rest)) =
                line.split_once(" = ").filter(|_| line.starts_with("union"))
            {
                members.entry(union).or_default().insert(rest);
            } else if let Some(head) = line.strip_prefix("type ") {
                owner = head.split(' ').next().unwrap_or_default();
                *homes.entry(owner).or_default() += 1;
                for interface in ["I0", "I1"] {
                    if head.contains(&format!(" {interface}")) {
                        here.entry(interface.to_owned()).or_default().push(owner);
                    }
                }
            } else if let Some((field, ty)) = line.rsplit_once(": ").filter(|_| !line.contains('@'))
            {
                let field = field.split('(').next().unwrap_or_default();
                types.entry((owner, field)).or_default().insert(ty);
            }
        }
        for (interface, types) in here {
            implementers.entry(interface).or_default().insert(types);
        }
    }
    let interfaces = subgraphs.iter().flat_map(|(_, sdl)| {
        let blocks = sdl.split("\ninterface ").skip(1);
        blocks.map(|block| block.split("\n}").next().unwrap_or_default())
    });
    let differs = |with: &str, without: &str| {
        let has = |text: &str| subgraphs.iter().any(|(_, sdl)| sdl.contains(text));
        has(with) && has(without)
    };
    [
        (
            "a union whose members differ",
            members.values().any(|all| all.len() > 1),
        ),
        (
            "an interface with a field of objects",
            interfaces.into_iter().any(|block| block.contains("  to")),
        ),
        (
            "an interface whose types differ",
            implementers.values().any(|all| all.len() > 1),
        ),
        (
            "a field that may be null somewhere only",
            types.values().any(|all| all.len() > 1),
        ),
        (
            "an entity in three subgraphs",
            homes
                .iter()
                .any(|(ty, count)| ty.starts_with('E') && *count > 2),
        ),
        (
            "an object whose fields are split",
            homes.contains_key("Split"),
        ),
        ("an enum whose values differ", differs("BAD }", "MIXED }")),
        (
            "an input object whose fields differ",
            differs("Filter }", "extra: Int }"),
        ),
    ]
}

/// What the operation asks for.
fn of_operation(sample: &Sample) -> impl IntoIterator<Item = (&'static str, bool)> {
    let operation = &sample.operation;
    let lines = || sample.subgraphs.iter().flat_map(|(_, sdl)| sdl.lines());
    let asks_for = |directive: &str| {
        let mut fields = lines().filter(|line| line.contains(directive));
        fields.any(|line| {
            let line = line.trim_start();
            let name = line.find(['(', ':']).map_or("", |end| &line[..end]);
            let mut words = operation.split(|letter: char| !letter.is_alphanumeric());
            words.any(|word| word == name)
        })
    };
    [
        ("asking for a field that requires", asks_for(" @requires(")),
        ("asking for a field that provides", asks_for(" @provides(")),
        ("asking for a field that overrides", asks_for(" @override(")),
        ("asking an interface object", operation.contains("OfGuest")),
        ("asking a union", operation.contains("toU0")),
        ("asking an interface", operation.contains("toI0")),
        ("a mutating operation", operation.starts_with("mutation")),
        (
            "a condition",
            operation.contains("@skip") || operation.contains("@include"),
        ),
        ("a named fragment", operation.contains("\nfragment ")),
        ("an inline fragment", operation.contains("... on ")),
        ("a variable", !sample.variables.is_empty()),
    ]
}

/// A directive's argument in quotes; empty if the line does not have it.
fn argument<'a>(line: &'a str, directive: &str) -> &'a str {
    let found = line.split_once(directive);
    found.map_or("", |(_, rest)| rest.split('"').nth(1).unwrap_or_default())
}

/// Whether a field set selects below a field: braces that are not a fragment's.
fn is_nested(set: &str) -> bool {
    set.matches('{').count() > set.matches("... on").count()
}
