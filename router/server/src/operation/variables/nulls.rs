//! Variables that must not be null although their types let them: those with a default value, or in the place of
//! one, that stand where null is not allowed.

use apollo_compiler::ast::{DirectiveList, Value as Literal, VariableDefinition};
use apollo_compiler::executable::{ExecutableDocument, Operation};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Name, Node, Schema};
use serde_json::Value;
use souk_executor::JsonMap;

use crate::error::{GraphQLError, Location};
use crate::operation::given::{Expected, Visitor, visit_operation};

/// Names the variables that may be null and stand where nothing may be.
pub(crate) fn not_null(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
) -> Vec<Name> {
    let may_be_null = |variable: &Node<VariableDefinition>| !variable.ty.is_non_null();
    if !operation.variables.iter().any(may_be_null) {
        return Vec::new();
    }
    let uses = uses(schema, document, operation, &JsonMap::new());
    let mut names = Vec::new();
    for misplaced in uses {
        if !names.contains(&misplaced.variable) {
            names.push(misplaced.variable);
        }
    }
    names
}

/// Refuses a request that gives null to an argument that takes none, in `CoerceArgumentValues` of the
/// specification, before anything is executed. What `@skip` and `@include` leave out may get null.
pub(super) fn check(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    not_null: &[Name],
    variables: &JsonMap,
) -> Result<(), GraphQLError> {
    let is_null = |name: &Name| variables.get(name.as_str()).is_some_and(Value::is_null);
    if !not_null.iter().any(is_null) {
        return Ok(());
    }
    let uses = uses(schema, document, operation, variables);
    let Some(misplaced) = uses.iter().find(|misplaced| is_null(&misplaced.variable)) else {
        return Ok(());
    };
    let Use {
        variable,
        ty,
        location,
    } = misplaced;
    let mut error = super::bad_input(format!(
        "variable `${variable}` is null where `{ty}` is expected"
    ));
    let place = location.and_then(|location| location.line_column(&document.sources));
    error.locations.extend(place.map(Location::from));
    Err(error)
}

/// A variable that may be null, where null may not be.
struct Use {
    variable: Name,
    ty: String,
    location: Option<SourceSpan>,
}

/// Finds all uses in what the known variables do not leave out.
fn uses(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    variables: &JsonMap,
) -> Vec<Use> {
    let mut search = Search {
        definitions: &operation.variables,
        variables,
        uses: Vec::new(),
    };
    visit_operation(schema, document, operation, &mut search);
    search.uses
}

struct Search<'a> {
    definitions: &'a [Node<VariableDefinition>],
    variables: &'a JsonMap,
    uses: Vec<Use>,
}

impl Visitor for Search<'_> {
    fn enters(&self, directives: &DirectiveList) -> bool {
        let condition = |directive| {
            let value = directives
                .get(directive)?
                .specified_argument_by_name("if")?;
            match &**value {
                Literal::Variable(name) => self.variables.get(name.as_str())?.as_bool(),
                literal => literal.to_bool(),
            }
        };
        condition("skip") != Some(true) && condition("include") != Some(false)
    }

    fn value(&mut self, value: &Node<Literal>, expected: Option<Expected<'_>>) {
        let (Literal::Variable(name), Some(expected)) = (&**value, expected) else {
            return;
        };
        let definition = self
            .definitions
            .iter()
            .find(|variable| variable.name == *name);
        let may_be_null = definition.is_some_and(|variable| !variable.ty.is_non_null());
        if may_be_null && expected.ty.is_non_null() {
            self.uses.push(Use {
                variable: name.clone(),
                ty: expected.ty.to_string(),
                location: value.location(),
            });
        }
    }
}
