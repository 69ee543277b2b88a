//! Collects errors and hints while the stages run.

use crate::hint::HintCode;
use crate::message::{CompositionErrors, CompositionHint, CompositionMessage, Location};

/// Everything found so far.
#[derive(Debug, Default)]
pub(crate) struct Diagnostics {
    errors: Vec<CompositionMessage>,
    hints: Vec<CompositionHint>,
}

impl Diagnostics {
    pub(crate) fn error(
        &mut self,
        code: &'static str,
        message: impl Into<String>,
        locations: Vec<Location>,
    ) {
        self.errors.push(CompositionMessage {
            code,
            message: message.into(),
            locations,
        });
    }

    pub(crate) fn hint(
        &mut self,
        code: HintCode,
        message: impl Into<String>,
        locations: Vec<Location>,
    ) {
        self.hints.push(CompositionHint {
            level: code.level,
            message: CompositionMessage {
                code: code.name,
                message: message.into(),
                locations,
            },
        });
    }

    pub(crate) fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// Ends the composition when a stage has found errors.
    pub(crate) fn stop_on_errors(&mut self) -> Result<(), CompositionErrors> {
        if self.errors.is_empty() {
            return Ok(());
        }
        Err(CompositionErrors::new(std::mem::take(&mut self.errors)))
    }

    pub(crate) fn into_hints(self) -> Vec<CompositionHint> {
        self.hints
    }
}

/// `subgraph "a"`, `subgraphs "a" and "b"`, `subgraphs "a", "b" and "c"`.
pub(crate) fn name_subgraphs<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.into_iter().collect();
    let list = join_quoted(&names);
    if names.len() == 1 {
        format!("subgraph {list}")
    } else {
        format!("subgraphs {list}")
    }
}

/// `"a"`, `"a" and "b"`, `"a", "b" and "c"`.
pub(crate) fn join_quoted(names: &[&str]) -> String {
    let mut out = String::new();
    for (index, name) in names.iter().enumerate() {
        if index > 0 {
            out.push_str(if index + 1 == names.len() {
                " and "
            } else {
                ", "
            });
        }
        out.push('"');
        out.push_str(name);
        out.push('"');
    }
    out
}
