//! The rules of the catalogue and of stock, without I/O.

pub mod attributes;
pub mod details;
mod isbn;
mod kind;
pub mod stock;

pub use kind::Kind;

/// The longest product name, in characters.
pub const LONGEST_NAME: usize = 200;
/// The longest description, in characters.
pub const LONGEST_DESCRIPTION: usize = 10_000;
/// The longest category name, in characters.
pub const LONGEST_CATEGORY_NAME: usize = 80;
/// The longest stock keeping unit, in characters.
pub const LONGEST_SKU: usize = 64;
/// How many levels the category tree may have.
pub const DEEPEST_CATEGORY: usize = 8;
/// How many categories may stand side by side below one parent.
pub const MOST_CHILDREN: i64 = 200;
/// How many variants a product may have.
pub const MOST_VARIANTS: usize = 100;
