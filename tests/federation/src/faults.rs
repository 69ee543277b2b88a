//! How a subgraph can fail, by the name that `"$fault"` in `data.<subgraph>.json` has.

use std::time::Duration;

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};
use souk_executor::{SubgraphResponse, TransportError};

/// Spoils a subgraph's answer.
pub(crate) fn spoil(fault: &str, mut response: Value) -> Result<SubgraphResponse, TransportError> {
    let mut entities = response.pointer_mut("/data/_entities");
    let entities = entities
        .as_mut()
        .and_then(|entities| entities.as_array_mut());
    match fault {
        "connection" => return Err(TransportError::Connection("connection refused".into())),
        "timeout" => return Err(TransportError::Timeout(Duration::from_secs(1))),
        "status 500" => return Err(TransportError::Status(StatusCode::INTERNAL_SERVER_ERROR)),
        "html" => {
            return Ok(SubgraphResponse::Json(Bytes::from_static(
                b"<html>oops</html>",
            )));
        }
        "half a body" => {
            let text = response.to_string();
            let half = text[..text.len() / 2].to_owned();
            return Ok(SubgraphResponse::Json(half.into()));
        }
        "errors without data" => response = json!({ "errors": [{ "message": "out of order" }] }),
        "data is null" => response = json!({ "data": null }),
        "empty object" => response = json!({}),
        "too few entities" => {
            entities.map(Vec::pop);
        }
        "too many entities" => {
            if let Some(entities) = entities {
                entities.push(Value::Null);
            }
        }
        "entities are null" => response = json!({ "data": { "_entities": null } }),
        "entities are an object" => response = json!({ "data": { "_entities": {} } }),
        unknown => panic!("no such fault: {unknown}"),
    }
    Ok(SubgraphResponse::Json(response.to_string().into()))
}
