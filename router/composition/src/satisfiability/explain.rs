//! Words for a path that cannot be resolved.

use super::Position;
use super::contexts::Contexts;
use apollo_compiler::Name;
use souk_planner::Supergraph;
use souk_planner::field_set::FieldSet;
use souk_planner::graph::NodeId;
use souk_planner::model::{SubgraphId, TypeId, TypeInSubgraph};
use souk_planner::reach::Reach;
use std::collections::{BTreeMap, BTreeSet};

/// The shortest operation that takes the path to the field.
pub(super) fn operation(positions: &[Position], index: usize, field: &Name) -> String {
    // From the root to the position: the field names and type conditions.
    let mut lines: Vec<String> = vec![field.to_string()];
    let mut current = &positions[index];
    // What a value is, can be asked without knowing it.
    let mut needs_condition = field != "__typename";
    while let Some(step) = &current.step {
        if let Some(condition) = step.condition.as_ref().filter(|_| needs_condition) {
            lines.push(format!("... on {condition}"));
        }
        needs_condition = true;
        lines.push(step.field.to_string());
        current = &positions[step.from];
    }
    lines.push(current.operation.name().to_owned());
    lines.reverse();

    let mut out = String::new();
    let last = lines.len() - 1;
    for (depth, line) in lines.iter().enumerate() {
        let opening = if depth == last { "" } else { " {" };
        out.push_str(&format!("{}{line}{opening}\n", "  ".repeat(depth)));
    }
    for depth in (0..last).rev() {
        out.push_str(&format!("{}}}\n", "  ".repeat(depth)));
    }
    out.truncate(out.trim_end().len());
    out
}

/// What explanations are taken from.
pub(super) struct Explain<'e, 'a> {
    pub supergraph: &'a Supergraph,
    pub contexts: &'e Contexts,
    pub reach: &'e mut Reach<'a>,
}

impl Explain<'_, '_> {
    /// Why each subgraph that has the position's type does not resolve the field, sorted by subgraph.
    pub(super) fn reasons(
        &mut self,
        position: &Position,
        field: &Name,
        nodes: &BTreeSet<NodeId>,
    ) -> Vec<String> {
        let (supergraph, ty) = (self.supergraph, position.ty);
        let model = supergraph.model();
        let graph = supergraph.graph();
        let type_name = &model.ty(ty).name;
        let mut candidates: Vec<(TypeId, SubgraphId, &TypeInSubgraph)> = Vec::new();
        for (subgraph, here) in &model.ty(ty).subgraphs {
            candidates.push((ty, *subgraph, here));
        }
        for interface in &model.ty(ty).interfaces {
            for (subgraph, here) in &model.ty(*interface).subgraphs {
                if here.interface_object {
                    candidates.push((*interface, *subgraph, here));
                }
            }
        }
        candidates.sort_by_key(|(_, subgraph, _)| model.subgraph(*subgraph).name.clone());

        let mut reasons = Vec::new();
        for (owner, subgraph, here) in candidates {
            let name = &model.subgraph(subgraph).name;
            let owner_name = &model.ty(owner).name;
            let at = nodes.iter().find(|node| {
                let node = graph.node(**node);
                node.subgraph == subgraph && node.ty == owner
            });
            let declared = here.fields.get(field);
            let reason = match (at, declared) {
                (Some(_), None) => {
                    format!("subgraph \"{name}\" is reached, but has no \"{owner_name}.{field}\"")
                }
                (Some(_), Some(found)) if found.external => format!(
                    "subgraph \"{name}\" is reached, but its \"{owner_name}.{field}\" is @external"
                ),
                (Some(at), Some(_))
                    if let Some(while_it_does) =
                        self.resolves_while(*at, field, position, nodes) =>
                {
                    format!(
                        "subgraph \"{name}\" is reached, but resolves \"{owner_name}.{field}\" \
                         only while {while_it_does}"
                    )
                }
                (Some(at), Some(found)) => match &found.requires {
                    Some(requires) => {
                        let missing = untold(self.reach, ty, nodes, requires).unwrap_or_else(|| {
                            format!(
                                "\"{requires}\", and the subgraph has no key by which it can be \
                             entered again with that"
                            )
                        });
                        format!(
                            "subgraph \"{name}\" is reached, but its \"{owner_name}.{field}\" \
                         requires {missing}"
                        )
                    }
                    None => self.takes_in_vain(*at, field, position).map_or_else(
                        || {
                            format!(
                                "subgraph \"{name}\" is reached, but has given up \
                                 \"{owner_name}.{field}\""
                            )
                        },
                        |missing| {
                            format!(
                                "subgraph \"{name}\" is reached, but its \
                                 \"{owner_name}.{field}\" takes {missing}"
                            )
                        },
                    ),
                },
                // A subgraph that is not reached and would not help is not worth a line.
                (None, None) => continue,
                (None, Some(found)) if found.external => continue,
                (None, Some(_)) => {
                    let why = unreachable(self.reach, owner_name, ty, nodes, here);
                    format!(
                        "subgraph \"{name}\" resolves \"{owner_name}.{field}\", but cannot be \
                     reached: {why}"
                    )
                }
            };
            reasons.push(reason);
        }
        if reasons.is_empty() {
            reasons.push(format!("no subgraph resolves \"{type_name}.{field}\""));
        }
        reasons
    }

    /// Why nobody tells what the position's value is: those that are reached know it as an interface
    /// object. Sorted by subgraph.
    pub(super) fn typename_reasons(
        &mut self,
        position: &Position,
        nodes: &BTreeSet<NodeId>,
    ) -> Vec<String> {
        let (supergraph, ty) = (self.supergraph, position.ty);
        let model = supergraph.model();
        let graph = supergraph.graph();
        let mut reasons: BTreeMap<&str, String> = BTreeMap::new();
        let mut interfaces: BTreeSet<TypeId> = BTreeSet::new();
        for node in nodes {
            let node = graph.node(*node);
            let subgraph = &model.subgraph(node.subgraph).name;
            let interface = &model.ty(node.ty).name;
            interfaces.insert(node.ty);
            reasons.insert(
                subgraph,
                format!(
                    "subgraph \"{subgraph}\" is reached, but knows \"{interface}\" only as an \
                     @interfaceObject"
                ),
            );
        }
        for owner in interfaces.into_iter().chain([ty]) {
            let owner_name = &model.ty(owner).name;
            for (subgraph, here) in &model.ty(owner).subgraphs {
                let subgraph = &model.subgraph(*subgraph).name;
                if here.interface_object || reasons.contains_key(&**subgraph) {
                    continue;
                }
                let why = unreachable(self.reach, owner_name, ty, nodes, here);
                reasons.insert(
                    subgraph,
                    format!(
                        "subgraph \"{subgraph}\" knows what a \"{owner_name}\" is, but cannot be \
                         reached: {why}"
                    ),
                );
            }
        }
        reasons.into_values().collect()
    }

    /// When a subgraph resolves a field, if nothing but the label of a progressive override keeps it from that.
    fn resolves_while(
        &mut self,
        at: NodeId,
        field: &Name,
        position: &Position,
        nodes: &BTreeSet<NodeId>,
    ) -> Option<String> {
        let found = self.supergraph.graph().field(at, field)?;
        let label = found.label.as_ref()?;
        let state = if label.on { "on" } else { "off" };
        let can = self.reach.can_require(position.ty, nodes, at, found)
            && self.takes_in_vain(at, field, position).is_none();
        can.then(|| format!("the label \"{}\" is {state}", label.label))
    }

    /// Names the arguments of a field that the path cannot fill from contexts.
    fn takes_in_vain(&self, at: NodeId, field: &Name, position: &Position) -> Option<String> {
        let graph = self.supergraph.graph();
        let missing = self.contexts.missing(graph, at, field, &position.available);
        let missing: Vec<String> = missing
            .into_iter()
            .map(|(argument, context)| format!("\"{argument}\" from context \"{context}\""))
            .collect();
        (!missing.is_empty()).then(|| {
            format!(
                "{}, and nothing above it on the path can give it",
                missing.join(" and ")
            )
        })
    }
}

/// Why the keys of a type in a subgraph do not lead there.
fn unreachable(
    reach: &mut Reach<'_>,
    type_name: &Name,
    ty: TypeId,
    nodes: &BTreeSet<NodeId>,
    here: &TypeInSubgraph,
) -> String {
    if here.keys.is_empty() {
        return format!("\"{type_name}\" has no @key there");
    }
    let resolvable: Vec<_> = here.keys.iter().filter(|key| key.resolvable).collect();
    if resolvable.is_empty() {
        return format!("no @key of \"{type_name}\" is resolvable there");
    }
    resolvable
        .into_iter()
        .map(|key| {
            // What can be told now could not be told before something else was reached.
            let missing = untold(reach, ty, nodes, &key.fields)
                .unwrap_or_else(|| "more than is known at that point".to_owned());
            format!("the key \"{}\" needs {missing}", key.fields)
        })
        .collect::<Vec<_>>()
        .join("; ")
}

/// Names the parts of a field set that cannot be told; nothing when all can.
fn untold(
    reach: &mut Reach<'_>,
    ty: TypeId,
    nodes: &BTreeSet<NodeId>,
    set: &FieldSet,
) -> Option<String> {
    let missing: Vec<String> = set
        .items
        .iter()
        .filter(|item| !reach.tells_item(ty, nodes, item))
        .map(|item| {
            let alone = FieldSet {
                items: vec![(*item).clone()],
            };
            format!("\"{alone}\"")
        })
        .collect();
    if missing.is_empty() {
        return None;
    }
    Some(format!(
        "{}, which no reachable subgraph can tell",
        missing.join(" and ")
    ))
}
