//! The plan as a picture: requests and conditions as boxes, and arrows to what has to wait for them.

use std::fmt::Write;

use apollo_compiler::ast::{Definition, Document, Selection};

use super::text::{Path, Written};
use crate::plan::{Fetch, Inputs, PlanNode, QueryPlan};

/// Longer lines of a box are broken.
const WIDTH: usize = 44;
/// What more there is to a box is left out.
const LINES: usize = 8;

impl QueryPlan {
    /// The plan as a graph in the DOT language of Graphviz.
    pub fn to_graphviz(&self) -> String {
        let mut text = String::from(
            "digraph plan {\n  node [fontname=\"Helvetica\", fontsize=11, margin=\"0.15,0.08\"]\n  edge [arrowsize=0.7]\n",
        );
        let picture = Picture::of(self);
        for (index, figure) in picture.figures.iter().enumerate() {
            let label: String = figure
                .lines
                .iter()
                .map(|line| format!("{}\\l", line.replace('\\', "\\\\").replace('"', "\\\"")))
                .collect();
            let look = match figure.kind {
                Kind::End => "shape=ellipse, style=filled, fillcolor=\"#eeeeee\"",
                Kind::Request => "shape=box, style=\"rounded,filled\", fillcolor=\"#e3f0fb\"",
                Kind::Events => {
                    "shape=box, style=\"rounded,filled\", fillcolor=\"#e3f0fb\", peripheries=2"
                }
                Kind::Condition => "shape=diamond, style=filled, fillcolor=\"#fdf3d8\"",
                Kind::Joint => "shape=point, width=0.08",
            };
            let label = match figure.kind {
                Kind::Request | Kind::Events => label,
                _ => label.trim_end_matches("\\l").to_owned(),
            };
            let _ = writeln!(text, "  n{index} [label=\"{label}\", {look}]");
        }
        for (from, to) in &picture.arrows {
            let _ = writeln!(text, "  n{from} -> n{to}");
        }
        text.push_str("}\n");
        text
    }

    /// The plan as a Mermaid flowchart.
    pub fn to_mermaid(&self) -> String {
        let mut text = String::from("flowchart TD\n");
        let picture = Picture::of(self);
        for (index, figure) in picture.figures.iter().enumerate() {
            let lines: Vec<String> = figure.lines.iter().map(|line| entities(line)).collect();
            let label = lines.join("<br/>");
            let (open, close) = match figure.kind {
                Kind::End => ("([", "])"),
                Kind::Request => ("(", ")"),
                Kind::Events => ("[[", "]]"),
                Kind::Condition => ("{", "}"),
                Kind::Joint => ("((", "))"),
            };
            let _ = writeln!(text, "  n{index}{open}\"{label}\"{close}");
        }
        for (from, to) in &picture.arrows {
            let _ = writeln!(text, "  n{from} --> n{to}");
        }
        text.push_str("  classDef request text-align:left\n");
        for (index, figure) in picture.figures.iter().enumerate() {
            if matches!(figure.kind, Kind::Request | Kind::Events) {
                let _ = writeln!(text, "  class n{index} request");
            }
        }
        text
    }
}

/// What Mermaid and HTML would take for their own.
fn entities(text: &str) -> String {
    let mut written = String::new();
    for c in text.chars() {
        match c {
            '"' => written.push_str("#quot;"),
            '#' => written.push_str("#35;"),
            '&' => written.push_str("#amp;"),
            '<' => written.push_str("#lt;"),
            '>' => written.push_str("#gt;"),
            '`' => written.push_str("#96;"),
            c => written.push(c),
        }
    }
    written
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// The client's operation, and its response.
    End,
    Request,
    /// A subscription's stream of events.
    Events,
    Condition,
    /// Where several wait for several others.
    Joint,
}

struct Figure {
    kind: Kind,
    lines: Vec<String>,
}

#[derive(Default)]
struct Picture {
    figures: Vec<Figure>,
    arrows: Vec<(usize, usize)>,
}

impl Picture {
    fn of(plan: &QueryPlan) -> Picture {
        let mut picture = Picture::default();
        let begin = picture.add(Kind::End, vec![plan.kind.name().to_owned()], &[]);
        let ends = match &plan.root {
            Some(root) => picture.node(root, vec![begin]),
            None => vec![begin],
        };
        picture.add(Kind::End, vec!["response".to_owned()], &ends);
        picture
    }

    fn add(&mut self, kind: Kind, lines: Vec<String>, after: &[usize]) -> usize {
        let index = self.figures.len();
        self.figures.push(Figure { kind, lines });
        self.arrows
            .extend(after.iter().map(|before| (*before, index)));
        index
    }

    /// Draws a node that waits for `after`. Returns what the next has to wait for.
    fn node(&mut self, node: &PlanNode, after: Vec<usize>) -> Vec<usize> {
        match node {
            PlanNode::Sequence(nodes) => nodes
                .iter()
                .fold(after, |after, node| self.node(node, after)),
            PlanNode::Parallel(nodes) => {
                let after = match after.len() {
                    0 | 1 => after,
                    _ => vec![self.add(Kind::Joint, Vec::new(), &after)],
                };
                let nodes = nodes.iter();
                nodes
                    .flat_map(|node| self.node(node, after.clone()))
                    .collect()
            }
            PlanNode::Fetch(fetch) => vec![self.add(Kind::Request, request(fetch), &after)],
            PlanNode::Condition { condition, then } => {
                let lines = vec![Written(condition).to_string()];
                let asked = self.add(Kind::Condition, lines, &after);
                self.node(then, vec![asked])
            }
            PlanNode::Subscription { primary, rest } => {
                let events = self.add(Kind::Events, request(primary), &after);
                match rest {
                    Some(rest) => self.node(rest, vec![events]),
                    None => vec![events],
                }
            }
        }
    }
}

/// The subgraph, where the entities come from, and what is selected.
fn request(fetch: &Fetch) -> Vec<String> {
    let mut lines = vec![fetch.subgraph.to_string()];
    let selections = selections(&fetch.operation.text);
    match &fetch.inputs {
        Inputs::Root => lines.extend(selections),
        Inputs::RootAt(path) => {
            lines.push(format!("at {}", Path(path)));
            lines.extend(selections);
        }
        Inputs::Entities(groups) => {
            for (group, selection) in groups.iter().zip(selections) {
                let mut head = format!("for {}", Path(&group.path));
                if let Some(condition) = &group.condition {
                    let _ = write!(head, " if {}", Written(condition));
                }
                lines.push(head);
                lines.push(format!("  {selection}"));
            }
        }
    }
    let mut broken: Vec<String> = lines.iter().flat_map(|line| fit(line)).collect();
    if broken.len() > LINES {
        let left_out = broken.len() - LINES;
        broken.truncate(LINES);
        broken.push(format!("({left_out} more lines)"));
    }
    broken
}

/// One line for each field at the root of a document: the field, or for entities what is selected of them.
fn selections(document: &str) -> Vec<String> {
    let Ok(document) = Document::parse(document, "fetch.graphql") else {
        return Vec::new();
    };
    let operation = document.definitions.iter().find_map(|found| match found {
        Definition::OperationDefinition(operation) => Some(operation),
        _ => None,
    });
    let roots = operation.iter().flat_map(|found| &found.selection_set);
    roots
        .map(|selection| match selection {
            Selection::Field(field) if field.name == "_entities" => {
                let entities: Vec<String> = field.selection_set.iter().map(line).collect();
                entities.join(" ")
            }
            other => line(other),
        })
        .collect()
}

fn line(selection: &Selection) -> String {
    selection.serialize().no_indent().to_string()
}

/// A line broken at spaces. What follows a break is indented by two more.
fn fit(line: &str) -> Vec<String> {
    let indent = line.len() - line.trim_start().len();
    let mut lines = Vec::new();
    let mut current = " ".repeat(indent);
    for word in line.split_whitespace() {
        let is_empty = current.trim().is_empty();
        // A line does not begin with what only closes the one before.
        let closes = word.chars().all(|c| c == '}');
        if !is_empty && !closes && current.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut current, " ".repeat(indent + 2)));
        } else if !is_empty {
            current.push(' ');
        }
        current.push_str(word);
    }
    lines.push(current);
    lines
}
