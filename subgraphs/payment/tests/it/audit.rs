//! The log of everything said to and by providers.

use diesel_async::RunQueryDsl;
use souk_harness::wait_for;
use uuid::Uuid;

use crate::world::{CREATE, SOON, World, creation};

#[tokio::test]
async fn a_call_whose_answer_nobody_lived_to_see_is_in_the_log() {
    let world = World::new().await;
    let (order, buyer) = (Uuid::now_v7(), Uuid::now_v7());
    // While its table is locked, the provider does not answer.
    let mut provider = world.services.database.get().await.unwrap();
    let mut at_provider = async |statement: &str| {
        let done = diesel::sql_query(statement).execute(&mut provider).await;
        done.unwrap();
    };
    at_provider("BEGIN").await;
    at_provider("LOCK TABLE sandbox_checkout").await;
    let asked = "SELECT count(*) FROM payment_event WHERE kind = 'checkout.requested'";
    tokio::select! {
        answer = world.ask(CREATE, creation(order, buyer, "12.50")) => panic!("{answer}"),
        () = wait_for("the call", SOON, async || world.count(asked).await == 1) => {}
    }
    // Whoever asked died there.
    at_provider("ROLLBACK").await;

    let created = world.create(order, buyer, "12.50").await;
    assert_eq!(
        world.log(&created).await,
        [
            "checkout.requested",
            "checkout.requested",
            "checkout.created"
        ]
    );
}

#[tokio::test]
async fn rows_are_only_ever_added() {
    let world = World::new().await;
    let created = world.new_payment().await;
    let log = world.log(&created).await;
    for statement in [
        "UPDATE payment_event SET kind = 'checkout.forged'",
        "DELETE FROM payment_event",
        "TRUNCATE payment_event",
    ] {
        let mut connection = world.services.database.get().await.unwrap();
        let done = diesel::sql_query(statement).execute(&mut connection).await;
        let refused = done.unwrap_err().to_string();
        assert!(
            refused.contains("only ever added"),
            "{statement}: {refused}"
        );
    }
    assert_eq!(world.log(&created).await, log);
}
