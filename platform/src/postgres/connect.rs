//! Connections to the server itself, to make databases.

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use super::PostgresError;

/// The database that every server has.
const MAINTENANCE: &str = "postgres";

/// Makes the database that `url` names unless it is there. Several processes may try at once.
pub async fn ensure_database(url: &str) -> Result<(), PostgresError> {
    match connect(url).await {
        Ok(_) => return Ok(()),
        Err(error) if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) => {}
        Err(error) => return Err(PostgresError::Connection(describe(&error))),
    }
    let mut server =
        url::Url::parse(url).map_err(|error| PostgresError::Connection(error.to_string()))?;
    let name = server.path().trim_matches('/').to_owned();
    server.set_path(&format!("/{MAINTENANCE}"));
    let client = connect(server.as_str())
        .await
        .map_err(|error| PostgresError::Connection(describe(&error)))?;
    match client
        .batch_execute(&format!("CREATE DATABASE {}", quoted(&name)))
        .await
    {
        Ok(()) => Ok(()),
        // Somebody else was faster. Two at once may also meet in the catalogue's unique index.
        Err(error)
            if matches!(
                error.code(),
                Some(&SqlState::DUPLICATE_DATABASE) | Some(&SqlState::UNIQUE_VIOLATION)
            ) =>
        {
            Ok(())
        }
        Err(error) => Err(PostgresError::Connection(format!(
            "the database {name} cannot be made: {}",
            describe(&error)
        ))),
    }
}

/// An SQL identifier.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

pub(super) async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    // It ends with the client.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the database server broke");
        }
    });
    Ok(client)
}

/// What the server said, or what happened on the way to it.
pub(super) fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(refusal) = error.as_db_error() {
        return refusal.message().to_owned();
    }
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
