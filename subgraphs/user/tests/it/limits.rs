//! How often somebody may try to log in.

use std::net::IpAddr;

use async_graphql::{Request, Variables};
use futures::future::join_all;
use serde_json::{Value, json};
use souk_harness::{data, error_code};
use souk_platform::identity::ClientAddress;

use crate::support::{LOGIN, PASSWORD, REGISTER, World};

/// Tries until it is refused; how often that was without. Windows are minutes of the clock, so that the attempts may
/// fall into two of them.
async fn tries(limit: usize, mut attempt: impl AsyncFnMut() -> Value) -> usize {
    for count in 0..=2 * limit {
        let answer = attempt().await;
        if error_code(&answer) == "RATE_LIMITED" {
            let wait = answer["errors"][0]["extensions"]["retryAfter"]
                .as_u64()
                .unwrap();
            assert!((1..=60).contains(&wait), "{answer:#}");
            return count;
        }
        assert_eq!(error_code(&answer), "UNAUTHENTICATED");
    }
    panic!("never refused");
}

#[tokio::test]
async fn an_account_is_tried_a_few_times_a_minute_whether_it_exists_or_not() {
    let world = World::with(|config| config.identity.login_attempts_per_minute = 3).await;
    world.register("ada@example.com", "Ada").await;
    for email in ["ada@example.com", "nobody@example.com"] {
        let count = tries(3, async || world.login(email, "wrong password").await).await;
        assert!(
            (3..=6).contains(&count),
            "{email} was refused after {count}"
        );
    }
    assert_eq!(
        error_code(&world.login("ADA@example.com", PASSWORD).await),
        "RATE_LIMITED",
        "also with the right password"
    );
    world.register("bob@example.com", "Bob").await;
    data(world.login("bob@example.com", PASSWORD).await);
}

#[tokio::test]
async fn a_success_starts_the_count_again() {
    let world = World::with(|config| config.identity.login_attempts_per_minute = 3).await;
    world.register("ada@example.com", "Ada").await;
    for _ in 0..3 {
        for _ in 0..2 {
            assert_eq!(
                error_code(&world.login("ada@example.com", "wrong password").await),
                "UNAUTHENTICATED"
            );
        }
        data(world.login("ada@example.com", PASSWORD).await);
    }
}

#[tokio::test]
async fn guessing_at_the_current_password_is_limited_too() {
    let world = World::with(|config| config.identity.login_attempts_per_minute = 2).await;
    let ada = world.register("ada@example.com", "Ada").await;
    let change = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { endedSessions } }";
    let input = json!({"currentPassword": "wrong password", "newPassword": "another password"});
    let mut codes = Vec::new();
    for _ in 0..5 {
        let answer = world
            .ask(&ada.identity, change, json!({ "input": input }))
            .await;
        codes.push(error_code(&answer).to_owned());
    }
    assert_eq!(codes[0], "BAD_USER_INPUT");
    assert!(codes.contains(&"RATE_LIMITED".to_owned()), "{codes:?}");
}

/// Logs in as a client with this address.
async fn login_from(world: &World, client: &str, email: &str, password: &str) -> Value {
    let client: IpAddr = client.parse().unwrap();
    let variables = json!({"input": {"email": email, "password": password}});
    let request = Request::new(LOGIN)
        .variables(Variables::from_json(variables))
        .data(ClientAddress(client));
    serde_json::to_value(world.subgraph.schema.execute(request).await).unwrap()
}

#[tokio::test]
async fn one_client_fails_only_so_often_however_many_accounts_it_tries() {
    let world = World::with(|config| config.identity.login_attempts_per_minute = 1).await;
    let mut account = 0;
    let count = tries(5, async || {
        account += 1;
        let email = format!("user{account}@example.com");
        login_from(&world, "203.0.113.7", &email, "wrong password").await
    })
    .await;
    assert!((5..=10).contains(&count), "refused after {count}");

    world.register("ada@example.com", "Ada").await;
    let elsewhere = login_from(&world, "2001:db8::7", "ada@example.com", PASSWORD).await;
    assert!(elsewhere.get("errors").is_none(), "{elsewhere:#}");
}

#[tokio::test]
async fn one_client_fails_only_so_often_also_when_it_guesses_at_once() {
    let world = World::with(|config| config.identity.login_attempts_per_minute = 1).await;
    let guesses = (0..40).map(|account| {
        let email = format!("user{account}@example.com");
        let world = &world;
        async move { login_from(world, "203.0.113.7", &email, "wrong password").await }
    });
    let answers = join_all(guesses).await;
    let guessed = answers
        .iter()
        .filter(|answer| error_code(answer) == "UNAUTHENTICATED")
        .count();
    // They may fall into two minutes.
    assert!(
        (5..=10).contains(&guessed),
        "{guessed} guesses were let through"
    );
}

#[tokio::test]
async fn people_who_share_an_address_log_in_as_often_as_they_like() {
    let world = World::with(|config| config.identity.login_attempts_per_minute = 1).await;
    world.register("ada@example.com", "Ada").await;
    for _ in 0..12 {
        data(login_from(&world, "203.0.113.7", "ada@example.com", PASSWORD).await);
    }
}

#[tokio::test]
async fn programs_on_this_machine_are_no_client() {
    let world = World::with(|config| config.identity.login_attempts_per_minute = 1).await;
    for account in 0..12 {
        let email = format!("user{account}@example.com");
        let answer = login_from(&world, "127.0.0.1", &email, "wrong password").await;
        assert_eq!(error_code(&answer), "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn one_client_opens_only_so_many_accounts_and_guest_sessions() {
    let world = World::with(|config| config.identity.new_sessions_per_minute = 3).await;
    let from = async |client: &str, request: Request| {
        let client: IpAddr = client.parse().unwrap();
        let request = request.data(ClientAddress(client));
        serde_json::to_value(world.subgraph.schema.execute(request).await).unwrap()
    };
    let guest = || Request::new("mutation { startGuestSession { guestId } }");
    let mut accounts = 0;
    let mut register = || {
        accounts += 1;
        let email = format!("eve{accounts}@example.com");
        let input = json!({"email": email, "name": "Eve", "password": PASSWORD});
        Request::new(REGISTER).variables(Variables::from_json(json!({ "input": input })))
    };
    let mut requests: [(&str, &mut dyn FnMut() -> Request); 2] = [
        ("203.0.113.7", &mut || guest()),
        ("198.51.100.1", &mut register),
    ];
    for (client, request) in &mut requests {
        let mut opened = 0;
        let refused = loop {
            let answer = from(client, request()).await;
            if answer.get("errors").is_some() {
                break answer;
            }
            opened += 1;
        };
        assert_eq!(error_code(&refused), "RATE_LIMITED");
        // They may fall into two minutes.
        assert!((3..=6).contains(&opened), "refused after {opened}");
    }
    for elsewhere in ["203.0.113.8", "2001:db8::7", "127.0.0.1"] {
        data(from(elsewhere, guest()).await);
    }
}
