//! Accounts that the platform itself makes.

use serde_json::json;
use souk_harness::platform::DEMO_PASSWORD;
use souk_harness::{Client, Launch, Signal};

use crate::SOUK;

const ME: &str = "{ me { id name roles } }";
const CHANGE_PASSWORD: &str =
    "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { endedSessions } }";
const RENAME: &str =
    "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { name } } }";
const ASSIGN: &str =
    "mutation($input: AssignRolesInput!) { assignRoles(input: $input) { user { roles } } }";
const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) { user { id } } }";

#[tokio::test(flavor = "multi_thread")]
async fn who_made_a_demo_account_her_own_keeps_it_over_a_restart() {
    let mut platform = Launch::new(SOUK).serve().await;
    let anybody = Client::new(platform.url());
    let admin = anybody.login("admin@souk.example").await;
    let buyer = anybody.login("buyer@souk.example").await;
    let me = buyer.ask(ME, json!({})).await;
    let roles = json!({ "userId": me["me"]["id"], "roles": ["BUYER", "SELLER"] });
    admin.ask(ASSIGN, json!({ "input": roles })).await;
    let name = json!({ "name": "Bertha" });
    buyer.ask(RENAME, json!({ "input": name })).await;
    let password = json!({ "currentPassword": DEMO_PASSWORD, "newPassword": "my own password" });
    buyer
        .ask(CHANGE_PASSWORD, json!({ "input": password }))
        .await;

    platform.stop("serve", Signal::SIGTERM).await;
    platform.start("serve").await;
    let kept = buyer.ask(ME, json!({})).await;
    assert_eq!(
        kept["me"],
        json!({ "id": me["me"]["id"], "name": "Bertha", "roles": ["BUYER", "SELLER"] })
    );
    let login = |password: &str| json!({ "input": { "email": "buyer@souk.example", "password": password } });
    anybody.ask(LOGIN, login("my own password")).await;
    let refused = anybody.fails(LOGIN, login(DEMO_PASSWORD)).await;
    assert_eq!(refused.code, "UNAUTHENTICATED");
}
