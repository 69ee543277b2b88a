//! What the compiler finds wrong with a text.

use apollo_compiler::validation::DiagnosticList;

/// A text can have a mistake in every token; nobody reads on after so many.
const MOST: usize = 20;

/// A line for each problem: line and column, and what is wrong there. (The compiler's own report, with the text around,
/// panics over some text that is not ASCII.)
pub(crate) fn problems(found: &DiagnosticList) -> String {
    let mut lines: Vec<String> = Vec::new();
    for diagnostic in found.iter().take(MOST) {
        let problem = diagnostic.to_json();
        lines.push(match problem.locations.first() {
            Some(at) => format!("{}:{}: {}", at.line, at.column, problem.message),
            None => problem.message,
        });
    }
    if found.len() > MOST {
        lines.push(format!("and {} more", found.len() - MOST));
    }
    lines.join("\n")
}
