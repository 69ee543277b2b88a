//! Reads the `@link`s of a schema (link specification v1.0): which federation version it speaks and
//! under which names it imports what.

mod link;

use super::locate;
use crate::code;
use crate::diagnostics::Diagnostics;
use crate::specs::{
    self, CONNECT, FEDERATION, KeptSpec, LINK, NEWEST_FEDERATION, OLDEST_FEDERATION_2, Version,
};
use apollo_compiler::Node;
use apollo_compiler::ast::{Definition, Directive, Document};
use link::{Link, link_names};
use std::collections::{HashMap, HashSet};

/// What the links of one schema say.
#[derive(Debug)]
pub(super) struct Links {
    /// Federation version; [`specs::FEDERATION_1`] without a link to federation.
    pub version: Version,
    /// Name in the schema -> canonical name, for directives of federation and its sister specs.
    pub directives: HashMap<String, &'static str>,
    /// Name in the schema -> name in the specification, of imported types such as `FieldSet`.
    types: HashMap<String, String>,
    /// Prefixes of namespaced elements, such as `federation__`.
    prefixes: Vec<String>,
    /// The names of the link directive itself.
    names: Vec<String>,
    /// The specifications that are linked.
    identities: HashSet<String>,
    /// Those that composition does not know.
    pub custom: Vec<CustomLink>,
}

/// A link to a specification that is no part of federation.
#[derive(Debug, Clone)]
pub(crate) struct CustomLink {
    pub identity: String,
    pub version: Version,
    namespace: String,
    /// Name in the specification, name in the schema; both without `@`.
    imports: Vec<(String, String)>,
}

impl CustomLink {
    /// The name in the specification of a directive as the schema spells it, if it is from there.
    pub(crate) fn origin<'a>(&'a self, spelled: &'a str) -> Option<&'a str> {
        if let Some((name, _)) = self.imports.iter().find(|(_, alias)| alias == spelled) {
            return Some(name);
        }
        // A specification's main directive has the specification's own name.
        if spelled == self.namespace {
            return self.identity.rsplit('/').next();
        }
        spelled
            .strip_prefix(self.namespace.as_str())?
            .strip_prefix("__")
    }

    /// How the schema spells a directive of the specification when it imports it.
    pub(crate) fn spelling(&self, name: &str) -> Option<&str> {
        let (_, alias) = self.imports.iter().find(|(known, _)| known == name)?;
        Some(alias)
    }
}

impl Links {
    /// The canonical name of a directive as the schema spells it.
    pub(super) fn canonical(&self, name: &str) -> Option<&'static str> {
        self.directives.get(name).copied()
    }

    pub(super) fn is_federation_2(&self) -> bool {
        self.version >= OLDEST_FEDERATION_2
    }

    /// The name in its specification of a type as the schema spells it, if it is from one.
    pub(super) fn type_origin<'a>(&'a self, spelled: &'a str) -> Option<&'a str> {
        if let Some(name) = self.types.get(spelled) {
            return Some(name);
        }
        let mut prefixes = self.prefixes.iter();
        prefixes.find_map(|prefix| spelled.strip_prefix(prefix.as_str()))
    }

    /// Whether a directive of this name links.
    pub(super) fn is_link(&self, name: &str) -> bool {
        name == "core" || self.names.iter().any(|known| known == name)
    }
}

/// Reads the links of a document. Problems are reported; what could be read is returned.
pub(super) fn read(subgraph: &str, document: &Document, diagnostics: &mut Diagnostics) -> Links {
    let applied: Vec<&Node<Directive>> = document
        .definitions
        .iter()
        .filter_map(|definition| match definition {
            Definition::SchemaDefinition(schema) => Some(&schema.directives),
            Definition::SchemaExtension(schema) => Some(&schema.directives),
            _ => None,
        })
        .flat_map(|directives| directives.iter())
        .collect();
    let names = link_names(applied.iter().copied());
    let prefixes = names.iter().map(|name| format!("{name}__"));
    let mut links = Links {
        version: specs::FEDERATION_1,
        directives: HashMap::new(),
        types: HashMap::new(),
        prefixes: prefixes.chain(["core__".to_owned()]).collect(),
        names,
        identities: HashSet::new(),
        custom: Vec::new(),
    };
    for directive in applied {
        if !links.names.iter().any(|name| *name == *directive.name) {
            continue;
        }
        match Link::parse(directive) {
            Ok(link) => links.add(subgraph, document, &link, diagnostics),
            Err((code, problem)) => diagnostics.error(
                code,
                format!("in subgraph \"{subgraph}\", {problem}"),
                locate(subgraph, &document.sources, directive.location()),
            ),
        }
    }
    if !links.is_federation_2() {
        links.add_unlinked(document);
    }
    links
}

impl Links {
    fn add(
        &mut self,
        subgraph: &str,
        document: &Document,
        link: &Link<'_>,
        diagnostics: &mut Diagnostics,
    ) {
        let mut report = |code, problem: String| {
            diagnostics.error(
                code,
                format!("subgraph \"{subgraph}\" links {problem}"),
                locate(subgraph, &document.sources, link.directive.location()),
            );
        };
        if !self.identities.insert(link.identity.clone()) {
            let problem = format!("\"{}\" twice", link.identity);
            report(code::INVALID_LINK_DIRECTIVE_USAGE, problem);
            return;
        }
        let found = link
            .version
            .map_or_else(|| "no version".to_owned(), |version| version.to_string());
        let kept = specs::kept_spec(&link.identity);
        match link.identity.as_str() {
            FEDERATION => {
                let known = |version: &Version| {
                    *version >= OLDEST_FEDERATION_2 && *version <= NEWEST_FEDERATION
                };
                let Some(version) = link.version.filter(known) else {
                    report(
                        code::UNKNOWN_FEDERATION_LINK_VERSION,
                        format!(
                            "{found} of federation; known are {OLDEST_FEDERATION_2} to \
                             {NEWEST_FEDERATION}"
                        ),
                    );
                    return;
                };
                self.add_federation(version, &link.namespace);
            }
            LINK => {
                if link.version != Some(Version(1, 0)) {
                    report(
                        code::UNKNOWN_LINK_VERSION,
                        format!("{found} of the link specification; v1.0 is known"),
                    );
                    return;
                }
            }
            _ => match (kept, link.version) {
                (Some(spec), Some(version)) if version <= spec.version => {
                    if let Err(problem) = self.take(&link.namespace, spec.name) {
                        let problem =
                            format!("\"{}\" as \"{}\": {problem}", link.identity, link.namespace);
                        report(code::INVALID_LINK_DIRECTIVE_USAGE, problem);
                        return;
                    }
                    self.prefixes.push(format!("{}__", link.namespace));
                }
                (Some(spec), _) => {
                    let problem = format!(
                        "{found} of the {} specification; versions up to {} are known",
                        spec.name, spec.version
                    );
                    report(code::UNSUPPORTED_LINKED_FEATURE, problem);
                    return;
                }
                (None, _) if link.identity == CONNECT => {
                    let problem = "connectors, which are not supported: without them its fields \
                                   would be asked of the subgraph"
                        .to_owned();
                    report(code::UNSUPPORTED_LINKED_FEATURE, problem);
                    return;
                }
                (None, Some(version)) => {
                    if let Err(problem) = self.add_custom(link, version) {
                        let problem = format!("\"{}\", {problem}", link.identity);
                        report(code::INVALID_LINK_DIRECTIVE_USAGE, problem);
                    }
                    return;
                }
                (None, None) => {
                    let problem =
                        format!("\"{}\" without a version, such as \"/v1.0\"", link.identity);
                    report(code::INVALID_LINK_IDENTIFIER, problem);
                    return;
                }
            },
        }
        self.add_imports(subgraph, document, link, kept, diagnostics);
    }

    fn add_federation(&mut self, version: Version, namespace: &str) {
        self.version = version;
        self.prefixes.push(format!("{namespace}__"));
        for directive in specs::FEDERATION_DIRECTIVES {
            if directive.since <= version {
                let namespaced = format!("{namespace}__{}", directive.name);
                self.directives.insert(namespaced, directive.name);
            }
        }
    }

    /// A schema without a link to federation has the directives of Federation 1, and those of later
    /// versions that it defines itself.
    fn add_unlinked(&mut self, document: &Document) {
        let is_defined = |name: &str| {
            document.definitions.iter().any(|definition| {
                matches!(definition, Definition::DirectiveDefinition(own) if own.name == name)
            })
        };
        for directive in specs::FEDERATION_DIRECTIVES {
            let name = directive.name;
            let is_its_own = directive.since <= specs::FEDERATION_OF_UNLINKED
                && is_defined(name)
                && self.custom.iter().all(|link| link.origin(name).is_none());
            if directive.since == specs::FEDERATION_1 || is_its_own {
                self.directives.insert(name.to_owned(), name);
            }
        }
    }

    fn add_custom(&mut self, link: &Link<'_>, version: Version) -> Result<(), String> {
        let mut others = self.custom.iter();
        if let Some(other) = others.find(|other| other.namespace == link.namespace) {
            return Err(format!(
                "which would be called \"{}\" like \"{}\": give it another name with `as:`",
                link.namespace, other.identity
            ));
        }
        let imports = link.imports.iter().filter_map(|import| {
            let (name, alias) = import.names?;
            Some((
                name.strip_prefix('@')?.to_owned(),
                alias.strip_prefix('@')?.to_owned(),
            ))
        });
        let imports: Vec<(String, String)> = imports.collect();
        for (name, alias) in &imports {
            let taken = match self.directives.get(alias) {
                Some(other) => Some(*other),
                None => self.importer(alias),
            };
            if let Some(other) = taken {
                return Err(format!(
                    "of which \"@{name}\" cannot be imported as \"@{alias}\": \"{other}\" has that \
                     name already"
                ));
            }
        }
        self.custom.push(CustomLink {
            identity: link.identity.clone(),
            version,
            namespace: link.namespace.clone(),
            imports,
        });
        Ok(())
    }

    /// The specification, of those composition does not know, that a directive is imported from.
    fn importer(&self, alias: &str) -> Option<&str> {
        let imports = |link: &&CustomLink| link.imports.iter().any(|(_, taken)| taken == alias);
        let found = self.custom.iter().find(imports)?;
        Some(&found.identity)
    }

    fn add_imports(
        &mut self,
        subgraph: &str,
        document: &Document,
        link: &Link<'_>,
        kept: Option<&KeptSpec>,
        diagnostics: &mut Diagnostics,
    ) {
        for import in &link.imports {
            let mut invalid = |message: String| {
                diagnostics.error(
                    code::INVALID_LINK_DIRECTIVE_USAGE,
                    format!("in subgraph \"{subgraph}\", {message}"),
                    locate(subgraph, &document.sources, import.value.location()),
                );
            };
            let Some((element, alias)) = import.names else {
                invalid(format!("\"{}\" is not an import", import.value));
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
                Some(directive) => self.import_directive(link, kept, directive, &alias[1..]),
                None => Ok(self.import_type(element, alias)),
            };
            match known {
                Ok(true) => {}
                Ok(false) => invalid(format!(
                    "\"{element}\" is not part of \"{}\"{}",
                    link.identity,
                    link.version
                        .map_or_else(String::new, |version| format!(" {version}"))
                )),
                Err(problem) => invalid(format!(
                    "\"{element}\" cannot be imported as \"{alias}\": {problem}"
                )),
            }
        }
    }

    fn import_directive(
        &mut self,
        link: &Link<'_>,
        kept: Option<&KeptSpec>,
        name: &str,
        alias: &str,
    ) -> Result<bool, String> {
        let Some(directive) = specs::federation_directive(name) else {
            // The link specification lets every schema import its own directive.
            return Ok(link.identity == LINK && name == "link");
        };
        let (known, is_in_version) = match kept {
            Some(spec) => (spec.directives.iter().any(|kept| kept.name == name), true),
            None => (link.identity == FEDERATION, directive.since <= self.version),
        };
        if known {
            // Even of a version that does not have it: what uses the directive is no mistake of its own.
            self.take(alias, directive.name)?;
        }
        Ok(known && is_in_version)
    }

    /// Gives a directive its name in the schema, or says whose that name is.
    fn take(&mut self, name: &str, canonical: &'static str) -> Result<(), String> {
        if self.is_link(name) {
            return Err(format!("\"@{name}\" is the directive that links"));
        }
        if specs::BUILT_IN.contains(&name) {
            return Err(format!("\"@{name}\" is a directive of GraphQL itself"));
        }
        if let Some(other) = self.importer(name) {
            return Err(format!("\"{other}\" has that name already"));
        }
        match self.directives.insert(name.to_owned(), canonical) {
            Some(other) if other != canonical => Err(format!("\"@{other}\" has that name already")),
            _ => Ok(()),
        }
    }

    fn import_type(&mut self, name: &str, alias: &str) -> bool {
        self.types.insert(alias.to_owned(), name.to_owned());
        specs::FEDERATION_TYPES.contains(&name) || matches!(name, "Import" | "Purpose")
    }
}
