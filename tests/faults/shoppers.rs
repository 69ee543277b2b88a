//! Buyers who keep on buying, whatever breaks, and remember what they were told.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use souk_harness::market::{Offer, Placed, place_order};
use souk_harness::{Client, Refusal};
use tokio::task::JoinHandle;

/// How long a buyer tries again before the platform counts as broken for good.
const PATIENCE: Duration = Duration::from_secs(60);
/// What a buyer takes for "try again": the platform could not be reached, or said so itself.
const PASSING: [&str; 5] = [
    "UNREACHABLE",
    "UNAVAILABLE",
    "INTERNAL",
    "CONFLICT",
    "SUBREQUEST_HTTP_ERROR",
];

/// What a buyer was told about one purchase.
#[derive(Debug)]
pub struct Purchase {
    /// The order, as `placeOrder` answered.
    pub order: Placed,
    /// True when the checkout page said "Paid."
    pub paid: bool,
}

/// A buyer and everything they bought.
pub struct Shopper {
    /// Who.
    pub client: Client,
    /// What, in order.
    pub purchases: Vec<Purchase>,
    /// How often something had to be tried again.
    pub setbacks: u32,
}

/// Buyers at work. They run until [`Shoppers::finish`].
pub struct Shoppers {
    closing: Arc<AtomicBool>,
    running: Vec<JoinHandle<Shopper>>,
}

impl Shoppers {
    /// Each buys a piece of the offer, again and again.
    pub fn start(buyers: Vec<Client>, offer: &Offer) -> Shoppers {
        let closing = Arc::new(AtomicBool::new(false));
        let running = buyers
            .into_iter()
            .map(|client| tokio::spawn(buy_on(client, offer.clone(), closing.clone())))
            .collect();
        Shoppers { closing, running }
    }

    /// Lets each end the purchase at hand.
    pub async fn finish(self) -> Vec<Shopper> {
        self.closing.store(true, Ordering::Relaxed);
        let mut shoppers = Vec::new();
        for running in self.running {
            shoppers.push(running.await.expect("a buyer who is told what is going on"));
        }
        shoppers
    }
}

async fn buy_on(client: Client, offer: Offer, closing: Arc<AtomicBool>) -> Shopper {
    let mut shopper = Shopper {
        client,
        purchases: Vec::new(),
        setbacks: 0,
    };
    while !closing.load(Ordering::Relaxed) {
        shopper.buy(&offer).await;
    }
    shopper
}

impl Shopper {
    async fn buy(&mut self, offer: &Offer) {
        let number = self.purchases.len();
        let mut patience = Patience::new();
        // Tried again after a lost answer, this may put in two pieces. The order says how many it was.
        while let Err(refusal) = offer.add_to_cart(&self.client, 1).await {
            patience.bear(&refusal).await;
        }
        let key = format!("purchase {number}");
        let order = loop {
            match place_order(&self.client, &key).await {
                Ok(order) => break order,
                Err(refusal) => patience.bear(&refusal).await,
            }
        };
        // Most pay, some decline, some forget about it.
        let button = match number % 4 {
            0 | 1 => Some("pay"),
            2 => Some("decline"),
            _ => None,
        };
        let mut paid = false;
        if let (Some(button), Some(checkout_url)) = (button, &order.checkout_url) {
            let page = loop {
                match press(button, checkout_url).await {
                    Ok(page) => break page,
                    Err(refusal) => patience.bear(&refusal).await,
                }
            };
            paid = page.contains("Paid.");
        }
        self.setbacks += patience.setbacks;
        self.purchases.push(Purchase { order, paid });
    }
}

/// Presses a button of the checkout page and gives what the page says then.
async fn press(button: &str, checkout_url: &str) -> Result<String, Refusal> {
    let pressed = Client::submit(&format!("{checkout_url}/{button}")).await;
    match pressed.map_err(passing)? {
        303 => {}
        status => return Err(passing(format!("the checkout page answered {status}"))),
    }
    match Client::page(checkout_url).await.map_err(passing)? {
        (200, page) => Ok(page),
        (status, _) => Err(passing(format!("the checkout page answered {status}"))),
    }
}

fn passing(reason: String) -> Refusal {
    Refusal {
        code: "UNREACHABLE".to_owned(),
        message: reason,
        argument: None,
    }
}

/// Of a client with a weak connection, who tries again.
struct Patience {
    ends: Instant,
    setbacks: u32,
}

impl Patience {
    fn new() -> Patience {
        Patience {
            ends: Instant::now() + PATIENCE,
            setbacks: 0,
        }
    }

    /// Waits a moment. Panics when the platform says something that trying again does not help against, and when it
    /// never comes back.
    async fn bear(&mut self, refusal: &Refusal) {
        assert!(PASSING.contains(&refusal.code.as_str()), "{refusal:?}");
        assert!(
            Instant::now() < self.ends,
            "it never comes back: {refusal:?}"
        );
        self.setbacks += 1;
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
