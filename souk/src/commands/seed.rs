//! `souk seed`: the demo data.

use std::sync::Arc;

use crate::cli::ConfigArgs;
use crate::commands::configure;
use crate::commands::reached::Reached;
use crate::demo;
use crate::failure::Failure;

/// Fills the graph.
pub async fn run(args: ConfigArgs) -> Result<(), Failure> {
    let config = Arc::new(configure(&args, |sources| sources)?);
    let subgraphs = Reached::open(config).await?;
    let filled = demo::fill(&*subgraphs.transport).await;
    subgraphs.close().await;
    filled?;
    demo::print_accounts();
    Ok(())
}
