//! The six subgraphs: what they are called, how their databases come to be, and how they are built.

use diesel_migrations::EmbeddedMigrations;
use souk_platform::{ApiResult, Services, Subgraph};

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
