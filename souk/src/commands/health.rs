//! `souk health`: asks a server whether it is well, for health checks in images that have no other HTTP client.

use std::time::Duration;

use souk_platform::client;

use crate::failure::Failure;

/// How long the server may take.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// Fails unless the address answers with 2xx.
pub async fn run(url: &str) -> Result<(), Failure> {
    let client = client::for_addresses([url], ANSWER_WITHIN).map_err(Failure::failed)?;
    let answer = client.get(url).send().await.map_err(|error| {
        let reason = client::causes(&error.without_url());
        Failure::failed(format!("{url} does not answer: {reason}"))
    })?;
    let status = answer.status();
    if status.is_success() {
        return Ok(());
    }
    let body = answer.text().await.unwrap_or_default();
    Err(Failure::failed(format!("{url} answers {status}: {body}")))
}
