//! Many clients that watch one order, each on a WebSocket of its own.

use std::time::{Duration, Instant};

use futures::StreamExt;
use futures::stream::{self, FuturesUnordered};
use serde_json::json;
use souk_harness::Client;

use crate::cpu;
use crate::http::Connection;
use crate::purchases::{WATCH, buyer, must, pay};
use crate::report::{Report, milliseconds};
use crate::socket::Socket;
use crate::stage::Stage;

/// How many connect at the same time.
const CONNECTING: usize = 64;
/// How long all of them may take to hear of a change.
const HEARD_WITHIN: Duration = Duration::from_secs(60);

const SHIP: &str = "mutation($input: ShipShopOrderInput!) { shipShopOrder(input: $input) { shopOrder { status } } }";
const DELIVER: &str = "mutation($input: DeliverShopOrderInput!) { deliverShopOrder(input: $input) { shopOrder { status } } }";

/// Measures memory with so many watchers, and how long changes take to the first and to the last.
pub async fn measure(stage: &Stage, count: usize, report: &mut Report) {
    let mut buyer = buyer(stage.url(), 0).await;
    let order = must(buyer.place().await);
    let before = cpu::souk_memory();

    let began = Instant::now();
    let token = buyer.token().to_owned();
    let open = async |_| {
        let mut socket = Socket::open(stage.url(), &token).await?;
        socket.subscribe(WATCH, &json!({ "id": order.id })).await?;
        let event = socket.next().await?;
        match event["orderStatusChanged"]["status"].as_str() {
            Some("PENDING") => Ok(socket),
            _ => Err(event.to_string()),
        }
    };
    let sockets: Vec<Result<Socket, String>> = stream::iter(0..count)
        .map(open)
        .buffer_unordered(CONNECTING)
        .collect()
        .await;
    let mut sockets: Vec<Socket> = sockets.into_iter().map(must).collect();
    let with = cpu::souk_memory();
    report.fact(
        &format!("{count} watchers: connecting all"),
        began.elapsed().as_secs_f64(),
        "s",
    );
    report.fact(
        &format!("{count} watchers: memory of the process"),
        megabytes(with),
        "MB",
    );
    report.fact(
        &format!("{count} watchers: memory of one watcher"),
        megabytes(with.saturating_sub(before)) * 1000.0
            / f64::from(u32::try_from(count).unwrap_or(u32::MAX)),
        "kB",
    );

    let seller = Client::new(stage.url()).login("seller@souk.example").await;
    let mut seller = must(Connection::open(stage.url(), seller.token()).await);
    let mut checkout = must(Connection::open(&order.checkout, None).await);
    let part = json!({ "shopOrderId": order.part });
    let shipping =
        json!({ "input": { "shopOrderId": order.part, "trackingNumber": "T1", "carrier": "DHL" } });

    let paid = async { pay(&mut checkout, &order).await };
    heard("CONFIRMED", &mut sockets, paid, report).await;
    let shipped = async { seller.ask(SHIP, &shipping).await.map(drop) };
    heard("SHIPPED", &mut sockets, shipped, report).await;
    let delivery = json!({ "input": part });
    let delivered = async { seller.ask(DELIVER, &delivery).await.map(drop) };
    heard("DELIVERED", &mut sockets, delivered, report).await;
}

/// Lets the change happen while all listen. Times count from before the change is asked for.
async fn heard(
    status: &str,
    sockets: &mut [Socket],
    change: impl Future<Output = Result<(), String>>,
    report: &mut Report,
) {
    let mut listening: FuturesUnordered<_> = sockets
        .iter_mut()
        .map(async |socket| {
            loop {
                let event = must(socket.next().await);
                if event["orderStatusChanged"]["status"] == status {
                    return Instant::now();
                }
            }
        })
        .collect();
    let began = Instant::now();
    let all = async {
        let first = listening.next().await.unwrap_or_else(Instant::now);
        let rest: Vec<Instant> = listening.collect().await;
        (first, rest.into_iter().max().unwrap_or(first))
    };
    let both = async { futures::join!(change, all) };
    let (changed, (first, last)) = tokio::time::timeout(HEARD_WITHIN, both)
        .await
        .unwrap_or_else(|_| panic!("not all heard of {status}"));
    must(changed);
    report.fact(
        &format!("{status} reaches the first watcher"),
        milliseconds(first - began),
        "ms",
    );
    report.fact(
        &format!("{status} reaches the last watcher"),
        milliseconds(last - began),
        "ms",
    );
}

#[allow(clippy::cast_precision_loss, reason = "memory is far below 2^52")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}
