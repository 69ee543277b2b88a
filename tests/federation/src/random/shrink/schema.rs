//! Cuts in the subgraphs' schemas: subgraphs, types, fields, directives, arguments, members.
//!
//! For as long as the sample says which schema was split, a cut must not change what the subgraphs have together but
//! in that schema, too: what is cut is cut everywhere.

use std::collections::BTreeSet;

use apollo_compiler::ast::{Definition, DirectiveList, Document, FieldDefinition, NamedType};
use apollo_compiler::{Name, Node};

use crate::graph::UNSPLIT;
use crate::random::sample::Sample;
use crate::random::shrink::Cutter;

pub(super) fn cut(sample: &Sample, number: usize) -> Option<Sample> {
    let mut documents = Vec::new();
    for (name, sdl) in &sample.subgraphs {
        documents.push((name.clone(), Document::parse(sdl.as_str(), name).ok()?));
    }
    let mut unsplit = match &sample.unsplit {
        Some(sdl) => Some(Document::parse(sdl.as_str(), UNSPLIT).ok()?),
        None => None,
    };
    let mut cutter = Cutter::new(number);
    if unsplit.is_none() {
        cutter.item(&mut documents, true);
    }
    let all = documents.iter_mut().map(|(_, document)| document);
    everywhere(&mut cutter, all.chain(&mut unsplit).collect());
    for (_, document) in &mut documents {
        match unsplit {
            Some(_) => directives(&mut cutter, document),
            None => here(&mut cutter, document),
        }
    }
    if !cutter.done {
        return None;
    }
    let mut smaller = sample.clone();
    smaller.unsplit = unsplit.map(|document| document.to_string());
    let written = documents
        .iter()
        .map(|(name, document)| (name.clone(), document.to_string()));
    smaller.subgraphs = written.collect();
    Some(smaller)
}

/// Cuts a type, a field or an argument out of all schemas at once.
fn everywhere(cutter: &mut Cutter, mut documents: Vec<&mut Document>) {
    let mut types = BTreeSet::new();
    let mut fields = BTreeSet::new();
    let mut arguments = BTreeSet::new();
    for document in &documents {
        for definition in &document.definitions {
            let Some(name) = definition.name() else {
                continue;
            };
            types.insert(name.clone());
            for field in fields_of(definition) {
                fields.insert((name.clone(), field.name.clone()));
                let names = field.arguments.iter().map(|argument| &argument.name);
                arguments.extend(
                    names.map(|argument| (name.clone(), field.name.clone(), argument.clone())),
                );
            }
        }
    }
    for name in types {
        if cutter.here() {
            for document in &mut documents {
                drop_type(document, &name);
            }
        }
    }
    for (ty, field) in fields {
        if cutter.here() {
            for document in &mut documents {
                drop_field(document, &ty, &field);
            }
        }
    }
    for (ty, field, argument) in arguments {
        if cutter.here() {
            for document in &mut documents {
                drop_argument(document, &ty, &field, &argument);
            }
        }
    }
}

/// Cuts a directive in one subgraph.
fn directives(cutter: &mut Cutter, document: &mut Document) {
    for parts in document.definitions.iter_mut().filter_map(parts) {
        cutter.item(&mut parts.directives.0, false);
        for field in parts.fields {
            cutter.item(&mut field.make_mut().directives.0, false);
        }
    }
}

/// Cuts in one subgraph.
fn here(cutter: &mut Cutter, document: &mut Document) {
    let names: Vec<Name> = document
        .definitions
        .iter()
        .filter_map(|it| it.name().cloned())
        .collect();
    for name in names {
        if cutter.here() {
            drop_type(document, &name);
            return;
        }
    }
    for definition in &mut document.definitions {
        if let Some(parts) = parts(definition) {
            cutter.item(&mut parts.directives.0, false);
            cutter.item(parts.interfaces, false);
            cutter.item(parts.fields, true);
            for field in parts.fields {
                let field = field.make_mut();
                cutter.item(&mut field.directives.0, false);
                cutter.item(&mut field.arguments, false);
            }
        }
        if let Definition::UnionTypeDefinition(union) = definition {
            cutter.item(&mut union.make_mut().members, true);
        }
        if cutter.done {
            return;
        }
    }
}

/// What an object type or an interface is made of.
struct Parts<'a> {
    directives: &'a mut DirectiveList,
    fields: &'a mut Vec<Node<FieldDefinition>>,
    interfaces: &'a mut Vec<NamedType>,
}

fn parts(definition: &mut Definition) -> Option<Parts<'_>> {
    match definition {
        Definition::ObjectTypeDefinition(ty) => {
            let ty = ty.make_mut();
            Some(Parts {
                directives: &mut ty.directives,
                fields: &mut ty.fields,
                interfaces: &mut ty.implements_interfaces,
            })
        }
        Definition::InterfaceTypeDefinition(ty) => {
            let ty = ty.make_mut();
            Some(Parts {
                directives: &mut ty.directives,
                fields: &mut ty.fields,
                interfaces: &mut ty.implements_interfaces,
            })
        }
        _ => None,
    }
}

fn fields_of(definition: &Definition) -> &[Node<FieldDefinition>] {
    match definition {
        Definition::ObjectTypeDefinition(ty) => &ty.fields,
        Definition::InterfaceTypeDefinition(ty) => &ty.fields,
        _ => &[],
    }
}

/// Drops a type with all that names it.
fn drop_type(document: &mut Document, name: &Name) {
    document
        .definitions
        .retain(|definition| definition.name() != Some(name));
    for definition in &mut document.definitions {
        if let Some(parts) = parts(definition) {
            parts.interfaces.retain(|interface| interface != name);
            parts
                .fields
                .retain(|field| field.ty.inner_named_type() != name);
            for field in parts.fields {
                let arguments = &mut field.make_mut().arguments;
                arguments.retain(|argument| argument.ty.inner_named_type() != name);
            }
        }
        if let Definition::UnionTypeDefinition(union) = definition {
            union.make_mut().members.retain(|member| member != name);
        }
        if let Definition::InputObjectTypeDefinition(input) = definition {
            let fields = &mut input.make_mut().fields;
            fields.retain(|field| field.ty.inner_named_type() != name);
        }
    }
}

fn drop_field(document: &mut Document, ty: &Name, field: &Name) {
    for definition in &mut document.definitions {
        if definition.name() == Some(ty)
            && let Some(parts) = parts(definition)
        {
            parts.fields.retain(|known| known.name != *field);
        }
    }
}

fn drop_argument(document: &mut Document, ty: &Name, field: &Name, argument: &Name) {
    for definition in &mut document.definitions {
        if definition.name() == Some(ty)
            && let Some(parts) = parts(definition)
        {
            for known in parts.fields.iter_mut().filter(|known| known.name == *field) {
                let arguments = &mut known.make_mut().arguments;
                arguments.retain(|known| known.name != *argument);
            }
        }
    }
}
