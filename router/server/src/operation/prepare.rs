//! Makes an operation ready to be executed any number of times.

use std::sync::Arc;

use apollo_compiler::ast::{Definition, Document, OperationDefinition, OperationType};
use apollo_compiler::executable::{self, ExecutableDocument};
use apollo_compiler::parser::{Parser, SourceMap};
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Node, Schema};
use souk_executor::PreparedPlan;
use souk_planner::{Credentials, PlanError, Planner};

use super::cache::{Failure, OperationKey};
use super::validation::validate;
use super::variables::nulls;
use super::{expose, limits};
use crate::authorization;
use crate::config::{AuthorizationDirectives, Limits};
use crate::error::{GraphQLError, Location, from_compiler, from_diagnostics};
use crate::override_labels::set_of;

/// An operation that has been parsed, checked, validated and planned.
#[derive(Debug)]
pub(crate) struct Operation {
    pub document: Arc<Valid<ExecutableDocument>>,
    pub name: Option<String>,
    pub kind: OperationType,
    /// Variables that must not be null although their types let them.
    pub not_null: Vec<Name>,
    pub plan: Arc<PreparedPlan>,
    /// The plan as clients may see it, if they may.
    pub shown_plan: Option<Arc<serde_json::Value>>,
}

/// What preparing depends on, beside the document.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub limits: Limits,
    pub introspection: bool,
    pub expose_plans: bool,
    pub authorization: AuthorizationDirectives,
}

/// Prepares the operation of that name of a document, or its only one. The errors are all of the first stage
/// that fails.
pub(crate) fn prepare(
    planner: &Planner,
    schema: &Valid<Schema>,
    rules: &Rules,
    key: &OperationKey,
) -> Result<Operation, Failure> {
    let document = checked(schema, rules, key)?;
    let name = key.operation_name.as_deref();
    let labels = set_of(&key.labels);
    let mode = authorization::mode(&rules.authorization, key.credentials.as_ref());
    let planned = planner.plan_for(&document, name, &labels, mode);
    let plan = planned.map_err(|error| failure(&error, name, &document.sources))?;
    let operation = operation(&document, name)?;
    let not_null = nulls::not_null(schema, &document, operation);
    let shown_plan = rules.expose_plans.then(|| Arc::new(expose::shown(&plan)));
    Ok(Operation {
        kind: operation.operation_type,
        document: Arc::new(document),
        name: name.map(str::to_owned),
        not_null,
        plan: Arc::new(PreparedPlan::new(plan)),
        shown_plan,
    })
}

/// The credentials that the plan of an operation depends on.
pub(crate) fn credentials_asked(
    planner: &Planner,
    schema: &Valid<Schema>,
    rules: &Rules,
    key: &OperationKey,
) -> Result<Credentials, Failure> {
    let document = checked(schema, rules, key)?;
    let name = key.operation_name.as_deref();
    let asked = planner.credentials_asked(&document, name);
    asked.map_err(|error| failure(&error, name, &document.sources))
}

/// Parses, checks and validates a document. Where the graph protects something, this is done before the client's
/// credentials are known, and again with them; what is only warned of is said the first time.
fn checked(
    schema: &Valid<Schema>,
    rules: &Rules,
    key: &OperationKey,
) -> Result<Valid<ExecutableDocument>, Failure> {
    let operation_name = key.operation_name.as_deref();
    let document = parse(&key.query, operation_name, &rules.limits)?;
    let definition = select(&document, operation_name).map_err(|error| vec![error])?;
    let broken = limits::check(limits::measure(&document, definition), &rules.limits);
    if !broken.is_empty() {
        if !rules.limits.warn_only {
            return Err(broken.into());
        }
        if key.credentials.is_none() {
            for error in &broken {
                tracing::warn!(operation = operation_name, "{}", error.message);
            }
        }
    }

    let document = validate(&document, schema)?;
    let operation = operation(&document, operation_name)?;
    let introspects = operation
        .root_fields(&document)
        .any(|field| matches!(field.name.as_str(), "__schema" | "__type"));
    if introspects && !rules.introspection {
        return Err(vec![GraphQLError::new(
            "introspection is switched off; it is configured as supergraph.introspection",
            "INTROSPECTION_DISABLED",
        )]
        .into());
    }
    if introspects && rules.limits.introspection_max_depth {
        apollo_compiler::introspection::check_max_depth(&document, operation).map_err(|error| {
            vec![from_compiler(
                &error.to_graphql_error(&document.sources),
                "MAX_INTROSPECTION_DEPTH_LIMIT",
            )]
        })?;
    }

    Ok(document)
}

/// The operation of that name of a valid document, or its only one.
fn operation<'d>(
    document: &'d Valid<ExecutableDocument>,
    name: Option<&str>,
) -> Result<&'d Node<executable::Operation>, Vec<GraphQLError>> {
    document.operations.get(name).map_err(|error| {
        vec![from_compiler(
            &error.to_graphql_error(&document.sources),
            "GRAPHQL_UNKNOWN_OPERATION_NAME",
        )]
    })
}

fn failure(error: &PlanError, operation: Option<&str>, sources: &SourceMap) -> Failure {
    Failure {
        errors: vec![refusal(error, operation, sources)],
        by_planner: true,
    }
}

fn refusal(error: &PlanError, operation: Option<&str>, sources: &SourceMap) -> GraphQLError {
    match error {
        PlanError::TooComplex => {
            let message = "the operation is too complex to be planned; select less of interfaces and unions, or send several operations";
            GraphQLError::new(message, "QUERY_PLAN_COMPLEXITY_EXCEEDED")
        }
        PlanError::Conflict { location, .. } => {
            let place = location.and_then(|location| location.line_column(sources));
            let mut refusal = GraphQLError::new(error.to_string(), "GRAPHQL_VALIDATION_FAILED");
            refusal.locations.extend(place.map(Location::from));
            refusal
        }
        PlanError::Operation(_) | PlanError::Unresolvable { .. } => {
            tracing::error!(%error, operation, "a valid operation could not be planned");
            GraphQLError::new(
                "the operation could not be planned",
                "QUERY_PLANNING_FAILED",
            )
        }
    }
}

/// Parses a document. A document that is too long or too deep is told which limit it breaks, and nothing else:
/// what follows from the cut is no mistake of the client's.
fn parse(
    text: &str,
    operation_name: Option<&str>,
    limits: &Limits,
) -> Result<Document, Vec<GraphQLError>> {
    let mut parser = Parser::new()
        .token_limit(limits.parser_max_tokens)
        .recursion_limit(limits.parser_max_recursion);
    let result = parser.parse_ast(text, "query");
    let failure = match result {
        Ok(document) => return Ok(document),
        Err(failure) => failure,
    };
    if parser.tokens_reached() > limits.parser_max_tokens {
        let limit = limits.parser_max_tokens;
        return Err(vec![limits::broken(
            "number of tokens",
            None,
            limit,
            "parser_max_tokens",
            "MAX_TOKENS_LIMIT",
        )]);
    }
    if parser.recursion_reached() > limits.parser_max_recursion {
        return Err(vec![nested_too_deep(
            &failure.partial,
            operation_name,
            limits,
        )]);
    }
    Err(from_diagnostics(
        failure.errors.iter(),
        "GRAPHQL_PARSE_FAILED",
    ))
}

/// The error for a document that nests deeper than the parser follows. If its fields do, as far as they were read, it
/// also breaks the limit on depth: the smaller of the two limits is the one to keep to.
fn nested_too_deep(read: &Document, operation_name: Option<&str>, limits: &Limits) -> GraphQLError {
    let depth =
        select(read, operation_name).map_or(0, |operation| limits::measure(read, operation).depth);
    match limits.max_depth {
        Some(limit) if depth > limit && !limits.warn_only => limits::broken(
            "depth",
            None,
            limit as usize,
            "max_depth",
            "MAX_DEPTH_LIMIT",
        ),
        _ => limits::broken(
            "nesting",
            None,
            limits.parser_max_recursion,
            "parser_max_recursion",
            "MAX_RECURSION_LIMIT",
        ),
    }
}

/// The operation to execute (specification, section 6.1, GetOperation).
fn select<'a>(
    document: &'a Document,
    operation_name: Option<&str>,
) -> Result<&'a Node<OperationDefinition>, GraphQLError> {
    let mut operations = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::OperationDefinition(operation) => Some(operation),
            _ => None,
        });
    if let Some(wanted) = operation_name {
        let named =
            operations.find(|operation| operation.name.as_ref().is_some_and(|name| name == wanted));
        return named.ok_or_else(|| {
            GraphQLError::new(
                format!("the document has no operation named \"{wanted}\""),
                "GRAPHQL_UNKNOWN_OPERATION_NAME",
            )
        });
    }
    match (operations.next(), operations.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => Err(GraphQLError::new(
            "the document has several operations; the parameter `operationName` must say which one to execute",
            "GRAPHQL_UNKNOWN_OPERATION_NAME",
        )),
        (None, _) => Err(GraphQLError::new(
            "the document has no operation",
            "GRAPHQL_VALIDATION_FAILED",
        )),
    }
}
