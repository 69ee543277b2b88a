//! Scalars: nothing to merge but their annotations.

use super::contexts::contexts;
use super::directives::{Applied, passed_on};
use super::{Kind, Merger, TypeSource, join};
use apollo_compiler::ast::{Definition, DirectiveList, ScalarTypeDefinition};
use apollo_compiler::{Name, Node};

impl Merger<'_> {
    pub(super) fn scalar(&mut self, name: &Name, sources: &[TypeSource<'_>]) -> Definition {
        let mut directives: Vec<_> = sources.iter().flat_map(join::types).collect();
        directives.extend(self.type_directives(name, sources));
        Definition::ScalarTypeDefinition(Node::new(ScalarTypeDefinition {
            description: self.type_description(name, sources),
            name: name.clone(),
            directives: DirectiveList(directives),
        }))
    }

    pub(super) fn type_description(
        &mut self,
        name: &Name,
        sources: &[TypeSource<'_>],
    ) -> Option<Node<str>> {
        let descriptions = sources
            .iter()
            .map(|source| (source.subgraph, source.ty.description()));
        self.description(name, descriptions)
    }

    pub(super) fn type_directives(
        &mut self,
        name: &Name,
        sources: &[TypeSource<'_>],
    ) -> Vec<Node<apollo_compiler::ast::Directive>> {
        let applied: Vec<Applied<'_>> = sources
            .iter()
            .map(|source| Applied::on_type(source.subgraph, source.ty.directives()))
            .collect();
        let mut directives = passed_on(&applied);
        if let Some(source) = sources.first() {
            let at = Kind::of(source).location();
            directives.extend(self.directives(name, at, &applied));
        }
        directives.extend(contexts(sources));
        directives
    }
}
