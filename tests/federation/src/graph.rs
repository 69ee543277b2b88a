//! A graph: a folder with its subgraphs' schemas and its data.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;
use souk_composition::{SubgraphInput, compose};
use souk_planner::Supergraph;

use crate::data::Data;
use crate::normal::differences;

/// The file with the schema that was split into the subgraphs. It is no subgraph's: those end in `.graphql`.
pub(crate) const UNSPLIT: &str = "unsplit.graphqls";

/// A graph, composed.
pub struct Graph {
    /// The folder that it was read from.
    pub folder: PathBuf,
    /// What our composition made of the subgraphs.
    pub supergraph: Arc<Supergraph>,
    pub(crate) subgraphs: Vec<SubgraphInput>,
    pub(crate) data: Data,
    /// What single subgraphs say otherwise.
    pub(crate) patches: BTreeMap<String, Data>,
    /// The API schema as composition writes it.
    api_sdl: String,
    /// The schema that was split into the subgraphs, if there was one.
    unsplit: Option<Valid<Schema>>,
}

impl Graph {
    /// Reads and composes the graph of a folder.
    ///
    /// # Panics
    ///
    /// When a file cannot be read or the subgraphs do not compose.
    pub fn read(folder: &Path) -> Graph {
        let mut subgraphs = Vec::new();
        let mut data = Data::default();
        let mut patches = BTreeMap::new();
        let mut unsplit = None;
        for path in sorted(folder) {
            let name = path
                .file_name()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            if let Some(subgraph) = name.strip_suffix(".graphql") {
                subgraphs.push(SubgraphInput {
                    name: subgraph.to_owned(),
                    url: format!("http://{subgraph}/graphql"),
                    sdl: fs::read_to_string(&path).expect("a readable schema"),
                });
            } else if name == UNSPLIT {
                unsplit = Some(fs::read_to_string(&path).expect("a readable schema"));
            } else if name == "data.json" {
                data = Data::parse(&fs::read_to_string(&path).expect("readable data"));
            } else if let Some(subgraph) = name
                .strip_prefix("data.")
                .and_then(|name| name.strip_suffix(".json"))
            {
                let patch = Data::parse(&fs::read_to_string(&path).expect("readable data"));
                patches.insert(subgraph.to_owned(), patch);
            }
        }
        Graph::compose(folder, subgraphs, data, patches)
            .and_then(|graph| graph.split_from(unsplit.as_deref()))
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Composes a graph of subgraphs.
    pub(crate) fn compose(
        folder: &Path,
        subgraphs: Vec<SubgraphInput>,
        data: Data,
        patches: BTreeMap<String, Data>,
    ) -> Result<Graph, String> {
        let composed = compose(&subgraphs)
            .map_err(|errors| format!("{errors}\n{} does not compose", folder.display()))?;
        let supergraph = Supergraph::parse(&composed.supergraph_sdl)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        Ok(Graph {
            folder: folder.to_owned(),
            supergraph: Arc::new(supergraph),
            subgraphs,
            data,
            patches,
            api_sdl: composed.api_sdl,
            unsplit: None,
        })
    }

    /// Says which schema was split into the subgraphs, if one was.
    ///
    /// # Errors
    ///
    /// When it is no schema.
    pub(crate) fn split_from(mut self, unsplit: Option<&str>) -> Result<Graph, String> {
        self.unsplit = unsplit.map(|sdl| parse(sdl, UNSPLIT)).transpose()?;
        Ok(self)
    }

    /// How the API schema differs from the schema that was split into the subgraphs, an element a line: both as
    /// composition writes it, and as it is read from the supergraph. `None` if it does not, or no schema was split.
    ///
    /// # Panics
    ///
    /// When composition writes what is no schema.
    pub fn difference(&self) -> Option<String> {
        let unsplit = self.unsplit.as_ref()?;
        let written = parse(&self.api_sdl, "api.graphql").unwrap_or_else(|error| panic!("{error}"));
        let found = [&written, self.api_schema()]
            .into_iter()
            .map(|schema| differences(unsplit, schema))
            .find(|found| !found.is_empty())?;
        Some(found.join("\n"))
    }

    /// The schema of the whole graph: the one that was split into the subgraphs, or what composition made of them.
    pub(crate) fn whole_schema(&self) -> &Valid<Schema> {
        self.unsplit.as_ref().unwrap_or_else(|| self.api_schema())
    }

    /// Every graph below a folder: those folders that have a `cases` folder in them.
    pub fn all_below(root: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for path in sorted(root) {
            if path.join("cases").is_dir() {
                found.push(path);
            } else if path.is_dir() {
                found.extend(Graph::all_below(&path));
            }
        }
        found
    }

    /// Whether a subgraph of it fails on purpose, in this process only.
    pub fn has_faults(&self) -> bool {
        self.patches.values().any(|patch| patch.fault().is_some())
    }

    /// The schema that clients see.
    pub(crate) fn api_schema(&self) -> &Valid<Schema> {
        self.supergraph.api_schema()
    }
}

fn parse(sdl: &str, name: &str) -> Result<Valid<Schema>, String> {
    Schema::parse_and_validate(sdl, name).map_err(|error| error.to_string())
}

pub(crate) fn sorted(folder: &Path) -> Vec<PathBuf> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<PathBuf> = entries
        .map(|entry| entry.expect("an entry").path())
        .collect();
    paths.sort();
    paths
}
