//! The subgraphs, for a command that asks them something.

use std::sync::Arc;

use souk_platform::config::Config;
use souk_platform::peers::PeerTransport;
use souk_platform::serving::LocalTransport;

use crate::backing::Backing;
use crate::commands::subgraph::peers;
use crate::failure::Failure;
use crate::graph::MEMBERS;

/// The subgraphs: over HTTP when they run on their own, else in this process, straight on their databases.
pub struct Reached {
    /// The way to them.
    pub transport: Arc<dyn PeerTransport>,
    backing: Option<Backing>,
}

impl Reached {
    /// Reaches them. They run on their own when the user subgraph has an address.
    pub async fn open(config: Arc<Config>) -> Result<Reached, Failure> {
        let user = config.subgraphs.get("user");
        if user.is_some_and(|user| user.url.is_some()) {
            let transport = peers(&config, config.internal_signer().map_err(Failure::setup)?)?;
            return Ok(Reached {
                transport: Arc::new(transport),
                backing: None,
            });
        }
        let backing = Backing::start(config).await?;
        Ok(Reached {
            transport: Arc::new(local(&backing).await?),
            backing: Some(backing),
        })
    }

    /// Stops what was started for them.
    pub async fn close(self) {
        if let Some(backing) = self.backing {
            backing.stop().await;
        }
    }
}

/// The subgraphs in this process, without anything that runs beside them.
pub async fn local(backing: &Backing) -> Result<LocalTransport, Failure> {
    let transport = LocalTransport::default();
    for member in MEMBERS {
        backing.migrate(member).await?;
        let services = backing.services(member, Arc::new(transport.clone()))?;
        let subgraph = (member.build)(services).map_err(|error| Failure::failed(error.message))?;
        transport.mount(subgraph.name, subgraph.schema.clone());
    }
    Ok(transport)
}
