//! What happens when something dies: processes are killed, the broker goes, the database cannot be reached. Afterwards
//! the books must balance.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on should fail at once and say why"
)]

mod accounts;
mod books;
mod in_one_process;
mod lifecycle;
mod refusals;
mod separate;
mod shoppers;

/// The binary under test.
const SOUK: &str = env!("CARGO_BIN_EXE_souk");
