//! The schema, entities, and how many statements lists take.

use serde_json::{Value, json};
use souk_harness::{data, identity};
use souk_platform::Identity;
use uuid::Uuid;

use crate::support::{World, branch};

const SHOPS: &str =
    "query($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Shop { id name branches { edges { node { name } } } } } }";
const USERS: &str = "query($representations: [_Any!]!, $first: Int, $after: String) { _entities(representations: $representations) {
    ... on User { id shops(first: $first, after: $after) { edges { node { name } } pageInfo { hasNextPage endCursor } } } } }";

fn representations(typename: &str, ids: &[Uuid]) -> Value {
    json!(
        ids.iter()
            .map(|id| json!({"__typename": typename, "id": id}))
            .collect::<Vec<_>>()
    )
}

#[tokio::test]
async fn entities_resolve_in_order_and_unknown_ones_to_null() {
    let world = World::new().await;
    let one: Uuid = world
        .shop("One", json!([branch("B", 0.0, 0.0)]))
        .await
        .parse()
        .unwrap();
    let two: Uuid = world.approved("Two", json!([])).await.parse().unwrap();
    let variables =
        json!({"representations": representations("Shop", &[two, Uuid::now_v7(), one, two])});
    let entities =
        data(world.ask(&Identity::Anonymous, SHOPS, variables).await)["_entities"].clone();
    let names: Vec<_> = entities
        .as_array()
        .unwrap()
        .iter()
        .map(|shop| shop["name"].as_str())
        .collect();
    assert_eq!(
        names,
        [Some("Two"), None, Some("One"), Some("Two")],
        "a shop in an old order has a name, approved or not"
    );
}

#[tokio::test]
async fn a_users_shops_come_in_pages_and_hidden_ones_only_for_friends() {
    let world = World::new().await;
    let owner = world.seller.subject().unwrap().id;
    let other = identity::seller(Uuid::now_v7());
    for number in 0..3 {
        world
            .approved(&format!("Approved {number}"), json!([]))
            .await;
        world.shop(&format!("Pending {number}"), json!([])).await;
    }
    world.shop_of(&other, "Other", json!([])).await;
    let shops = async |who: &Identity, first: i32, after: Value| {
        let representations = representations("User", &[owner, other.subject().unwrap().id]);
        let variables = json!({"representations": representations, "first": first, "after": after});
        let users = data(world.ask(who, USERS, variables).await)["_entities"].clone();
        let names = |user: &Value| -> Vec<String> {
            let edges = user["shops"]["edges"].as_array().unwrap();
            edges
                .iter()
                .map(|edge| edge["node"]["name"].as_str().unwrap().to_owned())
                .collect()
        };
        (
            names(&users[0]),
            names(&users[1]),
            users[0]["shops"]["pageInfo"].clone(),
        )
    };
    let (own, others, _) = shops(&world.seller, 20, json!(null)).await;
    assert_eq!(
        own,
        [
            "Approved 0",
            "Pending 0",
            "Approved 1",
            "Pending 1",
            "Approved 2",
            "Pending 2"
        ]
    );
    assert!(
        others.is_empty(),
        "another seller's hidden shop is hidden from sellers"
    );
    let (seen, _, page) = shops(&Identity::Anonymous, 2, json!(null)).await;
    assert_eq!(
        (seen, &page["hasNextPage"]),
        (
            vec!["Approved 0".to_owned(), "Approved 1".to_owned()],
            &json!(true)
        )
    );
    let (seen, _, page) = shops(&Identity::Anonymous, 2, page["endCursor"].clone()).await;
    assert_eq!(
        (seen, &page["hasNextPage"]),
        (vec!["Approved 2".to_owned()], &json!(false))
    );
    let (own, others, _) = shops(&world.moderator, 20, json!(null)).await;
    assert_eq!((own.len(), others.len()), (6, 1));
}

#[tokio::test]
async fn statements_do_not_grow_with_the_lists() {
    const LONGEST: usize = 60;
    let world = World::new().await;
    let mut ids: Vec<Uuid> = Vec::new();
    let mut owners = Vec::new();
    for number in 0..LONGEST {
        let seller = identity::seller(Uuid::now_v7());
        owners.push(seller.subject().unwrap().id);
        let id = world
            .shop_of(
                &seller,
                &format!("Shop {number}"),
                json!([branch("B", 52.5, 13.4)]),
            )
            .await;
        data(
            world
                .ask(
                    &world.moderator,
                    crate::support::APPROVE,
                    json!({"input": {"id": id}}),
                )
                .await,
        );
        ids.push(id.parse().unwrap());
    }
    let deep = "query($representations: [_Any!]!) { _entities(representations: $representations) {
        ... on User { shops(first: 5) { edges { node { branches { edges { node { name } } } } } } } } }";
    let list = "query($first: Int) { shops(first: $first) { edges { node { name owner { id }
        branches { edges { node { name position { latitude } } } } } } } }";
    let near = "query($first: Int) { shopsNear(latitude: 52.5, longitude: 13.4, radiusKm: 10, first: $first) {
        edges { node { distanceKm branch { name } shop { name branches { edges { node { name } } } } } } } }";
    let snapshots = "query($first: Int) { shopSnapshots(first: $first) { nodes } }";
    let mut counts = Vec::new();
    for length in [1, LONGEST] {
        let of_shops = json!({"representations": representations("Shop", &ids[..length])});
        let of_users = json!({"representations": representations("User", &owners[..length])});
        let mut statements = Vec::new();
        for (query, variables, list) in [
            (list, json!({"first": length}), "/shops/edges"),
            (near, json!({"first": length}), "/shopsNear/edges"),
            (snapshots, json!({"first": length}), "/shopSnapshots/nodes"),
            (SHOPS, of_shops, "/_entities"),
            (USERS, of_users.clone(), "/_entities"),
            (deep, of_users, "/_entities"),
        ] {
            let before = world.services.database.statements();
            let answer = data(
                world
                    .ask(&identity::service("search"), query, variables)
                    .await,
            );
            assert_eq!(
                answer.pointer(list).unwrap().as_array().unwrap().len(),
                length,
                "{query}"
            );
            statements.push(world.services.database.statements() - before);
        }
        counts.push(statements);
    }
    assert_eq!(counts[0], [2, 4, 2, 2, 1, 2]);
    assert_eq!(counts[1], counts[0]);
}
