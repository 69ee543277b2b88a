//! The user subgraph: accounts, sessions and access tokens, roles, addresses.
//!
//! It issues the platform's access tokens (EdDSA JWT) and publishes the keys to verify them with, at
//! `/.well-known/jwks.json` for other processes and by [`jwks`] in the same one.

mod domain;
mod events;
mod graphql;
mod hashing;
mod jobs;
mod keys;
mod limits;
mod state;
mod store;
mod tables;

use std::sync::Arc;

use axum::extract::State as Shared;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use diesel_migrations::{EmbeddedMigrations, embed_migrations};
use jsonwebtoken::jwk::JwkSet;
use souk_platform::database::Database;
use souk_platform::{ApiResult, Services, Subgraph};

use crate::events::RememberShops;
use crate::keys::Keys;
use crate::state::State;

/// The subgraph's name.
pub const NAME: &str = "user";

/// Where other processes find the keys that verify access tokens.
pub const JWKS_PATH: &str = "/.well-known/jwks.json";

/// The migrations of the user database.
pub const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../../migrations/user");

/// The subgraph on these services.
pub fn subgraph(services: Services) -> ApiResult<Subgraph> {
    let state = State::new(&services);
    Ok(Subgraph {
        name: NAME,
        schema: Arc::new(graphql::schema(&services, state.clone())),
        database: services.database,
        consumers: vec![Arc::new(RememberShops)],
        jobs: jobs::all(&state),
        routes: Router::new()
            .route(JWKS_PATH, get(serve_jwks))
            .with_state(state.keys),
    })
}

/// The keys that verify access tokens, from the user database. Makes the first key when there is none yet.
pub async fn jwks(database: &Database) -> ApiResult<JwkSet> {
    Keys::new(database.clone()).public().await
}

async fn serve_jwks(Shared(keys): Shared<Keys>) -> Response {
    match keys.public().await {
        // Verifiers may keep the keys for a while, and ask again when a token names a key they don't know.
        Ok(keys) => ([(header::CACHE_CONTROL, "public, max-age=300")], Json(keys)).into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.message).into_response(),
    }
}
