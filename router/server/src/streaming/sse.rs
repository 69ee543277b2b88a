//! Server-sent events, by the graphql-sse protocol in its distinct connections mode: one operation per HTTP
//! request, each response a `next` event, and a `complete` event at the end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};
use tokio::time::timeout;

use crate::error::Refusal;
use crate::http::media::ResponseType;
use crate::service::{Ready, Refused, Service};

/// The event after the last response. Browsers drop an event without a `data` line.
const COMPLETE: &str = "event: complete\ndata:\n\n";

/// A comment, which every client ignores.
const HEARTBEAT: &str = ":\n\n";

/// The stream of a subscription.
pub(crate) async fn subscription(
    service: &Arc<Service>,
    ready: Ready,
    parts: Arc<Parts>,
) -> Response {
    let events = match service.subscribe(ready, parts).await {
        Ok(events) => events,
        Err(Refused::Before(refusal)) => return refused(&refusal),
        Err(Refused::Executed(response)) => return once(response.bytes()),
    };
    // The token keeps the router from being taken for stopped while `complete` is still on its way.
    let open = service.tasks.token();
    let texts = events
        .map(|event| match event {
            Ok(response) => next(response.bytes()),
            Err(refusal) => next(refusal.body().as_bytes()),
        })
        .chain(stream::once(async { COMPLETE.to_owned() }));
    let beating = with_heartbeat(
        texts.boxed(),
        service.config.subscription.heartbeat_interval.0,
    );
    respond(beating.map(move |text| {
        let _ = &open;
        text
    }))
}

/// The stream of a query or a mutation: one response.
pub(crate) async fn single(service: &Arc<Service>, ready: Ready) -> Result<Response, Refusal> {
    let response = service.execute(ready).await?;
    Ok(once(response.bytes()))
}

/// The stream of an operation that was not executed. An `EventSource` cannot read the body of an error status, so
/// the errors travel as an event.
pub(crate) fn refused(refusal: &Refusal) -> Response {
    once(refusal.body().as_bytes())
}

fn once(response: &[u8]) -> Response {
    respond(stream::iter([next(response), COMPLETE.to_owned()]))
}

fn respond(texts: impl Stream<Item = String> + Send + 'static) -> Response {
    let mut response = Response::new(Body::from_stream(texts.map(Ok::<_, Infallible>)));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(ResponseType::EventStream.content_type()),
    );
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::VARY, HeaderValue::from_static("accept"));
    // nginx and its kin would hold events back to fill a buffer.
    headers.insert(
        HeaderName::from_static("x-accel-buffering"),
        HeaderValue::from_static("no"),
    );
    response
}

/// Adds a comment whenever nothing has been sent for a while.
fn with_heartbeat(
    texts: BoxStream<'static, String>,
    interval: Duration,
) -> impl Stream<Item = String> + Send {
    stream::unfold(texts, move |mut texts| async move {
        match timeout(interval, texts.next()).await {
            Ok(Some(text)) => Some((text, texts)),
            Ok(None) => None,
            Err(_) => Some((HEARTBEAT.to_owned(), texts)),
        }
    })
}

/// A response as an event. A line break, which JSON allows between its tokens, would end the `data` field.
fn next(response: &[u8]) -> String {
    let response = String::from_utf8_lossy(response);
    let mut text = String::with_capacity(response.len() + 32);
    text.push_str("event: next\n");
    for line in response.split(['\n', '\r']) {
        text.push_str("data: ");
        text.push_str(line);
        text.push('\n');
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_breaks_stay_within_the_event() {
        assert_eq!(next(b"{}"), "event: next\ndata: {}\n\n");
        assert_eq!(next(b"{\n}"), "event: next\ndata: {\ndata: }\n\n");
    }
}
