//! The plan as text.

use std::fmt::{self, Display, Write};

use apollo_compiler::ast::Document;

use crate::plan::{
    Condition, ContextPath, EntityGroup, Fetch, Inputs, PathSegment, PlanNode, QueryPlan,
    RepresentationField, RepresentationShape, SubgraphOperation,
};

impl Display for QueryPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Indented {
            text: String::new(),
            depth: 0,
        };
        match &self.root {
            Some(root) => out.node(root),
            None => out.line("Nothing to fetch"),
        }
        f.write_str(out.text.trim_end())
    }
}

struct Indented {
    text: String,
    depth: usize,
}

impl Indented {
    fn line(&mut self, line: &str) {
        if !line.is_empty() {
            for _ in 0..self.depth {
                self.text.push_str("  ");
            }
        }
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn block(&mut self, head: &str, body: impl FnOnce(&mut Indented)) {
        self.line(&format!("{head} {{"));
        self.depth += 1;
        body(self);
        self.depth -= 1;
        self.line("}");
    }

    fn node(&mut self, node: &PlanNode) {
        match node {
            PlanNode::Sequence(nodes) => self.block("Sequence", |out| {
                nodes.iter().for_each(|node| out.node(node));
            }),
            PlanNode::Parallel(nodes) => self.block("Parallel", |out| {
                nodes.iter().for_each(|node| out.node(node));
            }),
            PlanNode::Fetch(fetch) => self.fetch("Fetch", fetch),
            PlanNode::Condition { condition, then } => {
                self.block(&format!("If {}", Written(condition)), |out| out.node(then));
            }
            PlanNode::Subscription { primary, rest } => self.block("Subscription", |out| {
                out.fetch("Primary", primary);
                if let Some(rest) = rest {
                    out.block("Rest", |out| out.node(rest));
                }
            }),
        }
    }

    fn fetch(&mut self, kind: &str, fetch: &Fetch) {
        self.block(&format!("{kind} {}", fetch.subgraph), |out| {
            match &fetch.inputs {
                Inputs::Root => {}
                Inputs::RootAt(path) => out.line(&format!("into {}", Path(path))),
                Inputs::Entities(groups) => groups.iter().for_each(|group| out.group(group)),
            }
            out.operation(&fetch.operation);
        });
    }

    fn group(&mut self, group: &EntityGroup) {
        let mut head = format!("${} from {}", group.variable, Path(&group.path));
        if let Some(condition) = &group.condition {
            let _ = write!(head, " if {}", Written(condition));
        }
        self.line(&head);
        self.depth += 1;
        for shape in &group.representations {
            self.line(&Shape(shape).to_string());
        }
        for context in &group.contexts {
            let sources: Vec<String> = context
                .sources
                .iter()
                .map(|source| from_context(group, source))
                .collect();
            self.line(&format!(
                "${} from {}",
                context.variable,
                sources.join(" or ")
            ));
        }
        self.depth -= 1;
    }

    fn operation(&mut self, operation: &SubgraphOperation) {
        // What the planner wrote can be parsed; were it not so, the text itself would show why.
        let pretty = Document::parse(operation.text.as_str(), "fetch.graphql")
            .map_or_else(|_| operation.text.clone(), |document| document.to_string());
        for line in pretty.lines() {
            self.line(line);
        }
    }
}

/// The path to a context's value, from the root of the tree.
fn from_context(group: &EntityGroup, source: &ContextPath) -> String {
    let mut path = group.path[..source.depth].to_vec();
    path.extend(
        source
            .on
            .iter()
            .map(|ty| PathSegment::OnTypes(vec![ty.clone()])),
    );
    path.extend(source.keys.iter().cloned().map(PathSegment::Key));
    Path(&path).to_string()
}

pub(super) struct Path<'a>(pub(super) &'a [PathSegment]);

impl Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, segment) in self.0.iter().enumerate() {
            match segment {
                PathSegment::Key(key) if index == 0 => write!(f, "{key}")?,
                PathSegment::Key(key) => write!(f, ".{key}")?,
                PathSegment::Each => f.write_str("[]")?,
                PathSegment::OnTypes(types) => write!(f, "|{types}|", types = types.join("|"))?,
            }
        }
        Ok(())
    }
}

struct Shape<'a>(&'a RepresentationShape);

impl Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.types.join("|"))?;
        if let Some(name) = &self.0.send_typename {
            write!(f, " as {name}")?;
        }
        f.write_str(" {")?;
        fields(f, &self.0.fields)?;
        f.write_str(" }")
    }
}

fn fields(f: &mut fmt::Formatter<'_>, written: &[RepresentationField]) -> fmt::Result {
    for field in written {
        f.write_char(' ')?;
        if let Some(types) = &field.types {
            write!(f, "|{}|", types.join("|"))?;
        }
        write!(f, "{}", field.name)?;
        if field.source_key != field.name {
            write!(f, "={}", field.source_key)?;
        }
        if !field.fields.is_empty() {
            f.write_str(" {")?;
            fields(f, &field.fields)?;
            f.write_str(" }")?;
        }
    }
    Ok(())
}

pub(super) struct Written<'a>(pub(super) &'a Condition);

impl Display for Written<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let several = |f: &mut fmt::Formatter<'_>, conditions: &[Condition], between: &str| {
            for (index, condition) in conditions.iter().enumerate() {
                if index > 0 {
                    f.write_str(between)?;
                }
                match condition {
                    Condition::If(_) | Condition::Unless(_) => write!(f, "{}", Written(condition))?,
                    Condition::All(_) | Condition::Any(_) => write!(f, "({})", Written(condition))?,
                }
            }
            Ok(())
        };
        match self.0 {
            Condition::If(variable) => write!(f, "${variable}"),
            Condition::Unless(variable) => write!(f, "not ${variable}"),
            Condition::All(conditions) => several(f, conditions, " and "),
            Condition::Any(conditions) => several(f, conditions, " or "),
        }
    }
}
