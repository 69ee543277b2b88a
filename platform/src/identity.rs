//! Who is asking: the identity that travels from the router to the subgraphs, and what it may do.

mod client;

use std::net::IpAddr;

use async_graphql::{Context, Enum};
use chrono::Utc;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub use self::client::{ClientAddress, TrustedProxies};
use crate::error::{ApiError, ApiResult};

/// The header that carries the signed identity from the router, or from a subgraph, to a subgraph.
pub const IDENTITY_HEADER: &str = "x-souk-identity";
/// The header that carries the correlation id.
pub const CORRELATION_HEADER: &str = "x-correlation-id";
/// The header that carries the client's network address; believed only next to a signed identity.
pub const CLIENT_HEADER: &str = "x-souk-client";
/// How long a signed identity is good for, in seconds: one request and some clock skew.
const SIGNED_FOR: i64 = 60;

/// What somebody may do.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Enum, Serialize, Deserialize,
)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Role {
    /// Buys.
    Buyer,
    /// Has shops and sells.
    Seller,
    /// Approves and rejects shops.
    Moderator,
    /// Assigns roles; may do what a moderator may.
    Admin,
    /// An anonymous visitor with a session, who can fill a cart.
    Guest,
    /// A partner's system, which reads the graph.
    Partner,
}

impl Role {
    /// The role's name in GraphQL and in tokens.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Buyer => "BUYER",
            Role::Seller => "SELLER",
            Role::Moderator => "MODERATOR",
            Role::Admin => "ADMIN",
            Role::Guest => "GUEST",
            Role::Partner => "PARTNER",
        }
    }

    /// The role with this name.
    pub fn parse(name: &str) -> Option<Role> {
        use Role::{Admin, Buyer, Guest, Moderator, Partner, Seller};
        [Buyer, Seller, Moderator, Admin, Guest, Partner]
            .into_iter()
            .find(|role| role.as_str() == name)
    }
}

/// Who sent a request, as every resolver sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Identity {
    /// Nobody: no token.
    #[default]
    Anonymous,
    /// A person, a guest session or a partner, by an access token.
    Subject(Subject),
    /// One of our own subgraphs, by its name.
    Service(String),
}

/// What an access token says, once it is verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subject {
    /// The user's id, or the guest session's.
    pub id: Uuid,
    /// What the subject may do.
    pub roles: Vec<Role>,
    /// The shops the subject owned when the token was issued. A hint for the router; subgraphs check ownership.
    pub shop_ids: Vec<Uuid>,
    /// The customer type, such as `REGULAR`.
    pub customer_type: String,
    /// The session (refresh token family) that the access token belongs to; revoked as a whole.
    pub session: Uuid,
    /// The guest session that became this user, whose cart follows.
    pub guest: Option<Uuid>,
}

/// The claims of an access token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Issuer.
    pub iss: String,
    /// Audience.
    pub aud: String,
    /// The user or guest session.
    pub sub: Uuid,
    /// Issued at, seconds since 1970.
    pub iat: i64,
    /// Expires at, seconds since 1970.
    pub exp: i64,
    /// The session, see [`Subject::session`].
    pub sid: Uuid,
    /// See [`Subject::roles`].
    pub roles: Vec<Role>,
    /// See [`Subject::shop_ids`].
    #[serde(default)]
    pub shop_ids: Vec<Uuid>,
    /// See [`Subject::customer_type`].
    pub customer_type: String,
    /// See [`Subject::guest`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub guest: Option<Uuid>,
}

impl From<AccessClaims> for Subject {
    fn from(claims: AccessClaims) -> Self {
        Subject {
            id: claims.sub,
            roles: claims.roles,
            shop_ids: claims.shop_ids,
            customer_type: claims.customer_type,
            session: claims.sid,
            guest: claims.guest,
        }
    }
}

impl Subject {
    /// True if the subject has the role.
    pub fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}

impl Identity {
    /// The subject, or `UNAUTHENTICATED`.
    pub fn subject(&self) -> ApiResult<&Subject> {
        match self {
            Identity::Subject(subject) => Ok(subject),
            _ => Err(ApiError::unauthenticated(
                "log in first: send an access token in the authorization header",
            )),
        }
    }

    /// A registered user, `UNAUTHENTICATED` for nobody and for guests.
    pub fn user(&self) -> ApiResult<&Subject> {
        let subject = self.subject()?;
        if subject.has(Role::Guest) {
            return Err(ApiError::unauthenticated(
                "guests cannot do this: register or log in first",
            ));
        }
        Ok(subject)
    }

    /// A user with at least one of the roles; `FORBIDDEN` otherwise. An admin has every role but guest.
    pub fn with_role(&self, roles: &[Role]) -> ApiResult<&Subject> {
        let user = self.user()?;
        if user.has(Role::Admin) || roles.iter().any(|role| user.has(*role)) {
            return Ok(user);
        }
        let names: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        Err(ApiError::forbidden(format!(
            "this needs the role {}",
            names.join(" or ")
        )))
    }

    /// One of our own subgraphs; everybody else is `FORBIDDEN` (or `UNAUTHENTICATED` without a token).
    pub fn service(&self) -> ApiResult<&str> {
        match self {
            Identity::Service(name) => Ok(name),
            Identity::Subject(_) => Err(ApiError::forbidden("this field is internal")),
            Identity::Anonymous => Err(ApiError::unauthenticated("this field is internal")),
        }
    }
}

/// The id that ties together everything one client request caused, through logs, subgraphs and events.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrelationId(pub String);

/// Reads the caller from a resolver's context.
pub trait Caller {
    /// Who is asking. Anonymous when the request carried nothing.
    fn identity(&self) -> &Identity;
    /// The correlation id of the request, empty when there is none.
    fn correlation_id(&self) -> &str;
    /// The client's network address; `None` for requests from inside.
    fn client_address(&self) -> Option<IpAddr>;
}

impl Caller for Context<'_> {
    fn identity(&self) -> &Identity {
        self.data_opt::<Identity>().unwrap_or(&Identity::Anonymous)
    }

    fn correlation_id(&self) -> &str {
        self.data_opt::<CorrelationId>().map_or("", |id| &id.0)
    }

    fn client_address(&self) -> Option<IpAddr> {
        self.data_opt::<ClientAddress>().map(|client| client.0)
    }
}

/// Signs and verifies the identity header with the secret that router and subgraphs share (HS256).
#[derive(Clone)]
pub struct InternalSigner {
    encoding: EncodingKey,
    decoding: DecodingKey,
}

#[derive(Serialize, Deserialize)]
struct InternalClaims {
    exp: i64,
    identity: Identity,
}

impl InternalSigner {
    /// A signer for a secret of at least 32 bytes (checked by the configuration).
    pub fn new(secret: &[u8]) -> InternalSigner {
        InternalSigner {
            encoding: EncodingKey::from_secret(secret),
            decoding: DecodingKey::from_secret(secret),
        }
    }

    /// The header's value for this identity, good for a minute.
    pub fn sign(&self, identity: &Identity) -> ApiResult<String> {
        let claims = InternalClaims {
            exp: Utc::now().timestamp() + SIGNED_FOR,
            identity: identity.clone(),
        };
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)
            .map_err(ApiError::internal)
    }

    /// The identity in a header's value; `UNAUTHENTICATED` when the signature or the time is wrong.
    pub fn verify(&self, header: &str) -> ApiResult<Identity> {
        let mut validation = Validation::new(Algorithm::HS256);
        validation.leeway = 5;
        match jsonwebtoken::decode::<InternalClaims>(header, &self.decoding, &validation) {
            Ok(token) => Ok(token.claims.identity),
            Err(cause) => {
                tracing::warn!(%cause, "refused an identity header");
                Err(ApiError::unauthenticated(
                    "the identity header is not one that this platform signed",
                ))
            }
        }
    }
}
