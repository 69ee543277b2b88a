//! `souk serve` is killed with -9, at the moments that matter and at random ones.

use std::time::Duration;

use rand::Rng;
use souk_harness::market::{Offer, Pieces, pay, place_order, register_buyers};
use souk_harness::{Client, Launch, Platform, Signal};

use crate::SOUK;
use crate::books::{Deadline, EXPIRE_AFTER, balance, orders_of};
use crate::shoppers::Shoppers;

const STOCK: u32 = 1000;

async fn platform(expire_after: &str) -> Platform {
    let launch = Launch::new(SOUK).set("SOUK_PAYMENTS_EXPIRE_AFTER", expire_after);
    launch.serve().await
}

/// Kills it and starts it again; by when everything must be settled.
async fn crash(platform: &mut Platform) -> Deadline {
    platform.kill("serve");
    let deadline = Deadline::from_now();
    platform.start("serve").await;
    deadline
}

async fn wait_for_status(deadline: Deadline, buyer: &Client, order: &str, status: &str) {
    let what = format!("the order to be {status}");
    let so = deadline.wait_for(&what, async || {
        orders_of(buyer).await[order].status == status
    });
    so.await;
}

async fn wait_for_pieces(deadline: Deadline, offer: &Offer, pieces: Pieces) {
    let so = deadline.wait_for("the stock to agree", async || {
        offer.pieces().await == pieces
    });
    so.await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_right_after_an_order_was_placed_and_right_after_it_was_paid() {
    // Time enough for a restart before the payment expires, also on a slow machine.
    let mut platform = platform("20s").await;
    let anybody = Client::new(platform.url());
    let offer = Offer::make(&anybody, 10).await;
    let buyers = register_buyers(&anybody, 2).await;
    for buyer in &buyers {
        offer.add_to_cart(buyer, 2).await.unwrap();
    }

    let forgotten = place_order(&buyers[0], "key").await.unwrap();
    let order = place_order(&buyers[1], "key").await.unwrap();
    crash(&mut platform).await;
    // The client that never saw the answer asks again.
    let again = place_order(&buyers[1], "key").await.unwrap();
    assert_eq!(again.id, order.id);

    assert_eq!(pay(order.checkout()).await, Ok(303));
    let deadline = crash(&mut platform).await;
    wait_for_status(deadline, &buyers[1], &order.id, "CONFIRMED").await;
    wait_for_status(deadline, &buyers[0], &forgotten.id, "CANCELLED").await;
    let sold = Pieces {
        on_hand: 8,
        reserved: 0,
    };
    wait_for_pieces(deadline, &offer, sold).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_while_an_order_is_being_placed() {
    let mut platform = platform("5m").await;
    let anybody = Client::new(platform.url());
    let offer = Offer::make(&anybody, 100).await;
    let buyers = register_buyers(&anybody, 6).await;
    let mut confirmed = Vec::new();
    let mut deadline = Deadline::from_now();
    for (number, buyer) in buyers.into_iter().enumerate() {
        offer.add_to_cart(&buyer, 1).await.unwrap();
        let placing = tokio::spawn({
            let buyer = buyer.clone();
            async move { place_order(&buyer, "key").await }
        });
        // A whole placement takes some 50 ms.
        tokio::time::sleep(Duration::from_millis(4 + 9 * number as u64)).await;
        deadline = crash(&mut platform).await;
        let answered = placing.await.unwrap();

        let mut order = place_order(&buyer, "key").await;
        while let Err(refusal) = order {
            assert_eq!(refusal.code, "CONFLICT", "{refusal:?}");
            order = place_order(&buyer, "key").await;
        }
        let order = order.unwrap();
        if let Ok(answered) = answered {
            assert_eq!(answered.id, order.id, "one key, one order");
        }
        assert_eq!(pay(order.checkout()).await, Ok(303));
        confirmed.push((buyer, order));
    }
    for (buyer, order) in &confirmed {
        wait_for_status(deadline, buyer, &order.id, "CONFIRMED").await;
        assert_eq!(orders_of(buyer).await.len(), 1);
    }
    let sold = Pieces {
        on_hand: 94,
        reserved: 0,
    };
    wait_for_pieces(deadline, &offer, sold).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_stopped_at_random_moments_while_people_buy() {
    let mut platform = platform(EXPIRE_AFTER).await;
    let anybody = Client::new(platform.url());
    let offer = Offer::make(&anybody, STOCK).await;
    let buyers = register_buyers(&anybody, 6).await;
    let shoppers = Shoppers::start(buyers, &offer);
    for round in 0..6 {
        let moment = rand::rng().random_range(100..1500);
        tokio::time::sleep(Duration::from_millis(moment)).await;
        if round % 3 == 2 {
            let status = platform.stop("serve", Signal::SIGTERM).await;
            assert!(status.success(), "{status}");
            platform.start("serve").await;
        } else {
            crash(&mut platform).await;
        }
    }
    let shoppers = shoppers.finish().await;
    balance(&offer, i64::from(STOCK), &shoppers).await;
}
