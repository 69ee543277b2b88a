//! Entities: keys of every shape, and the requests they make.

mod chains;
#[path = "../common/mod.rs"]
mod common;
mod requests;
mod sent;
mod several;
mod shared;
