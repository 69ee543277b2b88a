//! Single Root Field (specification, section 5.2.3.1). The compiler counts the fields that a subscription has at its
//! root, and not what they merge to.

use std::collections::HashSet;

use apollo_compiler::Name;
use apollo_compiler::diagnostic::{Diagnostic, ToCliReport};
use apollo_compiler::executable::{ExecutableDocument, Operation, Selection};
use apollo_compiler::validation::DiagnosticData;

/// Whether a finding of the compiler is that a subscription has several root fields, when it has one response key.
pub(super) fn is_miscounted(
    finding: &Diagnostic<'_, DiagnosticData>,
    document: &ExecutableDocument,
) -> bool {
    let message = finding.error.to_string();
    if !message.ends_with("can only have one root field") {
        return false;
    }
    let mut operations = document.operations.iter();
    let operation = operations.find(|operation| operation.location() == finding.error.location());
    operation.is_some_and(|operation| root_response_keys(document, operation).len() == 1)
}

fn root_response_keys<'a>(
    document: &'a ExecutableDocument,
    operation: &'a Operation,
) -> HashSet<&'a Name> {
    let mut keys = HashSet::new();
    let mut entered = HashSet::new();
    let mut sets = vec![&operation.selection_set];
    while let Some(set) = sets.pop() {
        for selection in &set.selections {
            match selection {
                Selection::Field(field) => {
                    keys.insert(field.response_key());
                }
                Selection::InlineFragment(fragment) => sets.push(&fragment.selection_set),
                Selection::FragmentSpread(spread) => {
                    if let Some(fragment) = document.fragments.get(&spread.fragment_name)
                        && entered.insert(&spread.fragment_name)
                    {
                        sets.push(&fragment.selection_set);
                    }
                }
            }
        }
    }
    keys
}
