//! `QueryPlan` -> the parts of a `PreparedPlan`.

use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::Type;
use souk_planner::plan::{
    Condition, EntityGroup, Fetch, Inputs, PathSegment, PlanNode, QueryPlan, RepresentationField,
    RepresentationShape, SelectedField, SelectedValue, Selection,
};

use super::asked::Questions;
use super::{
    ConditionId, FetchId, FetchStep, Field, FieldValue, Fields, Group, Segment, Shape, ShapeField,
    Step, TypeSet,
};
use crate::symbols::{KeyUse, Symbols};

/// What a plan becomes.
pub(super) struct Compiled {
    pub symbols: Symbols,
    pub root: Option<Step>,
    pub response: Fields,
    pub conditions: Vec<Condition>,
    /// How many there are.
    pub fetches: FetchId,
    pub has_contexts: bool,
}

/// Compiles a plan.
pub(super) fn compile(plan: &QueryPlan) -> Compiled {
    let mut compiler = Compiler {
        symbols: Symbols::new(),
        conditions: Vec::new(),
        fetches: 0,
        has_contexts: false,
    };
    let response = compiler.selection(&plan.response);
    let root = plan.root.as_ref().map(|node| compiler.step(node));
    Compiled {
        symbols: compiler.symbols,
        root,
        response,
        conditions: compiler.conditions,
        fetches: compiler.fetches,
        has_contexts: compiler.has_contexts,
    }
}

pub(super) const LEAF: KeyUse = KeyUse {
    leaf: true,
    composite: false,
};
pub(super) const COMPOSITE: KeyUse = KeyUse {
    leaf: false,
    composite: true,
};

pub(super) struct Compiler {
    pub(super) symbols: Symbols,
    conditions: Vec<Condition>,
    /// How many there are so far.
    fetches: FetchId,
    has_contexts: bool,
}

impl Compiler {
    fn step(&mut self, node: &PlanNode) -> Step {
        match node {
            PlanNode::Sequence(nodes) => {
                Step::Sequence(nodes.iter().map(|node| self.step(node)).collect())
            }
            PlanNode::Parallel(nodes) => {
                Step::Parallel(nodes.iter().map(|node| self.step(node)).collect())
            }
            PlanNode::Fetch(fetch) => Step::Fetch(self.fetch(fetch)),
            PlanNode::Condition { condition, then } => Step::Condition {
                condition: self.condition(condition),
                then: Box::new(self.step(then)),
            },
            PlanNode::Subscription { primary, rest } => Step::Subscription {
                primary: self.fetch(primary),
                rest: rest.as_ref().map(|rest| Box::new(self.step(rest))),
            },
        }
    }

    fn condition(&mut self, condition: &Condition) -> ConditionId {
        let known = self.conditions.iter().position(|known| known == condition);
        let index = known.unwrap_or_else(|| {
            self.conditions.push(condition.clone());
            self.conditions.len() - 1
        });
        index as ConditionId
    }

    fn fetch(&mut self, fetch: &Fetch) -> FetchStep {
        let questions = Questions::read(&fetch.operation.text, &mut self.symbols);
        let (groups, root_at) = match &fetch.inputs {
            Inputs::Root => (Vec::new(), Vec::new()),
            Inputs::RootAt(path) => (Vec::new(), self.path(path)),
            Inputs::Entities(groups) => {
                let groups = groups.iter().map(|group| self.group(group, &questions));
                (groups.collect(), Vec::new())
            }
        };
        let contextual = self.contextual(fetch, &groups).map(Box::new);
        self.has_contexts |= contextual.is_some();
        let id = self.fetches;
        self.fetches += 1;
        FetchStep {
            id,
            subgraph: fetch.subgraph.clone(),
            operation: fetch.operation.clone(),
            groups,
            root_at,
            asked: questions.of_root(&mut self.symbols),
            contextual,
        }
    }

    fn path(&mut self, path: &[PathSegment]) -> Vec<Segment> {
        path.iter().map(|segment| self.segment(segment)).collect()
    }

    fn group(&mut self, group: &EntityGroup, questions: &Questions) -> Group {
        let path = self.path(&group.path);
        let response_key = self.symbols.intern(&group.response_key);
        self.symbols.note_use(response_key, COMPOSITE);
        Group {
            path,
            variable: group.variable.clone(),
            response_key,
            asked: questions.of_entities(&group.response_key, &mut self.symbols),
            shapes: group
                .representations
                .iter()
                .map(|shape| self.shape(shape))
                .collect(),
            condition: group
                .condition
                .as_ref()
                .map(|condition| self.condition(condition)),
        }
    }

    fn segment(&mut self, segment: &PathSegment) -> Segment {
        match segment {
            PathSegment::Key(key) => {
                let key = self.symbols.intern(key);
                self.symbols.note_use(key, COMPOSITE);
                Segment::Key(key)
            }
            PathSegment::Each => Segment::Each,
            PathSegment::OnTypes(types) => Segment::OnTypes(self.types(types)),
        }
    }

    fn shape(&mut self, shape: &RepresentationShape) -> Shape {
        let constant_type = match (&shape.send_typename, &*shape.types) {
            (Some(name), _) | (None, [name]) => Some(name),
            _ => None,
        };
        let start = constant_type.map(|name| format!("{{\"__typename\":\"{name}\""));
        Shape {
            types: self.types(&shape.types),
            send_typename: shape
                .send_typename
                .as_ref()
                .map(|name| name.as_str().into()),
            start: start.map(|start| start.into_bytes().into()),
            fields: shape
                .fields
                .iter()
                .map(|field| self.shape_field(field))
                .collect(),
        }
    }

    fn shape_field(&mut self, field: &RepresentationField) -> ShapeField {
        let source = self.symbols.intern(&field.source_key);
        self.symbols.note_use(
            source,
            if field.fields.is_empty() {
                LEAF
            } else {
                COMPOSITE
            },
        );
        ShapeField {
            source,
            name: field.name.as_str().into(),
            key_text: format!(",\"{}\":", field.name).into_bytes().into(),
            types: field.types.as_ref().map(|types| self.types(types)),
            if_null: field.if_null,
            fields: field
                .fields
                .iter()
                .map(|field| self.shape_field(field))
                .collect(),
        }
    }

    fn types(&mut self, types: &[Name]) -> TypeSet {
        TypeSet::new(types.iter().map(|name| self.symbols.intern(name)).collect())
    }

    fn selection(&mut self, selection: &Selection) -> Fields {
        Fields {
            fields: selection
                .fields
                .iter()
                .map(|field| self.field(field))
                .collect(),
        }
    }

    fn field(&mut self, field: &SelectedField) -> Field {
        let source = self.symbols.intern(&field.source_key);
        let value = match &field.value {
            SelectedValue::Typename(Some(name)) => {
                FieldValue::ConstantTypename(format!("\"{name}\"").into_bytes().into())
            }
            SelectedValue::Typename(None) => FieldValue::Typename,
            SelectedValue::Scalar(scalar) => {
                self.symbols.note_use(source, LEAF);
                FieldValue::Scalar(*scalar)
            }
            SelectedValue::Enum(values) => FieldValue::Enum(values.clone()),
            SelectedValue::Composite {
                possible,
                root,
                selection,
            } => {
                self.symbols.note_use(source, COMPOSITE);
                if let Some(root) = root {
                    let root = self.symbols.intern(root);
                    self.symbols.note_root(source, root);
                }
                FieldValue::Composite {
                    possible: self.types(possible),
                    fields: self.selection(selection),
                }
            }
            SelectedValue::Introspection => FieldValue::Introspection,
            SelectedValue::Denied => FieldValue::Denied,
        };
        Field {
            response_key: Arc::from(field.response_key.as_str()),
            key_text: format!(",\"{}\":", field.response_key).into_bytes().into(),
            source,
            types: field.types.as_ref().map(|types| self.types(types)),
            condition: field
                .condition
                .as_ref()
                .map(|condition| self.condition(condition)),
            non_null: non_null_levels(&field.ty),
            type_name: field.ty.inner_named_type().clone(),
            value,
        }
    }
}

/// From the outermost list level to the innermost type.
fn non_null_levels(ty: &Type) -> Box<[bool]> {
    let mut levels = Vec::with_capacity(2);
    let mut ty = ty;
    loop {
        levels.push(ty.is_non_null());
        match ty {
            Type::List(inner) | Type::NonNullList(inner) => ty = inner,
            Type::Named(_) | Type::NonNullNamed(_) => return levels.into(),
        }
    }
}
