//! rover's supergraph.yaml.

use std::io::Read;
use std::path::{Path, PathBuf};

use futures::future::join_all;
use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;
use souk_composition::SubgraphInput;
use souk_router::config::expand_text;

use super::introspect::Introspection;
use crate::failure::Failure;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SupergraphConfig {
    /// rover's choice of composer. Ours composes every version, so it is checked and not used.
    #[serde(default)]
    federation_version: Option<Value>,
    subgraphs: IndexMap<String, SubgraphConfig>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SubgraphConfig {
    #[serde(default)]
    routing_url: Option<String>,
    schema: SchemaSource,
}

/// Where a schema is: exactly one of `file`, `subgraph_url` and `sdl`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct SchemaSource {
    file: Option<String>,
    subgraph_url: Option<String>,
    sdl: Option<String>,
    /// Sent along to `subgraph_url`.
    introspection_headers: IndexMap<String, String>,
    /// rover reads a schema from Apollo's registry by these two; nothing else can.
    graphref: Option<String>,
    subgraph: Option<String>,
}

/// The subgraphs that a supergraph.yaml lists, with everything known but the schemas.
#[derive(Debug)]
pub(super) struct Listed {
    subgraphs: Vec<ListedSubgraph>,
}

#[derive(Debug)]
struct ListedSubgraph {
    name: String,
    /// Empty when it is not known.
    url: String,
    schema: Schema,
}

#[derive(Debug)]
enum Schema {
    Inline(String),
    File(PathBuf),
    Url(Introspection),
}

impl Listed {
    /// Reads a supergraph.yaml; `-` is standard input. All mistakes are in the error.
    pub(super) fn read(path: &Path) -> Result<Listed, Failure> {
        let text = match path == Path::new("-") {
            false => std::fs::read_to_string(path),
            true => {
                let mut text = String::new();
                std::io::stdin().read_to_string(&mut text).map(|_| text)
            }
        };
        let text = text
            .map_err(|error| Failure::setup(format!("cannot read {}: {error}", path.display())))?;
        let config: SupergraphConfig = serde_saphyr::from_str(&text).map_err(|error| {
            Failure::setup(format!(
                "{} is not a supergraph.yaml: {error}",
                path.display()
            ))
        })?;
        let directory = path.parent().unwrap_or(Path::new("."));
        let mut problems = Vec::new();
        problems.extend(config.federation_version.as_ref().and_then(wrong_version));
        if config.subgraphs.is_empty() {
            problems.push("subgraphs: there are none".to_owned());
        }
        let mut subgraphs = Vec::new();
        for (name, subgraph) in config.subgraphs {
            match listed(&name, subgraph, directory) {
                Ok(subgraph) => subgraphs.push(subgraph),
                Err(problem) => problems.push(format!("subgraphs.{name}.{problem}")),
            }
        }
        if problems.is_empty() {
            return Ok(Listed { subgraphs });
        }
        let problems = problems.join("\n");
        Err(Failure::setup(format!("{}: {problems}", path.display())))
    }

    /// The files that schemas are read from.
    pub(super) fn files(&self) -> impl Iterator<Item = &Path> {
        self.subgraphs
            .iter()
            .filter_map(|subgraph| match &subgraph.schema {
                Schema::File(path) => Some(path.as_path()),
                Schema::Inline(_) | Schema::Url(_) => None,
            })
    }

    /// The subgraphs that are nowhere to be reached.
    pub(super) fn without_url(&self) -> impl Iterator<Item = &str> {
        let unknown = self
            .subgraphs
            .iter()
            .filter(|subgraph| subgraph.url.is_empty());
        unknown.map(|subgraph| subgraph.name.as_str())
    }

    /// Where a subgraph's schema is, for who looks for a line of it: the file or the URL, else the subgraph's name.
    pub(super) fn source(&self, name: &str) -> String {
        let listed = self.subgraphs.iter().find(|subgraph| subgraph.name == name);
        match listed.map(|subgraph| &subgraph.schema) {
            Some(Schema::File(path)) => path.display().to_string(),
            Some(Schema::Url(introspection)) => introspection.url.to_string(),
            Some(Schema::Inline(_)) | None => name.to_owned(),
        }
    }

    /// True when a schema is asked for over HTTP.
    pub(super) fn introspects(&self) -> bool {
        let mut schemas = self.subgraphs.iter().map(|subgraph| &subgraph.schema);
        schemas.any(|schema| matches!(schema, Schema::Url(_)))
    }

    /// Reads all schemas, those over HTTP at the same time. All that cannot be read are in the error.
    pub(super) async fn subgraphs(&self) -> Result<Vec<SubgraphInput>, Failure> {
        let schemas = self.subgraphs.iter().map(ListedSubgraph::schema);
        let mut inputs = Vec::new();
        let mut failures = Vec::new();
        for (subgraph, schema) in self.subgraphs.iter().zip(join_all(schemas).await) {
            match schema {
                Ok(sdl) => inputs.push(SubgraphInput {
                    name: subgraph.name.clone(),
                    url: subgraph.url.clone(),
                    sdl,
                }),
                Err(failure) => failures.push(failure),
            }
        }
        match Failure::all(failures) {
            None => Ok(inputs),
            Some(failure) => Err(failure),
        }
    }
}

impl ListedSubgraph {
    async fn schema(&self) -> Result<String, Failure> {
        match &self.schema {
            Schema::Inline(sdl) => Ok(sdl.clone()),
            Schema::File(path) => tokio::fs::read_to_string(path).await.map_err(|error| {
                Failure::setup(format!(
                    "cannot read {}, the schema of {}: {error}",
                    path.display(),
                    self.name
                ))
            }),
            Schema::Url(introspection) => introspection.schema(&self.name).await,
        }
    }
}

/// What is wrong with a `federation_version`: rover knows `1`, `2` and exact versions such as `=2.9.0`.
fn wrong_version(version: &Value) -> Option<String> {
    let text = match version {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let exact = text.strip_prefix('=').unwrap_or(&text);
    let mut numbers = exact.trim_start_matches('v').splitn(3, '.');
    let is_known = matches!(numbers.next(), Some("1" | "2"));
    let is_version =
        is_known && numbers.all(|number| number.starts_with(|digit: char| digit.is_ascii_digit()));
    (!is_version).then(|| {
        format!(
            "federation_version: {text} is no version of federation; write 2, 1 or such as =2.9.0"
        )
    })
}

fn listed(name: &str, config: SubgraphConfig, directory: &Path) -> Result<ListedSubgraph, String> {
    let expanded = |key: &str, text: Option<String>| {
        text.map(|text| expand_text(&text).map_err(|problem| format!("{key}: {problem}")))
            .transpose()
    };
    let SchemaSource {
        file,
        subgraph_url,
        sdl,
        introspection_headers,
        graphref,
        subgraph,
    } = config.schema;
    let routing_url = expanded("routing_url", config.routing_url)?;
    let file = expanded("schema.file", file)?;
    let subgraph_url = expanded("schema.subgraph_url", subgraph_url)?;
    if graphref.is_some() || subgraph.is_some() {
        return Err(
            "schema.graphref: only rover can read schemas from Apollo's registry; fetch this one with \
             `rover subgraph fetch` and name its file"
                .to_owned(),
        );
    }
    if !introspection_headers.is_empty() && subgraph_url.is_none() {
        return Err("schema.introspection_headers: needs a schema.subgraph_url".to_owned());
    }
    let mut url = routing_url;
    let schema = match (file, subgraph_url, sdl) {
        (Some(file), None, None) => Schema::File(directory.join(file)),
        (None, None, Some(sdl)) => Schema::Inline(sdl),
        (None, Some(subgraph_url), None) => {
            let introspection = Introspection::new(&subgraph_url, &introspection_headers)?;
            url = url.or(Some(subgraph_url));
            Schema::Url(introspection)
        }
        _ => return Err("schema: needs exactly one of file, subgraph_url and sdl".to_owned()),
    };
    Ok(ListedSubgraph {
        name: name.to_owned(),
        url: url.unwrap_or_default(),
        schema,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn versions_of_federation_as_rover_writes_them() {
        for version in [
            json!(1),
            json!(2),
            json!("2"),
            json!("=2.9.0"),
            json!("=1.0"),
            json!(2.3),
        ] {
            assert_eq!(wrong_version(&version), None, "{version}");
        }
        for version in [
            json!(3),
            json!("latest"),
            json!("=2.x"),
            json!(null),
            json!([2]),
        ] {
            assert!(wrong_version(&version).is_some(), "{version}");
        }
    }
}
