//! The way from the executor to a served subgraph, in this process.

use std::sync::Arc;

use async_trait::async_trait;
use futures::StreamExt;
use futures::stream::{self, BoxStream};
use serde_json::Value;
use souk_executor::{SubgraphRequest, SubgraphResponse, SubgraphTransport, TransportError};

use crate::data::Object;
use crate::faults::spoil;
use crate::server::Server;

pub(crate) struct InProcess {
    pub server: Arc<Server>,
}

fn variables(request: &SubgraphRequest) -> Object {
    let mut text = Vec::new();
    request.variables.write_json(&mut text);
    serde_json::from_slice(&text).expect("the executor writes JSON")
}

#[async_trait]
impl SubgraphTransport for InProcess {
    async fn fetch(&self, request: SubgraphRequest) -> Result<SubgraphResponse, TransportError> {
        let response = self
            .server
            .answer(&request.operation.text, &variables(&request));
        match self.server.data.fault() {
            Some(fault) => spoil(fault, response),
            None => Ok(SubgraphResponse::Json(response.to_string().into())),
        }
    }

    async fn subscribe(
        &self,
        request: SubgraphRequest,
    ) -> Result<BoxStream<'static, Result<SubgraphResponse, TransportError>>, TransportError> {
        let events = self
            .server
            .subscribe(&request.operation.text, &variables(&request));
        let answer = |event: Value| Ok(SubgraphResponse::Json(event.to_string().into()));
        Ok(stream::iter(events.into_iter().map(answer)).boxed())
    }
}
