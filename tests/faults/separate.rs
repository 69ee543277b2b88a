//! Each on its own: a process, the broker or the database goes away while people buy, and comes back.

use std::time::Duration;

use souk_harness::market::{Offer, register_buyers};
use souk_harness::platform::database_prefix_url;
use souk_harness::{Client, Launch, Proxy, RabbitMq};

use crate::SOUK;
use crate::books::{EXPIRE_AFTER, balance};
use crate::shoppers::Shoppers;

const STOCK: u32 = 3000;

/// Long enough for requests to run into it and for outboxes to fill.
const OUTAGE: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_can_go_away_goes_away_once() {
    let mut broker = RabbitMq::private().await;
    let database = Proxy::in_front_of(&database_prefix_url().await).await;
    let mut platform = Launch::new(SOUK)
        .set("SOUK_PAYMENTS_EXPIRE_AFTER", EXPIRE_AFTER)
        .set("SOUK_EVENTS_URL", &broker.url())
        .set("SOUK_DATABASE_URL", database.url())
        .separate()
        .await;
    let anybody = Client::new(platform.url());
    let offer = Offer::make(&anybody, STOCK).await;
    let buyers = register_buyers(&anybody, 6).await;
    let shoppers = Shoppers::start(buyers, &offer);

    for part in ["order", "product", "payment"] {
        tokio::time::sleep(OUTAGE).await;
        platform.kill(part);
        tokio::time::sleep(OUTAGE / 2).await;
        platform.start(part).await;
    }

    broker.stop();
    tokio::time::sleep(OUTAGE).await;
    broker.start().await;
    tokio::time::sleep(OUTAGE).await;

    database.cut();
    tokio::time::sleep(OUTAGE).await;
    database.restore();
    tokio::time::sleep(OUTAGE).await;

    let shoppers = shoppers.finish().await;
    balance(&offer, i64::from(STOCK), &shoppers).await;
    let dead = platform.command(&["events", "dead-letters"]).await;
    assert!(
        dead.ends_with("\n0 dead letters\n") || dead == "0 dead letters\n",
        "{dead}"
    );
}
