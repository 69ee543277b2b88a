//! The `join__` directives, read into the federation model.

use std::collections::HashMap;

use apollo_compiler::ast::{Directive, FieldDefinition, OperationType, Type};
use apollo_compiler::collections::IndexMap;
use apollo_compiler::schema::{Component, ExtendedType};
use apollo_compiler::{Name, Schema};

use super::links::Links;
use super::type_text::parse_type;
use super::{SupergraphError, context_arguments, federation_1};
use crate::field_set::FieldSet;
use crate::model::{
    FieldInSubgraph, Key, Model, Subgraph, SubgraphId, TypeId, TypeInSubgraph, TypeKind, TypeModel,
};

pub(super) fn read(schema: &Schema, links: &Links) -> Result<Model, SupergraphError> {
    let reader = Reader::new(schema, links)?;
    let mut model = Model {
        subgraphs: reader.subgraphs.clone(),
        types: IndexMap::default(),
        query: None,
        mutation: None,
        subscription: None,
    };
    for (name, ty) in &schema.types {
        if ty.is_built_in() || links.owns(name) {
            continue;
        }
        if let Some(ty) = reader.read_type(name, ty)? {
            model.types.insert(name.clone(), ty);
        }
    }
    reader.connect(&mut model)?;
    model.query = root(schema, &model, OperationType::Query);
    model.mutation = root(schema, &model, OperationType::Mutation);
    model.subscription = root(schema, &model, OperationType::Subscription);
    if links.version("join") == Some("v0.1") {
        federation_1::complete(&mut model);
    }
    Ok(model)
}

fn root(schema: &Schema, model: &Model, kind: OperationType) -> Option<TypeId> {
    schema
        .root_operation(kind)
        .and_then(|name| model.type_id(name))
}

struct Reader<'a> {
    schema: &'a Schema,
    /// The prefix of the join specification's names, normally `join`.
    prefix: String,
    /// The name that `@context` goes by, if any.
    context: Option<String>,
    subgraphs: Vec<Subgraph>,
    /// By the enum value that names it.
    by_value: HashMap<Name, SubgraphId>,
}

impl<'a> Reader<'a> {
    fn new(schema: &'a Schema, links: &Links) -> Result<Reader<'a>, SupergraphError> {
        let Some(prefix) = links.directive("join") else {
            return Err(SupergraphError::NotASupergraph(
                "it does not link the join specification".into(),
            ));
        };
        let Some(graphs) = schema.get_enum(&format!("{prefix}__Graph")) else {
            return Err(SupergraphError::NotASupergraph(format!(
                "it has no `enum {prefix}__Graph`"
            )));
        };
        let mut subgraphs = Vec::new();
        let mut by_value = HashMap::new();
        for (value, definition) in &graphs.values {
            let graph = definition.directives.get(&format!("{prefix}__graph"));
            let text = |argument| graph.and_then(|graph| string(graph, argument));
            let id = u16::try_from(subgraphs.len()).map_err(|_| {
                SupergraphError::NotASupergraph("it has more than 65,536 subgraphs".into())
            })?;
            by_value.insert(value.clone(), SubgraphId(id));
            subgraphs.push(Subgraph {
                name: text("name").unwrap_or(value.as_str()).into(),
                url: text("url").unwrap_or_default().to_owned(),
            });
        }
        Ok(Reader {
            schema,
            prefix,
            context: links.directive("context"),
            subgraphs,
            by_value,
        })
    }

    fn read_type(
        &self,
        name: &Name,
        ty: &ExtendedType,
    ) -> Result<Option<TypeModel>, SupergraphError> {
        let (kind, fields) = match ty {
            ExtendedType::Object(object) => (TypeKind::Object, Some(&object.fields)),
            ExtendedType::Interface(interface) => (TypeKind::Interface, Some(&interface.fields)),
            ExtendedType::Union(_) => (TypeKind::Union, None),
            ExtendedType::Scalar(_) | ExtendedType::Enum(_) | ExtendedType::InputObject(_) => {
                return Ok(None);
            }
        };
        let mut subgraphs: IndexMap<SubgraphId, TypeInSubgraph> = IndexMap::default();
        for join in ty.directives().get_all(&self.name("type")) {
            let Some(subgraph) = self.graph(join, name)? else {
                continue;
            };
            let here = subgraphs.entry(subgraph).or_default();
            here.interface_object |= boolean(join, "isInterfaceObject").unwrap_or(false);
            if let Some(fields) = self.field_set(join, "key", name)? {
                here.keys.push(Key {
                    fields,
                    resolvable: boolean(join, "resolvable").unwrap_or(true),
                });
            }
        }
        let owner = match ty.directives().get(&self.name("owner")) {
            Some(join) => self.graph(join, name)?,
            None => None,
        };
        if subgraphs.is_empty() && owner.is_none() {
            // Join v0.1 says nothing of value types: every subgraph that names one has all of it.
            for index in 0..self.subgraphs.len() {
                subgraphs.insert(SubgraphId(index as u16), TypeInSubgraph::default());
            }
        }
        if let Some(owner) = owner {
            subgraphs.entry(owner).or_default();
        }
        let mut types = IndexMap::default();
        for field in fields.into_iter().flat_map(IndexMap::values) {
            self.read_field(name, field, owner, &mut subgraphs)?;
            types.insert(field.name.clone(), field.ty.clone());
        }
        Ok(Some(TypeModel {
            name: name.clone(),
            kind,
            possible: Vec::new(),
            interfaces: Vec::new(),
            contexts: self
                .context
                .iter()
                .flat_map(|context| ty.directives().get_all(context))
                .filter_map(|set| string(set, "name").map(Into::into))
                .collect(),
            fields: types,
            subgraphs,
        }))
    }

    fn read_field(
        &self,
        parent: &Name,
        field: &Component<FieldDefinition>,
        owner: Option<SubgraphId>,
        subgraphs: &mut IndexMap<SubgraphId, TypeInSubgraph>,
    ) -> Result<(), SupergraphError> {
        let at = format!("{parent}.{}", field.name);
        let directive = self.name("field");
        let mut joins = field.directives.get_all(&directive).peekable();
        if joins.peek().is_none() {
            // Not said otherwise, a field is in every subgraph that has its type; with join v0.1, in the owner's.
            for (subgraph, here) in subgraphs.iter_mut() {
                if owner.is_none_or(|owner| owner == *subgraph) {
                    here.fields
                        .insert(field.name.clone(), plain(field.ty.clone()));
                }
            }
            return Ok(());
        }
        for join in joins {
            // Without a graph it is the owner's field; with none, that of an interface object, and no subgraph has it on
            // this very type.
            let Some(subgraph) = self.graph(join, &at)?.or(owner) else {
                continue;
            };
            let here = subgraphs.entry(subgraph).or_default();
            let mut found = plain(field.ty.clone());
            if let Some(text) = string(join, "type") {
                found.ty = parse_type(text).ok_or_else(|| SupergraphError::Join {
                    at: at.clone(),
                    problem: format!("`{text}` is not a type"),
                })?;
            }
            found.external = boolean(join, "external").unwrap_or(false);
            found.requires = self.field_set(join, "requires", &at)?;
            found.provides = self.field_set(join, "provides", &at)?;
            found.overrides = string(join, "override").map(str::to_owned);
            found.overridden = boolean(join, "usedOverridden").unwrap_or(false);
            found.override_label = string(join, "overrideLabel").map(Into::into);
            found.context_arguments = context_arguments::read(join, &at)?;
            here.fields.insert(field.name.clone(), found);
        }
        Ok(())
    }

    /// Possible types and interfaces, which need all types to be known.
    fn connect(&self, model: &mut Model) -> Result<(), SupergraphError> {
        for index in 0..model.types.len() {
            let id = TypeId(index as u32);
            let name = model.types[index].name.clone();
            match self.schema.types.get(&name) {
                Some(ExtendedType::Object(object)) => {
                    model.types[index].possible = vec![id];
                    for here in model.types[index].subgraphs.values_mut() {
                        here.possible = vec![id];
                    }
                    let joins: Vec<&Directive> = object
                        .directives
                        .get_all(&self.name("implements"))
                        .map(|join| &***join)
                        .collect();
                    for interface in &object.implements_interfaces {
                        self.implement(model, id, &interface.name, &joins)?;
                    }
                }
                Some(ExtendedType::Interface(interface)) => {
                    for parent in &interface.implements_interfaces {
                        if let Some(parent) = model.type_id(parent) {
                            model.types[index].interfaces.push(parent);
                            stand_in(model, id, parent);
                        }
                    }
                }
                Some(ExtendedType::Union(union)) => {
                    let joins: Vec<&Directive> = union
                        .directives
                        .get_all(&self.name("unionMember"))
                        .map(|join| &***join)
                        .collect();
                    for member in &union.members {
                        self.add_member(model, id, &member.name, &joins)?;
                    }
                }
                _ => {}
            }
        }
        for ty in model.types.values_mut() {
            ty.possible.sort_unstable();
            for here in ty.subgraphs.values_mut() {
                here.possible.sort_unstable();
                if here.interface_object {
                    here.possible.clear();
                }
            }
        }
        for index in 0..model.types.len() {
            let ty = &model.types[index];
            if ty.kind == TypeKind::Object || ty.contexts.is_empty() {
                continue;
            }
            let (contexts, possible) = (ty.contexts.clone(), ty.possible.clone());
            for object in possible {
                let known = &mut model.types[object.0 as usize].contexts;
                known.extend(contexts.iter().cloned());
            }
        }
        Ok(())
    }

    fn implement(
        &self,
        model: &mut Model,
        object: TypeId,
        interface: &Name,
        joins: &[&Directive],
    ) -> Result<(), SupergraphError> {
        let Some(interface_id) = model.type_id(interface) else {
            return Ok(());
        };
        model.types[object.0 as usize].interfaces.push(interface_id);
        model.types[interface_id.0 as usize].possible.push(object);
        let mut said = Vec::new();
        for join in joins
            .iter()
            .filter(|join| string(join, "interface") == Some(interface))
        {
            said.extend(self.graph(join, interface)?);
        }
        let object_in: Vec<SubgraphId> = model.ty(object).subgraphs.keys().copied().collect();
        for (subgraph, here) in &mut model.types[interface_id.0 as usize].subgraphs {
            // Before join v0.2 nothing says where a type implements an interface: wherever both are.
            if said.contains(subgraph) || (joins.is_empty() && object_in.contains(subgraph)) {
                here.possible.push(object);
            }
        }
        Ok(())
    }

    fn add_member(
        &self,
        model: &mut Model,
        union: TypeId,
        member: &Name,
        joins: &[&Directive],
    ) -> Result<(), SupergraphError> {
        let Some(member_id) = model.type_id(member) else {
            return Ok(());
        };
        model.types[union.0 as usize].possible.push(member_id);
        let mut said = Vec::new();
        for join in joins
            .iter()
            .filter(|join| string(join, "member") == Some(member))
        {
            said.extend(self.graph(join, member)?);
        }
        let member_in: Vec<SubgraphId> = model.ty(member_id).subgraphs.keys().copied().collect();
        for (subgraph, here) in &mut model.types[union.0 as usize].subgraphs {
            // Before join v0.3 nothing says where a member is: wherever both types are.
            if said.contains(subgraph) || (joins.is_empty() && member_in.contains(subgraph)) {
                here.possible.push(member_id);
            }
        }
        Ok(())
    }

    fn name(&self, directive: &str) -> String {
        format!("{}__{directive}", self.prefix)
    }

    fn graph(&self, join: &Directive, at: &str) -> Result<Option<SubgraphId>, SupergraphError> {
        let Some(value) = join.specified_argument_by_name("graph") else {
            return Ok(None);
        };
        if value.is_null() {
            return Ok(None);
        }
        value
            .as_enum()
            .and_then(|value| self.by_value.get(value).copied())
            .map(Some)
            .ok_or_else(|| SupergraphError::Join {
                at: at.to_owned(),
                problem: format!("unknown graph {value} in @{}", join.name),
            })
    }

    fn field_set(
        &self,
        join: &Directive,
        argument: &str,
        at: &str,
    ) -> Result<Option<FieldSet>, SupergraphError> {
        let Some(text) = string(join, argument).filter(|text| !text.trim().is_empty()) else {
            return Ok(None);
        };
        FieldSet::parse(text)
            .map(Some)
            .map_err(|source| SupergraphError::FieldSet {
                at: at.to_owned(),
                source,
            })
    }
}

/// Where an interface object implements a further interface, that one's key is no way to its entities: the subgraph does not
/// know the types of those which the interface object stands for. Each type has its own way.
fn stand_in(model: &mut Model, interface: TypeId, parent: TypeId) {
    let subgraphs = model.ty(interface).subgraphs.iter();
    let standing_in: Vec<SubgraphId> = subgraphs
        .filter(|(_, here)| here.interface_object)
        .map(|(subgraph, _)| *subgraph)
        .collect();
    for subgraph in standing_in {
        if let Some(above) = model.types[parent.0 as usize].subgraphs.get_mut(&subgraph) {
            for key in &mut above.keys {
                key.resolvable = false;
            }
        }
    }
}

/// A field that a subgraph resolves by itself.
pub(super) fn plain(ty: Type) -> FieldInSubgraph {
    FieldInSubgraph {
        ty,
        external: false,
        requires: None,
        provides: None,
        overrides: None,
        overridden: false,
        override_label: None,
        context_arguments: Vec::new(),
    }
}

fn string<'a>(directive: &'a Directive, argument: &str) -> Option<&'a str> {
    directive.specified_argument_by_name(argument)?.as_str()
}

fn boolean(directive: &Directive, argument: &str) -> Option<bool> {
    directive.specified_argument_by_name(argument)?.to_bool()
}
