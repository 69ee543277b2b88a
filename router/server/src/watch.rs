//! Reloads the supergraph when its file changes.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::router::RouterHandle;

/// A writer may touch the file several times; it is read when it has been left alone for so long.
const QUIET: Duration = Duration::from_millis(100);

/// As many symbolic links are followed on the way to a file; Linux follows no more either.
const MOST_LINKS: usize = 40;

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
        let places = Arc::new(ArcSwap::from_pointee(Vec::new()));
        let of_interest = places.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error may stand for changes that were missed.
            if event.map_or(true, |event| concerns(&event, &of_interest.load())) {
                let _ = changed.try_send(());
            }
        });
        let mut folders = Folders {
            watcher: watcher.map_err(failed)?,
            watched: Vec::new(),
            places,
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

/// Whether something may have changed in one of the places. A folder has other files as well, among them perhaps the
/// router's own log.
fn concerns(event: &notify::Event, places: &[PathBuf]) -> bool {
    if event.kind.is_access() {
        return false;
    }
    // Without a path, events have been lost.
    let mut changed = event.paths.iter();
    let is_of_places = |path: &PathBuf| places.iter().any(|place| place.starts_with(path));
    event.paths.is_empty() || changed.any(is_of_places)
}

/// The folders that tell of changes of a file. They are watched, not the file: many programs write a new file and move
/// it over the old one.
struct Folders {
    watcher: RecommendedWatcher,
    watched: Vec<PathBuf>,
    /// See [`places`].
    places: Arc<ArcSwap<Vec<PathBuf>>>,
}

impl Folders {
    /// Watches the folders of all places on the path to the file.
    fn watch_those_of(&mut self, path: &Path) -> Result<(), notify::Error> {
        let places = places(path).map_err(notify::Error::io)?;
        let mut wanted: Vec<PathBuf> = places
            .iter()
            .filter_map(|place| place.parent().map(Path::to_owned))
            .collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.places.store(Arc::new(places));
        for folder in &self.watched {
            if !wanted.contains(folder) {
                // One that is gone is not watched any more.
                let _ = self.watcher.unwatch(folder);
            }
        }
        for folder in &wanted {
            // Also those that are watched: there may be another folder of that name now.
            self.watcher.watch(folder, RecursiveMode::NonRecursive)?;
        }
        self.watched = wanted;
        Ok(())
    }
}

/// Where the way to a file can change: each symbolic link on it, and the file, or what is missing on the way. Links are
/// switched to deploy a version (as Kubernetes does with a mounted ConfigMap), and so are files behind links written.
/// The folders of all are free of links.
fn places(path: &Path) -> io::Result<Vec<PathBuf>> {
    let mut places = Vec::new();
    let mut at = std::env::current_dir()?;
    let mut left = path.to_owned();
    loop {
        let mut components = left.components();
        let Some(next) = components.next() else {
            return Ok(places);
        };
        let mut rest = components.as_path().to_owned();
        match next {
            Component::Normal(name) => {
                let place = at.join(name);
                if let Ok(target) = place.read_link() {
                    rest = target.join(rest);
                    places.push(place);
                } else if place.is_dir() {
                    at = place;
                } else {
                    places.push(place);
                    return Ok(places);
                }
            }
            Component::ParentDir => {
                at.pop();
            }
            Component::CurDir => {}
            Component::RootDir | Component::Prefix(_) => at.push(next),
        }
        if places.len() > MOST_LINKS {
            return Err(io::Error::other("too many symbolic links"));
        }
        left = rest;
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
    mut changes: mpsc::Receiver<()>,
    mut folders: Folders,
) {
    let mut unwatched = Told::default();
    let mut unread = Told::default();
    while changes.recv().await.is_some() {
        while let Ok(Some(())) = tokio::time::timeout(QUIET, changes.recv()).await {}
        // Before the file is read, so that no change in between is missed.
        match folders.watch_those_of(&path) {
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
