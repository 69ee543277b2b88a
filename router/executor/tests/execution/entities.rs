//! Entities: representations, deduplication, merging in place.

use serde_json::{Value, json};
use souk_planner::plan::Condition;

use crate::support::*;

const SCHEMA: &str = "
    type Query { reviews: [Review!] me: User matrix: [[User]] }
    type Review { body: String author: User product: Product }
    type User { id: ID! name: String age: Int }
    type Product { upc: ID! price: Int weight: Int shipping: Int }
";

const USERS: &str = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{__typename id name}}}";

/// Answers every representation of a User with a name made from its id.
fn users(request: &Received) -> Answer {
    let named = |representation: &Value| {
        let id = representation["id"].as_str().expect("an id");
        json!({ "__typename": "User", "id": id, "name": format!("user {id}") })
    };
    let entities: Vec<Value> = request.representations().iter().map(named).collect();
    Answer::Json(json!({ "data": { "_entities": entities } }))
}

fn user(id: &str) -> Value {
    json!({ "__typename": "User", "id": id })
}

#[tokio::test]
async fn equal_entities_are_sent_once_and_filled_in_everywhere() {
    let graph = Graph::new(SCHEMA)
        .subgraph("reviews", |_| {
            let review = |body: &str, id: &str| json!({ "body": body, "author": user(id) });
            let reviews = [
                review("a", "1"),
                review("b", "2"),
                review("c", "1"),
                review("d", "1"),
            ];
            Answer::Json(json!({ "data": { "reviews": reviews } }))
        })
        .await
        .subgraph("users", users)
        .await;
    let plan = sequence([
        root("reviews", "{reviews{body author{__typename id}}}"),
        entities("users", "reviews.@.author", &[("User", "id")], USERS),
    ]);
    let response = graph
        .run("{ reviews { body author { name id } } }", plan)
        .await;
    let review = |body: &str, id: &str| json!({ "body": body, "author": { "name": format!("user {id}"), "id": id } });
    let expected = [
        review("a", "1"),
        review("b", "2"),
        review("c", "1"),
        review("d", "1"),
    ];
    assert_eq!(response, json!({ "data": { "reviews": expected } }));
    assert_eq!(
        graph.received("users")[0].representations(),
        &vec![user("1"), user("2")]
    );
}

#[tokio::test]
async fn a_chain_of_fetches_starts_from_shared_entities() {
    // Two reviews share a product, whose fields come from two further subgraphs in turn.
    let graph = Graph::new(SCHEMA)
        .subgraph("reviews", |_| {
            let review = |upc: &str| json!({ "product": { "__typename": "Product", "upc": upc } });
            Answer::Json(
                json!({ "data": { "reviews": [review("p1"), review("p2"), review("p1")] } }),
            )
        })
        .await
        .subgraph("products", |request| {
            let product =
                |upc: &Value| json!({ "price": if upc == "p1" { 10 } else { 20 }, "weight": null });
            let entities: Vec<Value> = request
                .representations()
                .iter()
                .map(|r| product(&r["upc"]))
                .collect();
            Answer::Json(json!({ "data": { "_entities": entities } }))
        })
        .await
        .subgraph("inventory", |request| {
            let shipping =
                |r: &Value| json!({ "shipping": r["price"].as_i64().expect("a price") / 10 });
            let entities: Vec<Value> = request.representations().iter().map(shipping).collect();
            Answer::Json(json!({ "data": { "_entities": entities } }))
        })
        .await;
    let any = |fields: &str| {
        format!(
            "query($representations:[_Any!]!){{_entities(representations:$representations){{...on Product{{{fields}}}}}}}"
        )
    };
    let path = "reviews.@.product";
    let plan = sequence([
        root("reviews", "{reviews{product{__typename upc}}}"),
        entities(
            "products",
            path,
            &[("Product", "upc")],
            &any("price weight"),
        ),
        entities(
            "inventory",
            path,
            &[("Product", "upc price weight?")],
            &any("shipping"),
        ),
    ]);
    let response = graph
        .run("{ reviews { product { shipping price } } }", plan)
        .await;
    let product =
        |shipping: i32| json!({ "product": { "shipping": shipping, "price": shipping * 10 } });
    assert_eq!(
        response,
        json!({ "data": { "reviews": [product(1), product(2), product(1)] } })
    );
    let sent = json!([
        { "__typename": "Product", "upc": "p1", "price": 10, "weight": null },
        { "__typename": "Product", "upc": "p2", "price": 20, "weight": null },
    ]);
    assert_eq!(
        json!(graph.received("inventory")[0].representations()),
        sent
    );
}

#[tokio::test]
async fn entities_in_lists_of_lists_with_nulls() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            Answer::Json(
                json!({ "data": { "matrix": [[user("1"), null], [], null, [user("2")]] } }),
            )
        })
        .await
        .subgraph("users", users)
        .await;
    let plan = sequence([
        root("one", "{matrix{__typename id}}"),
        entities("users", "matrix.@.@", &[("User", "id")], USERS),
    ]);
    let response = graph.run("{ matrix { name } }", plan).await;
    let named = |id: i32| json!({ "name": format!("user {id}") });
    assert_eq!(
        response,
        json!({ "data": { "matrix": [[named(1), null], [], null, [named(2)]] } })
    );
}

#[tokio::test]
async fn an_entity_without_its_key_is_left_out() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            let reviews = json!([
                { "author": { "__typename": "User", "id": null } },
                { "author": { "__typename": "User" } },
                { "author": { "__typename": "Stranger", "id": "9" } },
                { "author": null },
                { "author": user("1") },
            ]);
            Answer::Json(json!({ "data": { "reviews": reviews } }))
        })
        .await
        .subgraph("users", users)
        .await;
    let plan = sequence([
        root("one", "{reviews{author{__typename id}}}"),
        entities("users", "reviews.@.author", &[("User", "id")], USERS),
    ]);
    graph.run("{ reviews { author { name } } }", plan).await;
    assert_eq!(
        graph.received("users")[0].representations(),
        &vec![user("1")]
    );
}

#[tokio::test]
async fn no_entities_no_request() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| Answer::Json(json!({ "data": { "me": null } })))
        .await
        .subgraph("users", users)
        .await;
    let plan = sequence([
        root("one", "{me{__typename id}}"),
        entities("users", "me", &[("User", "id")], USERS),
    ]);
    assert_eq!(
        graph.run("{ me { name } }", plan).await,
        json!({ "data": { "me": null } })
    );
    assert!(graph.received("users").is_empty());
}

#[tokio::test]
async fn several_groups_travel_in_one_request() {
    let text = "query($a:[_Any!]!,$b:[_Any!]!){a:_entities(representations:$a){...on User{name}}\
                b:_entities(representations:$b){...on User{age}}}";
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            let reviews = [
                json!({ "author": user("1") }),
                json!({ "author": user("2") }),
            ];
            Answer::Json(json!({ "data": { "me": user("1"), "reviews": reviews } }))
        })
        .await
        .subgraph("users", |request| {
            let of = |variable: &str, entity: Value| {
                vec![entity; request.variable(variable).as_array().unwrap().len()]
            };
            let data =
                json!({ "b": of("b", json!({ "age": 7 })), "a": of("a", json!({ "name": "n" })) });
            Answer::Json(json!({ "data": data }))
        })
        .await;
    let plan = |with_b: bool| {
        let a = group("a", "a", "me", &[("User", "id")]);
        let mut b = group("b", "b", "reviews.@.author", &[("User", "id")]);
        if !with_b {
            b.condition = Some(Condition::If(name("no")));
        }
        sequence([
            root("one", "{me{__typename id}reviews{author{__typename id}}}"),
            groups("users", vec![a, b], text),
        ])
    };
    let operation = "query($no: Boolean = false) { me { name } reviews { author { age } } x: __typename @include(if: $no) }";
    let response = graph
        .run_with(operation, plan(true), json!({ "no": false }))
        .await;
    let author = json!({ "author": { "age": 7 } });
    assert_eq!(
        response,
        json!({ "data": { "me": { "name": "n" }, "reviews": [author, author] } })
    );
    assert_eq!(graph.received("users").len(), 1);

    graph
        .run_with(operation, plan(false), json!({ "no": false }))
        .await;
    let received = graph.received("users");
    assert_eq!(received[1].variable("a"), &json!([user("1")]));
    assert_eq!(received[1].variable("b"), &json!([]));
}

/// `_entities` may not be null, so a list that fails as a whole leaves no data of the whole request.
#[tokio::test]
async fn entities_that_fail_together_take_nothing_from_those_of_other_places() {
    let text = "query($a:[_Any!]!,$b:[_Any!]!,$c:[_Any!]!){a:_entities(representations:$a){...on User{name}}\
                b:_entities(representations:$b){...on User{age}}c:_entities(representations:$c){...on User{age}}}";
    // The subgraph's errors while it is asked about all; how often it is asked; and what the client sees of them.
    let of_b = json!({ "message": "gone", "path": ["b"] });
    let of_all = ["a", "b", "c"].map(|key| json!({ "message": "gone", "path": [key] }));
    let of_nobody = json!({ "message": "not now" });
    let author = json!(["reviews", 0, "author"]);
    for (errors, requests, paths) in [
        (json!([of_b]), 2, vec![author.clone()]),
        (
            json!(of_all),
            1,
            vec![json!(["me"]), author, json!(["reviews"])],
        ),
        (json!([of_nobody]), 1, vec![Value::Null]),
    ] {
        let graph = Graph::new(SCHEMA)
            .subgraph("one", |_| {
                let reviews = [json!({ "author": user("2") }), json!({ "author": null })];
                Answer::Json(json!({ "data": { "me": user("1"), "reviews": reviews } }))
            })
            .await
            .subgraph("users", move |request| {
                let is_asked = |variable| request.variable(variable) != &json!([]);
                Answer::Json(match is_asked("b") {
                    false => json!({ "data": { "a": [{ "name": "n" }], "b": [], "c": [] } }),
                    true => json!({ "data": null, "errors": errors }),
                })
            })
            .await;
        let groups_of_all = vec![
            group("a", "a", "me", &[("User", "id")]),
            group("b", "b", "reviews.@.author", &[("User", "id")]),
            // Nobody is there.
            group("c", "c", "reviews.@.other", &[("User", "id")]),
        ];
        let plan = sequence([
            root("one", "{me{__typename id}reviews{author{__typename id}}}"),
            groups("users", groups_of_all, text),
        ]);
        let response = graph
            .run("{ me { name } reviews { author { age } } }", plan)
            .await;
        let name = (requests == 2).then_some("n");
        let reviews = json!([{ "author": { "age": null } }, { "author": null }]);
        let expected = json!({ "me": { "name": name }, "reviews": reviews });
        assert_eq!(response["data"], expected, "{response}");
        let places = error_places(&response);
        let found: Vec<Value> = places.into_iter().map(|(path, _)| path).collect();
        assert_eq!(found, paths, "{response}");
        assert_eq!(graph.received("users").len(), requests);
    }
}

/// A subgraph whose database is down may blame one place after the other, and there may be hundreds.
#[tokio::test]
async fn a_subgraph_that_always_fails_is_asked_once_more() {
    let text = "query($a:[_Any!]!,$b:[_Any!]!,$c:[_Any!]!){a:_entities(representations:$a){...on User{name}}\
                b:_entities(representations:$b){...on User{age}}c:_entities(representations:$c){...on User{age}}}";
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            let reviews = [json!({ "author": user("2") })];
            Answer::Json(json!({ "data": { "me": user("1"), "reviews": reviews } }))
        })
        .await
        .subgraph("users", |request| {
            let is_asked = |variable: &&str| request.variable(variable) != &json!([]);
            let first = ["a", "b", "c"].into_iter().find(is_asked);
            let error = json!({ "message": "no connection", "path": [first] });
            Answer::Json(json!({ "data": null, "errors": [error] }))
        })
        .await;
    let groups_of_all = vec![
        group("a", "a", "me", &[("User", "id")]),
        group("b", "b", "reviews.@.author", &[("User", "id")]),
        group("c", "c", "me", &[("User", "id")]),
    ];
    let plan = sequence([
        root("one", "{me{__typename id}reviews{author{__typename id}}}"),
        groups("users", groups_of_all, text),
    ]);
    let response = graph
        .run("{ me { name age } reviews { author { age } } }", plan)
        .await;
    let me = json!({ "name": null, "age": null });
    let reviews = json!([{ "author": { "age": null } }]);
    assert_eq!(response["data"], json!({ "me": me, "reviews": reviews }));
    let places = error_places(&response);
    let found: Vec<Value> = places.into_iter().map(|(path, _)| path).collect();
    assert_eq!(found, [json!(["me"]), json!(["reviews", 0, "author"])]);
    assert_eq!(graph.received("users").len(), 2);
}

#[tokio::test]
async fn nested_required_fields_keep_their_shape() {
    const NESTED: &str = "
        scalar JSON
        type Query { box: Box }
        type Box { id: ID! size: Size parts: [Part!] meta: JSON volume: Int }
        type Size { w: Int h: Int }
        type Part { name: String }
    ";
    let graph = Graph::new(NESTED)
        .subgraph("one", |_| {
            Answer::Json(json!({ "data": { "box": {
                "__typename": "Box", "id": "b\"\u{e9}", "size": { "w": 2, "h": null },
                "parts": [{ "name": "lid" }, { "name": null }], "meta": { "any": [1, { "deep": true }] },
            } } }))
        })
        .await
        .subgraph("two", |_| Answer::Json(json!({ "data": { "_entities": [{ "volume": 8 }] } })))
        .await;
    let text = "query($representations:[_Any!]!){_entities(representations:$representations){...on Box{volume}}}";
    let plan = sequence([
        root("one", "{box{__typename id size{w h} parts{name} meta}}"),
        entities(
            "two",
            "box",
            &[("Box", "id size?{w h?} parts?{name?} meta?")],
            text,
        ),
    ]);
    assert_eq!(
        graph.run("{ box { volume } }", plan).await,
        json!({ "data": { "box": { "volume": 8 } } })
    );
    let sent = json!([{
        "__typename": "Box", "id": "b\"\u{e9}", "size": { "w": 2, "h": null },
        "parts": [{ "name": "lid" }, { "name": null }], "meta": { "any": [1, { "deep": true }] },
    }]);
    assert_eq!(graph.received("two")[0].variable("representations"), &sent);
}

/// What a subgraph adds to its answer unasked gets in the way neither of what another has brought nor of what another
/// was asked for.
#[tokio::test]
async fn what_nobody_asked_a_subgraph_for_is_left_out() {
    let graph = Graph::new(
        "type Query { user: User }
         type User { id: ID! name: String email: String plan: Plan }
         type Plan { name: String price: Int }",
    )
    .subgraph("users", |_| {
        let plan = json!({ "name": "large" });
        let user =
            json!({ "__typename": "User", "id": "1", "name": "Ada", "plan": plan, "email": "x" });
        Answer::Json(json!({ "data": { "user": user } }))
    })
    .await
    .subgraph("billing", |_| {
        let plan = json!({ "price": 5, "name": "other" });
        let user = json!({ "__typename": "Other", "id": "9", "name": "Eve", "email": "eve", "plan": plan });
        Answer::Json(json!({ "data": { "_entities": [user], "user": null } }))
    })
    .await
    .subgraph("mail", |_| {
        Answer::Json(json!({ "data": { "_entities": [{ "email": "ada@example.com" }] } }))
    })
    .await;
    let entities_of = |subgraph: &str, selection: &str| {
        let text = format!(
            "query($representations:[_Any!]!){{_entities(representations:$representations){{...on User{{{selection}}}}}}}"
        );
        entities(subgraph, "user", &[("User", "id")], &text)
    };
    let plan = sequence([
        root("users", "{user{__typename id name plan{name}}}"),
        entities_of("billing", "plan{price}"),
        entities_of("mail", "email"),
    ]);
    let operation = "{ user { __typename id name email plan { name price } } }";
    let response = graph.run(operation, plan).await;
    let plan = json!({ "name": "large", "price": 5 });
    let user = json!({
        "__typename": "User", "id": "1", "name": "Ada", "email": "ada@example.com", "plan": plan,
    });
    assert_eq!(response, json!({ "data": { "user": user } }));
}

/// Nor does what it adds to a value that it was asked for stand in for what another says.
#[tokio::test]
async fn what_nobody_asked_for_inside_a_value_is_left_out() {
    let graph = Graph::new(
        "type Query { user: User }
         type User { id: ID! plan: Plan plans: [Plan] }
         type Plan { name: String price: Int }",
    )
    .subgraph("users", |_| {
        let plan = json!({ "name": "large", "price": 99 });
        let user = json!({ "__typename": "User", "id": "1", "plan": plan, "plans": [plan] });
        Answer::Json(json!({ "data": { "user": user } }))
    })
    .await
    .subgraph("billing", |_| {
        let user = json!({ "plan": { "price": null }, "plans": [{ "price": null }] });
        Answer::Json(json!({ "data": { "_entities": [user] } }))
    })
    .await;
    let prices = "query($representations:[_Any!]!){_entities(representations:$representations){...on User{plan{price} plans{price}}}}";
    let plan = sequence([
        root("users", "{user{__typename id plan{name} plans{name}}}"),
        entities("billing", "user", &[("User", "id")], prices),
    ]);
    let operation = "{ user { plan { name price } plans { name price } } }";
    let response = graph.run(operation, plan).await;
    let plan = json!({ "name": "large", "price": null });
    let user = json!({ "plan": plan, "plans": [plan] });
    assert_eq!(response, json!({ "data": { "user": user } }));
}
