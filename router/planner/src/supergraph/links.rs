//! `@link` and `@core` on the schema: which specifications are in use, and under which names.

use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::{Name, Schema};

use super::SupergraphError;

/// The specifications a supergraph links.
pub(super) struct Links {
    /// One per link, in order.
    links: Vec<Link>,
}

struct Link {
    /// The specification's name: the last but one segment of its URL.
    spec: String,
    /// The last segment of its URL, such as `v0.3`; `None` when that is the name.
    version: Option<String>,
    /// Whether the specification is Apollo's: others may have one of the same name.
    is_apollos: bool,
    /// The name it goes by in this document.
    prefix: String,
    /// (name in the specification without `@`, name here without `@`), directives only.
    imports: Vec<(String, String)>,
    /// Types imported under a name of their own.
    imported_types: Vec<String>,
}

/// Specifications whose `for:` purpose is served, beside those of [`AUTHORIZATION`]. Others that have one are refused (link
/// specification, section "for"): without connectors, requests would be wrong. (Cache tags are served by caching nothing.)
const UNDERSTOOD: [&str; 8] = [
    "cacheTag",
    "context",
    "link",
    "core",
    "join",
    "tag",
    "inaccessible",
    "federation",
];

/// The versions of the join specification that are read.
const JOIN_VERSIONS: [&str; 5] = ["v0.1", "v0.2", "v0.3", "v0.4", "v0.5"];

/// Apollo's specifications that say who may see what. Their directives go by the specifications' names.
const AUTHORIZATION: [&str; 3] = ["authenticated", "requiresScopes", "policy"];

impl Links {
    pub(super) fn read(schema: &Schema) -> Result<Links, SupergraphError> {
        let mut links = Vec::new();
        for directive in &schema.schema_definition.directives {
            let url_argument = match directive.name.as_str() {
                "link" => "url",
                "core" => "feature",
                _ => continue,
            };
            let Some(url) = string(directive, url_argument) else {
                continue;
            };
            links.push(read_link(directive, url)?);
        }
        Ok(Links { links })
    }

    /// The name of a specification's own directive here, such as `inaccessible` for the specification of that name. `None`
    /// when another specification's directive is imported under that name and this one is not linked.
    pub(super) fn directive(&self, spec: &str) -> Option<String> {
        let Some(link) = self.links.iter().find(|link| link.spec == spec) else {
            let mut imports = self.links.iter().flat_map(|link| &link.imports);
            let is_taken = imports.any(|(_, here)| here == spec);
            return (!is_taken).then(|| spec.to_owned());
        };
        Some(link.own_directive().to_owned())
    }

    /// The name of an authorization directive here. `None` when its specification is not linked.
    pub(super) fn authorization_directive(&self, spec: &str) -> Option<&str> {
        let mut links = self.links.iter();
        let link = links.find(|link| link.is_apollos && link.spec == spec)?;
        Some(link.own_directive())
    }

    /// The version of a specification that is linked.
    pub(super) fn version(&self, spec: &str) -> Option<&str> {
        let link = self.links.iter().find(|link| link.spec == spec)?;
        link.version.as_deref()
    }

    /// True when a directive or type of that name belongs to a linked specification.
    pub(super) fn owns(&self, name: &str) -> bool {
        ["link", "core", "join"]
            .into_iter()
            .any(|prefix| name == prefix || belongs(name, prefix))
            || self.links.iter().any(|link| {
                name == link.prefix
                    || belongs(name, &link.prefix)
                    || link.imports.iter().any(|(_, here)| here == name)
                    || link.imported_types.iter().any(|here| here == name)
            })
    }
}

impl Link {
    /// The name of the directive that is called as the specification.
    fn own_directive(&self) -> &str {
        let import = self.imports.iter().find(|(name, _)| *name == self.spec);
        import.map_or(self.prefix.as_str(), |(_, here)| here)
    }
}

fn belongs(name: &str, prefix: &str) -> bool {
    name.strip_prefix(prefix)
        .is_some_and(|rest| rest.starts_with("__"))
}

/// The name and the version at the end of a specification's URL.
fn spec_and_version(url: &str) -> (&str, Option<&str>) {
    let mut segments = url.trim_end_matches('/').rsplit('/');
    let last = segments.next().unwrap_or_default();
    let number = last.strip_prefix('v').unwrap_or_default();
    if number.starts_with(|c: char| c.is_ascii_digit()) {
        (segments.next().unwrap_or_default(), Some(last))
    } else {
        (last, None)
    }
}

fn read_link(directive: &Directive, url: &str) -> Result<Link, SupergraphError> {
    let (spec, version) = spec_and_version(url);
    if spec == "join" && version.is_some_and(|version| !JOIN_VERSIONS.contains(&version)) {
        return Err(SupergraphError::NotASupergraph(format!(
            "unknown version `{url}`; known are {}",
            JOIN_VERSIONS.join(", ")
        )));
    }
    let is_apollos = url.starts_with("https://specs.apollo.dev/");
    let is_understood = UNDERSTOOD.contains(&spec) || (is_apollos && AUTHORIZATION.contains(&spec));
    if let Some(purpose) = enum_value(directive, "for")
        && !is_understood
    {
        return Err(SupergraphError::UnsupportedLink {
            url: url.to_owned(),
            purpose: purpose.to_owned(),
        });
    }
    let mut link = Link {
        spec: spec.to_owned(),
        version: version.map(str::to_owned),
        is_apollos,
        prefix: string(directive, "as").unwrap_or(spec).to_owned(),
        imports: Vec::new(),
        imported_types: Vec::new(),
    };
    let imports = directive
        .specified_argument_by_name("import")
        .and_then(|value| value.as_list());
    for import in imports.unwrap_or_default() {
        let (name, here) = match &**import {
            Value::String(name) => (name.as_str(), name.as_str()),
            Value::Object(fields) => {
                let text = |key: &str| {
                    fields
                        .iter()
                        .find(|(name, _)| name == key)
                        .and_then(|(_, value)| value.as_str())
                };
                let Some(name) = text("name") else { continue };
                (name, text("as").unwrap_or(name))
            }
            _ => continue,
        };
        match (name.strip_prefix('@'), here.strip_prefix('@')) {
            (Some(name), Some(here)) => link.imports.push((name.to_owned(), here.to_owned())),
            _ => link.imported_types.push(here.to_owned()),
        }
    }
    Ok(link)
}

fn string<'a>(directive: &'a Directive, argument: &str) -> Option<&'a str> {
    directive.specified_argument_by_name(argument)?.as_str()
}

fn enum_value<'a>(directive: &'a Directive, argument: &str) -> Option<&'a str> {
    directive
        .specified_argument_by_name(argument)?
        .as_enum()
        .map(Name::as_str)
}
