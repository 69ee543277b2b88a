//! Addresses.

use serde_json::{Value, json};
use souk_harness::{data, error_code};

use crate::support::{Person, World, argument};

const ADD: &str = "mutation($input: AddAddressInput!) { addAddress(input: $input) { address {
    id label recipient line1 line2 city region postalCode country phone isDefault position { latitude longitude } } } }";
const UPDATE: &str = "mutation($input: UpdateAddressInput!) { updateAddress(input: $input) { address { id city isDefault } } }";
const REMOVE: &str =
    "mutation($input: RemoveAddressInput!) { removeAddress(input: $input) { removedId } }";
const SET_DEFAULT: &str = "mutation($input: SetDefaultAddressInput!) { setDefaultAddress(input: $input) { address { id isDefault } } }";
const LIST: &str = "query($first: Int, $after: String) { me {
    defaultAddress { city }
    addresses(first: $first, after: $after) { edges { node { city isDefault } } pageInfo { hasNextPage endCursor } } } }";

fn address(city: &str) -> Value {
    json!({"recipient": "Ada", "line1": "Main Street 1", "city": city, "country": "de"})
}

async fn add(world: &World, person: &Person, city: &str, make_default: bool) -> Value {
    let input = json!({"address": address(city), "makeDefault": make_default});
    data(
        world
            .ask(&person.identity, ADD, json!({ "input": input }))
            .await,
    )["addAddress"]["address"]
        .clone()
}

async fn cities(world: &World, person: &Person) -> Vec<(String, bool)> {
    let me = data(world.ask(&person.identity, LIST, json!({})).await)["me"].clone();
    let edges = me["addresses"]["edges"].as_array().unwrap().clone();
    let listed: Vec<_> = edges
        .iter()
        .map(|edge| {
            (
                edge["node"]["city"].as_str().unwrap().to_owned(),
                edge["node"]["isDefault"].as_bool().unwrap(),
            )
        })
        .collect();
    let default = listed
        .iter()
        .find(|(_, is_default)| *is_default)
        .map(|(city, _)| json!({ "city": city }));
    assert_eq!(me["defaultAddress"], default.unwrap_or_default());
    listed
}

#[tokio::test]
async fn an_address_comes_back_as_it_was_given() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let address = json!({
        "label": "home", "recipient": "Ada L.", "line1": "Unter den Linden 1", "line2": "2nd floor", "city": "Berlin",
        "region": "Berlin", "postalCode": "10117", "country": "DE", "phone": "+49 30 1",
        "position": {"latitude": 52.517, "longitude": 13.389},
    });
    let answer = world
        .ask(&ada.identity, ADD, json!({"input": {"address": address}}))
        .await;
    let mut added = data(answer)["addAddress"]["address"].clone();
    let object = added.as_object_mut().unwrap();
    object.remove("id").unwrap();
    assert_eq!(object.remove("isDefault"), Some(json!(true)));
    assert_eq!(added, address);
}

#[tokio::test]
async fn there_is_always_exactly_one_default() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let berlin = add(&world, &ada, "Berlin", false).await;
    let paris = add(&world, &ada, "Paris", false).await;
    let rome = add(&world, &ada, "Rome", true).await;
    let listed = |defaults: [bool; 3]| {
        ["Berlin", "Paris", "Rome"]
            .map(str::to_owned)
            .into_iter()
            .zip(defaults)
            .collect::<Vec<_>>()
    };
    assert_eq!(cities(&world, &ada).await, listed([false, false, true]));

    data(
        world
            .ask(
                &ada.identity,
                SET_DEFAULT,
                json!({"input": {"id": paris["id"]}}),
            )
            .await,
    );
    assert_eq!(cities(&world, &ada).await, listed([false, true, false]));
    let answer = world
        .ask(
            &ada.identity,
            UPDATE,
            json!({"input": {"id": berlin["id"], "address": address("Bern")}}),
        )
        .await;
    assert_eq!(data(answer)["updateAddress"]["address"]["city"], "Bern");

    let answer = world
        .ask(&ada.identity, REMOVE, json!({"input": {"id": paris["id"]}}))
        .await;
    assert_eq!(data(answer)["removeAddress"]["removedId"], paris["id"]);
    assert_eq!(
        cities(&world, &ada).await,
        [("Bern".to_owned(), true), ("Rome".to_owned(), false)]
    );
    data(
        world
            .ask(&ada.identity, REMOVE, json!({"input": {"id": rome["id"]}}))
            .await,
    );
    data(
        world
            .ask(
                &ada.identity,
                REMOVE,
                json!({"input": {"id": berlin["id"]}}),
            )
            .await,
    );
    assert!(cities(&world, &ada).await.is_empty());
}

#[tokio::test]
async fn addresses_of_others_do_not_exist() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let eve = world.register("eve@example.com", "Eve").await;
    let berlin = add(&world, &ada, "Berlin", false).await;
    add(&world, &eve, "Oslo", false).await;
    let id = berlin["id"].clone();
    for (query, input) in [
        (UPDATE, json!({"id": id, "address": address("Bern")})),
        (REMOVE, json!({"id": id})),
        (SET_DEFAULT, json!({"id": id})),
    ] {
        let answer = world
            .ask(&eve.identity, query, json!({ "input": input }))
            .await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("NOT_FOUND", "input.id"),
            "{query}"
        );
    }
    assert_eq!(cities(&world, &ada).await, [("Berlin".to_owned(), true)]);
    assert_eq!(
        cities(&world, &eve).await,
        [("Oslo".to_owned(), true)],
        "a refused change leaves the default alone"
    );
}

#[tokio::test]
async fn wrong_addresses_name_the_field() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let cases = [
        ("recipient", json!(" "), "input.address.recipient"),
        ("line1", json!("x".repeat(201)), "input.address.line1"),
        ("city", json!("Ber\nlin"), "input.address.city"),
        ("country", json!("XX"), "input.address.country"),
        (
            "position",
            json!({"latitude": 90.5, "longitude": 0}),
            "input.address.position.latitude",
        ),
        (
            "position",
            json!({"latitude": 0, "longitude": -181}),
            "input.address.position.longitude",
        ),
    ];
    for (field, value, at) in cases {
        let mut address = address("Berlin");
        address[field] = value;
        let answer = world
            .ask(&ada.identity, ADD, json!({"input": {"address": address}}))
            .await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("BAD_USER_INPUT", at)
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_addresses_are_the_most_and_come_in_pages() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let adding = (0..52).map(|number| {
        let (subgraph, identity) = (world.subgraph.clone(), ada.identity.clone());
        let variables =
            json!({"input": {"address": address(&format!("City {number}")), "makeDefault": true}});
        tokio::spawn(
            async move { souk_harness::execute(&subgraph, identity, ADD, variables).await },
        )
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
    assert_eq!(refused.len(), 2);
    assert!(
        refused
            .iter()
            .all(|answer| error_code(answer) == "CONFLICT"),
        "{refused:#?}"
    );

    let (mut after, mut pages, mut defaults) = (json!(null), Vec::new(), 0);
    loop {
        let me = data(
            world
                .ask(&ada.identity, LIST, json!({"first": 20, "after": after}))
                .await,
        )["me"]
            .clone();
        let edges = me["addresses"]["edges"].as_array().unwrap();
        pages.push(edges.len());
        defaults += edges
            .iter()
            .filter(|edge| edge["node"]["isDefault"] == true)
            .count();
        if me["addresses"]["pageInfo"]["hasNextPage"] == false {
            break;
        }
        after = me["addresses"]["pageInfo"]["endCursor"].clone();
    }
    assert_eq!((pages.as_slice(), defaults), ([20, 20, 10].as_slice(), 1));
    for (variables, at) in [
        (json!({"first": 0}), "first"),
        (json!({"first": 101}), "first"),
        (json!({"after": "?"}), "after"),
    ] {
        let answer = world.ask(&ada.identity, LIST, variables).await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("BAD_USER_INPUT", at)
        );
    }
}
