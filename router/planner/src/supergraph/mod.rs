//! Reading a supergraph schema: federation model, API schema, subgraphs.

mod api;
pub(crate) mod authorization;
mod context_arguments;
mod federation_1;
mod join;
mod links;
mod type_text;

use std::collections::BTreeSet;
use std::sync::Arc;

use apollo_compiler::Schema;
use apollo_compiler::validation::Valid;

use authorization::Demands;

use crate::credentials::Credentials;
use crate::field_set::FieldSetError;
use crate::graph::Graph;
use crate::model::{Model, TypeId, TypeKind};
use crate::problems::problems;

/// A supergraph, ready to plan on. Immutable; share it in an [`Arc`].
#[derive(Debug)]
pub struct Supergraph {
    api_schema: Valid<Schema>,
    model: Model,
    graph: Graph,
    /// By type id: see [`possible_in`].
    possible: Vec<Arc<[TypeId]>>,
    has_interface_objects: bool,
    demands: Option<Demands>,
}

/// A subgraph's name and address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SubgraphInfo {
    /// As `join__graph(name:)` has it.
    pub name: Arc<str>,
    /// May be empty.
    pub url: String,
}

/// Why a supergraph could not be read.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SupergraphError {
    /// Not a GraphQL schema.
    #[error("the supergraph is not a valid GraphQL schema:\n{0}")]
    Syntax(String),
    /// No `enum join__Graph`, or an unknown version of the join specification.
    #[error("this is not a supergraph schema: {0}")]
    NotASupergraph(String),
    /// A link that must be understood, but is not.
    #[error("the supergraph needs `{url}` for {purpose}, which is not supported")]
    UnsupportedLink {
        /// The link's URL.
        url: String,
        /// `SECURITY` or `EXECUTION`.
        purpose: String,
    },
    /// A `join__` directive that makes no sense.
    #[error("{at}: {problem}")]
    Join {
        /// Schema coordinate.
        at: String,
        /// What is wrong.
        problem: String,
    },
    /// A field set that cannot be parsed.
    #[error("{at}: {source}")]
    FieldSet {
        /// Schema coordinate.
        at: String,
        /// The parser's complaint.
        source: FieldSetError,
    },
    /// What is left without inaccessible elements is no valid schema.
    #[error("the API schema is not valid:\n{0}")]
    ApiSchema(String),
}

impl Supergraph {
    /// Reads a supergraph schema as Apollo's composition or ours writes it (join specification v0.1 to v0.5).
    pub fn parse(sdl: &str) -> Result<Supergraph, SupergraphError> {
        let schema = Schema::parse(sdl, "supergraph.graphql")
            .map_err(|found| SupergraphError::Syntax(problems(&found.errors)))?;
        let links = links::Links::read(&schema)?;
        let model = join::read(&schema, &links)?;
        let graph = Graph::new(&model);
        let demands = authorization::read(&schema, &links);
        let api_schema = api::api_schema(schema, &links)?;
        let ids = (0..model.types.len() as u32).map(TypeId);
        let possible = ids.map(|id| possible_in(&api_schema, &model, id)).collect();
        let mut subgraphs = model.types.values().flat_map(|ty| ty.subgraphs.values());
        let has_interface_objects = subgraphs.any(|here| here.interface_object);
        Ok(Supergraph {
            api_schema,
            model,
            graph,
            possible,
            has_interface_objects,
            demands,
        })
    }

    /// The schema clients see: no join machinery, no `@inaccessible` element.
    pub fn api_schema(&self) -> &Valid<Schema> {
        &self.api_schema
    }

    /// The subgraphs, in the supergraph's order.
    pub fn subgraphs(&self) -> impl Iterator<Item = SubgraphInfo> {
        self.model.subgraphs.iter().map(|subgraph| SubgraphInfo {
            name: subgraph.name.clone(),
            url: subgraph.url.clone(),
        })
    }

    /// The labels of the progressive overrides in the supergraph, each once: names that the router's owner gives a
    /// meaning, and `percent(x)`.
    pub fn override_labels(&self) -> impl Iterator<Item = &Arc<str>> {
        let types = self.model.types.values();
        let fields =
            types.flat_map(|ty| ty.subgraphs.values().flat_map(|here| here.fields.values()));
        let labels: BTreeSet<&Arc<str>> = fields
            .filter_map(|field| field.override_label.as_ref())
            .collect();
        labels.into_iter()
    }

    /// What each subgraph knows of each type.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The moves between (type, subgraph) nodes.
    pub fn graph(&self) -> &Graph {
        &self.graph
    }

    /// The object types of the API schema that a type may be at run time, sorted; itself, when it is an interface that
    /// nothing implements and interface objects stand for.
    pub(crate) fn possible(&self, ty: TypeId) -> &Arc<[TypeId]> {
        &self.possible[ty.0 as usize]
    }

    /// Whether a subgraph knows an interface without its types.
    pub(crate) fn has_interface_objects(&self) -> bool {
        self.has_interface_objects
    }

    /// Whether some elements are not for everybody.
    pub fn has_protected_elements(&self) -> bool {
        self.demands.is_some()
    }

    /// All credentials that make a difference to what is seen, somewhere.
    pub fn credentials_asked(&self) -> Credentials {
        self.demands
            .as_ref()
            .map_or_else(Credentials::default, Demands::asked)
    }

    /// What elements demand; `None` when none does.
    pub(crate) fn demands(&self) -> Option<&Demands> {
        self.demands.as_ref()
    }

    pub(crate) fn is_object(&self, ty: TypeId) -> bool {
        self.model.ty(ty).kind == TypeKind::Object
    }
}

fn possible_in(api_schema: &Schema, model: &Model, id: TypeId) -> Arc<[TypeId]> {
    let ty = model.ty(id);
    let in_api = |id: &TypeId| api_schema.types.contains_key(&model.ty(*id).name);
    let mut stand_ins = ty.subgraphs.values().filter(|here| here.interface_object);
    if ty.possible.is_empty() && stand_ins.next().is_some() && in_api(&id) {
        return Arc::new([id]);
    }
    ty.possible.iter().copied().filter(in_api).collect()
}
