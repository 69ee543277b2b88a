//! A shop subgraph on a fresh database.

use std::sync::Arc;

use diesel::QueryableByName;
use diesel_async::RunQueryDsl;
use serde_json::{Value, json};
use souk_harness::{data, identity};
use souk_platform::events::{Event, Payload, ShopSnapshot};
use souk_platform::{Identity, Role, Services, Subgraph};
use uuid::Uuid;

pub struct World {
    pub subgraph: Arc<Subgraph>,
    pub services: Services,
    pub seller: Identity,
    pub moderator: Identity,
}

impl World {
    pub async fn new() -> World {
        let services = souk_harness::services("shop", souk_harness::peers::unreachable()).await;
        World {
            subgraph: Arc::new(souk_shop::subgraph(services.clone()).unwrap()),
            services,
            seller: identity::seller(Uuid::now_v7()),
            moderator: identity::moderator(Uuid::now_v7()),
        }
    }

    pub async fn ask(&self, identity: &Identity, query: &str, variables: Value) -> Value {
        souk_harness::execute(&self.subgraph, identity.clone(), query, variables).await
    }

    /// A shop of the seller that waits for approval.
    pub async fn shop(&self, name: &str, branches: Value) -> String {
        self.shop_of(&self.seller, name, branches).await
    }

    pub async fn shop_of(&self, seller: &Identity, name: &str, branches: Value) -> String {
        let input = json!({"name": name, "branches": branches});
        let answer = self.ask(seller, CREATE, json!({ "input": input })).await;
        data(answer)["createShop"]["shop"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// An approved shop of the seller.
    pub async fn approved(&self, name: &str, branches: Value) -> String {
        let id = self.shop(name, branches).await;
        data(
            self.ask(&self.moderator, APPROVE, json!({"input": {"id": id}}))
                .await,
        );
        id
    }

    /// The user subgraph tells which roles the seller has now.
    pub async fn roles_became(&self, roles: &[Role]) {
        let user_id = self.seller.user().unwrap().id;
        let payload = Payload::UserRolesChanged {
            user_id,
            roles: roles.to_vec(),
        };
        let event = Event::new(user_id, "test", payload);
        let mut database = self.services.database.get().await.unwrap();
        for consumer in &self.subgraph.consumers {
            consumer.consume(&mut database, &event).await.unwrap();
        }
    }

    /// What stands in the outbox, in order: type and snapshot.
    pub async fn events(&self) -> Vec<(String, ShopSnapshot)> {
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
        let mut events = Vec::new();
        for row in rows {
            let snapshot: ShopSnapshot =
                serde_json::from_value(row.event["payload"].clone()).unwrap();
            let event: Event = serde_json::from_value(row.event).unwrap();
            assert_eq!(event.aggregate_id, snapshot.shop_id);
            assert!(!event.correlation_id.is_empty());
            events.push((event.payload.event_type().to_owned(), snapshot));
        }
        events
    }
}

pub fn branch(name: &str, latitude: f64, longitude: f64) -> Value {
    json!({
        "name": name,
        "address": {"line1": "Market 1", "city": "Somewhere", "country": "DE"},
        "position": {"latitude": latitude, "longitude": longitude},
    })
}

pub const CREATE: &str = "mutation($input: CreateShopInput!) { createShop(input: $input) { shop {
    id name description status version rejectionReason owner { id }
    branches { edges { node { id name } } } } } }";
pub const UPDATE: &str = "mutation($input: UpdateShopInput!) { updateShop(input: $input) { shop {
    id name description status version rejectionReason } } }";
pub const APPROVE: &str = "mutation($input: ApproveShopInput!) { approveShop(input: $input) { shop { id status version } } }";
pub const REJECT: &str = "mutation($input: RejectShopInput!) { rejectShop(input: $input) { shop {
    id status version rejectionReason } } }";
pub const ADD_BRANCH: &str = "mutation($input: AddBranchInput!) { addBranch(input: $input) {
    branch { id name phone address { line1 line2 city region postalCode country } position { latitude longitude } }
    shop { version } } }";
pub const UPDATE_BRANCH: &str =
    "mutation($input: UpdateBranchInput!) { updateBranch(input: $input) {
    branch { id name position { latitude } } shop { version } } }";
pub const REMOVE_BRANCH: &str =
    "mutation($input: RemoveBranchInput!) { removeBranch(input: $input) {
    removedId shop { version branches { edges { node { name } } } } } }";

/// The `extensions.argument` of the first error.
#[track_caller]
pub fn argument(response: &Value) -> &str {
    response["errors"][0]["extensions"]["argument"]
        .as_str()
        .unwrap_or_else(|| panic!("no argument in {response:#}"))
}
