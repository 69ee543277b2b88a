//! Identical queries that are under way at the same time share one request, unless a client's mutation needs them: it has
//! to read what it has written.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::future::{BoxFuture, FutureExt, Shared, WeakShared};
use hashbrown::HashMap;
use http::header::{HeaderMap, HeaderName};

use super::{SubgraphResponse, TransportError};

type Outcome = Result<SubgraphResponse, TransportError>;
type Request = BoxFuture<'static, Outcome>;

/// Headers that tell which client request something belongs to, and do not change what a subgraph answers.
const TRACING: [HeaderName; 3] = [
    HeaderName::from_static("traceparent"),
    HeaderName::from_static("tracestate"),
    HeaderName::from_static("x-correlation-id"),
];

/// The queries to one subgraph that are under way.
#[derive(Default)]
pub(super) struct InFlight {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    by_body: HashMap<Bytes, Vec<Entry>>,
    last_id: u64,
}

struct Entry {
    id: u64,
    headers: HeaderMap,
    request: WeakShared<Request>,
}

impl InFlight {
    /// The outcome of the request with this body and these headers that is under way, or of the one that `send`
    /// makes. A request lives as long as somebody waits for it, and is forgotten as soon as it is answered: this is
    /// no cache.
    pub fn share(
        self: &Arc<Self>,
        body: &Bytes,
        headers: &HeaderMap,
        send: impl FnOnce() -> Request,
    ) -> Shared<Request> {
        let mut headers = headers.clone();
        for name in TRACING {
            headers.remove(name);
        }
        let mut state = self.lock();
        let under_way = state.by_body.get(body).and_then(|entries| {
            let mut same = entries.iter().filter(|entry| entry.headers == headers);
            same.find_map(|entry| entry.request.upgrade())
        });
        if let Some(request) = under_way {
            return request;
        }
        state.last_id += 1;
        let id = state.last_id;
        let forget = Forget {
            in_flight: self.clone(),
            body: body.clone(),
            id,
        };
        let sent = send();
        let request = async move {
            let _forget = forget;
            sent.await
        };
        let request = request.boxed().shared();
        if let Some(weak) = request.downgrade() {
            let entry = Entry {
                id,
                headers,
                request: weak,
            };
            state.by_body.entry(body.clone()).or_default().push(entry);
        }
        request
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets a request when it is answered, or when nobody waits for it any more.
struct Forget {
    in_flight: Arc<InFlight>,
    body: Bytes,
    id: u64,
}

impl Drop for Forget {
    fn drop(&mut self) {
        let mut state = self.in_flight.lock();
        let Some(entries) = state.by_body.get_mut(&self.body) else {
            return;
        };
        entries.retain(|entry| entry.id != self.id);
        if entries.is_empty() {
            state.by_body.remove(&self.body);
        }
    }
}
