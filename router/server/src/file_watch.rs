//! Notices when files change, wherever the links on the way to them lead.

use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::mpsc;

/// A writer may touch a file several times; it is to be read when it has been left alone for so long.
const QUIET: Duration = Duration::from_millis(100);

/// As many symbolic links are followed on the way to a file; Linux follows no more either.
const MOST_LINKS: usize = 40;

/// Files that cannot be watched.
#[derive(Debug, thiserror::Error)]
#[error("cannot watch {}: {source}", path.display())]
pub struct WatchError {
    path: PathBuf,
    source: notify::Error,
}

/// Watches files until it is dropped: not the files, but the folders that tell of changes of them, for many programs write
/// a new file and move it over the old one.
pub struct FileWatch {
    watcher: RecommendedWatcher,
    watched: Vec<PathBuf>,
    /// See [`places`].
    places: Arc<ArcSwap<Vec<PathBuf>>>,
    changes: mpsc::Receiver<()>,
}

impl FileWatch {
    /// Watches these files. The first change is noticed at once: they may have changed since they were read.
    pub fn new<'a>(files: impl IntoIterator<Item = &'a Path>) -> Result<FileWatch, WatchError> {
        // Room for one: a notice that waits stands for all that come before it is taken.
        let (changed, changes) = mpsc::channel(1);
        let _ = changed.try_send(());
        let places = Arc::new(ArcSwap::from_pointee(Vec::new()));
        let of_interest = places.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // An error may stand for changes that were missed.
            if event.map_or(true, |event| concerns(&event, &of_interest.load())) {
                let _ = changed.try_send(());
            }
        });
        let mut watch = FileWatch {
            watcher: watcher.map_err(|source| WatchError {
                path: PathBuf::from("files"),
                source,
            })?,
            watched: Vec::new(),
            places,
            changes,
        };
        watch.follow(files)?;
        Ok(watch)
    }

    /// Watches these files from now on, and no others: where the links on the way to them lead now, or what is missing
    /// there. To be called before they are read, so that no change in between is missed.
    pub fn follow<'a>(
        &mut self,
        files: impl IntoIterator<Item = &'a Path>,
    ) -> Result<(), WatchError> {
        let mut all = Vec::new();
        for file in files {
            let failed = |error| WatchError {
                path: file.to_owned(),
                source: notify::Error::io(error),
            };
            all.extend(places(file).map_err(failed)?);
        }
        let folders = all.iter().filter_map(|place| place.parent());
        let mut wanted: Vec<PathBuf> = folders.map(Path::to_owned).collect();
        wanted.sort_unstable();
        wanted.dedup();
        self.places.store(Arc::new(all));
        for folder in &self.watched {
            if !wanted.contains(folder) {
                // One that is gone is not watched any more.
                let _ = self.watcher.unwatch(folder);
            }
        }
        for folder in &wanted {
            // Also those that are watched: there may be another folder of that name now.
            let watched = self.watcher.watch(folder, RecursiveMode::NonRecursive);
            watched.map_err(|source| WatchError {
                path: folder.clone(),
                source,
            })?;
        }
        self.watched = wanted;
        Ok(())
    }

    /// Resolves when a file may have changed and has been left alone for a moment, or after `longest`.
    pub async fn changed(&mut self, longest: Option<Duration>) {
        match longest {
            Some(longest) => {
                if let Err(_elapsed) = tokio::time::timeout(longest, self.changes.recv()).await {
                    return;
                }
            }
            None => {
                self.changes.recv().await;
            }
        }
        while let Ok(Some(())) = tokio::time::timeout(QUIET, self.changes.recv()).await {}
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

/// Where the way to a file can change: each symbolic link on it, and the file, or what is in its place, or missing on the
/// way. Links are
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
                } else if place.is_dir() && !rest.as_os_str().is_empty() {
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
