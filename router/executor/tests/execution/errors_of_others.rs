//! Errors of what a subgraph was asked for of an object because of objects of other types, which it cannot tell apart.

use serde_json::{Value, json};

use crate::support::*;

const SCHEMA: &str = "
    type Query { media: [Media!]! }
    interface Media { id: ID! stars: Int grade: String review: Review reviews: [Review] }
    type Book implements Media { id: ID! stars: Int grade: String review: Review reviews: [Review] }
    type Film implements Media { id: ID! stars: Int grade: String review: Review reviews: [Review] }
    type Review { text: String author: String rank: Int! }
";

/// The response when `shop` has these media and `guest` answers this for their entities. `asked` is what they are asked for
/// besides their type and id.
async fn with_guest(operation: &str, media: Vec<Value>, asked: [&str; 2], answer: Value) -> Value {
    let graph = Graph::new(SCHEMA)
        .subgraph("shop", move |_| {
            Answer::Json(json!({ "data": { "media": media } }))
        })
        .await
        .subgraph("guest", move |_| Answer::Json(answer.clone()))
        .await;
    let [of_shop, of_guest] = asked;
    let media = format!("{{media{{__typename id {of_shop}}}}}");
    let entities_of_guest = format!(
        "query($representations:[_Any!]!){{_entities(representations:$representations){{...on Media{{{of_guest}}}}}}}"
    );
    let plan = sequence([
        root("shop", &media),
        entities(
            "guest",
            "media.@",
            &[("Book|Film", "id")],
            &entities_of_guest,
        ),
    ]);
    graph.run(operation, plan).await
}

/// The review of a film has no rank, which only those of books are asked for. That takes its author away, and although the
/// review is there, since another subgraph knows its text, the error is the only one to tell why.
#[tokio::test]
async fn what_takes_a_part_of_a_value_away_is_told() {
    let film = json!({
        "__typename": "Film", "id": "1", "review": { "text": "one" }, "reviews": [{ "text": "two" }],
    });
    let error = |way: Value| json!({ "message": "films have no rank", "path": way });
    let answer = json!({
        "data": { "_entities": [{ "review": null, "reviews": [null] }] },
        "errors": [
            error(json!(["_entities", 0, "review", "rank"])),
            error(json!(["_entities", 0, "reviews", 0, "rank"])),
        ],
    });
    let asked = [
        "review{text} reviews{text}",
        "review{author rank} reviews{author rank}",
    ];
    let operation = "{ media {
        ... on Film { review { text author } reviews { text author } }
        ... on Book { review { text author rank } reviews { text author rank } }
    } }";
    let response = with_guest(operation, vec![film], asked, answer).await;
    let review = |text: &str| json!({ "text": text, "author": null });
    let film = json!({ "review": review("one"), "reviews": [review("two")] });
    assert_eq!(response["data"], json!({ "media": [film] }));
    let code = "DOWNSTREAM_SERVICE_ERROR".to_owned();
    assert_eq!(
        error_places(&response),
        [
            (json!(["media", 0, "review"]), code.clone()),
            (json!(["media", 0, "reviews", 0]), code),
        ]
    );
}

/// How many places are looked at does not grow with the number of places times that of errors: after many errors that are
/// nothing to the client, one that is shows at the first of the film's places instead of at all of them.
#[tokio::test]
async fn many_errors_of_an_object_at_many_places() {
    let films = vec![json!({ "__typename": "Film", "id": "1" }); 600];
    let error = |field: &str| json!({ "message": "unknown", "path": ["_entities", 0, field] });
    let response_to = async |errors_of_others: usize| {
        let mut errors = vec![error("grade"); errors_of_others];
        errors.push(error("stars"));
        let entity = json!({ "stars": null, "grade": null });
        let answer = json!({ "data": { "_entities": [entity] }, "errors": errors });
        let operation = "{ media { stars ... on Book { grade } } }";
        let response = with_guest(operation, films.clone(), ["", "stars grade"], answer).await;
        assert_eq!(
            response["data"]["media"],
            json!(vec![json!({ "stars": null }); 600])
        );
        error_places(&response)
    };
    let at = |index: usize| {
        (
            json!(["media", index, "stars"]),
            "DOWNSTREAM_SERVICE_ERROR".to_owned(),
        )
    };
    let everywhere: Vec<_> = (0..500).map(at).collect();
    assert_eq!(response_to(2).await, everywhere);
    assert_eq!(response_to(50).await, [at(0)]);
}
