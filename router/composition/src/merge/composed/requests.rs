//! `@composeDirective`: which custom directives the subgraphs want kept.

use super::{Composed, ComposedDirective, ComposedLink};
use crate::code;
use crate::diagnostics::name_subgraphs;
use crate::merge::{KeptNames, Merger};
use crate::message::Location;
use crate::specs;
use crate::subgraph::Subgraph;
use crate::subgraph::canonical::FOREIGN_PREFIX;
use crate::subgraph::links::CustomLink;
use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, DirectiveDefinition};
use std::collections::{BTreeMap, BTreeSet};

/// One `@composeDirective` that makes sense in its own schema.
struct Request<'a> {
    subgraph: &'a Subgraph,
    link: &'a CustomLink,
    /// The directive's name in its specification.
    origin: &'a str,
    /// Its name in the schema.
    spelled: &'a str,
    definition: &'a Node<DirectiveDefinition>,
    locations: Vec<Location>,
}

impl<'a> Merger<'a> {
    /// Finds the custom directives that subgraphs compose. `kept` are the names that the supergraph
    /// has for the directives of federation.
    pub(in crate::merge) fn composed_directives(&mut self, kept: &KeptNames) -> Composed {
        let mut requests = Vec::new();
        for subgraph in self.subgraphs {
            let applied = &subgraph.schema.schema_definition.directives;
            for directive in applied.get_all("composeDirective") {
                requests.extend(self.request(subgraph, directive));
            }
        }
        self.check_links_of_others(&requests);
        let errors_before = self.diagnostics.error_count();
        self.check_versions(&requests);
        self.check_names(&requests, kept);
        if self.diagnostics.error_count() > errors_before {
            return Composed::default();
        }
        self.warn_of_other_names(&requests);
        compose(&requests)
    }

    /// Reads one application, or says why the directive cannot be composed.
    fn request(
        &mut self,
        subgraph: &'a Subgraph,
        directive: &'a Node<Directive>,
    ) -> Option<Request<'a>> {
        let locations = subgraph.locate(directive.location());
        let name = directive
            .specified_argument_by_name("name")
            .and_then(|name| name.as_str())
            .unwrap_or_default();
        let mut report = |problem: String| {
            self.diagnostics.error(
                code::DIRECTIVE_COMPOSITION_ERROR,
                format!(
                    "in subgraph \"{}\", @composeDirective(name: \"{name}\") {problem}",
                    subgraph.name
                ),
                locations.clone(),
            );
        };
        if name.trim_start_matches('@').is_empty() {
            report("names no directive".to_owned());
            return None;
        }
        let Some(spelled) = name.strip_prefix('@') else {
            report(format!("must begin with \"@\": \"@{name}\""));
            return None;
        };
        if let Some(canonical) = subgraph.federation_names.get(spelled) {
            if specs::is_kept(canonical) {
                self.diagnostics.hint(
                    code::DIRECTIVE_COMPOSITION_INFO,
                    format!(
                        "in subgraph \"{}\", \"{name}\" need not be composed: the supergraph \
                         keeps it anyway",
                        subgraph.name
                    ),
                    locations,
                );
            } else {
                report("names a directive of federation, which cannot be composed".to_owned());
            }
            return None;
        }
        let definitions = &subgraph.schema.directive_definitions;
        let foreign = format!("{FOREIGN_PREFIX}{spelled}");
        let own = definitions
            .get(foreign.as_str())
            .or_else(|| definitions.get(spelled))
            .filter(|definition| specs::federation_directive(&definition.name).is_none());
        let Some(definition) = own else {
            report("names a directive that the schema does not define".to_owned());
            return None;
        };
        let found = subgraph
            .links
            .iter()
            .find_map(|link| Some((link, link.origin(spelled)?)));
        let Some((link, origin)) = found else {
            report(
                "names a directive that comes from no linked specification: import it in a @link"
                    .to_owned(),
            );
            return None;
        };
        Some(Request {
            subgraph,
            link,
            origin,
            spelled,
            definition,
            locations,
        })
    }

    fn composition_error(&mut self, message: String, requests: &[&Request<'_>]) {
        let locations = requests
            .iter()
            .flat_map(|request| request.locations.clone())
            .collect();
        self.diagnostics
            .error(code::DIRECTIVE_COMPOSITION_ERROR, message, locations);
    }

    /// A major version may change everything, so all must compose the same.
    fn check_versions(&mut self, requests: &[Request<'_>]) {
        for (identity, same) in grouped(requests, |request| request.link.identity.as_str()) {
            let majors: BTreeSet<u32> = same.iter().map(|request| request.link.version.0).collect();
            if majors.len() > 1 {
                let versions: BTreeSet<String> = same
                    .iter()
                    .map(|request| request.link.version.to_string())
                    .collect();
                let message = format!(
                    "directives of \"{identity}\" are composed in versions {}, whose major \
                     versions differ",
                    Vec::from_iter(versions).join(" and ")
                );
                self.composition_error(message, &same);
            }
        }
    }

    /// One name, one directive; one directive, one name.
    fn check_names(&mut self, requests: &[Request<'_>], kept: &KeptNames) {
        for (spelled, same) in grouped(requests, |request| request.spelled) {
            let origins: BTreeSet<(&str, &str)> = same
                .iter()
                .map(|request| (request.link.identity.as_str(), request.origin))
                .collect();
            if origins.len() > 1 {
                let origins: Vec<String> = origins
                    .into_iter()
                    .map(|(identity, origin)| format!("\"@{origin}\" of \"{identity}\""))
                    .collect();
                let message = format!(
                    "\"@{spelled}\" is not the same directive in all subgraphs that compose it: \
                     it is {}",
                    origins.join(" and ")
                );
                self.composition_error(message, &same);
            }
            if specs::is_reserved(spelled) {
                let message = format!(
                    "\"@{spelled}\" is composed in {}, but in the supergraph that name belongs to the specifications that \
                     every supergraph links: import it under another name",
                    name_subgraphs(same.iter().map(|request| request.subgraph.name.as_str()))
                );
                self.composition_error(message, &same);
            }
            let taken = kept.iter().find(|(_, name)| name.as_str() == spelled);
            if let Some((federation, _)) = taken {
                let message = format!(
                    "\"@{spelled}\" is composed in {}, but the supergraph's \"@{spelled}\" is \
                     federation's \"@{federation}\": import one of them under another name",
                    name_subgraphs(same.iter().map(|request| request.subgraph.name.as_str()))
                );
                self.composition_error(message, &same);
            }
        }
        let by_origin = grouped(requests, |request| {
            (request.link.identity.as_str(), request.origin)
        });
        for ((identity, origin), same) in by_origin {
            let names: BTreeSet<&str> = same.iter().map(|request| request.spelled).collect();
            if names.len() > 1 {
                let names: Vec<String> = names
                    .into_iter()
                    .map(|name| format!("\"@{name}\""))
                    .collect();
                let message = format!(
                    "\"@{origin}\" of \"{identity}\" is composed under different names: {}",
                    names.join(" and ")
                );
                self.composition_error(message, &same);
            }
        }
    }

    /// Who links another major version without composing anything of it may mean something else.
    fn check_links_of_others(&mut self, requests: &[Request<'_>]) {
        for (identity, same) in grouped(requests, |request| request.link.identity.as_str()) {
            let composing: BTreeSet<&str> = same
                .iter()
                .map(|request| request.subgraph.name.as_str())
                .collect();
            let others: Vec<&str> = self
                .subgraphs
                .iter()
                .filter(|subgraph| !composing.contains(subgraph.name.as_str()))
                .filter(|subgraph| {
                    subgraph.links.iter().any(|link| {
                        let differs = link.version.0 != same[0].link.version.0;
                        link.identity == identity && differs
                    })
                })
                .map(|subgraph| subgraph.name.as_str())
                .collect();
            if !others.is_empty() {
                self.diagnostics.hint(
                    code::DIRECTIVE_COMPOSITION_INFO,
                    format!(
                        "\"{identity}\" is composed in {}, and linked in another major version in {}",
                        same[0].link.version,
                        name_subgraphs(others)
                    ),
                    same.iter().flat_map(|request| request.locations.clone()).collect(),
                );
            }
        }
    }

    fn warn_of_other_names(&mut self, requests: &[Request<'_>]) {
        let by_origin = grouped(requests, |request| {
            (request.link.identity.as_str(), request.origin)
        });
        for ((identity, origin), same) in by_origin {
            let spelled = same[0].spelled;
            for subgraph in self.subgraphs {
                let other = subgraph
                    .links
                    .iter()
                    .filter(|link| link.identity == identity)
                    .find_map(|link| link.spelling(origin))
                    .filter(|name| *name != spelled);
                if let Some(other) = other {
                    self.diagnostics.hint(
                        code::DIRECTIVE_COMPOSITION_WARN,
                        format!(
                            "\"@{spelled}\" is composed, but subgraph \"{}\" calls it \
                             \"@{other}\", so what it says there is lost",
                            subgraph.name
                        ),
                        same[0].locations.clone(),
                    );
                }
            }
        }
    }
}

/// The requests that have a key in common, sorted by it.
fn grouped<'r, 'a, K: Ord>(
    requests: &'r [Request<'a>],
    key: impl Fn(&'r Request<'a>) -> K,
) -> BTreeMap<K, Vec<&'r Request<'a>>> {
    let mut groups: BTreeMap<K, Vec<&Request<'a>>> = BTreeMap::new();
    for request in requests {
        groups.entry(key(request)).or_default().push(request);
    }
    groups
}

fn compose(requests: &[Request<'_>]) -> Composed {
    let mut composed = Composed::default();
    for (identity, same) in grouped(requests, |request| request.link.identity.as_str()) {
        let newest = same.iter().map(|request| request.link.version).max();
        let imports = same
            .iter()
            .map(|request| (request.origin.to_owned(), request.spelled.to_owned()));
        composed.links.extend(newest.map(|version| ComposedLink {
            identity: identity.to_owned(),
            version,
            imports: imports.collect(),
        }));
    }
    for (spelled, same) in grouped(requests, |request| request.spelled) {
        // What GraphQL itself defines the supergraph keeps anyway, for all subgraphs.
        if specs::BUILT_IN.contains(&spelled) {
            continue;
        }
        // Of equally new ones the last: `max_by_key` prefers it.
        let newest = same.iter().max_by_key(|request| request.link.version);
        let composing = same.iter().map(|request| request.subgraph.name.clone());
        if let Some(request) = newest {
            let mut definition = request.definition.clone();
            for argument in &mut definition.make_mut().arguments {
                let directives = &mut argument.make_mut().directives;
                directives
                    .0
                    .retain(|directive| directive.name == "deprecated");
            }
            let directive = ComposedDirective {
                subgraph: request.subgraph.name.clone(),
                composing: composing.collect(),
                identity: request.link.identity.clone(),
                origin: request.origin.to_owned(),
                definition,
            };
            composed
                .directives
                .insert(directive.definition.name.to_string(), directive);
        }
    }
    composed
}
