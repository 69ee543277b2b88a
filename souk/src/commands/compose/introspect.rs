//! Asking a running subgraph for its schema, by federation's `_service` field.

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use indexmap::IndexMap;
use serde::Deserialize;
use souk_platform::client::causes;
use souk_router::config::expand_text;

use crate::failure::Failure;

/// How long a subgraph may take to tell its schema.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);

/// What is sent to whom.
#[derive(Debug)]
pub(super) struct Introspection {
    pub url: reqwest::Url,
    headers: HeaderMap,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    data: Option<Data>,
    #[serde(default)]
    errors: Vec<AnswerError>,
}

#[derive(Deserialize)]
struct AnswerError {
    message: String,
}

#[derive(Deserialize)]
struct Data {
    #[serde(rename = "_service")]
    service: Option<Service>,
}

#[derive(Deserialize)]
struct Service {
    sdl: Option<String>,
}

impl Introspection {
    /// Checks the address and the headers. An error begins with the key that is wrong.
    pub(super) fn new(
        url: &str,
        headers: &IndexMap<String, String>,
    ) -> Result<Introspection, String> {
        let url: reqwest::Url = url
            .parse()
            .map_err(|error| format!("schema.subgraph_url: {url} is no URL: {error}"))?;
        let mut checked = HeaderMap::new();
        for (name, value) in headers {
            let wrong = |problem: String| format!("schema.introspection_headers.{name}: {problem}");
            let value = expand_text(value).map_err(wrong)?;
            let header: HeaderName = name
                .parse()
                .map_err(|_| wrong("is no name of a header".to_owned()))?;
            let value: HeaderValue = value
                .parse()
                .map_err(|_| wrong("has a character that no header may have".to_owned()))?;
            checked.append(header, value);
        }
        Ok(Introspection {
            url,
            headers: checked,
        })
    }

    /// Asks for the schema.
    pub(super) async fn schema(&self, subgraph: &str) -> Result<String, Failure> {
        let failed = |problem: String| {
            let url = &self.url;
            Failure::failed(format!(
                "{subgraph} at {url} does not tell its schema: {problem}"
            ))
        };
        let client = reqwest::Client::builder()
            .timeout(ANSWER_WITHIN)
            .default_headers(self.headers.clone())
            .build()
            .map_err(|error| failed(causes(&error)))?;
        let body = serde_json::json!({ "query": "{ _service { sdl } }" });
        let request = client.post(self.url.clone()).json(&body);
        let response = request
            .send()
            .await
            .map_err(|error| failed(causes(&error.without_url())))?;
        let status = response.status();
        let text = response
            .text()
            .await
            .map_err(|error| failed(causes(&error.without_url())))?;
        let answer: Answer = match serde_json::from_str(&text) {
            Ok(answer) => answer,
            Err(_) if !status.is_success() => return Err(failed(format!("it answers {status}"))),
            Err(error) => {
                return Err(failed(format!(
                    "its answer is no GraphQL response: {error}"
                )));
            }
        };
        let service = answer.data.and_then(|data| data.service);
        if let Some(sdl) = service.and_then(|service| service.sdl) {
            return Ok(sdl);
        }
        let errors: Vec<String> = answer
            .errors
            .into_iter()
            .map(|error| error.message)
            .collect();
        Err(failed(match errors.is_empty() {
            true => format!("it answers {status} without data._service.sdl"),
            false => errors.join("; "),
        }))
    }
}
