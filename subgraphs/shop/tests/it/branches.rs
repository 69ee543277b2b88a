//! Branches.

use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::Identity;
use uuid::Uuid;

use crate::support::{ADD_BRANCH, REMOVE_BRANCH, UPDATE_BRANCH, World, argument, branch};

#[tokio::test]
async fn branches_come_change_and_go_and_every_step_is_told() {
    let world = World::new().await;
    let shop = world.approved("Spices", json!([])).await;
    let given = json!({
        "name": "Old Town",
        "phone": "+212 1",
        "address": {
            "line1": "Rahba 1", "line2": "left", "city": "Marrakesh", "region": "MS", "postalCode": "40000", "country": "MA"
        },
        "position": {"latitude": 31.63, "longitude": -7.99},
    });
    let answer = world
        .ask(
            &world.seller,
            ADD_BRANCH,
            json!({"input": {"shopId": shop, "branch": given}}),
        )
        .await;
    let mut payload = data(answer)["addBranch"].clone();
    assert_eq!(payload["shop"]["version"], 3);
    let id = payload["branch"]
        .as_object_mut()
        .unwrap()
        .remove("id")
        .unwrap();
    assert_eq!(payload["branch"], given);

    let moved = branch("Airport", 31.6, -8.03);
    let answer = world
        .ask(
            &world.seller,
            UPDATE_BRANCH,
            json!({"input": {"id": id, "branch": moved}}),
        )
        .await;
    let expected = json!({"branch": {"id": id, "name": "Airport", "position": {"latitude": 31.6}}, "shop": {"version": 4}});
    assert_eq!(data(answer)["updateBranch"], expected);
    let answer = world
        .ask(&world.seller, REMOVE_BRANCH, json!({"input": {"id": id}}))
        .await;
    let expected = json!({"removedId": id, "shop": {"version": 5, "branches": {"edges": []}}});
    assert_eq!(data(answer)["removeBranch"], expected);

    let told: Vec<_> = world
        .events()
        .await
        .into_iter()
        .skip(2)
        .map(|(kind, shop)| (kind, shop.positions))
        .collect();
    let updated = |positions: &[(f64, f64)]| ("shop.updated".to_owned(), positions.to_vec());
    assert_eq!(
        told,
        [
            updated(&[(31.63, -7.99)]),
            updated(&[(31.6, -8.03)]),
            updated(&[])
        ]
    );
}

#[tokio::test]
async fn only_the_owner_changes_branches() {
    let world = World::new().await;
    let hidden = world.shop("Hidden", json!([branch("B", 0.0, 0.0)])).await;
    let open = world.approved("Open", json!([branch("B", 0.0, 0.0)])).await;
    let first_branch = async |shop: &str| {
        let query = "query($id: ID!) { shop(id: $id) { branches { edges { node { id } } } } }";
        let shop =
            data(world.ask(&world.seller, query, json!({ "id": shop })).await)["shop"].clone();
        shop["branches"]["edges"][0]["node"]["id"].clone()
    };
    let (hidden_branch, open_branch) = (first_branch(&hidden).await, first_branch(&open).await);
    let rival = identity::seller(Uuid::now_v7());
    let unknown = json!(Uuid::now_v7());
    let new = branch("Mine", 1.0, 1.0);
    let ask = async |who: &Identity, query: &str, input: Value| {
        let answer = world.ask(who, query, json!({ "input": input })).await;
        (error_code(&answer).to_owned(), argument(&answer).to_owned())
    };
    for (shop, code) in [
        (json!(hidden), "NOT_FOUND"),
        (json!(open), "FORBIDDEN"),
        (unknown.clone(), "NOT_FOUND"),
    ] {
        let refused = ask(&rival, ADD_BRANCH, json!({"shopId": shop, "branch": new})).await;
        assert_eq!(refused, (code.to_owned(), "input.shopId".to_owned()));
    }
    for (branch, code) in [
        (hidden_branch, "NOT_FOUND"),
        (open_branch, "FORBIDDEN"),
        (unknown, "NOT_FOUND"),
    ] {
        let refused = (code.to_owned(), "input.id".to_owned());
        assert_eq!(
            ask(&rival, UPDATE_BRANCH, json!({"id": branch, "branch": new})).await,
            refused
        );
        assert_eq!(
            ask(&rival, REMOVE_BRANCH, json!({"id": branch})).await,
            refused
        );
    }
}

#[tokio::test]
async fn wrong_branches_name_the_field() {
    let world = World::new().await;
    let shop = world.shop("Spices", json!([])).await;
    let mut nowhere = branch("B", 0.0, 0.0);
    nowhere["address"]["city"] = json!("");
    for (branch, at) in [
        (branch(&"x".repeat(101), 0.0, 0.0), "input.branch.name"),
        (nowhere, "input.branch.address.city"),
        (branch("B", 91.0, 0.0), "input.branch.position.latitude"),
    ] {
        let answer = world
            .ask(
                &world.seller,
                ADD_BRANCH,
                json!({"input": {"shopId": shop, "branch": branch}}),
            )
            .await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("BAD_USER_INPUT", at)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hundred_branches_are_the_most_also_when_added_at_once() {
    let world = World::new().await;
    let branches: Vec<Value> = (0..98)
        .map(|number| branch(&format!("B{number}"), 0.0, 0.0))
        .collect();
    let shop = world.shop("Spices", json!(branches)).await;
    let adding = (0..5).map(|_| {
        let (subgraph, seller) = (world.subgraph.clone(), world.seller.clone());
        let variables = json!({"input": {"shopId": shop, "branch": branch("More", 0.0, 0.0)}});
        tokio::spawn(async move {
            souk_harness::execute(&subgraph, seller, ADD_BRANCH, variables).await
        })
    });
    let answers: Vec<_> = futures::future::join_all(adding)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let refused: Vec<_> = answers
        .iter()
        .filter(|answer| answer.get("errors").is_some())
        .collect();
    assert_eq!(refused.len(), 3, "{answers:#?}");
    assert!(
        refused
            .iter()
            .all(|answer| error_code(answer) == "CONFLICT")
    );

    let query =
        "query($id: ID!, $after: String) { shop(id: $id) { branches(first: 60, after: $after) {
        edges { node { name } } pageInfo { hasNextPage endCursor } } } }";
    let page =
        data(world.ask(&world.seller, query, json!({ "id": shop })).await)["shop"]["branches"]
            .clone();
    let after = page["pageInfo"]["endCursor"].clone();
    let rest = data(
        world
            .ask(&world.seller, query, json!({"id": shop, "after": after}))
            .await,
    )["shop"]["branches"]
        .clone();
    let lengths = [&page, &rest].map(|page| page["edges"].as_array().unwrap().len());
    assert_eq!(
        (lengths, &rest["pageInfo"]["hasNextPage"]),
        ([60, 40], &json!(false))
    );
}
