//! Finds the values that an operation gives to the arguments of its fields and directives.

use std::collections::HashSet;

use apollo_compiler::ast::{Argument, DirectiveList, InputValueDefinition, Type, Value};
use apollo_compiler::executable::{ExecutableDocument, Operation, Selection, SelectionSet};
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::{Name, Node, Schema};

/// What the schema expects where a value stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub ty: &'a Type,
    /// Whether the argument or input field has a default value. The items of a list have none.
    pub has_default: bool,
}

impl<'a> Expected<'a> {
    pub fn by(definition: &'a InputValueDefinition) -> Expected<'a> {
        Expected {
            ty: &definition.ty,
            has_default: definition.default_value.is_some(),
        }
    }
}

/// What to do with the values of an operation.
pub(super) trait Visitor {
    /// Whether to look into a selection with these directives, whose own arguments have been visited.
    fn enters(&self, _directives: &DirectiveList) -> bool {
        true
    }

    /// A value, with those in it still to come. Nothing is expected in the objects that a custom scalar takes.
    fn value(&mut self, value: &Node<Value>, expected: Option<Expected<'_>>);
}

/// Shows a visitor the arguments in the operation's directives and selections, those of a fragment once however
/// often it is spread. The document nests no deeper than the compiler follows it.
pub(super) fn visit_operation(
    schema: &Schema,
    document: &ExecutableDocument,
    operation: &Operation,
    visitor: &mut dyn Visitor,
) {
    let mut walk = Walk {
        schema,
        document,
        entered: HashSet::new(),
        visitor,
    };
    visit_directives(schema, &operation.directives, walk.visitor);
    walk.selections(&operation.selection_set);
}

/// Shows a visitor the arguments of directives.
pub(super) fn visit_directives(
    schema: &Schema,
    directives: &DirectiveList,
    visitor: &mut dyn Visitor,
) {
    for directive in directives {
        if let Some(definition) = schema.directive_definitions.get(&directive.name) {
            visit_arguments(schema, &directive.arguments, &definition.arguments, visitor);
        }
    }
}

fn visit_arguments(
    schema: &Schema,
    arguments: &[Node<Argument>],
    definitions: &[Node<InputValueDefinition>],
    visitor: &mut dyn Visitor,
) {
    for argument in arguments {
        let definition = definitions
            .iter()
            .find(|definition| definition.name == argument.name);
        let expected = definition.map(|definition| Expected::by(definition));
        visit_value(schema, &argument.value, expected, visitor);
    }
}

/// Shows a visitor a value and those in it.
pub(super) fn visit_value(
    schema: &Schema,
    value: &Node<Value>,
    expected: Option<Expected<'_>>,
    visitor: &mut dyn Visitor,
) {
    visitor.value(value, expected);
    match &**value {
        Value::List(items) => {
            let nullable;
            let item = match expected.map(|expected| expected.ty) {
                Some(Type::List(item) | Type::NonNullList(item)) => Some(&**item),
                // A custom scalar, which may be told to be anything, but not nothing.
                Some(Type::Named(name) | Type::NonNullNamed(name)) => {
                    nullable = Type::Named(name.clone());
                    Some(&nullable)
                }
                None => None,
            };
            let expected = item.map(|ty| Expected {
                ty,
                has_default: false,
            });
            for item in items {
                visit_value(schema, item, expected, visitor);
            }
        }
        Value::Object(fields) => {
            let name = expected.map(|expected| expected.ty.inner_named_type());
            let definitions = match name.and_then(|name| schema.types.get(name)) {
                Some(ExtendedType::InputObject(object)) => Some(&object.fields),
                _ => None,
            };
            for (name, value) in fields {
                let definition = definitions.and_then(|definitions| definitions.get(name));
                let expected = definition.map(|definition| Expected::by(definition));
                visit_value(schema, value, expected, visitor);
            }
        }
        _ => {}
    }
}

struct Walk<'a> {
    schema: &'a Schema,
    document: &'a ExecutableDocument,
    /// The fragments that have been entered.
    entered: HashSet<&'a Name>,
    visitor: &'a mut dyn Visitor,
}

impl<'a> Walk<'a> {
    fn selections(&mut self, set: &'a SelectionSet) {
        for selection in &set.selections {
            visit_directives(self.schema, selection.directives(), self.visitor);
            if !self.visitor.enters(selection.directives()) {
                continue;
            }
            match selection {
                Selection::Field(field) => {
                    let definitions = &field.definition.arguments;
                    visit_arguments(self.schema, &field.arguments, definitions, self.visitor);
                    self.selections(&field.selection_set);
                }
                Selection::InlineFragment(fragment) => self.selections(&fragment.selection_set),
                Selection::FragmentSpread(spread) => self.fragment(&spread.fragment_name),
            }
        }
    }

    fn fragment(&mut self, name: &'a Name) {
        let Some(fragment) = self.document.fragments.get(name) else {
            return;
        };
        if self.entered.insert(name) {
            visit_directives(self.schema, &fragment.directives, self.visitor);
            self.selections(&fragment.selection_set);
        }
    }
}
