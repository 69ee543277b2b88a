//! Resolves fields from data, for a subgraph as for the plain server that a subgraph is compared with.

use std::cell::RefCell;

use apollo_compiler::ast::Type;
use apollo_compiler::resolvers::{FieldError, ObjectValue, ResolveInfo, ResolvedValue};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::Valid;
use apollo_compiler::{Name, Schema};
use serde_json::Value;

use crate::data::{Data, Object};
use crate::directives::{Directives, KeyField};
use crate::formula::{self, Formula};
use crate::hidden::{HIDDEN, Hidden};

/// What all objects of one execution share.
pub(crate) struct Site<'a> {
    /// The schema that is executed.
    pub schema: &'a Valid<Schema>,
    /// The schema of the whole graph: it knows which types implement an interface.
    pub whole_schema: &'a Valid<Schema>,
    /// The data.
    pub data: &'a Data,
    /// What the plain server keeps from the client.
    pub hidden: Option<&'a Hidden>,
    /// The federation directives of a subgraph; `None` on the plain server.
    pub directives: Option<&'a Directives>,
    /// The schema as its owner wrote it, for `_service`.
    pub sdl: &'a str,
    /// Which event of a subscription is executed.
    pub event: usize,
    /// What the router must never do, and what the fixture fails to say. Any entry fails the case.
    pub violations: &'a RefCell<Vec<String>>,
}

impl Site<'_> {
    fn violation(&self, message: String) -> FieldError {
        self.violations.borrow_mut().push(message.clone());
        FieldError { message }
    }

    /// The name that this schema has for the type of an object of a field of type `declared`.
    fn type_name(&self, declared: &str, object: &Object) -> String {
        let written = object.get("__typename").and_then(Value::as_str);
        let written = written.unwrap_or(declared);
        if self.schema.get_object(written).is_some() {
            return written.to_owned();
        }
        let mut interface_objects = self
            .directives
            .into_iter()
            .flat_map(Directives::interface_objects);
        interface_objects
            .find(|interface| self.implements(written, interface))
            .map_or_else(|| written.to_owned(), Name::to_string)
    }

    fn implements(&self, ty: &str, interface: &str) -> bool {
        let object = self.whole_schema.get_object(ty);
        object.is_some_and(|object| {
            object
                .implements_interfaces
                .iter()
                .any(|implemented| implemented.name == interface)
        })
    }
}

/// An object with what is known of it.
pub(crate) struct Resolved<'a> {
    site: &'a Site<'a>,
    type_name: Name,
    fields: Object,
    /// The representation that it was asked for by.
    representation: Option<Object>,
    /// The external fields that the way to it provides.
    provided: Vec<KeyField>,
}

impl<'a> Resolved<'a> {
    /// The root object of an operation.
    pub fn root(site: &'a Site<'a>, type_name: Name, fields: Object) -> Resolved<'a> {
        Resolved {
            site,
            type_name,
            fields,
            representation: None,
            provided: Vec::new(),
        }
    }

    fn is_external(&self, field: &Name) -> bool {
        self.site
            .directives
            .is_some_and(|directives| directives.is_external(&self.type_name, field))
    }

    /// What the way to this object provides of a field.
    fn provided_parts(&self, field: &Name) -> impl Iterator<Item = &KeyField> {
        self.provided.iter().filter(move |part| {
            let is_for_this = |on: &Name| {
                *on == self.type_name || self.site.schema.is_subtype(on, &self.type_name)
            };
            part.name == field.as_str() && part.on.as_ref().is_none_or(is_for_this)
        })
    }

    /// Refuses what a router must not ask of this subgraph.
    fn check(&self, field: &Name) -> Result<(), FieldError> {
        let Some(directives) = self.site.directives else {
            return Ok(());
        };
        let provided = self.provided_parts(field).next().is_some();
        if self.is_external(field) && !provided {
            let message = format!(
                "{}.{field} is @external and not provided here",
                self.type_name
            );
            return Err(self.site.violation(message));
        }
        if directives.is_lost(&self.type_name, field) && !provided {
            let message = format!("{}.{field} was overridden", self.type_name);
            return Err(self.site.violation(message));
        }
        for required in directives.requires(&self.type_name, field) {
            let given = self.representation.as_ref();
            if !given.is_some_and(|given| given.contains_key(&required.name)) {
                let message = format!(
                    "{}.{field} was asked for without the required \"{}\"",
                    self.type_name, required.name
                );
                return Err(self.site.violation(message));
            }
        }
        Ok(())
    }

    /// The value of a path of this object, for formulas.
    fn look_up(&self, path: &str, arguments: &Object) -> Result<Value, String> {
        if let Some(argument) = path.strip_prefix('$') {
            return Ok(arguments.get(argument).cloned().unwrap_or(Value::Null));
        }
        let steps = formula::steps(path);
        let (first, rest) = steps.split_first().expect("a path has a first step");
        let name = Name::new(&first.name).expect("a field's name");
        let given = self.representation.as_ref();
        let mut value = if self.is_external(&name) {
            given
                .and_then(|given| given.get(&first.name))
                .cloned()
                .ok_or_else(|| {
                    format!("the representation of {} lacks \"{name}\"", self.type_name)
                })?
        } else {
            let raw = self.fields.get(&first.name).cloned().unwrap_or(Value::Null);
            self.evaluate(&raw, &first.arguments, "String")?
        };
        for step in rest {
            value = self.step(&value, &step.name);
        }
        Ok(value)
    }

    fn step(&self, value: &Value, name: &str) -> Value {
        if let Value::Array(items) = value {
            return items.iter().map(|item| self.step(item, name)).collect();
        }
        let object = self.site.data.follow(value);
        object
            .and_then(|object| object.get(name))
            .cloned()
            .unwrap_or(Value::Null)
    }

    /// Works a formula out. An error's code travels in front of its message.
    fn evaluate(&self, raw: &Value, arguments: &Object, leaf: &str) -> Result<Value, String> {
        let Some(formula) = Formula::of(raw, arguments) else {
            return Ok(raw.clone());
        };
        match formula {
            Formula::Error { message, code } => Err(match code {
                Some(code) => format!("[{code}] {message}"),
                None => message.to_owned(),
            }),
            Formula::By(chosen) => self.evaluate(&chosen, arguments, leaf),
            Formula::Template(template) => {
                let text = formula::fill(template, |path| self.look_up(path, arguments))?;
                match leaf {
                    "Int" | "Float" | "Boolean" => {
                        Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
                    }
                    _ => Ok(Value::String(text)),
                }
            }
            Formula::Sum(terms) => {
                let mut values = Vec::new();
                for term in terms {
                    let path = term.as_str().expect("a path to sum");
                    values.push(self.look_up(path, arguments)?);
                }
                Ok(formula::sum(&values))
            }
            Formula::Arguments => {
                let arguments = Value::Object(arguments.clone());
                match leaf {
                    "String" => Ok(Value::String(arguments.to_string())),
                    _ => Ok(arguments),
                }
            }
        }
    }

    /// A value of the declared type, from data.
    fn complete(
        &self,
        ty: &Type,
        value: Value,
        provided: &[KeyField],
    ) -> Result<ResolvedValue<'a>, FieldError> {
        if let Some(Formula::Error { .. }) = Formula::of(&value, &Object::new()) {
            let message = self.evaluate(&value, &Object::new(), "String");
            return Err(FieldError {
                message: message.err().unwrap_or_default(),
            });
        }
        if value.is_null() {
            return Ok(ResolvedValue::null());
        }
        if ty.is_list()
            && let Value::Array(items) = value
        {
            let items: Vec<_> = items
                .into_iter()
                .map(|item| self.complete(ty.item_type(), item, provided))
                .collect();
            return Ok(ResolvedValue::List(Box::new(items.into_iter())));
        }
        let declared = ty.inner_named_type();
        let composite = matches!(
            self.site.schema.types.get(declared),
            Some(ExtendedType::Object(_) | ExtendedType::Interface(_) | ExtendedType::Union(_))
        );
        if !composite {
            return Ok(ResolvedValue::leaf(json(&value)));
        }
        let Some(object) = self.site.data.follow(&value) else {
            let message = format!("the data have no object {value}");
            return Err(self.site.violation(message));
        };
        let type_name = self.site.type_name(declared, object);
        Ok(ResolvedValue::object(Resolved {
            site: self.site,
            type_name: Name::new(&type_name).expect("a type's name"),
            fields: object.clone(),
            representation: None,
            provided: provided.to_vec(),
        }))
    }

    fn entities(&self, arguments: &Object) -> Result<ResolvedValue<'a>, FieldError> {
        let representations = arguments.get("representations").and_then(Value::as_array);
        let mut entities = Vec::new();
        for representation in representations.into_iter().flatten() {
            entities.push(self.entity(representation));
        }
        Ok(ResolvedValue::List(Box::new(entities.into_iter())))
    }

    fn entity(&self, representation: &Value) -> Result<ResolvedValue<'a>, FieldError> {
        let directives = self.site.directives.expect("only subgraphs have _entities");
        let given = representation.as_object().cloned().unwrap_or_default();
        let type_name = given.get("__typename").and_then(Value::as_str);
        let type_name = type_name.unwrap_or_default().to_owned();
        let usable = |key: &&Vec<KeyField>| key.iter().all(|part| given.contains_key(&part.name));
        let Some(key) = directives.keys(&type_name).iter().find(usable) else {
            let message = format!("no key of this subgraph is in {representation}");
            return Err(self.site.violation(message));
        };
        let found = self.site.data.objects().find(|object| {
            let is_of_type = object
                .get("__typename")
                .and_then(Value::as_str)
                .is_some_and(|of| of == type_name || self.site.implements(of, &type_name));
            is_of_type && self.matches(key, &given, object)
        });
        let Some(found) = found else {
            return Ok(ResolvedValue::null());
        };
        let type_name = self.site.type_name(&type_name, found);
        Ok(ResolvedValue::object(Resolved {
            site: self.site,
            type_name: Name::new(&type_name).expect("a type's name"),
            fields: found.clone(),
            representation: Some(given),
            provided: Vec::new(),
        }))
    }

    fn matches(&self, key: &[KeyField], given: &Object, object: &Object) -> bool {
        key.iter().all(|part| {
            let given = given.get(&part.name).unwrap_or(&Value::Null);
            let own = object.get(&part.name).unwrap_or(&Value::Null);
            self.equal(&part.below, given, own)
        })
    }

    fn equal(&self, below: &[KeyField], given: &Value, own: &Value) -> bool {
        if below.is_empty() {
            // An ID may travel as a string where the data have a number.
            return given == own || formula::text(given) == formula::text(own);
        }
        if let (Value::Array(given), Value::Array(own)) = (given, own) {
            let mut pairs = given.iter().zip(own);
            return given.len() == own.len()
                && pairs.all(|(given, own)| self.equal(below, given, own));
        }
        match (given.as_object(), self.site.data.follow(own)) {
            (Some(given), Some(own)) => self.matches(below, given, own),
            _ => given.is_null() && own.is_null(),
        }
    }
}

impl ObjectValue for Resolved<'_> {
    fn type_name(&self) -> &str {
        &self.type_name
    }

    fn resolve_field<'b>(
        &'b self,
        info: &'b ResolveInfo<'b>,
    ) -> Result<ResolvedValue<'b>, FieldError> {
        let arguments = serde_json::to_value(info.arguments()).unwrap_or_default();
        let arguments = arguments.as_object().cloned().unwrap_or_default();
        match info.field_name() {
            "_entities" => return self.entities(&arguments),
            "_service" => {
                let sdl = Object::from_iter([("sdl".to_owned(), Value::from(self.site.sdl))]);
                let service = Name::new("_Service").expect("a name");
                return Ok(ResolvedValue::object(Resolved::root(
                    self.site, service, sdl,
                )));
            }
            _ => {}
        }
        let definition = info.field_definition();
        let (field, ty) = (&definition.name, &definition.ty);
        let mut hidden = self.site.hidden.into_iter();
        if hidden.any(|hidden| hidden.hides(self.site.schema, &self.type_name, definition)) {
            let message = format!("[{HIDDEN}] {}.{field} is hidden", self.type_name);
            return Err(FieldError { message });
        }
        self.check(field)?;
        let Some(mut raw) = self.fields.get(field.as_str()) else {
            let message = format!("the data say nothing of {}.{field}", self.type_name);
            return Err(self.site.violation(message));
        };
        if let Some(events) = raw.get("$events") {
            raw = events.get(self.site.event).unwrap_or(&Value::Null);
        }
        let value = self
            .evaluate(raw, &arguments, ty.inner_named_type())
            .map_err(|message| FieldError { message })?;
        let directives = self.site.directives;
        let inherited = self.provided_parts(field);
        let mut provided: Vec<KeyField> = inherited.flat_map(|part| part.below.clone()).collect();
        let here = directives.map(|directives| directives.provides(&self.type_name, field));
        provided.extend_from_slice(here.unwrap_or_default());
        self.complete(ty, value, &provided)
    }
}

/// The same value for the execution's own JSON type.
fn json(value: &Value) -> apollo_compiler::response::JsonValue {
    serde_json::from_value(value.clone()).expect("JSON is JSON")
}
