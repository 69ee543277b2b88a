//! Rules without I/O: what an e-mail address, a password, an address and a set of roles must be.

pub mod address;
pub mod email;
pub mod password;
pub mod refresh_token;
pub mod roles;
