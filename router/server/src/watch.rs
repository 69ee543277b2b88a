//! Reloads the supergraph when its file changes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::file_watch::{FileWatch, WatchError};
use crate::router::RouterHandle;

/// Watches a file until it is dropped.
pub struct SupergraphWatch {
    asked: Arc<Notify>,
    task: JoinHandle<()>,
}

impl Drop for SupergraphWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl SupergraphWatch {
    /// Reads the file again without waiting for a notice of a change: some file systems give none, such as those of a
    /// network. The log says what comes of it; nothing is reloaded when the file is what is served.
    pub fn look_again(&self) {
        self.asked.notify_one();
    }
}

impl RouterHandle {
    /// Watches the supergraph's file; `served` is what the router was built from, read from it. A change that cannot be
    /// served is logged, and what was served before goes on being served.
    pub fn watch(&self, path: &Path, served: String) -> Result<SupergraphWatch, WatchError> {
        let watch = FileWatch::new([path])?;
        let asked = Arc::new(Notify::new());
        let followed = follow(self.clone(), path.to_owned(), served, watch, asked.clone());
        let task = tokio::spawn(followed);
        Ok(SupergraphWatch { asked, task })
    }
}

/// What the log has been told is wrong: once is enough until it is something else.
#[derive(Default)]
struct Told(Option<String>);

impl Told {
    fn is_new(&mut self, problem: &impl ToString) -> bool {
        let problem = Some(problem.to_string());
        let is_new = self.0 != problem;
        self.0 = problem;
        is_new
    }
}

async fn follow(
    router: RouterHandle,
    path: PathBuf,
    mut last: String,
    mut watch: FileWatch,
    asked: Arc<Notify>,
) {
    let mut unwatched = Told::default();
    let mut unread = Told::default();
    let mut is_refused = false;
    loop {
        let is_asked = tokio::select! {
            () = watch.changed(None) => false,
            () = asked.notified() => true,
        };
        if is_asked {
            // Who asks is told again what is wrong.
            (unwatched, unread) = Default::default();
        }
        match watch.follow([&*path]) {
            Ok(()) => unwatched = Told::default(),
            Err(error) => {
                if unwatched.is_new(&error) {
                    tracing::warn!(path = %path.display(), %error, "the supergraph's folder cannot be watched");
                }
            }
        }
        let text = match tokio::fs::read_to_string(&path).await {
            Ok(text) => text,
            Err(error) => {
                if unread.is_new(&error) {
                    tracing::warn!(path = %path.display(), %error, "the supergraph cannot be read, the last one stays");
                }
                continue;
            }
        };
        unread = Told::default();
        if text == last && !(is_asked && is_refused) {
            if is_asked {
                tracing::info!(path = %path.display(), "the supergraph has not changed");
            }
            continue;
        }
        last.clone_from(&text);
        let reloaded = router.reload(text).await;
        is_refused = reloaded.is_err();
        match reloaded {
            Ok(()) => tracing::info!(path = %path.display(), "supergraph reloaded"),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "the supergraph is not usable, the last one stays");
            }
        }
    }
}
