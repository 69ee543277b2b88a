//! Errors and hints as data, and how they print.

use std::fmt;

use crate::hint::HintLevel;

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

/// What an error or a hint says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompositionMessage {
    /// One of Apollo's documented codes, see [`crate::code`].
    pub code: &'static str,
    /// What is wrong, naming subgraphs and schema coordinates.
    pub message: String,
    /// Every place that takes part in the problem; empty when it has no place in any schema.
    pub locations: Vec<Location>,
}

impl CompositionMessage {
    /// As it prints, but with what `source_of` says of a subgraph, such as the file with its schema, in place of the
    /// subgraph's name in front of each line and column.
    pub fn with_sources<S: fmt::Display>(
        &self,
        source_of: impl Fn(&str) -> S,
    ) -> impl fmt::Display {
        fmt::from_fn(move |f| self.write(f, &source_of))
    }

    /// The code and the message, then each place with its source line and a mark under the column.
    fn write<S: fmt::Display>(
        &self,
        f: &mut fmt::Formatter<'_>,
        source_of: &impl Fn(&str) -> S,
    ) -> fmt::Result {
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
                source_of(&location.subgraph),
                location.line,
                location.column,
                location.source_line
            )?;
        }
        Ok(())
    }
}

impl fmt::Display for CompositionMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, &str::to_owned)
    }
}

/// Something that is allowed but worth a look.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompositionHint {
    /// How much it matters.
    pub level: HintLevel,
    /// What it is, and where.
    pub message: CompositionMessage,
}

impl CompositionHint {
    /// See [`CompositionMessage::with_sources`].
    pub fn with_sources<S: fmt::Display>(
        &self,
        source_of: impl Fn(&str) -> S,
    ) -> impl fmt::Display {
        let message = self.message.with_sources(source_of);
        fmt::from_fn(move |f| write!(f, "{} {message}", self.level))
    }
}

impl fmt::Display for CompositionHint {
    /// The level, then as the message prints.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.level, self.message)
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

    /// See [`CompositionMessage::with_sources`].
    pub fn with_sources<S: fmt::Display>(
        &self,
        source_of: impl Fn(&str) -> S,
    ) -> impl fmt::Display {
        fmt::from_fn(move |f| self.write(f, &source_of))
    }

    fn write<S: fmt::Display>(
        &self,
        f: &mut fmt::Formatter<'_>,
        source_of: &impl Fn(&str) -> S,
    ) -> fmt::Result {
        for (index, error) in self.errors.iter().enumerate() {
            if index > 0 {
                write!(f, "\n\n")?;
            }
            error.write(f, source_of)?;
        }
        Ok(())
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
        self.write(f, &str::to_owned)
    }
}
