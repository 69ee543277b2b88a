//! HTTP clients for servers of the same deployment.

use std::error::Error;
use std::time::Duration;

use crate::tls;

/// A client for the servers at these addresses, which have `patience` to answer. No proxy of the environment stands
/// between, and the system's certificates are needed only when an address begins with `https:`: an image without them
/// reaches its neighbours all the same. The error is a sentence with its causes.
pub fn for_addresses<'a>(
    addresses: impl IntoIterator<Item = &'a str>,
    patience: Duration,
) -> Result<reqwest::Client, String> {
    tls::install();
    let builder = reqwest::Client::builder().timeout(patience).no_proxy();
    let encrypted = addresses.into_iter().any(|address| {
        let scheme = address.split(':').next().unwrap_or_default();
        scheme.eq_ignore_ascii_case("https")
    });
    let builder = match encrypted {
        true => builder,
        false => builder.tls_certs_only([]),
    };
    builder
        .build()
        .map_err(|error| format!("cannot make an HTTP client: {}", causes(&error)))
}

/// An error with what caused it: reqwest's own text only says that the request failed.
pub fn causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text.push_str(": ");
        text.push_str(&inner.to_string());
        cause = inner.source();
    }
    text
}
