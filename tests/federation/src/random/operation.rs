//! Random operations on a schema.

use std::fmt::Write;

use apollo_compiler::ast::{InputValueDefinition, Type};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Node, Schema};
use serde_json::{Value, json};

use crate::data::Object;
use crate::random::dice::Dice;
use crate::random::whole::parse_type;

const DEPTH: usize = 6;

/// Writes one operation.
pub(crate) struct Operation<'a> {
    schema: &'a Schema,
    dice: &'a mut Dice,
    /// How many more fields it may have.
    budget: usize,
    /// How many items its list literals have. Two fields of one response key may not have lists of different lengths,
    /// which apollo-compiler's validation does not notice.
    items: usize,
    /// Names and types of variables.
    declared: Vec<(String, Type)>,
    variables: Object,
    /// Names, types and texts of fragments; a text is empty while it is being written.
    fragments: Vec<(String, String, String)>,
}

impl<'a> Operation<'a> {
    /// An operation's text and its variables. It may be invalid: one response key may have two meanings.
    pub fn write(schema: &'a Schema, dice: &'a mut Dice, budget: usize) -> (String, Object) {
        let items = dice.between(0..=2);
        let mut operation = Operation {
            schema,
            dice,
            budget,
            items,
            declared: Vec::new(),
            variables: Object::new(),
            fragments: Vec::new(),
        };
        let roots = &schema.schema_definition;
        let (kind, root) = match &roots.mutation {
            Some(mutation) if operation.dice.one_in(5) => ("mutation", mutation),
            _ => ("query", roots.query.as_ref().expect("a query type")),
        };
        let mut body = String::new();
        operation.selection(&root.name, 0, &mut body);
        let mut text = kind.to_owned();
        if !operation.declared.is_empty() {
            let declared = operation.declared.iter();
            let declared = declared.map(|(name, ty)| format!("${name}: {ty}"));
            let _ = write!(text, " Random({})", declared.collect::<Vec<_>>().join(", "));
        }
        let _ = write!(text, " {body}");
        for (name, on, body) in &operation.fragments {
            let _ = write!(text, "\nfragment {name} on {on} {body}");
        }
        (text, operation.variables)
    }

    fn selection(&mut self, ty: &str, depth: usize, text: &mut String) {
        text.push_str("{ ");
        let mut any = false;
        for _ in 0..self.dice.between(1..=4) {
            any |= self.one(ty, depth, text);
        }
        if !any {
            text.push_str("__typename ");
        }
        text.push_str("} ");
    }

    fn one(&mut self, ty: &str, depth: usize, text: &mut String) -> bool {
        if depth > DEPTH || self.budget == 0 {
            return false;
        }
        let fields = match &self.schema.types[ty] {
            ExtendedType::Object(object) => Some(&object.fields),
            ExtendedType::Interface(interface) => Some(&interface.fields),
            _ => None,
        };
        let Some(fields) = fields.filter(|_| !self.dice.one_in(4)) else {
            return self.fragment(ty, depth, text);
        };
        self.budget -= 1;
        if self.dice.one_in(8) {
            text.push_str(["__typename ", "t: __typename ", "id: __typename "][self.dice.below(3)]);
            self.condition(text);
            return true;
        }
        // What makes a difference between the types of an interface is above all what leads on from there.
        let leads_on = match self.schema.types[ty].is_interface() && self.dice.one_in(2) {
            true => fields
                .values()
                .position(|field| self.is_composite(field.ty.inner_named_type())),
            false => None,
        };
        let index = leads_on.unwrap_or_else(|| self.dice.below(fields.len()));
        let (name, field) = fields.get_index(index).expect("a field");
        let is_leaf = !self.is_composite(field.ty.inner_named_type());
        if !is_leaf && depth >= DEPTH {
            return false;
        }
        if self.dice.one_in(5) {
            let _ = write!(
                text,
                "{}: ",
                self.dice.pick(&["x", "y", "id", "string", "__typename_"])
            );
        }
        text.push_str(name);
        self.arguments(&field.arguments, text);
        text.push(' ');
        self.condition(text);
        if !is_leaf {
            self.selection(field.ty.inner_named_type(), depth + 1, text);
        }
        true
    }

    fn is_composite(&self, ty: &str) -> bool {
        let found = self.schema.types.get(ty);
        found.is_some_and(|ty| ty.is_object() || ty.is_interface() || ty.is_union())
    }

    fn fragment(&mut self, ty: &str, depth: usize, text: &mut String) -> bool {
        self.budget -= 1;
        let related = self.related(ty);
        if self.dice.one_in(3) {
            let known = self
                .fragments
                .iter()
                .filter(|(_, on, body)| !body.is_empty() && related.contains(on));
            let known: Vec<String> = known.map(|(name, ..)| name.clone()).collect();
            let name = if known.is_empty() || self.dice.one_in(2) {
                let on = self.dice.pick(&related).clone();
                let place = self.fragments.len();
                let name = format!("F{place}");
                self.fragments
                    .push((name.clone(), on.clone(), String::new()));
                let mut body = String::new();
                self.selection(&on, depth + 1, &mut body);
                self.fragments[place].2 = body;
                name
            } else {
                self.dice.pick(&known).clone()
            };
            let _ = write!(text, "...{name} ");
            self.condition(text);
            return true;
        }
        text.push_str("... ");
        let mut on = ty.to_owned();
        if !self.dice.one_in(6) {
            on = self.dice.pick(&related).clone();
            let _ = write!(text, "on {on} ");
        }
        self.condition(text);
        self.selection(&on, depth + 1, text);
        true
    }

    /// Types that share an object type with this one, and itself.
    fn related(&self, ty: &str) -> Vec<String> {
        let mine = self.objects(ty);
        let related = self.schema.types.iter().filter(|(name, found)| {
            let mut objects = self.objects(name).into_iter();
            let shares = objects.any(|object| mine.contains(&object));
            *name == ty || shares && !found.is_built_in()
        });
        related.map(|(name, _)| name.to_string()).collect()
    }

    fn objects(&self, ty: &str) -> Vec<&str> {
        let objects = self
            .schema
            .types
            .iter()
            .filter(|(_, found)| found.is_object());
        let below = objects.filter(|(name, _)| *name == ty || self.schema.is_subtype(ty, name));
        below.map(|(name, _)| name.as_str()).collect()
    }

    fn condition(&mut self, text: &mut String) {
        let mut directives = Vec::new();
        match self.dice.below(24) {
            0 | 1 => directives.push("skip"),
            2 | 3 => directives.push("include"),
            4 => directives.extend(["skip", "include"]),
            _ => {}
        }
        for directive in directives {
            // Mostly so that the selection is there.
            let holds = (directive == "include") ^ self.dice.one_in(4);
            let value = match self.dice.one_in(4) {
                true => holds.to_string(),
                false => {
                    let name = if holds { "yes" } else { "no" };
                    self.declare(name.to_owned(), parse_type("Boolean!"), Some(holds.into()));
                    format!("${name}")
                }
            };
            let _ = write!(text, "@{directive}(if: {value}) ");
        }
    }

    fn declare(&mut self, name: String, ty: Type, value: Option<Value>) {
        if self.declared.iter().any(|(known, _)| *known == name) {
            return;
        }
        if let Some(value) = value {
            self.variables.insert(name.clone(), value);
        }
        self.declared.push((name, ty));
    }

    fn arguments(&mut self, arguments: &[Node<InputValueDefinition>], text: &mut String) {
        let mut given = Vec::new();
        for argument in arguments {
            let required = argument.ty.is_non_null() && argument.default_value.is_none();
            if required || !self.dice.one_in(3) {
                let value = self.argument(&argument.ty, argument.default_value.is_some());
                given.push(format!("{}: {value}", argument.name));
            }
        }
        if !given.is_empty() {
            let _ = write!(text, "({})", given.join(", "));
        }
    }

    /// A literal, or a variable of a type that may stand here.
    fn argument(&mut self, ty: &Type, has_default: bool) -> String {
        if !self.dice.one_in(3) {
            return self.literal(ty);
        }
        let known = self.declared.iter().filter(|(_, known)| known == ty);
        let known: Vec<String> = known.map(|(name, _)| name.clone()).collect();
        if !known.is_empty() && self.dice.one_in(2) {
            return format!("${}", self.dice.pick(&known));
        }
        let name = format!("v{}", self.declared.len());
        let mut declared = ty.clone();
        if !ty.is_non_null() && self.dice.one_in(4) {
            declared = declared.non_null();
        }
        if ty.is_non_null() && has_default && self.dice.one_in(2) {
            declared = declared.nullable();
        }
        let omitted = !declared.is_non_null() && self.dice.one_in(3);
        let count = self.dice.between(0..=2);
        let value = (!omitted).then(|| self.json(&declared, count, 0));
        // A null may not come where the default stands for nothing given.
        let value = value.filter(|value| !(value.is_null() && ty.is_non_null()));
        self.declare(name.clone(), declared, value);
        format!("${name}")
    }

    fn literal(&mut self, ty: &Type) -> String {
        fn written(value: &Value, is_enum: bool) -> String {
            match value {
                Value::Object(fields) => {
                    let fields = fields.iter();
                    let fields = fields.map(|(name, value)| {
                        format!("{name}: {}", written(value, name == "color"))
                    });
                    format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
                }
                Value::Array(items) => {
                    let items = items.iter().map(|item| written(item, is_enum));
                    format!("[{}]", items.collect::<Vec<_>>().join(", "))
                }
                Value::String(name) if is_enum => name.clone(),
                leaf => leaf.to_string(),
            }
        }
        let value = self.json(ty, self.items, 0);
        written(&value, *ty.inner_named_type() == "Color")
    }

    /// A value whose lists have so many items.
    fn json(&mut self, ty: &Type, count: usize, depth: usize) -> Value {
        if !ty.is_non_null() && self.dice.one_in(8) {
            return Value::Null;
        }
        if let Type::List(item) | Type::NonNullList(item) = ty {
            if self.dice.one_in(6) && !item.is_list() {
                // One item may stand for a list.
                return self.json(&item.clone().non_null(), count, depth);
            }
            return (0..count).map(|_| self.json(item, count, depth)).collect();
        }
        match ty.inner_named_type().as_str() {
            "Int" => self.dice.below(4).into(),
            "Float" => json!([1.0, 2.5, -0.5][self.dice.below(3)]),
            "Boolean" => self.dice.one_in(2).into(),
            "Color" => (*self.dice.pick(&["RED", "GREEN", "BLUE"])).into(),
            "ID" if self.dice.one_in(3) => self.dice.below(9).into(),
            "Filter" => {
                let mut filter = Object::new();
                for (name, ty) in [
                    ("n", "Int"),
                    ("tags", "String"),
                    ("color", "Color"),
                    ("sub", "Filter"),
                ] {
                    let is_deep = name == "sub" && depth > 1;
                    if self.dice.one_in(2) && !is_deep {
                        let named = parse_type(ty);
                        let ty = if name == "tags" {
                            named.non_null().list()
                        } else {
                            named
                        };
                        filter.insert(name.to_owned(), self.json(&ty, count, depth + 1));
                    }
                }
                Value::Object(filter)
            }
            "Blob" => {
                [json!(1), json!("blob"), json!([null]), json!([true])][self.dice.below(4)].clone()
            }
            _ => (*self
                .dice
                .pick(&["", "text", "\"quoted\" \\ \u{fc}\u{1f600}", "line\nbreak"]))
            .into(),
        }
    }
}
