//! Work that runs beside the requests, and its end.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rand::Rng;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::events::{Bus, BusError, Relay, Worker};
use crate::subgraph::{Job, Subgraph};

/// Background work of this process. All of it ends when the token is cancelled.
#[derive(Clone)]
pub struct Tasks {
    shutdown: CancellationToken,
    tracker: TaskTracker,
}

impl Tasks {
    /// Work that ends with `shutdown`.
    pub fn new(shutdown: CancellationToken) -> Tasks {
        Tasks {
            shutdown,
            tracker: TaskTracker::new(),
        }
    }

    /// The token that ends the work.
    pub fn shutdown(&self) -> &CancellationToken {
        &self.shutdown
    }

    /// Runs `work`, which must watch the token itself and return soon after it is cancelled.
    pub fn spawn(&self, name: &'static str, work: impl Future<Output = ()> + Send + 'static) {
        self.tracker.spawn(async move {
            work.await;
            tracing::debug!(task = name, "ended");
        });
    }

    /// Binds the queues of the subgraph's consumers to the bus and works them. Where several subgraphs share a bus in
    /// one process, call this for all of them before [`Tasks::publish`] for the first: what is published earlier does
    /// not reach a queue that is bound later.
    pub async fn consume(&self, subgraph: &Subgraph, bus: &Arc<dyn Bus>) -> Result<(), BusError> {
        for (queue, consumer) in subgraph.queues() {
            let worker = Worker {
                queue: queue.name.clone(),
                database: queue.database.clone(),
                consumer: consumer.clone(),
            };
            bus.bind(queue).await?;
            self.tracker.spawn(worker.run(self.shutdown.clone()));
        }
        Ok(())
    }

    /// Publishes the subgraph's outbox on the bus.
    pub fn publish(&self, subgraph: &Subgraph, bus: &Arc<dyn Bus>) {
        let relay = Relay {
            subgraph: subgraph.name,
            database: subgraph.database.clone(),
            bus: bus.clone(),
        };
        self.tracker.spawn(relay.run(self.shutdown.clone()));
    }

    /// Runs the jobs of a subgraph, each in its own rhythm, until shutdown.
    pub fn run_jobs(&self, subgraph: &Arc<Subgraph>) {
        for index in 0..subgraph.jobs.len() {
            let subgraph = subgraph.clone();
            let shutdown = self.shutdown.clone();
            self.tracker.spawn(async move {
                if let Some(job) = subgraph.jobs.get(index) {
                    repeat(subgraph.name, job, &shutdown).await;
                }
            });
        }
    }

    /// Cancels the token and waits until all work has ended, at most `within`. False when some had to be abandoned.
    pub async fn finish(&self, within: Duration) -> bool {
        self.shutdown.cancel();
        self.tracker.close();
        tokio::time::timeout(within, self.tracker.wait())
            .await
            .is_ok()
    }
}

async fn repeat(subgraph: &'static str, job: &Job, shutdown: &CancellationToken) {
    loop {
        // A run that has begun is finished: it holds locks in the database, and jobs are short.
        let started = Instant::now();
        let outcome = match (job.run)().await {
            Ok(()) => "ok",
            Err(error) => {
                tracing::warn!(
                    subgraph,
                    job = job.name,
                    code = error.code.as_str(),
                    error = error.message,
                    "a job failed"
                );
                "error"
            }
        };
        metrics::counter!("souk_job_runs_total", "subgraph" => subgraph, "job" => job.name, "outcome" => outcome).increment(1);
        metrics::histogram!("souk_job_seconds", "subgraph" => subgraph, "job" => job.name)
            .record(started.elapsed().as_secs_f64());

        tokio::select! {
            () = shutdown.cancelled() => return,
            () = tokio::time::sleep(pause(job.every)) => {}
        }
    }
}

/// The pause with a tenth of jitter, so that instances that started together do not stay in step.
fn pause(every: Duration) -> Duration {
    every.mul_f64(rand::rng().random_range(0.9..1.1))
}
