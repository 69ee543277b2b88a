//! Rules without I/O: the states of a shop, what a branch must be, and where to look for what is near.

pub mod branch;
pub mod nearby;
pub mod status;
