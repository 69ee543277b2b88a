//! Composes the `*.graphql` files of a folder, one subgraph each, and prints the supergraph.
//!
//! ```text
//! cargo run -p souk-composition --example compose -- path/to/folder
//! ```

#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a command prints"
)]

use souk_composition::{SubgraphInput, compose};
use std::error::Error;
use std::fs;
use std::process::ExitCode;

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("which folder?")?;
    let mut subgraphs = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .extension()
            .is_none_or(|extension| extension != "graphql")
        {
            continue;
        }
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        subgraphs.push(SubgraphInput {
            name: name.to_string(),
            url: format!("http://localhost/{name}"),
            sdl: fs::read_to_string(&path)?,
        });
    }
    match compose(&subgraphs) {
        Ok(composed) => {
            for hint in &composed.hints {
                eprintln!("{hint}\n");
            }
            print!("{}", composed.supergraph_sdl);
            Ok(ExitCode::SUCCESS)
        }
        Err(errors) => {
            eprintln!("{errors}");
            Ok(ExitCode::FAILURE)
        }
    }
}
