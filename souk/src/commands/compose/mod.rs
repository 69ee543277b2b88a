//! `souk compose`: subgraph schemas in, supergraph out.

mod config;
mod introspect;
mod watch;

use std::path::Path;

use souk_composition::{Composed, SubgraphInput, compose};

use crate::cli::ComposeArgs;
use crate::commands::print;
use crate::failure::Failure;
use config::Listed;

/// Runs the command. Composition errors go to standard error, all of them, with exit code 1.
pub async fn run(args: ComposeArgs) -> Result<(), Failure> {
    if let (true, Some(output)) = (args.watch, &args.output) {
        return watch::run(&args.config, output, args.polling_interval).await;
    }
    let composed = compose_config(&args.config).await?;
    print_hints(&composed);
    match args.output {
        Some(path) => write_whole(&path, &composed.supergraph_sdl),
        None => print(&composed.supergraph_sdl),
    }
}

#[allow(clippy::print_stderr)]
fn print_hints(composed: &Composed) {
    for hint in &composed.hints {
        eprintln!("hint: {hint}");
    }
}

/// Writes beside the file and renames, so that a router that watches it never reads half of it. What is no file, such
/// as `/dev/null` or a pipe, is written to: renaming would put a file in its place.
pub fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!("cannot write {}: {error}", path.display()))
    };
    if path.exists() && !path.is_file() {
        return std::fs::write(path, text).map_err(failed);
    }
    let mut partial = path.as_os_str().to_owned();
    partial.push(".partial");
    std::fs::write(&partial, text).map_err(failed)?;
    std::fs::rename(&partial, path).map_err(failed)
}

/// Composes what a supergraph.yaml lists.
pub async fn compose_config(path: &Path) -> Result<Composed, Failure> {
    let subgraphs = Listed::read(path)?.subgraphs().await?;
    compose_aside(subgraphs).await
}

/// Composes on a thread where it holds nothing up.
async fn compose_aside(subgraphs: Vec<SubgraphInput>) -> Result<Composed, Failure> {
    let composed = tokio::task::spawn_blocking(move || compose(&subgraphs)).await;
    composed.map_err(Failure::failed)?.map_err(Failure::failed)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::FileTypeExt;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_pipe_is_written_to_and_not_replaced() {
        let pipe = std::env::temp_dir().join(format!("souk-compose-{}", std::process::id()));
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        let reading = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::read_to_string(pipe).unwrap()
        });
        write_whole(&pipe, "type Query").unwrap();
        assert_eq!(reading.join().unwrap(), "type Query");
        assert!(std::fs::metadata(&pipe).unwrap().file_type().is_fifo());
        std::fs::remove_file(pipe).unwrap();
    }
}
