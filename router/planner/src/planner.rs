//! The planner: all stages in their order.

use std::collections::HashSet;
use std::sync::Arc;

use apollo_compiler::ExecutableDocument;
use apollo_compiler::executable::Operation;
use apollo_compiler::validation::Valid;

use crate::build::build;
use crate::credentials::{Authorization, Credentials};
use crate::error::PlanError;
use crate::gate::Gate;
use crate::normalise::{NormalSelection, normalise};
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
    /// document has a single operation. No label of a progressive override is on, and nothing is denied.
    pub fn plan(
        &self,
        document: &Valid<ExecutableDocument>,
        operation_name: Option<&str>,
    ) -> Result<QueryPlan, PlanError> {
        self.plan_for(
            document,
            operation_name,
            &HashSet::new(),
            Authorization::Off,
        )
    }

    /// As [`Planner::plan`], for one request: with the labels of progressive overrides that are on
    /// ([`Supergraph::override_labels`]), and for who sends it.
    pub fn plan_for(
        &self,
        document: &Valid<ExecutableDocument>,
        operation_name: Option<&str>,
        labels: &HashSet<Arc<str>>,
        authorization: Authorization<'_>,
    ) -> Result<QueryPlan, PlanError> {
        let operation = operation(document, operation_name)?;
        let mut gate = Gate::new(&self.supergraph, document, authorization);
        let selection = normalise(&self.supergraph, document, operation, gate.as_mut())?;
        let denials = gate.map_or(Ok(Vec::new()), Gate::denials)?;
        let (search, shaped) = self.search(operation, &selection, labels)?;
        Ok(QueryPlan {
            kind: operation.operation_type,
            root: build(&search, operation.name.as_ref(), &operation.variables),
            response: project(&search, &shaped)?,
            introspects: shaped.introspects(),
            denials,
        })
    }

    /// The credentials that make a difference to what an operation's plan is: those that its fields demand.
    pub fn credentials_asked(
        &self,
        document: &Valid<ExecutableDocument>,
        operation_name: Option<&str>,
    ) -> Result<Credentials, PlanError> {
        let Some(mut gate) = Gate::asking(&self.supergraph, document) else {
            return Ok(Credentials::default());
        };
        let operation = operation(document, operation_name)?;
        normalise(&self.supergraph, document, operation, Some(&mut gate))?;
        Ok(gate.asked())
    }

    /// How many steps the search for an operation's plan takes: what planning costs, independent of the machine and
    /// of its load. A plan that would take more than a fixed number of them is refused with
    /// [`PlanError::TooComplex`].
    pub fn effort(
        &self,
        document: &Valid<ExecutableDocument>,
        operation_name: Option<&str>,
    ) -> Result<u32, PlanError> {
        let operation = operation(document, operation_name)?;
        let selection = normalise(&self.supergraph, document, operation, None)?;
        let labels = HashSet::new();
        let (search, _) = self.search(operation, &selection, &labels)?;
        Ok(search.effort())
    }

    fn search<'s>(
        &'s self,
        operation: &Operation,
        selection: &'s NormalSelection,
        labels: &'s HashSet<Arc<str>>,
    ) -> Result<(Search<'s>, Shaped<'s>), PlanError> {
        Search::run(
            &self.supergraph,
            operation.operation_type,
            selection,
            labels,
        )
    }
}

fn operation<'d>(
    document: &'d ExecutableDocument,
    name: Option<&str>,
) -> Result<&'d Operation, PlanError> {
    let found = document.operations.get(name);
    let operation = found.map_err(|error| PlanError::Operation(error.message().to_string()))?;
    Ok(operation)
}
