#![doc = include_str!("../README.md")]

mod brought;
mod client_errors;
mod contexts;
mod entities;
mod errors;
mod executor;
mod fetch;
mod introspection;
mod items;
mod json;
mod link;
mod locate;
mod merge;
mod needs;
mod observe;
mod parse;
mod place;
mod policy;
mod prepared;
mod representations;
mod request;
mod response;
mod subgraph_error;
mod subscription;
mod symbols;
pub mod transport;
mod tree;
mod value;
mod write;

pub use errors::{GraphQLError, PathElement};
pub use executor::Executor;
pub use policy::{ErrorPolicy, ExtensionPolicy};
pub use prepared::PreparedPlan;
pub use request::{ExecutionRequest, JsonMap, RequestContext};
pub use response::Response;
pub use transport::{
    InputForm, Representations, SubgraphRequest, SubgraphResponse, SubgraphTransport,
    TransportError, Transports, Variables,
};
pub use value::{Value, ValueBuilder};
