//! What the resolvers and jobs of this subgraph work with.

use std::sync::Arc;

use async_graphql::Context;
use chrono::{DateTime, Utc};
use diesel_async::AsyncPgConnection;
use souk_platform::cache::Revocations;
use souk_platform::config::{Config, IdentitySettings};
use souk_platform::database::Database;
use souk_platform::identity::AccessClaims;
use souk_platform::{ApiError, ApiResult, Role, Services};
use uuid::Uuid;

use crate::hashing::Hashing;
use crate::keys::Keys;
use crate::limits::{self, Limits};
use crate::store;
use crate::store::sessions::SessionRow;
use crate::store::users::UserRow;

/// Shared by all requests.
#[derive(Clone)]
pub struct State {
    /// The user database.
    pub database: Database,
    /// Password hashing.
    pub hashing: Hashing,
    /// Signing keys.
    pub keys: Keys,
    /// How often somebody may try to log in or begin anew.
    pub limits: Limits,
    revocations: Revocations,
    config: Arc<Config>,
}

/// A signed access token.
pub struct Access {
    /// The JWT.
    pub token: String,
    /// When it expires.
    pub expires_at: DateTime<Utc>,
}

impl State {
    /// The state on these services.
    pub fn new(services: &Services) -> State {
        let identity = &services.config.identity;
        State {
            database: services.database.clone(),
            hashing: Hashing::new(),
            keys: Keys::new(services.database.clone()),
            limits: Limits::new(services.cache.clone(), identity),
            revocations: Revocations::new(services.cache.clone(), identity.access_token_lifetime),
            config: services.config.clone(),
        }
    }

    /// The state of the schema that resolves.
    pub fn of<'ctx>(ctx: &Context<'ctx>) -> &'ctx State {
        ctx.data_unchecked()
    }

    /// The settings of tokens and logins.
    pub fn identity(&self) -> &IdentitySettings {
        &self.config.identity
    }

    /// An access token for the session: of the user, or of the guest when there is none.
    pub async fn access(
        &self,
        connection: &mut AsyncPgConnection,
        session: &SessionRow,
        user: Option<&UserRow>,
    ) -> ApiResult<Access> {
        let now = Utc::now();
        let expires_at = now + self.identity().access_token_lifetime;
        let mut claims = AccessClaims {
            iss: self.identity().issuer.clone(),
            aud: self.identity().audience.clone(),
            sub: Uuid::nil(),
            iat: now.timestamp(),
            exp: expires_at.timestamp(),
            sid: session.id,
            roles: vec![Role::Guest],
            shop_ids: Vec::new(),
            customer_type: "GUEST".to_owned(),
            guest: None,
        };
        match (user, session.guest_id) {
            (Some(user), guest) => {
                claims.sub = user.id;
                claims.roles = user.roles();
                claims.customer_type.clone_from(&user.customer_type);
                claims.guest = guest;
                if user.roles().contains(&Role::Seller) {
                    claims.shop_ids = store::shops::owned_by(connection, user.id).await?;
                }
            }
            (None, Some(guest)) => claims.sub = guest,
            (None, None) => return Err(ApiError::internal("a session is held by nobody")),
        }
        Ok(Access {
            token: self.keys.sign(&claims).await?,
            expires_at,
        })
    }

    /// Makes the access tokens of ended sessions worthless before they expire. Call it after the commit that ended
    /// them.
    pub async fn end_access(&self, sessions: &[Uuid]) -> ApiResult<()> {
        for session in sessions {
            self.revocations
                .revoke(*session)
                .await
                .map_err(limits::unavailable)?;
        }
        Ok(())
    }
}
