//! `souk events`: events that were given up.

use std::sync::Arc;

use souk_platform::events::inbox;
use souk_platform::serving::LocalTransport;
use uuid::Uuid;

use crate::backing::Backing;
use crate::cli::ConfigArgs;
use crate::commands::configure;
use crate::failure::Failure;
use crate::graph::{MEMBERS, Member};

/// Lists the dead letters of every subgraph.
#[allow(clippy::print_stdout)]
pub async fn list(args: ConfigArgs) -> Result<(), Failure> {
    let backing = Backing::start_beside(Arc::new(configure(&args, |sources| sources)?)).await?;
    let mut count = 0;
    for member in MEMBERS {
        let mut connection = connect(&backing, member).await?;
        for letter in inbox::dead_letters(&mut connection)
            .await
            .map_err(Failure::failed)?
        {
            count += 1;
            let time = letter
                .dead_at
                .map(|time| time.to_rfc3339())
                .unwrap_or_default();
            println!(
                "{}  {}  {time}  after {} attempts",
                letter.event_id, letter.queue, letter.attempts
            );
            println!("    error: {}", letter.error.unwrap_or_default());
            println!("    event: {}", String::from_utf8_lossy(&letter.body));
        }
    }
    println!("{count} dead letters");
    backing.stop().await;
    Ok(())
}

/// Lets one dead letter, or all, be tried again.
#[allow(clippy::print_stdout)]
pub async fn replay(args: ConfigArgs, event: Option<Uuid>) -> Result<(), Failure> {
    let backing = Backing::start_beside(Arc::new(configure(&args, |sources| sources)?)).await?;
    let mut count = 0;
    for member in MEMBERS {
        let mut connection = connect(&backing, member).await?;
        count += inbox::replay(&mut connection, event)
            .await
            .map_err(Failure::failed)?;
    }
    backing.stop().await;
    if let (0, Some(event)) = (count, event) {
        return Err(Failure::failed(format!(
            "there is no dead letter {event}; `souk events dead-letters` lists them"
        )));
    }
    println!("{count} events are tried again by the running subgraphs");
    Ok(())
}

async fn connect(
    backing: &Backing,
    member: Member,
) -> Result<souk_platform::database::Connection, Failure> {
    backing.expect_migrated(member).await?;
    let services = backing.services(member, Arc::new(LocalTransport::default()))?;
    services.database.get().await.map_err(Failure::failed)
}
