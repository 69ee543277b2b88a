//! A subgraph's subscription as the body of one HTTP response: server-sent events or multipart.

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use http::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use http_body_util::BodyExt;
use hyper::body::Incoming;

use super::event_stream::Events;
use super::multipart::Parts;
use super::{SubgraphResponse, TransportError};

/// `accept` of a subscription by server-sent events. A refusal may come as one response.
pub(super) const EVENT_STREAM: HeaderValue = HeaderValue::from_static(
    "text/event-stream, application/graphql-response+json;q=0.9, application/json;q=0.8",
);
/// `accept` of a subscription by multipart.
pub(super) const MULTIPART: HeaderValue = HeaderValue::from_static(
    "multipart/mixed;subscriptionSpec=\"1.0\", application/graphql-response+json;q=0.9, application/json;q=0.8",
);

/// What a stream brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A GraphQL response.
    Event(Bytes),
    /// A GraphQL response after which nothing comes.
    Last(Bytes),
    /// The subgraph has completed the subscription.
    End,
}

/// The way events are written into the body.
pub(super) enum Framing {
    Events(Events),
    Parts(Parts),
}

impl Framing {
    /// The framing of a response's body; `None` when it is a single response.
    pub fn of(headers: &HeaderMap) -> Result<Option<Framing>, TransportError> {
        let Some(content_type) = headers.get(CONTENT_TYPE) else {
            return Ok(None);
        };
        let essence = content_type.to_str().unwrap_or_default();
        let essence = essence.split(';').next().unwrap_or_default().trim();
        if essence.eq_ignore_ascii_case("text/event-stream") {
            Ok(Some(Framing::Events(Events::default())))
        } else if essence.eq_ignore_ascii_case("multipart/mixed") {
            Ok(Some(Framing::Parts(Parts::new(content_type)?)))
        } else {
            Ok(None)
        }
    }

    fn next(&mut self, buffer: &mut BytesMut) -> Result<Option<Piece>, TransportError> {
        match self {
            Framing::Events(events) => events.next(buffer),
            Framing::Parts(parts) => parts.next(buffer),
        }
    }

    fn held(&self) -> usize {
        match self {
            Framing::Events(events) => events.held(),
            Framing::Parts(_) => 0,
        }
    }
}

type Event = Result<SubgraphResponse, TransportError>;

/// The events in a response's body. Ends with the subgraph's completion, or with an `Err` when the body ends without
/// one or an event is longer than `limit` bytes. Dropping it closes the connection.
pub(super) fn events(body: Incoming, framing: Framing, limit: usize) -> BoxStream<'static, Event> {
    let subscription = Subscription {
        body: Some(body),
        framing,
        buffer: BytesMut::new(),
        limit,
    };
    stream::unfold(subscription, Subscription::next).boxed()
}

struct Subscription {
    /// `None` after the last event.
    body: Option<Incoming>,
    framing: Framing,
    buffer: BytesMut,
    limit: usize,
}

impl Subscription {
    async fn next(mut self) -> Option<(Event, Subscription)> {
        let body = self.body.as_mut()?;
        let piece = next_piece(body, &mut self.framing, &mut self.buffer, self.limit).await;
        let event = match piece {
            Ok(Piece::Event(event)) => return Some((Ok(SubgraphResponse::Json(event)), self)),
            Ok(Piece::Last(event)) => Ok(SubgraphResponse::Json(event)),
            Ok(Piece::End) => return None,
            Err(error) => Err(error),
        };
        self.body = None;
        Some((event, self))
    }
}

async fn next_piece(
    body: &mut Incoming,
    framing: &mut Framing,
    buffer: &mut BytesMut,
    limit: usize,
) -> Result<Piece, TransportError> {
    loop {
        if let Some(piece) = framing.next(buffer)? {
            return Ok(piece);
        }
        if buffer.len() + framing.held() > limit {
            return Err(TransportError::TooLarge(limit));
        }
        let lost = || TransportError::Interrupted("the stream broke off".into());
        let frame = body.frame().await.ok_or_else(lost)?.map_err(|_| lost())?;
        if let Ok(data) = frame.into_data() {
            buffer.extend_from_slice(&data);
        }
    }
}
