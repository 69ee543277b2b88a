//! Builds the crate again when its migrations change, which are embedded.

fn main() {
    println!("cargo:rerun-if-changed=../migrations/platform");
}
