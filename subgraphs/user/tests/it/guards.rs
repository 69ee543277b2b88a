//! Who may do what.

use serde_json::{Value, json};
use souk_harness::{data, error_code, identity};
use souk_platform::{Identity, Role};

use crate::support::{LOGIN, PASSWORD, PROVISION, REFRESH, REGISTER, World, argument};

const ASSIGN: &str =
    "mutation($input: AssignRolesInput!) { assignRoles(input: $input) { user { id roles } } }";

/// Every mutation with variables, and who may do it: `A`nonymous, `G`uest, `B`uyer, `S`eller, `M`oderator, admi`N`,
/// `P`artner, ser`V`ice.
fn table(
    refresh_token: &str,
    number: usize,
) -> Vec<(&'static str, &'static str, Value, &'static str)> {
    let unknown = uuid::Uuid::now_v7().to_string();
    let address = json!({"recipient": "Ada", "line1": "1", "city": "Berlin", "country": "DE"});
    let email = format!("new{number}@example.com");
    vec![
        (
            "register",
            REGISTER,
            json!({"email": email, "name": "New", "password": PASSWORD}),
            "AGBSMNPV",
        ),
        (
            "login",
            LOGIN,
            json!({"email": "BUYER@example.com", "password": PASSWORD}),
            "AGBSMNPV",
        ),
        (
            "refresh",
            REFRESH,
            json!({"refreshToken": refresh_token}),
            "AGBSMNPV",
        ),
        (
            "startGuestSession",
            "mutation { startGuestSession { guestId } }",
            json!({}),
            "AGBSMNPV",
        ),
        (
            "updateProfile",
            "mutation($input: UpdateProfileInput!) { updateProfile(input: $input) { user { id } } }",
            json!({"name": "Another"}),
            "BSMNP",
        ),
        (
            "changePassword",
            "mutation($input: ChangePasswordInput!) { changePassword(input: $input) { endedSessions } }",
            json!({"currentPassword": PASSWORD, "newPassword": PASSWORD}),
            "BSMNP",
        ),
        (
            "becomeSeller",
            "mutation { becomeSeller { user { id } } }",
            json!({}),
            "BSMNP",
        ),
        (
            "addAddress",
            "mutation($input: AddAddressInput!) { addAddress(input: $input) { address { id } } }",
            json!({"address": address}),
            "BSMNP",
        ),
        (
            "updateAddress",
            "mutation($input: UpdateAddressInput!) { updateAddress(input: $input) { address { id } } }",
            json!({"id": unknown, "address": address}),
            "BSMNP",
        ),
        (
            "removeAddress",
            "mutation($input: RemoveAddressInput!) { removeAddress(input: $input) { removedId } }",
            json!({"id": unknown}),
            "BSMNP",
        ),
        (
            "setDefaultAddress",
            "mutation($input: SetDefaultAddressInput!) { setDefaultAddress(input: $input) { address { id } } }",
            json!({"id": unknown}),
            "BSMNP",
        ),
        (
            "assignRoles",
            ASSIGN,
            json!({"userId": unknown, "roles": ["BUYER"]}),
            "N",
        ),
        (
            "provisionUser",
            PROVISION,
            json!({"email": "p@example.com", "name": "P", "password": PASSWORD, "roles": ["BUYER"]}),
            "V",
        ),
        (
            "logout",
            "mutation { logout { loggedOut } }",
            json!({}),
            "GBSMNP",
        ),
    ]
}

#[tokio::test]
async fn every_role_against_every_mutation() {
    let world = World::new().await;
    let start = "mutation { startGuestSession { tokens { accessToken refreshToken } } }";
    let guest =
        data(world.ask(&Identity::Anonymous, start, json!({})).await)["startGuestSession"].clone();
    let mut callers = vec![
        ('A', identity::anonymous()),
        ('V', identity::service("seed")),
        ('G', world.person(&guest).await.identity),
    ];
    for (letter, role) in [
        ('B', Role::Buyer),
        ('S', Role::Seller),
        ('M', Role::Moderator),
        ('N', Role::Admin),
        ('P', Role::Partner),
    ] {
        callers.push((
            letter,
            world
                .with_roles(&format!("{}@example.com", role.as_str()), &[role])
                .await
                .identity,
        ));
    }
    for (number, (letter, caller)) in callers.iter().enumerate() {
        let fresh = world
            .person(&data(world.login("seller@example.com", PASSWORD).await)["login"])
            .await;
        for (name, query, input, allowed) in table(&fresh.refresh_token, number) {
            let answer = world.ask(caller, query, json!({ "input": input })).await;
            let refused = answer.get("errors").map(|_| error_code(&answer).to_owned());
            let refused = refused.filter(|code| code == "UNAUTHENTICATED" || code == "FORBIDDEN");
            if allowed.contains(*letter) {
                assert_eq!(refused, None, "{letter} may {name}: {answer:#}");
                continue;
            }
            let expected = match (*letter, name) {
                ('A', _) => "UNAUTHENTICATED",
                (_, "provisionUser") => "FORBIDDEN",
                // They have no account to act on.
                ('G' | 'V', _) => "UNAUTHENTICATED",
                _ => "FORBIDDEN",
            };
            assert_eq!(
                refused.as_deref(),
                Some(expected),
                "{letter} must not {name}: {answer:#}"
            );
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
    let mut in_table: Vec<_> = table("", 0).iter().map(|row| row.0).collect();
    in_schema.sort_unstable();
    in_table.sort_unstable();
    assert_eq!(in_schema, in_table);
}

#[tokio::test]
async fn an_admin_assigns_roles_and_who_loses_one_is_logged_out() {
    let world = World::new().await;
    let root = world.with_roles("root@example.com", &[Role::Admin]).await;
    let ada = world.register("ada@example.com", "Ada").await;
    let assign = async |user: &str, roles: Value| {
        world
            .ask(
                &root.identity,
                ASSIGN,
                json!({"input": {"userId": user, "roles": roles}}),
            )
            .await
    };
    let id = ada.id.to_string();
    let answer = assign(&id, json!(["SELLER", "BUYER", "SELLER"])).await;
    assert_eq!(
        data(answer)["assignRoles"]["user"]["roles"],
        json!(["BUYER", "SELLER"])
    );
    assert!(
        !world.is_shut_out(&ada).await,
        "more rights are no reason to log out"
    );
    data(assign(&id, json!(["BUYER"])).await);
    assert!(world.is_shut_out(&ada).await);
    assert_eq!(
        error_code(&world.refresh(&ada.refresh_token).await),
        "UNAUTHENTICATED"
    );

    let events = world.events().await;
    let last = events.last().unwrap();
    assert_eq!(
        last,
        &(
            "user.roles_changed".to_owned(),
            json!({"user_id": id, "roles": ["BUYER"]})
        )
    );
    data(assign(&id, json!(["BUYER"])).await);
    assert_eq!(
        world.events().await.len(),
        events.len(),
        "no change, no event"
    );

    for (user, roles, code, at) in [
        (id.clone(), json!([]), "BAD_USER_INPUT", "input.roles"),
        (
            id.clone(),
            json!(["GUEST"]),
            "BAD_USER_INPUT",
            "input.roles",
        ),
        (
            uuid::Uuid::now_v7().to_string(),
            json!(["BUYER"]),
            "NOT_FOUND",
            "input.userId",
        ),
        (
            root.id.to_string(),
            json!(["BUYER"]),
            "CONFLICT",
            "input.roles",
        ),
    ] {
        let answer = assign(&user, roles).await;
        assert_eq!((error_code(&answer), argument(&answer)), (code, at));
    }
}
