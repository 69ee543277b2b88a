//! Other subgraphs, for the test of one alone. Where the others themselves matter, mount the real ones in a
//! [`souk_platform::serving::LocalTransport`].

use std::sync::Arc;

use async_trait::async_trait;
use serde_json::Value;
use souk_platform::peers::{PeerRequest, PeerTransport};

/// No other subgraph answers, as when the network is down.
pub fn unreachable() -> Arc<dyn PeerTransport> {
    answering(|request| Err(format!("{} is not part of this test", request.subgraph)))
}

/// Other subgraphs that answer what the function says: a whole GraphQL response, or `Err` for no answer.
pub fn answering(
    answer: impl Fn(&PeerRequest) -> Result<Value, String> + Send + Sync + 'static,
) -> Arc<dyn PeerTransport> {
    Arc::new(Answering(answer))
}

struct Answering<F>(F);

#[async_trait]
impl<F> PeerTransport for Answering<F>
where
    F: Fn(&PeerRequest) -> Result<Value, String> + Send + Sync,
{
    async fn execute(&self, request: PeerRequest) -> Result<Value, String> {
        (self.0)(&request)
    }
}
