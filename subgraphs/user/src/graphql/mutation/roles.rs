//! Who may do what: roles by admins, and accounts by the platform itself.

use async_graphql::{Context, InputObject, Object, SimpleObject};
use diesel_async::{AsyncConnection, AsyncPgConnection};
use souk_platform::events::{Event, Payload, outbox};
use souk_platform::{ApiError, ApiResult, Caller, Id, OnConstraint, Role, input};
use uuid::Uuid;

use crate::domain::{email, password, roles};
use crate::graphql::entities::User;
use crate::state::State;
use crate::store;
use crate::store::users::{NewUser, UserRow};

/// The roles of a user.
#[derive(InputObject)]
pub struct AssignRolesInput {
    /// The user.
    user_id: Id,
    /// All roles that the user has from now on, at least one. GUEST cannot be assigned.
    roles: Vec<Role>,
}

/// The changed user.
#[derive(SimpleObject)]
pub struct AssignRolesPayload {
    /// The user.
    user: User,
}

/// An account that must exist.
#[derive(InputObject)]
#[graphql(inaccessible)]
pub struct ProvisionUserInput {
    /// The e-mail address, by which an existing account is found.
    email: String,
    /// The name that others see.
    name: String,
    /// The password.
    #[graphql(secret)]
    password: String,
    /// All roles.
    roles: Vec<Role>,
    /// Whether an existing account stays as it is.
    #[graphql(default)]
    keep_existing: bool,
}

/// The account that exists now.
#[derive(SimpleObject)]
#[graphql(inaccessible)]
pub struct ProvisionUserPayload {
    /// The user.
    user: User,
    /// True when the account was made by this call.
    created: bool,
}

#[derive(Default)]
pub struct RoleMutations;

#[Object]
impl RoleMutations {
    /// Replaces the roles of a user. When a role is taken away, the user's sessions end, so that no token carries it
    /// any more. Errors: UNAUTHENTICATED, FORBIDDEN for everybody but admins, BAD_USER_INPUT, NOT_FOUND, CONFLICT when
    /// an admin would take the role ADMIN from herself.
    async fn assign_roles(
        &self,
        ctx: &Context<'_>,
        input: AssignRolesInput,
    ) -> ApiResult<AssignRolesPayload> {
        let admin = ctx.identity().with_role(&[Role::Admin])?;
        let roles = roles::assignable("input.roles", &input.roles)?;
        if admin.id == input.user_id.0 && !roles.contains(&Role::Admin) {
            return Err(ApiError::conflict(
                "you cannot take the role ADMIN from yourself; ask another admin",
            )
            .at("input.roles"));
        }
        let (state, correlation) = (State::of(ctx), ctx.correlation_id());
        let mut database = state.database.get().await?;
        let (user, ended) = database
            .transaction(async |connection| {
                let user = store::users::lock(connection, input.user_id.0).await?;
                let user = user.ok_or_else(|| ApiError::not_found("user", "input.userId"))?;
                change_roles(connection, user, &roles, correlation).await
            })
            .await?;
        state.end_access(&ended).await?;
        Ok(AssignRolesPayload { user: User(user) })
    }

    /// Makes an account or, unless it is to be kept, changes the existing one of this e-mail address, so that it has this
    /// name, password and these roles. Repeating it changes nothing. Internal: for setting up the first accounts.
    #[graphql(inaccessible)]
    async fn provision_user(
        &self,
        ctx: &Context<'_>,
        input: ProvisionUserInput,
    ) -> ApiResult<ProvisionUserPayload> {
        ctx.identity().service()?;
        let email = email::normalised("input.email", &input.email)?;
        let name = input::line("input.name", &input.name, 100)?;
        password::acceptable("input.password", &input.password)?;
        let roles = roles::assignable("input.roles", &input.roles)?;

        let (state, correlation) = (State::of(ctx), ctx.correlation_id());
        let existing = {
            let mut database = state.database.get().await?;
            store::users::find_by_email(&mut database, &email).await?
        };
        if let (true, Some(user)) = (input.keep_existing, &existing) {
            return Ok(ProvisionUserPayload {
                user: User(user.clone()),
                created: false,
            });
        }
        let unchanged = match &existing {
            Some(user) => {
                state
                    .hashing
                    .verify(&input.password, Some(&user.password_hash))
                    .await?
            }
            None => false,
        };
        let password_hash = if unchanged {
            None
        } else {
            Some(state.hashing.hash(&input.password).await?)
        };

        let mut database = state.database.get().await?;
        let (user, created, ended) = database
            .transaction(async |connection| {
                let Some(user) = store::users::lock_by_email(connection, &email).await? else {
                    let password_hash = password_hash.as_deref().unwrap_or_default();
                    let new = NewUser {
                        email: &email,
                        name: &name,
                        password_hash,
                        roles: &roles,
                    };
                    let user = store::users::insert(connection, new)
                        .await
                        .on_constraint("users_email_key", || {
                            ApiError::conflict("the account was made at the same time; try again")
                        })?;
                    let registered = Payload::UserRegistered {
                        user_id: user.id,
                        email: user.email.clone(),
                        name: user.name.clone(),
                    };
                    outbox::append(connection, &Event::new(user.id, correlation, registered))
                        .await?;
                    return Ok((user, true, Vec::new()));
                };
                if input.keep_existing {
                    return Ok((user, false, Vec::new()));
                }
                let mut ended = Vec::new();
                if let Some(password_hash) = &password_hash {
                    store::users::set_password(connection, user.id, password_hash).await?;
                    ended = store::sessions::revoke_of_user(connection, user.id, None).await?;
                }
                let user = store::users::rename(connection, user.id, &name)
                    .await?
                    .unwrap_or(user);
                let (user, more) = change_roles(connection, user, &roles, correlation).await?;
                ended.extend(more);
                Ok::<_, ApiError>((user, false, ended))
            })
            .await?;
        state.end_access(&ended).await?;
        Ok(ProvisionUserPayload {
            user: User(user),
            created,
        })
    }
}

/// Gives the locked user these roles; the user and the sessions that ended because a role was taken away.
async fn change_roles(
    connection: &mut AsyncPgConnection,
    user: UserRow,
    roles: &[Role],
    correlation: &str,
) -> ApiResult<(UserRow, Vec<Uuid>)> {
    let before = user.roles();
    if before == roles {
        return Ok((user, Vec::new()));
    }
    let user = store::users::set_roles(connection, user.id, roles).await?;
    let changed = Payload::UserRolesChanged {
        user_id: user.id,
        roles: roles.to_vec(),
    };
    outbox::append(connection, &Event::new(user.id, correlation, changed)).await?;
    let taken_away = before.iter().any(|role| !roles.contains(role));
    let ended = if taken_away {
        store::sessions::revoke_of_user(connection, user.id, None).await?
    } else {
        Vec::new()
    };
    Ok((user, ended))
}
