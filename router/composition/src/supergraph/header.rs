//! The supergraph's own machinery: the schema definition with its links, and the definitions of the
//! `link` and `join` specifications.

use super::names::Names;
use super::{Reader, print};
use crate::merge::Merged;
use crate::specs::{self, KeptSpec};
use crate::subgraph::canonical::directive_lists;
use apollo_compiler::ast::Directive;
use std::collections::{BTreeMap, BTreeSet};

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

/// Version 0.4 adds progressive overrides, and directives that are passed on.
const FIELD_V0_4: &str = r#"
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

scalar join__DirectiveArguments
"#;

/// Version 0.5 adds arguments that come from contexts.
const FIELD_V0_5: &str = r#"
directive @join__field(graph: join__Graph, requires: join__FieldSet, provides: join__FieldSet, type: String, external: Boolean, override: String, usedOverridden: Boolean, overrideLabel: String, contextArguments: [join__ContextArgument!]) repeatable on FIELD_DEFINITION | INPUT_FIELD_DEFINITION

directive @join__directive(graphs: [join__Graph!], name: String!, args: join__DirectiveArguments) repeatable on SCHEMA | OBJECT | INTERFACE | FIELD_DEFINITION

scalar join__DirectiveArguments

scalar join__FieldValue

input join__ContextArgument {
  name: String!
  type: String!
  context: String!
  selection: join__FieldValue!
}
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
pub(super) fn header(merged: &Merged, names: &Names, reader: Reader, out: &mut String) {
    let features = Features::of(merged);
    let links: Vec<&KeptSpec> = specs::KEPT_SPECS
        .iter()
        .filter(|spec| features.uses(spec) && reader.needs(spec))
        .collect();
    schema_definition(merged, names, &features, &links, out);
    out.push_str(DIRECTIVES);
    out.push_str(match features.join_version() {
        JoinVersion::V0_3 => FIELD_V0_3,
        JoinVersion::V0_4 => FIELD_V0_4,
        JoinVersion::V0_5 => FIELD_V0_5,
    });
    for spec in specs::KEPT_SPECS {
        if features.uses(spec) {
            kept_definitions(merged, &features, spec, out);
        }
    }
    let custom = merged.composed.definitions();
    for definition in custom.chain(merged.executable_directives.values()) {
        let mut definition = definition.clone();
        names.rename_definition(&mut definition);
        out.push('\n');
        print::directive_definition(&definition, out);
    }
    print::one_of(merged.types.values(), out);
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

fn kept_definitions(merged: &Merged, features: &Features, spec: &KeptSpec, out: &mut String) {
    let namespaced = |text: &str| match features.namespaces.get(spec.name) {
        Some(namespace) => text.replace(&format!("{}__", spec.name), &format!("{namespace}__")),
        None => text.to_owned(),
    };
    for directive in spec.directives {
        if features.directives.contains(directive.name) {
            let name = name_of(merged, directive.name);
            let definition = namespaced(directive.definition);
            out.push_str(&format!("\ndirective @{name}{definition}\n"));
        }
    }
    if !spec.types.is_empty() {
        out.push_str(&format!("\n{}\n", namespaced(spec.types)));
    }
}

fn schema_definition(
    merged: &Merged,
    names: &Names,
    features: &Features,
    kept: &[&KeptSpec],
    out: &mut String,
) {
    print::description(merged.schema.description.as_ref(), "", out);
    out.push_str("schema\n");
    out.push_str("  @link(url: \"https://specs.apollo.dev/link/v1.0\")\n");
    out.push_str(&format!(
        "  @link(url: \"https://specs.apollo.dev/join/{}\", for: EXECUTION)\n",
        match features.join_version() {
            JoinVersion::V0_3 => "v0.3",
            JoinVersion::V0_4 => "v0.4",
            JoinVersion::V0_5 => "v0.5",
        }
    ));
    for spec in kept {
        out.push_str(&kept_link(merged, features, spec));
    }
    if features.passed_on {
        out.push_str("  @link(url: \"https://specs.apollo.dev/cacheTag/v0.1\", for: EXECUTION)\n");
    }
    for link in &merged.composed.links {
        let imports = link
            .imports
            .iter()
            .map(|(name, spelled)| import(name, spelled));
        out.push_str(&format!(
            "  @link(url: \"{}/{}\", import: [{}])\n",
            link.identity,
            link.version,
            Vec::from_iter(imports).join(", ")
        ));
    }
    for directive in &merged.schema.directives {
        let mut directive = directive.clone();
        names.rename(&mut directive);
        out.push_str(&format!("  {directive}\n"));
    }
    print::root_operations(&merged.schema.operations, out);
}

/// A specification's main directive has the name of its namespace; another, or another name, has to be imported.
fn kept_link(merged: &Merged, features: &Features, spec: &KeptSpec) -> String {
    let namespace = features.namespaces.get(spec.name);
    let imports: Vec<String> = spec
        .directives
        .iter()
        .map(|directive| directive.name)
        .filter(|name| features.directives.contains(name))
        .filter(|name| namespace.is_some() || *name != spec.name || name_of(merged, name) != *name)
        .map(|name| import(name, name_of(merged, name)))
        .collect();
    let mut link = format!(
        "  @link(url: \"https://specs.apollo.dev/{}/{}\"",
        spec.name, spec.version
    );
    if let Some(namespace) = namespace {
        link.push_str(&format!(", as: \"{namespace}\""));
    }
    if let Some(purpose) = spec.purpose {
        link.push_str(&format!(", for: {purpose}"));
    }
    if !imports.is_empty() {
        link.push_str(&format!(", import: [{}]", imports.join(", ")));
    }
    link.push_str(")\n");
    link
}

fn name_of<'a>(merged: &'a Merged, canonical: &'a str) -> &'a str {
    merged
        .names
        .get(canonical)
        .map_or(canonical, String::as_str)
}

fn import(name: &str, spelled: &str) -> String {
    if name == spelled {
        format!("\"@{name}\"")
    } else {
        format!("{{name: \"@{name}\", as: \"@{spelled}\"}}")
    }
}

/// The oldest version of the join specification that says all of a supergraph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum JoinVersion {
    V0_3,
    V0_4,
    V0_5,
}

/// What the supergraph uses beyond the basics.
#[derive(Debug, Default)]
struct Features {
    /// The directives of federation that it keeps.
    directives: BTreeSet<&'static str>,
    override_label: bool,
    context_arguments: bool,
    passed_on: bool,
    /// By specification, the namespaces that are not called like their specifications.
    namespaces: BTreeMap<&'static str, String>,
}

impl Features {
    fn of(merged: &Merged) -> Self {
        let mut features = Self::default();
        for definition in merged.types.values() {
            for directive in directive_lists(definition).into_iter().flatten() {
                features.add(directive);
            }
        }
        for directive in &merged.schema.directives {
            features.add(directive);
        }
        for definition in merged.executable_directives.values() {
            let arguments = definition.arguments.iter();
            for directive in arguments.flat_map(|argument| &argument.directives) {
                features.add(directive);
            }
        }
        features.name_apart(merged);
        features
    }

    /// A directive that is called like a kept specification which it is not from, or like something of its namespace,
    /// would be taken for that specification's: its namespace gets another name (link specification, "Name conventions").
    fn name_apart(&mut self, merged: &Merged) {
        let links = merged.composed.links.iter();
        let custom = links.flat_map(|link| link.imports.iter().map(|(_, spelled)| spelled));
        let custom: Vec<&str> = custom.map(String::as_str).collect();
        for spec in specs::KEPT_SPECS {
            let is_own = |name: &&str| spec.directives.iter().any(|own| own.name == *name);
            let kept = merged.names.iter().filter(|(known, _)| !is_own(known));
            let others = kept.map(|(_, spelled)| spelled.as_str());
            let is_confused = others.chain(custom.iter().copied()).any(|name| {
                let rest = name.strip_prefix(spec.name);
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("__"))
            });
            if is_confused && self.uses(spec) {
                let namespace = format!("_{}{}", self.namespaces.len(), spec.name);
                self.namespaces.insert(spec.name, namespace);
            }
        }
    }

    fn uses(&self, spec: &KeptSpec) -> bool {
        let mut directives = spec.directives.iter();
        directives.any(|directive| self.directives.contains(directive.name))
    }

    fn join_version(&self) -> JoinVersion {
        if self.context_arguments || self.passed_on {
            JoinVersion::V0_5
        } else if self.override_label {
            JoinVersion::V0_4
        } else {
            JoinVersion::V0_3
        }
    }

    fn add(&mut self, directive: &Directive) {
        let has = |argument| directive.specified_argument_by_name(argument).is_some();
        match directive.name.as_str() {
            "join__field" => {
                self.override_label |= has("overrideLabel");
                self.context_arguments |= has("contextArguments");
            }
            "join__directive" => self.passed_on = true,
            name => {
                if let Some(known) = specs::federation_directive(name) {
                    self.directives.insert(known.name);
                }
            }
        }
    }
}
