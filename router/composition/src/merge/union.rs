//! Unions: the members of all subgraphs.

use super::common::others;
use super::{Merger, TypeSource, join, type_locations};
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::subgraph::Subgraph;
use apollo_compiler::ast::{Definition, DirectiveList, UnionTypeDefinition};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node};

impl Merger<'_> {
    pub(super) fn union(&mut self, name: &Name, sources: &[TypeSource<'_>]) -> Definition {
        let mut members: Vec<(Name, Vec<&Subgraph>)> = Vec::new();
        let mut directives: Vec<_> = sources.iter().flat_map(join::types).collect();
        for source in sources {
            let ExtendedType::Union(union) = source.ty else {
                continue;
            };
            for member in &union.members {
                directives.push(join::union_member(&source.subgraph.graph, &member.name));
                match members.iter_mut().find(|(known, _)| *known == member.name) {
                    Some((_, subgraphs)) => subgraphs.push(source.subgraph),
                    None => members.push((member.name.clone(), vec![source.subgraph])),
                }
            }
        }
        for (member, subgraphs) in &members {
            let all = sources.iter().map(|source| source.subgraph);
            let lacking = others(all, subgraphs);
            if !lacking.is_empty() {
                self.diagnostics.hint(
                    code::INCONSISTENT_UNION_MEMBER,
                    format!(
                        "union \"{name}\" has member \"{member}\" in {} but not in {}",
                        name_subgraphs(subgraphs.iter().map(|subgraph| subgraph.name.as_str())),
                        name_subgraphs(lacking)
                    ),
                    type_locations(sources),
                );
            }
        }
        directives.extend(self.type_directives(name, sources));
        Definition::UnionTypeDefinition(Node::new(UnionTypeDefinition {
            description: self.type_description(name, sources),
            name: name.clone(),
            directives: DirectiveList(directives),
            members: members.into_iter().map(|(member, _)| member).collect(),
        }))
    }
}
