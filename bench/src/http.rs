//! One HTTP/1.1 connection that is kept open, as cheap as it gets.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_TYPE, HOST};
use http::{HeaderValue, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::TcpStream;
use url::Url;

/// A connection to one server.
pub struct Connection {
    authority: String,
    sender: SendRequest<Full<Bytes>>,
    authorization: Option<HeaderValue>,
}

impl Connection {
    /// Connects to the server of this address, as whom the token names.
    pub async fn open(url: &str, token: Option<&str>) -> Result<Connection, String> {
        let url = Url::parse(url).map_err(|error| format!("{url}: {error}"))?;
        let authority = url.authority().to_owned();
        let stream = TcpStream::connect(&authority)
            .await
            .map_err(|error| format!("{authority}: {error}"))?;
        stream
            .set_nodelay(true)
            .map_err(|error| error.to_string())?;
        let (sender, connection) = handshake(TokioIo::new(stream))
            .await
            .map_err(|error| error.to_string())?;
        // Its end is seen by the next request.
        tokio::spawn(connection);
        let authorization = token
            .map(|token| HeaderValue::try_from(format!("Bearer {token}")))
            .transpose()
            .map_err(|error| error.to_string())?;
        Ok(Connection {
            authority,
            sender,
            authorization,
        })
    }

    /// Posts a GraphQL request and gives the answer. It must be one without errors.
    pub async fn graphql(&mut self, body: Bytes) -> Result<Bytes, String> {
        let (status, answer) = self.post("/graphql", "application/json", body).await?;
        let text = std::str::from_utf8(&answer).map_err(|error| error.to_string())?;
        if status != StatusCode::OK || text.contains("\"errors\":") {
            let shown: String = text.chars().take(500).collect();
            return Err(format!("{status}: {shown}"));
        }
        Ok(answer)
    }

    /// Asks, and gives `data`.
    pub async fn ask(&mut self, query: &str, variables: &Value) -> Result<Value, String> {
        let answer = self.graphql(body(query, variables)).await?;
        let mut answer: Value =
            serde_json::from_slice(&answer).map_err(|error| error.to_string())?;
        Ok(answer["data"].take())
    }

    /// Submits a form without fields. The answer may be a page or lead to one.
    pub async fn submit(&mut self, path: &str) -> Result<(), String> {
        let form = "application/x-www-form-urlencoded";
        let (status, page) = self.post(path, form, Bytes::new()).await?;
        if status.is_success() || status.is_redirection() {
            return Ok(());
        }
        Err(format!("{status}: {}", String::from_utf8_lossy(&page)))
    }

    async fn post(
        &mut self,
        path: &str,
        content_type: &'static str,
        body: Bytes,
    ) -> Result<(StatusCode, Bytes), String> {
        let mut request = Request::post(path)
            .header(HOST, &self.authority)
            .header(CONTENT_TYPE, content_type);
        if let Some(authorization) = &self.authorization {
            request = request.header(AUTHORIZATION, authorization);
        }
        let request = request
            .body(Full::new(body))
            .map_err(|error| error.to_string())?;
        let failed = |error: hyper::Error| error.to_string();
        self.sender.ready().await.map_err(failed)?;
        let response = self.sender.send_request(request).await.map_err(failed)?;
        let status = response.status();
        let body = response.into_body().collect().await.map_err(failed)?;
        Ok((status, body.to_bytes()))
    }
}

/// The body of a GraphQL request.
pub fn body(query: &str, variables: &Value) -> Bytes {
    json!({ "query": query, "variables": variables })
        .to_string()
        .into()
}

/// The text at this place of an answer.
pub fn text<'a>(data: &'a Value, pointer: &str) -> Result<&'a str, String> {
    let text = data.pointer(pointer).and_then(Value::as_str);
    text.ok_or_else(|| format!("no text at {pointer} in {data}"))
}
