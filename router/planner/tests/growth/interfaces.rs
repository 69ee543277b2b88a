//! Interfaces whose object types differ, and fields of theirs that lead to such an interface again.

use std::collections::BTreeSet;

use souk_planner::Planner;

use super::{DOUBLED, assert_linear_on, effort_on, length_on, nested, planner};

/// An interface with so many object types, half of whose fields are in another subgraph, and each of which leads to such
/// an interface again.
pub fn members(count: usize) -> Planner {
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
    planner(&types)
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

#[test]
fn with_the_depth_below_an_interface_of_many_types() {
    let planner = members(100);
    // Each `other` is asked for type by type, in the other subgraph.
    let operation = |depth| nested("other { next BELOW }", depth, "{ id name }");
    assert_linear_on(&planner, &[2, 4, 8, 16], 22, |depth| {
        format!("{{ things {} }}", operation(depth))
    });
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
    planner(&types)
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
    planner(&types)
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
        assert_linear_on(&planner, &[1, 2, 4, 8], 22, |depth| {
            let nested = nested("other { next BELOW }", depth, innermost);
            root.replace("BELOW", &nested)
        });
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
    planner(&types)
}

#[test]
fn with_the_depth_below_types_each_of_which_has_its_own_subgraph() {
    let planner = crossed();
    // Each level is the beginning of a request that goes down to the innermost.
    assert_linear_on(&planner, &[2, 4, 8, 16, 32], 44, |depth| {
        let nested = nested("other BELOW", depth, "{ id name }");
        format!("{{ things {nested} }}")
    });
}

/// As `strangers`, but each field that leads on is shared: one by B and C, the other by A and D.
fn shared(count: usize) -> Planner {
    let homes = ["A", "B", "C", "D"];
    let everywhere = |directive: &str| homes.map(|home| directive.replace("HOME", home)).join(" ");
    let fields = "name: String @f(B) other: Thing @f(B) @f(C) next: Thing @f(A) @f(D)";
    let mut types = format!(
        "type Query @t(A) {{ things: [Thing!]! @f(A) }}
         interface Thing {} {{ {fields} }}",
        everywhere("@t(HOME)")
    );
    for number in 0..count {
        types.push_str(&format!(
            "type T{number} implements Thing {} {} {{ id{number}: ID! {fields} }}",
            everywhere("@impl(HOME, interface: \"Thing\")"),
            everywhere(&format!("@t(HOME, key: \"id{number}\")")),
        ));
    }
    planner(&types)
}

#[test]
fn with_the_depth_below_types_whose_fields_several_subgraphs_share() {
    for count in [2, 20] {
        assert_linear_on(&shared(count), &[2, 4, 8, 16], 22, |depth| {
            let nested = nested("other { next BELOW }", depth, "{ name }");
            format!("{{ things {nested} }}")
        });
    }
}

/// Types of an interface as some subgraphs know them: those that know one, those that tell its `other`, and its `next`.
fn known_by(types: &[[&[&str]; 3]]) -> Planner {
    let on = |homes: &[&str], directive: &str| -> String {
        let each = homes.iter().map(|home| directive.replace("HOME", home));
        each.collect::<Vec<_>>().join(" ")
    };
    let all = |index: usize| -> String {
        let homes: BTreeSet<&str> = types
            .iter()
            .flat_map(|known| known[index])
            .copied()
            .collect();
        let homes: Vec<&str> = homes.into_iter().collect();
        on(&homes, if index == 0 { "@t(HOME)" } else { "@f(HOME)" })
    };
    let mut sdl = format!(
        "type Query @t(A) {{ things: [Thing!]! @f(A) }}
         interface Thing {} {{ name: String @f(A) other: Thing {} next: Thing {} }}",
        all(0),
        all(1),
        all(2),
    );
    for (number, [known, other, next]) in types.iter().enumerate() {
        sdl.push_str(&format!(
            "type T{number} implements Thing {} {}
             {{ id{number}: ID! name: String @f(A) other: Thing {} next: Thing {} }}",
            on(known, "@impl(HOME, interface: \"Thing\")"),
            on(known, &format!("@t(HOME, key: \"id{number}\")")),
            on(other, "@f(HOME)"),
            on(next, "@f(HOME)"),
        ));
    }
    planner(&sdl)
}

/// A value that several subgraphs share is of a type that all of them know. What is asked of the others takes no planning.
#[test]
fn with_the_depth_below_types_that_not_every_subgraph_knows() {
    let graphs: [&[[&[&str]; 3]]; 2] = [
        &[
            [&["A", "C", "D"], &["A", "C", "D"], &["C"]],
            [
                &["A", "B", "C", "D"],
                &["A", "B", "C"],
                &["A", "B", "C", "D"],
            ],
            [&["A", "C"], &["C"], &["C"]],
            [&["A", "C", "D"], &["A"], &["A"]],
        ],
        &[
            [&["A", "B", "C"], &["A", "B"], &["A", "B"]],
            [&["A", "B"], &["B"], &["B"]],
            [&["A", "B", "C", "D"], &["B", "D"], &["A", "D"]],
        ],
    ];
    for types in graphs {
        // Each level is the beginning of a request that goes down to the innermost.
        assert_linear_on(&known_by(types), &[2, 4, 8, 16], 44, |depth| {
            let nested = nested("other { next BELOW }", depth, "{ name }");
            format!("{{ things {nested} }}")
        });
    }
}

/// A search that begins at the root for each level would cost the square of the depth.
#[test]
fn with_the_depth_below_an_interface_that_is_asked_for_all_types_alike() {
    let planner = known_by(&[
        [&["A", "C"], &["A", "C"], &["A"]],
        [&["A", "B"], &["A", "B"], &["A"]],
    ]);
    assert_linear_on(&planner, &[2, 4, 8, 16, 32], 22, |depth| {
        let nested = nested("other { next BELOW }", depth, "{ name }");
        format!("{{ things {nested} }}")
    });
}
