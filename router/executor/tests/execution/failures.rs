//! Subgraphs that fail in every way: the rest of the data arrives, with one clear error.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use souk_executor::{ErrorPolicy, ExtensionPolicy};

use crate::support::*;

const SCHEMA: &str = "
    type Query { users: [User!] ok: Int }
    type User { id: ID! name: String email: String! reviews: [Review] }
    type Review { body: String author: User }
";

const REVIEWS: &str = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{reviews{body}}}}";

/// Three users from one subgraph; their reviews from another that answers `answer`.
async fn with_reviews(answer: impl Fn() -> Answer + Send + Sync + 'static) -> Value {
    let graph = Graph::new(SCHEMA)
        .subgraph("users", |_| {
            let user = |id: i32| json!({ "__typename": "User", "id": id.to_string() });
            Answer::Json(
                json!({ "data": { "users": [user(1), user(2), user(1), user(3)], "ok": 1 } }),
            )
        })
        .await
        .subgraph_with(
            "reviews",
            move |_| answer(),
            |config| {
                config.request_timeout = Duration::from_millis(300);
                config.max_response_bytes = 200_000;
            },
        )
        .await;
    let plan = sequence([
        root("users", "{users{__typename id}ok}"),
        entities("reviews", "users.@", &[("User", "id")], REVIEWS),
    ]);
    graph
        .run("{ users { id reviews { body } } ok }", plan)
        .await
}

/// The users arrive without reviews, and there is one error at their place.
fn assert_one_error(response: &Value, code: &str, message: &str) {
    let user = |id: &str| json!({ "id": id, "reviews": null });
    assert_eq!(
        response["data"],
        json!({ "users": [user("1"), user("2"), user("1"), user("3")], "ok": 1 })
    );
    assert_eq!(
        error_places(response),
        [(json!(["users"]), code.to_owned())]
    );
    assert_eq!(response["errors"][0]["extensions"]["service"], "reviews");
    let text = only_message(response);
    assert!(
        text.starts_with("request to subgraph 'reviews' failed: "),
        "{text}"
    );
    assert!(text.contains(message), "{text}");
}

#[tokio::test]
async fn answers_500() {
    let answer = || Answer::Raw {
        status: 500,
        content_type: "application/json",
        body: "oops".into(),
    };
    let response = with_reviews(answer).await;
    assert_one_error(
        &response,
        "SUBREQUEST_HTTP_ERROR",
        "HTTP status 500 Internal Server Error",
    );
    assert_eq!(response["errors"][0]["extensions"]["http"]["status"], 500);
}

#[tokio::test]
async fn answers_html() {
    let page = || "<html>login</html>".to_owned();
    let ok = with_reviews(move || Answer::Raw {
        status: 200,
        content_type: "text/html; charset=utf-8",
        body: page(),
    });
    assert_one_error(
        &ok.await,
        "SUBREQUEST_MALFORMED_RESPONSE",
        "the content type is not JSON but 'text/html'",
    );
    let bad = with_reviews(move || Answer::Raw {
        status: 502,
        content_type: "text/html",
        body: page(),
    });
    assert_one_error(
        &bad.await,
        "SUBREQUEST_HTTP_ERROR",
        "HTTP status 502 Bad Gateway",
    );
    let lying = with_reviews(move || Answer::Text(page()));
    assert_one_error(
        &lying.await,
        "SUBREQUEST_MALFORMED_RESPONSE",
        "not JSON: expected an object at byte 0",
    );
}

#[tokio::test]
async fn answers_with_a_media_type_that_is_none() {
    let odd = with_reviews(|| Answer::Raw {
        status: 200,
        content_type: "<b>a page</b>; charset=utf-8",
        body: String::new(),
    });
    assert_one_error(
        &odd.await,
        "SUBREQUEST_MALFORMED_RESPONSE",
        "the content type is not JSON but '?b?a?page?/b?'",
    );
    const LONG: &str = concat!(
        "text/0123456789012345678901234567890123456789",
        "012345678901234567890123456789"
    );
    let long = with_reviews(|| Answer::Raw {
        status: 200,
        content_type: LONG,
        body: String::new(),
    });
    let shown = format!("but '{}...'", &LONG[..64]);
    assert_one_error(&long.await, "SUBREQUEST_MALFORMED_RESPONSE", &shown);
}

#[tokio::test]
async fn answers_half_a_body() {
    let broken = with_reviews(|| Answer::HalfBody(r#"{"data":{"_entities":["#.into())).await;
    assert_one_error(
        &broken,
        "SUBREQUEST_HTTP_ERROR",
        "no complete response: the connection was closed",
    );
    let cut =
        with_reviews(|| Answer::Text(r#"{"data":{"_entities":[{"reviews":[{"body":"x"#.into()))
            .await;
    assert_one_error(&cut, "SUBREQUEST_MALFORMED_RESPONSE", "unexpected end");
}

#[tokio::test]
async fn does_not_answer_in_time() {
    let started = Instant::now();
    let response = with_reviews(|| Answer::Hang).await;
    assert!(started.elapsed() < Duration::from_secs(5));
    assert_one_error(&response, "GATEWAY_TIMEOUT", "no response within 300ms");
}

#[tokio::test]
async fn is_not_there() {
    let mut graph = Graph::new(SCHEMA)
        .subgraph("users", |_| Answer::Json(json!({ "data": { "ok": 1 } })))
        .await;
    // Bound and closed again, so that nobody listens there.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    graph.connect("reviews", &format!("http://{address}/"), |_| {});
    let plan = parallel([root("users", "{ok}"), root("reviews", "{users{id}}")]);
    let response = graph.run("{ ok users { id } }", plan).await;
    assert_eq!(response["data"], json!({ "ok": 1, "users": null }));
    assert_eq!(
        error_places(&response),
        [(json!(["users"]), "SUBREQUEST_HTTP_ERROR".to_owned())]
    );
    let message = only_message(&response);
    assert!(
        message.to_lowercase().contains("connection refused"),
        "{message}"
    );
    assert!(!message.contains(&address.to_string()), "{message}");
}

#[tokio::test]
async fn is_not_named_when_its_name_is_kept_from_clients() {
    let hidden = [
        ExtensionPolicy::Deny(vec!["service".to_owned()]),
        ExtensionPolicy::Allow(vec!["code".to_owned()]),
    ];
    for extensions in hidden {
        let mut graph = Graph::new(SCHEMA)
            .subgraph("users", |_| Answer::Text(String::new()))
            .await;
        let policy = ErrorPolicy {
            redact_message: false,
            extensions,
        };
        graph.error_policy("users", policy);
        let response = graph.run("{ ok }", root("users", "{ok}")).await;
        let message = only_message(&response);
        assert!(
            message.starts_with("request to a subgraph failed: the response is not JSON"),
            "{message}"
        );
        assert!(!response.to_string().contains("'users'"), "{response}");
        assert_eq!(
            response["errors"][0]["extensions"],
            json!({ "code": "SUBREQUEST_MALFORMED_RESPONSE" })
        );
    }
}

#[tokio::test]
async fn has_no_transport() {
    let graph = Graph::new(SCHEMA);
    let response = graph.run("{ ok }", root("users", "{ok}")).await;
    assert_eq!(response["data"], json!({ "ok": null }));
    assert_eq!(
        error_places(&response),
        [(json!(["ok"]), "SUBGRAPH_REQUEST_FAILED".to_owned())]
    );
}

#[tokio::test]
async fn sends_too_few_or_too_many_entities() {
    for count in [0usize, 2, 4] {
        let response = with_reviews(move || {
            Answer::Json(json!({ "data": { "_entities": vec![json!({ "reviews": [] }); count] } }))
        });
        let message = format!("'_entities' has {count} entities instead of 3");
        assert_one_error(&response.await, "SUBREQUEST_MALFORMED_RESPONSE", &message);
    }
}

#[tokio::test]
async fn sends_things_that_are_no_graphql_response() {
    let bodies = [
        ("[]", "expected an object"),
        ("{}", "neither data nor errors"),
        (r#"{"errors":[]}"#, "neither data nor errors"),
        (r#"{"data":null}"#, "no data and no errors"),
        (r#"{"data":[1]}"#, "'data' is not an object"),
        (r#"{"data":{}}"#, "'_entities' is not a list"),
        (r#"{"data":{"_entities":{}}}"#, "'_entities' is not a list"),
        (
            r#"{"data":{"_entities":[1,"x",null]}}"#,
            "2 of the entities in '_entities' are not objects",
        ),
        (
            r#"{"errors":"bad"}"#,
            "'errors' is not a list of GraphQL errors",
        ),
        (r#"{"data":{}} {}"#, "unexpected text after the end"),
    ];
    for (body, message) in bodies {
        let response = with_reviews(move || Answer::Text(body.to_owned())).await;
        assert_one_error(&response, "SUBREQUEST_MALFORMED_RESPONSE", message);
    }
    let deep = with_reviews(|| Answer::Text(format!(r#"{{"data":{}"#, "[".repeat(9_000)))).await;
    assert_one_error(&deep, "SUBREQUEST_MALFORMED_RESPONSE", "nested too deep");
}

#[tokio::test]
async fn sends_too_much() {
    let response = with_reviews(|| Answer::Text(" ".repeat(300_000))).await;
    assert_one_error(
        &response,
        "SUBREQUEST_MALFORMED_RESPONSE",
        "longer than 200000 bytes",
    );
}

#[tokio::test]
async fn sends_bytes_that_are_not_utf8() {
    // The string type of the test holds UTF-8 only, so the broken byte comes from a socket of its own.
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut request = [0; 4096];
        let _ = socket.read(&mut request).await.unwrap();
        let head =
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 19\r\n\r\n";
        socket.write_all(head).await.unwrap();
        socket
            .write_all(b"{\"data\":{\"ok\":\"\xff\"}}")
            .await
            .unwrap();
    });
    let mut graph = Graph::new(SCHEMA);
    graph.connect("users", &url, |_| {});
    let response = graph.run("{ ok }", root("users", "{ok}")).await;
    server.await.unwrap();
    assert_eq!(
        only_message(&response),
        "request to subgraph 'users' failed: the response is not UTF-8"
    );
}

#[tokio::test]
async fn a_graphql_error_with_a_status_of_500_is_a_graphql_error() {
    for content_type in [
        "application/json",
        "application/graphql-response+json; charset=utf-8",
    ] {
        let body =
            json!({ "errors": [{ "message": "down", "extensions": { "code": "MAINTENANCE" } }] })
                .to_string();
        let response = with_reviews(move || Answer::Raw {
            status: 500,
            content_type,
            body: body.clone(),
        })
        .await;
        assert_eq!(
            error_places(&response),
            [(json!(["users"]), "MAINTENANCE".to_owned())]
        );
        assert_eq!(only_message(&response), "down");
        assert_eq!(response["data"]["ok"], 1);
    }
}

#[tokio::test]
async fn an_error_that_is_not_quite_one_costs_no_data() {
    let odd_errors = json!([
        { "message": "empty list", "path": ["_entities", 1], "extensions": [] },
        { "message": "text", "path": "_entities.1", "extensions": { "code": "TEXT" } },
        { "message": 404, "path": ["_entities", 2] },
        "just a string",
        null,
    ]);
    let response = with_reviews(move || {
        let reviews = json!({ "reviews": [{ "body": "good" }] });
        let data = json!({ "_entities": [reviews, null, reviews] });
        Answer::Json(json!({ "data": data, "errors": odd_errors }))
    })
    .await;
    let good = json!([{ "body": "good" }]);
    for (index, reviews) in [&good, &Value::Null, &good, &good].into_iter().enumerate() {
        assert_eq!(&response["data"]["users"][index]["reviews"], reviews);
    }
    let messages: Vec<_> = response["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["message"].as_str().unwrap())
        .collect();
    let without = "error without a message";
    assert_eq!(messages, ["empty list", "text", without, without, without]);
    let code = |code: &str| code.to_owned();
    assert_eq!(
        error_places(&response),
        [
            (json!(["users", 1]), code("DOWNSTREAM_SERVICE_ERROR")),
            (json!(["users"]), code("TEXT")),
            (json!(["users", 3]), code("DOWNSTREAM_SERVICE_ERROR")),
            (json!(["users"]), code("DOWNSTREAM_SERVICE_ERROR")),
            (json!(["users"]), code("DOWNSTREAM_SERVICE_ERROR")),
        ]
    );
}

#[tokio::test]
async fn errors_of_an_entity_are_reported_wherever_it_is() {
    let response = with_reviews(|| {
        let reviews = json!({ "reviews": [{ "body": null }] });
        let errors = json!([
            { "message": "first", "path": ["_entities", 0, "reviews", 0, "body"], "locations": [{ "line": 1, "column": 2 }] },
            { "message": "second", "path": ["_entities", 1], "extensions": { "code": "SECRET" } },
            { "message": "internal", "path": ["_entities", 2, "internalKey", "x"] },
            { "message": "nowhere", "path": ["_entities", 99] },
            { "message": "no path" },
        ]);
        Answer::Json(json!({ "data": { "_entities": [reviews, null, reviews] }, "errors": errors }))
    })
    .await;
    let expected = [
        (
            json!(["users", 0, "reviews", 0, "body"]),
            "DOWNSTREAM_SERVICE_ERROR".to_owned(),
        ),
        (
            json!(["users", 2, "reviews", 0, "body"]),
            "DOWNSTREAM_SERVICE_ERROR".to_owned(),
        ),
        (json!(["users", 1]), "SECRET".to_owned()),
        (json!(["users", 3]), "DOWNSTREAM_SERVICE_ERROR".to_owned()),
        (json!(["users"]), "DOWNSTREAM_SERVICE_ERROR".to_owned()),
        (json!(["users"]), "DOWNSTREAM_SERVICE_ERROR".to_owned()),
    ];
    assert_eq!(error_places(&response), expected);
    for error in response["errors"].as_array().unwrap() {
        assert_eq!(error["extensions"]["service"], "reviews");
        assert_eq!(
            error.get("locations"),
            None,
            "a place in the subgraph's operation tells the client nothing"
        );
    }
    assert_eq!(response["data"]["users"][1]["reviews"], Value::Null);
    assert_eq!(
        response["data"]["users"][2]["reviews"],
        json!([{ "body": null }])
    );
}

#[tokio::test]
async fn a_failed_fetch_explains_the_nulls_it_leaves() {
    let graph = Graph::new(SCHEMA)
        .subgraph("users", |_| {
            let user = |id: i32| json!({ "__typename": "User", "id": id.to_string() });
            Answer::Json(json!({ "data": { "users": [user(1), user(2)], "ok": 1 } }))
        })
        .await
        .subgraph("emails", |_| Answer::Raw {
            status: 503,
            content_type: "text/plain",
            body: "busy".into(),
        })
        .await;
    let text = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{email}}}";
    let plan = sequence([
        root("users", "{users{__typename id}ok}"),
        entities("emails", "users.@", &[("User", "id")], text),
    ]);
    let response = graph.run("{ users { id email } ok }", plan).await;
    assert_eq!(response["data"], json!({ "users": null, "ok": 1 }));
    assert_eq!(
        error_places(&response),
        [(json!(["users"]), "SUBREQUEST_HTTP_ERROR".to_owned())]
    );
}

#[tokio::test]
async fn a_single_entity_that_fails_is_named_exactly() {
    let graph = Graph::new(SCHEMA)
        .subgraph("users", |_| {
            let users = json!([{ "__typename": "Ghost" }, { "__typename": "User", "id": "7" }]);
            Answer::Json(json!({ "data": { "users": users } }))
        })
        .await
        .subgraph("reviews", |_| Answer::Raw {
            status: 500,
            content_type: "text/plain",
            body: String::new(),
        })
        .await;
    let plan = sequence([
        root("users", "{users{__typename id}}"),
        entities("reviews", "users.@", &[("User", "id")], REVIEWS),
    ]);
    let response = graph.run("{ users { reviews { body } } }", plan).await;
    assert_eq!(response["errors"][0]["path"], json!(["users", 1]));
}

#[tokio::test]
async fn thousands_of_errors_are_counted_not_repeated() {
    let response = with_reviews(|| {
        let errors: Vec<_> = (0..400)
            .map(|_| json!({ "message": "e", "path": ["_entities", 0] }))
            .collect();
        Answer::Json(json!({ "data": { "_entities": [null, null, null] }, "errors": errors }))
    })
    .await;
    let errors = response["errors"].as_array().unwrap();
    assert_eq!(errors.len(), 501);
    assert_eq!(errors[500]["message"], "150 more errors");
}
