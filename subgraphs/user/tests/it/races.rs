//! What happens to an account between a login's look at it and the session.

use std::time::Duration;

use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use serde_json::{Value, json};
use souk_harness::{data, error_code, wait_for};
use souk_platform::{Identity, Role};

use crate::support::{LOGIN, PASSWORD, World};

const WAITING_FOR_A_ROW: &str = "SELECT count(*) FROM pg_locks \
    JOIN pg_stat_activity USING (pid) WHERE datname = current_database() AND NOT granted";

/// Logs in while a transaction that makes this change to the account is open, and commits it once the login waits for it
/// or has overtaken it.
async fn log_in_during(world: &World, change: &str) -> Value {
    let mut changing = world.services.database.get().await.unwrap();
    changing.batch_execute("BEGIN").await.unwrap();
    diesel::sql_query(change)
        .execute(&mut changing)
        .await
        .unwrap();
    let login = tokio::spawn({
        let subgraph = world.subgraph.clone();
        let variables = json!({"input": {"email": "ada@example.com", "password": PASSWORD}});
        async move { souk_harness::execute(&subgraph, Identity::Anonymous, LOGIN, variables).await }
    });
    wait_for("the login", Duration::from_secs(30), async || {
        login.is_finished() || world.count(WAITING_FOR_A_ROW).await > 0
    })
    .await;
    changing.batch_execute("COMMIT").await.unwrap();
    login.await.unwrap()
}

#[tokio::test]
async fn a_login_with_a_password_that_is_changed_meanwhile_is_refused() {
    let world = World::new().await;
    world.register("ada@example.com", "Ada").await;
    let answer = log_in_during(&world, "UPDATE users SET password_hash = 'another'").await;
    assert_eq!(error_code(&answer), "UNAUTHENTICATED");
    let sessions = world.count("SELECT count(*) FROM sessions").await;
    assert_eq!(sessions, 1, "the one of the registration");
}

#[tokio::test]
async fn a_login_while_a_role_is_taken_away_does_not_get_it() {
    let world = World::new().await;
    world
        .with_roles("ada@example.com", &[Role::Buyer, Role::Moderator])
        .await;
    let answer = log_in_during(&world, "UPDATE users SET roles = ARRAY['BUYER']").await;
    let ada = world.person(&data(answer)["login"]).await;
    assert_eq!(ada.identity.subject().unwrap().roles, [Role::Buyer]);
}
