//! One `@link`, split into its parts (link specification v1.0).

use crate::code;
use crate::specs::{LINK, Version};
use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::{Name, Node};

/// One `@link`.
pub(super) struct Link<'a> {
    pub identity: String,
    pub version: Option<Version>,
    /// The namespace: `as:`, or the name in the URL.
    pub namespace: String,
    pub imports: Vec<Import<'a>>,
    pub directive: &'a Node<Directive>,
}

/// One item of `import:`.
pub(super) struct Import<'a> {
    /// Nothing when the item is malformed.
    pub names: Option<(&'a str, &'a str)>,
    pub value: &'a Node<Value>,
}

/// Why a `@link` cannot be read: the code, and what is wrong.
pub(super) type Problem = (&'static str, String);

impl<'a> Link<'a> {
    /// Splits an application of the link directive.
    pub(super) fn parse(directive: &'a Node<Directive>) -> Result<Self, Problem> {
        let Some(url) = string(directive, "url") else {
            return Err((
                code::INVALID_LINK_DIRECTIVE_USAGE,
                "a @link has no url".to_owned(),
            ));
        };
        let (identity, version) = split_version(url);
        let name = identity.rsplit('/').next().unwrap_or_default();
        if !identity.contains("://") || name.is_empty() {
            return Err((
                code::INVALID_LINK_IDENTIFIER,
                format!("\"{url}\" does not identify a specification"),
            ));
        }
        let namespace = string(directive, "as").unwrap_or(name);
        if namespace.contains("__") || namespace.starts_with('@') {
            return Err((
                code::INVALID_LINK_IDENTIFIER,
                format!("\"{namespace}\" cannot be a @link's namespace"),
            ));
        }
        Ok(Self {
            identity: identity.to_owned(),
            version,
            namespace: namespace.to_owned(),
            imports: imports(directive),
            directive,
        })
    }

    /// The name that an element of the specification has in the schema; both names without `@`.
    pub(super) fn spelling(&self, directive: &str) -> Option<&'a str> {
        self.imports.iter().find_map(|import| {
            let (name, alias) = import.names?;
            (name.strip_prefix('@')? == directive).then(|| alias.strip_prefix('@'))?
        })
    }
}

/// The names that the link directive itself has in a schema: `link`, unless the link to its own
/// specification gives it another.
pub(super) fn link_names<'a>(
    directives: impl IntoIterator<Item = &'a Node<Directive>>,
) -> Vec<String> {
    let mut names = vec!["link".to_owned()];
    for directive in directives {
        let is_bootstrap = string(directive, "url").is_some_and(|url| split_version(url).0 == LINK);
        if !is_bootstrap {
            continue;
        }
        let Ok(link) = Link::parse(directive) else {
            continue;
        };
        let own = link.spelling("link").unwrap_or(&link.namespace);
        if *own != *"link" {
            names.push(own.to_owned());
        }
    }
    names
}

fn string<'a>(directive: &'a Node<Directive>, argument: &str) -> Option<&'a str> {
    directive
        .specified_argument_by_name(argument)
        .and_then(|value| value.as_str())
}

/// The identity and the version of a specification's URL.
fn split_version(url: &str) -> (&str, Option<Version>) {
    let trimmed = url.trim_end_matches('/');
    if let Some((identity, last)) = trimmed.rsplit_once('/')
        && let Some(version) = parse_version(last)
    {
        return (identity, Some(version));
    }
    (trimmed, None)
}

fn parse_version(text: &str) -> Option<Version> {
    let (major, minor) = text.strip_prefix('v')?.split_once('.')?;
    Some(Version(major.parse().ok()?, minor.parse().ok()?))
}

fn imports(directive: &Node<Directive>) -> Vec<Import<'_>> {
    let Some(given) = directive
        .specified_argument_by_name("import")
        .filter(|imports| !imports.is_null())
    else {
        return Vec::new();
    };
    // A single value stands for a list of it (input coercion).
    let items = given.as_list().unwrap_or(std::slice::from_ref(given));
    items
        .iter()
        .map(|value| Import {
            names: parse_import(value),
            value,
        })
        .collect()
}

/// `"@key"` or `{ name: "@key", as: "@id" }`.
fn parse_import(value: &Value) -> Option<(&str, &str)> {
    if let Some(name) = value.as_str() {
        return (!name.trim_start_matches('@').is_empty()).then_some((name, name));
    }
    let mut name = None;
    let mut alias = None;
    for (key, value) in value.as_object()? {
        match Name::as_str(key) {
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
