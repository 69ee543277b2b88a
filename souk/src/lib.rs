//! What the `souk` binary does: command line, configuration and wiring. A library, so that others who mount subgraphs
//! in their own process can use [`in_process`].

mod backing;
mod cli;
mod commands;
mod demo;
mod failure;
mod graph;
mod identity_hook;
pub mod in_process;

use std::process::ExitCode;

use clap::Parser;

/// Does what the command line says. clap exits with 2 by itself when that is wrong.
pub fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    souk_platform::tls::install();
    let runtime = match runtime() {
        Ok(runtime) => runtime,
        Err(error) => return failure::Failure::setup(format!("cannot start: {error}")).report(),
    };
    match runtime.block_on(commands::run(cli.command)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

/// The stack of each thread that serves requests, in bytes. A nested field is resolved inside of all those around it, as
/// deep as the router's `limits.max_depth` allows, which is more than tokio's two megabytes hold. Pages that are never
/// touched take no memory.
const STACK: usize = 16 * 1024 * 1024;

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(STACK)
        .build()
}
