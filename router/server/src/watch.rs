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
    /// Watches the supergraph's file; `served` is what the router was built from, read from it. A change that cannot be
    /// served is logged, and what was served before goes on being served.
    pub fn watch(&self, path: &Path, served: String) -> Result<SupergraphWatch, WatchError> {
        let failed = |source| WatchError {
            path: path.to_owned(),
            source,
        };
        // Room for one: a notice that waits stands for all that come before it is taken.
        let (changed, changes) = mpsc::channel(1);
        // The file may have changed since it was read.
        let _ = changed.try_send(());
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let only_read = event.is_ok_and(|event| event.kind.is_access());
            if !only_read {
                let _ = changed.try_send(());
            }
        });
        let mut folders = Folders {
            watcher: watcher.map_err(failed)?,
            watched: Vec::new(),
        };
        folders.watch_those_of(path).map_err(failed)?;
        let task = tokio::spawn(follow(
            self.clone(),
            path.to_owned(),
            served,
            changes,
            folders,
        ));
        Ok(SupergraphWatch { task })
    }
}

/// The folders that tell of changes of a file. They are watched, not the file: many programs write a new file and move
/// it over the old one.
struct Folders {
    watcher: RecommendedWatcher,
    watched: Vec<PathBuf>,
}

impl Folders {
    /// Watches the folder of the path, and that of the file where symbolic links on the path lead to: links are changed
    /// (as Kubernetes does with a mounted ConfigMap), and so are files behind links.
    fn watch_those_of(&mut self, path: &Path) -> Result<(), notify::Error> {
        let named = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        let mut wanted = vec![named.canonicalize().map_err(notify::Error::io)?];
        // There may be no file for a moment while it is replaced.
        if let Ok(file) = path.canonicalize()
            && let Some(folder) = file.parent()
            && folder != wanted[0]
        {
            wanted.push(folder.to_owned());
        }
        for folder in &self.watched {
            if !wanted.contains(folder) {
                // One that is gone is not watched any more.
                let _ = self.watcher.unwatch(folder);
            }
        }
        for folder in &wanted {
            if !self.watched.contains(folder) {
                self.watcher.watch(folder, RecursiveMode::NonRecursive)?;
            }
        }
        self.watched = wanted;
        Ok(())
    }
}

async fn follow(
    router: RouterHandle,
    path: PathBuf,
    mut last: String,
    mut changes: mpsc::Receiver<()>,
    mut folders: Folders,
) {
    while changes.recv().await.is_some() {
        while let Ok(Some(())) = tokio::time::timeout(QUIET, changes.recv()).await {}
        // Before the file is read, so that no change in between is missed.
        if let Err(error) = folders.watch_those_of(&path) {
            tracing::warn!(path = %path.display(), %error, "the supergraph's folder cannot be watched");
        }
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
