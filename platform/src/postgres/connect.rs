//! Connections to the server itself, to make databases.

use std::time::Duration;

use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, NoTls};

use super::PostgresError;
use super::programs::{OLDEST, major_version};

/// The database that every server has.
const MAINTENANCE: &str = "postgres";

/// How long a server may take to accept a connection.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);

/// Makes the database that `url` names unless it is there, on a server that is new enough. Several processes may try at
/// once.
pub async fn ensure_database(url: &str) -> Result<(), PostgresError> {
    match connect_in_time(url).await? {
        Ok(_) => return Ok(()),
        Err(error) if error.code() == Some(&SqlState::INVALID_CATALOG_NAME) => {}
        Err(error) => return Err(PostgresError::Connection(describe(&error))),
    }
    let mut server =
        url::Url::parse(url).map_err(|error| PostgresError::Connection(error.to_string()))?;
    let name = server.path().trim_matches('/').to_owned();
    server.set_path(&format!("/{MAINTENANCE}"));
    let client = connect_in_time(server.as_str())
        .await?
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

/// The inner error is the server's refusal or a broken network; the outer one ends every attempt.
async fn connect_in_time(
    url: &str,
) -> Result<Result<Client, tokio_postgres::Error>, PostgresError> {
    let (client, version) = match tokio::time::timeout(CONNECT_WITHIN, open(url)).await {
        Ok(Ok(open)) => open,
        Ok(Err(error)) => return Ok(Err(error)),
        Err(_) => {
            return Err(PostgresError::Connection(format!(
                "it takes no connection within {} s",
                CONNECT_WITHIN.as_secs()
            )));
        }
    };
    match major_version(&version) {
        Some(major) if major < OLDEST => Err(PostgresError::ServerTooOld {
            found: version,
            needed: OLDEST,
        }),
        _ => Ok(Ok(client)),
    }
}

pub(super) async fn connect(url: &str) -> Result<Client, tokio_postgres::Error> {
    let (client, _) = open(url).await?;
    Ok(client)
}

/// A connection, and the version that the server says it is of: `15.13 (Debian 15.13-0+deb12u1)`.
async fn open(url: &str) -> Result<(Client, String), tokio_postgres::Error> {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await?;
    let version = connection
        .parameter("server_version")
        .unwrap_or_default()
        .to_owned();
    // It ends with the client.
    tokio::spawn(async move {
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the database server broke");
        }
    });
    Ok((client, version))
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

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::ensure_database;

    /// A server that says it is of this version, and nothing more.
    async fn server(version: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            // A client may ask for TLS before it says who it is.
            while stream.read_u32().await.unwrap() == 8 {
                stream.read_u32().await.unwrap();
                stream.write_all(b"N").await.unwrap();
            }
            let mut answer = b"R\0\0\0\x08\0\0\0\0".to_vec();
            let setting = format!("server_version\0{version}\0");
            answer.push(b'S');
            answer.extend(u32::try_from(setting.len() + 4).unwrap().to_be_bytes());
            answer.extend(setting.as_bytes());
            answer.extend(b"Z\0\0\0\x05I");
            stream.write_all(&answer).await.unwrap();
            // Open until the client goes.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        });
        address
    }

    #[tokio::test]
    async fn a_server_that_is_too_old_is_refused() {
        let ensure = async |version| {
            let address = server(version).await;
            ensure_database(&format!("postgres://souk@{address}/souk_order")).await
        };
        let refused = ensure("14.11 (Debian 14.11-1)").await.unwrap_err();
        assert_eq!(
            refused.to_string(),
            "the database server is PostgreSQL 14.11 (Debian 14.11-1), which is too old: version 15 or newer is needed"
        );
        assert!(ensure("15.0").await.is_ok());
    }

    #[tokio::test]
    async fn a_server_that_takes_no_connection_is_given_up() {
        // The system accepts, and nobody ever says a word.
        let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = silent.local_addr().unwrap();
        let error = ensure_database(&format!("postgres://souk@{address}/souk_order"))
            .await
            .unwrap_err();
        assert!(error.to_string().contains("takes no connection"), "{error}");
    }
}
