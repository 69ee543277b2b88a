//! `@join__field(contextArguments:)`, which join v0.5 has for `@fromContext`.

use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::{Name, Node};

use super::SupergraphError;
use super::type_text::parse_type;
use crate::field_set::FieldSet;
use crate::model::ContextArgument;

/// The arguments of a field that `@join__field` says are set from contexts; `at` is the field's coordinate.
pub(super) fn read(join: &Directive, at: &str) -> Result<Vec<ContextArgument>, SupergraphError> {
    let arguments = join
        .specified_argument_by_name("contextArguments")
        .and_then(|value| value.as_list());
    let argument = |argument: &Node<Value>| {
        let fields = argument.as_object().unwrap_or_default();
        let text = |key: &str| {
            let value = fields
                .iter()
                .find(|(name, _)| name == key)
                .and_then(|(_, value)| value.as_str());
            value.ok_or_else(|| SupergraphError::Join {
                at: at.to_owned(),
                problem: format!("a context argument has no `{key}`"),
            })
        };
        let invalid = |text: &str, what: &str| SupergraphError::Join {
            at: at.to_owned(),
            problem: format!("`{text}` is not {what}"),
        };
        let (name, ty) = (text("name")?, text("type")?);
        Ok(ContextArgument {
            context: text("context")?.into(),
            name: Name::new(name).map_err(|_| invalid(name, "an argument's name"))?,
            ty: parse_type(ty).ok_or_else(|| invalid(ty, "a type"))?,
            selection: FieldSet::parse(text("selection")?).map_err(|source| {
                SupergraphError::FieldSet {
                    at: at.to_owned(),
                    source,
                }
            })?,
        })
    };
    arguments.unwrap_or_default().iter().map(argument).collect()
}
