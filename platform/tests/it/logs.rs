//! What is in the log, and how a request is followed through it.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use async_graphql::{Context, EmptySubscription, Object, Schema};
use async_trait::async_trait;
use diesel_async::AsyncPgConnection;
use serde_json::Value;
use souk_harness::{Background, database, wait_for};
use souk_platform::config::LogFormat;
use souk_platform::database::Database;
use souk_platform::events::{Bus, ConsumeError, Consumer, Event, LocalBus, Payload, outbox};
use souk_platform::serving::execute;
use souk_platform::{ApiError, ApiResult, Caller, Identity, Subgraph, telemetry};
use tracing::dispatcher::{DefaultGuard, Dispatch};
use uuid::Uuid;

/// While a process has one log only, a span that is first met on a thread without it is switched off for all threads.
/// Other tests are such threads, so there are always two.
static OTHER_LOG: LazyLock<Dispatch> =
    LazyLock::new(|| Dispatch::new(tracing_subscriber::registry()));

/// What was written to the log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// A log of this thread that takes lines from `level` on, until the guard is dropped.
    fn open(level: &str) -> (Log, DefaultGuard) {
        LazyLock::force(&OTHER_LOG);
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            telemetry::subscriber(LogFormat::Json, level, false, move || writer.clone()).unwrap();
        (log, tracing::subscriber::set_default(subscriber))
    }

    /// The lines of this module.
    fn lines(&self) -> Vec<Value> {
        self.lines_of(module_path!())
    }

    /// The lines of a module.
    fn lines_of(&self, target: &str) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let parsed = text.lines().map(serde_json::from_str::<Value>);
        let mut lines: Vec<Value> = parsed.collect::<Result<_, _>>().unwrap();
        lines.retain(|line| line["target"] == target);
        lines
    }
}

/// The values of a field in the spans around a line, from the outside in.
fn in_spans<'a>(line: &'a Value, field: &str) -> Vec<&'a str> {
    let spans = line["spans"].as_array().unwrap().iter();
    spans.filter_map(|span| span[field].as_str()).collect()
}

struct Query;

#[Object]
impl Query {
    async fn broken(&self) -> ApiResult<bool> {
        tracing::error!("broken");
        Err(ApiError::conflict("broken"))
    }
}

struct Mutation(Database);

#[Object]
impl Mutation {
    async fn register(&self, context: &Context<'_>) -> ApiResult<bool> {
        tracing::info!("registering");
        let registered = Payload::UserRegistered {
            user_id: Uuid::now_v7(),
            email: "ada@example.com".to_owned(),
            name: "Ada".to_owned(),
        };
        let event = Event::new(Uuid::now_v7(), context.correlation_id(), registered);
        let mut connection = self.0.get().await?;
        outbox::append(&mut connection, &event).await?;
        Ok(true)
    }
}

struct Greet;

#[async_trait]
impl Consumer for Greet {
    fn name(&self) -> &'static str {
        "greet"
    }

    fn patterns(&self) -> &'static [&'static str] {
        &["user.registered"]
    }

    async fn consume(&self, _: &mut AsyncPgConnection, event: &Event) -> Result<(), ConsumeError> {
        tracing::info!("greeting");
        match event.correlation_id.as_str() {
            "cart-9" => Err(ConsumeError::Reject("nobody can be greeted".to_owned())),
            _ => Ok(()),
        }
    }
}

/// Registers somebody, whose greeting runs beside the test.
async fn register(correlation_id: &str) -> (Background, usize) {
    let database = database("platform").await;
    let schema = Schema::new(Query, Mutation(database.clone()), EmptySubscription);
    let subgraph = Arc::new(Subgraph {
        name: "user",
        schema: Arc::new(schema),
        database,
        consumers: vec![Arc::new(Greet)],
        jobs: Vec::new(),
        routes: axum::Router::new(),
    });
    let bus: Arc<dyn Bus> = Arc::new(LocalBus::default());
    let background = Background::run(std::slice::from_ref(&subgraph), &bus).await;
    let request = async_graphql::Request::new("mutation { register }");
    let answer = execute(
        &*subgraph.schema,
        "user",
        Identity::Anonymous,
        correlation_id,
        request,
    );
    (background, answer.await.errors.len())
}

// Everything runs on the thread of the test, so that its log is here.
#[tokio::test]
async fn a_request_is_followed_from_its_resolvers_to_the_consumers_of_its_events() {
    let (log, _guard) = Log::open("info");

    let (_background, errors) = register("cart-7").await;
    assert_eq!(errors, 0);
    wait_for(
        "the event to be worked",
        Duration::from_secs(10),
        async || log.lines().len() == 2,
    )
    .await;

    let lines = log.lines();
    assert_eq!(lines[0]["message"], "registering");
    assert_eq!(lines[0]["level"], "INFO");
    assert_eq!(in_spans(&lines[0], "subgraph"), ["user"]);
    assert_eq!(lines[1]["message"], "greeting");
    assert_eq!(in_spans(&lines[1], "queue"), ["user.greet"]);
    for line in &lines {
        assert!(line["timestamp"].is_string(), "{line}");
        assert_eq!(in_spans(line, "correlation_id"), ["cart-7"], "{line}");
    }
}

#[tokio::test]
async fn a_failure_can_be_followed_when_only_failures_are_logged() {
    let (log, _guard) = Log::open("error");
    let mutation = Mutation(database("platform").await);
    let schema = Schema::new(Query, mutation, EmptySubscription);
    let request = async_graphql::Request::new("{ broken }");
    let answer = execute(&schema, "user", Identity::Anonymous, "cart-8", request).await;
    assert_eq!(answer.errors.len(), 1);
    let lines = log.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(in_spans(&lines[0], "correlation_id"), ["cart-8"]);
}

#[tokio::test]
async fn an_event_that_fails_can_be_followed_when_only_failures_are_logged() {
    let (log, _guard) = Log::open("error");
    let (_background, errors) = register("cart-9").await;
    assert_eq!(errors, 0);
    let lines = || log.lines_of("souk_platform::events::worker");
    wait_for("the dead letter", Duration::from_secs(10), async || {
        !lines().is_empty()
    })
    .await;
    let line = &lines()[0];
    assert_eq!(line["message"], "an event is a dead letter");
    assert_eq!(in_spans(line, "correlation_id"), ["cart-9"], "{line}");
}

#[test]
fn a_level_that_is_none_is_refused() {
    let refused = telemetry::subscriber(LogFormat::Pretty, "souk=loudly", false, io::sink);
    let Err(error) = refused else {
        panic!("accepted")
    };
    assert!(error.to_string().contains("souk=loudly"), "{error}");
}
