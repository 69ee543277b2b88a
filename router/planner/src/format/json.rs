//! The plan as JSON in Apollo's format, for the tools that show such plans.
//!
//! That format has one `_entities` field per request. Where our plan sends several in one request, each is a `Flatten` of
//! its own here, and those that travel together have the same number under `batch`.

use apollo_compiler::Name;
use serde_json::{Map, Value, json};

use super::keys::{self, Keys};
use crate::plan::{
    Condition, EntityGroup, Fetch, Inputs, PathSegment, PlanNode, QueryPlan, RepresentationField,
    RepresentationShape, SubgraphOperation,
};

impl QueryPlan {
    /// The plan in the format of Apollo's query planner. A fetch whose condition is a disjunction of conjunctions, which
    /// that format cannot say, stands there without the condition.
    pub fn to_json(&self) -> Value {
        let mut writer = Writer {
            keys: Keys::new(&self.response),
            batches: 0,
        };
        let mut plan = Map::new();
        plan.insert("kind".to_owned(), "QueryPlan".into());
        if let Some(root) = &self.root {
            plan.insert("node".to_owned(), writer.node(root));
        }
        Value::Object(plan)
    }
}

struct Writer<'a> {
    keys: Keys<'a>,
    /// Requests so far that have several `_entities` fields.
    batches: u32,
}

impl Writer<'_> {
    fn node(&mut self, node: &PlanNode) -> Value {
        let mut nodes = self.nodes(node);
        match nodes.len() {
            1 => nodes.swap_remove(0),
            _ => object("Parallel", [("nodes", nodes.into())]),
        }
    }

    /// A node as the nodes that may run side by side.
    fn nodes(&mut self, node: &PlanNode) -> Vec<Value> {
        match node {
            PlanNode::Sequence(nodes) => {
                let nodes: Vec<Value> = nodes.iter().map(|node| self.node(node)).collect();
                vec![object("Sequence", [("nodes", nodes.into())])]
            }
            PlanNode::Parallel(nodes) => nodes.iter().flat_map(|node| self.nodes(node)).collect(),
            PlanNode::Fetch(fetch) => self.fetch(fetch),
            PlanNode::Condition { condition, then } => {
                vec![conditional(condition, self.node(then))]
            }
            PlanNode::Subscription { primary, rest } => {
                let primary = self.root_fetch(primary, &[]);
                let mut written = object("Subscription", [("primary", primary)]);
                if let Some(rest) = rest {
                    written["rest"] = self.node(rest);
                }
                vec![written]
            }
        }
    }

    fn fetch(&mut self, fetch: &Fetch) -> Vec<Value> {
        match &fetch.inputs {
            Inputs::Root => vec![self.root_fetch(fetch, &[])],
            Inputs::RootAt(path) => {
                let node = self.root_fetch(fetch, path);
                vec![self.flatten(path, node)]
            }
            Inputs::Entities(groups) => {
                let batch = (groups.len() > 1).then(|| {
                    self.batches += 1;
                    self.batches
                });
                let groups = groups.iter();
                groups
                    .map(|group| {
                        let mut node = self.entities_fetch(fetch, group);
                        if let Some(batch) = batch {
                            node["batch"] = batch.into();
                        }
                        let node = self.flatten(&group.path, node);
                        match &group.condition {
                            Some(condition) => conditional(condition, node),
                            None => node,
                        }
                    })
                    .collect()
            }
        }
    }

    fn flatten(&self, path: &[PathSegment], node: Value) -> Value {
        object(
            "Flatten",
            [("path", self.path(path).into()), ("node", node)],
        )
    }

    fn root_fetch(&self, fetch: &Fetch, path: &[PathSegment]) -> Value {
        let renames = self.keys.renames(path, &fetch.operation.text);
        written(fetch, &fetch.operation, None, &[], &renames)
    }

    fn entities_fetch(&self, fetch: &Fetch, group: &EntityGroup) -> Value {
        let operation = keys::one_group(&fetch.operation, group);
        let requires: Vec<Value> = group.representations.iter().flat_map(requires).collect();
        let mut rewrites = Vec::new();
        for shape in &group.representations {
            input_rewrites(shape, &mut rewrites);
        }
        let renames = self.keys.renames(&group.path, &operation.text);
        let mut node = written(fetch, &operation, Some(requires), &rewrites, &renames);
        let contexts = context_rewrites(group);
        if !contexts.is_empty() {
            node["contextRewrites"] = contexts.into();
        }
        node
    }

    /// `@` is every item of a list; `key|[Type]` goes on for objects of that type only.
    fn path(&self, path: &[PathSegment]) -> Vec<String> {
        let mut written: Vec<String> = Vec::new();
        for (index, segment) in path.iter().enumerate() {
            match segment {
                PathSegment::Key(key) => {
                    let key = self.keys.response_key(&path[..index], key);
                    written.push(key.to_string());
                }
                PathSegment::Each => written.push("@".to_owned()),
                PathSegment::OnTypes(types) => {
                    if let Some(last) = written.last_mut() {
                        last.push_str(&format!("|[{}]", types.join(",")));
                    }
                }
            }
        }
        written
    }
}

fn written(
    fetch: &Fetch,
    operation: &SubgraphOperation,
    requires: Option<Vec<Value>>,
    input_rewrites: &[Value],
    output_rewrites: &[Value],
) -> Value {
    let mut node = json!({ "kind": "Fetch", "serviceName": &*fetch.subgraph });
    if let Some(requires) = requires {
        node["requires"] = requires.into();
    }
    node["variableUsages"] = names(&operation.variables);
    node["operation"] = operation.text.as_str().into();
    node["operationKind"] = operation.kind.name().into();
    if let Some(name) = &operation.name {
        node["operationName"] = name.as_str().into();
    }
    for (key, rewrites) in [
        ("inputRewrites", input_rewrites),
        ("outputRewrites", output_rewrites),
    ] {
        if !rewrites.is_empty() {
            node[key] = rewrites.into();
        }
    }
    node
}

fn object<const N: usize>(kind: &str, entries: [(&str, Value); N]) -> Value {
    let mut object = Map::new();
    object.insert("kind".to_owned(), kind.into());
    let entries = entries.into_iter();
    object.extend(entries.map(|(key, value)| (key.to_owned(), value)));
    Value::Object(object)
}

fn names(names: &[Name]) -> Value {
    names
        .iter()
        .map(|name| Value::from(name.as_str()))
        .collect()
}

/// A node under a condition. Each `Condition` asks for one variable, so conjunctions nest.
fn conditional(condition: &Condition, node: Value) -> Value {
    let ask = |variable: &Name, clause: &str, node: Value| {
        let variable = variable.as_str().into();
        object("Condition", [("condition", variable), (clause, node)])
    };
    match condition {
        Condition::If(variable) => ask(variable, "ifClause", node),
        Condition::Unless(variable) => ask(variable, "elseClause", node),
        Condition::All(conditions) => {
            let inward = conditions.iter().rev();
            inward.fold(node, |node, condition| conditional(condition, node))
        }
        Condition::Any(conditions) => alternatives(conditions, &node).unwrap_or(node),
    }
}

/// A node that any of several single variables asks for: each is asked when those before did not. `None` when there is
/// more to one of them than a variable.
fn alternatives(conditions: &[Condition], node: &Value) -> Option<Value> {
    let mut otherwise: Option<Value> = None;
    for condition in conditions.iter().rev() {
        let (variable, clause, other) = match condition {
            Condition::If(variable) => (variable, "ifClause", "elseClause"),
            Condition::Unless(variable) => (variable, "elseClause", "ifClause"),
            Condition::All(_) | Condition::Any(_) => return None,
        };
        let variable = variable.as_str().into();
        let entries = [("condition", variable), (clause, node.clone())];
        let mut asked = object("Condition", entries);
        if let Some(otherwise) = otherwise {
            asked[other] = otherwise;
        }
        otherwise = Some(asked);
    }
    otherwise
}

fn requires(shape: &RepresentationShape) -> Vec<Value> {
    let types = shape.types.iter();
    types
        .map(|ty| {
            let mut selections = vec![json!({ "kind": "Field", "name": "__typename" })];
            selections.extend(required(&shape.fields));
            on_type(ty, selections)
        })
        .collect()
}

fn required(fields: &[RepresentationField]) -> Vec<Value> {
    let mut written = Vec::new();
    for field in fields {
        let mut selection = json!({ "kind": "Field", "name": field.source_key.as_str() });
        if !field.fields.is_empty() {
            selection["selections"] = required(&field.fields).into();
        }
        match &field.types {
            None => written.push(selection),
            Some(types) => {
                let fragments = types.iter();
                written.extend(fragments.map(|ty| on_type(ty, vec![selection.clone()])));
            }
        }
    }
    written
}

fn on_type(ty: &Name, selections: Vec<Value>) -> Value {
    let condition = ty.as_str().into();
    let entries = [
        ("typeCondition", condition),
        ("selections", selections.into()),
    ];
    object("InlineFragment", entries)
}

/// What turns the selected data into the representations that are sent.
fn input_rewrites(shape: &RepresentationShape, rewrites: &mut Vec<Value>) {
    for ty in &shape.types {
        let at = vec![keys::on(ty)];
        rename_fields(&shape.fields, &at, rewrites);
        if let Some(name) = &shape.send_typename {
            let path = [at, vec!["__typename".to_owned()]].concat();
            let setter = json!({
                "kind": "ValueSetter", "path": path, "setValueTo": name.as_str()
            });
            rewrites.push(setter);
        }
    }
}

/// What the variables of contexts are set to: `..` leads from an entity to the object that it is a field's value of.
fn context_rewrites(group: &EntityGroup) -> Vec<Value> {
    let mut rewrites = Vec::new();
    for context in &group.contexts {
        for source in &context.sources {
            let down = &group.path[source.depth..];
            let steps = down
                .iter()
                .filter(|segment| matches!(segment, PathSegment::Key(_)));
            let mut path: Vec<String> = steps.map(|_| "..".to_owned()).collect();
            path.extend(source.on.as_ref().map(keys::on));
            path.extend(source.keys.iter().map(Name::to_string));
            rewrites.push(keys::renamer(&path, &context.variable));
        }
    }
    rewrites
}

/// Inner fields first, as long as the outer still have the keys of the paths. A key is renamed to another only once that
/// one is free.
fn rename_fields(fields: &[RepresentationField], at: &[String], rewrites: &mut Vec<Value>) {
    let mut waiting: Vec<(String, &Name)> = Vec::new();
    for field in fields {
        let key = field.source_key.to_string();
        let path = [at, std::slice::from_ref(&key)].concat();
        rename_fields(&field.fields, &path, rewrites);
        if field.source_key != field.name && !waiting.contains(&(key.clone(), &field.name)) {
            waiting.push((key, &field.name));
        }
    }
    while !waiting.is_empty() {
        let is_taken = |name: &Name| waiting.iter().any(|(key, _)| key == name.as_str());
        let free = waiting.iter().position(|(_, name)| !is_taken(name));
        let path = |key: &String| [at, std::slice::from_ref(key)].concat();
        match free {
            Some(index) => {
                let (key, name) = waiting.swap_remove(index);
                rewrites.push(keys::renamer(&path(&key), name));
            }
            // Keys that go round in a circle: one of them steps aside.
            None => {
                let aside = format!("{}__aside", waiting[0].0);
                rewrites.push(keys::renamer(&path(&waiting[0].0), &aside));
                waiting[0].0 = aside;
            }
        }
    }
}
