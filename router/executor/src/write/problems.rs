//! What is wrong with the values of a response.

use hashbrown::HashSet;

use super::explained::Explained;
use super::origin::Origins;
use crate::brought::{Brought, Start};
use crate::client_errors::ClientErrors;
use crate::errors::GraphQLError;
use crate::observe::Fault;
use crate::place::{KeptPlace, Place};
use crate::prepared::{Field, PreparedPlan};
use crate::symbols::{NO_SYMBOL, Symbol};
use crate::tree::{ObjectId, Tree};

/// The code of these errors.
pub(crate) const VALIDATION_FAILED: &str = "RESPONSE_VALIDATION_FAILED";

/// More errors than this are counted, not shown: a list of a million nulls is one mistake.
const MAX_ERRORS: usize = 500;

/// The errors, and who is to blame for them.
pub(super) struct Found<'a> {
    pub errors: Vec<GraphQLError>,
    /// One for each subgraph.
    pub faults: Vec<Fault<'a>>,
}

/// Collects errors of values that the API schema does not allow where they are. Each names the subgraph that the value came
/// from, where it is known and clients may learn it.
pub(super) struct Problems<'a> {
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    conditions: &'a [bool],
    fetch_errors: &'a ClientErrors<'a>,
    /// Whether clients may learn the name of a subgraph.
    may_learn: &'a dyn Fn(&str) -> bool,
    /// What `fetch_errors` explain; made when there is something to explain.
    explained: Option<Explained<'a>>,
    /// Where values came from; made for the first error.
    origins: Option<Origins<'a>>,
    /// The nulls that have an error, each by its object and the object's key.
    mistakes: HashSet<(ObjectId, Symbol)>,
    found: Found<'a>,
    /// How many more errors there would be.
    unreported: usize,
}

impl<'a> Problems<'a> {
    /// None yet.
    pub fn new(
        tree: &'a Tree,
        plan: &'a PreparedPlan,
        conditions: &'a [bool],
        fetch_errors: &'a ClientErrors<'a>,
        may_learn: &'a dyn Fn(&str) -> bool,
    ) -> Problems<'a> {
        Problems {
            tree,
            plan,
            conditions,
            fetch_errors,
            may_learn,
            explained: None,
            origins: None,
            mistakes: HashSet::new(),
            found: Found {
                errors: Vec::new(),
                faults: Vec::new(),
            },
            unreported: 0,
        }
    }

    /// All that was found.
    pub fn into_found(mut self) -> Found<'a> {
        if self.unreported > 0 {
            let message = format!("{} more errors", self.unreported);
            let rest = GraphQLError::new(message, VALIDATION_FAILED);
            self.found.errors.push(rest);
        }
        self.found
    }

    /// A null where none may be, unless a subgraph has explained it already: a field has one error only (section 6.4.4).
    /// It `is_missing` when no subgraph brought even the null.
    pub fn null(&mut self, field: &Field, place: &Place<'_>, is_missing: bool) {
        let here = place.to_kept(self.tree, None);
        let starts = |brought: &Brought<'a>| brought.starts_of_field(&here);
        if self.is_explained(&here, starts) || is_missing && self.is_kept_out(&here, starts) {
            return;
        }
        let key = &field.response_key;
        let message = format!("cannot return null for non-nullable field '{key}'");
        self.add(message, &here, is_missing, starts);
        if !is_missing && let Some(object) = here.last_object() {
            self.mistakes.insert((object, field.source));
        }
    }

    /// A nullable field that no subgraph brought. It has an error only if one should have been asked and could not be; when
    /// there are errors enough it is not looked at.
    pub fn missing(&mut self, place: &Place<'_>) {
        if self.found.errors.len() >= MAX_ERRORS {
            return;
        }
        let here = place.to_kept(self.tree, None);
        let starts = |brought: &Brought<'a>| brought.starts_of_field(&here);
        if !self.is_explained(&here, starts) {
            self.is_kept_out(&here, starts);
        }
    }

    /// Whether what is missing at a place could not be asked for, because something is null that may not be. Adds the error,
    /// one for each such null.
    fn is_kept_out(
        &mut self,
        here: &KeptPlace<'_>,
        starts: impl Fn(&Brought<'a>) -> Vec<Start<'a>>,
    ) -> bool {
        if self.fetch_errors.noted.mistaken.is_empty() {
            return false;
        }
        let Some(mistake) = self.origins().mistake(here, starts) else {
            return false;
        };
        if self.mistakes.insert((mistake.object, mistake.key)) {
            let message = "cannot be fetched: a key is null where it may not be".to_owned();
            // The client may not know that there is such a field.
            let details = format!(
                "cannot be fetched: the key '{}' is null where it may not be",
                mistake.name
            );
            self.add_with_details(
                message,
                Some(details),
                here,
                false,
                |brought| match mistake.depth {
                    Some(depth) => brought.starts_of_key(here, depth, mistake.key),
                    None => Vec::new(),
                },
            );
        }
        true
    }

    /// A value that is not of the field's type.
    pub fn value(&mut self, message: String, place: &Place<'_>) {
        let here = place.to_kept(self.tree, None);
        let starts = |brought: &Brought<'a>| brought.starts_of_field(&here);
        self.add(message, &here, false, starts);
    }

    /// An object whose type is not known or not possible, unless the fetch that knows the concrete type failed.
    pub fn object_type(
        &mut self,
        field: &Field,
        place: &Place<'_>,
        object: ObjectId,
        type_name: Symbol,
    ) {
        let here = place.to_kept(self.tree, Some(object));
        let is_explained = self.is_explained(&here, |brought| {
            let mut starts = brought.starts_of_field(&here);
            starts.extend(brought.starts_of_type(&here));
            starts
        });
        let starts = |brought: &Brought<'a>| brought.starts_of_type(&here);
        if is_explained || self.is_kept_out(&here, starts) {
            return;
        }
        let expected = &field.type_name;
        let is_missing = type_name == NO_SYMBOL;
        let message = match is_missing {
            true => format!("the type of a {expected} is unknown"),
            false => format!("{expected} has a value of a type that is not possible here"),
        };
        // An object type is known without being asked for: a wrong one comes with the object.
        let is_known = field.is_of_object_type(&self.plan.symbols);
        self.add(message, &here, is_missing, |brought| match is_known {
            true => brought.starts_of_field(&here),
            false => brought.starts_of_type(&here),
        });
    }

    /// Whether the error of a fetch explains what is missing at a place; see [`Explained::explains`].
    fn is_explained(
        &mut self,
        place: &KeptPlace<'_>,
        starts: impl Fn(&Brought<'a>) -> Vec<Start<'a>>,
    ) -> bool {
        if self.fetch_errors.errors.is_empty() {
            return false;
        }
        let (errors, plan) = (self.fetch_errors, self.plan);
        self.explained
            .get_or_insert_with(|| Explained::by(errors, plan))
            .explains(place, starts)
    }

    fn add(
        &mut self,
        message: String,
        place: &KeptPlace<'_>,
        is_missing: bool,
        starts: impl Fn(&Brought<'a>) -> Vec<Start<'a>>,
    ) {
        self.add_with_details(message, None, place, is_missing, starts);
    }

    /// Adds an error. Those who may learn which subgraph is to blame are told the details in place of the message.
    fn add_with_details(
        &mut self,
        message: String,
        details: Option<String>,
        place: &KeptPlace<'_>,
        is_missing: bool,
        starts: impl Fn(&Brought<'a>) -> Vec<Start<'a>>,
    ) {
        if self.found.errors.len() >= MAX_ERRORS {
            self.unreported += 1;
            return;
        }
        let error = GraphQLError::new(message, VALIDATION_FAILED).at(place.path.clone());
        let detailed = match details {
            Some(message) => GraphQLError {
                message,
                ..error.clone()
            },
            None => error.clone(),
        };
        let subgraph = self.origins().subgraph(place, is_missing, starts);
        self.blame(subgraph, &detailed);
        let named = subgraph.filter(|subgraph| (self.may_learn)(subgraph));
        self.found.errors.push(match named {
            Some(subgraph) => detailed.with_extension("service", subgraph),
            None => error,
        });
    }

    fn origins(&mut self) -> &Origins<'a> {
        let (tree, plan, conditions) = (self.tree, self.plan, self.conditions);
        self.origins
            .get_or_insert_with(|| Origins::new(tree, plan, conditions))
    }

    fn blame(&mut self, subgraph: Option<&'a str>, error: &GraphQLError) {
        let mut faults = self.found.faults.iter_mut();
        match faults.find(|fault| fault.subgraph == subgraph) {
            Some(fault) => fault.errors += 1,
            None => self.found.faults.push(Fault {
                subgraph,
                first: error.clone(),
                errors: 1,
            }),
        }
    }
}
