//! The schema definition itself: its description, its directives, and the operations it has.

use super::Merger;
use super::directives::Applied;
use crate::diagnostics::name_subgraphs;
use crate::message::Location;
use crate::subgraph::{Subgraph, root_used};
use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveLocation, OperationType};

/// The merged schema definition.
#[derive(Debug)]
pub(crate) struct SchemaDefinition {
    pub description: Option<Node<str>>,
    pub directives: Vec<Node<Directive>>,
    /// Their root types have the default names.
    pub operations: Vec<OperationType>,
}

impl Merger<'_> {
    pub(super) fn schema_definition(&mut self) -> SchemaDefinition {
        let definitions = self
            .subgraphs
            .iter()
            .map(|subgraph| (subgraph, &subgraph.schema.schema_definition));
        let descriptions = definitions
            .clone()
            .map(|(subgraph, definition)| (subgraph, definition.description.as_ref()));
        let applied: Vec<Applied<'_>> = definitions
            .map(|(subgraph, definition)| Applied::on_type(subgraph, &definition.directives))
            .collect();
        SchemaDefinition {
            description: self.description("schema", descriptions),
            directives: self.directives("schema", DirectiveLocation::Schema, &applied),
            operations: self.operations(),
        }
    }

    /// The operations that any subgraph has. A type with the name of a root must be one everywhere.
    fn operations(&mut self) -> Vec<OperationType> {
        let mut operations = Vec::new();
        for operation in [
            OperationType::Query,
            OperationType::Mutation,
            OperationType::Subscription,
        ] {
            let root = operation.default_type_name();
            let (with, without): (Vec<&Subgraph>, Vec<&Subgraph>) = self
                .subgraphs
                .iter()
                .filter(|subgraph| subgraph.schema.types.contains_key(&root))
                .partition(|subgraph| subgraph.schema.root_operation(operation) == Some(&root));
            if with.is_empty() {
                continue;
            }
            operations.push(operation);
            if without.is_empty() {
                continue;
            }
            let locations: Vec<Location> = without
                .iter()
                .filter_map(|subgraph| {
                    let ty = subgraph.schema.types.get(&root)?;
                    Some(subgraph.locate(ty.name().location()))
                })
                .flatten()
                .collect();
            let names = |subgraphs: &[&Subgraph]| {
                name_subgraphs(subgraphs.iter().map(|subgraph| subgraph.name.as_str()))
            };
            self.diagnostics.error(
                root_used(operation),
                format!(
                    "\"{root}\" is the {operation} root type in {}, but another type in {}",
                    names(&with),
                    names(&without)
                ),
                locations,
            );
        }
        operations
    }
}
