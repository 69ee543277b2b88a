//! Register, log in, refresh, log out, and be a guest.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use chrono::Utc;
use diesel_async::AsyncConnection;
use souk_platform::events::{Event, Payload, outbox};
use souk_platform::{ApiError, ApiResult, Caller, Id, Identity, OnConstraint, Role, input};
use uuid::Uuid;

use crate::domain::{email, password};
use crate::graphql::entities::User;
use crate::graphql::types::Tokens;
use crate::state::State;
use crate::store;
use crate::store::sessions::Rotation;
use crate::store::users::NewUser;

/// Who registers.
#[derive(InputObject)]
pub struct RegisterInput {
    /// The e-mail address to log in with. Upper and lower case make no difference.
    email: String,
    /// The name that others see; at most 100 characters.
    name: String,
    /// The password; 10 to 128 characters.
    #[graphql(secret)]
    password: String,
}

/// A new account and its first session.
#[derive(SimpleObject)]
pub struct RegisterPayload {
    /// The new user, a buyer.
    user: User,
    /// The tokens of a session, so that there is no need to log in.
    tokens: Tokens,
}

/// Who logs in.
#[derive(InputObject)]
pub struct LoginInput {
    /// The e-mail address.
    email: String,
    /// The password.
    #[graphql(secret)]
    password: String,
}

/// A new session.
#[derive(SimpleObject)]
pub struct LoginPayload {
    /// The user who logged in.
    user: User,
    /// The tokens of the session.
    tokens: Tokens,
}

/// Which session to continue.
#[derive(InputObject)]
pub struct RefreshInput {
    /// The session's latest refresh token.
    #[graphql(secret)]
    refresh_token: String,
}

/// A session that goes on.
#[derive(SimpleObject)]
pub struct RefreshPayload {
    /// The user, or null when it is a guest's session.
    user: Option<User>,
    /// New tokens; the refresh token that was sent is used up.
    tokens: Tokens,
}

/// Which session to end.
#[derive(InputObject)]
pub struct LogoutInput {
    /// A refresh token of the session to end. When absent, the session of the access token ends.
    #[graphql(secret)]
    refresh_token: Option<String>,
}

/// A session has ended.
#[derive(SimpleObject)]
pub struct LogoutPayload {
    /// True: none of the session's tokens is good any more.
    logged_out: bool,
}

/// A session of an anonymous visitor.
#[derive(SimpleObject)]
pub struct StartGuestSessionPayload {
    /// The guest's id.
    guest_id: Id,
    /// The tokens of the session. Whoever registers or logs in while sending this access token keeps the cart.
    tokens: Tokens,
}

#[derive(Default)]
pub struct SessionMutations;

#[Object]
impl SessionMutations {
    /// Makes an account for a buyer and logs in. Errors: BAD_USER_INPUT; CONFLICT when the e-mail address has an account;
    /// RATE_LIMITED after too many new accounts and guests from one network address.
    async fn register(
        &self,
        ctx: &Context<'_>,
        input: RegisterInput,
    ) -> ApiResult<RegisterPayload> {
        let email = email::normalised("input.email", &input.email)?;
        let name = input::line("input.name", &input.name, 100)?;
        password::acceptable("input.password", &input.password)?;
        let state = State::of(ctx);
        state.limits.new_session(ctx.client_address()).await?;
        let password_hash = state.hashing.hash(&input.password).await?;

        let (guest, correlation) = (guest(ctx.identity()), ctx.correlation_id());
        let mut database = state.database.get().await?;
        let (user, session) = database
            .transaction(async |connection| {
                let new = NewUser {
                    email: &email,
                    name: &name,
                    password_hash: &password_hash,
                    roles: &[Role::Buyer],
                };
                let user = store::users::insert(connection, new).await.on_constraint(
                    "users_email_key",
                    || {
                        ApiError::conflict(
                            "there is an account with this e-mail address; log in instead",
                        )
                        .at("input.email")
                    },
                )?;
                let registered = Payload::UserRegistered {
                    user_id: user.id,
                    email: user.email.clone(),
                    name: user.name.clone(),
                };
                outbox::append(connection, &Event::new(user.id, correlation, registered)).await?;
                let lifetime = state.identity().refresh_token_lifetime;
                let session =
                    store::sessions::open(connection, Some(user.id), guest, lifetime).await?;
                Ok::<_, ApiError>((user, session))
            })
            .await?;
        let tokens = Tokens::of(state, &mut database, session, Some(&user)).await?;
        Ok(RegisterPayload {
            user: User(user),
            tokens,
        })
    }

    /// Begins a session. Errors: UNAUTHENTICATED when e-mail address or password is wrong, without telling which;
    /// RATE_LIMITED after too many attempts, with the seconds to wait in `extensions.retryAfter`.
    async fn login(&self, ctx: &Context<'_>, input: LoginInput) -> ApiResult<LoginPayload> {
        let state = State::of(ctx);
        // What cannot be an address has no account, and gets the same answer in the same time.
        let email = email::normalised("input.email", &input.email).unwrap_or_default();
        let attempt = state.limits.attempt(&email, ctx.client_address()).await?;
        let user = {
            let mut database = state.database.get().await?;
            store::users::find_by_email(&mut database, &email).await?
        };
        let hash = user.as_ref().map(|user| user.password_hash.as_str());
        let verified = state.hashing.verify(&input.password, hash).await?;
        let (Some(verified), true) = (user, verified) else {
            return Err(not_known());
        };
        state.limits.succeeded(attempt).await?;

        let (guest, lifetime) = (
            guest(ctx.identity()),
            state.identity().refresh_token_lifetime,
        );
        let mut database = state.database.get().await?;
        let (user, session) = database
            .transaction(async |connection| {
                // Verifying takes its time. Whoever changed the password or the roles meanwhile has ended the user's
                // sessions, and this one must not outlive that.
                let user = store::users::lock(connection, verified.id)
                    .await?
                    .filter(|user| user.password_hash == verified.password_hash)
                    .ok_or_else(not_known)?;
                let session =
                    store::sessions::open(connection, Some(user.id), guest, lifetime).await?;
                Ok::<_, ApiError>((user, session))
            })
            .await?;
        let tokens = Tokens::of(state, &mut database, session, Some(&user)).await?;
        Ok(LoginPayload {
            user: User(user),
            tokens,
        })
    }

    /// Continues a session with new tokens. Errors: UNAUTHENTICATED when the refresh token is unknown, expired or was
    /// used before; in the last case the whole session ends, because somebody else may hold the token.
    async fn refresh(&self, ctx: &Context<'_>, input: RefreshInput) -> ApiResult<RefreshPayload> {
        let state = State::of(ctx);
        let mut database = state.database.get().await?;
        let lifetime = state.identity().refresh_token_lifetime;
        let continued = match store::sessions::rotate(&mut database, &input.refresh_token, lifetime)
            .await?
        {
            Rotation::Renewed(continued) => continued,
            Rotation::Reused(session) => {
                tracing::warn!(session = %session.id, "a used refresh token was presented; the session was ended");
                state.end_access(&[session.id]).await?;
                return Err(refused());
            }
            Rotation::Unknown => return Err(refused()),
        };
        let user = match continued.session.user_id {
            Some(id) => Some(
                store::users::find(&mut database, id)
                    .await?
                    .ok_or_else(refused)?,
            ),
            None => None,
        };
        let tokens = Tokens::of(state, &mut database, continued, user.as_ref()).await?;
        Ok(RefreshPayload {
            user: user.map(User),
            tokens,
        })
    }

    /// Ends a session: its refresh token and its access tokens are worthless from now on. Ending it twice is no
    /// error. Errors: UNAUTHENTICATED when there is neither an access token nor a known refresh token.
    async fn logout(
        &self,
        ctx: &Context<'_>,
        input: Option<LogoutInput>,
    ) -> ApiResult<LogoutPayload> {
        let state = State::of(ctx);
        let mut database = state.database.get().await?;
        let session = match input.and_then(|input| input.refresh_token) {
            Some(token) => store::sessions::of_token(&mut database, &token)
                .await?
                .ok_or_else(refused)?,
            None => ctx.identity().subject()?.session,
        };
        store::sessions::revoke(&mut database, session, Utc::now()).await?;
        state.end_access(&[session]).await?;
        Ok(LogoutPayload { logged_out: true })
    }

    /// Begins a session for an anonymous visitor, who can fill a cart. Errors: RATE_LIMITED after too many new accounts
    /// and guests from one network address.
    async fn start_guest_session(&self, ctx: &Context<'_>) -> ApiResult<StartGuestSessionPayload> {
        let state = State::of(ctx);
        state.limits.new_session(ctx.client_address()).await?;
        let guest = Uuid::now_v7();
        let lifetime = state.identity().refresh_token_lifetime;
        let mut database = state.database.get().await?;
        let session = database
            .transaction(async |connection| {
                store::sessions::open(connection, None, Some(guest), lifetime).await
            })
            .await?;
        let tokens = Tokens::of(state, &mut database, session, None).await?;
        Ok(StartGuestSessionPayload {
            guest_id: guest.into(),
            tokens,
        })
    }
}

fn not_known() -> ApiError {
    ApiError::unauthenticated("the e-mail address or the password is wrong")
}

fn refused() -> ApiError {
    ApiError::unauthenticated("this refresh token is not good any more; log in again")
}

/// The guest who is about to become a user, whose cart follows.
fn guest(identity: &Identity) -> Option<Uuid> {
    match identity {
        Identity::Subject(subject) if subject.has(Role::Guest) => Some(subject.id),
        _ => None,
    }
}
