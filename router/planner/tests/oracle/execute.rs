//! Carries a plan out, the simplest way there is.

use serde_json::{Map, Value, json};
use souk_planner::plan::{
    Condition, EntityGroup, Fetch, IfNull, Inputs, PathSegment, PlanNode, QueryPlan,
    RepresentationField, SelectedValue, Selection,
};

use super::subgraph::{Subgraph, merge};
use super::world::World;

pub struct Executor<'m> {
    pub world: &'m World<'m>,
    pub variables: Map<String, Value>,
}

impl Executor<'_> {
    pub fn run(&self, plan: &QueryPlan) -> Value {
        let mut tree = json!({});
        if let Some(root) = &plan.root {
            self.node(root, &mut tree);
        }
        self.project(&tree, &plan.response)
    }

    fn node(&self, node: &PlanNode, tree: &mut Value) {
        match node {
            PlanNode::Sequence(nodes) | PlanNode::Parallel(nodes) => {
                nodes.iter().for_each(|node| self.node(node, tree));
            }
            PlanNode::Condition { condition, then } => {
                if self.holds(condition) {
                    self.node(then, tree);
                }
            }
            PlanNode::Fetch(fetch) => self.fetch(fetch, tree),
            PlanNode::Subscription { primary, rest } => {
                self.fetch(primary, tree);
                if let Some(rest) = rest {
                    self.node(rest, tree);
                }
            }
        }
    }

    fn fetch(&self, fetch: &Fetch, tree: &mut Value) {
        let subgraphs = &self.world.model.subgraphs;
        let index = subgraphs
            .iter()
            .position(|subgraph| subgraph.name == fetch.subgraph)
            .expect("a subgraph");
        let mut variables = Map::new();
        for name in &fetch.operation.variables {
            variables.insert(name.to_string(), self.variables[name.as_str()].clone());
        }
        let mut found: Vec<Vec<String>> = Vec::new();
        if let Inputs::Entities(groups) = &fetch.inputs {
            for group in groups {
                let (pointers, representations) = self.representations(group, tree);
                found.push(pointers);
                variables.insert(group.variable.to_string(), Value::Array(representations));
            }
        }
        let subgraph = Subgraph {
            world: self.world,
            id: souk_planner::model::SubgraphId(index as u16),
            variables: &variables,
        };
        let mut data = subgraph.answer(&fetch.operation.text);
        match &fetch.inputs {
            Inputs::Root => merge(tree, data),
            Inputs::RootAt(_) => panic!("no field of these schemas leads to the query type"),
            Inputs::Entities(groups) => {
                for (group, pointers) in groups.iter().zip(found) {
                    let entities = data[group.response_key.as_str()].take();
                    let Value::Array(entities) = entities else {
                        panic!("entities expected")
                    };
                    assert_eq!(entities.len(), pointers.len());
                    for (pointer, entity) in pointers.iter().zip(entities) {
                        merge(tree.pointer_mut(pointer).expect("the entity"), entity);
                    }
                }
            }
        }
    }

    fn representations(&self, group: &EntityGroup, tree: &Value) -> (Vec<String>, Vec<Value>) {
        let mut pointers = Vec::new();
        let mut representations = Vec::new();
        if group
            .condition
            .as_ref()
            .is_some_and(|condition| !self.holds(condition))
        {
            return (pointers, representations);
        }
        let mut places = Vec::new();
        walk(tree, &group.path, String::new(), &mut places);
        for (pointer, value) in places {
            let known = value["__typename"].as_str();
            let Some(name) = known.or_else(|| only_type(group)) else {
                panic!("no __typename at {pointer}: {value}");
            };
            let shape = group
                .representations
                .iter()
                .find(|shape| shape.types.iter().any(|ty| ty == name));
            let Some(shape) = shape else { continue };
            let Some(mut representation) = represent(value, &shape.fields) else {
                continue;
            };
            let sent = shape
                .send_typename
                .as_ref()
                .map_or(name, |name| name.as_str());
            representation.insert("__typename".into(), json!(sent));
            pointers.push(pointer);
            representations.push(Value::Object(representation));
        }
        (pointers, representations)
    }

    fn holds(&self, condition: &Condition) -> bool {
        match condition {
            Condition::If(name) => self.variables[name.as_str()] == json!(true),
            Condition::Unless(name) => self.variables[name.as_str()] == json!(false),
            Condition::All(all) => all.iter().all(|condition| self.holds(condition)),
            Condition::Any(any) => any.iter().any(|condition| self.holds(condition)),
        }
    }

    fn project(&self, value: &Value, selection: &Selection) -> Value {
        let mut data = Map::new();
        for field in &selection.fields {
            if field
                .condition
                .as_ref()
                .is_some_and(|condition| !self.holds(condition))
            {
                continue;
            }
            if let Some(types) = &field.types {
                let name = value["__typename"]
                    .as_str()
                    .unwrap_or_else(|| panic!("no __typename in {value}"));
                if !types.iter().any(|ty| ty == name) {
                    continue;
                }
            }
            let key = field.response_key.to_string();
            assert!(!data.contains_key(&key), "{key} twice");
            let found = value.get(field.source_key.as_str());
            let projected = match &field.value {
                SelectedValue::Typename(Some(name)) => json!(name.as_str()),
                SelectedValue::Composite {
                    possible,
                    selection,
                    ..
                } => {
                    let found = found.unwrap_or_else(|| panic!("{key} is missing in {value}"));
                    self.composite(found, possible, selection)
                }
                _ => found
                    .unwrap_or_else(|| panic!("{key} is missing in {value}"))
                    .clone(),
            };
            data.insert(key, projected);
        }
        Value::Object(data)
    }

    fn composite(
        &self,
        value: &Value,
        possible: &[apollo_compiler::Name],
        selection: &Selection,
    ) -> Value {
        match value {
            Value::Null => Value::Null,
            Value::Array(items) => items
                .iter()
                .map(|item| self.composite(item, possible, selection))
                .collect(),
            _ => {
                if let Some(name) = value["__typename"].as_str() {
                    assert!(
                        possible.iter().any(|ty| ty == name),
                        "{name} is not possible"
                    );
                }
                self.project(value, selection)
            }
        }
    }
}

/// The type of a group's entities, where only one is possible.
fn only_type(group: &EntityGroup) -> Option<&str> {
    match group.representations.as_slice() {
        [shape] if shape.types.len() == 1 => Some(shape.types[0].as_str()),
        _ => None,
    }
}

fn walk<'v>(
    value: &'v Value,
    path: &[PathSegment],
    pointer: String,
    found: &mut Vec<(String, &'v Value)>,
) {
    let Some((first, rest)) = path.split_first() else {
        if value.is_object() {
            found.push((pointer, value));
        }
        return;
    };
    match first {
        PathSegment::Key(key) => {
            if let Some(below) = value.get(key.as_str()) {
                walk(below, rest, format!("{pointer}/{key}"), found);
            }
        }
        PathSegment::Each => {
            for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                walk(item, rest, format!("{pointer}/{index}"), found);
            }
        }
        PathSegment::OnTypes(types) => {
            if types
                .iter()
                .any(|ty| Some(ty.as_str()) == value["__typename"].as_str())
            {
                walk(value, rest, pointer, found);
            }
        }
    }
}

fn represent(value: &Value, fields: &[RepresentationField]) -> Option<Map<String, Value>> {
    let mut representation = Map::new();
    for field in fields {
        if let Some(types) = &field.types
            && !types
                .iter()
                .any(|ty| Some(ty.as_str()) == value["__typename"].as_str())
        {
            continue;
        }
        let found = represent_value(value.get(field.source_key.as_str())?, field)?;
        representation.insert(field.name.to_string(), found);
    }
    Some(representation)
}

fn represent_value(value: &Value, field: &RepresentationField) -> Option<Value> {
    match value {
        Value::Null => (field.if_null == IfNull::Send).then_some(Value::Null),
        Value::Array(items) => items
            .iter()
            .map(|item| represent_value(item, field))
            .collect::<Option<Vec<_>>>()
            .map(Value::Array),
        Value::Object(_) => represent(value, &field.fields).map(Value::Object),
        leaf => Some(leaf.clone()),
    }
}
