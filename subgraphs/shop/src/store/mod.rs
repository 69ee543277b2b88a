//! Every query of the shop database.

pub mod branches;
pub mod nearby;
pub mod shops;
