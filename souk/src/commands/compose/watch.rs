//! `souk compose --watch`: composes again whenever a schema changes.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher};
use souk_composition::SubgraphInput;
use tokio::sync::mpsc;

use super::config::Listed;
use super::{Files, compose_aside, print_warnings};
use crate::commands::told_to_stop;
use crate::failure::Failure;

/// An editor may touch a file several times; it is read when it has been left alone for so long.
const QUIET: Duration = Duration::from_millis(100);

/// Composes `config` into `files`, and again whenever one of its files changes or, asked every `interval`, a subgraph
/// tells another schema. What cannot be composed is reported, and leaves the output as it was.
pub(super) async fn run(
    config: &Path,
    files: Files<'_>,
    interval: Duration,
) -> Result<(), Failure> {
    if config == Path::new("-") {
        return Err(Failure::setup(
            "standard input cannot be watched; give --config a file",
        ));
    }
    let mut folders = Folders::new()?;
    folders.follow([config])?;
    let mut composer = Composer {
        config,
        files,
        last: None,
        reported: None,
    };
    let watching = async {
        loop {
            let asks_again = composer.compose(&mut folders).await;
            folders.changed(asks_again.then_some(interval)).await;
        }
    };
    tokio::select! {
        stopped = told_to_stop() => stopped,
        () = watching => Ok(()),
    }
}

struct Composer<'a> {
    config: &'a Path,
    files: Files<'a>,
    /// What was composed last.
    last: Option<Attempt>,
    /// The failure that was reported last, as long as it lasts.
    reported: Option<Failure>,
}

/// Subgraphs, and why they do not fit together if they do not.
struct Attempt {
    subgraphs: Vec<SubgraphInput>,
    refused: Option<Failure>,
}

impl Composer<'_> {
    /// Composes, if anything changed. Returns whether changes may come of which no file tells.
    async fn compose(&mut self, folders: &mut Folders) -> bool {
        let listed = Listed::read(self.config);
        let introspects = listed.as_ref().is_ok_and(Listed::introspects);
        let outcome = match listed {
            Ok(listed) => self.compose_listed(&listed, folders).await,
            Err(failure) => Err(failure),
        };
        match outcome {
            Ok(written) => {
                let is_mended = self.reported.take().is_some();
                if is_mended && !written {
                    self.say_unchanged();
                }
            }
            // A subgraph that is down is down at every look: it is said once.
            Err(failure) if self.reported.as_ref() == Some(&failure) => {}
            Err(failure) => {
                failure.report();
                self.reported = Some(failure);
            }
        }
        introspects || self.reported.is_some()
    }

    #[allow(clippy::print_stderr)]
    fn say_unchanged(&self) {
        let output = self.files.output.display();
        eprintln!("the subgraphs are what {output} was composed from; it stays as it is");
    }

    /// True when the output was written; false when it is up to date already.
    #[allow(clippy::print_stderr)]
    async fn compose_listed(
        &mut self,
        listed: &Listed,
        folders: &mut Folders,
    ) -> Result<bool, Failure> {
        folders.follow(listed.files().chain([self.config]))?;
        let subgraphs = listed.subgraphs().await?;
        if let Some(last) = self.last.as_ref()
            && last.subgraphs == subgraphs
        {
            return last.refused.clone().map_or(Ok(false), Err);
        }
        let count = subgraphs.len();
        let outcome = compose_aside(listed, subgraphs.clone()).await;
        self.last = Some(Attempt {
            subgraphs,
            refused: outcome.as_ref().err().cloned(),
        });
        let composed = outcome?;
        print_warnings(listed, &composed);
        if let Err(failure) = self.files.write(&composed) {
            // To be tried again.
            self.last = None;
            return Err(failure);
        }
        eprintln!(
            "composed {count} subgraphs into {}",
            self.files.output.display()
        );
        Ok(true)
    }
}

/// Watches the folders that files are in: many programs write a new file and move it over the old one.
struct Folders {
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
    changes: mpsc::Receiver<()>,
}

impl Folders {
    fn new() -> Result<Folders, Failure> {
        // Room for one: a notice that waits stands for all that come before it is taken.
        let (changed, changes) = mpsc::channel(1);
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let only_read = event.is_ok_and(|event| event.kind.is_access());
            if !only_read {
                let _ = changed.try_send(());
            }
        });
        Ok(Folders {
            watcher: watcher.map_err(Failure::setup)?,
            watched: BTreeSet::new(),
            changes,
        })
    }

    /// Watches the folders of these files and no others. A folder that is not there is left out: its files are reported
    /// as missing by who reads them, and are looked for again.
    fn follow<'a>(&mut self, files: impl IntoIterator<Item = &'a Path>) -> Result<(), Failure> {
        let mut wanted = BTreeSet::new();
        for file in files {
            // A link is changed where it stands or where it leads.
            let ends = [Some(file.to_owned()), file.canonicalize().ok()];
            let folders = ends.iter().flatten().filter_map(|path| path.parent());
            wanted.extend(
                folders.filter_map(|folder| match folder.as_os_str().is_empty() {
                    true => Path::new(".").canonicalize().ok(),
                    false => folder.canonicalize().ok(),
                }),
            );
        }
        for folder in self.watched.difference(&wanted) {
            // A folder that is gone is not watched any more already.
            let _ = self.watcher.unwatch(folder);
        }
        for folder in wanted.difference(&self.watched) {
            self.watcher
                .watch(folder, RecursiveMode::NonRecursive)
                .map_err(|error| {
                    Failure::setup(format!("cannot watch {}: {error}", folder.display()))
                })?;
        }
        self.watched = wanted;
        Ok(())
    }

    /// Resolves when a file may have changed, or after `longest`.
    async fn changed(&mut self, longest: Option<Duration>) {
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
