//! Clients that each do the same thing again and again, the next time when the last one is done.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use futures::future::join_all;

use crate::cpu::{self, Cpu};
use crate::stage::Stage;

/// Something a client does, from beginning to end.
pub trait Client {
    /// Does it once.
    async fn act(&mut self) -> Result<(), String>;
}

/// What came out.
pub struct Outcome {
    /// How long it was measured.
    pub elapsed: Duration,
    /// How long each took that ended meanwhile, in ascending order.
    pub latencies: Vec<Duration>,
    /// How many failed.
    pub failures: u64,
    /// What they cost together.
    pub cpu: Cpu,
}

impl Outcome {
    /// The latency that this share of all did not exceed.
    pub fn percentile(&self, share: f64) -> Duration {
        #[allow(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a place in the list"
        )]
        let index = (self.latencies.len() as f64 * share) as usize;
        let last = self.latencies.len().saturating_sub(1);
        let found = self.latencies.get(index.min(last));
        found.copied().unwrap_or_default()
    }
}

/// Lets the clients act for a third of `duration` and the databases settle, then measures for `duration`.
pub async fn measure<C: Client>(stage: &Stage, clients: &mut [C], duration: Duration) -> Outcome {
    run(clients, duration / 3, Duration::ZERO).await;
    stage.settle().await;
    run(clients, duration / 10, duration).await
}

/// Lets the clients act for `warm_up`, then measures for `duration`. A failure is counted and shown once.
pub async fn run<C: Client>(clients: &mut [C], warm_up: Duration, duration: Duration) -> Outcome {
    let measuring = Cell::new(false);
    let stop = Cell::new(false);
    let latencies = RefCell::new(Vec::new());
    let failures = Cell::new(0_u64);
    let work = clients.iter_mut().map(async |client| {
        while !stop.get() {
            let began = Instant::now();
            let done = client.act().await;
            if let Err(failure) = done {
                if failures.replace(failures.get() + 1) == 0 {
                    eprintln!("a request failed: {failure}");
                }
                // What fails at once must not become a busy loop.
                tokio::time::sleep(Duration::from_millis(10)).await;
            } else if measuring.get() && !stop.get() {
                latencies.borrow_mut().push(began.elapsed());
            }
        }
    });
    let clock = async {
        tokio::time::sleep(warm_up).await;
        let (before, began) = (cpu::now(), Instant::now());
        measuring.set(true);
        tokio::time::sleep(duration).await;
        stop.set(true);
        (began.elapsed(), cpu::now() - before)
    };
    let ((elapsed, cpu), _) = futures::join!(clock, join_all(work));
    let mut latencies = latencies.into_inner();
    latencies.sort_unstable();
    Outcome {
        elapsed,
        latencies,
        failures: failures.get(),
        cpu,
    }
}
