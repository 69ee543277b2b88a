//! Work beside the events that comes back in its own rhythm.

use std::time::Duration;

use tokio_util::sync::CancellationToken;

/// Does the work at once and again after each pause, until `stop`, which also ends a run that has begun.
pub(super) async fn regularly<F: Future<Output = ()>>(
    pause: Duration,
    stop: &CancellationToken,
    work: impl Fn() -> F,
) {
    let repeat = async {
        loop {
            work().await;
            tokio::time::sleep(pause).await;
        }
    };
    tokio::select! {
        () = stop.cancelled() => {}
        () = repeat => {}
    }
}
