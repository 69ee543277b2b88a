//! How long it takes until the platform serves.

use std::time::Instant;

use souk_harness::{Launch, Platform, Signal};

use crate::cpu;
use crate::report::Report;

/// Measures a start on an empty directory, on its data again, and after a crash.
pub async fn measure(binary: &str, report: &mut Report) {
    let began = Instant::now();
    let mut platform = Launch::new(binary).serve().await;
    let first = began.elapsed();
    report.fact(
        "start on an empty directory, demo data included",
        first.as_secs_f64(),
        "s",
    );
    report.fact("memory of the process then", megabytes(), "MB");

    platform.stop("serve", Signal::SIGTERM).await;
    report.fact("start with the data", again(&mut platform).await, "s");
    platform.kill("serve");
    report.fact("start after kill -9", again(&mut platform).await, "s");
}

async fn again(platform: &mut Platform) -> f64 {
    let began = Instant::now();
    platform.start("serve").await;
    began.elapsed().as_secs_f64()
}

#[allow(clippy::cast_precision_loss, reason = "memory is far below 2^52")]
fn megabytes() -> f64 {
    cpu::souk_memory() as f64 / 1e6
}
