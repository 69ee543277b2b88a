//! Prints definitions with one directive a line, so that a change in one subgraph shows as a few
//! changed lines in the checked-in supergraph.

use crate::specs::ONE_OF;
use apollo_compiler::Name;
use apollo_compiler::Node;
use apollo_compiler::ast::{
    Definition, Directive, DirectiveDefinition, DirectiveList, FieldDefinition,
    InputValueDefinition, OperationType, Value,
};

/// Prints a type definition. Extensions and operations do not occur in a supergraph.
pub(super) fn definition(definition: &Definition, out: &mut String) {
    match definition {
        Definition::ScalarTypeDefinition(scalar) => {
            description(scalar.description.as_ref(), "", out);
            out.push_str(&format!("scalar {}", scalar.name));
            type_directives(&scalar.directives, out);
            out.push('\n');
        }
        Definition::ObjectTypeDefinition(object) => {
            description(object.description.as_ref(), "", out);
            out.push_str(&format!("type {}", object.name));
            implements(&object.implements_interfaces, out);
            type_directives(&object.directives, out);
            fields(&object.fields, out);
        }
        Definition::InterfaceTypeDefinition(interface) => {
            description(interface.description.as_ref(), "", out);
            out.push_str(&format!("interface {}", interface.name));
            implements(&interface.implements_interfaces, out);
            type_directives(&interface.directives, out);
            fields(&interface.fields, out);
        }
        Definition::UnionTypeDefinition(union) => {
            description(union.description.as_ref(), "", out);
            out.push_str(&format!("union {}", union.name));
            type_directives(&union.directives, out);
            let members: Vec<&str> = union.members.iter().map(Name::as_str).collect();
            out.push_str(&format!("\n  = {}\n", members.join(" | ")));
        }
        Definition::EnumTypeDefinition(definition) => {
            description(definition.description.as_ref(), "", out);
            out.push_str(&format!("enum {}", definition.name));
            type_directives(&definition.directives, out);
            out.push_str("\n{\n");
            for value in &definition.values {
                description(value.description.as_ref(), "  ", out);
                out.push_str(&format!("  {}", value.value));
                inline_directives(&value.directives, out);
                out.push('\n');
            }
            out.push_str("}\n");
        }
        Definition::InputObjectTypeDefinition(input) => {
            description(input.description.as_ref(), "", out);
            out.push_str(&format!("input {}", input.name));
            type_directives(&input.directives, out);
            out.push_str("\n{\n");
            for field in &input.fields {
                description(field.description.as_ref(), "  ", out);
                out.push_str("  ");
                input_value(field, out);
                out.push('\n');
            }
            out.push_str("}\n");
        }
        _ => {}
    }
}

/// Prints the body of a schema definition whose root types have the default names.
pub(super) fn root_operations(operations: &[OperationType], out: &mut String) {
    out.push_str("{\n");
    for operation in operations {
        out.push_str(&format!(
            "  {operation}: {}\n",
            operation.default_type_name()
        ));
    }
    out.push_str("}\n");
}

/// Prints the definition of `@oneOf` when any of the types has it.
pub(super) fn one_of<'d>(types: impl IntoIterator<Item = &'d Definition>, out: &mut String) {
    let mut types = types.into_iter();
    if types.any(|definition| definition.directives().has("oneOf")) {
        out.push('\n');
        out.push_str(ONE_OF);
    }
}

/// Prints a directive definition.
pub(super) fn directive_definition(definition: &DirectiveDefinition, out: &mut String) {
    description(definition.description.as_ref(), "", out);
    out.push_str(&format!("directive @{}", definition.name));
    arguments(&definition.arguments, "", out);
    if definition.repeatable {
        out.push_str(" repeatable");
    }
    let locations: Vec<&str> = definition
        .locations
        .iter()
        .map(|location| location.name())
        .collect();
    out.push_str(&format!(" on {}\n", locations.join(" | ")));
}

fn implements(interfaces: &[Name], out: &mut String) {
    if interfaces.is_empty() {
        return;
    }
    let names: Vec<&str> = interfaces.iter().map(Name::as_str).collect();
    out.push_str(&format!(" implements {}", names.join(" & ")));
}

fn type_directives(directives: &DirectiveList, out: &mut String) {
    for directive in directives {
        out.push_str("\n  ");
        out.push_str(&one_line(directive));
    }
}

fn inline_directives(directives: &DirectiveList, out: &mut String) {
    for directive in directives {
        out.push(' ');
        out.push_str(&one_line(directive));
    }
}

fn one_line(directive: &Directive) -> String {
    directive.serialize().no_indent().to_string()
}

fn fields(fields: &[Node<FieldDefinition>], out: &mut String) {
    out.push_str("\n{\n");
    for field in fields {
        description(field.description.as_ref(), "  ", out);
        out.push_str(&format!("  {}", field.name));
        arguments(&field.arguments, "  ", out);
        out.push_str(&format!(": {}", field.ty));
        inline_directives(&field.directives, out);
        out.push('\n');
    }
    out.push_str("}\n");
}

/// On one line, unless an argument has a description.
fn arguments(values: &[Node<InputValueDefinition>], indent: &str, out: &mut String) {
    if values.is_empty() {
        return;
    }
    let described = values.iter().any(|value| value.description.is_some());
    out.push('(');
    if !described {
        for (index, value) in values.iter().enumerate() {
            if index > 0 {
                out.push_str(", ");
            }
            input_value(value, out);
        }
        out.push(')');
        return;
    }
    let inner = format!("{indent}  ");
    for value in values {
        out.push('\n');
        description(value.description.as_ref(), &inner, out);
        out.push_str(&inner);
        input_value(value, out);
    }
    out.push_str(&format!("\n{indent})"));
}

fn input_value(value: &InputValueDefinition, out: &mut String) {
    out.push_str(&format!("{}: {}", value.name, value.ty));
    if let Some(default) = &value.default_value {
        out.push_str(&format!(" = {}", default.serialize().no_indent()));
    }
    inline_directives(&value.directives, out);
}

/// A block string where that loses nothing, else a quoted string.
pub(super) fn description(text: Option<&Node<str>>, indent: &str, out: &mut String) {
    let Some(text) = text else {
        return;
    };
    if !survives_block_string(text) {
        let quoted = Value::String(text.to_string());
        out.push_str(&format!("{indent}{}\n", quoted.serialize().no_indent()));
        return;
    }
    out.push_str(indent);
    out.push_str("\"\"\"");
    let text = text.replace("\"\"\"", "\\\"\"\"");
    if text.contains('\n') || text.len() > 70 || text.ends_with(['"', '\\']) {
        for line in text.split('\n') {
            out.push('\n');
            if !line.is_empty() {
                out.push_str(indent);
                out.push_str(line);
            }
        }
        out.push('\n');
        out.push_str(indent);
    } else {
        out.push_str(&text);
    }
    out.push_str("\"\"\"\n");
}

/// Block strings take away common indentation and blank first and last lines (GraphQL
/// specification, `BlockStringValue`), and cannot hold control characters.
fn survives_block_string(text: &str) -> bool {
    let is_blank = |line: &str| line.trim_matches([' ', '\t']).is_empty();
    let mut lines = text.split('\n');
    let first_is_blank = lines.next().is_none_or(is_blank);
    let last_is_blank = text.rsplit('\n').next().is_none_or(is_blank);
    let is_indented = text.starts_with([' ', '\t']);
    let has_control = text
        .chars()
        .any(|c| c.is_control() && c != '\n' && c != '\t');
    !first_is_blank && !last_is_blank && !is_indented && !has_control
}
