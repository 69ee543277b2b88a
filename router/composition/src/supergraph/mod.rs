//! The merged types as text: the supergraph schema for routers, the API schema for clients.

mod api;
mod header;
mod inaccessible;
mod print;

pub(crate) use api::api_schema;

use crate::merge::Merged;

/// The supergraph schema. Definitions are sorted by name, so the text depends on nothing but what
/// the subgraphs say.
pub(crate) fn print(merged: &Merged) -> String {
    let mut out = String::new();
    header::header(merged, &mut out);
    for definition in merged.types.values() {
        out.push('\n');
        print::definition(definition, &mut out);
    }
    out
}
