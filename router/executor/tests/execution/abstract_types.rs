//! Interfaces, unions, interface objects.

use serde_json::json;
use souk_planner::plan::{Inputs, PlanNode};

use crate::support::*;

const SCHEMA: &str = "
    type Query { media: [Media] search: [Hit!] }
    interface Media { id: ID! title: String }
    type Book implements Media { id: ID! title: String pages: Int }
    type Film implements Media { id: ID! title: String minutes: Int }
    union Hit = Book | Film
";

#[tokio::test]
async fn fields_follow_the_runtime_type() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            let media = json!([
                { "__typename": "Film", "id": "f", "title": "F", "minutes": 90 },
                { "__typename": "Book", "id": "b", "title": "B", "pages": 300 },
                null,
            ]);
            Answer::Json(json!({ "data": { "media": media } }))
        })
        .await;
    let operation = "{ media { title ... on Book { pages __typename } ... on Film { minutes } id kind: __typename } }";
    let response = graph.run(operation, root("one", operation)).await;
    let expected = r#"{"data":{"media":[{"title":"F","minutes":90,"id":"f","kind":"Film"},{"title":"B","pages":300,"__typename":"Book","id":"b","kind":"Book"},null]}}"#;
    assert_eq!(response.to_string(), expected);
}

#[tokio::test]
async fn a_type_that_is_not_in_the_api_schema_is_an_error_and_null() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            let hits = json!([{ "__typename": "Book", "id": "b" }, { "__typename": "Secret", "id": "s" }]);
            Answer::Json(json!({ "data": { "search": hits, "media": [{ "__typename": "Secret" }, { "id": "?" }] } }))
        })
        .await;
    let operation = "{ search { ... on Book { id } } media { id } }";
    let response = graph.run(operation, root("one", operation)).await;
    assert_eq!(
        response["data"],
        json!({ "search": null, "media": [null, null] })
    );
    let code = || "RESPONSE_VALIDATION_FAILED".to_owned();
    let places = [
        (json!(["search", 1]), code()),
        (json!(["media", 0]), code()),
        (json!(["media", 1]), code()),
    ];
    assert_eq!(error_places(&response), places);
    assert!(
        !response.to_string().contains("Secret"),
        "an inaccessible type's name stays inside"
    );
}

#[tokio::test]
async fn each_type_has_its_own_representation() {
    let graph = Graph::new(SCHEMA)
        .subgraph("one", |_| {
            let hits = json!([
                { "__typename": "Film", "id": "f", "minutes": 90 },
                { "__typename": "Book", "id": "b" },
            ]);
            Answer::Json(json!({ "data": { "search": hits } }))
        })
        .await
        .subgraph("titles", |request| {
            let title = |r: &serde_json::Value| json!({ "title": format!("{} {}", r["__typename"], r["id"]) });
            let entities: Vec<_> = request.representations().iter().map(title).collect();
            Answer::Json(json!({ "data": { "_entities": entities } }))
        })
        .await;
    let text = "query($representations:[_Any!]!){_entities(representations:$representations){...on Media{title}}}";
    let plan = sequence([
        root(
            "one",
            "{search{__typename ...on Film{id minutes}...on Book{id}}}",
        ),
        entities(
            "titles",
            "search.@.[Film,Book]",
            &[("Film", "id minutes"), ("Book", "id")],
            text,
        ),
    ]);
    let response = graph
        .run(
            "{ search { ... on Film { title } ... on Book { title } } }",
            plan,
        )
        .await;
    let titles = json!([{ "title": "\"Film\" \"f\"" }, { "title": "\"Book\" \"b\"" }]);
    assert_eq!(response, json!({ "data": { "search": titles } }));
    let sent = json!([
        { "__typename": "Film", "id": "f", "minutes": 90 },
        { "__typename": "Book", "id": "b" },
    ]);
    assert_eq!(
        graph.received("titles")[0].variable("representations"),
        &sent
    );
}

#[tokio::test]
async fn an_interface_object_gets_its_concrete_type_from_another_subgraph() {
    let graph = Graph::new(SCHEMA)
        .subgraph("lists", |_| {
            let media = json!([{ "__typename": "Media", "id": "b" }, { "__typename": "Media", "id": "f" }]);
            Answer::Json(json!({ "data": { "media": media } }))
        })
        .await
        .subgraph("media", |_| {
            let entities = json!([{ "__typename": "Book", "pages": 3 }, { "__typename": "Film", "minutes": 9 }]);
            Answer::Json(json!({ "data": { "_entities": entities } }))
        })
        .await
        .subgraph("ratings", |request| {
            let title = |r: &serde_json::Value| json!({ "title": r["id"] });
            let entities: Vec<_> = request.representations().iter().map(title).collect();
            Answer::Json(json!({ "data": { "_entities": entities } }))
        })
        .await;
    let types = "query($representations:[_Any!]!){_entities(representations:$representations){__typename ...on Book{pages} ...on Film{minutes}}}";
    let titles = "query($representations:[_Any!]!){_entities(representations:$representations){...on Media{title}}}";
    let mut back = entities("ratings", "media.@", &[("Book|Film", "id")], titles);
    if let PlanNode::Fetch(fetch) = &mut back
        && let Inputs::Entities(groups) = &mut fetch.inputs
    {
        groups[0].representations[0].send_typename = Some(name("Media"));
    }
    let plan = sequence([
        root("lists", "{media{__typename id}}"),
        entities("media", "media.@", &[("Media", "id")], types),
        back,
    ]);
    let operation = "{ media { __typename title ... on Book { pages } ... on Film { minutes } } }";
    let response = graph.run(operation, plan).await;
    let expected = json!([
        { "__typename": "Book", "title": "b", "pages": 3 },
        { "__typename": "Film", "title": "f", "minutes": 9 },
    ]);
    assert_eq!(response, json!({ "data": { "media": expected } }));
    let sent = json!([{ "__typename": "Media", "id": "b" }, { "__typename": "Media", "id": "f" }]);
    assert_eq!(
        graph.received("ratings")[0].variable("representations"),
        &sent
    );
}

/// A subgraph with `schema { query: RootQuery }` says so of every nested root object. Clients know the type as Query.
#[tokio::test]
async fn a_subgraph_may_call_a_root_type_by_another_name() {
    let graph = Graph::new(
        "type Query implements Node { id: ID! self: Query! nodes: [Node] }
         interface Node { id: ID! }
         type Book implements Node { id: ID! }",
    )
    .subgraph("one", |_| {
        let query = json!({ "__typename": "RootQuery", "id": "q" });
        let book = json!({ "__typename": "Book", "id": "b" });
        Answer::Json(json!({ "data": { "self": query, "nodes": [query, book] } }))
    })
    .await;
    let operation = "{ self { __typename id } nodes { __typename ... on Query { id } } }";
    let response = graph.run(operation, root("one", operation)).await;
    let query = json!({ "__typename": "Query", "id": "q" });
    let expected = json!({ "self": query, "nodes": [query, { "__typename": "Book" }] });
    assert_eq!(response, json!({ "data": expected }));
}

/// A subgraph that does not know the types of an interface may add its own name for them unasked. That of another, which
/// does know them, stays.
#[tokio::test]
async fn the_type_of_an_object_is_not_taken_from_who_was_not_asked() {
    let graph = Graph::new(
        "type Query { shelf: Shelf }
         type Shelf { id: ID! first: Media }
         interface Media { stars: Int }
         type Book implements Media { stars: Int }
         type Film implements Media { stars: Int }",
    )
    .subgraph("shop", |_| {
        let shelf = json!({ "__typename": "Shelf", "id": "1", "first": { "__typename": "Book" } });
        Answer::Json(json!({ "data": { "shelf": shelf } }))
    })
    .await
    .subgraph("guest", |_| {
        let shelf =
            json!({ "__typename": "Shelf", "first": { "__typename": "Media", "stars": 4 } });
        Answer::Json(json!({ "data": { "_entities": [shelf] } }))
    })
    .await;
    let stars = "query($representations:[_Any!]!){_entities(representations:$representations){...on Shelf{first{stars}}}}";
    let plan = sequence([
        root("shop", "{shelf{__typename id first{__typename}}}"),
        entities("guest", "shelf", &[("Shelf", "id")], stars),
    ]);
    let operation = "{ shelf { first { __typename ... on Book { stars } } } }";
    let response = graph.run(operation, plan).await;
    let book = json!({ "__typename": "Book", "stars": 4 });
    assert_eq!(response, json!({ "data": { "shelf": { "first": book } } }));
}
