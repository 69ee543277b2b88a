//! Whether every path of the API schema can be resolved, and with the same answer whoever is asked.
//!
//! The search walks the paths that operations can take over the planner's graph of (type, subgraph)
//! nodes. A [`Position`] is a runtime type together with all nodes where a value of it may have been
//! found; from there entity moves reach further subgraphs, and each field of the type must be
//! resolved by one of them. Positions seen before are not walked again, so the search ends although
//! the paths do not.

mod contexts;
mod explain;
mod runtime_types;

use crate::code;
use crate::diagnostics::Diagnostics;
use crate::message::Location;
use crate::subgraph::{Subgraph, field_of};
use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};
use contexts::{Available, Contexts};
use explain::Explain;
use souk_planner::Supergraph;
use souk_planner::graph::NodeId;
use souk_planner::model::TypeId;
use souk_planner::reach::Reach;
use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

/// The node sets from which each type has been walked, and what was available there.
type Seen = HashMap<TypeId, Vec<(BTreeSet<NodeId>, Available)>>;

/// A value on some path: what it is, and where it may have been found.
#[derive(Debug, Clone)]
struct Position {
    /// An object type.
    ty: TypeId,
    /// The value may have been found at any of these nodes; never empty.
    nodes: BTreeSet<NodeId>,
    /// What the path can fill in from contexts.
    available: Available,
    /// How the path came here.
    step: Option<Step>,
    /// The kind of operation that the path belongs to.
    operation: OperationType,
}

/// The last step of a path.
#[derive(Debug, Clone)]
struct Step {
    /// Index of the position before.
    from: usize,
    field: Name,
    /// Set when the field's type is abstract.
    condition: Option<Name>,
}

/// Checks a supergraph, reporting each field that some path cannot resolve, with the shortest such
/// path, and each that subgraphs could resolve to values of different types.
pub(crate) fn check(supergraph_sdl: &str, subgraphs: &[Subgraph], diagnostics: &mut Diagnostics) {
    let supergraph = match Supergraph::parse(supergraph_sdl) {
        Ok(supergraph) => supergraph,
        Err(error) => {
            diagnostics.error(
                code::INVALID_GRAPHQL,
                format!("the supergraph is not valid: {error}"),
                Vec::new(),
            );
            return;
        }
    };
    let mut walk = Walk {
        supergraph: &supergraph,
        subgraphs,
        contexts: Contexts::of(&supergraph, subgraphs),
        reach: Reach::new(&supergraph),
        positions: Vec::new(),
        queue: VecDeque::new(),
        seen: HashMap::new(),
        reported: HashSet::new(),
        diagnostics,
    };
    walk.start();
    while let Some(index) = walk.queue.pop_front() {
        walk.visit(index);
    }
    let seen = walk.seen;
    runtime_types::check(&supergraph, subgraphs, &seen, diagnostics);
}

struct Walk<'a> {
    supergraph: &'a Supergraph,
    subgraphs: &'a [Subgraph],
    contexts: Contexts,
    reach: Reach<'a>,
    positions: Vec<Position>,
    queue: VecDeque<usize>,
    seen: Seen,
    reported: HashSet<(TypeId, Name)>,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> Walk<'a> {
    fn start(&mut self) {
        let model = self.supergraph.model();
        for operation in [
            OperationType::Query,
            OperationType::Mutation,
            OperationType::Subscription,
        ] {
            let roots = self.supergraph.graph().roots(model, operation);
            if let Some(ty) = model.root(operation) {
                self.enqueue(Position {
                    ty,
                    nodes: roots.into_iter().collect(),
                    available: Available::new(),
                    step: None,
                    operation,
                });
            }
        }
    }

    /// Adds a position, unless the type has been walked from some of the same nodes with some of the
    /// same contexts: what can be resolved from less can be resolved from more.
    fn enqueue(&mut self, position: Position) {
        if position.nodes.is_empty() {
            return;
        }
        let seen = self.seen.entry(position.ty).or_default();
        let is_walked = seen.iter().any(|(nodes, available)| {
            nodes.is_subset(&position.nodes) && available.is_subset(&position.available)
        });
        if is_walked {
            return;
        }
        seen.push((position.nodes.clone(), position.available.clone()));
        self.queue.push_back(self.positions.len());
        self.positions.push(position);
    }

    fn visit(&mut self, index: usize) {
        let position = self.positions[index].clone();
        let type_name = &self.supergraph.model().ty(position.ty).name;
        let Some(ExtendedType::Object(object)) = self.supergraph.api_schema().types.get(type_name)
        else {
            return;
        };
        let nodes = self.reach.closure(position.ty, &position.nodes);
        let below = self.contexts.below(
            self.supergraph,
            &mut self.reach,
            position.ty,
            &nodes,
            &position.available,
        );
        let graph = self.supergraph.graph();
        self.check_typename(index, &nodes);
        for (name, field) in &object.fields {
            let contexts = &self.contexts;
            let may_resolve = |node| {
                contexts
                    .missing(graph, node, name, &position.available)
                    .is_empty()
            };
            let choices = if contexts.is_empty() {
                self.reach.field(position.ty, &nodes, name)
            } else {
                self.reach.field_at(position.ty, &nodes, name, &may_resolve)
            };
            if choices.is_empty() {
                if self.reported.insert((position.ty, name.clone())) {
                    let reasons = self.explain().reasons(&position, name, &nodes);
                    self.report(index, type_name, name, &reasons);
                }
                continue;
            }
            for targets in choices {
                self.follow(index, name, field, &targets, &below);
            }
        }
    }

    /// A value that only interface objects stand for could be of any of the interface's types. Each
    /// interface is reported once, although every type of it is a position of its own.
    fn check_typename(&mut self, index: usize, nodes: &BTreeSet<NodeId>) {
        let graph = self.supergraph.graph();
        let mut known_as = nodes.iter().map(|node| graph.node(*node));
        let Some(first) = known_as.clone().next() else {
            return;
        };
        let typename = Name::new_static_unchecked("__typename");
        if known_as.all(|node| node.interface_object)
            && self.reported.insert((first.ty, typename.clone()))
        {
            let ty = self.supergraph.model().ty(first.ty).name.clone();
            let position = self.positions[index].clone();
            let reasons = self.explain().typename_reasons(&position, nodes);
            self.report(index, &ty, &typename, &reasons);
        }
    }

    /// Goes on from the value of a field, as each object type that it can be.
    fn follow(
        &mut self,
        from: usize,
        name: &Name,
        field: &FieldDefinition,
        targets: &BTreeSet<NodeId>,
        available: &Available,
    ) {
        let model = self.supergraph.model();
        let Some(declared) = model.type_id(field.ty.inner_named_type()) else {
            return;
        };
        for possible in &model.ty(declared).possible {
            let object = &model.ty(*possible).name;
            if !self.supergraph.api_schema().types.contains_key(object) {
                continue;
            }
            let nodes = self.reach.narrow(targets, *possible);
            let condition = (*possible != declared).then(|| object.clone());
            self.enqueue(Position {
                ty: *possible,
                nodes,
                available: available.clone(),
                step: Some(Step {
                    from,
                    field: name.clone(),
                    condition,
                }),
                operation: self.positions[from].operation,
            });
        }
    }

    fn explain(&mut self) -> Explain<'_, 'a> {
        Explain {
            supergraph: self.supergraph,
            contexts: &self.contexts,
            reach: &mut self.reach,
        }
    }

    fn report(&mut self, index: usize, ty: &Name, field: &Name, reasons: &[String]) {
        let operation = explain::operation(&self.positions, index, field);
        self.diagnostics.error(
            code::SATISFIABILITY_ERROR,
            format!(
                "no plan can resolve \"{ty}.{field}\" in this operation:\n{operation}\n\
                 because\n{}",
                reasons
                    .iter()
                    .map(|reason| format!("- {reason}"))
                    .collect::<Vec<_>>()
                    .join("\n")
            ),
            self.locations(ty, field),
        );
    }

    /// Where the subgraphs define the field; the type, when the field is none of their own.
    fn locations(&self, ty: &Name, field: &Name) -> Vec<Location> {
        let mut locations = Vec::new();
        for subgraph in self.subgraphs {
            let Some(definition) = subgraph.schema.types.get(ty) else {
                continue;
            };
            if field == "__typename" {
                locations.extend(subgraph.locate(definition.name().location()));
            } else if let Some(field) = field_of(definition, field) {
                locations.extend(subgraph.locate(field.location()));
            }
        }
        locations
    }
}
