//! What an operator sees of the requests to subgraphs.

use std::sync::Arc;
use std::time::Instant;

use crate::errors::GraphQLError;

/// The code of a request whose answer nobody waited for.
const ABANDONED: &str = "ABANDONED";

/// What is measured of the requests to one subgraph.
pub(crate) struct Observed {
    subgraph: Arc<str>,
    duration: metrics::Histogram,
}

impl Observed {
    /// To this subgraph.
    pub fn new(subgraph: Arc<str>) -> Observed {
        let duration = metrics::histogram!("souk_subgraph_request_duration_seconds", "subgraph" => subgraph.to_string());
        Observed { subgraph, duration }
    }

    /// Measures how long a request takes: until it is answered, or until nobody waits for it any more.
    pub async fn measure<T>(&self, request: impl Future<Output = T>) -> T {
        let mut waiting = Waiting {
            observed: self,
            since: Instant::now(),
            is_answered: false,
        };
        let answer = request.await;
        waiting.is_answered = true;
        answer
    }
}

/// A request that is under way.
struct Waiting<'a> {
    observed: &'a Observed,
    since: Instant,
    is_answered: bool,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let Observed { subgraph, duration } = self.observed;
        let elapsed = self.since.elapsed();
        duration.record(elapsed);
        // Its client has gone, or the client's request has taken too long. A subgraph that hangs may have no other requests.
        if !self.is_answered {
            tracing::info!(
                subgraph = &**subgraph,
                ?elapsed,
                "subgraph request abandoned"
            );
            count_error(subgraph, ABANDONED);
        }
    }
}

/// Counts a request without an answer, or an answer with errors or wrong values.
pub(crate) fn count_error(subgraph: &str, code: &'static str) {
    metrics::counter!("souk_subgraph_request_errors_total", "subgraph" => subgraph.to_owned(), "code" => code)
        .increment(1);
}

/// What is wrong with the values of one response that one subgraph is to blame for.
#[derive(Debug)]
pub(crate) struct Fault<'a> {
    /// `None` when it may have been any of several.
    pub subgraph: Option<&'a str>,
    /// The first of the errors.
    pub first: GraphQLError,
    /// How many they are.
    pub errors: usize,
}

impl Fault<'_> {
    /// Counts it once, however many values are wrong, and says so.
    pub fn report(&self, code: &'static str) {
        let error = &self.first.message;
        // Keys and indices are always JSON.
        let path = serde_json::to_string(&self.first.path).unwrap_or_default();
        let (subgraph, errors) = (self.subgraph, self.errors);
        tracing::warn!(subgraph, errors, error, path, "response validation failed");
        count_error(subgraph.unwrap_or_default(), code);
    }
}
