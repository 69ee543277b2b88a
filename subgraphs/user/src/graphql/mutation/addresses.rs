//! What users do with their addresses.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use diesel_async::AsyncConnection;
use souk_platform::{ApiError, ApiResult, Caller, Id};

use super::gone;
use crate::domain::address::{AddressInput, MOST_PER_USER};
use crate::graphql::types::Address;
use crate::state::State;
use crate::store;

/// A new address.
#[derive(InputObject)]
pub struct AddAddressInput {
    /// The address.
    address: AddressInput,
    /// True to offer it first from now on. The first address of a user always is.
    #[graphql(default = false)]
    make_default: bool,
}

/// The new address.
#[derive(SimpleObject)]
pub struct AddAddressPayload {
    /// The address.
    address: Address,
}

/// Another address in place of one.
#[derive(InputObject)]
pub struct UpdateAddressInput {
    /// Which address to replace.
    id: Id,
    /// What to replace it with, as a whole.
    address: AddressInput,
}

/// The changed address.
#[derive(SimpleObject)]
pub struct UpdateAddressPayload {
    /// The address.
    address: Address,
}

/// An address to remove.
#[derive(InputObject)]
pub struct RemoveAddressInput {
    /// Which.
    id: Id,
}

/// An address was removed.
#[derive(SimpleObject)]
pub struct RemoveAddressPayload {
    /// The id of the removed address. If it was the default, the oldest of the others is now.
    removed_id: Id,
}

/// The address to offer first.
#[derive(InputObject)]
pub struct SetDefaultAddressInput {
    /// Which.
    id: Id,
}

/// The address that is offered first.
#[derive(SimpleObject)]
pub struct SetDefaultAddressPayload {
    /// The address.
    address: Address,
}

#[derive(Default)]
pub struct AddressMutations;

#[Object]
impl AddressMutations {
    /// Keeps an address for the caller. Errors: UNAUTHENTICATED, BAD_USER_INPUT, CONFLICT beyond 50 addresses.
    async fn add_address(
        &self,
        ctx: &Context<'_>,
        input: AddAddressInput,
    ) -> ApiResult<AddAddressPayload> {
        let subject = ctx.identity().user()?;
        let address = input.address.checked("input.address")?;
        let mut database = State::of(ctx).database.get().await?;
        let row = database
            .transaction(async |connection| {
                store::users::lock(connection, subject.id)
                    .await?
                    .ok_or_else(gone)?;
                let kept = store::addresses::count(connection, subject.id).await?;
                if kept >= MOST_PER_USER {
                    return Err(ApiError::conflict(format!(
                        "a user keeps at most {MOST_PER_USER} addresses; remove one first"
                    )));
                }
                let is_default = input.make_default || kept == 0;
                if is_default {
                    store::addresses::clear_default(connection, subject.id).await?;
                }
                Ok(store::addresses::insert(connection, subject.id, &address, is_default).await?)
            })
            .await?;
        Ok(AddAddressPayload {
            address: row.into(),
        })
    }

    /// Replaces an address of the caller. Orders that were placed with it keep what they have. Errors: UNAUTHENTICATED,
    /// BAD_USER_INPUT, NOT_FOUND.
    async fn update_address(
        &self,
        ctx: &Context<'_>,
        input: UpdateAddressInput,
    ) -> ApiResult<UpdateAddressPayload> {
        let subject = ctx.identity().user()?;
        let address = input.address.checked("input.address")?;
        let mut database = State::of(ctx).database.get().await?;
        let row = store::addresses::update(&mut database, subject.id, input.id.0, &address).await?;
        Ok(UpdateAddressPayload {
            address: row.ok_or_else(unknown)?.into(),
        })
    }

    /// Removes an address of the caller. Errors: UNAUTHENTICATED, NOT_FOUND.
    async fn remove_address(
        &self,
        ctx: &Context<'_>,
        input: RemoveAddressInput,
    ) -> ApiResult<RemoveAddressPayload> {
        let subject = ctx.identity().user()?;
        let mut database = State::of(ctx).database.get().await?;
        database
            .transaction(async |connection| {
                store::users::lock(connection, subject.id)
                    .await?
                    .ok_or_else(gone)?;
                let removed = store::addresses::delete(connection, subject.id, input.id.0)
                    .await?
                    .ok_or_else(unknown)?;
                if removed.is_default {
                    store::addresses::default_to_oldest(connection, subject.id).await?;
                }
                Ok::<_, ApiError>(())
            })
            .await?;
        Ok(RemoveAddressPayload {
            removed_id: input.id,
        })
    }

    /// Offers an address of the caller first from now on. Errors: UNAUTHENTICATED, NOT_FOUND.
    async fn set_default_address(
        &self,
        ctx: &Context<'_>,
        input: SetDefaultAddressInput,
    ) -> ApiResult<SetDefaultAddressPayload> {
        let subject = ctx.identity().user()?;
        let mut database = State::of(ctx).database.get().await?;
        let row = database
            .transaction(async |connection| {
                store::users::lock(connection, subject.id)
                    .await?
                    .ok_or_else(gone)?;
                store::addresses::clear_default(connection, subject.id).await?;
                store::addresses::set_default(connection, subject.id, input.id.0)
                    .await?
                    .ok_or_else(unknown)
            })
            .await?;
        Ok(SetDefaultAddressPayload {
            address: row.into(),
        })
    }
}

fn unknown() -> ApiError {
    ApiError::not_found("address", "input.id")
}
