//! Gives every federation directive its canonical name and takes the machinery out of the schema,
//! so that later stages need not know how a schema imports what.

use super::links::Links;
use super::{locate, machinery};
use crate::code;
use crate::diagnostics::Diagnostics;
use crate::specs::{self, OLDEST_FEDERATION_2};
use apollo_compiler::ast::{
    Definition, DirectiveDefinition, DirectiveList, Document, EnumValueDefinition, FieldDefinition,
    InputValueDefinition,
};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Name, Node};
use std::collections::BTreeMap;

/// A schema's own directive that is called like one of federation's which it does not import.
pub(crate) const FOREIGN_PREFIX: &str = "custom__";

/// Canonical name -> how a schema spells it, for the directives of federation that it uses.
pub(crate) type Spellings = BTreeMap<&'static str, Spelling>;

/// The name that a schema has for a directive of federation.
#[derive(Debug, Clone)]
pub(crate) struct Spelling {
    pub name: String,
    /// Where the schema first uses it.
    pub first: Option<SourceSpan>,
}

/// Rewrites the document; reports directives that are redefined wrongly or not imported.
pub(super) fn rewrite(
    subgraph: &str,
    document: &mut Document,
    links: &Links,
    diagnostics: &mut Diagnostics,
) -> Spellings {
    check_definitions(subgraph, document, links, diagnostics);
    check_types(subgraph, document, links, diagnostics);
    check_uses(subgraph, document, links, diagnostics);

    document
        .definitions
        .retain(|definition| !is_machinery(definition, links));
    let is_root_extension = |definition: &Definition| {
        matches!(definition, Definition::ObjectTypeExtension(ext) if ext.fields.is_empty()
            && ext.directives.is_empty() && ext.implements_interfaces.is_empty())
    };
    let mut spellings = Spellings::new();
    for definition in &mut document.definitions {
        remove_machinery_fields(definition);
        for_each_directive_list_mut(definition, &mut |directives| {
            rename(directives, links, &mut spellings);
        });
        if let Definition::DirectiveDefinition(directive) = definition
            && specs::federation_directive(&directive.name).is_some()
        {
            let name = foreign_name(&directive.name);
            directive.make_mut().name = name;
        }
    }
    document
        .definitions
        .retain(|definition| !is_root_extension(definition));
    spellings
}

/// `type Query { _service: _Service! }` is how a subgraph without queries looks after
/// introspection; without its machinery the type is empty and must go.
fn remove_machinery_fields(definition: &mut Definition) {
    let is_machinery =
        |field: &Node<FieldDefinition>| machinery::is_machinery_field(field.name.as_str());
    match definition {
        Definition::ObjectTypeDefinition(object) => {
            let object = object.make_mut();
            object.fields.retain(|field| !is_machinery(field));
        }
        Definition::ObjectTypeExtension(object) => {
            let object = object.make_mut();
            object.fields.retain(|field| !is_machinery(field));
        }
        _ => {}
    }
}

/// Whether a definition is part of a specification rather than of the subgraph's own schema.
fn is_machinery(definition: &Definition, links: &Links) -> bool {
    let Some(name) = definition.name().map(Name::as_str) else {
        return false;
    };
    if matches!(definition, Definition::DirectiveDefinition(_)) {
        return links.is_link(name) || links.canonical(name).is_some();
    }
    machinery::is_machinery_type(name)
        || links.type_origin(name).is_some()
        || (!links.is_federation_2() && name == "FieldSet")
}

fn foreign_name(name: &Name) -> Name {
    Name::new_unchecked(&format!("{FOREIGN_PREFIX}{name}"))
}

fn rename(directives: &mut DirectiveList, links: &Links, spellings: &mut Spellings) {
    directives
        .0
        .retain(|directive| !links.is_link(&directive.name));
    for directive in &mut directives.0 {
        let name = directive.name.clone();
        if let Some(canonical) = links.canonical(&name) {
            spellings.entry(canonical).or_insert_with(|| Spelling {
                name: name.to_string(),
                first: directive.location(),
            });
        }
        let renamed = match links.canonical(&name) {
            Some(canonical) if name.as_str() == canonical => continue,
            Some(canonical) => Name::new_static_unchecked(canonical),
            None if specs::federation_directive(&name).is_some() => foreign_name(&name),
            None => continue,
        };
        directive.make_mut().name = renamed;
    }
}

/// A schema may repeat a specification's definitions (subgraph libraries do), in the form of any
/// version: the arguments it gives must exist and have the specified type, and places must be
/// among the specified ones.
fn check_definitions(
    subgraph: &str,
    document: &Document,
    links: &Links,
    diagnostics: &mut Diagnostics,
) {
    for definition in &document.definitions {
        let Definition::DirectiveDefinition(directive) = definition else {
            continue;
        };
        let Some(canonical) = links.canonical(&directive.name) else {
            continue;
        };
        if let Some(problem) = definition_problem(directive, canonical) {
            diagnostics.error(
                code::DIRECTIVE_DEFINITION_INVALID,
                format!(
                    "subgraph \"{subgraph}\" defines directive \"@{}\" differently from its \
                     specification: {problem}",
                    directive.name
                ),
                locate(subgraph, &document.sources, directive.location()),
            );
        }
    }
}

fn definition_problem(found: &DirectiveDefinition, canonical: &str) -> Option<String> {
    let specified = specs::federation_directive(canonical)?;
    let parsed = Document::parse(specified.definition, "federation.graphql").ok()?;
    let specified = parsed.definitions.first()?.as_directive_definition()?;
    for argument in &found.arguments {
        let Some(expected) = specified.argument_by_name(&argument.name) else {
            return Some(format!("it has no argument \"{}\"", argument.name));
        };
        // Field sets go by many names (`_FieldSet`, `FieldSet`, `String`), so only the shape and
        // nullability of the others is compared. Older definitions have nullable field sets.
        let is_ours = expected.ty.inner_named_type().contains("__");
        // What a definition may leave null it may as well forbid.
        let is_same =
            *argument.ty == *expected.ty || *argument.ty == expected.ty.as_ref().clone().non_null();
        if !is_ours && !is_same {
            return Some(format!(
                "argument \"{}\" should be \"{}\", not \"{}\"",
                argument.name, expected.ty, argument.ty
            ));
        }
    }
    for expected in &specified.arguments {
        if expected.is_required() && found.argument_by_name(&expected.name).is_none() {
            return Some(format!("argument \"{}\" is missing", expected.name));
        }
    }
    let outside = found
        .locations
        .iter()
        .find(|location| !specified.locations.contains(location))?;
    Some(format!("it cannot stand on {outside}"))
}

/// A schema may repeat a specification's types, too.
fn check_types(subgraph: &str, document: &Document, links: &Links, diagnostics: &mut Diagnostics) {
    for definition in &document.definitions {
        let Some(name) = definition.name() else {
            continue;
        };
        let problem = match (links.type_origin(name), definition) {
            (_, Definition::DirectiveDefinition(_)) => continue,
            (Some("Purpose"), Definition::EnumTypeDefinition(purpose)) => {
                let mut values: Vec<&str> = purpose
                    .values
                    .iter()
                    .map(|value| value.value.as_str())
                    .collect();
                values.sort_unstable();
                if values == ["EXECUTION", "SECURITY"] {
                    continue;
                }
                "its values should be SECURITY and EXECUTION"
            }
            (Some("Purpose"), _) => "it should be an enum",
            (Some(origin), _) => {
                let is_scalar = matches!(definition, Definition::ScalarTypeDefinition(_));
                let should_be = specs::FEDERATION_TYPES.contains(&origin) || origin == "Import";
                if is_scalar || !should_be {
                    continue;
                }
                "it should be a scalar"
            }
            (None, _) => continue,
        };
        diagnostics.error(
            code::TYPE_DEFINITION_INVALID,
            format!(
                "subgraph \"{subgraph}\" defines type \"{name}\" differently from its \
                 specification: {problem}"
            ),
            locate(subgraph, &document.sources, definition.location()),
        );
    }
}

/// Reports directives of federation that the schema uses without importing or defining them.
fn check_uses(subgraph: &str, document: &Document, links: &Links, diagnostics: &mut Diagnostics) {
    let is_defined = |name: &Name| {
        document.definitions.iter().any(|definition| {
            matches!(definition, Definition::DirectiveDefinition(own) if own.name == *name)
        })
    };
    for definition in &document.definitions {
        for directive in directive_lists(definition).into_iter().flatten() {
            let is_ours = links.canonical(&directive.name).is_some();
            if !is_ours
                && let Some(known) = specs::federation_directive(&directive.name)
                && !is_defined(&directive.name)
            {
                diagnostics.error(
                    code::INVALID_GRAPHQL,
                    format!(
                        "subgraph \"{subgraph}\" uses \"@{}\", which it does not define; \
                         federation has it since {}, import it in the @link to federation",
                        directive.name,
                        known.since.max(OLDEST_FEDERATION_2)
                    ),
                    locate(subgraph, &document.sources, directive.location()),
                );
            }
        }
    }
}

/// The directives of a definition and of everything in it.
pub(crate) fn directive_lists(definition: &Definition) -> Vec<&DirectiveList> {
    fn of_inputs(values: &[Node<InputValueDefinition>]) -> impl Iterator<Item = &DirectiveList> {
        values.iter().map(|value| &value.directives)
    }
    fn of_fields(fields: &[Node<FieldDefinition>]) -> impl Iterator<Item = &DirectiveList> {
        fields
            .iter()
            .flat_map(|field| std::iter::once(&field.directives).chain(of_inputs(&field.arguments)))
    }
    fn of_values(values: &[Node<EnumValueDefinition>]) -> impl Iterator<Item = &DirectiveList> {
        values.iter().map(|value| &value.directives)
    }
    let mut lists = vec![definition.directives()];
    match definition {
        Definition::DirectiveDefinition(def) => lists.extend(of_inputs(&def.arguments)),
        Definition::ObjectTypeDefinition(def) => lists.extend(of_fields(&def.fields)),
        Definition::ObjectTypeExtension(def) => lists.extend(of_fields(&def.fields)),
        Definition::InterfaceTypeDefinition(def) => lists.extend(of_fields(&def.fields)),
        Definition::InterfaceTypeExtension(def) => lists.extend(of_fields(&def.fields)),
        Definition::InputObjectTypeDefinition(def) => lists.extend(of_inputs(&def.fields)),
        Definition::InputObjectTypeExtension(def) => lists.extend(of_inputs(&def.fields)),
        Definition::EnumTypeDefinition(def) => lists.extend(of_values(&def.values)),
        Definition::EnumTypeExtension(def) => lists.extend(of_values(&def.values)),
        _ => {}
    }
    lists
}

/// Calls `visit` for the directives of a definition and of everything in it.
pub(crate) fn for_each_directive_list_mut(
    definition: &mut Definition,
    visit: &mut impl FnMut(&mut DirectiveList),
) {
    fn inputs(
        values: &mut [Node<InputValueDefinition>],
        visit: &mut impl FnMut(&mut DirectiveList),
    ) {
        for value in values {
            visit(&mut value.make_mut().directives);
        }
    }
    fn fields(fields: &mut [Node<FieldDefinition>], visit: &mut impl FnMut(&mut DirectiveList)) {
        for field in fields {
            let field = field.make_mut();
            visit(&mut field.directives);
            inputs(&mut field.arguments, visit);
        }
    }
    macro_rules! simple {
        ($definition: ident) => {
            visit(&mut $definition.make_mut().directives)
        };
    }
    macro_rules! with_fields {
        ($definition: ident, $members: ident) => {{
            let definition = $definition.make_mut();
            visit(&mut definition.directives);
            $members(&mut definition.fields, visit);
        }};
    }
    macro_rules! with_values {
        ($definition: ident) => {{
            let definition = $definition.make_mut();
            visit(&mut definition.directives);
            for value in &mut definition.values {
                visit(&mut value.make_mut().directives);
            }
        }};
    }
    match definition {
        Definition::DirectiveDefinition(def) => inputs(&mut def.make_mut().arguments, visit),
        Definition::SchemaDefinition(def) => simple!(def),
        Definition::SchemaExtension(def) => simple!(def),
        Definition::ScalarTypeDefinition(def) => simple!(def),
        Definition::ScalarTypeExtension(def) => simple!(def),
        Definition::UnionTypeDefinition(def) => simple!(def),
        Definition::UnionTypeExtension(def) => simple!(def),
        Definition::ObjectTypeDefinition(def) => with_fields!(def, fields),
        Definition::ObjectTypeExtension(def) => with_fields!(def, fields),
        Definition::InterfaceTypeDefinition(def) => with_fields!(def, fields),
        Definition::InterfaceTypeExtension(def) => with_fields!(def, fields),
        Definition::InputObjectTypeDefinition(def) => with_fields!(def, inputs),
        Definition::InputObjectTypeExtension(def) => with_fields!(def, inputs),
        Definition::EnumTypeDefinition(def) => with_values!(def),
        Definition::EnumTypeExtension(def) => with_values!(def),
        Definition::OperationDefinition(_) | Definition::FragmentDefinition(_) => {}
    }
}
