//! What moderators decide.

use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::{Identity, Role};
use uuid::Uuid;

use crate::support::{APPROVE, REJECT, UPDATE, World, argument};

const PENDING: &str =
    "query($first: Int, $after: String) { pendingShops(first: $first, after: $after) {
    edges { node { name } } pageInfo { hasNextPage endCursor } } }";

#[tokio::test]
async fn approving_makes_a_shop_sell_and_twice_changes_nothing() {
    let world = World::new().await;
    let id = world.shop("Spices", json!([])).await;
    for _ in 0..2 {
        let answer = world
            .ask(&world.moderator, APPROVE, json!({"input": {"id": id}}))
            .await;
        assert_eq!(
            data(answer)["approveShop"]["shop"],
            json!({"id": id, "status": "APPROVED", "version": 2})
        );
    }
    let events = world.events().await;
    assert_eq!(events.len(), 2);
    assert_eq!(
        (
            events[1].0.as_str(),
            events[1].1.approved,
            events[1].1.revision
        ),
        ("shop.approved", true, 2)
    );
}

#[tokio::test]
async fn rejecting_takes_a_reason_that_only_the_owner_and_moderators_see() {
    let world = World::new().await;
    let id = world.approved("Spices", json!([])).await;
    let answer = world
        .ask(
            &world.moderator,
            REJECT,
            json!({"input": {"id": id, "reason": "counterfeits"}}),
        )
        .await;
    let expected =
        json!({"id": id, "status": "REJECTED", "version": 3, "rejectionReason": "counterfeits"});
    assert_eq!(data(answer)["rejectShop"]["shop"], expected);
    let events = world.events().await;
    let (kind, snapshot) = events.last().unwrap();
    assert_eq!((kind.as_str(), snapshot.approved), ("shop.rejected", false));

    let entity =
        "query($representations: [_Any!]!) { _entities(representations: $representations) {
        ... on Shop { name rejectionReason } } }";
    let variables = json!({"representations": [{"__typename": "Shop", "id": id}]});
    for (who, reason) in [
        (&world.seller, json!("counterfeits")),
        (&Identity::Anonymous, json!(null)),
    ] {
        let shop = data(world.ask(who, entity, variables.clone()).await)["_entities"][0].clone();
        assert_eq!(shop, json!({"name": "Spices", "rejectionReason": reason}));
    }

    for (reason, at) in [
        (json!("  "), "input.reason"),
        (json!("x".repeat(1001)), "input.reason"),
    ] {
        let answer = world
            .ask(
                &world.moderator,
                REJECT,
                json!({"input": {"id": id, "reason": reason}}),
            )
            .await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("BAD_USER_INPUT", at)
        );
    }
}

#[tokio::test]
async fn a_decision_about_an_older_version_is_a_conflict() {
    let world = World::new().await;
    let id = world.shop("Spices", json!([])).await;
    data(
        world
            .ask(
                &world.seller,
                UPDATE,
                json!({"input": {"id": id, "name": "Drugs"}}),
            )
            .await,
    );
    for (query, input) in [
        (APPROVE, json!({"id": id, "version": 1})),
        (REJECT, json!({"id": id, "version": 1, "reason": "no"})),
    ] {
        let answer = world
            .ask(&world.moderator, query, json!({ "input": input }))
            .await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("CONFLICT", "input.version")
        );
    }
    for (query, input) in [
        (APPROVE, json!({"id": Uuid::now_v7()})),
        (REJECT, json!({"id": Uuid::now_v7(), "reason": "no"})),
    ] {
        let answer = world
            .ask(&world.moderator, query, json!({ "input": input }))
            .await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("NOT_FOUND", "input.id")
        );
    }
}

#[tokio::test]
async fn moderators_see_what_waits_the_longest_waiting_first() {
    let world = World::new().await;
    for name in ["One", "Two", "Three"] {
        world.shop(name, json!([])).await;
    }
    world.approved("Four", json!([])).await;
    let ask = async |variables: Value| {
        data(world.ask(&world.moderator, PENDING, variables).await)["pendingShops"].clone()
    };
    let page = ask(json!({"first": 2})).await;
    assert_eq!(
        page["edges"],
        json!([{"node": {"name": "One"}}, {"node": {"name": "Two"}}])
    );
    let page = ask(json!({"first": 2, "after": page["pageInfo"]["endCursor"]})).await;
    assert_eq!(page["edges"], json!([{"node": {"name": "Three"}}]));
    assert_eq!(page["pageInfo"]["hasNextPage"], false);
    assert_eq!(
        error_code(&world.ask(&world.seller, PENDING, json!({})).await),
        "FORBIDDEN"
    );
    assert_eq!(
        error_code(&world.ask(&identity::anonymous(), PENDING, json!({})).await),
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn the_shops_of_who_may_not_sell_any_more_are_closed() {
    let world = World::new().await;
    let open = world.approved("Spices", json!([])).await;
    let waiting = world.shop("Herbs", json!([])).await;
    let other = world
        .shop_of(&identity::seller(Uuid::now_v7()), "Teas", json!([]))
        .await;
    let before = world.events().await.len();
    world.roles_became(&[Role::Buyer, Role::Seller]).await;
    world.roles_became(&[Role::Admin]).await;
    assert_eq!(
        world.events().await.len(),
        before,
        "who still may keeps them"
    );

    for _ in 0..2 {
        world.roles_became(&[Role::Buyer]).await;
    }
    let told: Vec<(String, bool)> = world.events().await[before..]
        .iter()
        .map(|(kind, shop)| (format!("{kind} {}", shop.shop_id), shop.approved))
        .collect();
    assert_eq!(
        told,
        [
            (format!("shop.rejected {open}"), false),
            (format!("shop.rejected {waiting}"), false)
        ],
        "each once"
    );
    let query = "query($id: ID!) { shop(id: $id) { status rejectionReason } }";
    let shop = |who, id| world.ask(who, query, json!({ "id": id }));
    assert_eq!(
        data(shop(&world.seller, &open).await)["shop"],
        json!({"status": "REJECTED", "rejectionReason": "the owner may not sell any more"})
    );
    assert_eq!(
        data(shop(&world.moderator, &other).await)["shop"]["status"],
        "PENDING"
    );

    // Who may again asks the moderators again.
    world.roles_became(&[Role::Buyer, Role::Seller]).await;
    let answer = world
        .ask(&world.seller, UPDATE, json!({"input": {"id": open}}))
        .await;
    assert_eq!(data(answer)["updateShop"]["shop"]["status"], "PENDING");
}
