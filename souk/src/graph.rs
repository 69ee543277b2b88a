//! The six subgraphs: what they are called, how their databases come to be, and how they are built.

use std::sync::Arc;

use diesel_migrations::EmbeddedMigrations;
use souk_platform::cache::MemoryCache;
use souk_platform::config::Config;
use souk_platform::database::Database;
use souk_platform::events::LocalBus;
use souk_platform::peers::Peers;
use souk_platform::serving::LocalTransport;
use souk_platform::{ApiResult, Services, Subgraph};

use crate::failure::Failure;

/// A subgraph that can be built.
#[derive(Clone, Copy)]
pub struct Member {
    /// Its name.
    pub name: &'static str,
    /// Its tables.
    pub migrations: &'static [EmbeddedMigrations],
    /// Builds it.
    pub build: fn(Services) -> ApiResult<Subgraph>,
}

impl Member {
    /// The subgraph connected to nothing: what it is, for those who do not need it to work.
    pub fn unconnected(self) -> Result<Subgraph, Failure> {
        let services = Services {
            config: Arc::new(Config::default()),
            database: Database::new("postgres://nowhere/nothing", 1).map_err(Failure::failed)?,
            cache: Arc::new(MemoryCache::default()),
            bus: Arc::new(LocalBus::default()),
            peers: Peers::new(self.name, Arc::new(LocalTransport::default())),
        };
        (self.build)(services).map_err(|error| Failure::failed(error.message))
    }
}

/// All of them, in the order in which they are composed.
pub const MEMBERS: [Member; 6] = [
    Member {
        name: "user",
        migrations: &[souk_user::MIGRATIONS],
        build: souk_user::subgraph,
    },
    Member {
        name: "shop",
        migrations: &[souk_shop::MIGRATIONS],
        build: souk_shop::subgraph,
    },
    Member {
        name: "product",
        migrations: &[souk_product::MIGRATIONS],
        build: souk_product::subgraph,
    },
    Member {
        name: "order",
        migrations: &[souk_order::MIGRATIONS],
        build: souk_order::subgraph,
    },
    Member {
        name: "payment",
        migrations: &[souk_payment::MIGRATIONS],
        build: souk_payment::subgraph,
    },
    Member {
        name: "search",
        migrations: &[souk_search::MIGRATIONS],
        build: souk_search::subgraph,
    },
];

/// The subgraph with this name.
pub fn member(name: &str) -> Option<Member> {
    MEMBERS.into_iter().find(|member| member.name == name)
}
