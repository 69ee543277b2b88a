//! A user subgraph on a fresh database, and people in it.

use std::sync::Arc;

use diesel::QueryableByName;
use diesel_async::RunQueryDsl;
use jsonwebtoken::{Algorithm, DecodingKey, Validation};
use serde_json::{Value, json};
use souk_harness::{data, identity};
use souk_platform::cache::Revocations;
use souk_platform::config::Config;
use souk_platform::identity::{AccessClaims, Role};
use souk_platform::{Identity, Services, Subgraph};
use uuid::Uuid;

pub const PASSWORD: &str = "open sesame 1001";

pub struct World {
    pub subgraph: Arc<Subgraph>,
    pub services: Services,
}

/// Somebody with a session.
#[derive(Clone)]
pub struct Person {
    pub id: Uuid,
    pub identity: Identity,
    pub access_token: String,
    pub refresh_token: String,
}

/// The claims of an access token, if the subgraph's published keys verify it.
pub async fn claims(world: &World, token: &str) -> Option<AccessClaims> {
    let keys = souk_user::jwks(&world.services.database).await.unwrap();
    let header = jsonwebtoken::decode_header(token).unwrap();
    let key = DecodingKey::from_jwk(keys.find(&header.kid.unwrap()).unwrap()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.set_audience(&[&world.services.config.identity.audience]);
    validation.set_issuer(&[&world.services.config.identity.issuer]);
    jsonwebtoken::decode::<AccessClaims>(token, &key, &validation)
        .ok()
        .map(|token| token.claims)
}

impl World {
    pub async fn new() -> World {
        World::with(|_| ()).await
    }

    pub async fn with(change: impl FnOnce(&mut Config)) -> World {
        let mut services = souk_harness::services("user", souk_harness::peers::unreachable()).await;
        let mut config = Config::clone(&services.config);
        change(&mut config);
        services.config = Arc::new(config);
        World {
            subgraph: Arc::new(souk_user::subgraph(services.clone()).unwrap()),
            services,
        }
    }

    pub async fn ask(&self, identity: &Identity, query: &str, variables: Value) -> Value {
        souk_harness::execute(&self.subgraph, identity.clone(), query, variables).await
    }

    pub async fn register(&self, email: &str, name: &str) -> Person {
        let input = json!({"email": email, "name": name, "password": PASSWORD});
        let answer = self
            .ask(&Identity::Anonymous, REGISTER, json!({ "input": input }))
            .await;
        self.person(&data(answer)["register"]).await
    }

    pub async fn login(&self, email: &str, password: &str) -> Value {
        self.ask(
            &Identity::Anonymous,
            LOGIN,
            json!({"input": {"email": email, "password": password}}),
        )
        .await
    }

    pub async fn refresh(&self, token: &str) -> Value {
        self.ask(
            &Identity::Anonymous,
            REFRESH,
            json!({"input": {"refreshToken": token}}),
        )
        .await
    }

    /// An account with these roles, logged in.
    pub async fn with_roles(&self, email: &str, roles: &[Role]) -> Person {
        let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let input = json!({"email": email, "name": email, "password": PASSWORD, "roles": roles});
        data(
            self.ask(
                &identity::service("seed"),
                PROVISION,
                json!({ "input": input }),
            )
            .await,
        );
        self.person(&data(self.login(email, PASSWORD).await)["login"])
            .await
    }

    /// Who a payload with `tokens` speaks of.
    pub async fn person(&self, payload: &Value) -> Person {
        let token = |name: &str| payload["tokens"][name].as_str().unwrap().to_owned();
        let access_token = token("accessToken");
        let claims = claims(self, &access_token)
            .await
            .expect("a good access token");
        Person {
            id: claims.sub,
            identity: Identity::Subject(claims.into()),
            access_token,
            refresh_token: token("refreshToken"),
        }
    }

    /// True if the router would refuse the person's access token.
    pub async fn is_shut_out(&self, person: &Person) -> bool {
        let lifetime = self.services.config.identity.access_token_lifetime;
        let session = person.identity.subject().unwrap().session;
        Revocations::new(self.services.cache.clone(), lifetime)
            .is_revoked(session)
            .await
            .unwrap()
    }

    /// Runs a statement of SQL on the subgraph's database.
    pub async fn execute(&self, statement: &str) {
        let mut database = self.services.database.get().await.unwrap();
        diesel::sql_query(statement)
            .execute(&mut database)
            .await
            .unwrap();
    }

    /// What `SELECT count(*) ...` gives.
    pub async fn count(&self, select: &str) -> i64 {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::BigInt)]
            count: i64,
        }
        let mut database = self.services.database.get().await.unwrap();
        let row: Row = diesel::sql_query(select)
            .get_result(&mut database)
            .await
            .unwrap();
        row.count
    }

    /// What stands in the outbox, in order: type and payload.
    pub async fn events(&self) -> Vec<(String, Value)> {
        #[derive(QueryableByName)]
        struct Row {
            #[diesel(sql_type = diesel::sql_types::Jsonb)]
            event: Value,
        }
        let mut database = self.services.database.get().await.unwrap();
        let rows: Vec<Row> = diesel::sql_query("SELECT event FROM outbox ORDER BY sequence")
            .load(&mut database)
            .await
            .unwrap();
        rows.into_iter()
            .map(|row| {
                (
                    row.event["type"].as_str().unwrap().to_owned(),
                    row.event["payload"].clone(),
                )
            })
            .collect()
    }
}

pub const REGISTER: &str = "mutation($input: RegisterInput!) { register(input: $input) {
    user { id name email roles } tokens { accessToken accessTokenExpiresAt refreshToken refreshTokenExpiresAt } } }";
pub const LOGIN: &str = "mutation($input: LoginInput!) { login(input: $input) {
    user { id name } tokens { accessToken refreshToken } } }";
pub const REFRESH: &str = "mutation($input: RefreshInput!) { refresh(input: $input) {
    user { id } tokens { accessToken refreshToken } } }";
pub const PROVISION: &str = "mutation($input: ProvisionUserInput!) { provisionUser(input: $input) {
    created user { id name email roles } } }";

/// The `extensions.argument` of the first error.
#[track_caller]
pub fn argument(response: &Value) -> &str {
    response["errors"][0]["extensions"]["argument"]
        .as_str()
        .unwrap_or_else(|| panic!("no argument in {response:#}"))
}
