//! What the federation directives of one subgraph's schema say.

use std::collections::{HashMap, HashSet};

use apollo_compiler::ast::{
    Definition, Directive, DirectiveList, Document, FieldDefinition, Value,
};
use apollo_compiler::{Name, Node};

use crate::executable::parse_field_set;

/// A selection of a field set, fragments taken apart.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct KeyField {
    pub name: String,
    /// The type of the innermost fragment that it is in.
    pub on: Option<Name>,
    pub below: Vec<KeyField>,
}

/// The directives that matter to who is asked what.
const DIRECTIVES: [&str; 6] = [
    "key",
    "interfaceObject",
    "external",
    "requires",
    "provides",
    "override",
];

/// The federation directives of a subgraph, with every renaming undone.
#[derive(Debug, Clone, Default)]
pub(crate) struct Directives {
    names: HashMap<String, String>,
    keys: HashMap<Name, Vec<Vec<KeyField>>>,
    interface_objects: HashSet<Name>,
    external: HashSet<(Name, Name)>,
    requires: HashMap<(Name, Name), Vec<KeyField>>,
    provides: HashMap<(Name, Name), Vec<KeyField>>,
    /// Fields taken over from other subgraphs, whatever is in a request, and from which.
    taken_over: Vec<(String, (Name, Name))>,
    /// Fields that other subgraphs took over.
    lost: HashSet<(Name, Name)>,
}

impl Directives {
    /// Reads a subgraph's schema.
    pub fn read(document: &Document) -> Directives {
        let mut found = Directives {
            names: federation_names(document),
            ..Directives::default()
        };
        for definition in &document.definitions {
            match definition {
                Definition::ObjectTypeDefinition(ty) => {
                    found.read_type(&ty.name, &ty.directives, &ty.fields);
                }
                Definition::ObjectTypeExtension(ty) => {
                    found.read_type(&ty.name, &ty.directives, &ty.fields);
                }
                Definition::InterfaceTypeDefinition(ty) => {
                    found.read_type(&ty.name, &ty.directives, &ty.fields);
                }
                Definition::InterfaceTypeExtension(ty) => {
                    found.read_type(&ty.name, &ty.directives, &ty.fields);
                }
                _ => {}
            }
        }
        found
    }

    /// The keys of an entity by which the subgraph can be asked for it.
    pub fn keys(&self, ty: &str) -> &[Vec<KeyField>] {
        self.keys.get(ty).map_or(&[], Vec::as_slice)
    }

    /// The interfaces whose entities the subgraph has without knowing their types.
    pub fn interface_objects(&self) -> impl Iterator<Item = &Name> {
        self.interface_objects.iter()
    }

    /// Whether a field is known here only from elsewhere; key fields are known in any case.
    pub fn is_external(&self, ty: &Name, field: &Name) -> bool {
        self.external.contains(&(ty.clone(), field.clone())) && !self.is_in_key(ty, field)
    }

    /// Notes the fields that others took over from the subgraph of this name.
    pub fn lose<'a>(&mut self, name: &str, others: impl IntoIterator<Item = &'a Directives>) {
        let taken = others.into_iter().flat_map(|other| &other.taken_over);
        let lost = taken.filter(|(from, _)| from == name);
        self.lost.extend(lost.map(|(_, place)| place.clone()));
    }

    /// Whether another subgraph took the field over; key fields are known in any case.
    pub fn is_lost(&self, ty: &Name, field: &Name) -> bool {
        self.lost.contains(&(ty.clone(), field.clone())) && !self.is_in_key(ty, field)
    }

    fn is_in_key(&self, ty: &Name, field: &Name) -> bool {
        let in_key = |key: &Vec<KeyField>| key.iter().any(|part| part.name == field.as_str());
        self.keys(ty).iter().any(in_key)
    }

    /// What a field needs in its representation.
    pub fn requires(&self, ty: &Name, field: &Name) -> &[KeyField] {
        let found = self.requires.get(&(ty.clone(), field.clone()));
        found.map_or(&[], Vec::as_slice)
    }

    /// Which external fields are known behind a field.
    pub fn provides(&self, ty: &Name, field: &Name) -> &[KeyField] {
        let found = self.provides.get(&(ty.clone(), field.clone()));
        found.map_or(&[], Vec::as_slice)
    }

    fn read_type(
        &mut self,
        name: &Name,
        directives: &DirectiveList,
        fields: &[Node<FieldDefinition>],
    ) {
        for directive in &directives.0 {
            match self.meaning(directive) {
                Some("key") => {
                    let keys = self.keys.entry(name.clone()).or_default();
                    if argument(directive, "resolvable") != Some(&Value::Boolean(false)) {
                        keys.push(field_set(directive));
                    }
                }
                Some("interfaceObject") => {
                    self.interface_objects.insert(name.clone());
                }
                Some("external") => {
                    let all = fields
                        .iter()
                        .map(|field| (name.clone(), field.name.clone()));
                    self.external.extend(all);
                }
                _ => {}
            }
        }
        for field in fields {
            let place = (name.clone(), field.name.clone());
            for directive in &field.directives.0 {
                match self.meaning(directive) {
                    Some("external") => {
                        self.external.insert(place.clone());
                    }
                    Some("requires") => {
                        self.requires.insert(place.clone(), field_set(directive));
                    }
                    Some("override") if argument(directive, "label").is_none() => {
                        let from = argument(directive, "from").and_then(|from| from.as_str());
                        let from = from.expect("a subgraph's name").to_owned();
                        self.taken_over.push((from, place.clone()));
                    }
                    Some("provides") => {
                        self.provides.insert(place.clone(), field_set(directive));
                    }
                    _ => {}
                }
            }
        }
    }

    fn meaning(&self, directive: &Directive) -> Option<&'static str> {
        let written = directive.name.as_str();
        let meaning = self.names.get(written).map_or(written, String::as_str);
        DIRECTIVES.into_iter().find(|known| *known == meaning)
    }
}

/// The name that the specification gives to each directive that this schema calls otherwise.
fn federation_names(document: &Document) -> HashMap<String, String> {
    let mut names = HashMap::new();
    for definition in &document.definitions {
        let directives = match definition {
            Definition::SchemaDefinition(schema) => &schema.directives,
            Definition::SchemaExtension(schema) => &schema.directives,
            _ => continue,
        };
        for link in directives.get_all("link") {
            let url = argument(link, "url").and_then(|url| url.as_str());
            if !url.is_some_and(|url| url.contains("/federation/")) {
                continue;
            }
            let prefix = argument(link, "as").and_then(|name| name.as_str());
            let prefix = prefix.unwrap_or("federation");
            for name in DIRECTIVES {
                names.insert(format!("{prefix}__{name}"), name.to_owned());
            }
            let imports = argument(link, "import").and_then(|imports| imports.as_list());
            for import in imports.unwrap_or_default() {
                let Value::Object(renamed) = &**import else {
                    continue;
                };
                let part = |key: &str| {
                    let (_, value) = renamed.iter().find(|(name, _)| name == key)?;
                    Some(value.as_str()?.trim_start_matches('@').to_owned())
                };
                if let (Some(name), Some(renamed)) = (part("name"), part("as")) {
                    names.insert(renamed, name);
                }
            }
        }
    }
    names
}

fn argument<'a>(directive: &'a Directive, name: &str) -> Option<&'a Value> {
    directive
        .specified_argument_by_name(name)
        .map(|value| &**value)
}

fn field_set(directive: &Directive) -> Vec<KeyField> {
    let fields = argument(directive, "fields").and_then(Value::as_str);
    parse_field_set(fields.expect("a field set is a string"))
}
