//! Places by what is asked of them, so that an operation's many fields do not each look at all of its places.

use apollo_compiler::collections::HashMap;

use super::PlaceId;
use crate::graph::NodeId;
use crate::scope::Scope;
use crate::tree::{FieldId, PositionId};

/// The objects of a position, all or those of some runtime types.
pub(super) type Spot = (PositionId, Option<Scope>);

/// Where a place is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Listed {
    /// The level of its step.
    pub(super) level: u32,
    pub(super) node: NodeId,
    pub(super) place: PlaceId,
}

#[derive(Debug, Default)]
pub(super) struct PlaceIndex {
    spots: HashMap<Spot, Vec<Listed>>,
    nodes: HashMap<(Spot, NodeId), Vec<PlaceId>>,
    values: HashMap<PositionId, Vec<PlaceId>>,
    selections: HashMap<FieldId, Vec<(PlaceId, usize)>>,
}

impl PlaceIndex {
    /// Lists a place. `is_value` says that its objects were fetched as a field's value.
    pub(super) fn add(&mut self, spot: Spot, listed: Listed, is_value: bool) {
        let spots = self.spots.entry(spot).or_default();
        let index = spots.partition_point(|known| *known < listed);
        spots.insert(index, listed);
        let nodes = self.nodes.entry((spot, listed.node)).or_default();
        nodes.push(listed.place);
        if is_value {
            self.values.entry(spot.0).or_default().push(listed.place);
        }
    }

    /// Notes that a place selects a field, and which of the place's fields that is.
    pub(super) fn select(&mut self, field: FieldId, place: PlaceId, index: usize) {
        let selections = self.selections.entry(field).or_default();
        selections.push((place, index));
    }

    /// Those of early steps first.
    pub(super) fn at(&self, spot: Spot) -> &[Listed] {
        self.spots.get(&spot).map_or(&[], Vec::as_slice)
    }

    pub(super) fn at_node(&self, spot: Spot, node: NodeId) -> &[PlaceId] {
        self.nodes.get(&(spot, node)).map_or(&[], Vec::as_slice)
    }

    /// The places of a position whose objects were fetched as a field's value.
    pub(super) fn values(&self, position: PositionId) -> &[PlaceId] {
        self.values.get(&position).map_or(&[], Vec::as_slice)
    }

    /// The places that select a field, each with the field's index there.
    pub(super) fn selections(&self, field: FieldId) -> &[(PlaceId, usize)] {
        self.selections.get(&field).map_or(&[], Vec::as_slice)
    }
}
