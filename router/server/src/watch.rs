//! Reloads the supergraph when its file changes.

use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::router::RouterHandle;

/// A writer may touch the file several times; it is read when it has been left alone for so long.
const QUIET: Duration = Duration::from_millis(100);

/// Watches a file until it is dropped.
pub struct SupergraphWatch {
    _watcher: RecommendedWatcher,
    task: JoinHandle<()>,
}

impl Drop for SupergraphWatch {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// A file that cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch {}: {source}", path.display())]
pub struct WatchError {
    path: PathBuf,
    source: notify::Error,
}

impl RouterHandle {
    /// Watches the supergraph's file, which the router was started with. A change that cannot be served is logged,
    /// and what was served before goes on being served.
    pub fn watch(&self, path: &Path) -> Result<SupergraphWatch, WatchError> {
        let failed = |source| WatchError {
            path: path.to_owned(),
            source,
        };
        // The folder is watched, not the file: many programs write a new file and move it over the old one.
        let path = path
            .canonicalize()
            .map_err(|error| failed(notify::Error::io(error)))?;
        let folder = path.parent().unwrap_or(&path).to_owned();
        // Room for one: a notice that waits stands for all that come before it is taken.
        let (changed, changes) = mpsc::channel(1);
        let mut watcher =
            notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
                let only_read = event.is_ok_and(|event| event.kind.is_access());
                if !only_read {
                    let _ = changed.try_send(());
                }
            })
            .map_err(failed)?;
        watcher
            .watch(&folder, RecursiveMode::NonRecursive)
            .map_err(failed)?;
        // Read after the watch began, so that no change in between is missed.
        let served = std::fs::read_to_string(&path).unwrap_or_default();
        let task = tokio::spawn(follow(self.clone(), path, served, changes));
        Ok(SupergraphWatch {
            _watcher: watcher,
            task,
        })
    }
}

async fn follow(
    router: RouterHandle,
    path: PathBuf,
    mut last: String,
    mut changes: mpsc::Receiver<()>,
) {
    while changes.recv().await.is_some() {
        while let Ok(Some(())) = tokio::time::timeout(QUIET, changes.recv()).await {}
        let text = match tokio::fs::read_to_string(&path).await {
            Ok(text) => text,
            Err(error) => {
                tracing::warn!(path = %path.display(), %error, "the supergraph cannot be read, the last one stays");
                continue;
            }
        };
        if text == last {
            continue;
        }
        last.clone_from(&text);
        match router.reload(text).await {
            Ok(()) => tracing::info!(path = %path.display(), "supergraph reloaded"),
            Err(error) => {
                tracing::error!(path = %path.display(), %error, "the supergraph is not usable, the last one stays");
            }
        }
    }
}
