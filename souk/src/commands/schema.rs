//! `souk schema`: the subgraphs' schemas as files.

use std::path::Path;

use crate::commands::compose::write_whole;
use crate::failure::Failure;
use crate::graph::{MEMBERS, Member};

/// Writes `{name}.graphql` for every subgraph.
pub fn export(directory: &Path) -> Result<(), Failure> {
    std::fs::create_dir_all(directory)
        .map_err(|error| Failure::setup(format!("cannot make {}: {error}", directory.display())))?;
    for member in MEMBERS {
        let path = directory.join(format!("{}.graphql", member.name));
        write_whole(&path, &sdl(member)?)?;
    }
    Ok(())
}

/// The subgraph's schema. Nothing is connected to: a schema does not depend on where it runs.
fn sdl(member: Member) -> Result<String, Failure> {
    Ok(member.unconnected()?.schema.sdl())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use apollo_compiler::schema::ExtendedType;
    use apollo_compiler::{Node, Schema};

    use super::*;
    use crate::commands::compose::compose_config;

    fn root() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    #[tokio::test]
    async fn the_checked_in_schemas_are_those_of_the_code() {
        for member in MEMBERS {
            let path = root().join(format!("schema/{}.graphql", member.name));
            let checked_in = std::fs::read_to_string(&path).unwrap();
            assert!(
                checked_in == sdl(member).unwrap(),
                "schema/{}.graphql is stale: run `make schema`",
                member.name
            );
        }
    }

    #[tokio::test]
    async fn the_checked_in_supergraph_is_what_the_schemas_compose_to() {
        let composed = compose_config(&root().join("supergraph.yaml"))
            .await
            .unwrap();
        let checked_in = std::fs::read_to_string(root().join("schema/supergraph.graphql")).unwrap();
        assert!(
            checked_in == composed.supergraph_sdl,
            "schema/supergraph.graphql is stale: run `make schema`"
        );
    }

    /// Partners integrate by introspecting the graph, so nothing in it may be left to guessing.
    #[test]
    fn everything_that_clients_see_is_described() {
        let sdl = std::fs::read_to_string(root().join("schema/supergraph.graphql")).unwrap();
        let supergraph = souk_planner::Supergraph::parse(&sdl).unwrap();
        let mut bare = Vec::new();
        for (name, kind) in &supergraph.api_schema().types {
            if !kind.is_built_in() {
                look(supergraph.api_schema(), name, kind, &mut bare);
            }
        }
        assert!(bare.is_empty(), "without a description: {bare:#?}");
    }

    /// Collects what has no description in the type, and what has the words of a library for its own users.
    fn look(schema: &Schema, name: &str, kind: &ExtendedType, bare: &mut Vec<String>) {
        let mut note = |place: String, description: Option<&Node<str>>| {
            if !description.is_some_and(|text| !text.is_empty() && !text.starts_with("Implement")) {
                bare.push(place);
            }
        };
        note(name.to_owned(), kind.description());
        let fields = match kind {
            ExtendedType::Object(object) => &object.fields,
            ExtendedType::Interface(interface) => &interface.fields,
            ExtendedType::Enum(values) => {
                for (value, definition) in &values.values {
                    note(format!("{name}.{value}"), definition.description.as_ref());
                }
                return;
            }
            ExtendedType::InputObject(input) => {
                for (field, definition) in &input.fields {
                    note(format!("{name}.{field}"), definition.description.as_ref());
                }
                return;
            }
            ExtendedType::Scalar(_) | ExtendedType::Union(_) => return,
        };
        for (field, definition) in fields {
            note(format!("{name}.{field}"), definition.description.as_ref());
            for argument in &definition.arguments {
                // A mutation's one input is described by its type.
                if schema
                    .get_input_object(argument.ty.inner_named_type())
                    .is_some()
                {
                    continue;
                }
                let place = format!("{name}.{field}({})", argument.name);
                note(place, argument.description.as_ref());
            }
        }
    }
}
