//! A payment subgraph that buyers and its own provider reach over HTTP.

use std::sync::Arc;
use std::time::Duration;

use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use hmac::{Hmac, Mac};
use reqwest::StatusCode;
use serde_json::{Value, json};
use sha2::Sha256;
use souk_harness::{Background, Proxy, data, execute, identity, peers, wait_for};
use souk_platform::config::{Config, Payments};
use souk_platform::events::{Payload, outbox};
use souk_platform::{Services, Subgraph};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// What the provider signs with.
pub const SECRET: &str = "a secret that only the provider knows";
/// How long something may take on a busy machine.
pub const SOON: Duration = Duration::from_secs(20);

pub struct World {
    pub subgraph: Arc<Subgraph>,
    pub services: Services,
    /// Where buyers reach the subgraph.
    pub url: String,
    /// Between the provider and our webhook.
    pub network: Proxy,
    pub client: reqwest::Client,
    server: JoinHandle<()>,
    _background: Background,
}

impl Drop for World {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// A payment, as its creator is told of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Created {
    pub order: Uuid,
    pub buyer: Uuid,
    pub payment: String,
    /// The provider's name for the page.
    pub reference: String,
    pub status: String,
}

impl World {
    pub async fn new() -> World {
        World::signing_with(Some(SECRET)).await
    }

    pub async fn signing_with(secret: Option<&str>) -> World {
        World::with(Duration::from_secs(1800), secret).await
    }

    pub async fn expiring_after(expire_after: Duration) -> World {
        World::with(expire_after, Some(SECRET)).await
    }

    async fn with(expire_after: Duration, secret: Option<&str>) -> World {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let network = Proxy::in_front_of(&url).await;
        let mut services = souk_harness::services("payment", peers::unreachable()).await;
        services.config = Arc::new(Config {
            payments: Payments {
                expire_after,
                public_url: Some(network.url().to_owned()),
                webhook_secret: secret.map(Into::into),
            },
            ..(*services.config).clone()
        });
        let subgraph = Arc::new(souk_payment::subgraph(services.clone()).unwrap());
        let routes = subgraph.routes.clone();
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        let background = Background::run(std::slice::from_ref(&subgraph), &services.bus).await;
        World {
            subgraph,
            services,
            url,
            network,
            client: reqwest::Client::builder().no_proxy().build().unwrap(),
            server,
            _background: background,
        }
    }

    /// Asks as the order subgraph.
    pub async fn ask(&self, query: &str, input: Value) -> Value {
        let order = identity::service("order");
        execute(&self.subgraph, order, query, json!({ "input": input })).await
    }

    pub async fn create(&self, order: Uuid, buyer: Uuid, amount: &str) -> Created {
        let answer = data(self.ask(CREATE, creation(order, buyer, amount)).await);
        let created = &answer["createPayment"];
        let url = created["checkoutUrl"].as_str().unwrap();
        assert!(url.starts_with(self.network.url()), "{url}");
        Created {
            order,
            buyer,
            payment: created["paymentId"].as_str().unwrap().to_owned(),
            reference: url.rsplit('/').next().unwrap().to_owned(),
            status: created["status"].as_str().unwrap().to_owned(),
        }
    }

    /// A payment of 12.50 EUR for a new order of a new buyer.
    pub async fn new_payment(&self) -> Created {
        self.create(Uuid::now_v7(), Uuid::now_v7(), "12.50").await
    }

    pub async fn paid_payment(&self) -> Created {
        let created = self.new_payment().await;
        self.press(&created, "pay").await;
        self.wait_for_status(&created, "SUCCEEDED").await;
        created
    }

    pub async fn cancel(&self, order: Uuid) -> Value {
        let answer = data(self.ask(CANCEL, json!({ "orderId": order })).await);
        answer["cancelPayment"]["status"].clone()
    }

    /// Presses a button of the checkout page and gives the page that follows.
    pub async fn press(&self, created: &Created, button: &str) -> String {
        let address = format!(
            "{}/sandbox/checkout/{}/{button}",
            self.url, created.reference
        );
        let answer = self.client.post(address).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.text().await.unwrap()
    }

    pub async fn page(&self, reference: &str) -> (StatusCode, String) {
        let address = format!("{}/sandbox/checkout/{reference}", self.url);
        let answer = self.client.get(address).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    pub async fn payment(&self, created: &Created) -> Value {
        let query =
            "query ($id: ID!) { payment(id: $id) { id status checkoutUrl failureReason settledAt
            amount { amount currency } provider refunds { amount { amount } reason status } } }";
        let buyer = identity::buyer(created.buyer);
        let variables = json!({ "id": created.payment });
        data(execute(&self.subgraph, buyer, query, variables).await)["payment"].clone()
    }

    pub async fn wait_for_status(&self, created: &Created, status: &str) {
        wait_for(status, SOON, async || {
            self.payment(created).await["status"] == status
        })
        .await;
    }

    /// The kinds in the payment's log, as an admin sees it.
    pub async fn log(&self, created: &Created) -> Vec<String> {
        let query = "query ($id: ID!) { payment(id: $id) { events { kind } } }";
        let admin = identity::admin(Uuid::now_v7());
        let variables = json!({ "id": created.payment });
        let answer = data(execute(&self.subgraph, admin, query, variables).await);
        let entries = answer["payment"]["events"].as_array().unwrap();
        entries
            .iter()
            .map(|entry| entry["kind"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The types of the events told of the order, in order.
    pub async fn told(&self, order: Uuid) -> Vec<&'static str> {
        let mut connection = self.services.database.get().await.unwrap();
        let events = outbox::all(&mut connection).await.unwrap();
        let of_order = events.iter().filter(|event| match &event.payload {
            Payload::PaymentCreated { order_id, .. }
            | Payload::PaymentSucceeded { order_id, .. }
            | Payload::PaymentFailed { order_id, .. }
            | Payload::PaymentExpired { order_id, .. } => *order_id == order,
            _ => false,
        });
        of_order.map(|event| event.payload.event_type()).collect()
    }

    /// Sends a webhook with this signature header. Gives the status and what the answer says.
    pub async fn deliver(
        &self,
        body: impl Into<Vec<u8>>,
        signature: Option<&str>,
    ) -> (u16, String) {
        let address = format!("{}/webhooks/payments/sandbox", self.url);
        let mut request = self.client.post(address).body(body.into());
        if let Some(signature) = signature {
            request = request.header("souk-sandbox-signature", signature);
        }
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.text().await.unwrap())
    }

    /// Sends a webhook that is signed as the provider signs it.
    pub async fn deliver_signed(&self, body: &Value) -> (u16, String) {
        let body = body.to_string();
        let signature = sign(SECRET, chrono::Utc::now().timestamp(), body.as_bytes());
        self.deliver(body, Some(&signature)).await
    }

    pub async fn sql(&self, statement: &str) {
        let mut connection = self.services.database.get().await.unwrap();
        let done = diesel::sql_query(statement).execute(&mut connection).await;
        done.unwrap();
    }

    pub async fn count(&self, query: &str) -> i64 {
        let mut connection = self.services.database.get().await.unwrap();
        let row: Count = diesel::sql_query(query)
            .get_result(&mut connection)
            .await
            .unwrap();
        row.count
    }

    /// The `text` of each row of a query.
    pub async fn texts(&self, query: &str) -> Vec<String> {
        let mut connection = self.services.database.get().await.unwrap();
        let rows: Vec<Row> = diesel::sql_query(query)
            .load(&mut connection)
            .await
            .unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }
}

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    count: i64,
}

#[derive(diesel::QueryableByName)]
struct Row {
    #[diesel(sql_type = Text)]
    text: String,
}

pub const CREATE: &str = "mutation ($input: CreatePaymentInput!) { createPayment(input: $input)
    { paymentId checkoutUrl status expiresAt } }";
pub const CANCEL: &str =
    "mutation ($input: CancelPaymentInput!) { cancelPayment(input: $input) { status } }";
pub const REFUND: &str =
    "mutation ($input: RefundPaymentInput!) { refundPayment(input: $input) { status } }";

pub fn creation(order: Uuid, buyer: Uuid, amount: &str) -> Value {
    json!({ "orderId": order, "buyerId": buyer, "amount": { "amount": amount, "currency": "EUR" } })
}

/// The signature header of the provider's documentation, made without our own code.
pub fn sign(secret: &str, time: i64, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(format!("{time}.").as_bytes());
    mac.update(body);
    format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()))
}

/// What the provider tells when a page was paid.
pub fn paid(event: Uuid, reference: &str, amount_minor: i64) -> Value {
    json!({ "id": event, "type": "checkout.paid", "checkout": reference, "amountMinor": amount_minor, "currency": "EUR" })
}
