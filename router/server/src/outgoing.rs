//! Requests of the router's own: for keys and for decisions. Those to subgraphs are the executor's.

use std::time::Duration;

pub(crate) use souk_executor::transport::root_cause;
use url::Url;

/// A client whose requests may take so long, until the end of the answer.
pub(crate) fn client(timeout: Duration) -> reqwest::ClientBuilder {
    // reqwest wants a provider even for URLs without TLS. An error means that the program has chosen one.
    if rustls::crypto::CryptoProvider::get_default().is_none() {
        let _ = rustls::crypto::ring::default_provider().install_default();
    }
    reqwest::Client::builder().timeout(timeout)
}

/// A URL as the log has it: without credentials and the query.
pub(crate) fn shown(url: &Url) -> String {
    let mut url = url.clone();
    // An error means that it has no host, and so no credentials.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.into()
}

/// Why there is no body.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BodyError {
    /// It is too long.
    #[error("the answer is longer than {0} bytes")]
    TooLong(usize),
    /// It breaks off, or takes too long.
    #[error(transparent)]
    Interrupted(#[from] reqwest::Error),
}

/// The whole body, if it is not longer than `limit` bytes.
pub(crate) async fn body(
    mut response: reqwest::Response,
    limit: usize,
) -> Result<Vec<u8>, BodyError> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        body.extend_from_slice(&chunk);
        if body.len() > limit {
            return Err(BodyError::TooLong(limit));
        }
    }
    Ok(body)
}
