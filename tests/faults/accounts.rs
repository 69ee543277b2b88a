//! Accounts that the platform itself makes: the demo's, and the first admin's.

use serde_json::{Value, json};
use souk_harness::platform::DEMO_PASSWORD;
use souk_harness::{Client, Launch, Platform, Signal};

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

/// Runs `souk user provision` for this account; its exit code and what it said.
async fn provision(platform: &Platform, more: &[&str], password: &str) -> (Option<i32>, String) {
    let account = ["user", "provision", "--email", "root@souk.example"];
    let arguments = [&account, more].concat();
    let output = platform.command_given(&arguments, password).await;
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    (output.status.code(), said)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_admin_is_made_by_the_operator() {
    let mut platform = Launch::new(SOUK)
        .without_demo()
        .set("SOUK_LOG_LEVEL", "error")
        .not_started();
    let admin = ["--name", "Root", "--role", "ADMIN"];
    let password = format!("{DEMO_PASSWORD}\n");
    let (code, said) = provision(&platform, &admin, &password).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("root@souk.example was made"), "{said}");

    platform.start("serve").await;
    let anybody = Client::new(platform.url());
    let root = anybody.login("root@souk.example").await;
    let mona = anybody.register("mona@example.org", "Mona").await;
    let mona: Value = mona.ask(ME, json!({})).await["me"]["id"].take();
    let roles = json!({ "input": { "userId": mona, "roles": ["MODERATOR"] } });
    root.ask(ASSIGN, roles).await;
    platform.stop("serve", Signal::SIGTERM).await;

    // A second time, it changes nothing: the session goes on.
    let (code, said) = provision(&platform, &admin, &password).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("was there already"), "{said}");
    for (more, password, word) in [
        (admin, "short\n", "password"),
        (admin, "", "password"),
        (["--name", " ", "--role", "ADMIN"], &password, "--name"),
        (["--name", "Root", "--role", "GUEST"], &password, "--role"),
    ] {
        let (code, said) = provision(&platform, &more, password).await;
        assert_eq!(code, Some(2), "{said}");
        assert!(said.contains(word), "{said}");
        assert!(!said.contains(DEMO_PASSWORD), "{said}");
    }
    platform.start("serve").await;
    assert_eq!(
        root.ask(ME, json!({})).await["me"]["roles"],
        json!(["ADMIN"])
    );
}
