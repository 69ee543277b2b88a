//! `souk compose --watch`: composes again whenever a schema changes.

use std::path::Path;
use std::time::Duration;

use souk_composition::SubgraphInput;
use souk_router::FileWatch;

use super::config::Listed;
use super::{Files, compose_aside, print_warnings};
use crate::commands::told_to_stop;
use crate::failure::Failure;

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
    let mut watch = FileWatch::new([config]).map_err(Failure::setup)?;
    let mut composer = Composer {
        config,
        files,
        last: None,
        reported: None,
    };
    let watching = async {
        let mut longest = None;
        loop {
            watch.changed(longest).await;
            let asks_again = composer.compose(&mut watch).await;
            longest = asks_again.then_some(interval);
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
    async fn compose(&mut self, watch: &mut FileWatch) -> bool {
        let listed = Listed::read(self.config);
        let introspects = listed.as_ref().is_ok_and(Listed::introspects);
        let outcome = match listed {
            Ok(listed) => self.compose_listed(&listed, watch).await,
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
        watch: &mut FileWatch,
    ) -> Result<bool, Failure> {
        let files = listed.files().chain([self.config]);
        watch.follow(files).map_err(Failure::setup)?;
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
