//! `souk seed`: the demo data.

use std::sync::Arc;

use souk_platform::peers::PeerTransport;

use crate::backing::Backing;
use crate::cli::ConfigArgs;
use crate::commands::configure;
use crate::commands::search::local;
use crate::commands::subgraph::peers;
use crate::demo;
use crate::failure::Failure;

/// Fills the graph: over HTTP when the subgraphs run on their own, else straight in their databases.
pub async fn run(args: ConfigArgs) -> Result<(), Failure> {
    let config = Arc::new(configure(&args, |sources| sources)?);
    let separate = config
        .subgraphs
        .get("user")
        .is_some_and(|user| user.url.is_some());
    if separate {
        let transport = peers(&config, config.internal_signer().map_err(Failure::setup)?)?;
        demo::fill(&transport).await?;
    } else {
        let backing = Backing::start(config).await?;
        let transport: Arc<dyn PeerTransport> = Arc::new(local(&backing).await?);
        let filled = demo::fill(&*transport).await;
        backing.stop().await;
        filled?;
    }
    demo::print_accounts();
    Ok(())
}
