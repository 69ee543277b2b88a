//! Threads for parsing and planning, so that a hard operation never holds up the threads that serve requests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{mpsc, oneshot};

type Job = Box<dyn FnOnce() + Send>;

/// Room for the recursion of the compiler and the planner on the deepest document that the parser lets through.
const STACK_BYTES: usize = 32 * 1024 * 1024;

/// Jobs that may wait. Whoever comes when as many wait, waits to be let in.
const QUEUE: usize = 256;

/// A fixed number of threads that work off jobs in order. They end when the pool is dropped.
pub(crate) struct PlanningPool {
    jobs: mpsc::Sender<Job>,
}

/// The job panicked, or the pool is gone.
#[derive(Debug)]
pub(crate) struct JobLost;

impl PlanningPool {
    /// Starts `threads` threads.
    pub fn start(threads: usize) -> std::io::Result<PlanningPool> {
        let (jobs, queue) = mpsc::channel::<Job>(QUEUE);
        let queue = Arc::new(Mutex::new(queue));
        for index in 0..threads {
            let queue = queue.clone();
            let work = move || {
                loop {
                    // The lock is held while waiting: one thread waits for the next job, the others for the lock.
                    let next = queue
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .blocking_recv();
                    match next {
                        Some(job) => job(),
                        None => return,
                    }
                }
            };
            std::thread::Builder::new()
                .name(format!("planning-{index}"))
                .stack_size(STACK_BYTES)
                .spawn(work)?;
        }
        Ok(PlanningPool { jobs })
    }

    /// Runs a job and waits for its result. A job whose caller stops waiting before it began is not run.
    pub async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, JobLost> {
        let (done, result) = oneshot::channel();
        let span = tracing::Span::current();
        let job = Box::new(move || {
            // Nobody waits for it any more: the client has gone, or its time is up.
            if done.is_closed() {
                return;
            }
            let _entered = span.enter();
            // Nothing outlives the panic but the sender, which is dropped: the caller learns that the job is lost.
            if let Ok(value) = catch_unwind(AssertUnwindSafe(job)) {
                // The caller may have gone.
                let _ = done.send(value);
            }
        });
        self.jobs.send(job).await.map_err(|_| JobLost)?;
        result.await.map_err(|_| JobLost)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn a_panic_loses_one_job_and_no_thread() {
        let pool = PlanningPool::start(1).unwrap();
        assert!(pool.run(|| panic!("on purpose")).await.is_err());
        assert_eq!(pool.run(|| 1 + 1).await.unwrap(), 2);
    }
    #[tokio::test]
    async fn a_job_that_nobody_waits_for_any_more_is_not_run() {
        let pool = PlanningPool::start(1).unwrap();
        let (go_on, wait) = std::sync::mpsc::channel::<()>();
        let busy = pool.run(move || wait.recv());
        let ran = Arc::new(Mutex::new(false));
        let late = ran.clone();
        let hasty = pool.run(move || *late.lock().unwrap() = true);
        let (busy, ()) = tokio::join!(busy, async {
            let waited = tokio::time::timeout(Duration::from_millis(20), hasty).await;
            assert!(waited.is_err());
            go_on.send(()).unwrap();
        });
        assert_eq!(busy.unwrap(), Ok(()));
        // What comes behind it is run after it would have been.
        pool.run(|| ()).await.unwrap();
        assert!(!*ran.lock().unwrap());
    }
}
