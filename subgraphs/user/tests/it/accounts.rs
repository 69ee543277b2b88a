//! Registering, profile, password, becoming a seller.

use futures::future::join_all;
use serde_json::json;
use souk_harness::{data, error_code, identity};
use souk_platform::events::{Event, Payload, ShopSnapshot};
use souk_platform::{Identity, Role};
use uuid::Uuid;

use crate::support::{PASSWORD, PROVISION, REGISTER, World, argument, claims};

const ME: &str = "{ me { id name email roles customerType } }";

#[tokio::test]
async fn a_new_account_is_a_buyer_who_is_logged_in() {
    let world = World::new().await;
    let input = json!({"email": " Ada@Example.COM", "name": " Ada ", "password": PASSWORD});
    let answer = world
        .ask(&Identity::Anonymous, REGISTER, json!({ "input": input }))
        .await;
    let payload = &data(answer)["register"];
    assert_eq!(payload["user"]["name"], "Ada");
    let ada = world.person(payload).await;

    let me = data(world.ask(&ada.identity, ME, json!({})).await);
    let expected = json!({
        "id": ada.id.to_string(), "name": "Ada", "email": "ada@example.com", "roles": ["BUYER"], "customerType": "REGULAR"
    });
    assert_eq!(me["me"], expected);
    let registered =
        json!({"user_id": ada.id.to_string(), "email": "ada@example.com", "name": "Ada"});
    assert_eq!(
        world.events().await,
        [("user.registered".to_owned(), registered)]
    );
}

#[tokio::test]
async fn wrong_input_names_the_argument() {
    let world = World::new().await;
    let cases = [
        (
            json!({"email": "ada", "name": "Ada", "password": PASSWORD}),
            "input.email",
        ),
        (
            json!({"email": "ada@example.com", "name": "  ", "password": PASSWORD}),
            "input.name",
        ),
        (
            json!({"email": "ada@example.com", "name": "x".repeat(101), "password": PASSWORD}),
            "input.name",
        ),
        (
            json!({"email": "ada@example.com", "name": "Ada\u{0}", "password": PASSWORD}),
            "input.name",
        ),
        (
            json!({"email": "ada@example.com", "name": "Ada", "password": "123456789"}),
            "input.password",
        ),
        (
            json!({"email": "ada@example.com", "name": "Ada", "password": "x".repeat(129)}),
            "input.password",
        ),
    ];
    for (input, field) in cases {
        let answer = world
            .ask(&Identity::Anonymous, REGISTER, json!({ "input": input }))
            .await;
        assert_eq!(
            (error_code(&answer), argument(&answer)),
            ("BAD_USER_INPUT", field)
        );
    }
    assert!(world.events().await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_registrations_at_once_with_one_address_exactly_one_succeeds() {
    let world = World::new().await;
    let spellings = [
        "ada@example.com",
        "ADA@example.com",
        "Ada@Example.com",
        " ada@example.com ",
    ];
    let attempts = spellings.map(|email| {
        let input = json!({"email": email, "name": "Ada", "password": PASSWORD});
        let (subgraph, variables) = (world.subgraph.clone(), json!({ "input": input }));
        tokio::spawn(async move {
            souk_harness::execute(&subgraph, Identity::Anonymous, REGISTER, variables).await
        })
    });
    let answers: Vec<_> = join_all(attempts)
        .await
        .into_iter()
        .map(Result::unwrap)
        .collect();
    let (won, lost): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.get("errors").is_none());
    assert_eq!((won.len(), lost.len()), (1, 3));
    for answer in lost {
        assert_eq!(
            (error_code(answer), argument(answer)),
            ("CONFLICT", "input.email")
        );
    }
    assert_eq!(world.events().await.len(), 1, "one account, one event");
}

#[tokio::test]
async fn nobody_and_guests_are_not_me() {
    let world = World::new().await;
    for identity in [identity::anonymous(), identity::guest(Uuid::now_v7())] {
        assert_eq!(
            data(world.ask(&identity, ME, json!({})).await)["me"],
            json!(null)
        );
    }
}

#[tokio::test]
async fn a_profile_changes_only_where_it_is_told_to() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let update = "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { name email } } }";
    let answer = world
        .ask(
            &ada.identity,
            update,
            json!({"input": {"name": "Countess"}}),
        )
        .await;
    assert_eq!(
        data(answer)["updateProfile"]["user"],
        json!({"name": "Countess", "email": "ada@example.com"})
    );
    let answer = world.ask(&ada.identity, update, json!({"input": {}})).await;
    assert_eq!(data(answer)["updateProfile"]["user"]["name"], "Countess");
    let answer = world
        .ask(&ada.identity, update, json!({"input": {"name": ""}}))
        .await;
    assert_eq!(
        (error_code(&answer), argument(&answer)),
        ("BAD_USER_INPUT", "input.name")
    );
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    let world = World::new().await;
    let here = world.register("ada@example.com", "Ada").await;
    let elsewhere = world
        .person(&data(world.login("ada@example.com", PASSWORD).await)["login"])
        .await;
    let change = "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { endedSessions } }";

    let wrong = json!({"currentPassword": "not the password", "newPassword": "another password"});
    let answer = world
        .ask(&here.identity, change, json!({ "input": wrong }))
        .await;
    assert_eq!(
        (error_code(&answer), argument(&answer)),
        ("BAD_USER_INPUT", "input.currentPassword")
    );
    let short = json!({"currentPassword": PASSWORD, "newPassword": "short"});
    let answer = world
        .ask(&here.identity, change, json!({ "input": short }))
        .await;
    assert_eq!(
        (error_code(&answer), argument(&answer)),
        ("BAD_USER_INPUT", "input.newPassword")
    );
    assert!(!world.is_shut_out(&elsewhere).await);

    let right = json!({"currentPassword": PASSWORD, "newPassword": "another password"});
    let answer = world
        .ask(&here.identity, change, json!({ "input": right }))
        .await;
    assert_eq!(data(answer)["changePassword"]["endedSessions"], 1);
    assert!(world.is_shut_out(&elsewhere).await);
    assert!(!world.is_shut_out(&here).await);
    assert_eq!(
        error_code(&world.refresh(&elsewhere.refresh_token).await),
        "UNAUTHENTICATED"
    );
    data(world.refresh(&here.refresh_token).await);
    assert_eq!(
        error_code(&world.login("ada@example.com", PASSWORD).await),
        "UNAUTHENTICATED"
    );
    data(world.login("ada@example.com", "another password").await);
}

#[tokio::test]
async fn becoming_a_seller_gives_a_token_that_says_so() {
    let world = World::new().await;
    let ada = world.register("ada@example.com", "Ada").await;
    let become_seller = "mutation { becomeSeller { accessToken user { roles } } }";
    let payload = data(world.ask(&ada.identity, become_seller, json!({})).await);
    assert_eq!(
        payload["becomeSeller"]["user"]["roles"],
        json!(["BUYER", "SELLER"])
    );
    let token = payload["becomeSeller"]["accessToken"].as_str().unwrap();
    let seller = claims(&world, token).await.unwrap();
    assert_eq!(seller.roles, [Role::Buyer, Role::Seller]);
    assert_eq!(
        (seller.sub, seller.sid),
        (ada.id, ada.identity.subject().unwrap().session)
    );

    data(world.ask(&ada.identity, become_seller, json!({})).await);
    let changed: Vec<_> = world
        .events()
        .await
        .into_iter()
        .filter(|(kind, _)| kind == "user.roles_changed")
        .collect();
    assert_eq!(
        changed.len(),
        1,
        "the second time changes nothing: {changed:?}"
    );
    assert_eq!(
        changed[0].1,
        json!({"user_id": ada.id.to_string(), "roles": ["BUYER", "SELLER"]})
    );

    data(
        world
            .ask(
                &ada.identity,
                "mutation { logout { loggedOut } }",
                json!({}),
            )
            .await,
    );
    let answer = world.ask(&ada.identity, become_seller, json!({})).await;
    assert_eq!(
        error_code(&answer),
        "UNAUTHENTICATED",
        "a session that has ended gives no new token"
    );
}

#[tokio::test]
async fn a_sellers_token_names_the_shops_that_the_shop_subgraph_told_of() {
    let world = World::new().await;
    let seller = world
        .with_roles("sinbad@example.com", &[Role::Seller])
        .await;
    let shop_id = Uuid::now_v7();
    let shop = ShopSnapshot {
        shop_id,
        owner_id: seller.id,
        name: "Spices".to_owned(),
        description: String::new(),
        approved: false,
        positions: Vec::new(),
        revision: 1,
    };
    let event = Event::new(shop_id, "", Payload::ShopCreated(shop));
    let mut database = world.services.database.get().await.unwrap();
    for _ in 0..2 {
        world.subgraph.consumers[0]
            .consume(&mut database, &event)
            .await
            .unwrap();
    }
    let again = world
        .person(&data(world.refresh(&seller.refresh_token).await)["refresh"])
        .await;
    assert_eq!(again.identity.subject().unwrap().shop_ids, [shop_id]);
}

#[tokio::test]
async fn provisioning_twice_changes_nothing_and_with_other_values_all_of_them() {
    let world = World::new().await;
    let seed = identity::service("seed");
    let input = json!({"email": "Root@example.com", "name": "Root", "password": PASSWORD, "roles": ["ADMIN"]});
    let first =
        data(world.ask(&seed, PROVISION, json!({ "input": input })).await)["provisionUser"].clone();
    assert_eq!(
        (&first["created"], &first["user"]["roles"]),
        (&json!(true), &json!(["ADMIN"]))
    );
    let root = world
        .person(&data(world.login("root@example.com", PASSWORD).await)["login"])
        .await;

    let second =
        data(world.ask(&seed, PROVISION, json!({ "input": input })).await)["provisionUser"].clone();
    assert_eq!(second["created"], json!(false));
    assert_eq!(second["user"], first["user"]);
    assert!(!world.is_shut_out(&root).await);
    assert_eq!(world.events().await.len(), 1);

    let other = json!({"email": "root@example.com", "name": "Boss", "password": "quite another", "roles": ["BUYER"]});
    let third =
        data(world.ask(&seed, PROVISION, json!({ "input": other })).await)["provisionUser"].clone();
    assert_eq!(
        (&third["user"]["name"], &third["user"]["roles"]),
        (&json!("Boss"), &json!(["BUYER"]))
    );
    assert!(world.is_shut_out(&root).await);
    data(world.login("root@example.com", "quite another").await);
}

#[tokio::test]
async fn an_account_that_is_to_be_kept_stays_as_its_user_made_it() {
    let world = World::new().await;
    let seed = identity::service("seed");
    let input = json!({"email": "ada@example.com", "name": "Demo", "password": "another password",
        "roles": ["ADMIN"], "keepExisting": true});
    let provision = async || {
        let answer = world.ask(&seed, PROVISION, json!({ "input": input })).await;
        data(answer)["provisionUser"].clone()
    };
    let ada = world.register("ada@example.com", "Ada").await;
    let kept = provision().await;
    assert_eq!(kept["created"], json!(false));
    assert_eq!(
        (&kept["user"]["name"], &kept["user"]["roles"]),
        (&json!("Ada"), &json!(["BUYER"]))
    );
    assert!(!world.is_shut_out(&ada).await);
    data(world.login("ada@example.com", PASSWORD).await);
}
