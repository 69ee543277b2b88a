//! Interfaces whose object types set contexts for what is below them.

use souk_planner::Planner;

use super::{assert_linear_on, nested, planner};

/// An interface with four object types, each with a key of its own, of which so many set the context that a note is about.
/// Each leads to such an interface again, in two subgraphs by turns.
fn setting(count: usize) -> Planner {
    let keys: Vec<String> = (0..count)
        .map(|number| format!("... on T{number} {{ id{number} }}"))
        .collect();
    let about = format!(
        "context: \"a__thing\", name: \"about\", type: \"ID\", selection: \"... on Box {{ id }} {}\"",
        keys.join(" ")
    );
    let mut types = format!(
        "type Query @t(A) {{ box: Box @f(A) }}
         type Box @t(A) @context(name: \"a__thing\") {{ id: ID! @f(A) things: [Thing!]! @f(A) }}
         type Note @t(A, key: \"id\") {{ id: ID! text: String @f(A, contextArguments: [{{{about}}}]) }}
         interface Thing @t(A) @t(B)
           {{ name: String @f(B) other: Thing @f(B) next: Thing @f(A) note: Note @f(A) }}"
    );
    for number in 0..4 {
        let context = match number < count {
            true => "@context(name: \"a__thing\")",
            false => "",
        };
        types.push_str(&format!(
            "type T{number} implements Thing @impl(A, interface: \"Thing\") @impl(B, interface: \"Thing\")
               @t(A, key: \"id{number}\") @t(B, key: \"id{number}\") {context}
             {{ id{number}: ID! name: String @f(B) other: Thing @f(B) next: Thing @f(A) note: Note @f(A) }}"
        ));
    }
    planner(&types)
}

#[test]
fn with_the_depth_below_types_that_set_contexts() {
    for count in [1, 2, 4] {
        let planner = setting(count);
        for innermost in ["{ name }", "{ note { text } }"] {
            assert_linear_on(&planner, &[2, 4, 8, 16], 22, |depth| {
                let nested = nested("other { next BELOW }", depth, innermost);
                format!("{{ box {{ things {nested} }} }}")
            });
        }
    }
}
