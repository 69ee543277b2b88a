//! Reads the `@link`s of a schema (link specification v1.0): which federation version it speaks and
//! under which names it imports what.

use super::locate;
use crate::code;
use crate::diagnostics::Diagnostics;
use crate::specs::{self, FEDERATION, INACCESSIBLE, LINK, NEWEST_FEDERATION, TAG, Version};
use apollo_compiler::ast::{Definition, Directive, Document, Value};
use apollo_compiler::{Name, Node};
use std::collections::{BTreeMap, HashMap, HashSet};

/// What the links of one schema say.
#[derive(Debug)]
pub(super) struct Links {
    /// Federation version; [`specs::FEDERATION_1`] without a link to federation.
    pub version: Version,
    /// Name in the schema -> canonical name, for directives of federation and its sister specs.
    directives: HashMap<String, &'static str>,
    /// Canonical name -> imported name, for the directives that are imported.
    pub spellings: BTreeMap<&'static str, String>,
    /// Names in the schema of the specification's own types, such as an imported `FieldSet`.
    pub types: Vec<String>,
    /// Prefixes of namespaced elements, such as `federation__`.
    pub prefixes: Vec<String>,
    /// The specifications that are linked.
    identities: HashSet<String>,
}

impl Links {
    /// The canonical name of a directive as the schema spells it.
    pub(super) fn canonical(&self, name: &str) -> Option<&'static str> {
        self.directives.get(name).copied()
    }

    pub(super) fn is_federation_2(&self) -> bool {
        self.version >= Version(2, 0)
    }
}

/// One `@link`, split into its parts.
struct Link<'a> {
    identity: String,
    version: Option<Version>,
    /// The namespace: `as:`, or the name in the URL.
    namespace: String,
    directive: &'a Node<Directive>,
}

/// Reads the links of a document. Problems are reported; what could be read is returned.
pub(super) fn read(subgraph: &str, document: &Document, diagnostics: &mut Diagnostics) -> Links {
    let mut links = Links {
        version: specs::FEDERATION_1,
        directives: HashMap::new(),
        spellings: BTreeMap::new(),
        types: Vec::new(),
        prefixes: vec!["link__".to_owned(), "core__".to_owned()],
        identities: HashSet::new(),
    };
    for definition in &document.definitions {
        let directives = match definition {
            Definition::SchemaDefinition(schema) => &schema.directives,
            Definition::SchemaExtension(schema) => &schema.directives,
            _ => continue,
        };
        for directive in directives.get_all("link") {
            if let Some(link) = parse_link(subgraph, document, directive, diagnostics) {
                links.add(subgraph, document, &link, diagnostics);
            }
        }
    }
    if !links.is_federation_2() {
        for directive in specs::FEDERATION_DIRECTIVES {
            if directive.since == specs::FEDERATION_1 {
                links
                    .directives
                    .insert(directive.name.to_owned(), directive.name);
            }
        }
    }
    links
}

fn parse_link<'a>(
    subgraph: &str,
    document: &Document,
    directive: &'a Node<Directive>,
    diagnostics: &mut Diagnostics,
) -> Option<Link<'a>> {
    let mut invalid = |code, message: String| {
        diagnostics.error(
            code,
            message,
            locate(subgraph, &document.sources, directive.location()),
        );
        None
    };
    let Some(url) = directive
        .specified_argument_by_name("url")
        .and_then(|url| url.as_str())
    else {
        return invalid(
            code::INVALID_LINK_DIRECTIVE_USAGE,
            format!("in subgraph \"{subgraph}\", a @link has no url"),
        );
    };
    let trimmed = url.trim_end_matches('/');
    let (identity, version) = match trimmed.rsplit_once('/') {
        Some((identity, last)) => match parse_version(last) {
            Some(version) => (identity, Some(version)),
            None => (trimmed, None),
        },
        None => (trimmed, None),
    };
    let name = identity.rsplit('/').next().unwrap_or_default();
    if !identity.contains("://") || name.is_empty() {
        return invalid(
            code::INVALID_LINK_IDENTIFIER,
            format!("in subgraph \"{subgraph}\", \"{url}\" does not identify a specification"),
        );
    }
    let namespace = directive
        .specified_argument_by_name("as")
        .and_then(|name| name.as_str())
        .unwrap_or(name);
    if namespace.contains("__") || namespace.starts_with('@') {
        return invalid(
            code::INVALID_LINK_IDENTIFIER,
            format!("in subgraph \"{subgraph}\", \"{namespace}\" cannot be a @link's namespace"),
        );
    }
    Some(Link {
        identity: identity.to_owned(),
        version,
        namespace: namespace.to_owned(),
        directive,
    })
}

fn parse_version(text: &str) -> Option<Version> {
    let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
    Some(Version(major.parse().ok()?, minor.parse().ok()?))
}

impl Links {
    fn add(
        &mut self,
        subgraph: &str,
        document: &Document,
        link: &Link<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        let location = || locate(subgraph, &document.sources, link.directive.location());
        if !self.identities.insert(link.identity.clone()) {
            let message = format!("subgraph \"{subgraph}\" links \"{}\" twice", link.identity);
            diagnostics.error(code::INVALID_LINK_DIRECTIVE_USAGE, message, location());
            return;
        }
        match link.identity.as_str() {
            FEDERATION => {
                let known =
                    |version: &Version| *version >= Version(2, 0) && *version <= NEWEST_FEDERATION;
                let Some(version) = link.version.filter(known) else {
                    let found = link
                        .version
                        .map_or_else(|| "no version".to_owned(), |v| v.to_string());
                    diagnostics.error(
                        code::UNKNOWN_FEDERATION_LINK_VERSION,
                        format!(
                            "subgraph \"{subgraph}\" links {found} of federation; \
                             known are v2.0 to {NEWEST_FEDERATION}"
                        ),
                        location(),
                    );
                    return;
                };
                self.version = version;
                self.prefixes.push(format!("{}__", link.namespace));
                for directive in specs::FEDERATION_DIRECTIVES {
                    if directive.since <= version {
                        let namespaced = format!("{}__{}", link.namespace, directive.name);
                        self.directives.insert(namespaced, directive.name);
                    }
                }
            }
            LINK => {}
            TAG | INACCESSIBLE => {
                let name = if link.identity == TAG {
                    "tag"
                } else {
                    "inaccessible"
                };
                // A specification's main directive has the specification's own name.
                self.directives.insert(link.namespace.clone(), name);
                self.prefixes.push(format!("{}__", link.namespace));
            }
            other => {
                self.prefixes.push(format!("{}__", link.namespace));
                let purpose = link
                    .directive
                    .specified_argument_by_name("for")
                    .and_then(|purpose| purpose.as_enum().map(Name::as_str));
                if let Some(purpose) = purpose {
                    diagnostics.error(
                        code::UNSUPPORTED_LINKED_FEATURE,
                        format!(
                            "subgraph \"{subgraph}\" links \"{other}\" for {purpose}, \
                             which this composer does not know"
                        ),
                        location(),
                    );
                }
                return;
            }
        }
        self.add_imports(subgraph, document, link, diagnostics);
    }

    fn add_imports(
        &mut self,
        subgraph: &str,
        document: &Document,
        link: &Link<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        let Some(imports) = link.directive.specified_argument_by_name("import") else {
            return;
        };
        for import in imports.as_list().unwrap_or_default() {
            let mut invalid = |message: String| {
                diagnostics.error(
                    code::INVALID_LINK_DIRECTIVE_USAGE,
                    format!("in subgraph \"{subgraph}\", {message}"),
                    locate(subgraph, &document.sources, import.location()),
                );
            };
            let Some((element, alias)) = parse_import(import) else {
                invalid(format!("\"{import}\" is not an import"));
                continue;
            };
            if element.starts_with('@') != alias.starts_with('@') {
                invalid(format!(
                    "\"{element}\" cannot be imported as \"{alias}\": \
                     directives begin with \"@\", types do not"
                ));
                continue;
            }
            let known = match element.strip_prefix('@') {
                Some(directive) => self.import_directive(link, directive, &alias[1..]),
                None => self.import_type(element, alias),
            };
            if !known {
                invalid(format!(
                    "\"{element}\" is not part of \"{}\"{}",
                    link.identity,
                    link.version
                        .map_or_else(String::new, |version| format!(" {version}"))
                ));
            }
        }
    }

    fn import_directive(&mut self, link: &Link<'_>, name: &str, alias: &str) -> bool {
        let Some(directive) = specs::federation_directive(name) else {
            // The link specification lets every schema import its own directive.
            return link.identity == LINK && name == "link";
        };
        let known = match link.identity.as_str() {
            FEDERATION => directive.since <= self.version,
            TAG => name == "tag",
            INACCESSIBLE => name == "inaccessible",
            _ => false,
        };
        if known {
            self.directives.insert(alias.to_owned(), directive.name);
            self.spellings.insert(directive.name, alias.to_owned());
        }
        known
    }

    fn import_type(&mut self, name: &str, alias: &str) -> bool {
        self.types.push(alias.to_owned());
        specs::FEDERATION_TYPES.contains(&name) || matches!(name, "Import" | "Purpose")
    }
}

/// `"@key"` or `{ name: "@key", as: "@id" }`.
fn parse_import(value: &Value) -> Option<(&str, &str)> {
    if let Some(name) = value.as_str() {
        return (!name.trim_start_matches('@').is_empty()).then_some((name, name));
    }
    let mut name = None;
    let mut alias = None;
    for (key, value) in value.as_object()? {
        match key.as_str() {
            "name" => name = value.as_str(),
            "as" => alias = value.as_str(),
            _ => return None,
        }
    }
    let name = name?;
    let alias = alias.unwrap_or(name);
    (!name.trim_start_matches('@').is_empty() && !alias.trim_start_matches('@').is_empty())
        .then_some((name, alias))
}
