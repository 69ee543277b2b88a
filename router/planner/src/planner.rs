//! The planner: all stages in their order.

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::Operation;
use apollo_compiler::validation::Valid;

use crate::build::build;
use crate::error::PlanError;
use crate::normalise::normalise;
use crate::plan::QueryPlan;
use crate::projection::project;
use crate::search::{Search, Shaped};
use crate::supergraph::Supergraph;

/// Makes query plans for one supergraph. Cheap to clone, planning needs no lock.
#[derive(Debug, Clone)]
pub struct Planner {
    supergraph: Arc<Supergraph>,
}

impl Planner {
    /// A planner for this supergraph.
    pub fn new(supergraph: Arc<Supergraph>) -> Planner {
        Planner { supergraph }
    }

    /// The supergraph that plans are made for.
    pub fn supergraph(&self) -> &Arc<Supergraph> {
        &self.supergraph
    }

    /// Plans an operation of a document that is valid against the API schema. The name may be absent when the
    /// document has a single operation. No label of a progressive override is on.
    pub fn plan(
        &self,
        document: &Valid<ExecutableDocument>,
        operation_name: Option<&str>,
    ) -> Result<QueryPlan, PlanError> {
        self.plan_with_labels(document, operation_name, &HashSet::new())
    }

    /// As [`Planner::plan`], with the labels of progressive overrides that are on for this request; see
    /// [`crate::Supergraph::override_labels`].
    pub fn plan_with_labels(
        &self,
        document: &Valid<ExecutableDocument>,
        operation_name: Option<&str>,
        labels: &HashSet<Arc<str>>,
    ) -> Result<QueryPlan, PlanError> {
        self.search(
            document,
            operation_name,
            labels,
            |search, shaped, operation| {
                Ok(QueryPlan {
                    kind: operation.operation_type,
                    root: build(search, operation.name.as_ref(), &operation.variables),
                    response: project(search, shaped)?,
                    introspects: shaped.introspects(),
                })
            },
        )
    }

    /// How many steps the search for an operation's plan takes: what planning costs, independent of the machine and
    /// of its load. A plan that would take more than a fixed number of them is refused with
    /// [`PlanError::TooComplex`].
    pub fn effort(
        &self,
        document: &Valid<ExecutableDocument>,
        operation_name: Option<&str>,
    ) -> Result<u32, PlanError> {
        let labels = HashSet::new();
        self.search(document, operation_name, &labels, |search, _, _| {
            Ok(search.effort())
        })
    }

    fn search<T>(
        &self,
        document: &Valid<ExecutableDocument>,
        operation_name: Option<&str>,
        labels: &HashSet<Arc<str>>,
        found: impl FnOnce(&Search<'_>, &Shaped<'_>, &Operation) -> Result<T, PlanError>,
    ) -> Result<T, PlanError> {
        let operation = document
            .operations
            .get(operation_name)
            .map_err(|error| PlanError::Operation(error.message().to_string()))?;
        let selection = normalise(&self.supergraph, document, operation)?;
        let (search, shaped) = Search::run(
            &self.supergraph,
            operation.operation_type,
            &selection,
            labels,
        )?;
        found(&search, &shaped, operation)
    }
}
