//! What planning costs grows with the operation and no faster, counted in search steps.

mod common;
mod large;

use std::ops::Range;
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use apollo_compiler::ExecutableDocument;
use large::operations;
use souk_composition::{SubgraphInput, compose};
use souk_planner::{PlanError, Planner, Supergraph};

const SUBGRAPHS: usize = 40;

static PLANNER: LazyLock<Planner> = LazyLock::new(|| {
    let subgraphs: Vec<SubgraphInput> = large::subgraphs(SUBGRAPHS)
        .into_iter()
        .map(|subgraph| SubgraphInput {
            url: String::new(),
            name: subgraph.name,
            sdl: subgraph.sdl,
        })
        .collect();
    let composed = compose(&subgraphs).unwrap_or_else(|errors| panic!("{errors}"));
    let supergraph = Supergraph::parse(&composed.supergraph_sdl);
    let supergraph = supergraph.unwrap_or_else(|error| panic!("{error}"));
    Planner::new(Arc::new(supergraph))
});

fn effort_on(planner: &Planner, operation: &str) -> Result<u32, PlanError> {
    let schema = planner.supergraph().api_schema();
    let document = ExecutableDocument::parse_and_validate(schema, operation, "operation.graphql")
        .unwrap_or_else(|error| panic!("{error}"));
    planner.effort(&document, None)
}

fn effort(operation: &str) -> u32 {
    effort_on(&PLANNER, operation).unwrap_or_else(|error| panic!("{error}"))
}

/// Generous, for a busy machine: what has no bound takes hours.
fn limit() -> Duration {
    Duration::from_secs(if cfg!(debug_assertions) { 180 } else { 20 })
}

/// Twice the size may cost at most so many times as much.
const DOUBLED: f64 = 2.2;

fn assert_linear(sizes: &[usize], operation: impl Fn(usize) -> String) {
    let efforts: Vec<u32> = sizes.iter().map(|size| effort(&operation(*size))).collect();
    for (pair, sizes) in efforts.windows(2).zip(sizes.windows(2)) {
        let growth = f64::from(pair[1]) / f64::from(pair[0]);
        assert!(
            growth <= DOUBLED,
            "{growth} times from {sizes:?}: {efforts:?}"
        );
    }
}

#[test]
fn with_the_number_of_fields() {
    assert_linear(&[200, 400, 800, 1600], |fields| {
        operations::mixed(SUBGRAPHS, fields)
    });
    assert_linear(&[200, 400, 800, 1600], operations::aliases);
}

#[test]
fn with_the_depth() {
    assert_linear(&[10, 20, 40, 80], |depth| {
        operations::deep(SUBGRAPHS, depth)
    });
}

#[test]
fn with_the_number_of_subgraphs() {
    assert_linear(&[10, 20, 40], operations::broad);
}

/// An interface with so many object types, half of whose fields are in another subgraph, and each of which leads to such
/// an interface again.
fn members(count: usize) -> Planner {
    let mut types = String::from(
        "type Query @t(A) { things: [Thing!]! @f(A) }
         interface Thing @t(A) @t(B) { id: ID! name: String @f(B) other: Thing @f(B) next: Thing @f(A) }",
    );
    for number in 0..count {
        types.push_str(&format!(
            "type T{number} implements Thing @impl(A, interface: \"Thing\") @impl(B, interface: \"Thing\")
               @t(A, key: \"id\") @t(B, key: \"id\")
             {{ id: ID! name: String @f(B) other: Thing @f(B) next: Thing @f(A) own{number}: Int @f(B) }}"
        ));
    }
    let supergraph = Supergraph::parse(&common::supergraph(&types));
    Planner::new(Arc::new(
        supergraph.unwrap_or_else(|error| panic!("{error}")),
    ))
}

#[test]
fn with_the_number_of_an_interfaces_types() {
    let efforts = [25, 50, 100].map(|count| {
        let fragments: Vec<String> = (0..count)
            .map(|number| format!("... on T{number} {{ own{number} next {{ id }} }}"))
            .collect();
        let operation = format!("{{ things {{ id name {} }} }}", fragments.join(" "));
        let effort = effort_on(&members(count), &operation);
        effort.unwrap_or_else(|error| panic!("{error}"))
    });
    assert!(
        efforts
            .windows(2)
            .all(|pair| f64::from(pair[1]) <= DOUBLED * f64::from(pair[0])),
        "{efforts:?}"
    );
}

/// A selection once for each of these variables being true, and once for its being false.
fn under_each_condition(what: &str, below: &str, variables: Range<usize>) -> String {
    let both = |number| {
        format!("{what} @include(if: $v{number}) {below} {what} @skip(if: $v{number}) {below} ")
    };
    variables.map(both).collect()
}

fn declared(variables: usize) -> String {
    (0..variables)
        .map(|number| format!("$v{number}: Boolean! "))
        .collect()
}

/// A field under every combination of one of `variables`, one of as many others, and one of as many again.
fn combinations(variables: usize) -> String {
    format!(
        "query({}) {{ {} }} fragment F on Query {{ {} }} fragment G on Query {{ {} }}",
        declared(3 * variables),
        under_each_condition("...F", "", 0..variables),
        under_each_condition("...G", "", variables..2 * variables),
        under_each_condition("things", "{ id }", 2 * variables..3 * variables),
    )
}

#[test]
fn conditions_that_multiply_are_refused_in_good_time() {
    let planner = members(2);
    let began = Instant::now();
    effort_on(&planner, &combinations(2)).unwrap_or_else(|error| panic!("{error}"));
    let refused = effort_on(&planner, &combinations(8));
    assert_eq!(refused, Err(PlanError::TooComplex));
    assert!(began.elapsed() < limit(), "{:?}", began.elapsed());
}

#[test]
fn spreads_that_multiply_are_refused_in_good_time_though_no_field_comes_of_them() {
    let chain = (0..40).map(|number| {
        let next = number + 1;
        format!(
            "fragment F{number} on Query {{ ...F{next} @include(if: $v{number}) ...F{next} @skip(if: $v{number}) }} "
        )
    });
    let operation = format!(
        "query({}) {{ ...F0 }} {} fragment F40 on Query {{ things @skip(if: true) {{ id }} }}",
        declared(40),
        chain.collect::<String>()
    );
    let began = Instant::now();
    assert_eq!(
        effort_on(&members(2), &operation),
        Err(PlanError::TooComplex)
    );
    assert!(began.elapsed() < limit(), "{:?}", began.elapsed());
}

/// A selection within itself, so often, where it says BELOW.
fn nested(field: &str, depth: usize, innermost: &str) -> String {
    let mut operation = innermost.to_owned();
    for _ in 0..depth {
        operation = format!("{{ {} }}", field.replace("BELOW", &operation));
    }
    operation
}

/// How long the documents of an operation's plan are together.
fn length_on(planner: &Planner, operation: &str) -> usize {
    let schema = planner.supergraph().api_schema();
    let document = ExecutableDocument::parse_and_validate(schema, operation, "operation.graphql")
        .unwrap_or_else(|error| panic!("{error}"));
    let plan = planner.plan(&document, None);
    let plan = plan.unwrap_or_else(|error| panic!("{error}"));
    common::length(&plan)
}

#[test]
fn with_the_depth_below_an_interface_of_many_types() {
    let planner = members(100);
    // Each `other` is asked for type by type, in the other subgraph.
    let operation = |depth| nested("other { next BELOW }", depth, "{ id name }");
    let operation = |depth| format!("{{ things {} }}", operation(depth));
    let figures = [2, 4, 8, 16].map(|depth| {
        let effort = effort_on(&planner, &operation(depth));
        let effort = effort.unwrap_or_else(|error| panic!("{error}"));
        (effort, length_on(&planner, &operation(depth)))
    });
    for pair in figures.windows(2) {
        let ((effort, length), (more, longer)) = (pair[0], pair[1]);
        assert!(
            f64::from(more) <= DOUBLED * f64::from(effort),
            "{figures:?}"
        );
        assert!(longer * 10 <= length * 22, "{figures:?}");
    }
}

#[test]
fn with_fragments_on_many_types_at_each_level() {
    let planner = members(100);
    let own: Vec<String> = (0..100)
        .map(|number| format!("... on T{number} {{ own{number} }}"))
        .collect();
    let level = format!("id {} other {{ next BELOW }}", own.join(" "));
    let efforts = [1, 2, 4].map(|depth| {
        let operation = format!("{{ things {} }}", nested(&level, depth, "{ name }"));
        effort_on(&planner, &operation).unwrap_or_else(|error| panic!("{error}"))
    });
    assert!(
        efforts
            .windows(2)
            .all(|pair| f64::from(pair[1]) <= DOUBLED * f64::from(pair[0])),
        "{efforts:?}"
    );
}

/// An interface whose object types all are in A; each is in one of B, C and D as well, and there has what leads on.
fn spread(count: usize) -> Planner {
    let mut types = String::from(
        "type Query @t(A) { things: [Thing!]! @f(A) }
         interface Thing @t(A) @t(B) @t(C) @t(D) { id: ID! name: String @f(B) @f(C) @f(D) other: Thing @f(B) @f(C) @f(D) }",
    );
    for number in 0..count {
        let home = ["B", "C", "D"][number % 3];
        types.push_str(&format!(
            "type T{number} implements Thing @impl(A, interface: \"Thing\") @impl({home}, interface: \"Thing\")
               @t(A, key: \"id\") @t({home}, key: \"id\")
             {{ id: ID! name: String @f({home}) other: Thing @f({home}) own{number}: Int @f(A) }}"
        ));
    }
    let supergraph = Supergraph::parse(&common::supergraph(&types));
    Planner::new(Arc::new(
        supergraph.unwrap_or_else(|error| panic!("{error}")),
    ))
}

#[test]
fn an_interface_of_many_types_in_several_subgraphs_can_be_nested() {
    let planners = [spread(100), spread(200)];
    for depth in 2..=4 {
        let operation = format!(
            "{{ things {} }}",
            nested("other BELOW", depth, "{ id name }")
        );
        let efforts = planners
            .each_ref()
            .map(|planner| effort_on(planner, &operation));
        let [fewer, more] = efforts.map(|effort| effort.unwrap_or_else(|error| panic!("{error}")));
        // The number of types is all the same, where they differ in their homes only.
        assert!(
            f64::from(more) <= DOUBLED * f64::from(fewer),
            "{fewer} {more}"
        );
        for planner in &planners {
            assert!(length_on(planner, &operation) < 1_000_000);
        }
    }
}

/// As `members`, but each type has a key of its own. Those of a shop know from it in what currency they have a price.
fn strangers(count: usize) -> Planner {
    let mut types = String::from(
        "type Query @t(A) { things: [Thing!]! @f(A) shop: Shop @f(A) }
         type Shop @t(A) @context(name: \"a__shop\") { currency: String @f(A) things: [Thing!]! @f(A) }
         interface Thing @t(A) @t(B) { name: String @f(B) other: Thing @f(B) next: Thing @f(A) price: Int @f(A) }",
    );
    let currency =
        "context: \"a__shop\", name: \"in\", type: \"String\", selection: \"{ currency }\"";
    for number in 0..count {
        types.push_str(&format!(
            "type T{number} implements Thing @impl(A, interface: \"Thing\") @impl(B, interface: \"Thing\")
               @t(A, key: \"id{number}\") @t(B, key: \"id{number}\")
             {{ id{number}: ID! name: String @f(B) other: Thing @f(B) next: Thing @f(A)
                price: Int @f(A, contextArguments: [{{{currency}}}]) }}"
        ));
    }
    let supergraph = Supergraph::parse(&common::supergraph(&types));
    Planner::new(Arc::new(
        supergraph.unwrap_or_else(|error| panic!("{error}")),
    ))
}

#[test]
fn with_the_depth_below_types_each_of_which_has_its_own_key() {
    let operations = [
        (25, "{ things BELOW }", "{ name }"),
        (100, "{ things BELOW }", "{ name }"),
        (25, "{ shop { things BELOW } }", "{ price }"),
    ];
    for (count, root, innermost) in operations {
        let planner = strangers(count);
        let figures = [1, 2, 4, 8].map(|depth| {
            let nested = nested("other { next BELOW }", depth, innermost);
            let operation = root.replace("BELOW", &nested);
            let effort = effort_on(&planner, &operation);
            let effort = effort.unwrap_or_else(|error| panic!("{error}"));
            (effort, length_on(&planner, &operation))
        });
        for pair in figures.windows(2) {
            let ((effort, length), (more, longer)) = (pair[0], pair[1]);
            assert!(
                f64::from(more) <= DOUBLED * f64::from(effort),
                "{figures:?}"
            );
            assert!(longer * 10 <= length * 22, "{figures:?}");
        }
    }
}

/// An interface of which B, C and D know all types, but each leads on from those of its own only.
fn crossed() -> Planner {
    let homes = ["B", "C", "D"];
    let everywhere = |directive: &str| homes.map(|home| directive.replace("HOME", home)).join(" ");
    let mut types = format!(
        "type Query @t(A) {{ things: [Thing!]! @f(A) }}
         interface Thing @t(A) {} {{ id: ID! name: String {fields} other: Thing {fields} }}",
        everywhere("@t(HOME)"),
        fields = everywhere("@f(HOME)"),
    );
    for (number, home) in homes.iter().enumerate() {
        types.push_str(&format!(
            "type T{number} implements Thing @impl(A, interface: \"Thing\") {} @t(A, key: \"id\") {}
             {{ id: ID! name: String @f({home}) other: Thing @f({home}) }}",
            everywhere("@impl(HOME, interface: \"Thing\")"),
            everywhere("@t(HOME, key: \"id\")"),
        ));
    }
    let supergraph = Supergraph::parse(&common::supergraph(&types));
    Planner::new(Arc::new(
        supergraph.unwrap_or_else(|error| panic!("{error}")),
    ))
}

#[test]
fn with_the_depth_below_types_each_of_which_has_its_own_subgraph() {
    let planner = crossed();
    let figures = [2, 4, 8, 16, 32].map(|depth| {
        let nested = nested("other BELOW", depth, "{ id name }");
        let operation = format!("{{ things {nested} }}");
        let effort = effort_on(&planner, &operation);
        let effort = effort.unwrap_or_else(|error| panic!("{error}"));
        (effort, length_on(&planner, &operation))
    });
    for pair in figures.windows(2) {
        let ((effort, length), (more, longer)) = (pair[0], pair[1]);
        assert!(
            f64::from(more) <= DOUBLED * f64::from(effort),
            "{figures:?}"
        );
        // Each level is the beginning of a request that goes down to the innermost.
        assert!(longer * 10 <= length * 44, "{figures:?}");
    }
}
