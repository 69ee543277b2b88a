//! The supergraph's own machinery: the schema definition with its links, and the definitions of the
//! `link` and `join` specifications.

use super::print;
use crate::merge::Merged;
use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Directive, DirectiveList, FieldDefinition};

const DIRECTIVES: &str = r#"
directive @link(url: String, as: String, for: link__Purpose, import: [link__Import]) repeatable on SCHEMA

directive @join__graph(name: String!, url: String!) on ENUM_VALUE

directive @join__type(graph: join__Graph!, key: join__FieldSet, extension: Boolean! = false, resolvable: Boolean! = true, isInterfaceObject: Boolean! = false) repeatable on OBJECT | INTERFACE | UNION | ENUM | INPUT_OBJECT | SCALAR

directive @join__implements(graph: join__Graph!, interface: String!) repeatable on OBJECT | INTERFACE

directive @join__unionMember(graph: join__Graph!, member: String!) repeatable on UNION

directive @join__enumValue(graph: join__Graph!) repeatable on ENUM_VALUE
"#;

const FIELD_V0_3: &str = r#"
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION
"#;

/// Version 0.4 adds progressive overrides, and directives that are passed through.
const FIELD_V0_4: &str = r#"
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

scalar join__DirectiveArguments
"#;

const TAG: &str = r#"
directive @tag(name: String!) repeatable on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION | SCHEMA
"#;

const INACCESSIBLE: &str = r#"
directive @inaccessible on FIELD_DEFINITION | OBJECT | INTERFACE | UNION | ARGUMENT_DEFINITION | SCALAR | ENUM | ENUM_VALUE | INPUT_OBJECT | INPUT_FIELD_DEFINITION
"#;

const COST: &str = r#"
directive @cost(weight: Int!) on ARGUMENT_DEFINITION | ENUM | FIELD_DEFINITION | INPUT_FIELD_DEFINITION | OBJECT | SCALAR
"#;

const LIST_SIZE: &str = r#"
directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
"#;

const TYPES: &str = r#"
scalar join__FieldSet

scalar link__Import

enum link__Purpose {
  """What protects data; a router that does not know such a feature must refuse the schema."""
  SECURITY

  """What a router needs to know to execute operations."""
  EXECUTION
}
"#;

/// Prints everything that does not come from a subgraph's types.
pub(super) fn header(merged: &Merged, out: &mut String) {
    let features = Features::of(merged);
    schema_definition(merged, &features, out);
    out.push_str(DIRECTIVES);
    out.push_str(if features.override_label {
        FIELD_V0_4
    } else {
        FIELD_V0_3
    });
    if features.tag {
        out.push_str(TAG);
    }
    if features.inaccessible {
        out.push_str(INACCESSIBLE);
    }
    if features.cost {
        out.push_str(COST);
    }
    if features.list_size {
        out.push_str(LIST_SIZE);
    }
    for definition in merged.executable_directives.values() {
        out.push('\n');
        print::directive_definition(definition, out);
    }
    out.push_str(TYPES);
    out.push_str("\nenum join__Graph {\n");
    for graph in &merged.graphs {
        let name = apollo_compiler::ast::Value::String(graph.name.clone());
        let url = apollo_compiler::ast::Value::String(graph.url.clone());
        out.push_str(&format!(
            "  {} @join__graph(name: {name}, url: {url})\n",
            graph.value
        ));
    }
    out.push_str("}\n");
}

fn schema_definition(merged: &Merged, features: &Features, out: &mut String) {
    let join = if features.override_label {
        "v0.4"
    } else {
        "v0.3"
    };
    out.push_str("schema\n");
    out.push_str("  @link(url: \"https://specs.apollo.dev/link/v1.0\")\n");
    out.push_str(&format!(
        "  @link(url: \"https://specs.apollo.dev/join/{join}\", for: EXECUTION)\n"
    ));
    if features.tag {
        out.push_str("  @link(url: \"https://specs.apollo.dev/tag/v0.3\")\n");
    }
    if features.inaccessible {
        out.push_str(
            "  @link(url: \"https://specs.apollo.dev/inaccessible/v0.2\", for: SECURITY)\n",
        );
    }
    if features.cost || features.list_size {
        // The specification's main directive has its own name; another has to be imported.
        let import = if features.list_size {
            ", import: [\"@listSize\"]"
        } else {
            ""
        };
        out.push_str(&format!(
            "  @link(url: \"https://specs.apollo.dev/cost/v0.1\"{import})\n"
        ));
    }
    for directive in &merged.schema_directives {
        out.push_str(&format!("  {directive}\n"));
    }
    out.push_str("{\n");
    for (operation, root) in [
        ("query", "Query"),
        ("mutation", "Mutation"),
        ("subscription", "Subscription"),
    ] {
        if merged.types.contains_key(root) {
            out.push_str(&format!("  {operation}: {root}\n"));
        }
    }
    out.push_str("}\n");
}

/// What the supergraph uses beyond the basics.
#[derive(Debug, Default)]
struct Features {
    tag: bool,
    inaccessible: bool,
    override_label: bool,
    cost: bool,
    list_size: bool,
}

impl Features {
    fn of(merged: &Merged) -> Self {
        let mut features = Self::default();
        for directive in &merged.schema_directives {
            features.add(directive);
        }
        for definition in merged.types.values() {
            features.add_all(definition.directives());
            match definition {
                Definition::ObjectTypeDefinition(object) => features.add_fields(&object.fields),
                Definition::InterfaceTypeDefinition(interface) => {
                    features.add_fields(&interface.fields);
                }
                Definition::EnumTypeDefinition(definition) => {
                    for value in &definition.values {
                        features.add_all(&value.directives);
                    }
                }
                Definition::InputObjectTypeDefinition(input) => {
                    for field in &input.fields {
                        features.add_all(&field.directives);
                    }
                }
                _ => {}
            }
        }
        features
    }

    fn add_fields(&mut self, fields: &[Node<FieldDefinition>]) {
        for field in fields {
            self.add_all(&field.directives);
            for argument in &field.arguments {
                self.add_all(&argument.directives);
            }
        }
    }

    fn add_all(&mut self, directives: &DirectiveList) {
        for directive in directives {
            self.add(directive);
        }
    }

    fn add(&mut self, directive: &Node<Directive>) {
        match directive.name.as_str() {
            "tag" => self.tag = true,
            "inaccessible" => self.inaccessible = true,
            "cost" => self.cost = true,
            "listSize" => self.list_size = true,
            "join__field" => {
                self.override_label |= directive
                    .specified_argument_by_name("overrideLabel")
                    .is_some();
            }
            _ => {}
        }
    }
}
