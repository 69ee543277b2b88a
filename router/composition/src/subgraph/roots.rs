//! Gives the root operation types their default names: the supergraph's are called `Query`,
//! `Mutation` and `Subscription`, whatever a subgraph calls its own.

use super::locate;
use crate::code;
use crate::diagnostics::Diagnostics;
use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{
    Definition, Document, FieldDefinition, InputValueDefinition, OperationType, Type,
};
use std::collections::HashMap;

/// The code for a type that has a root type's name and is none.
pub(crate) fn root_used(operation: OperationType) -> &'static str {
    match operation {
        OperationType::Query => code::ROOT_QUERY_USED,
        OperationType::Mutation => code::ROOT_MUTATION_USED,
        OperationType::Subscription => code::ROOT_SUBSCRIPTION_USED,
    }
}

/// Renames root types and every reference to them, and drops root types without a field.
pub(super) fn rename(subgraph: &str, document: &mut Document, diagnostics: &mut Diagnostics) {
    let declared = declared_roots(document);
    let mut renames: HashMap<Name, Name> = HashMap::new();
    for (operation, found) in &declared {
        let default = operation.default_type_name();
        if *found != default {
            renames.insert(found.clone(), default);
        }
    }
    for operation in [
        OperationType::Query,
        OperationType::Mutation,
        OperationType::Subscription,
    ] {
        let default = operation.default_type_name();
        let renamed_to_default = renames.values().any(|name| *name == default);
        // A type with the default name that the schema says is no root.
        let is_squatted = !declared.is_empty() && renamed_to_default;
        if !is_squatted {
            continue;
        }
        let squatter = document.definitions.iter().find(|definition| {
            !matches!(definition, Definition::DirectiveDefinition(_))
                && definition.name().is_some_and(|name| *name == default)
        });
        if let Some(squatter) = squatter {
            diagnostics.error(
                root_used(operation),
                format!(
                    "subgraph \"{subgraph}\" has a type \"{default}\" that is not its \
                     {operation} root type, so its root type cannot take that name"
                ),
                locate(subgraph, &document.sources, squatter.location()),
            );
        }
    }
    if !renames.is_empty() {
        for definition in &mut document.definitions {
            rename_in_definition(definition, &renames);
        }
    }
    drop_empty_roots(document);
}

/// The root types that `schema` definitions and extensions name; empty when they are implied.
fn declared_roots(document: &Document) -> Vec<(OperationType, Name)> {
    let mut roots = Vec::new();
    for definition in &document.definitions {
        let operations = match definition {
            Definition::SchemaDefinition(schema) => &schema.root_operations,
            Definition::SchemaExtension(schema) => &schema.root_operations,
            _ => continue,
        };
        for operation in operations {
            roots.push((operation.0, operation.1.clone()));
        }
    }
    roots
}

/// A root type whose only fields were machinery is left without any, which GraphQL forbids.
fn drop_empty_roots(document: &mut Document) {
    let is_root = |name: &Name| matches!(name.as_str(), "Query" | "Mutation" | "Subscription");
    let mut emptied: Vec<Name> = Vec::new();
    document.definitions.retain(|definition| {
        let empty = match definition {
            Definition::ObjectTypeDefinition(object) => {
                is_root(&object.name) && object.fields.is_empty()
            }
            _ => false,
        };
        if empty {
            emptied.extend(definition.name().cloned());
        }
        !empty
    });
    emptied.retain(|name| {
        !document
            .definitions
            .iter()
            .any(|definition| definition.name() == Some(name))
    });
    if emptied.is_empty() {
        return;
    }
    for definition in &mut document.definitions {
        match definition {
            Definition::SchemaDefinition(schema) => {
                let schema = schema.make_mut();
                schema
                    .root_operations
                    .retain(|operation| !emptied.contains(&operation.1));
            }
            Definition::SchemaExtension(schema) => {
                let schema = schema.make_mut();
                schema
                    .root_operations
                    .retain(|operation| !emptied.contains(&operation.1));
            }
            _ => {}
        }
    }
}

fn rename_in_definition(definition: &mut Definition, renames: &HashMap<Name, Name>) {
    macro_rules! object {
        ($definition: ident) => {{
            let definition = $definition.make_mut();
            rename_name(&mut definition.name, renames);
            rename_fields(&mut definition.fields, renames);
        }};
    }
    match definition {
        Definition::SchemaDefinition(schema) => {
            for operation in &mut schema.make_mut().root_operations {
                rename_name(&mut operation.make_mut().1, renames);
            }
        }
        Definition::SchemaExtension(schema) => {
            for operation in &mut schema.make_mut().root_operations {
                rename_name(&mut operation.make_mut().1, renames);
            }
        }
        Definition::ObjectTypeDefinition(object) => object!(object),
        Definition::ObjectTypeExtension(object) => object!(object),
        Definition::InterfaceTypeDefinition(interface) => object!(interface),
        Definition::InterfaceTypeExtension(interface) => object!(interface),
        Definition::UnionTypeDefinition(union) => {
            for member in &mut union.make_mut().members {
                rename_name(member, renames);
            }
        }
        Definition::UnionTypeExtension(union) => {
            for member in &mut union.make_mut().members {
                rename_name(member, renames);
            }
        }
        // Inputs, enums, scalars and directives cannot refer to an object type.
        _ => {}
    }
}

fn rename_fields(fields: &mut [Node<FieldDefinition>], renames: &HashMap<Name, Name>) {
    for field in fields {
        let field = field.make_mut();
        rename_type(&mut field.ty, renames);
        for argument in &mut field.arguments {
            rename_argument(argument, renames);
        }
    }
}

fn rename_argument(argument: &mut Node<InputValueDefinition>, renames: &HashMap<Name, Name>) {
    rename_type(argument.make_mut().ty.make_mut(), renames);
}

fn rename_type(ty: &mut Type, renames: &HashMap<Name, Name>) {
    match ty {
        Type::Named(name) | Type::NonNullNamed(name) => rename_name(name, renames),
        Type::List(inner) | Type::NonNullList(inner) => rename_type(inner, renames),
    }
}

fn rename_name(name: &mut Name, renames: &HashMap<Name, Name>) {
    if let Some(new) = renames.get(name) {
        *name = new.clone();
    }
}
