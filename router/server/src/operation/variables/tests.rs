//! What clients give for variables, and what becomes of it.

use apollo_compiler::response::JsonMap as CompilerMap;
use apollo_compiler::{ExecutableDocument, Schema};
use serde_json::{Value, json};

use super::{coerce_all, nulls};

const SCHEMA: &str = r"
scalar JSON
enum Color { RED GREEN }
input Box { wide: Int!, high: Float! = 1.5, tags: [String!], color: Color = RED }
type Query {
  int(x: Int): Int
  required(x: Int!): Int
  defaulted(x: Int! = 7): Int
  integers(x: [Int!]): Int
  self: Query
  float(x: Float): Int
  id(x: ID): Int
  string(x: String): Int
  color(x: Color): Int
  list(x: [Int]): Int
  matrix(x: [[Int!]]): Int
  box(x: Box): Int
  json(x: JSON): Int
}
";

/// What the operation's variables are, or the message of the error, with `variables` as JSON.
fn coerced(operation: &str, variables: &str) -> Result<Value, String> {
    let schema = Schema::parse_and_validate(SCHEMA, "schema").unwrap();
    let document = ExecutableDocument::parse_and_validate(&schema, operation, "query").unwrap();
    let operation = document.operations.get(None).unwrap();
    let values: CompilerMap = serde_json::from_str(variables).unwrap();
    let not_null = nulls::not_null(&schema, &document, operation);
    coerce_all(&schema, &document, operation, &values)
        .and_then(|variables| {
            nulls::check(&schema, &document, operation, &not_null, &variables)?;
            Ok(Value::Object(variables))
        })
        .map_err(|error| {
            assert_eq!(error.code(), Some("BAD_USER_INPUT"));
            error.message
        })
}

#[test]
fn a_float_may_be_any_integer() {
    for number in [
        "1",
        "-1",
        "1.5",
        "9007199254740990",
        "9007199254740991",
        "1732650000000000000",
        "18446744073709551615",
        "-9223372036854775808",
        "1e18",
        "100000000000000000000",
    ] {
        let given = format!(r#"{{"x":{number}}}"#);
        let expected = serde_json::from_str::<Value>(&given).unwrap();
        let operation = "query($x: Float) { float(x: $x) }";
        assert_eq!(coerced(operation, &given), Ok(expected), "{number}");
    }
}

#[test]
fn an_id_may_be_any_integer_that_stays_what_it_is() {
    let operation = "query($x: ID) { id(x: $x) }";
    for number in ["1", "-1", "9007199254740991"] {
        let value = coerced(operation, &format!(r#"{{"x":{number}}}"#)).unwrap();
        assert_eq!(value.to_string(), format!(r#"{{"x":{number}}}"#));
    }
    // A subgraph that reads numbers with double precision would take these for others.
    for number in [
        "9007199254740993",
        "-9223372036854775808",
        "9223372036854775808",
        "18446744073709551615",
    ] {
        let value = coerced(operation, &format!(r#"{{"x":{number}}}"#)).unwrap();
        assert_eq!(value.to_string(), format!(r#"{{"x":"{number}"}}"#));
    }
    for value in ["18446744073709551617", "1.5", "true", "[1]"] {
        let refused = coerced(operation, &format!(r#"{{"x":{value}}}"#));
        assert!(refused.is_err(), "{value}: {refused:?}");
    }
}

#[test]
fn values_become_what_their_types_make_of_them() {
    let cases = [
        ("$x: Int) { int(x: $x) }", json!({}), json!({})),
        (
            "$x: Int) { int(x: $x) }",
            json!({ "x": null }),
            json!({ "x": null }),
        ),
        ("$x: Int = 3) { int(x: $x) }", json!({}), json!({ "x": 3 })),
        (
            "$x: Int = 3) { int(x: $x) }",
            json!({ "x": null }),
            json!({ "x": null }),
        ),
        (
            "$x: [Int]) { list(x: $x) }",
            json!({ "x": 1 }),
            json!({ "x": [1] }),
        ),
        (
            "$x: [[Int!]]) { matrix(x: $x) }",
            json!({ "x": [[1], null] }),
            json!({ "x": [[1], null] }),
        ),
        (
            "$x: [[Int!]]) { matrix(x: $x) }",
            json!({ "x": 1 }),
            json!({ "x": [[1]] }),
        ),
        (
            "$x: Color) { color(x: $x) }",
            json!({ "x": "GREEN" }),
            json!({ "x": "GREEN" }),
        ),
        (
            "$x: Box) { box(x: $x) }",
            json!({ "x": { "tags": "a", "wide": 1 } }),
            json!({ "x": { "tags": ["a"], "wide": 1, "high": 1.5, "color": "RED" } }),
        ),
        (
            "$x: JSON = { a: [1, 2.5, RED, \"b\", true, null] }) { json(x: $x) }",
            json!({}),
            json!({ "x": { "a": [1, 2.5, "RED", "b", true, null] } }),
        ),
        (
            "$x: JSON) { json(x: $x) }",
            json!({ "x": [{ "a": [1.5, null] }] }),
            json!({ "x": [{ "a": [1.5, null] }] }),
        ),
    ];
    for (operation, given, expected) in cases {
        let operation = format!("query({operation}");
        assert_eq!(
            coerced(&operation, &given.to_string()),
            Ok(expected),
            "{operation}"
        );
    }
}

#[test]
fn what_does_not_fit_is_named() {
    let cases = [
        (
            "$x: Int!) { int(x: $x) }",
            json!({}),
            "missing value for non-null variable 'x'",
        ),
        (
            "$x: Int!) { int(x: $x) }",
            json!({ "x": null }),
            "null value for variable x of non-null type Int!",
        ),
        (
            "$x: Int) { int(x: $x) }",
            json!({ "x": 2_147_483_648_i64 }),
            "could not coerce variable x: 2147483648 to type Int",
        ),
        (
            "$x: Int) { int(x: $x) }",
            json!({ "x": "1" }),
            "could not coerce variable x: \"1\" to type Int",
        ),
        (
            "$x: Float) { float(x: $x) }",
            json!({ "x": "1" }),
            "could not coerce variable x: \"1\" to type Float",
        ),
        (
            "$x: String) { string(x: $x) }",
            json!({ "x": 1 }),
            "could not coerce variable x: 1 to type String",
        ),
        (
            "$x: Color) { color(x: $x) }",
            json!({ "x": "PINK" }),
            "could not coerce variable x: \"PINK\" to type Color",
        ),
        (
            "$x: [[Int!]]) { matrix(x: $x) }",
            json!({ "x": [[1], [2, null]] }),
            "null value for variable x[1][1] of non-null type Int!",
        ),
        (
            "$x: Box) { box(x: $x) }",
            json!({ "x": 1 }),
            "could not coerce variable x: 1 to type Box",
        ),
        (
            "$x: Box) { box(x: $x) }",
            json!({ "x": {} }),
            "variable x lacks the field wide, which type Box needs",
        ),
        (
            "$x: Box) { box(x: $x) }",
            json!({ "x": { "wide": 1, "deep": 1 } }),
            "variable x has the key deep, which type Box does not have",
        ),
        (
            "$x: Box) { box(x: $x) }",
            json!({ "x": { "wide": 1, "tags": [1] } }),
            "could not coerce variable x.tags[0]: 1 to type String",
        ),
    ];
    for (operation, given, message) in cases {
        let operation = format!("query({operation}");
        let refused = coerced(&operation, &given.to_string());
        assert_eq!(refused, Err(message.to_owned()), "{operation} {given}");
    }
}

#[test]
fn null_does_not_reach_an_argument_that_takes_none() {
    let null = json!({ "x": null });
    let both = json!({ "x": null, "with": true });
    let refused = [
        ("$x: Int = 3) { required(x: $x) }", &null, "Int!"),
        ("$x: Int) { defaulted(x: $x) }", &null, "Int!"),
        // It is the default value that is null.
        ("$x: Int = null) { defaulted(x: $x) }", &json!({}), "Int!"),
        ("$x: Int = 3) { integers(x: [1, $x]) }", &null, "Int!"),
        ("$x: Int = 3) { box(x: { wide: $x }) }", &null, "Int!"),
        (
            "$x: Float) { box(x: { wide: 1, high: $x }) }",
            &null,
            "Float!",
        ),
        (
            "$x: Boolean = true) { self @skip(if: $x) { __typename } }",
            &null,
            "Boolean!",
        ),
        (
            "$x: Boolean = true) { self { ...F } } fragment F on Query { self @include(if: $x) { __typename } }",
            &null,
            "Boolean!",
        ),
        (
            "$x: Int = 3, $with: Boolean!) { self @include(if: $with) { required(x: $x) } }",
            &both,
            "Int!",
        ),
    ];
    for (operation, given, expected) in refused {
        let operation = format!("query({operation}");
        let message = format!("variable `$x` is null where `{expected}` is expected");
        assert_eq!(
            coerced(&operation, &given.to_string()),
            Err(message),
            "{operation}"
        );
    }
}

#[test]
fn null_may_stand_where_nothing_or_the_default_value_is_meant() {
    let null = json!({ "x": null });
    let with = json!({ "x": null, "with": true });
    let without = json!({ "x": null, "with": false });
    let allowed = [
        ("$x: Int = 3) { int(x: $x) }", &null),
        ("$x: Int) { defaulted(x: $x) }", &json!({})),
        ("$x: [Int!] = [3]) { integers(x: $x) }", &null),
        (
            "$x: Int = 3, $with: Boolean!) { self @include(if: $with) { required(x: $x) } }",
            &without,
        ),
        (
            "$x: Int = 3, $with: Boolean!) { self @skip(if: $with) { ...F } } fragment F on Query { required(x: $x) }",
            &with,
        ),
        (
            "$x: Int = 3) { self { required(x: $x) @skip(if: true) __typename } }",
            &null,
        ),
    ];
    for (operation, given) in allowed {
        let operation = format!("query({operation}");
        assert_eq!(
            coerced(&operation, &given.to_string()),
            Ok(given.clone()),
            "{operation}"
        );
    }
}
