//! The tree -> the client's response, in one pass.
//!
//! This is result coercion and error handling of the GraphQL specification (sections 6.4.3 and 6.4.4). A value
//! that fails is taken back by cutting the output where the nearest nullable value began.

mod explained;
mod leaf;
mod origin;
mod problems;

use bytes::Bytes;
use hashbrown::HashSet;

use crate::client_errors::ClientErrors;
use crate::errors::GraphQLError;
use crate::introspection::Introspected;
use crate::observe::Fault;
use crate::place::Place;
use crate::prepared::{Field, FieldValue, Fields, PreparedPlan, TypeSet};
use crate::response::Response;
use crate::symbols::{NO_SYMBOL, Symbol, UNKNOWN};
use crate::tree::{END, NodeId, ObjectId, ROOT, Tree, TreeValue};
use problems::{Found, Problems};

pub(crate) use problems::VALIDATION_FAILED;

/// Writes the response. To the errors that were `known` before and those of the fetches it adds what it finds wrong, with the
/// name of the subgraph to blame where that is known and clients `may_learn` it. Operators learn it in any case: the faults are
/// those of what it has found.
#[allow(clippy::too_many_arguments, reason = "all that a response is made of")]
pub(crate) fn write_response<'a>(
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    conditions: &'a [bool],
    introspected: Option<&'a Introspected>,
    known: &[GraphQLError],
    fetch_errors: &'a ClientErrors<'a>,
    may_learn: &'a dyn Fn(&str) -> bool,
    size_hint: usize,
) -> (Response, Vec<Fault<'a>>) {
    let writer = Writer {
        tree,
        plan,
        conditions,
        introspected,
        problems: Problems::new(tree, plan, conditions, fetch_errors, may_learn),
        mistaken: &fetch_errors.noted.mistaken,
        out: Vec::with_capacity(size_hint),
    };
    let (mut out, found) = writer.response();
    let errors = known.iter().chain(&fetch_errors.errors);
    let errors = errors.chain(&found.errors);
    let errors: Vec<&GraphQLError> = errors.collect();
    write_errors(&mut out, &errors);
    out.push(b'}');
    let response = Response::new(Bytes::from(out), true, errors.len());
    (response, found.faults)
}

fn write_errors(out: &mut Vec<u8>, errors: &[&GraphQLError]) {
    if errors.is_empty() {
        return;
    }
    out.extend_from_slice(b",\"errors\":");
    // Writing JSON to a Vec cannot fail.
    let _ = serde_json::to_writer(out, errors);
}

/// A null that the enclosing value may not hold.
struct NullTravels;

type Written = Result<(), NullTravels>;

struct Writer<'a> {
    tree: &'a Tree,
    plan: &'a PreparedPlan,
    conditions: &'a [bool],
    introspected: Option<&'a Introspected>,
    problems: Problems<'a>,
    /// The objects about which a fetch could not ask, for a null that may not be.
    mistaken: &'a HashSet<ObjectId>,
    out: Vec<u8>,
}

impl<'a> Writer<'a> {
    /// The response up to its errors, and what the writer has found.
    fn response(mut self) -> (Vec<u8>, Found<'a>) {
        self.out.extend_from_slice(b"{\"data\":");
        let start = self.out.len();
        let written = self.fields(ROOT, NO_SYMBOL, &self.plan.response, None);
        if written.is_err() {
            self.out.truncate(start);
            self.out.extend_from_slice(b"null");
        }
        (self.out, self.problems.into_found())
    }

    fn fields(
        &mut self,
        object: ObjectId,
        type_name: Symbol,
        fields: &Fields,
        parent: Option<&Place>,
    ) -> Written {
        self.out.push(b'{');
        let mut first = true;
        let mut cursor = self.tree.objects[object as usize].first;
        for field in &fields.fields {
            if !self.applies(field, type_name) {
                continue;
            }
            let comma = usize::from(std::mem::take(&mut first));
            self.out.extend_from_slice(&field.key_text[comma..]);
            match &field.value {
                FieldValue::ConstantTypename(text) => self.out.extend_from_slice(text),
                FieldValue::Typename if type_name < UNKNOWN => self.type_name(type_name),
                FieldValue::Introspection => self.introspection(field),
                // Why it is null is among the errors already.
                FieldValue::Denied if field.is_non_null() => return Err(NullTravels),
                FieldValue::Denied => self.out.extend_from_slice(b"null"),
                _ => {
                    let value = self.find(object, field.source, &mut cursor);
                    let place = Place::of_field(parent, field, object);
                    self.value(value, field, &field.non_null, &place)?;
                }
            }
        }
        self.out.push(b'}');
        if self.is_kept_out(object, parent) {
            self.missing(object, type_name, fields, parent);
        }
        Ok(())
    }

    /// Whether a fetch could not ask about an object, or about one above it.
    fn is_kept_out(&self, object: ObjectId, parent: Option<&Place>) -> bool {
        !self.mistaken.is_empty()
            && (self.mistaken.contains(&object)
                || parent.is_some_and(|parent| parent.is_below_any(self.mistaken)))
    }

    fn applies(&self, field: &Field, type_name: Symbol) -> bool {
        let holds = |condition| self.conditions[condition as usize];
        let is_of = |types: &TypeSet| type_name == NO_SYMBOL || types.contains(type_name);
        field.condition.is_none_or(holds) && field.types.as_ref().is_none_or(is_of)
    }

    /// Looks for fields of an object that nobody could be asked for. If one of its others had failed, it would be gone.
    #[cold]
    fn missing(
        &mut self,
        object: ObjectId,
        type_name: Symbol,
        fields: &Fields,
        parent: Option<&Place>,
    ) {
        for field in &fields.fields {
            let is_fetched = matches!(
                field.value,
                FieldValue::Composite { .. } | FieldValue::Scalar(_) | FieldValue::Enum(_)
            );
            if is_fetched
                && self.applies(field, type_name)
                && self.tree.field(object, field.source).is_none()
            {
                self.problems
                    .missing(&Place::of_field(parent, field, object));
            }
        }
    }

    /// The value of a field. Fields mostly come in the order in which they are asked for, so the search goes on
    /// from where the last one was found.
    fn find(&self, object: ObjectId, key: Symbol, cursor: &mut NodeId) -> Option<TreeValue> {
        let nodes = &self.tree.nodes;
        let start = *cursor;
        let mut id = start;
        while id != END {
            let node = &nodes[id as usize];
            if node.key == key {
                *cursor = node.next;
                return Some(node.value);
            }
            id = node.next;
        }
        id = self.tree.objects[object as usize].first;
        while id != start {
            let node = &nodes[id as usize];
            if node.key == key {
                *cursor = node.next;
                return Some(node.value);
            }
            id = node.next;
        }
        None
    }

    /// A value of the type whose levels, from here inwards, are `non_null`.
    fn value(
        &mut self,
        value: Option<TreeValue>,
        field: &Field,
        non_null: &[bool],
        place: &Place,
    ) -> Written {
        let start = self.out.len();
        let Some((&is_non_null, inner)) = non_null.split_first() else {
            return Err(NullTravels);
        };
        let written = match value {
            None | Some(TreeValue::Null) => {
                if is_non_null {
                    self.problems.null(field, place, value.is_none());
                }
                Err(NullTravels)
            }
            Some(TreeValue::List { first, .. }) if !inner.is_empty() => {
                self.list(first, field, inner, place)
            }
            Some(_) if !inner.is_empty() => {
                let message = format!("expected a list of {}", field.type_name);
                self.problems.value(message, place);
                Err(NullTravels)
            }
            Some(value) => self.named(value, field, place),
        };
        if written.is_ok() {
            return Ok(());
        }
        if is_non_null {
            return Err(NullTravels);
        }
        self.out.truncate(start);
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn list(&mut self, first: NodeId, field: &Field, non_null: &[bool], place: &Place) -> Written {
        self.out.push(b'[');
        for (index, item) in self.tree.chain(first).enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            let place = Place::of_item(place, index);
            self.value(Some(item.value), field, non_null, &place)?;
        }
        self.out.push(b']');
        Ok(())
    }

    /// A value that is neither null nor a list of the type system.
    fn named(&mut self, value: TreeValue, field: &Field, place: &Place) -> Written {
        let written = match &field.value {
            FieldValue::Composite { possible, fields } => {
                return self.composite(value, field, possible, fields, place);
            }
            FieldValue::Scalar(scalar) => self.scalar(value, *scalar),
            FieldValue::Enum(values) => self.enum_value(value, values),
            FieldValue::Typename => {
                self.scalar(value, Some(souk_planner::plan::BuiltInScalar::String))
            }
            FieldValue::ConstantTypename(_) | FieldValue::Introspection | FieldValue::Denied => {
                return Ok(());
            }
        };
        if !written {
            self.wrong_type(value, field, place);
            return Err(NullTravels);
        }
        Ok(())
    }

    fn composite(
        &mut self,
        value: TreeValue,
        field: &Field,
        possible: &TypeSet,
        fields: &Fields,
        place: &Place,
    ) -> Written {
        let TreeValue::Object(object) = value else {
            self.wrong_type(value, field, place);
            return Err(NullTravels);
        };
        let known = self.tree.objects[object as usize].type_name;
        let type_name = if known == NO_SYMBOL {
            possible.only().unwrap_or(NO_SYMBOL)
        } else {
            known
        };
        if !possible.contains(type_name) {
            self.problems.object_type(field, place, object, type_name);
            return Err(NullTravels);
        }
        self.fields(object, type_name, fields, Some(place))
    }

    fn type_name(&mut self, type_name: Symbol) {
        self.out.push(b'"');
        self.out
            .extend_from_slice(self.plan.symbols.name(type_name).as_bytes());
        self.out.push(b'"');
    }

    fn introspection(&mut self, field: &Field) {
        match self
            .introspected
            .and_then(|introspected| introspected.get(&field.response_key))
        {
            Some(text) => self.out.extend_from_slice(text),
            None => self.out.extend_from_slice(b"null"),
        }
    }

    fn wrong_type(&mut self, value: TreeValue, field: &Field, place: &Place<'_>) {
        let found = describe(value);
        let message = format!("{found} is not a valid {}", field.type_name);
        self.problems.value(message, place);
    }
}

fn describe(value: TreeValue) -> &'static str {
    match value {
        TreeValue::Null => "null",
        TreeValue::Bool(_) => "a boolean",
        TreeValue::Number(_) => "this number",
        TreeValue::String(_) => "this string",
        TreeValue::Raw(_) | TreeValue::Object(_) => "an object",
        TreeValue::List { .. } => "a list",
    }
}
