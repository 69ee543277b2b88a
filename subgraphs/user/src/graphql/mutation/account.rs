//! What users do with their own accounts.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use diesel_async::AsyncConnection;
use souk_platform::events::{Event, Payload, outbox};
use souk_platform::{ApiError, ApiResult, Caller, Role, input};

use super::gone;
use crate::domain::password;
use crate::graphql::entities::User;
use crate::state::State;
use crate::store;

/// What to change of the profile. Absent fields stay.
#[derive(InputObject)]
pub struct UpdateProfileInput {
    /// The name that others see; at most 100 characters.
    name: Option<String>,
}

/// The changed profile.
#[derive(SimpleObject)]
pub struct UpdateProfilePayload {
    /// The user.
    user: User,
}

/// The old and the new password.
#[derive(InputObject)]
pub struct ChangePasswordInput {
    /// The password until now.
    #[graphql(secret)]
    current_password: String,
    /// The password from now on; 10 to 128 characters.
    #[graphql(secret)]
    new_password: String,
}

/// The password was changed.
#[derive(SimpleObject)]
pub struct ChangePasswordPayload {
    /// The user.
    user: User,
    /// How many other sessions of the user were ended.
    ended_sessions: i32,
}

/// A user who may sell.
#[derive(SimpleObject)]
pub struct BecomeSellerPayload {
    /// The user, now also a seller.
    user: User,
    /// An access token of the same session that carries the new role; the one sent with the request does not.
    access_token: String,
    /// When the access token expires.
    access_token_expires_at: DateTime<Utc>,
}

#[derive(Default)]
pub struct AccountMutations;

#[Object]
impl AccountMutations {
    /// Changes the caller's profile. Errors: UNAUTHENTICATED, BAD_USER_INPUT.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        input: UpdateProfileInput,
    ) -> ApiResult<UpdateProfilePayload> {
        let subject = ctx.identity().user()?;
        let mut database = State::of(ctx).database.get().await?;
        let user = match input.name {
            Some(name) => {
                let name = input::line("input.name", &name, 100)?;
                store::users::rename(&mut database, subject.id, &name).await?
            }
            None => store::users::find(&mut database, subject.id).await?,
        };
        Ok(UpdateProfilePayload {
            user: User(user.ok_or_else(gone)?),
        })
    }

    /// Changes the caller's password and ends all other sessions of the caller. Errors: UNAUTHENTICATED, BAD_USER_INPUT
    /// when the current password is wrong or the new one is too short, RATE_LIMITED after too many attempts.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        input: ChangePasswordInput,
    ) -> ApiResult<ChangePasswordPayload> {
        let subject = ctx.identity().user()?;
        password::acceptable("input.newPassword", &input.new_password)?;
        let state = State::of(ctx);
        let user = {
            let mut database = state.database.get().await?;
            store::users::find(&mut database, subject.id)
                .await?
                .ok_or_else(gone)?
        };
        let attempt = state
            .limits
            .attempt(&user.email, ctx.client_address())
            .await?;
        if !state
            .hashing
            .verify(&input.current_password, Some(&user.password_hash))
            .await?
        {
            return Err(ApiError::bad_input(
                "input.currentPassword",
                "this is not the current password",
            ));
        }
        state.limits.succeeded(attempt).await?;
        let password_hash = state.hashing.hash(&input.new_password).await?;

        let mut database = state.database.get().await?;
        let ended = database
            .transaction(async |connection| {
                // Whoever changed the password meanwhile has won: the one verified above is not current any more.
                let current = store::users::lock(connection, user.id)
                    .await?
                    .ok_or_else(gone)?;
                if current.password_hash != user.password_hash {
                    return Err(ApiError::conflict(
                        "the password was changed at the same time; try again",
                    ));
                }
                store::users::set_password(connection, user.id, &password_hash).await?;
                Ok(
                    store::sessions::revoke_of_user(connection, user.id, Some(subject.session))
                        .await?,
                )
            })
            .await?;
        state.end_access(&ended).await?;
        Ok(ChangePasswordPayload {
            user: User(user),
            ended_sessions: i32::try_from(ended.len()).unwrap_or(i32::MAX),
        })
    }

    /// Lets the caller open shops and sell. Doing it again changes nothing. Errors: UNAUTHENTICATED.
    async fn become_seller(&self, ctx: &Context<'_>) -> ApiResult<BecomeSellerPayload> {
        let subject = ctx.identity().user()?;
        let (state, correlation) = (State::of(ctx), ctx.correlation_id());
        let mut database = state.database.get().await?;
        let (user, session) = database
            .transaction(async |connection| {
                let session =
                    store::sessions::find_open(connection, subject.session, Utc::now()).await?;
                let session = session
                    .filter(|session| session.user_id == Some(subject.id))
                    .ok_or_else(|| {
                        ApiError::unauthenticated("this session has ended; log in again")
                    })?;
                let user = store::users::lock(connection, subject.id)
                    .await?
                    .ok_or_else(gone)?;
                let mut roles = user.roles();
                if roles.contains(&Role::Seller) {
                    return Ok((user, session));
                }
                roles.push(Role::Seller);
                roles.sort_unstable();
                let user = store::users::set_roles(connection, user.id, &roles).await?;
                let changed = Payload::UserRolesChanged {
                    user_id: user.id,
                    roles,
                };
                outbox::append(connection, &Event::new(user.id, correlation, changed)).await?;
                Ok::<_, ApiError>((user, session))
            })
            .await?;
        let access = state.access(&mut database, &session, Some(&user)).await?;
        Ok(BecomeSellerPayload {
            user: User(user),
            access_token: access.token,
            access_token_expires_at: access.expires_at,
        })
    }
}
