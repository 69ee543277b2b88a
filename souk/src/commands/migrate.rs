//! `souk migrate`: databases and queues, ready for every subgraph.

use std::sync::Arc;

use souk_platform::serving::LocalTransport;

use crate::backing::Backing;
use crate::cli::ConfigArgs;
use crate::commands::configure;
use crate::failure::Failure;
use crate::graph::MEMBERS;

/// Runs the command. Queues are declared too, so that no event is published before its receivers are known.
pub async fn run(args: ConfigArgs) -> Result<(), Failure> {
    let config = Arc::new(configure(&args, |sources| sources)?);
    let backing = Backing::start(config).await?;
    for member in MEMBERS {
        let report = backing.migrate(member).await?;
        let (applied, before) = (report.applied.len(), report.already_applied);
        tracing::info!(subgraph = member.name, applied, before, "database migrated");
        let services = backing.services(member, Arc::new(LocalTransport::default()))?;
        let subgraph = (member.build)(services).map_err(|error| Failure::failed(error.message))?;
        backing.declare_queues(&subgraph).await?;
    }
    backing.stop().await;
    Ok(())
}
