//! The rules about values that the compiler does not apply inside of lists and objects.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{Type, Value, VariableDefinition};
use apollo_compiler::executable::{ExecutableDocument, Operation};
use apollo_compiler::parser::SourceSpan;
use apollo_compiler::{Name, Node, Schema};

use crate::error::{GraphQLError, Location, MOST_ERRORS};
use crate::operation::given::{Expected, Visitor, visit_directives, visit_operation, visit_value};

/// Applies the rules to every operation of a document that the compiler has found valid.
pub(super) fn check(schema: &Schema, document: &ExecutableDocument) -> Vec<GraphQLError> {
    let mut errors = Vec::new();
    for operation in document.operations.iter() {
        check_operation(schema, document, operation, &mut errors);
    }
    errors
}

fn check_operation(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    errors: &mut Vec<GraphQLError>,
) {
    let mut rules = Rules {
        document,
        variables: HashMap::new(),
        errors,
    };
    // Default values, and the directives of variables, are constant: while they are visited, no variable is defined.
    for variable in &operation.variables {
        if let Some(default) = &variable.default_value {
            let expected = Expected {
                ty: &variable.ty,
                has_default: false,
            };
            visit_value(schema, default, Some(expected), &mut rules);
        }
        visit_directives(schema, &variable.directives, &mut rules);
    }
    for variable in &operation.variables {
        rules.variables.insert(&variable.name, variable);
    }
    visit_operation(schema, document, operation, &mut rules);
}

struct Rules<'a> {
    document: &'a ExecutableDocument,
    variables: HashMap<&'a Name, &'a VariableDefinition>,
    errors: &'a mut Vec<GraphQLError>,
}

impl Visitor for Rules<'_> {
    fn value(&mut self, value: &Node<Value>, expected: Option<Expected<'_>>) {
        match &**value {
            Value::Variable(name) => self.variable(name, value.location(), expected),
            Value::Object(fields) => self.input_object_field_uniqueness(fields),
            _ => {}
        }
    }
}

impl Rules<'_> {
    /// All Variable Uses Defined (specification, section 5.8.3) and All Variable Usages Are Allowed (section 5.8.5).
    fn variable(
        &mut self,
        name: &Name,
        location: Option<SourceSpan>,
        expected: Option<Expected<'_>>,
    ) {
        let Some(definition) = self.variables.get(name) else {
            self.report(format!("variable `${name}` is not defined"), location);
            return;
        };
        if let Some(expected) = expected
            && !is_usage_allowed(definition, expected)
        {
            let message = format!(
                "variable `${name}` of type `{}` cannot be used where `{}` is expected",
                definition.ty, expected.ty
            );
            self.report(message, location);
        }
    }

    /// Input Object Field Uniqueness (specification, section 5.6.3).
    fn input_object_field_uniqueness(&mut self, fields: &[(Name, Node<Value>)]) {
        let mut seen = HashSet::with_capacity(fields.len());
        for (name, _) in fields {
            if !seen.insert(name) {
                let message = format!("the input field `{name}` is given more than once");
                self.report(message, name.location());
            }
        }
    }

    /// Keeps an error. Operations that spread the same fragment find the same ones.
    fn report(&mut self, message: String, location: Option<SourceSpan>) {
        if self.errors.len() == MOST_ERRORS {
            return;
        }
        let place = location.and_then(|location| location.line_column(&self.document.sources));
        let mut error = GraphQLError::new(message, "GRAPHQL_VALIDATION_FAILED");
        error.locations.extend(place.map(Location::from));
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }
}

/// `IsVariableUsageAllowed` of the specification. A default value of null is as good as none.
fn is_usage_allowed(variable: &VariableDefinition, expected: Expected<'_>) -> bool {
    if !expected.ty.is_non_null() || variable.ty.is_non_null() {
        return variable.ty.is_assignable_to(expected.ty);
    }
    let default = variable.default_value.as_ref();
    let has_default = expected.has_default || default.is_some_and(|default| !default.is_null());
    let nullable = match expected.ty {
        Type::NonNullNamed(name) => Type::Named(name.clone()),
        Type::NonNullList(item) => Type::List(item.clone()),
        nullable => nullable.clone(),
    };
    has_default && variable.ty.is_assignable_to(&nullable)
}
