//! A sample: a graph, its data and one operation, as texts.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;
use souk_composition::SubgraphInput;
use souk_planner::Credentials;

use crate::case::{Case, client_text, pretty};
use crate::data::{Data, Object};
use crate::graph::{Graph, UNSPLIT};

/// What fails, or does not.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// Names and schemas.
    pub subgraphs: Vec<(String, String)>,
    /// The schema that was split into them, for as long as it matters to the failure.
    pub unsplit: Option<String>,
    /// `data.json`
    pub data: Value,
    /// The operation's document; empty when the graph itself is what fails.
    pub operation: String,
    /// The operation's variables.
    pub variables: Object,
    /// The labels of progressive overrides that are on for it.
    pub labels: Vec<Arc<str>>,
    /// Who asks.
    pub client: Credentials,
}

impl Sample {
    /// Composes the graph.
    ///
    /// # Errors
    ///
    /// When the subgraphs do not compose, or what was split into them is no schema.
    pub(crate) fn graph(&self) -> Result<Graph, String> {
        let subgraphs = self.subgraphs.iter().map(|(name, sdl)| SubgraphInput {
            name: name.clone(),
            url: format!("http://{name}/graphql"),
            sdl: sdl.clone(),
        });
        let data = Data::of(&self.data);
        Graph::compose(Path::new(""), subgraphs.collect(), data, Default::default())?
            .split_from(self.unsplit.as_deref())
    }

    pub(crate) fn case(&self) -> Case {
        let mut case = Case::new(self.operation.clone(), self.variables.clone());
        case.labels.extend(self.labels.iter().cloned());
        case.client = self.client.clone();
        case
    }

    /// Writes the sample as a graph with one case. `comment` says what is wrong with it.
    ///
    /// # Panics
    ///
    /// When the folder cannot be written.
    pub fn write(&self, folder: &Path, comment: &str) {
        let write = |name: &str, text: String| {
            let path = folder.join(name);
            fs::write(&path, text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        };
        let _ = fs::remove_dir_all(folder);
        fs::create_dir_all(folder.join("cases"))
            .unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for (name, sdl) in &self.subgraphs {
            write(&format!("{name}.graphql"), sdl.clone());
        }
        if let Some(unsplit) = &self.unsplit {
            write(UNSPLIT, unsplit.clone());
        }
        write("data.json", pretty(&self.data));
        let mut operation = format!("# {comment}\n");
        if !self.variables.is_empty() {
            let variables = Value::Object(self.variables.clone());
            operation.push_str(&format!("# variables: {variables}\n"));
        }
        if !self.labels.is_empty() {
            operation.push_str(&format!("# labels: {}\n", self.labels.join(", ")));
        }
        if self.client != Credentials::default() {
            operation.push_str(&format!("# client: {}\n", client_text(&self.client)));
        }
        operation.push_str(match self.operation.as_str() {
            "" => "{ __typename }\n",
            asked => asked,
        });
        write("cases/operation.graphql", operation);
    }
}
