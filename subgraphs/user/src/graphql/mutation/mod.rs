//! What can be done.

mod account;
mod addresses;
mod roles;
mod sessions;

use async_graphql::MergedObject;
use souk_platform::ApiError;

// Without a description: `Mutation` is one type of all subgraphs.
#[derive(MergedObject, Default)]
pub struct Mutation(
    sessions::SessionMutations,
    account::AccountMutations,
    addresses::AddressMutations,
    roles::RoleMutations,
);

/// The account behind a good access token does not exist any more.
fn gone() -> ApiError {
    ApiError::unauthenticated("this account does not exist any more")
}
