//! What nobody should send, and somebody will: a clear error for each, and nothing lost.

mod messages;
mod requests;
mod tokens;
mod values;
mod webhooks;

use reqwest::RequestBuilder;
use serde_json::Value;

/// The first error of an answer.
#[derive(Debug)]
struct Refused {
    status: u16,
    code: String,
    message: String,
    argument: Option<String>,
}

/// Sends what must be refused.
async fn refused(request: RequestBuilder) -> Refused {
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    let answer: Value = answer.json().await.expect("a GraphQL response");
    let error = &answer["errors"][0];
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Refused {
        status,
        code: text(&error["extensions"]["code"]).unwrap_or_else(|| panic!("no code in {answer}")),
        message: text(&error["message"]).unwrap_or_default(),
        argument: text(&error["extensions"]["argument"]),
    }
}
