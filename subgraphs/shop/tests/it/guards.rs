//! Who may do what.

use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::Identity;
use uuid::Uuid;

use crate::support::{
    ADD_BRANCH, APPROVE, CREATE, REJECT, REMOVE_BRANCH, UPDATE, UPDATE_BRANCH, World, branch,
};

/// Every mutation with its input, and whom the role lets in: `S`eller, `M`oderator, admi`N`.
fn table() -> Vec<(&'static str, &'static str, Value, &'static str)> {
    let id = Uuid::now_v7().to_string();
    let new = branch("B", 0.0, 0.0);
    vec![
        ("createShop", CREATE, json!({"name": "Spices"}), "SN"),
        (
            "updateShop",
            UPDATE,
            json!({"id": id, "name": "Spices"}),
            "SN",
        ),
        ("approveShop", APPROVE, json!({"id": id}), "MN"),
        (
            "rejectShop",
            REJECT,
            json!({"id": id, "reason": "no"}),
            "MN",
        ),
        (
            "addBranch",
            ADD_BRANCH,
            json!({"shopId": id, "branch": new}),
            "SN",
        ),
        (
            "updateBranch",
            UPDATE_BRANCH,
            json!({"id": id, "branch": new}),
            "SN",
        ),
        ("removeBranch", REMOVE_BRANCH, json!({"id": id}), "SN"),
    ]
}

#[tokio::test]
async fn every_role_against_every_mutation() {
    let world = World::new().await;
    let callers = [
        ('A', identity::anonymous(), "UNAUTHENTICATED"),
        ('V', identity::service("product"), "UNAUTHENTICATED"),
        ('G', identity::guest(Uuid::now_v7()), "UNAUTHENTICATED"),
        ('B', identity::buyer(Uuid::now_v7()), "FORBIDDEN"),
        ('P', identity::partner(Uuid::now_v7()), "FORBIDDEN"),
        ('S', identity::seller(Uuid::now_v7()), "FORBIDDEN"),
        ('M', identity::moderator(Uuid::now_v7()), "FORBIDDEN"),
        ('N', identity::admin(Uuid::now_v7()), "FORBIDDEN"),
    ];
    for (letter, caller, refusal) in callers {
        for (name, query, input, allowed) in table() {
            let answer = world.ask(&caller, query, json!({ "input": input })).await;
            if !allowed.contains(letter) {
                assert_eq!(error_code(&answer), refusal, "{letter} must not {name}");
            } else if name == "createShop" {
                data(answer);
            } else {
                // Let in by the role, and told that there is no such shop or branch.
                assert_eq!(error_code(&answer), "NOT_FOUND", "{letter} may {name}");
            }
        }
    }
}

#[tokio::test]
async fn the_table_knows_every_mutation() {
    let world = World::new().await;
    let names = "{ __schema { mutationType { fields { name } } } }";
    let schema = data(world.ask(&Identity::Anonymous, names, json!({})).await);
    let fields = schema["__schema"]["mutationType"]["fields"]
        .as_array()
        .unwrap()
        .clone();
    let mut in_schema: Vec<_> = fields
        .iter()
        .map(|field| field["name"].as_str().unwrap())
        .collect();
    let mut in_table: Vec<_> = table().iter().map(|row| row.0).collect();
    in_schema.sort_unstable();
    in_table.sort_unstable();
    assert_eq!(in_schema, in_table);
}
