//! The search: for each field of the tree, the cheapest way through the graph.
//!
//! Fields are placed one after the other, those with the fewest subgraphs to choose from first. For each, `route`
//! finds the cheapest way (A* over the field's ancestors and the graph's nodes, starting from everything that is
//! placed already), and `commit` places it: what is fetched already is free for those that come after. Keys and
//! required fields are goals of their own, so that chains of keys and of `@requires` need no special case.

mod alike;
mod asked;
mod bind;
mod commit;
mod contexts;
mod dijkstra;
mod entrances;
mod index;
mod join;
mod jump;
mod occur;
mod route;
mod shape;
mod start;
mod supply;
mod untold;

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use apollo_compiler::Name;
use apollo_compiler::ast::OperationType;
use apollo_compiler::collections::HashMap;

use crate::error::PlanError;
use crate::graph::{FieldMove, NodeId, Requires};
use crate::guard::Guard;
use crate::model::{SubgraphId, TypeId};
use crate::normalise::NormalSelection;
use crate::reach::Reach;
use crate::scope::Scope;
use crate::supergraph::Supergraph;
use crate::tree::{FieldId, PositionId, Tree};

use entrances::Entrances;
use index::PlaceIndex;
use join::Joins;
use untold::Untold;

pub(crate) use bind::{Bound, add_bound};
pub(crate) use contexts::{BoundContext, ContextSource};
pub(crate) use shape::{Part, Shaped, ShapedField};

/// Search steps before planning is given up.
const BUDGET: u32 = 400_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct PlaceId(pub(crate) u32);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct StepId(pub(crate) u32);

/// Objects of a position as one request fetches them: a selection set of its document.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) position: PositionId,
    pub(crate) node: NodeId,
    /// The step that brings it; the latest, if there are several.
    pub(crate) step: StepId,
    /// Other steps that bring part of its objects.
    pub(crate) beside: Vec<StepId>,
    /// The runtime types the place is limited to; `None` is all objects of the position.
    pub(crate) scope: Option<Scope>,
    pub(crate) origin: Origin,
    /// Further fields (by index) of other places that it hangs below.
    pub(crate) joined: Vec<(PlaceId, usize)>,
    pub(crate) fields: Vec<PlacedField>,
    /// Type conditions below.
    pub(crate) casts: Vec<PlaceId>,
    /// Whether `__typename` is selected.
    pub(crate) typename: bool,
    /// When anything here is needed.
    pub(crate) guard: Guard,
}

/// Where a place hangs.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Origin {
    /// It is the top of its step.
    Step,
    /// Below a field (by index) of another place.
    Field(PlaceId, usize),
    /// A type condition in another place.
    Cast(PlaceId),
}

#[derive(Debug)]
pub(crate) struct PlacedField {
    pub(crate) field: FieldId,
    pub(crate) guard: Guard,
    pub(crate) child: Option<PlaceId>,
}

/// A request to a subgraph before requests are merged: its root fields, or one kind of entity at one position.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) subgraph: SubgraphId,
    /// Mutations: the index of the root field it belongs to. Otherwise 0.
    pub(crate) segment: usize,
    pub(crate) place: PlaceId,
    /// `None` for fields of a root type.
    pub(crate) entity: Option<EntityStep>,
    /// Steps that have to be answered before.
    pub(crate) after: BTreeSet<StepId>,
    /// The selections its representations are made from: placed field by index, or `__typename`.
    inputs: Vec<Input>,
    /// One more than the latest of `after`.
    pub(crate) level: u32,
}

/// A field of a place, by index; `None` is `__typename`.
type Input = (PlaceId, Option<usize>);

/// The part of a step that fetches entities.
#[derive(Debug)]
pub(crate) struct EntityStep {
    pub(crate) requires: Option<Arc<Requires>>,
    /// The key and the required fields, in the tree.
    pub(crate) representation: Vec<Bound>,
    /// Where the contexts that it needs come from.
    pub(crate) contexts: Vec<BoundContext>,
}

/// Something to be placed.
#[derive(Debug, Clone)]
pub(crate) struct Goal {
    pub(crate) position: PositionId,
    pub(crate) wanted: Wanted,
    /// True when it is part of a key, which a subgraph may tell although another resolves the field for clients.
    pub(crate) for_key: bool,
    pub(crate) guard: Guard,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Wanted {
    /// A leaf, or a field by which part of a position's objects are fetched.
    Field(FieldId),
    /// A field that leads to a position with several entries, by way of this node.
    Entry(FieldId, NodeId),
    /// The concrete type of the objects.
    Typename,
    /// The objects themselves, limited to runtime types or not.
    Object(Option<Scope>),
}

impl Wanted {
    fn field(self) -> Option<FieldId> {
        match self {
            Wanted::Field(field) | Wanted::Entry(field, _) => Some(field),
            Wanted::Typename | Wanted::Object(_) => None,
        }
    }
}

/// A field set that an entity move needs: where the move starts, where it leads, and which set it is (a key's index, or
/// the address of a requirement).
type Considered = (PositionId, Option<Scope>, NodeId, usize);

/// Where objects may be found. Each set is one possibility; any node of it may be the one that is asked.
type Possibilities = Arc<[BTreeSet<NodeId>]>;

/// All that is known while an operation is planned, and what is handed to `build` in the end.
pub(crate) struct Search<'m> {
    pub(crate) supergraph: &'m Supergraph,
    pub(crate) kind: OperationType,
    labels: &'m HashSet<Arc<str>>,
    pub(crate) tree: Tree<'m>,
    pub(crate) places: Vec<Place>,
    pub(crate) steps: Vec<Step>,
    index: PlaceIndex,
    /// The latest level at which a subgraph is asked: one more step until then can travel along.
    requests: HashMap<SubgraphId, u32>,
    /// Segment of each root field of a mutation.
    segments: HashMap<FieldId, usize>,
    reach: Reach<'m>,
    /// See [`Search::origins`].
    origins: HashMap<PositionId, Possibilities>,
    /// See [`Search::values_of_all`].
    values: HashMap<(BTreeSet<NodeId>, TypeId, Name), Possibilities>,
    joins: Joins<'m>,
    entrances: Entrances,
    /// See [`Search::alike`].
    alike: HashMap<(Vec<TypeId>, Name), Arc<[Scope]>>,
    /// Empty until all goals are known.
    untold: Untold,
    /// Goals that are known to have a way, or to need none because their objects cannot be there.
    feasible: HashSet<(PositionId, Wanted)>,
    /// A node at which objects of a position are known to be found.
    found: HashMap<PositionId, NodeId>,
    /// Fields that cannot be asked of all objects alike, where these may be found so.
    in_vain: HashSet<(Possibilities, Name)>,
    /// Field sets being considered, innermost last: none may need itself.
    considering: Vec<Considered>,
    /// Field sets being placed, likewise.
    placing: Vec<Considered>,
    /// The outermost of those that something was given up for since the innermost was taken up.
    circle: Option<usize>,
    /// Whether one was given up because so many others were being considered.
    is_too_deep: bool,
    /// What field sets cost, as long as nothing is placed.
    costs: HashMap<Considered, Option<u32>>,
    /// How many goals are being placed for the sake of others.
    nesting: usize,
    budget: u32,
}

impl<'m> Search<'m> {
    /// Places every field of the operation. Returns the finished search and the operation's shape in its tree.
    pub(crate) fn run(
        supergraph: &'m Supergraph,
        kind: OperationType,
        selection: &'m NormalSelection,
        labels: &'m HashSet<Arc<str>>,
    ) -> Result<(Search<'m>, Shaped<'m>), PlanError> {
        let model = supergraph.model();
        let Some(root) = model.root(kind) else {
            return Err(PlanError::Operation(format!(
                "the schema has no {} type",
                kind.name()
            )));
        };
        let mut search = Search {
            supergraph,
            kind,
            labels,
            tree: Tree::new(model, root),
            places: Vec::new(),
            steps: Vec::new(),
            index: PlaceIndex::default(),
            requests: HashMap::default(),
            segments: HashMap::default(),
            reach: Reach::new(supergraph),
            origins: HashMap::default(),
            values: HashMap::default(),
            joins: Joins::default(),
            entrances: Entrances::default(),
            alike: HashMap::default(),
            untold: Untold::default(),
            feasible: HashSet::new(),
            found: HashMap::default(),
            in_vain: HashSet::new(),
            considering: Vec::new(),
            placing: Vec::new(),
            circle: None,
            is_too_deep: false,
            costs: HashMap::default(),
            nesting: 0,
            budget: BUDGET,
        };
        let (shaped, mut goals) = search.shape(selection)?;
        // Whoever reads the shape can tell what is shared in it.
        search.joins = Joins::default();
        // More fields may lead to a position by now than when it was first looked at.
        search.origins.clear();
        search.note_asked(&goals)?;
        goals.sort_by_key(|goal| search.choices(goal));
        search.untold = Untold::new(&search.tree, &goals);
        for goal in &goals {
            search.place_if_it_occurs(goal)?;
        }
        Ok((search, shaped))
    }

    /// Places a goal, unless its objects cannot be there.
    fn place_if_it_occurs(&mut self, goal: &Goal) -> Result<(), PlanError> {
        if goal.guard.is_never() || self.cannot_occur(goal) {
            return Ok(());
        }
        if self.place_goal(goal)?.is_some() || !self.may_occur(goal)? {
            return Ok(());
        }
        if self.is_too_deep {
            return Err(PlanError::TooComplex);
        }
        Err(PlanError::Unresolvable {
            path: self.tree.describe(goal.position, goal.wanted.field()),
        })
    }

    /// In how many ways a goal might be reached, roughly: what has the fewest is placed first.
    fn choices(&self, goal: &Goal) -> usize {
        let Some(id) = goal.wanted.field() else {
            return usize::MAX;
        };
        let field = self.tree.field(id);
        let owner = self.tree.owner(field.position, field.scope);
        let resolvers = self.supergraph.graph().resolvers(owner, &field.name);
        resolvers.len()
    }

    pub(crate) fn place(&self, id: PlaceId) -> &Place {
        &self.places[id.0 as usize]
    }

    /// The steps that bring a place.
    pub(crate) fn steps_of(&self, id: PlaceId) -> impl Iterator<Item = StepId> {
        let place = self.place(id);
        place.beside.iter().copied().chain([place.step])
    }

    pub(crate) fn step(&self, id: StepId) -> &Step {
        &self.steps[id.0 as usize]
    }

    /// True for a request of the operation's own root fields.
    pub(crate) fn is_first(&self, id: StepId) -> bool {
        let step = self.step(id);
        step.entity.is_none() && self.place(step.place).position == Tree::ROOT
    }

    /// The field of the operation's root that a goal is, or is below.
    fn root_field(&self, goal: &Goal) -> Option<FieldId> {
        let above = self.tree.position(goal.position).root_field;
        above.or(goal.wanted.field())
    }

    /// The segment of a mutation's root field; 0 for other operations.
    fn segment(&self, root_field: Option<FieldId>) -> usize {
        let known = root_field.and_then(|field| self.segments.get(&field));
        known.copied().unwrap_or(0)
    }

    /// The move into a field at a node, when it is open to this goal under the labels in force.
    fn field_move(&self, node: NodeId, name: &Name, for_key: bool) -> Option<&'m FieldMove> {
        let found = self.supergraph.graph().field(node, name)?;
        if found.only_in_keys && !for_key {
            return None;
        }
        let open =
            |label: &crate::graph::OverrideLabel| self.labels.contains(&label.label) == label.on;
        found.label.as_ref().is_none_or(open).then_some(found)
    }

    /// Search steps so far.
    pub(crate) fn effort(&self) -> u32 {
        BUDGET - self.budget
    }

    fn spend(&mut self) -> Result<(), PlanError> {
        self.spend_steps(1)
    }

    fn spend_steps(&mut self, steps: usize) -> Result<(), PlanError> {
        let steps = u32::try_from(steps).map_err(|_| PlanError::TooComplex)?;
        let left = self.budget.checked_sub(steps);
        self.budget = left.ok_or(PlanError::TooComplex)?;
        Ok(())
    }
}
