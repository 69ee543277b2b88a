//! What is refused although the compiler lets it pass, and what has to pass.

use apollo_compiler::Schema;
use apollo_compiler::ast::Document;
use apollo_compiler::validation::Valid;

use super::validate;

const SCHEMA: &str = r#"
directive @tagged(with: Box, json: JSON) on QUERY | FIELD | VARIABLE_DEFINITION | FRAGMENT_DEFINITION
scalar JSON
enum Color { RED GREEN }
input Box { wide: Int!, high: Float! = 1.5, tags: [String!], inner: Box, json: JSON }
type Query {
  required(x: Int!): Int
  defaulted(x: Int! = 7): Int
  ids(x: [ID!]! = ["1"]): Int
  colors(x: [Color!]): Int
  matrix(x: [[Int!]!]): Int
  box(x: Box): Int
  boxes(x: [Box!]): Int
  json(x: JSON): Int
  self: Query
}
type Subscription { event: Query, other: Int }
"#;

/// Line, column and message of each error.
fn errors(operation: &str) -> Vec<String> {
    let schema: Valid<Schema> = Schema::parse_and_validate(SCHEMA, "schema").unwrap();
    let document = Document::parse(operation, "query").unwrap();
    let Err(errors) = validate(&document, &schema) else {
        return Vec::new();
    };
    let line = |error: &crate::error::GraphQLError| {
        assert_eq!(error.code(), Some("GRAPHQL_VALIDATION_FAILED"), "{error:?}");
        let [place] = error.locations[..] else {
            panic!("{operation}: one place in {error:?}");
        };
        format!("{}:{} {}", place.line, place.column, error.message)
    };
    errors.iter().map(line).collect()
}

#[test]
fn a_variable_inside_a_list_or_object_has_to_fit_there() {
    let refused = [
        (
            "query($x: Box) { boxes(x: [$x]) }",
            "1:28 variable `$x` of type `Box` cannot be used where `Box!` is expected",
        ),
        (
            "query($x: ID) { ids(x: [$x, \"2\"]) }",
            "1:25 variable `$x` of type `ID` cannot be used where `ID!` is expected",
        ),
        (
            "query($x: Color) { colors(x: [$x]) }",
            "1:31 variable `$x` of type `Color` cannot be used where `Color!` is expected",
        ),
        (
            "query($x: [Int]) { matrix(x: [$x]) }",
            "1:31 variable `$x` of type `[Int]` cannot be used where `[Int!]!` is expected",
        ),
        (
            "query($x: Int) { box(x: { wide: $x }) }",
            "1:33 variable `$x` of type `Int` cannot be used where `Int!` is expected",
        ),
        (
            "query($x: Int) { box(x: { wide: 1, inner: { wide: $x } }) }",
            "1:51 variable `$x` of type `Int` cannot be used where `Int!` is expected",
        ),
        (
            "query($x: String) { box(x: { wide: 1, tags: $x }) }",
            "1:45 variable `$x` of type `String` cannot be used where `[String!]` is expected",
        ),
        (
            "query($x: [String]) { box(x: { wide: 1, tags: $x }) }",
            "1:47 variable `$x` of type `[String]` cannot be used where `[String!]` is expected",
        ),
        (
            "query($x: Int) { self { ...F } } fragment F on Query { self { boxes(x: [{ wide: $x }]) } }",
            "1:81 variable `$x` of type `Int` cannot be used where `Int!` is expected",
        ),
        (
            "query($x: Int) { self @tagged(with: { wide: $x }) { __typename } }",
            "1:45 variable `$x` of type `Int` cannot be used where `Int!` is expected",
        ),
        (
            "query($x: Int) @tagged(with: { wide: $x }) { __typename }",
            "1:38 variable `$x` of type `Int` cannot be used where `Int!` is expected",
        ),
    ];
    for (operation, error) in refused {
        assert_eq!(errors(operation), [error], "{operation}");
    }
    let allowed = [
        "query($x: Box!) { boxes(x: [$x]) }",
        "query($x: ID = \"1\") { ids(x: [$x]) }",
        "query($x: Int = 1) { box(x: { wide: $x }) }",
        "query($x: Float) { box(x: { wide: 1, high: $x }) }",
        "query($x: [String!]) { box(x: { wide: 1, tags: $x }) }",
        "query($x: String!) { box(x: { wide: 1, tags: [$x] }) }",
        "query($x: JSON) { json(x: [$x, { a: $x }]) }",
        "query($x: Int, $y: Box) { json(x: { a: $x, b: [$y] }) }",
    ];
    for operation in allowed {
        assert!(
            errors(operation).is_empty(),
            "{operation}: {:?}",
            errors(operation)
        );
    }
}

#[test]
fn a_default_value_of_null_does_not_make_a_variable_fit() {
    let refused = [
        (
            "query($x: Int = null) { required(x: $x) }",
            "1:37 variable `$x` of type `Int` cannot be used where `Int!` is expected",
        ),
        (
            "query($x: Boolean = null) { self @include(if: $x) { __typename } }",
            "1:47 variable `$x` of type `Boolean` cannot be used where `Boolean!` is expected",
        ),
        (
            "query($x: Int = null) { box(x: { wide: $x }) }",
            "1:40 variable `$x` of type `Int` cannot be used where `Int!` is expected",
        ),
    ];
    for (operation, error) in refused {
        assert_eq!(errors(operation), [error], "{operation}");
    }
    assert!(errors("query($x: Int = null) { defaulted(x: $x) }").is_empty());
    assert!(errors("query($x: Int = 1) { required(x: $x) }").is_empty());
}

#[test]
fn a_variable_inside_a_custom_scalar_has_to_be_defined() {
    let refused = [
        (
            "{ json(x: { a: $x }) }",
            "1:16 variable `$x` is not defined",
        ),
        (
            "{ json(x: [{ a: [$x] }]) }",
            "1:18 variable `$x` is not defined",
        ),
        (
            "{ box(x: { wide: 1, json: { a: $x } }) }",
            "1:32 variable `$x` is not defined",
        ),
        (
            "query A($x: Int) { ...F } query B { ...F } fragment F on Query { json(x: { a: $x }) }",
            "1:79 variable `$x` is not defined",
        ),
        (
            "query { self @tagged(json: { a: $x }) { __typename } }",
            "1:33 variable `$x` is not defined",
        ),
    ];
    for (operation, error) in refused {
        assert_eq!(errors(operation), [error], "{operation}");
    }
}

#[test]
fn an_input_field_is_given_once() {
    let refused = [
        (
            "{ box(x: { wide: 1, wide: 1 }) }",
            "1:21 the input field `wide` is given more than once",
        ),
        (
            "{ box(x: { wide: 1, wide: 2 }) }",
            "1:21 the input field `wide` is given more than once",
        ),
        (
            "{ json(x: [{ a: 1, a: 1 }]) }",
            "1:20 the input field `a` is given more than once",
        ),
        (
            "query($x: Box = { wide: 1, wide: 1 }) { box(x: $x) }",
            "1:28 the input field `wide` is given more than once",
        ),
        (
            "query($x: Int @tagged(json: { a: 1, a: 2 })) { defaulted(x: $x) }",
            "1:37 the input field `a` is given more than once",
        ),
        (
            "{ ...F } fragment F on Query @tagged(with: { wide: 1, wide: 1 }) { __typename }",
            "1:55 the input field `wide` is given more than once",
        ),
    ];
    for (operation, error) in refused {
        assert_eq!(errors(operation), [error], "{operation}");
    }
}

#[test]
fn what_two_operations_share_is_reported_once() {
    let operation =
        "query A { ...F } query B { ...F } fragment F on Query { json(x: { a: 1, a: 1 }) }";
    assert_eq!(errors(operation).len(), 1);
}

#[test]
fn a_subscription_has_one_response_key() {
    let allowed = [
        "subscription { event { required(x: 1) } event { defaulted } }",
        "subscription { event { defaulted } ...F } fragment F on Subscription { event { json } }",
        "subscription { x: event { defaulted } ... { ... on Subscription { x: event { json } } } }",
    ];
    for operation in allowed {
        let errors = errors(operation);
        assert!(errors.is_empty(), "{operation}: {errors:?}");
    }
    let refused = [
        "subscription { event { json } other }",
        "subscription { a: event { json } b: event { json } }",
        "subscription { ...F other } fragment F on Subscription { event { json } }",
    ];
    for operation in refused {
        let error = "1:1 anonymous subscription can only have one root field";
        assert_eq!(errors(operation), [error], "{operation}");
    }
    let conflict = errors("subscription { event { x: json } event { x: matrix } }");
    assert_eq!(conflict.len(), 1, "{conflict:?}");
    assert!(conflict[0].contains("`x`"), "{conflict:?}");
}
