//! The schema, entities, who sees what of a user, and how many statements lists take.

use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::{Identity, Role};
use uuid::Uuid;

use crate::support::{Person, World};

const ENTITIES: &str = "query($representations: [_Any!]!) { _entities(representations: $representations) {
    ... on User { id name email roles customerType createdAt addresses { edges { node { city } } } } } }";

fn representations(ids: &[Uuid]) -> Value {
    json!({"representations": ids.iter().map(|id| json!({"__typename": "User", "id": id})).collect::<Vec<_>>()})
}

#[tokio::test]
async fn others_see_only_the_name() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let eve = world.register("eve@example.com", "Eve").await;
    let hidden = ["email", "roles", "customerType", "createdAt", "addresses"];
    let seen = async |identity: &Identity| {
        data(
            world
                .ask(identity, ENTITIES, representations(&[ada.id]))
                .await,
        )["_entities"][0]
            .clone()
    };
    let guest = identity::guest(Uuid::now_v7());
    for stranger in [
        Identity::Anonymous,
        eve.identity.clone(),
        guest,
        identity::moderator(Uuid::now_v7()),
    ] {
        let user = seen(&stranger).await;
        assert_eq!(user["name"], "Ada");
        for field in hidden {
            assert_eq!(user[field], json!(null), "{stranger:?} sees {field}");
        }
    }
    for friend in [
        ada.identity.clone(),
        identity::admin(Uuid::now_v7()),
        identity::service("order"),
    ] {
        let user = seen(&friend).await;
        for field in hidden {
            assert_ne!(user[field], json!(null), "{friend:?} does not see {field}");
        }
    }
}

#[tokio::test]
async fn unknown_users_are_null() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let answer = world
        .ask(
            &Identity::Anonymous,
            ENTITIES,
            representations(&[Uuid::now_v7(), ada.id]),
        )
        .await;
    let entities = data(answer)["_entities"].clone();
    assert_eq!(
        (&entities[0], &entities[1]["name"]),
        (&json!(null), &json!("Ada"))
    );
    let user = world
        .ask(
            &Identity::Anonymous,
            "query($id: ID!) { user(id: $id) { name } }",
            json!({"id": Uuid::now_v7()}),
        )
        .await;
    assert_eq!(data(user)["user"], json!(null));
    let user = world
        .ask(
            &Identity::Anonymous,
            "query($id: ID!) { user(id: $id) { name } }",
            json!({"id": "17"}),
        )
        .await;
    assert_eq!(error_code(&user), "BAD_USER_INPUT");
}

#[tokio::test]
async fn admins_list_users_and_find_one_by_address() {
    let world = World::new().await;
    let root = world.with_roles("root@example.com", &[Role::Admin]).await;
    let ada = world.register("ada@example.com", "Ada").await;
    let list = "query($email: String, $first: Int, $after: String) { users(email: $email, first: $first, after: $after) {
        edges { node { email } } pageInfo { hasNextPage endCursor } } }";
    let page = data(world.ask(&root.identity, list, json!({"first": 1})).await)["users"].clone();
    assert_eq!(
        page["edges"],
        json!([{"node": {"email": "root@example.com"}}])
    );
    assert_eq!(page["pageInfo"]["hasNextPage"], true);
    let after = page["pageInfo"]["endCursor"].clone();
    let page = data(
        world
            .ask(&root.identity, list, json!({"first": 1, "after": after}))
            .await,
    )["users"]
        .clone();
    assert_eq!(
        page["edges"],
        json!([{"node": {"email": "ada@example.com"}}])
    );
    assert_eq!(page["pageInfo"]["hasNextPage"], false);
    let found = data(
        world
            .ask(&root.identity, list, json!({"email": "ADA@example.com"}))
            .await,
    );
    assert_eq!(
        found["users"]["edges"],
        json!([{"node": {"email": "ada@example.com"}}])
    );
    assert_eq!(
        error_code(&world.ask(&ada.identity, list, json!({})).await),
        "FORBIDDEN"
    );
    assert_eq!(
        error_code(&world.ask(&Identity::Anonymous, list, json!({})).await),
        "UNAUTHENTICATED"
    );
}

#[tokio::test]
async fn statements_do_not_grow_with_the_lists() {
    let world = World::new().await;
    let add = "mutation($input: AddAddressInput!) { addAddress(input: $input) { address { id } } }";
    let mut people: Vec<Person> = Vec::new();
    for number in 0..6 {
        let person = world
            .register(&format!("user{number}@example.com"), "Somebody")
            .await;
        let address = json!({"recipient": "Ada", "line1": "1", "city": "Berlin", "country": "DE"});
        data(
            world
                .ask(
                    &person.identity,
                    add,
                    json!({"input": {"address": address}}),
                )
                .await,
        );
        people.push(person);
    }
    let admin = identity::admin(Uuid::now_v7());
    let list = "query($first: Int) { users(first: $first) { edges { node { email addresses { edges { node { city } } } } } } }";
    let ids: Vec<Uuid> = people.iter().map(|person| person.id).collect();
    let mut counts = Vec::new();
    for length in [1, 6] {
        let before = world.services.database.statements();
        let listed = data(world.ask(&admin, list, json!({"first": length})).await);
        let between = world.services.database.statements();
        let entities = data(
            world
                .ask(&admin, ENTITIES, representations(&ids[..length]))
                .await,
        );
        assert_eq!(listed["users"]["edges"].as_array().unwrap().len(), length);
        assert_eq!(entities["_entities"].as_array().unwrap().len(), length);
        assert_eq!(
            entities["_entities"][length - 1]["addresses"]["edges"][0]["node"]["city"],
            "Berlin"
        );
        counts.push((
            between - before,
            world.services.database.statements() - between,
        ));
    }
    assert_eq!(counts, [(2, 2), (2, 2)]);
}
