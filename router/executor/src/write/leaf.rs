//! Scalars and enums.

use apollo_compiler::Name;
use souk_planner::plan::BuiltInScalar;

use super::Writer;
use crate::json::unescape;
use crate::tree::{NodeId, Span, TreeValue};

impl Writer<'_> {
    /// Appends a scalar; false when the value is not one (section 3.5). `None` is a custom scalar, which can be
    /// anything.
    pub(super) fn scalar(&mut self, value: TreeValue, scalar: Option<BuiltInScalar>) -> bool {
        match (scalar, value) {
            (None, value) => return self.anything(value),
            (Some(BuiltInScalar::String | BuiltInScalar::ID), TreeValue::String(span))
            | (Some(BuiltInScalar::Float), TreeValue::Number(span)) => {
                self.out.extend_from_slice(self.tree.text(span));
            }
            (Some(BuiltInScalar::Boolean), TreeValue::Bool(value)) => self.bool(value),
            (Some(BuiltInScalar::Int), TreeValue::Number(span)) => return self.int(span),
            (Some(BuiltInScalar::ID), TreeValue::Number(span)) => return self.numeric_id(span),
            _ => return false,
        }
        true
    }

    /// Appends an enum value that the API schema has.
    pub(super) fn enum_value(&mut self, value: TreeValue, values: &[Name]) -> bool {
        let TreeValue::String(span) = value else {
            return false;
        };
        let content = self.tree.string_content(span);
        let is_known = |value: &[u8]| values.iter().any(|known| known.as_bytes() == value);
        if !is_known(content) && !unescape(content).is_some_and(|value| is_known(value.as_bytes()))
        {
            return false;
        }
        self.out.extend_from_slice(self.tree.text(span));
        true
    }

    fn bool(&mut self, value: bool) {
        let text: &[u8] = if value { b"true" } else { b"false" };
        self.out.extend_from_slice(text);
    }

    /// A 32-bit integer. One with a fraction of zero (`3.0`) is accepted, as the specification allows.
    fn int(&mut self, span: Span) -> bool {
        let text = self.tree.text(span);
        let is_short = text.len() <= 9 && text.iter().all(u8::is_ascii_digit);
        if is_short {
            self.out.extend_from_slice(text);
            return true;
        }
        let Ok(text) = std::str::from_utf8(text) else {
            return false;
        };
        if text.parse::<i32>().is_ok() {
            self.out.extend_from_slice(text.as_bytes());
            return true;
        }
        let Ok(number) = text.parse::<f64>() else {
            return false;
        };
        let is_int =
            number.fract() == 0.0 && (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number);
        if is_int {
            self.out
                .extend_from_slice((number as i32).to_string().as_bytes());
        }
        is_int
    }

    /// An ID that the subgraph sent as an integer is written as a string (section 3.5.5).
    fn numeric_id(&mut self, span: Span) -> bool {
        let text = self.tree.text(span);
        if text.iter().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
            return false;
        }
        self.out.push(b'"');
        self.out.extend_from_slice(text);
        self.out.push(b'"');
        true
    }

    fn anything(&mut self, value: TreeValue) -> bool {
        match value {
            TreeValue::Null => self.out.extend_from_slice(b"null"),
            TreeValue::Bool(value) => self.bool(value),
            TreeValue::Number(span) | TreeValue::String(span) | TreeValue::Raw(span) => {
                self.out.extend_from_slice(self.tree.text(span));
            }
            TreeValue::List { first, .. } => return self.any_items(first),
            TreeValue::Object(object) => {
                let Some(&span) = self.tree.raw_objects.get(&object) else {
                    return false;
                };
                self.out.extend_from_slice(self.tree.text(span));
            }
        }
        true
    }

    fn any_items(&mut self, first: NodeId) -> bool {
        self.out.push(b'[');
        for (index, item) in self.tree.chain(first).enumerate() {
            if index > 0 {
                self.out.push(b',');
            }
            if !self.anything(item.value) {
                return false;
            }
        }
        self.out.push(b']');
        true
    }
}
