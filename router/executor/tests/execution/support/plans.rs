//! Plans made by hand: the fetches are the test's, the shape of the response follows from the operation.

use std::sync::Arc;

use apollo_compiler::ast::OperationType;
use apollo_compiler::executable::{Field, Selection as DocumentSelection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Name, Node, Schema};
use souk_planner::plan::{
    BuiltInScalar, Condition, EntityGroup, Fetch, IfNull, Inputs, PathSegment, PlanNode, QueryPlan,
    RepresentationField, RepresentationShape, SelectedField, SelectedValue, Selection,
    SubgraphOperation,
};

pub fn name(text: &str) -> Name {
    Name::new(text).expect("a GraphQL name")
}

/// The plan of the document's only operation.
pub fn plan(
    schema: &Valid<Schema>,
    document: &Valid<ExecutableDocument>,
    root: Option<PlanNode>,
) -> QueryPlan {
    let operation = document.operations.get(None).expect("one operation");
    let mut response = Selection::default();
    add_fields(
        schema,
        document,
        &operation.selection_set,
        None,
        None,
        &mut response,
    );
    let introspects = response
        .fields
        .iter()
        .any(|field| matches!(field.value, SelectedValue::Introspection));
    QueryPlan {
        kind: operation.operation_type,
        root,
        response,
        introspects,
        denials: Vec::new(),
    }
}

fn add_fields(
    schema: &Valid<Schema>,
    document: &ExecutableDocument,
    set: &SelectionSet,
    types: Option<&Arc<[Name]>>,
    condition: Option<&Condition>,
    into: &mut Selection,
) {
    for selection in &set.selections {
        let condition = match (condition, condition_of(selection)) {
            (known, None) => known.cloned(),
            (None, own) => own,
            (Some(known), Some(own)) => Some(Condition::All(vec![known.clone(), own])),
        };
        let (below, narrowed) = match selection {
            DocumentSelection::Field(field) => {
                into.fields.push(selected(
                    schema,
                    document,
                    set,
                    field,
                    types.cloned(),
                    condition,
                ));
                continue;
            }
            DocumentSelection::InlineFragment(fragment) => {
                let narrowed = fragment
                    .type_condition
                    .as_ref()
                    .map(|ty| possible_types(schema, ty));
                (&fragment.selection_set, narrowed.or_else(|| types.cloned()))
            }
            DocumentSelection::FragmentSpread(spread) => {
                let fragment = &document.fragments[&spread.fragment_name];
                (
                    &fragment.selection_set,
                    Some(possible_types(schema, fragment.type_condition())),
                )
            }
        };
        add_fields(
            schema,
            document,
            below,
            narrowed.as_ref(),
            condition.as_ref(),
            into,
        );
    }
}

fn condition_of(selection: &DocumentSelection) -> Option<Condition> {
    let variable = |directive: &str| {
        let directive = selection.directives().get(directive)?;
        directive
            .specified_argument_by_name("if")?
            .as_variable()
            .cloned()
    };
    variable("include")
        .map(Condition::If)
        .or_else(|| variable("skip").map(Condition::Unless))
}

fn selected(
    schema: &Valid<Schema>,
    document: &ExecutableDocument,
    set: &SelectionSet,
    field: &Node<Field>,
    types: Option<Arc<[Name]>>,
    condition: Option<Condition>,
) -> SelectedField {
    let ty = field.ty().inner_named_type();
    let value = match field.name.as_str() {
        "__schema" | "__type" => SelectedValue::Introspection,
        "__typename" => {
            let is_object = schema.types[&set.ty].is_object();
            SelectedValue::Typename(is_object.then(|| set.ty.clone()))
        }
        _ => match &schema.types[ty] {
            ExtendedType::Scalar(_) => SelectedValue::Scalar(built_in(ty)),
            ExtendedType::Enum(definition) => {
                SelectedValue::Enum(definition.values.keys().cloned().collect())
            }
            _ => {
                let mut selection = Selection::default();
                add_fields(
                    schema,
                    document,
                    &field.selection_set,
                    None,
                    None,
                    &mut selection,
                );
                SelectedValue::Composite {
                    possible: possible_types(schema, ty),
                    root: only_root(schema, ty),
                    selection,
                }
            }
        },
    };
    let key = field.response_key().clone();
    SelectedField {
        response_key: key.clone(),
        source_key: key,
        types,
        condition,
        ty: field.ty().clone(),
        value,
    }
}

fn built_in(ty: &Name) -> Option<BuiltInScalar> {
    match ty.as_str() {
        "Int" => Some(BuiltInScalar::Int),
        "Float" => Some(BuiltInScalar::Float),
        "String" => Some(BuiltInScalar::String),
        "Boolean" => Some(BuiltInScalar::Boolean),
        "ID" => Some(BuiltInScalar::ID),
        _ => None,
    }
}

fn possible_types(schema: &Schema, ty: &Name) -> Arc<[Name]> {
    match &schema.types[ty] {
        ExtendedType::Union(union) => union
            .members
            .iter()
            .map(|member| member.name.clone())
            .collect(),
        ExtendedType::Interface(_) => schema
            .implementers_map()
            .get(ty)
            .map(|found| found.objects.iter().cloned().collect())
            .unwrap_or_default(),
        _ => Arc::from([ty.clone()]),
    }
}

fn only_root(schema: &Schema, ty: &Name) -> Option<Name> {
    let possible = possible_types(schema, ty);
    let definition = &schema.schema_definition;
    let roots = [
        &definition.query,
        &definition.mutation,
        &definition.subscription,
    ];
    let is_root = |ty: &&Name| roots.into_iter().flatten().any(|root| root.name == **ty);
    match *possible.iter().filter(is_root).collect::<Vec<_>>() {
        [root] => Some(root.clone()),
        _ => None,
    }
}

fn fetch(subgraph: &str, text: &str, inputs: Inputs) -> Fetch {
    let kind = match text.split_whitespace().next() {
        Some("mutation") => OperationType::Mutation,
        Some("subscription") => OperationType::Subscription,
        _ => OperationType::Query,
    };
    // Every variable of the text but those of the groups.
    let groups = match &inputs {
        Inputs::Root | Inputs::RootAt(_) => &[][..],
        Inputs::Entities(groups) => groups,
    };
    let header = text.split('{').next().unwrap_or_default();
    let variables = header
        .split('$')
        .skip(1)
        .filter_map(|rest| rest.split(':').next())
        .map(|text| name(text.trim()));
    let variables = variables
        .filter(|variable| groups.iter().all(|group| group.variable != *variable))
        .collect();
    let operation = Arc::new(SubgraphOperation {
        text: text.to_owned(),
        name: None,
        kind,
        variables,
    });
    Fetch {
        subgraph: subgraph.into(),
        operation,
        inputs,
        parts: None,
    }
}

/// A fetch of root fields.
pub fn root(subgraph: &str, text: &str) -> PlanNode {
    PlanNode::Fetch(fetch(subgraph, text, Inputs::Root))
}

/// A fetch of root fields for the objects at a path; see [`group`] for its form.
pub fn root_at(subgraph: &str, path: &str, text: &str) -> PlanNode {
    let path = path.split('.').map(segment).collect();
    PlanNode::Fetch(fetch(subgraph, text, Inputs::RootAt(path)))
}

/// A fetch of entities; `text` must take `$representations`.
pub fn entities(subgraph: &str, path: &str, shapes: &[(&str, &str)], text: &str) -> PlanNode {
    PlanNode::Fetch(fetch(
        subgraph,
        text,
        Inputs::Entities(vec![group("_entities", "representations", path, shapes)]),
    ))
}

/// A fetch of several groups of entities.
pub fn groups(subgraph: &str, groups: Vec<EntityGroup>, text: &str) -> PlanNode {
    PlanNode::Fetch(fetch(subgraph, text, Inputs::Entities(groups)))
}

/// A group. A path is like `users.@.reviews.[Book,Laptop]`; a shape is a type and fields like `id price? owner{id}`,
/// where `?` means that null may be sent.
pub fn group(key: &str, variable: &str, path: &str, shapes: &[(&str, &str)]) -> EntityGroup {
    let shape = |(ty, fields): &(&str, &str)| RepresentationShape {
        types: ty.split('|').map(name).collect(),
        send_typename: None,
        fields: representation_fields(&mut fields.chars().peekable()),
    };
    EntityGroup {
        path: path.split('.').map(segment).collect(),
        variable: name(variable),
        response_key: name(key),
        representations: shapes.iter().map(shape).collect(),
        condition: None,
        contexts: Vec::new(),
    }
}

fn segment(text: &str) -> PathSegment {
    match text.strip_prefix('[') {
        Some(types) => {
            PathSegment::OnTypes(types.trim_end_matches(']').split(',').map(name).collect())
        }
        None if text == "@" => PathSegment::Each,
        None => PathSegment::Key(name(text)),
    }
}

fn representation_fields(
    text: &mut std::iter::Peekable<std::str::Chars>,
) -> Vec<RepresentationField> {
    let mut fields: Vec<RepresentationField> = Vec::new();
    let mut word = String::new();
    loop {
        let next = text.next();
        let ends_word = !next.is_some_and(|letter| letter.is_alphanumeric() || letter == '_');
        if ends_word && !word.is_empty() {
            let name = name(&std::mem::take(&mut word));
            fields.push(RepresentationField {
                source_key: name.clone(),
                name,
                types: None,
                if_null: match next {
                    Some('?') => IfNull::Send,
                    Some('!') => IfNull::Mistake,
                    _ => IfNull::LeaveOut,
                },
                fields: Vec::new(),
            });
        }
        match next {
            None | Some('}') => return fields,
            Some('{') => {
                fields.last_mut().expect("a field before its fields").fields =
                    representation_fields(text);
            }
            Some(letter) if !ends_word => word.push(letter),
            Some(_) => {}
        }
    }
}

pub fn sequence(nodes: impl IntoIterator<Item = PlanNode>) -> PlanNode {
    PlanNode::Sequence(nodes.into_iter().collect())
}

pub fn parallel(nodes: impl IntoIterator<Item = PlanNode>) -> PlanNode {
    PlanNode::Parallel(nodes.into_iter().collect())
}

/// A subscription with the fetches that complete its events.
pub fn subscription(subgraph: &str, text: &str, rest: Option<PlanNode>) -> PlanNode {
    PlanNode::Subscription {
        primary: fetch(subgraph, text, Inputs::Root),
        rest: rest.map(Box::new),
    }
}
