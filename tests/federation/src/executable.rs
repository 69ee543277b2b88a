//! The schema that a subgraph executes: its SDL without federation's directives, with federation's fields.

use apollo_compiler::Schema;
use apollo_compiler::ast::{
    Definition, DirectiveList, DirectiveLocation, Document, FieldDefinition, InputValueDefinition,
    NamedType, OperationType, Selection,
};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node};

use crate::directives::KeyField;

/// Parses a field set such as `id owner { id }`; what inline fragments select counts as selected.
pub(crate) fn parse_field_set(fields: &str) -> Vec<KeyField> {
    let document = Document::parse(format!("{{ {fields} }}"), "fields.graphql")
        .unwrap_or_else(|error| panic!("field set '{fields}': {error}"));
    let Some(Definition::OperationDefinition(operation)) = document.definitions.first() else {
        return Vec::new();
    };
    key_fields(&operation.selection_set, None)
}

fn key_fields(selections: &[Selection], on: Option<&Name>) -> Vec<KeyField> {
    let mut fields = Vec::new();
    for selection in selections {
        match selection {
            Selection::Field(field) => fields.push(KeyField {
                name: field.name.to_string(),
                on: on.cloned(),
                below: key_fields(&field.selection_set, None),
            }),
            Selection::InlineFragment(fragment) => {
                let on = fragment.type_condition.as_ref().or(on);
                fields.extend(key_fields(&fragment.selection_set, on));
            }
            Selection::FragmentSpread(_) => {}
        }
    }
    fields
}

/// The executable schema of a subgraph. `entities` are the object types with a key.
pub(crate) fn executable_schema(
    name: &str,
    document: &Document,
    is_entity: impl Fn(&Name) -> bool,
) -> Valid<Schema> {
    let mut stripped = Document::new();
    let mut entities = Vec::new();
    let mut query = None;
    for definition in &document.definitions {
        let mut definition = definition.clone();
        strip(&mut definition);
        match &definition {
            // The definitions of federation's own directives and types are the composer's business.
            Definition::DirectiveDefinition(directive)
                if !directive.locations.iter().any(is_executable) =>
            {
                continue;
            }
            Definition::SchemaExtension(extension) if extension.root_operations.is_empty() => {
                continue;
            }
            Definition::SchemaDefinition(schema) => {
                query = root_query(&schema.root_operations).or(query);
            }
            Definition::SchemaExtension(schema) => {
                query = root_query(&schema.root_operations).or(query);
            }
            _ => {}
        }
        let object = match &definition {
            Definition::ObjectTypeDefinition(ty) => Some(&ty.name),
            Definition::ObjectTypeExtension(ty) => Some(&ty.name),
            _ => None,
        };
        if let Some(object) = object
            && is_entity(object)
            && !entities.contains(object)
        {
            entities.push(object.clone());
        }
        stripped.definitions.push(definition);
    }
    let query = query.map_or_else(|| "Query".to_owned(), |query| query.to_string());
    let mut machinery = format!(
        "scalar _Any type _Service {{ sdl: String! }} extend type {query} {{ _service: _Service! }}"
    );
    if !entities.is_empty() {
        let members = entities.join(" | ");
        machinery.push_str(&format!(
            " union _Entity = {members} extend type {query} {{ _entities(representations: [_Any!]!): [_Entity]! }}"
        ));
    }
    let machinery = Document::parse(machinery, "machinery.graphql").expect("what is written above");
    Schema::builder()
        .adopt_orphan_extensions()
        .add_ast(&stripped)
        .add_ast(&machinery)
        .build()
        .unwrap_or_else(|error| panic!("subgraph {name}: {error}"))
        .validate()
        .unwrap_or_else(|error| panic!("subgraph {name}: {error}"))
}

fn root_query(roots: &[Node<(OperationType, NamedType)>]) -> Option<Name> {
    let found = roots.iter().find(|root| root.0 == OperationType::Query)?;
    Some(found.1.clone())
}

fn is_executable(location: &DirectiveLocation) -> bool {
    matches!(
        location,
        DirectiveLocation::Query
            | DirectiveLocation::Mutation
            | DirectiveLocation::Subscription
            | DirectiveLocation::Field
            | DirectiveLocation::FragmentDefinition
            | DirectiveLocation::FragmentSpread
            | DirectiveLocation::InlineFragment
            | DirectiveLocation::VariableDefinition
    )
}

fn strip(definition: &mut Definition) {
    match definition {
        Definition::SchemaDefinition(it) => strip_list(&mut it.make_mut().directives),
        Definition::SchemaExtension(it) => strip_list(&mut it.make_mut().directives),
        Definition::ScalarTypeDefinition(it) => strip_list(&mut it.make_mut().directives),
        Definition::ScalarTypeExtension(it) => strip_list(&mut it.make_mut().directives),
        Definition::UnionTypeDefinition(it) => strip_list(&mut it.make_mut().directives),
        Definition::UnionTypeExtension(it) => strip_list(&mut it.make_mut().directives),
        Definition::ObjectTypeDefinition(it) => {
            let it = it.make_mut();
            strip_list(&mut it.directives);
            strip_fields(&mut it.fields);
        }
        Definition::ObjectTypeExtension(it) => {
            let it = it.make_mut();
            strip_list(&mut it.directives);
            strip_fields(&mut it.fields);
        }
        Definition::InterfaceTypeDefinition(it) => {
            let it = it.make_mut();
            strip_list(&mut it.directives);
            strip_fields(&mut it.fields);
        }
        Definition::InterfaceTypeExtension(it) => {
            let it = it.make_mut();
            strip_list(&mut it.directives);
            strip_fields(&mut it.fields);
        }
        Definition::EnumTypeDefinition(it) => {
            let it = it.make_mut();
            strip_list(&mut it.directives);
            for value in &mut it.values {
                strip_list(&mut value.make_mut().directives);
            }
        }
        Definition::EnumTypeExtension(it) => {
            let it = it.make_mut();
            strip_list(&mut it.directives);
            for value in &mut it.values {
                strip_list(&mut value.make_mut().directives);
            }
        }
        Definition::InputObjectTypeDefinition(it) => {
            let it = it.make_mut();
            strip_list(&mut it.directives);
            strip_inputs(&mut it.fields);
        }
        Definition::InputObjectTypeExtension(it) => {
            let it = it.make_mut();
            strip_list(&mut it.directives);
            strip_inputs(&mut it.fields);
        }
        Definition::OperationDefinition(_)
        | Definition::FragmentDefinition(_)
        | Definition::DirectiveDefinition(_) => {}
    }
}

fn strip_fields(fields: &mut [Node<FieldDefinition>]) {
    for field in fields {
        let field = field.make_mut();
        strip_list(&mut field.directives);
        strip_inputs(&mut field.arguments);
    }
}

fn strip_inputs(inputs: &mut [Node<InputValueDefinition>]) {
    for input in inputs {
        strip_list(&mut input.make_mut().directives);
    }
}

fn strip_list(directives: &mut DirectiveList) {
    let built_in = ["deprecated", "specifiedBy", "oneOf"];
    directives
        .0
        .retain(|directive| built_in.contains(&directive.name.as_str()));
}
