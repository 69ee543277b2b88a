//! `souk compose`: subgraph schemas in, supergraph out.

use std::path::Path;
use std::time::Duration;

use indexmap::IndexMap;
use serde::Deserialize;
use souk_composition::{Composed, SubgraphInput, compose};

use crate::cli::ComposeArgs;
use crate::commands::print;
use crate::failure::Failure;

/// How long a subgraph may take to tell its schema.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// rover's supergraph.yaml.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SupergraphConfig {
    /// rover's choice of composer version. Ours composes every version, so it is read and not used.
    #[serde(default, rename = "federation_version")]
    _federation_version: Option<serde_json::Value>,
    subgraphs: IndexMap<String, SubgraphConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubgraphConfig {
    #[serde(default)]
    routing_url: Option<String>,
    schema: SchemaSource,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SchemaSource {
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    subgraph_url: Option<String>,
    #[serde(default)]
    sdl: Option<String>,
}

/// Runs the command. Composition errors go to standard error, all of them, with exit code 1.
pub async fn run(args: ComposeArgs) -> Result<(), Failure> {
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
    let text = std::fs::read_to_string(path)
        .map_err(|error| Failure::setup(format!("cannot read {}: {error}", path.display())))?;
    let config: SupergraphConfig = serde_saphyr::from_str(&text).map_err(|error| {
        Failure::setup(format!(
            "{} is not a supergraph.yaml: {error}",
            path.display()
        ))
    })?;
    let directory = path.parent().unwrap_or(Path::new("."));
    let mut inputs = Vec::with_capacity(config.subgraphs.len());
    for (name, subgraph) in config.subgraphs {
        let sdl = read_schema(&name, &subgraph.schema, directory).await?;
        let url = subgraph
            .routing_url
            .or(subgraph.schema.subgraph_url)
            .unwrap_or_default();
        inputs.push(SubgraphInput { name, url, sdl });
    }
    compose(&inputs).map_err(Failure::failed)
}

async fn read_schema(
    name: &str,
    source: &SchemaSource,
    directory: &Path,
) -> Result<String, Failure> {
    match source {
        SchemaSource {
            file: Some(file),
            subgraph_url: None,
            sdl: None,
        } => {
            let path = directory.join(file);
            std::fs::read_to_string(&path).map_err(|error| {
                Failure::setup(format!(
                    "cannot read {}, the schema of {name}: {error}",
                    path.display()
                ))
            })
        }
        SchemaSource {
            sdl: Some(sdl),
            file: None,
            subgraph_url: None,
        } => Ok(sdl.clone()),
        SchemaSource {
            subgraph_url: Some(url),
            file: None,
            sdl: None,
        } => ask_for_schema(name, url).await,
        _ => Err(Failure::setup(format!(
            "subgraphs.{name}.schema needs exactly one of file, subgraph_url and sdl"
        ))),
    }
}

#[derive(Deserialize)]
struct ServiceAnswer {
    data: ServiceData,
}

#[derive(Deserialize)]
struct ServiceData {
    #[serde(rename = "_service")]
    service: Service,
}

#[derive(Deserialize)]
struct Service {
    sdl: String,
}

/// Asks a running subgraph for its schema (federation's `_service` field).
async fn ask_for_schema(name: &str, url: &str) -> Result<String, Failure> {
    let failed = |error: reqwest::Error| {
        Failure::failed(format!("{name} at {url} does not tell its schema: {error}"))
    };
    let client = reqwest::Client::builder()
        .timeout(ANSWER_WITHIN)
        .build()
        .map_err(failed)?;
    let body = serde_json::json!({ "query": "{ _service { sdl } }" });
    let answer = client.post(url).json(&body).send().await.map_err(failed)?;
    let answer: ServiceAnswer = answer
        .error_for_status()
        .map_err(failed)?
        .json()
        .await
        .map_err(failed)?;
    Ok(answer.data.service.sdl)
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
