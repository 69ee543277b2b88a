//! The plan for other readers than the executor: as text, as JSON, as a picture.

mod json;
mod keys;
mod picture;
mod text;
