//! `souk migrate`: databases and queues, ready for every subgraph.

use std::sync::Arc;

use crate::backing::Backing;
use crate::cli::ConfigArgs;
use crate::commands::configure;
use crate::failure::Failure;
use crate::graph::MEMBERS;

/// Runs the command. [`Backing`] declares the queues.
pub async fn run(args: ConfigArgs) -> Result<(), Failure> {
    let config = Arc::new(configure(&args, |sources| sources)?);
    let backing = Backing::start(config).await?;
    for member in MEMBERS {
        let report = backing.migrate(member).await?;
        let (applied, before) = (report.applied.len(), report.already_applied);
        tracing::info!(subgraph = member.name, applied, before, "database migrated");
    }
    backing.stop().await;
    Ok(())
}
