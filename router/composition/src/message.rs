//! Errors and hints as data, and how they print.

use std::fmt;

/// A place in a subgraph's schema.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Location {
    /// Name of the subgraph.
    pub subgraph: String,
    /// Line, counted from 1.
    pub line: usize,
    /// Column in characters, counted from 1.
    pub column: usize,
    /// The text of the line, as the subgraph's owner wrote it.
    pub source_line: String,
}

/// One error or hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompositionMessage {
    /// One of Apollo's documented codes, see [`crate::code`].
    pub code: &'static str,
    /// What is wrong, naming subgraphs and schema coordinates.
    pub message: String,
    /// Every place that takes part in the problem; empty when it has no place in any schema.
    pub locations: Vec<Location>,
}

impl fmt::Display for CompositionMessage {
    /// The code and the message, then each place with its source line and a mark under the column.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        for location in &self.locations {
            let line = location.line.to_string();
            let margin = " ".repeat(line.len());
            // Tabs stay tabs, so that the mark lands under its column whatever their width.
            let indent: String = location
                .source_line
                .chars()
                .take(location.column.saturating_sub(1))
                .map(|character| if character == '\t' { '\t' } else { ' ' })
                .collect();
            write!(
                f,
                "\n{margin}--> {}:{}:{}\n{line} | {}\n{margin} | {indent}^",
                location.subgraph, location.line, location.column, location.source_line
            )?;
        }
        Ok(())
    }
}

/// Why composition failed: at least one error, in the order in which they were found.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct CompositionErrors {
    errors: Vec<CompositionMessage>,
}

impl CompositionErrors {
    pub(crate) fn new(errors: Vec<CompositionMessage>) -> Self {
        assert!(!errors.is_empty(), "a failed composition has an error");
        Self { errors }
    }

    /// The errors; never empty.
    pub fn iter(&self) -> std::slice::Iter<'_, CompositionMessage> {
        self.errors.iter()
    }
}

impl<'a> IntoIterator for &'a CompositionErrors {
    type Item = &'a CompositionMessage;
    type IntoIter = std::slice::Iter<'a, CompositionMessage>;

    fn into_iter(self) -> Self::IntoIter {
        self.errors.iter()
    }
}

impl fmt::Display for CompositionErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                write!(f, "\n\n")?;
            }
            write!(f, "{error}")?;
        }
        Ok(())
    }
}
