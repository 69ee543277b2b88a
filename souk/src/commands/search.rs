//! `souk search`: the search index.

use std::sync::Arc;

use souk_platform::peers::PeerTransport;

use crate::backing::Backing;
use crate::cli::ConfigArgs;
use crate::commands::configure;
use crate::commands::reached::local;
use crate::commands::subgraph::peers;
use crate::failure::Failure;
use crate::graph::member;

/// Makes the index again from what the product and shop subgraphs have: over HTTP when they run on their own, else
/// from their databases, which needs `souk serve` to be stopped.
#[allow(clippy::print_stdout)]
pub async fn rebuild(args: ConfigArgs) -> Result<(), Failure> {
    let config = Arc::new(configure(&args, |sources| sources)?);
    let backing = Backing::start(config.clone()).await?;
    let transport: Arc<dyn PeerTransport> = match config
        .subgraphs
        .get("product")
        .and_then(|product| product.url.as_ref())
    {
        Some(_) => Arc::new(peers(
            &config,
            config.internal_signer().map_err(Failure::setup)?,
        )?),
        None => Arc::new(local(&backing).await?),
    };
    let search = member("search").ok_or_else(|| Failure::failed("there is no subgraph search"))?;
    backing.migrate(search).await?;
    let services = backing.services(search, transport)?;
    let rebuilt = souk_search::rebuild(&services)
        .await
        .map_err(|error| Failure::failed(error.message));
    backing.stop().await;
    let rebuilt = rebuilt?;
    println!(
        "{} products and {} shops are indexed again, {} documents were forgotten",
        rebuilt.products, rebuilt.shops, rebuilt.forgotten
    );
    Ok(())
}
