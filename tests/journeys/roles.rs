//! Who may do what: every role against every mutation of the API schema.

mod people;
mod stage;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use souk_harness::Client;

use self::people::People;
use self::stage::Stage;
use crate::in_one_process;

/// `ok` for what is done; otherwise the error: **u**nauthenticated, **f**orbidden, **n**ot found. `owner` and `seller`
/// both have the role SELLER: what the mutation is about is the owner's, or the buyer's where sellers have no such
/// thing. An admin has every role, but nobody else's things.
const WHO_MAY_DO_WHAT: &str = "
                      anonymous guest buyer owner seller moderator admin partner

    register              ok     ok    ok    ok    ok       ok       ok    ok
    login                 ok     ok    ok    ok    ok       ok       ok    ok
    refresh               ok     ok    ok    ok    ok       ok       ok    ok
    startGuestSession     ok     ok    ok    ok    ok       ok       ok    ok
    logout                u      ok    ok    ok    ok       ok       ok    ok
    changePassword        u      u     ok    ok    ok       ok       ok    ok
    updateProfile         u      u     ok    ok    ok       ok       ok    ok
    becomeSeller          u      u     ok    ok    ok       ok       ok    ok
    assignRoles           u      u     f     f     f        f        ok    f

    addAddress            u      u     ok    ok    ok       ok       ok    ok
    updateAddress         u      u     ok    n     n        n        n     n
    setDefaultAddress     u      u     ok    n     n        n        n     n
    removeAddress         u      u     ok    n     n        n        n     n

    createShop            u      u     f     ok    ok       f        ok    f
    updateShop            u      u     f     ok    f        f        f     f
    approveShop           u      u     f     f     f        ok       ok    f
    rejectShop            u      u     f     f     f        ok       ok    f
    addBranch             u      u     f     ok    f        f        f     f
    updateBranch          u      u     f     ok    f        f        f     f
    removeBranch          u      u     f     ok    f        f        f     f

    createCategory        u      u     f     f     f        ok       ok    f
    updateCategory        u      u     f     f     f        ok       ok    f
    removeCategory        u      u     f     f     f        ok       ok    f
    createBook            u      u     f     ok    f        f        f     f
    createClothing        u      u     f     ok    f        f        f     f
    createGeneralProduct  u      u     f     ok    f        f        f     f
    createLaptop          u      u     f     ok    f        f        f     f
    createMobile          u      u     f     ok    f        f        f     f
    updateBook            u      u     f     ok    f        f        f     f
    updateClothing        u      u     f     ok    f        f        f     f
    updateGeneralProduct  u      u     f     ok    f        f        f     f
    updateLaptop          u      u     f     ok    f        f        f     f
    updateMobile          u      u     f     ok    f        f        f     f
    archiveProduct        u      u     f     ok    f        f        f     f
    addVariant            u      u     f     ok    f        f        f     f
    updateVariant         u      u     f     ok    f        f        f     f
    removeVariant         u      u     f     ok    f        f        f     f
    setStock              u      u     f     ok    f        f        f     f
    adjustStock           u      u     f     ok    f        f        f     f

    addToCart             u      ok    ok    ok    ok       f        ok    f
    updateCartItem        u      n     ok    n     n        f        n     f
    removeFromCart        u      n     ok    n     n        f        n     f
    clearCart             u      ok    ok    ok    ok       f        ok    f
    placeOrder            u      u     ok    ok    ok       f        ok    f
    cancelOrder           u      u     ok    n     n        f        n     f
    startShopOrder        u      u     n     ok    n        n        n     n
    shipShopOrder         u      u     n     ok    n        n        n     n
    deliverShopOrder      u      u     n     ok    n        n        n     n
    cancelShopOrder       u      u     n     ok    n        n        n     n
";

const MUTATIONS: &str =
    "{ __schema { mutationType { fields { name args { name type { ofType { name } name } } } } } }";

#[tokio::test(flavor = "multi_thread")]
async fn every_role_may_do_what_the_table_says() {
    let anyone = Client::new(in_one_process().await.url());
    let table = read_table();
    let mutations = mutations(&anyone).await;
    let (listed, existing): (BTreeSet<_>, BTreeSet<_>) =
        (table.keys().collect(), mutations.keys().collect());
    assert_eq!(
        listed, existing,
        "the table must have a row for each mutation"
    );

    let people = People::gather(&anyone).await;
    let mut stage = Stage::build(&people).await;
    let mut differences = Vec::new();
    for (mutation, expected) in &table {
        let operation = &mutations[mutation];
        for (role, expected) in expected {
            // Who succeeds uses up what the next one needs, an account or a shipped parcel.
            let actor = people.actor(role, mutation).await;
            let input = stage.input(&people, mutation, &actor).await;
            let outcome = match actor
                .client
                .attempt(operation, json!({ "input": input }))
                .await
            {
                Ok(_) => "ok".to_owned(),
                Err(refusal) => match refusal.code.as_str() {
                    "UNAUTHENTICATED" => "u".to_owned(),
                    "FORBIDDEN" => "f".to_owned(),
                    "NOT_FOUND" => "n".to_owned(),
                    _ => format!("{refusal:?}"),
                },
            };
            if outcome != *expected {
                differences.push(format!("{mutation} by {role}: {outcome}, not {expected}"));
            }
            if outcome == "ok" {
                stage.forget(mutation);
            }
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The table as mutation -> (role, outcome).
fn read_table() -> BTreeMap<String, Vec<(&'static str, &'static str)>> {
    let mut lines = WHO_MAY_DO_WHAT
        .lines()
        .filter(|line| !line.trim().is_empty());
    let roles: Vec<_> = lines
        .next()
        .expect("the roles")
        .split_whitespace()
        .collect();
    let rows = lines.map(|line| {
        let mut cells = line.split_whitespace();
        let mutation = cells.next().expect("a mutation").to_owned();
        let outcomes: Vec<_> = cells.collect();
        assert_eq!(
            outcomes.len(),
            roles.len(),
            "{mutation} must have a cell for each role"
        );
        (mutation, roles.iter().copied().zip(outcomes).collect())
    });
    rows.collect()
}

/// Every mutation of the API schema, as an operation with the variable `$input` if it has an argument.
async fn mutations(anyone: &Client) -> BTreeMap<String, String> {
    let schema = anyone.ask(MUTATIONS, json!({})).await;
    let fields = schema
        .pointer("/__schema/mutationType/fields")
        .and_then(Value::as_array);
    let fields = fields.expect("mutations").iter().map(|field| {
        let name = field["name"].as_str().expect("a name");
        let Some(argument) = field.pointer("/args/0") else {
            return (
                name.to_owned(),
                format!("mutation {{ {name} {{ __typename }} }}"),
            );
        };
        assert_eq!(argument["name"], "input", "{name} takes one input");
        let nullable = argument.pointer("/type/name").and_then(Value::as_str);
        let required = argument
            .pointer("/type/ofType/name")
            .and_then(Value::as_str);
        let input = match (required, nullable) {
            (Some(input), _) => format!("{input}!"),
            (None, input) => input.expect("an input type").to_owned(),
        };
        (
            name.to_owned(),
            format!("mutation($input: {input}) {{ {name}(input: $input) {{ __typename }} }}"),
        )
    });
    fields.collect()
}
