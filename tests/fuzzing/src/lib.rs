#![doc = include_str!("../README.md")]
#![allow(
    clippy::expect_used,
    reason = "whatever is not as it should be is what fuzzing looks for"
)]

mod composition;
mod graphs;
mod operation;
mod responses;
mod supergraph;

/// What is fuzzed: a name, and what is done with an input. It panics when something is wrong.
#[derive(Debug, Clone, Copy)]
pub struct Target {
    /// As `cargo fuzz` knows it.
    pub name: &'static str,
    run: fn(&[u8]),
}

/// All targets.
pub const TARGETS: [Target; 5] = [
    Target {
        name: "supergraph",
        run: supergraph::read,
    },
    Target {
        name: "composition",
        run: composition::compose,
    },
    Target {
        name: "operation_text",
        run: operation::plan_text,
    },
    Target {
        name: "operation_choices",
        run: operation::plan_choices,
    },
    Target {
        name: "responses",
        run: responses::merge,
    },
];

/// As much stack as a thread of a server has: a stack that overflows is a failure, too.
const STACK: usize = 2 * 1024 * 1024;

impl Target {
    /// Tries one input.
    ///
    /// # Panics
    ///
    /// When the input makes anything panic, or when a promise is broken.
    pub fn try_input(self, input: &[u8]) {
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().stack_size(STACK);
            let running = thread.spawn_scoped(scope, || (self.run)(input));
            let outcome = running.expect("a thread").join();
            if let Err(panic) = outcome {
                std::panic::resume_unwind(panic);
            }
        });
    }
}

/// Tries one input of the target of this name.
///
/// # Panics
///
/// When the input shows something wrong, or there is no such target.
pub fn try_input(name: &str, input: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name);
    target.expect("a target of this name").try_input(input);
}
