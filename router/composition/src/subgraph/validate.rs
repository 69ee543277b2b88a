//! Checks a subgraph on its own, and turns it into a [`Subgraph`].

use super::externals::{self, ParsedFieldSet};
use super::field_set::{self, Problem, Purpose};
use super::parse::{Parsed, report_invalid};
use super::{
    Subgraph, authorization, contexts, demand, deprecation, directives, extensions, federation_1,
};
use crate::code;
use crate::diagnostics::Diagnostics;
use crate::specs;
use apollo_compiler::ast::{Definition, Directive, Document};
use apollo_compiler::schema::{Component, ComponentName, ExtendedType, ObjectType};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};

/// Checks one subgraph; nothing comes back when it has errors.
pub(super) fn validate(parsed: Parsed, diagnostics: &mut Diagnostics) -> Option<Subgraph> {
    let errors_before = diagnostics.error_count();
    let schema = valid_schema(&parsed, diagnostics)?;
    let extensions = extensions::extensions(&parsed.document);

    let errors_before_field_sets = diagnostics.error_count();
    let field_sets = parse_field_sets(&parsed, &schema, diagnostics);
    let field_sets_are_valid = diagnostics.error_count() == errors_before_field_sets;
    let is_federation_1 = parsed.is_federation_1();
    let mut usage = externals::usage(&schema, &field_sets, &extensions, is_federation_1);
    let external = externals::external_fields(&schema, &usage);

    let locate = |span| parsed.locate(span);
    let contextual = contexts::read(&parsed.name, &schema, &locate, diagnostics);
    for argument in contextual.values().flatten() {
        for selections in &argument.selected {
            usage.add_used(&schema, selections);
        }
    }

    let mut subgraph = Subgraph {
        name: parsed.name,
        url: parsed.url,
        graph: parsed.graph,
        version: parsed.version,
        spellings: parsed.spellings,
        links: parsed.links,
        federation_names: parsed.federation_names,
        contextual,
        schema,
        extensions,
        external,
        used: usage.used,
        key_fields: usage.key_fields,
        provided: usage.provided,
    };
    if is_federation_1 {
        federation_1::clean(&mut subgraph, diagnostics);
    } else {
        check_missing_externals(&subgraph, &field_sets, diagnostics);
        demand::check(&subgraph, diagnostics);
        authorization::check(&subgraph, diagnostics);
        if field_sets_are_valid {
            directives::check_unused_externals(&subgraph, diagnostics);
        }
    }
    directives::check(&subgraph, diagnostics);
    directives::check_directives_of_externals(&subgraph, diagnostics);
    deprecation::check(&subgraph, diagnostics);
    (diagnostics.error_count() == errors_before).then_some(subgraph)
}

/// Builds the schema with the definitions of the federation specification and validates it.
fn valid_schema(parsed: &Parsed, diagnostics: &mut Diagnostics) -> Option<Valid<Schema>> {
    let mut machinery = String::new();
    for scalar in specs::FEDERATION_SCALARS {
        machinery.push_str(&format!("scalar {scalar}\n"));
    }
    for directive in specs::FEDERATION_DIRECTIVES {
        machinery.push_str(directive.definition);
        machinery.push('\n');
    }
    let defines_one_of = parsed.document.definitions.iter().any(|definition| {
        matches!(definition, Definition::DirectiveDefinition(own) if own.name == "oneOf")
    });
    if !defines_one_of {
        machinery.push_str(specs::ONE_OF);
    }
    let machinery = match Document::parse(machinery, "federation.graphql") {
        Ok(document) => document,
        Err(with_errors) => {
            report_invalid(&parsed.name, &with_errors.errors, diagnostics);
            return None;
        }
    };
    let built = Schema::builder()
        .adopt_orphan_extensions()
        .ignore_builtin_redefinitions()
        .add_ast(&parsed.document)
        .add_ast(&machinery)
        .build();
    let mut schema = match built {
        Ok(schema) => schema,
        Err(with_errors) => {
            report_invalid(&parsed.name, &with_errors.errors, diagnostics);
            return None;
        }
    };
    let lacks_query =
        schema.schema_definition.query.is_none() && !schema.types.contains_key("Query");
    if lacks_query {
        add_service_query(&mut schema);
    }
    match schema.validate() {
        Ok(valid) => {
            let mut schema = valid.into_inner();
            if lacks_query {
                schema.types.shift_remove("Query");
                schema.schema_definition.make_mut().query = None;
            }
            Some(Valid::assume_valid(schema))
        }
        Err(with_errors) => {
            report_invalid(&parsed.name, &with_errors.errors, diagnostics);
            None
        }
    }
}

/// Every subgraph has a query root, if only for `_service` (subgraph specification). Without it a
/// subgraph that adds no queries of its own would not be valid GraphQL.
fn add_service_query(schema: &mut Schema) {
    let query = Name::new_static_unchecked("Query");
    let service = apollo_compiler::ast::FieldDefinition {
        description: None,
        name: Name::new_static_unchecked("_service"),
        arguments: Vec::new(),
        ty: apollo_compiler::ty!(federation__FieldSet),
        directives: Default::default(),
    };
    let mut object = ObjectType {
        description: None,
        name: query.clone(),
        implements_interfaces: Default::default(),
        directives: Default::default(),
        fields: Default::default(),
    };
    object
        .fields
        .insert(service.name.clone(), Component::new(service));
    schema
        .types
        .insert(query.clone(), ExtendedType::Object(Node::new(object)));
    schema.schema_definition.make_mut().query = Some(ComponentName::from(query));
}

/// Parses the field sets of all `@key`, `@requires` and `@provides`.
fn parse_field_sets(
    parsed: &Parsed,
    schema: &Valid<Schema>,
    diagnostics: &mut Diagnostics,
) -> Vec<ParsedFieldSet> {
    let mut sets = Vec::new();
    let mut parser = FieldSetParser {
        parsed,
        schema,
        diagnostics,
    };
    for ty in schema.types.values() {
        for key in ty.directives().get_all("key") {
            let place = ty.name().to_string();
            sets.extend(parser.parse(key, ty.name(), &place, Purpose::Key));
        }
        for (name, field) in super::fields_of(ty) {
            let place = format!("{}.{name}", ty.name());
            for requires in field.directives.get_all("requires") {
                sets.extend(parser.parse(requires, ty.name(), &place, Purpose::Requires));
            }
            for provides in field.directives.get_all("provides") {
                let target = field.ty.inner_named_type();
                let is_composite = schema
                    .types
                    .get(target)
                    .is_some_and(|ty| ty.is_object() || ty.is_interface() || ty.is_union());
                if is_composite {
                    sets.extend(parser.parse(provides, target, &place, Purpose::Provides));
                } else if !parsed.is_federation_1() {
                    parser.report(
                        code::PROVIDES_ON_NON_OBJECT_FIELD,
                        provides,
                        &format!("\"{place}\" has @provides, but \"{target}\" has no fields"),
                    );
                }
            }
        }
    }
    sets
}

struct FieldSetParser<'a> {
    parsed: &'a Parsed,
    schema: &'a Valid<Schema>,
    diagnostics: &'a mut Diagnostics,
}

impl FieldSetParser<'_> {
    fn report(&mut self, code: &'static str, directive: &Node<Directive>, problem: &str) {
        self.diagnostics.error(
            code,
            format!("in subgraph \"{}\", {problem}", self.parsed.name),
            self.parsed.locate(directive.location()),
        );
    }

    fn parse(
        &mut self,
        directive: &Node<Directive>,
        on_type: &Name,
        place: &str,
        purpose: Purpose,
    ) -> Option<ParsedFieldSet> {
        let codes = Codes::of(purpose);
        let name = &directive.name;
        let Some(text) = super::string_argument(directive, "fields") else {
            let problem = format!("the fields of @{name} on \"{place}\" are not a string");
            self.report(codes.invalid_type, directive, &problem);
            return None;
        };
        let selections = match field_set::parse(self.schema, on_type, text) {
            Ok(selections) => selections,
            Err(errors) => {
                for error in errors {
                    let problem =
                        format!("@{name}(fields: \"{text}\") on \"{place}\" is not valid: {error}");
                    self.report(codes.invalid, directive, &problem);
                }
                return None;
            }
        };
        let problems = field_set::problems(self.schema, &selections, purpose);
        for problem in &problems {
            let (code, what) = match problem {
                Problem::Alias(alias) => (codes.invalid, format!("has the alias \"{alias}\"")),
                Problem::Directive(name) => {
                    (codes.directive, format!("has the directive \"@{name}\""))
                }
                Problem::Arguments(field) => (
                    codes.arguments,
                    format!("has the field \"{field}\", which takes arguments"),
                ),
                Problem::InvalidType(field) => (
                    code::KEY_FIELDS_SELECT_INVALID_TYPE,
                    format!("goes through \"{field}\", whose type is an interface or a union"),
                ),
            };
            let problem = format!("@{name}(fields: \"{text}\") on \"{place}\" {what}");
            self.report(code, directive, &problem);
        }
        problems.is_empty().then(|| ParsedFieldSet {
            on_type: on_type.clone(),
            purpose,
            place: place.to_owned(),
            directive: directive.clone(),
            selections,
        })
    }
}

/// The error codes of one directive's field sets.
struct Codes {
    invalid: &'static str,
    invalid_type: &'static str,
    directive: &'static str,
    arguments: &'static str,
}

impl Codes {
    fn of(purpose: Purpose) -> Self {
        match purpose {
            Purpose::Key => Self {
                invalid: code::KEY_INVALID_FIELDS,
                invalid_type: code::KEY_INVALID_FIELDS_TYPE,
                directive: code::KEY_DIRECTIVE_IN_FIELDS_ARG,
                arguments: code::KEY_FIELDS_HAS_ARGS,
            },
            Purpose::Requires => Self {
                invalid: code::REQUIRES_INVALID_FIELDS,
                invalid_type: code::REQUIRES_INVALID_FIELDS_TYPE,
                directive: code::REQUIRES_DIRECTIVE_IN_FIELDS_ARG,
                // Arguments are allowed here, so this code never occurs.
                arguments: code::REQUIRES_INVALID_FIELDS,
            },
            Purpose::Provides => Self {
                invalid: code::PROVIDES_INVALID_FIELDS,
                invalid_type: code::PROVIDES_INVALID_FIELDS_TYPE,
                directive: code::PROVIDES_DIRECTIVE_IN_FIELDS_ARG,
                arguments: code::PROVIDES_FIELDS_HAS_ARGS,
            },
        }
    }
}

/// `@requires` and `@provides` are about fields that the subgraph does not resolve itself.
fn check_missing_externals(
    subgraph: &Subgraph,
    field_sets: &[ParsedFieldSet],
    diagnostics: &mut Diagnostics,
) {
    for set in field_sets {
        let code = match set.purpose {
            Purpose::Key => continue,
            Purpose::Requires => code::REQUIRES_FIELDS_MISSING_EXTERNAL,
            Purpose::Provides => code::PROVIDES_FIELDS_MISSING_EXTERNAL,
        };
        for (ty, field) in externals::resolved_leaves(&subgraph.schema, set, &subgraph.external) {
            diagnostics.error(
                code,
                format!(
                    "in subgraph \"{}\", @{} on \"{}\" names \"{ty}.{field}\", which is not \
                     @external: the subgraph resolves it anyway",
                    subgraph.name, set.directive.name, set.place
                ),
                subgraph.locate(set.directive.location()),
            );
        }
    }
}
