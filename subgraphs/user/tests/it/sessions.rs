//! Logging in, refreshing, logging out, being a guest.

use std::time::{Duration, Instant};

use futures::future::join_all;
use serde_json::json;
use souk_harness::{data, error_code, identity};
use souk_platform::cache::MemoryCache;
use souk_platform::{Identity, Role};
use std::sync::Arc;

use crate::support::{LOGIN, PASSWORD, REFRESH, REGISTER, World, claims};

#[tokio::test]
async fn login_does_not_tell_which_of_address_and_password_is_wrong() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let again = world
        .person(&data(world.login("ADA@example.com ", PASSWORD).await)["login"])
        .await;
    assert_eq!(again.id, ada.id);
    assert_ne!(
        again.identity.subject().unwrap().session,
        ada.identity.subject().unwrap().session
    );

    let wrong_password = world.login("ada@example.com", "wrong password").await;
    assert_eq!(error_code(&wrong_password), "UNAUTHENTICATED");
    for email in ["nobody@example.com", "not an address", ""] {
        assert_eq!(
            world.login(email, PASSWORD).await["errors"][0],
            wrong_password["errors"][0],
            "{email}"
        );
    }
}

#[tokio::test]
async fn login_takes_as_long_for_an_unknown_address() {
    let world = World::with(|config| config.identity.login_attempts_per_minute = 1000).await;
    world.register("ada@example.com", "Ada").await;
    world.login("warm@example.com", PASSWORD).await;
    let mut fastest = [Duration::MAX; 2];
    // The fastest of many, because other tests take the processor now and then.
    for _ in 0..25 {
        for (index, email) in ["ada@example.com", "nobody@example.com"]
            .into_iter()
            .enumerate()
        {
            let started = Instant::now();
            assert_eq!(
                error_code(&world.login(email, "wrong password").await),
                "UNAUTHENTICATED"
            );
            fastest[index] = fastest[index].min(started.elapsed());
        }
    }
    let [known, unknown] = fastest;
    assert!(
        unknown * 4 > known,
        "an unknown address is answered in {unknown:?}, a known one in {known:?}"
    );
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_session() {
    let world = World::new().await;
    let first = world.register("ada@example.com", "Ada").await;
    let other_session = world
        .person(&data(world.login("ada@example.com", PASSWORD).await)["login"])
        .await;
    let second = world
        .person(&data(world.refresh(&first.refresh_token).await)["refresh"])
        .await;
    assert_eq!(second.id, first.id);
    assert_eq!(
        second.identity.subject().unwrap().session,
        first.identity.subject().unwrap().session
    );
    assert_ne!(second.refresh_token, first.refresh_token);
    let third = world
        .person(&data(world.refresh(&second.refresh_token).await)["refresh"])
        .await;
    assert!(!world.is_shut_out(&third).await);

    assert_eq!(
        error_code(&world.refresh(&first.refresh_token).await),
        "UNAUTHENTICATED"
    );
    assert!(
        world.is_shut_out(&third).await,
        "whoever holds the newest token may be the thief"
    );
    assert_eq!(
        error_code(&world.refresh(&third.refresh_token).await),
        "UNAUTHENTICATED"
    );
    assert!(!world.is_shut_out(&other_session).await);
    data(world.refresh(&other_session.refresh_token).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_refreshes_at_once_one_succeeds_and_the_session_ends() {
    let world = World::new().await;
    for round in 0..5 {
        let person = world
            .register(&format!("ada{round}@example.com"), "Ada")
            .await;
        let attempts = [(); 2].map(|()| {
            let (subgraph, variables) = (
                world.subgraph.clone(),
                json!({"input": {"refreshToken": person.refresh_token}}),
            );
            tokio::spawn(async move {
                souk_harness::execute(&subgraph, Identity::Anonymous, REFRESH, variables).await
            })
        });
        let answers: Vec<_> = join_all(attempts)
            .await
            .into_iter()
            .map(Result::unwrap)
            .collect();
        let won: Vec<_> = answers
            .iter()
            .filter(|answer| answer.get("errors").is_none())
            .collect();
        assert_eq!(won.len(), 1, "{answers:#?}");
        assert!(world.is_shut_out(&person).await);
        let next = won[0]["data"]["refresh"]["tokens"]["refreshToken"]
            .as_str()
            .unwrap();
        assert_eq!(error_code(&world.refresh(next).await), "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn made_up_and_expired_refresh_tokens_are_refused() {
    let world =
        World::with(|config| config.identity.refresh_token_lifetime = Duration::from_millis(1))
            .await;
    let ada = world.register("ada@example.com", "Ada").await;
    tokio::time::sleep(Duration::from_millis(20)).await;
    for token in [ada.refresh_token.as_str(), "made up", ""] {
        assert_eq!(error_code(&world.refresh(token).await), "UNAUTHENTICATED");
    }
}

#[tokio::test]
async fn refreshing_carries_roles_that_were_given_since() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let admin = identity::admin(uuid::Uuid::now_v7());
    let assign =
        "mutation($input: AssignRolesInput!) { assignRoles(input: $input) { user { roles } } }";
    let input = json!({"userId": ada.id.to_string(), "roles": ["BUYER", "MODERATOR"]});
    data(world.ask(&admin, assign, json!({ "input": input })).await);
    let again = world
        .person(&data(world.refresh(&ada.refresh_token).await)["refresh"])
        .await;
    assert_eq!(
        again.identity.subject().unwrap().roles,
        [Role::Buyer, Role::Moderator]
    );
}

#[tokio::test]
async fn logging_out_ends_both_kinds_of_token() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let elsewhere = world
        .person(&data(world.login("ada@example.com", PASSWORD).await)["login"])
        .await;
    let logout = "mutation($input: LogoutInput) { logout(input: $input) { loggedOut } }";
    for _ in 0..2 {
        assert_eq!(
            data(world.ask(&ada.identity, logout, json!({})).await)["logout"]["loggedOut"],
            true
        );
    }
    assert!(world.is_shut_out(&ada).await);
    assert_eq!(
        error_code(&world.refresh(&ada.refresh_token).await),
        "UNAUTHENTICATED"
    );

    assert!(
        !world.is_shut_out(&elsewhere).await,
        "the other session goes on"
    );
    // Without an access token, as after a night with the lid closed.
    let variables = json!({"input": {"refreshToken": elsewhere.refresh_token}});
    data(world.ask(&Identity::Anonymous, logout, variables).await);
    assert!(world.is_shut_out(&elsewhere).await);

    for variables in [json!({}), json!({"input": {"refreshToken": "made up"}})] {
        assert_eq!(
            error_code(&world.ask(&Identity::Anonymous, logout, variables).await),
            "UNAUTHENTICATED"
        );
    }
}

#[tokio::test]
async fn a_restart_does_not_let_ended_sessions_in_again() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    data(
        world
            .ask(
                &ada.identity,
                "mutation { logout { loggedOut } }",
                json!({}),
            )
            .await,
    );

    let mut services = world.services.clone();
    services.cache = Arc::new(MemoryCache::default());
    let restarted = World {
        subgraph: Arc::new(souk_user::subgraph(services.clone()).unwrap()),
        services,
    };
    assert!(!restarted.is_shut_out(&ada).await, "the new cache is empty");
    for job in &restarted.subgraph.jobs {
        (job.run)().await.unwrap();
    }
    assert!(restarted.is_shut_out(&ada).await);
}

#[tokio::test]
async fn expired_sessions_are_deleted_and_others_kept() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let gone = world.register("bob@example.com", "Bob").await;
    let session = gone.identity.subject().unwrap().session;
    let age = format!(
        "UPDATE sessions SET expires_at = now() - interval '2 days' WHERE id = '{session}'"
    );
    world.execute(&age).await;
    for job in &world.subgraph.jobs {
        (job.run)().await.unwrap();
    }
    assert_eq!(
        error_code(&world.refresh(&gone.refresh_token).await),
        "UNAUTHENTICATED"
    );
    data(world.refresh(&ada.refresh_token).await);
}

#[tokio::test]
async fn a_session_in_use_keeps_the_exchanged_tokens_that_would_still_be_good() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let mut tokens = vec![ada.refresh_token.clone()];
    for _ in 0..3 {
        let refreshed = data(world.refresh(&tokens[tokens.len() - 1]).await);
        tokens.push(
            world
                .person(&refreshed["refresh"])
                .await
                .refresh_token
                .clone(),
        );
    }
    // The first was given out 32 days ago, for 30 days; the others lately.
    let forgotten = "UPDATE refresh_tokens SET created_at = created_at - interval '32 days'
        WHERE created_at = (SELECT min(created_at) FROM refresh_tokens)";
    world.execute(forgotten).await;
    for job in &world.subgraph.jobs {
        (job.run)().await.unwrap();
    }
    assert_eq!(
        world.count("SELECT count(*) FROM refresh_tokens").await,
        3,
        "two exchanged ones and the one that is good"
    );

    assert_eq!(
        error_code(&world.refresh(&tokens[0]).await),
        "UNAUTHENTICATED"
    );
    assert!(!world.is_shut_out(&ada).await, "nobody knows it any more");
    assert_eq!(
        error_code(&world.refresh(&tokens[1]).await),
        "UNAUTHENTICATED"
    );
    assert!(world.is_shut_out(&ada).await, "a reuse");
}

#[tokio::test]
async fn who_was_a_guest_keeps_the_guest_across_refreshes() {
    let world = World::new().await;
    let start = "mutation { startGuestSession { guestId tokens { accessToken refreshToken } } }";
    let payload =
        data(world.ask(&Identity::Anonymous, start, json!({})).await)["startGuestSession"].clone();
    let guest = world.person(&payload).await;
    assert_eq!(payload["guestId"], guest.id.to_string());
    assert_eq!(guest.identity.subject().unwrap().roles, [Role::Guest]);
    let refreshed = data(world.refresh(&guest.refresh_token).await);
    assert_eq!(refreshed["refresh"]["user"], json!(null));
    assert_eq!(world.person(&refreshed["refresh"]).await.id, guest.id);

    let input = json!({"email": "ada@example.com", "name": "Ada", "password": PASSWORD});
    let registered = data(
        world
            .ask(&guest.identity, REGISTER, json!({ "input": input }))
            .await,
    );
    let ada = world.person(&registered["register"]).await;
    assert_eq!(ada.identity.subject().unwrap().guest, Some(guest.id));
    let again = world
        .person(&data(world.refresh(&ada.refresh_token).await)["refresh"])
        .await;
    assert_eq!(again.identity.subject().unwrap().guest, Some(guest.id));

    let input = json!({"email": "ada@example.com", "password": PASSWORD});
    let logged_in = data(
        world
            .ask(&guest.identity, LOGIN, json!({ "input": input }))
            .await,
    );
    assert_eq!(
        world
            .person(&logged_in["login"])
            .await
            .identity
            .subject()
            .unwrap()
            .guest,
        Some(guest.id)
    );
    let plain = world
        .person(&data(world.login("ada@example.com", PASSWORD).await)["login"])
        .await;
    assert_eq!(plain.identity.subject().unwrap().guest, None);
}

#[tokio::test]
async fn access_tokens_last_as_long_as_configured() {
    let world =
        World::with(|config| config.identity.access_token_lifetime = Duration::from_secs(120))
            .await;
    let ada = world.register("ada@example.com", "Ada").await;
    let claims = claims(&world, &ada.access_token).await.unwrap();
    assert_eq!(claims.exp - claims.iat, 120);
}
