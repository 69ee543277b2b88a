//! More buyers than pieces, all at the same moment.

use futures::future::join_all;
use souk_harness::Client;
use souk_harness::market::{Offer, Pieces, place_order, register_buyers};

use crate::in_one_process;

const BUYERS: usize = 200;
const PIECES: usize = 50;

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_buyers_want_fifty_pieces() {
    let platform = in_one_process().await;
    let anybody = Client::new(platform.url());
    let offer = Offer::make(&anybody, PIECES as u32).await;
    let buyers = register_buyers(&anybody, BUYERS).await;
    for filled in join_all(buyers.iter().map(|buyer| offer.add_to_cart(buyer, 1))).await {
        filled.unwrap();
    }

    let placed = join_all(buyers.iter().map(|buyer| place_order(buyer, "rush"))).await;

    let mut orders = 0;
    for outcome in placed {
        match outcome {
            Ok(_) => orders += 1,
            Err(refusal) => {
                assert_eq!(refusal.code, "OUT_OF_STOCK", "{refusal:?}");
                assert_eq!(refusal.argument.as_deref(), Some("cart.items.0"));
            }
        }
    }
    assert_eq!(orders, PIECES);
    let sold_out = Pieces {
        on_hand: PIECES as i64,
        reserved: PIECES as i64,
    };
    assert_eq!(offer.pieces().await, sold_out);
}
