//! Rules about where federation directives may stand, within one subgraph.

use super::{Subgraph, field_set, fields_of, is_resolvable, on_declaration, string_argument};
use crate::code;
use crate::diagnostics::Diagnostics;
use crate::specs::{ENTITY_INTERFACES_SINCE, is_kept};
use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::Directive;
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::schema::{ExtendedType, FieldDefinition};

/// Checks every directive of a subgraph.
pub(super) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    let mut check = Check {
        subgraph,
        diagnostics,
    };
    for ty in subgraph.types() {
        check.type_directives(ty);
        for (name, field) in fields_of(ty) {
            let place = format!("{}.{name}", ty.name());
            if ty.is_interface() {
                check.interface_field(&place, field);
            } else {
                check.object_field(ty, &place, field);
            }
        }
    }
}

/// Checks that every `@external` field serves some purpose. Meaningless before all field sets are
/// valid: a broken one may be what uses the field.
pub(super) fn check_unused_externals(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    for ty in subgraph.types() {
        for (name, field) in fields_of(ty) {
            let coordinate = (ty.name().clone(), name.clone());
            if ty.is_interface() || subgraph.used.contains(&coordinate) {
                continue;
            }
            let own = field.directives.get("external");
            let of_declaration = on_declaration(ty, field, "external");
            let Some(directive) = own.or(of_declaration.map(|directive| &directive.node)) else {
                continue;
            };
            diagnostics.error(
                code::EXTERNAL_UNUSED,
                format!(
                    "in subgraph \"{}\", \"{}.{name}\" is @external, but no @key, @requires or \
                     @provides uses it and no interface needs it",
                    subgraph.name,
                    ty.name()
                ),
                subgraph.locate(directive.location()),
            );
        }
    }
}

/// Checks that nothing is said of an external field that the supergraph would not say.
pub(super) fn check_directives_of_externals(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    for ty in subgraph.types().filter(|ty| ty.is_object()) {
        for (name, field) in fields_of(ty) {
            if !subgraph.is_external(ty.name(), name) {
                continue;
            }
            for found in &field.directives {
                let merged = &found.name;
                if merged == "deprecated" || is_kept(merged) {
                    diagnostics.error(
                        code::MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL,
                        format!(
                            "in subgraph \"{}\", \"{}.{name}\" is @external, so its @{merged} \
                             would be lost: it belongs where the field is resolved",
                            subgraph.name,
                            ty.name()
                        ),
                        subgraph.locate(found.location()),
                    );
                }
            }
        }
    }
}

struct Check<'a> {
    subgraph: &'a Subgraph,
    diagnostics: &'a mut Diagnostics,
}

impl Check<'_> {
    fn error(&mut self, code: &'static str, problem: &str, span: Option<SourceSpan>) {
        self.diagnostics.error(
            code,
            format!("in subgraph \"{}\", {problem}", self.subgraph.name),
            self.subgraph.locate(span),
        );
    }

    fn type_directives(&mut self, ty: &ExtendedType) {
        let name = ty.name();
        if let Some(directive) = ty.directives().get("interfaceObject")
            && !ty.directives().has("key")
        {
            self.error(
                code::INTERFACE_OBJECT_USAGE_ERROR,
                &format!("\"{name}\" is an @interfaceObject without a @key"),
                directive.location(),
            );
        }
        let shareable: Vec<_> = ty.directives().get_all("shareable").collect();
        for (index, directive) in shareable.iter().enumerate() {
            let mut before = shareable[..index].iter();
            if before.any(|other| other.origin == directive.origin) {
                self.shared_twice(name, directive);
            }
        }
        if name == "Subscription"
            && let Some(directive) = ty.directives().get("shareable")
        {
            self.shared_subscription(name, directive);
        }
        if ty.is_interface() {
            for key in ty.directives().get_all("key") {
                self.interface_key(name, key);
            }
        }
    }

    fn interface_key(&mut self, interface: &Name, key: &Node<Directive>) {
        if self.subgraph.version < ENTITY_INTERFACES_SINCE {
            self.error(
                code::KEY_UNSUPPORTED_ON_INTERFACE,
                &format!(
                    "interface \"{interface}\" has a @key, which federation allows \
                     since {ENTITY_INTERFACES_SINCE}"
                ),
                key.location(),
            );
            return;
        }
        let Some(text) = string_argument(key, "fields") else {
            return;
        };
        let schema = &self.subgraph.schema;
        let normalised = |ty: &Name, text: &str| {
            field_set::parse(schema, ty, text)
                .ok()
                .map(|selections| field_set::normalised(&selections))
        };
        let wanted = normalised(interface, text);
        for implementation in field_set::implementations(schema, interface) {
            let Some(ty) = schema.types.get(&implementation) else {
                continue;
            };
            let has_key = ty.directives().get_all("key").any(|own| {
                let is_as_good = is_resolvable(own) || !is_resolvable(key);
                let text = string_argument(own, "fields");
                is_as_good && text.is_some_and(|own| normalised(&implementation, own) == wanted)
            });
            if !has_key {
                self.error(
                    code::INTERFACE_KEY_NOT_ON_IMPLEMENTATION,
                    &format!(
                        "interface \"{interface}\" has @key(fields: \"{text}\"), but \
                         \"{implementation}\", which implements it, has not"
                    ),
                    ty.name().location(),
                );
            }
        }
    }

    fn interface_field(&mut self, place: &str, field: &FieldDefinition) {
        let forbidden = [
            ("external", code::EXTERNAL_ON_INTERFACE),
            ("requires", code::REQUIRES_UNSUPPORTED_ON_INTERFACE),
            ("provides", code::PROVIDES_UNSUPPORTED_ON_INTERFACE),
            ("override", code::OVERRIDE_ON_INTERFACE),
            ("shareable", code::INVALID_SHAREABLE_USAGE),
        ];
        for (name, code) in forbidden {
            if let Some(directive) = field.directives.get(name) {
                self.error(
                    code,
                    &format!("\"{place}\" has @{name}, which a field of an interface cannot have"),
                    directive.location(),
                );
            }
        }
    }

    fn object_field(&mut self, ty: &ExtendedType, place: &str, field: &FieldDefinition) {
        if let Some(directive) = field.directives.get("external") {
            self.external_field(place, field, directive);
        }
        if let Some(directive) = field.directives.get("override") {
            self.override_directive(place, directive);
        }
        if let Some(directive) = field.directives.get_all("shareable").nth(1) {
            self.shared_twice(place, directive);
        }
        if ty.name() == "Subscription"
            && let Some(directive) = field.directives.get("shareable")
        {
            self.shared_subscription(place, directive);
        }
    }

    fn shared_twice(&mut self, place: &str, directive: &Node<Directive>) {
        self.error(
            code::INVALID_SHAREABLE_USAGE,
            &format!("\"{place}\" is @shareable twice in one declaration: once is enough"),
            directive.location(),
        );
    }

    fn shared_subscription(&mut self, place: &str, directive: &Node<Directive>) {
        self.error(
            code::INVALID_FIELD_SHARING,
            &format!("\"{place}\" is @shareable, but a subscription runs in one subgraph"),
            directive.location(),
        );
    }

    fn external_field(
        &mut self,
        place: &str,
        field: &FieldDefinition,
        directive: &Node<Directive>,
    ) {
        let excluded = [
            ("provides", code::EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE),
            ("override", code::OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE),
        ];
        for (other, code) in excluded {
            if field.directives.has(other) {
                self.error(
                    code,
                    &format!("\"{place}\" is @external and has @{other}: one excludes the other"),
                    directive.location(),
                );
            }
        }
    }

    fn override_directive(&mut self, place: &str, directive: &Node<Directive>) {
        if string_argument(directive, "from") == Some(&self.subgraph.name) {
            self.error(
                code::OVERRIDE_FROM_SELF_ERROR,
                &format!("\"{place}\" overrides the field of the subgraph that it is in"),
                directive.location(),
            );
        }
        if let Some(label) = string_argument(directive, "label")
            && !is_valid_label(label)
        {
            self.error(
                code::OVERRIDE_LABEL_INVALID,
                &format!(
                    "the label \"{label}\" of @override on \"{place}\" is neither a name nor \
                     percent(x) with x from 0 to 100"
                ),
                directive.location(),
            );
        }
    }
}

/// A name of letters, digits and `_-:./` that begins with a letter, or `percent(x)` with at most
/// eight decimals.
fn is_valid_label(label: &str) -> bool {
    if let Some(percent) = label
        .strip_prefix("percent(")
        .and_then(|rest| rest.strip_suffix(')'))
    {
        let is_decimal = percent.chars().all(|c| c.is_ascii_digit() || c == '.');
        let decimals = percent.split_once('.').map_or(0, |(_, after)| after.len());
        let in_range = percent
            .parse::<f64>()
            .is_ok_and(|percent| (0.0..=100.0).contains(&percent));
        return is_decimal && decimals <= 8 && in_range;
    }
    label.starts_with(|first: char| first.is_ascii_alphabetic())
        && label
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "_-:./".contains(c))
}
