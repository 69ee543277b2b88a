//! The keys of the merged tree and the client's: they differ where the planner had to alias.

use apollo_compiler::ast::{Selection as Written, Value};
use apollo_compiler::{Name, Node};
use serde_json::json;

use crate::plan::{
    EntityGroup, PathSegment, SelectedField, SelectedValue, Selection, SubgraphOperation,
};
use crate::text::used::{Fragments, Used, parse};

/// What the client calls the values of the tree.
pub(super) struct Keys<'a> {
    response: &'a Selection,
}

impl<'a> Keys<'a> {
    pub(super) fn new(response: &'a Selection) -> Keys<'a> {
        Keys { response }
    }

    /// The client's key for a key of the tree below a path; the same, where the client did not ask for it.
    pub(super) fn response_key<'k>(&self, above: &[PathSegment], key: &'k Name) -> &'k Name
    where
        'a: 'k,
    {
        let fields = fields(&self.below(above), key);
        fields.first().map_or(key, |field| &field.response_key)
    }

    /// A `KeyRenamer` for each key of an operation's answer that the client calls otherwise. `path` is where the answer
    /// is merged.
    pub(super) fn renames(&self, path: &[PathSegment], operation: &str) -> Vec<serde_json::Value> {
        let mut renames = Vec::new();
        let Some((operation, fragments)) = parse(operation) else {
            return renames;
        };
        let below = self.below(path);
        for selection in &operation.selection_set {
            match selection {
                // The answer is in the entities, which each representation stands for.
                Written::Field(field) if field.name == "_entities" => {
                    rename(
                        &below,
                        &field.selection_set,
                        &fragments,
                        &mut Vec::new(),
                        &mut renames,
                    );
                }
                other => {
                    let alone = std::slice::from_ref(other);
                    rename(&below, alone, &fragments, &mut Vec::new(), &mut renames);
                }
            }
        }
        renames
    }

    fn below(&self, path: &[PathSegment]) -> Vec<&'a Selection> {
        let mut selections = vec![self.response];
        for segment in path {
            if let PathSegment::Key(key) = segment {
                selections = values(&fields(&selections, key));
            }
        }
        selections
    }
}

fn fields<'a>(selections: &[&'a Selection], key: &Name) -> Vec<&'a SelectedField> {
    let fields = selections.iter().flat_map(|selection| &selection.fields);
    fields
        .filter(|field| field.source_key == *key && is_data(field))
        .collect()
}

/// `__typename` keeps its name in the tree, whatever the client calls it.
fn is_data(field: &SelectedField) -> bool {
    !matches!(
        field.value,
        SelectedValue::Typename(_) | SelectedValue::Introspection
    )
}

fn values<'a>(fields: &[&'a SelectedField]) -> Vec<&'a Selection> {
    let fields = fields.iter();
    fields
        .filter_map(|field| match &field.value {
            SelectedValue::Composite { selection, .. } => Some(selection),
            _ => None,
        })
        .collect()
}

fn rename(
    client: &[&Selection],
    written: &[Written],
    fragments: &Fragments,
    path: &mut Vec<String>,
    renames: &mut Vec<serde_json::Value>,
) {
    for selection in written {
        match selection {
            Written::Field(field) => {
                let key = field.response_name();
                let asked = fields(client, key);
                path.push(key.to_string());
                rename(
                    &values(&asked),
                    &field.selection_set,
                    fragments,
                    path,
                    renames,
                );
                if let Some(asked) = asked.first()
                    && asked.response_key != *key
                {
                    renames.push(renamer(path, &asked.response_key));
                }
                path.pop();
            }
            Written::InlineFragment(fragment) => {
                let condition = fragment.type_condition.as_ref();
                path.extend(condition.map(on));
                rename(client, &fragment.selection_set, fragments, path, renames);
                path.truncate(path.len() - usize::from(condition.is_some()));
            }
            Written::FragmentSpread(spread) => {
                if let Some(fragment) = fragments.get(&spread.fragment_name) {
                    rename(client, &fragment.selection_set, fragments, path, renames);
                }
            }
        }
    }
}

/// The step of a rewrite's path into objects of a type.
pub(super) fn on(ty: &Name) -> String {
    format!("... on {ty}")
}

pub(super) fn renamer(path: &[String], name: &str) -> serde_json::Value {
    json!({ "kind": "KeyRenamer", "path": path, "renameKeyTo": name })
}

/// The operation of a request, with the one `_entities` field of a group only, as if it were sent alone.
pub(super) fn one_group(operation: &SubgraphOperation, group: &EntityGroup) -> SubgraphOperation {
    let field = |selection: &Written| match selection {
        Written::Field(field) if *field.response_name() == group.response_key => {
            Some(field.clone())
        }
        _ => None,
    };
    let parsed = parse(&operation.text);
    let found = parsed.and_then(|(parsed, fragments)| {
        let field = parsed.selection_set.iter().find_map(field)?;
        Some((parsed, fragments, field))
    });
    let Some((mut parsed, fragments, mut field)) =
        found.filter(|_| group.response_key != "_entities")
    else {
        return operation.clone();
    };
    let wanted = Name::new_static_unchecked("representations");
    let variable = match operation.variables.contains(&wanted) {
        true => group.variable.clone(),
        false => wanted,
    };
    let alone = field.make_mut();
    alone.alias = None;
    for argument in &mut alone.arguments {
        argument.make_mut().value = Node::new(Value::Variable(variable.clone()));
    }
    let mut used = Used::default();
    used.note(&alone.selection_set, &fragments);
    let mut variables = operation.variables.clone();
    variables.retain(|name| used.variables.contains(name));
    let mut definitions = std::mem::take(&mut parsed.variables);
    definitions.retain(|known| known.name == group.variable || variables.contains(&known.name));
    for definition in &mut definitions {
        if definition.name == group.variable {
            definition.make_mut().name = variable.clone();
        }
    }
    parsed.variables = definitions;
    parsed.selection_set = vec![Written::Field(field)];
    let mut text = parsed.serialize().no_indent().to_string();
    for fragment in used.fragments.iter().filter_map(|name| fragments.get(name)) {
        text.push(' ');
        text.push_str(&fragment.serialize().no_indent().to_string());
    }
    SubgraphOperation {
        text,
        variables,
        ..operation.clone()
    }
}
