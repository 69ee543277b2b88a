//! Every query of the user database.

pub mod addresses;
pub mod keys;
pub mod sessions;
pub mod shops;
pub mod users;
