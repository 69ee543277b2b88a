//! Rules of demand control: where `@cost` may stand, and what a `@listSize` may name.

use super::{Subgraph, field_of, fields_of};
use crate::code;
use crate::diagnostics::Diagnostics;
use apollo_compiler::Node;
use apollo_compiler::ast::{Directive, Value};
use apollo_compiler::schema::FieldDefinition;

/// Checks every `@cost` and `@listSize` of a subgraph.
pub(super) fn check(subgraph: &Subgraph, diagnostics: &mut Diagnostics) {
    for ty in subgraph.types() {
        for (name, field) in fields_of(ty) {
            let place = format!("{}.{name}", ty.name());
            if let Some(cost) = field.directives.get("cost")
                && ty.is_interface()
            {
                diagnostics.error(
                    code::COST_APPLIED_TO_INTERFACE_FIELD,
                    format!(
                        "in subgraph \"{}\", \"{place}\" has @cost, which belongs to the objects \
                         that implement the interface",
                        subgraph.name
                    ),
                    subgraph.locate(cost.location()),
                );
            }
            if let Some(list_size) = field.directives.get("listSize") {
                let mut check = ListSize {
                    subgraph,
                    place,
                    field,
                    directive: list_size,
                    diagnostics: &mut *diagnostics,
                };
                check.size();
                check.slicing_arguments();
                check.sized_fields();
            }
        }
    }
}

/// One `@listSize`.
struct ListSize<'a> {
    subgraph: &'a Subgraph,
    place: String,
    field: &'a FieldDefinition,
    directive: &'a Node<Directive>,
    diagnostics: &'a mut Diagnostics,
}

impl<'a> ListSize<'a> {
    fn error(&mut self, code: &'static str, problem: &str) {
        self.diagnostics.error(
            code,
            format!(
                "in subgraph \"{}\", @listSize on \"{}\" {problem}",
                self.subgraph.name, self.place
            ),
            self.subgraph.locate(self.directive.location()),
        );
    }

    fn names(&self, argument: &str) -> Vec<&'a str> {
        let directive: &'a Directive = self.directive;
        let Some(value) = directive.specified_argument_by_name(argument) else {
            return Vec::new();
        };
        let items: &[Node<Value>] = value.as_list().unwrap_or(std::slice::from_ref(value));
        items.iter().filter_map(|item| item.as_str()).collect()
    }

    fn size(&mut self) {
        if !self.field.ty.is_list() && self.names("sizedFields").is_empty() {
            let problem = format!("counts no list: the field is \"{}\"", self.field.ty);
            self.error(code::LIST_SIZE_APPLIED_TO_NON_LIST, &problem);
        }
        let assumed = self.directive.specified_argument_by_name("assumedSize");
        if let Some(size) = assumed.and_then(|size| size.to_i32())
            && size < 0
        {
            let problem = format!("assumes {size} items");
            self.error(code::LIST_SIZE_INVALID_ASSUMED_SIZE, &problem);
        }
    }

    fn slicing_arguments(&mut self) {
        for name in self.names("slicingArguments") {
            let problem = match self.field.argument_by_name(name) {
                None => format!("is sliced by \"{name}\", which is no argument of the field"),
                Some(argument)
                    if argument.ty.is_list() || argument.ty.inner_named_type() != "Int" =>
                {
                    format!(
                        "is sliced by \"{name}\", which is \"{}\", not an Int",
                        argument.ty
                    )
                }
                Some(_) => continue,
            };
            self.error(code::LIST_SIZE_INVALID_SLICING_ARGUMENT, &problem);
        }
    }

    fn sized_fields(&mut self) {
        let subgraph = self.subgraph;
        let ty = subgraph.schema.types.get(self.field.ty.inner_named_type());
        for name in self.names("sizedFields") {
            match ty.and_then(|ty| field_of(ty, name)) {
                None => {
                    let problem = format!(
                        "sizes \"{name}\", which is no field of \"{}\"",
                        self.field.ty.inner_named_type()
                    );
                    self.error(code::LIST_SIZE_INVALID_SIZED_FIELD, &problem);
                }
                Some(field) if !field.ty.is_list() => {
                    let problem =
                        format!("sizes \"{name}\", which is \"{}\", not a list", field.ty);
                    self.error(code::LIST_SIZE_APPLIED_TO_NON_LIST, &problem);
                }
                Some(_) => {}
            }
        }
    }
}
