//! Who sees which payment, and how many statements that takes.

use serde_json::{Value, json};
use souk_harness::{data, error_code, execute, identity};
use souk_platform::Identity;
use uuid::Uuid;

use crate::world::{Created, World};

const ENTITIES: &str =
    "query ($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on Order { id payment { id status refunds { status } } }
    ... on Payment { id status } } }";

async fn payment_of_order(world: &World, created: &Created, who: Identity) -> Value {
    let order = json!([{ "__typename": "Order", "id": created.order }]);
    let answer = execute(
        &world.subgraph,
        who,
        ENTITIES,
        json!({ "representations": order }),
    )
    .await;
    data(answer)["_entities"][0]["payment"].clone()
}

#[tokio::test]
async fn a_payment_is_its_buyers_and_the_admins_business() {
    let world = World::new().await;
    let created = world.new_payment().await;
    let id = Uuid::now_v7();
    let by_id = "query ($id: ID!) { payment(id: $id) { id } }";
    let variables = json!({ "id": created.payment });
    for who in [identity::buyer(created.buyer), identity::admin(id)] {
        assert_eq!(
            payment_of_order(&world, &created, who.clone()).await["id"],
            created.payment
        );
        let answer = execute(&world.subgraph, who, by_id, variables.clone()).await;
        assert_eq!(data(answer)["payment"]["id"], created.payment);
    }
    assert_eq!(
        payment_of_order(&world, &created, identity::service("order")).await["id"],
        created.payment
    );
    for who in [
        identity::buyer(id),
        identity::seller(id),
        identity::moderator(id),
        identity::partner(id),
    ] {
        assert_eq!(
            payment_of_order(&world, &created, who.clone()).await,
            json!(null)
        );
        let answer = execute(&world.subgraph, who.clone(), by_id, variables.clone()).await;
        assert_eq!(data(answer)["payment"], json!(null));
        let representation = json!([{ "__typename": "Payment", "id": created.payment }]);
        let answer = execute(
            &world.subgraph,
            who,
            ENTITIES,
            json!({ "representations": representation }),
        )
        .await;
        assert_eq!(data(answer)["_entities"], json!([null]));
    }
    for who in [identity::anonymous(), identity::guest(id)] {
        assert_eq!(
            payment_of_order(&world, &created, who.clone()).await,
            json!(null)
        );
        let answer = execute(&world.subgraph, who, by_id, variables.clone()).await;
        assert_eq!(error_code(&answer), "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn the_log_is_for_admins() {
    let world = World::new().await;
    let created = world.paid_payment().await;
    let query =
        "query ($id: ID!) { payment(id: $id) { id events { id kind provider detail createdAt } } }";
    let variables = json!({ "id": created.payment });
    let admin = identity::admin(Uuid::now_v7());
    let answer = data(execute(&world.subgraph, admin, query, variables.clone()).await);
    let events = answer["payment"]["events"].as_array().unwrap();
    assert_eq!(events[0]["kind"], "checkout.requested");
    assert_eq!(events[0]["provider"], "sandbox");
    assert_eq!(events[1]["kind"], "checkout.created");
    assert_eq!(events[1]["detail"]["reference"], created.reference);
    assert_eq!(events[2]["detail"]["amountMinor"], 1250);

    let answer = execute(
        &world.subgraph,
        identity::buyer(created.buyer),
        query,
        variables,
    )
    .await;
    assert_eq!(error_code(&answer), "FORBIDDEN");
    assert_eq!(
        answer["data"]["payment"]["id"], created.payment,
        "the rest is the buyer's"
    );
    assert_eq!(answer["data"]["payment"]["events"], json!(null));
}

#[tokio::test]
async fn the_number_of_statements_does_not_grow_with_the_orders() {
    let world = World::new().await;
    let buyer = Uuid::now_v7();
    let mut representations = Vec::new();
    for _ in 0..50 {
        let created = world.create(Uuid::now_v7(), buyer, "1.00").await;
        representations.push(json!({ "__typename": "Order", "id": created.order }));
    }
    // Nothing else may run on the pool that counts.
    let database =
        souk_platform::database::Database::new(world.services.database.url(), 4).unwrap();
    let services = souk_platform::Services {
        database,
        ..world.services.clone()
    };
    let subgraph = souk_payment::subgraph(services.clone()).unwrap();
    let mut statements = Vec::new();
    for orders in [5, 50] {
        let before = services.database.statements();
        let variables = json!({ "representations": representations[..orders] });
        let answer = data(execute(&subgraph, identity::buyer(buyer), ENTITIES, variables).await);
        let entities = answer["_entities"].as_array().unwrap();
        assert_eq!(entities.len(), orders);
        assert!(
            entities
                .iter()
                .all(|order| order["payment"]["status"] == "PENDING")
        );
        statements.push(services.database.statements() - before);
    }
    assert_eq!(statements, [2, 2], "payments, then refunds");
}

#[tokio::test]
async fn sdl() {
    let world = World::new().await;
    insta::assert_snapshot!(world.subgraph.schema.sdl());
}
