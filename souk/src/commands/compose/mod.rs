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
    let api_schema = args.api_schema.as_deref();
    if let (true, Some(output)) = (args.watch, &args.output) {
        let files = Files { output, api_schema };
        return watch::run(&args.config, files, args.polling_interval).await;
    }
    let composed = compose_config(&args.config).await?;
    match &args.output {
        Some(output) => Files { output, api_schema }.write(&composed),
        None => {
            write_api_schema(api_schema, &composed)?;
            print(&composed.supergraph_sdl)
        }
    }
}

/// Where what is composed goes.
#[derive(Debug, Clone, Copy)]
struct Files<'a> {
    output: &'a Path,
    api_schema: Option<&'a Path>,
}

impl Files<'_> {
    /// Writes the supergraph last, so that who waits for it finds both.
    fn write(self, composed: &Composed) -> Result<(), Failure> {
        write_api_schema(self.api_schema, composed)?;
        write_whole(self.output, &composed.supergraph_sdl)
    }
}

fn write_api_schema(path: Option<&Path>, composed: &Composed) -> Result<(), Failure> {
    path.map_or(Ok(()), |path| write_whole(path, &composed.api_sdl))
}

#[allow(clippy::print_stderr)]
fn print_warnings(listed: &Listed, composed: &Composed) {
    for subgraph in listed.without_url() {
        eprintln!(
            "warning: subgraphs.{subgraph} has no routing_url: a router needs to be told elsewhere where the subgraph is"
        );
    }
    for hint in &composed.hints {
        eprintln!("hint: {}", hint.with_sources(|name| listed.source(name)));
    }
}

/// Writes beside the file and renames, so that a router that watches it never reads half of it. What is no file, such
/// as `/dev/null` or a pipe, is written to: renaming would put a file in its place. A link stays, and the file that it
/// leads to is replaced.
pub fn write_whole(path: &Path, text: &str) -> Result<(), Failure> {
    let failed = |error: std::io::Error| {
        Failure::failed(format!("cannot write {}: {error}", path.display()))
    };
    let leads_nowhere = path.is_symlink() && !path.exists();
    if leads_nowhere || path.exists() && !path.is_file() {
        return std::fs::write(path, text).map_err(failed);
    }
    let file = match path.is_symlink() {
        true => path.canonicalize().map_err(failed)?,
        false => path.to_owned(),
    };
    let mut partial = file.as_os_str().to_owned();
    partial.push(".partial");
    std::fs::write(&partial, text).map_err(failed)?;
    std::fs::rename(&partial, file).map_err(failed)
}

/// Composes what a supergraph.yaml lists, and tells on standard error what is worth a look.
pub async fn compose_config(path: &Path) -> Result<Composed, Failure> {
    let listed = Listed::read(path)?;
    let composed = compose_aside(&listed, listed.subgraphs().await?).await?;
    print_warnings(&listed, &composed);
    Ok(composed)
}

/// Composes on a thread where it holds nothing up.
async fn compose_aside(
    listed: &Listed,
    subgraphs: Vec<SubgraphInput>,
) -> Result<Composed, Failure> {
    let composed = tokio::task::spawn_blocking(move || compose(&subgraphs)).await;
    let composed = composed.map_err(Failure::failed)?;
    composed.map_err(|errors| Failure::failed(errors.with_sources(|name| listed.source(name))))
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
