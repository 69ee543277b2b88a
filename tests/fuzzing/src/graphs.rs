//! Graphs that operations are planned on: random ones, rich in everything, and not for everybody to see.

use std::collections::HashSet;
use std::sync::{Arc, OnceLock};

use apollo_compiler::ast::{Definition, Directive, DirectiveList, Document, FieldDefinition};
use apollo_compiler::validation::Valid;
use apollo_compiler::{ExecutableDocument, Node};
use souk_composition::{SubgraphInput, compose};
use souk_federation_tests::random::{Size, subgraphs};
use souk_planner::plan::QueryPlan;
use souk_planner::{Authorization, PlanError, Planner, Supergraph};

const GRAPHS: u64 = 8;

/// Planners of some graphs.
pub(crate) fn planners() -> &'static [Planner] {
    static PLANNERS: OnceLock<Vec<Planner>> = OnceLock::new();
    PLANNERS.get_or_init(|| {
        let all = (0..GRAPHS).map(|seed| {
            let subgraphs = subgraphs(seed, Size::SMALL.times(2)).into_iter();
            let subgraphs: Vec<SubgraphInput> = subgraphs
                .map(|(name, sdl)| SubgraphInput {
                    url: format!("http://{name}/graphql"),
                    name,
                    sdl,
                })
                .collect();
            let composed = compose(&subgraphs).expect("the graph composes");
            let supergraph = Supergraph::parse(&protected(&composed.supergraph_sdl));
            let supergraph = supergraph.expect("a supergraph");
            assert!(supergraph.has_protected_elements());
            Planner::new(Arc::new(supergraph))
        });
        all.collect()
    })
}

/// The planner that a byte chooses.
pub(crate) fn planner(choice: u8) -> &'static Planner {
    let planners = planners();
    &planners[usize::from(choice) % planners.len()]
}

const AUTHORIZATION: &str = r#"
extend schema
  @link(url: "https://specs.apollo.dev/authenticated/v0.1", for: SECURITY)
  @link(url: "https://specs.apollo.dev/requiresScopes/v0.1", for: SECURITY)
directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
type Demands {
  authenticated: Int @authenticated
  scopes: Int @requiresScopes(scopes: [["a", "b"], ["c"]])
}
"#;

/// A supergraph some types and fields of which demand something.
fn protected(sdl: &str) -> String {
    let mut additions =
        Document::parse(AUTHORIZATION, "authorization.graphql").expect("directives");
    let Some(Definition::ObjectTypeDefinition(demands)) = additions.definitions.pop() else {
        unreachable!("the type of demands is last");
    };
    let demands = demands.fields.iter().map(|field| &field.directives[0]);
    let demands: Vec<&Node<Directive>> = demands.collect();
    let mut elements = 0;
    let mut demand = |directives: &mut DirectiveList, share: usize| {
        elements += 1;
        if elements % share == 0 {
            directives.push(demands[elements % demands.len()].clone());
        }
    };
    let mut protect = |ty: &mut DirectiveList, fields: &mut Vec<Node<FieldDefinition>>| {
        demand(ty, 9);
        for field in fields {
            demand(&mut field.make_mut().directives, 7);
        }
    };
    let mut supergraph = Document::parse(sdl, "supergraph.graphql").expect("a schema");
    for definition in &mut supergraph.definitions {
        match definition {
            Definition::ObjectTypeDefinition(ty) => {
                let ty = ty.make_mut();
                protect(&mut ty.directives, &mut ty.fields);
            }
            Definition::InterfaceTypeDefinition(ty) => {
                let ty = ty.make_mut();
                protect(&mut ty.directives, &mut ty.fields);
            }
            _ => {}
        }
    }
    format!("{supergraph}{additions}")
}

/// Plans an operation if it is valid, for the client that is to see it. What composes can be planned: only too much is
/// refused.
pub(crate) fn plan(
    planner: &Planner,
    text: &str,
    authorization: Authorization<'_>,
) -> Option<(QueryPlan, Valid<ExecutableDocument>)> {
    let schema = planner.supergraph().api_schema();
    let document =
        ExecutableDocument::parse_and_validate(schema, text, "operation.graphql").ok()?;
    let name = document
        .operations
        .iter()
        .next()?
        .name
        .as_deref()
        .map(ToOwned::to_owned);
    let labels = HashSet::new();
    match planner.plan_for(&document, name.as_deref(), &labels, authorization) {
        Ok(plan) => Some((plan, document)),
        Err(error @ PlanError::Unresolvable { .. }) => panic!("{error}\n{text}"),
        Err(_) => None,
    }
}
