//! Opening and changing shops, and who sees which.

use futures::future::join_all;
use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::Identity;
use uuid::Uuid;

use crate::support::{APPROVE, CREATE, REJECT, UPDATE, World, argument, branch};

const SHOP: &str = "query($id: ID!) { shop(id: $id) { name status } }";
const SHOPS: &str = "query($first: Int, $after: String) { shops(first: $first, after: $after) {
    edges { node { name } } pageInfo { hasNextPage endCursor } } }";

fn names(connection: &Value) -> Vec<&str> {
    connection["edges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|edge| edge["node"]["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn a_new_shop_waits_for_approval_and_is_told_of() {
    let world = World::new().await;
    let branches = json!([
        branch("Old Town", 31.63, -7.99),
        branch("Airport", 31.6, -8.03)
    ]);
    let input =
        json!({"name": " Spices ", "description": "Saffron\nand more", "branches": branches});
    let shop = data(
        world
            .ask(&world.seller, CREATE, json!({ "input": input }))
            .await,
    )["createShop"]["shop"]
        .clone();
    let owner = world.seller.subject().unwrap().id;
    assert_eq!(
        (&shop["name"], &shop["status"], &shop["version"]),
        (&json!("Spices"), &json!("PENDING"), &json!(1))
    );
    assert_eq!(shop["owner"]["id"], owner.to_string());
    assert_eq!(names(&shop["branches"]), ["Old Town", "Airport"]);

    let events = world.events().await;
    let (kind, snapshot) = &events[0];
    assert_eq!((kind.as_str(), events.len()), ("shop.created", 1));
    assert_eq!(
        (snapshot.owner_id, snapshot.name.as_str(), snapshot.approved),
        (owner, "Spices", false)
    );
    assert_eq!(snapshot.positions, [(31.63, -7.99), (31.6, -8.03)]);
    assert_eq!(snapshot.revision, 1);
}

#[tokio::test]
async fn wrong_input_names_the_argument() {
    let world = World::new().await;
    let many: Vec<Value> = (0..101).map(|_| branch("B", 0.0, 0.0)).collect();
    let mut abroad = branch("B", 0.0, 0.0);
    abroad["address"]["country"] = json!("Atlantis");
    let cases = [
        (json!({"name": ""}), "input.name"),
        (json!({"name": "x".repeat(101)}), "input.name"),
        (
            json!({"name": "Spices", "description": "x".repeat(5001)}),
            "input.description",
        ),
        (
            json!({"name": "Spices", "description": "\u{7}"}),
            "input.description",
        ),
        (
            json!({"name": "Spices", "branches": many}),
            "input.branches",
        ),
        (
            json!({"name": "Spices", "branches": [branch("B", 0.0, 0.0), abroad]}),
            "input.branches.1.address.country",
        ),
        (
            json!({"name": "Spices", "branches": [branch("B", -90.1, 0.0)]}),
            "input.branches.0.position.latitude",
        ),
        (
            json!({"name": "Spices", "branches": [branch("B", 0.0, 180.1)]}),
            "input.branches.0.position.longitude",
        ),
        (
            json!({"name": "Spices", "branches": [branch(" ", 0.0, 0.0)]}),
            "input.branches.0.name",
        ),
    ];
    for (input, at) in cases {
        let answer = world
            .ask(&world.seller, CREATE, json!({ "input": input }))
            .await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("BAD_USER_INPUT", at)
        );
    }
    assert!(world.events().await.is_empty(), "nothing was created");
}

#[tokio::test]
async fn only_the_owner_and_moderators_see_a_shop_that_is_not_approved() {
    let world = World::new().await;
    let id = world.shop("Spices", json!([])).await;
    let rival = identity::seller(Uuid::now_v7());
    let strangers = [Identity::Anonymous, identity::buyer(Uuid::now_v7()), rival];
    let friends = [
        world.seller.clone(),
        world.moderator.clone(),
        identity::admin(Uuid::now_v7()),
        identity::service("product"),
    ];
    let sees = async |identity: &Identity| {
        data(world.ask(identity, SHOP, json!({ "id": id })).await)["shop"].is_object()
    };
    for stranger in &strangers {
        assert!(!sees(stranger).await, "{stranger:?}");
    }
    for friend in &friends {
        assert!(sees(friend).await, "{friend:?}");
    }
    data(
        world
            .ask(&world.moderator, APPROVE, json!({"input": {"id": id}}))
            .await,
    );
    for anybody in strangers.iter().chain(&friends) {
        assert!(sees(anybody).await, "{anybody:?}");
    }
    let unknown = world
        .ask(&world.moderator, SHOP, json!({"id": Uuid::now_v7()}))
        .await;
    assert_eq!(data(unknown)["shop"], json!(null));
}

#[tokio::test]
async fn the_list_has_approved_shops_newest_first_in_pages() {
    let world = World::new().await;
    for number in 0..5 {
        world.approved(&format!("Shop {number}"), json!([])).await;
    }
    world.shop("Pending", json!([])).await;
    let page = data(
        world
            .ask(&Identity::Anonymous, SHOPS, json!({"first": 3}))
            .await,
    )["shops"]
        .clone();
    assert_eq!(names(&page), ["Shop 4", "Shop 3", "Shop 2"]);
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    let after = page["pageInfo"]["endCursor"].clone();
    let page = data(
        world
            .ask(
                &Identity::Anonymous,
                SHOPS,
                json!({"first": 3, "after": after}),
            )
            .await,
    )["shops"]
        .clone();
    assert_eq!(names(&page), ["Shop 1", "Shop 0"]);
    assert_eq!(page["pageInfo"]["hasNextPage"], false);
    for (variables, at) in [
        (json!({"first": -1}), "first"),
        (json!({"first": 101}), "first"),
        (json!({"after": "x"}), "after"),
    ] {
        let answer = world.ask(&Identity::Anonymous, SHOPS, variables).await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("BAD_USER_INPUT", at)
        );
    }
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_is_told_of() {
    let world = World::new().await;
    let id = world.approved("Spices", json!([])).await;
    let update = async |input: Value| {
        world
            .ask(&world.seller, UPDATE, json!({ "input": input }))
            .await
    };
    let shop =
        data(update(json!({"id": id, "description": "Saffron"})).await)["updateShop"]["shop"]
            .clone();
    let expected = json!({
        "id": id, "name": "Spices", "description": "Saffron", "status": "APPROVED", "version": 3, "rejectionReason": null
    });
    assert_eq!(shop, expected);
    let shop =
        data(update(json!({"id": id, "name": "Herbs", "version": 3})).await)["updateShop"]["shop"]
            .clone();
    assert_eq!(
        (&shop["name"], &shop["description"], &shop["version"]),
        (&json!("Herbs"), &json!("Saffron"), &json!(4))
    );

    let answer = update(json!({"id": id, "name": "Late", "version": 3})).await;
    assert_eq!(
        (error_code(&answer), argument(&answer)),
        ("CONFLICT", "input.version")
    );
    let answer = update(json!({"id": id, "name": "x".repeat(101)})).await;
    assert_eq!(
        (error_code(&answer), argument(&answer)),
        ("BAD_USER_INPUT", "input.name")
    );

    let events = world.events().await;
    let kinds: Vec<_> = events
        .iter()
        .map(|(kind, snapshot)| (kind.as_str(), snapshot.revision))
        .collect();
    assert_eq!(
        kinds,
        [
            ("shop.created", 1),
            ("shop.approved", 2),
            ("shop.updated", 3),
            ("shop.updated", 4)
        ]
    );
    assert_eq!(events[3].1.name, "Herbs");
    assert!(events[3].1.approved);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_updates_at_once_from_one_version_exactly_one_succeeds() {
    let world = World::new().await;
    let id = world.shop("Spices", json!([])).await;
    let attempts = (0..6).map(|number| {
        let (subgraph, seller) = (world.subgraph.clone(), world.seller.clone());
        let variables =
            json!({"input": {"id": id, "name": format!("Name {number}"), "version": 1}});
        tokio::spawn(
            async move { souk_harness::execute(&subgraph, seller, UPDATE, variables).await },
        )
    });
    let answers: Vec<_> = join_all(attempts)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let lost: Vec<_> = answers
        .iter()
        .filter(|answer| answer.get("errors").is_some())
        .collect();
    assert_eq!(lost.len(), 5);
    assert!(
        lost.iter().all(|answer| error_code(answer) == "CONFLICT"),
        "{lost:#?}"
    );
    assert_eq!(world.events().await.len(), 2);
}

#[tokio::test]
async fn others_cannot_change_a_shop_nor_learn_of_a_hidden_one() {
    let world = World::new().await;
    let id = world.shop("Spices", json!([])).await;
    let rival = identity::seller(Uuid::now_v7());
    let input = json!({"input": {"id": id, "name": "Mine"}});
    let answer = world.ask(&rival, UPDATE, input.clone()).await;
    assert_eq!(
        (error_code(&answer), argument(&answer)),
        ("NOT_FOUND", "input.id")
    );
    assert_eq!(
        error_code(
            &world
                .ask(&identity::admin(Uuid::now_v7()), UPDATE, input.clone())
                .await
        ),
        "FORBIDDEN"
    );
    data(
        world
            .ask(&world.moderator, APPROVE, json!({"input": {"id": id}}))
            .await,
    );
    assert_eq!(
        error_code(&world.ask(&rival, UPDATE, input).await),
        "FORBIDDEN"
    );
    let unknown = json!({"input": {"id": Uuid::now_v7(), "name": "Mine"}});
    assert_eq!(
        error_code(&world.ask(&world.seller, UPDATE, unknown).await),
        "NOT_FOUND"
    );
}

#[tokio::test]
async fn a_rejected_shop_that_changes_waits_again() {
    let world = World::new().await;
    let id = world.shop("Spices", json!([])).await;
    data(
        world
            .ask(
                &world.moderator,
                REJECT,
                json!({"input": {"id": id, "reason": "no description"}}),
            )
            .await,
    );
    let answer = world
        .ask(
            &world.seller,
            UPDATE,
            json!({"input": {"id": id, "description": "Saffron"}}),
        )
        .await;
    let shop = data(answer)["updateShop"]["shop"].clone();
    assert_eq!(
        (&shop["status"], &shop["rejectionReason"]),
        (&json!("PENDING"), &json!(null))
    );
}
