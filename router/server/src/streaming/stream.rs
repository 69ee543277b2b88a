//! Many responses to one HTTP request: a subscription's, or the only one of an operation whose client takes no other
//! kind of answer.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use futures::stream::{self, BoxStream, Stream, StreamExt};
use http::request::Parts;
use http::{HeaderName, HeaderValue, header};
use tokio::time::timeout;

use super::{multipart, sse};
use crate::error::Refusal;
use crate::http::media::{ResponseType, StreamType};
use crate::http::response;
use crate::service::{Ready, Refused, Service};

/// What a stream is made of.
enum Piece<'a> {
    /// A response of the operation.
    Response(&'a [u8]),
    /// Why there are no more responses.
    Refusal(&'a Refusal),
    /// Nothing has been sent for a while.
    Heartbeat,
    /// The last.
    End,
}

fn text(kind: StreamType, piece: &Piece) -> String {
    match (kind, piece) {
        (StreamType::EventStream, Piece::Response(response)) => sse::next(response),
        (StreamType::EventStream, Piece::Refusal(refusal)) => sse::next(refusal.body().as_bytes()),
        (StreamType::EventStream, Piece::Heartbeat) => sse::HEARTBEAT.to_owned(),
        (StreamType::EventStream, Piece::End) => sse::COMPLETE.to_owned(),
        (StreamType::Multipart, Piece::Response(response)) => multipart::response(response),
        (StreamType::Multipart, Piece::Refusal(refusal)) => multipart::refusal(refusal),
        (StreamType::Multipart, Piece::Heartbeat) => multipart::heartbeat(),
        (StreamType::Multipart, Piece::End) => multipart::END.to_owned(),
    }
}

/// What comes before everything else.
fn start(kind: StreamType) -> Option<String> {
    match kind {
        StreamType::EventStream => None,
        StreamType::Multipart => Some(multipart::START.to_owned()),
    }
}

/// The stream of a subscription.
pub(crate) async fn subscription(
    service: &Arc<Service>,
    ready: Ready,
    parts: Arc<Parts>,
    kind: StreamType,
) -> Response {
    let events = match service.subscribe(ready, parts).await {
        Ok(events) => events,
        Err(Refused::Before(refusal)) => return refused(&refusal, kind),
        Err(Refused::Executed(response)) => return once(response.bytes(), kind),
    };
    // The token keeps the router from being taken for stopped while the end is still on its way.
    let open = service.tasks.token();
    let written = events.map(move |event| match event {
        Ok(response) => text(kind, &Piece::Response(response.bytes())),
        Err(refusal) => text(kind, &Piece::Refusal(&refusal)),
    });
    let texts = stream::iter(start(kind))
        .chain(written)
        .chain(stream::once(async move { text(kind, &Piece::End) }));
    let beating = with_heartbeat(
        texts.boxed(),
        service.config.subscription.heartbeat_interval.0,
        kind,
    );
    respond(
        beating.map(move |text| {
            let _ = &open;
            text
        }),
        kind,
    )
}

/// The stream of a query or a mutation: one response.
pub(crate) async fn single(
    service: &Arc<Service>,
    ready: Ready,
    kind: StreamType,
) -> Result<Response, Refusal> {
    let response = service.execute(ready).await?;
    Ok(once(response.bytes(), kind))
}

/// The answer to an operation that was not executed. An `EventSource` cannot read the body of an error status, so there
/// the errors travel as an event; who reads multipart reads any body.
pub(crate) fn refused(refusal: &Refusal, kind: StreamType) -> Response {
    match kind {
        StreamType::EventStream => once(refusal.body().as_bytes(), kind),
        StreamType::Multipart => response::refused(refusal, ResponseType::Json),
    }
}

fn once(response: &[u8], kind: StreamType) -> Response {
    let pieces = [Piece::Response(response), Piece::End];
    let texts = pieces.map(|piece| text(kind, &piece));
    respond(stream::iter(start(kind).into_iter().chain(texts)), kind)
}

fn respond(texts: impl Stream<Item = String> + Send + 'static, kind: StreamType) -> Response {
    let mut response = Response::new(Body::from_stream(texts.map(Ok::<_, Infallible>)));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static(kind.content_type()),
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

/// Adds a sign of life whenever nothing has been sent for a while.
fn with_heartbeat(
    texts: BoxStream<'static, String>,
    interval: Duration,
    kind: StreamType,
) -> impl Stream<Item = String> + Send {
    stream::unfold(texts, move |mut texts| async move {
        match timeout(interval, texts.next()).await {
            Ok(Some(text)) => Some((text, texts)),
            Ok(None) => None,
            Err(_) => Some((text(kind, &Piece::Heartbeat), texts)),
        }
    })
}
