//! What clients do, end to end: the real binary, over real HTTP and WebSocket.
#![allow(
    clippy::expect_used,
    clippy::unwrap_used,
    reason = "a test that cannot go on should fail at once and say why"
)]

mod bad_input;
mod browser;
mod correlation;
mod counts;
mod graphiql;
mod identity_header;
mod internal_fields;
mod readiness;
mod roles;
mod rush;
mod search;
mod story;

use souk_harness::{Launch, Platform};
use tokio::sync::OnceCell;

/// The binary under test.
const SOUK: &str = env!("CARGO_BIN_EXE_souk");

/// With a line in the log for every request and every event.
fn launch() -> Launch {
    Launch::new(SOUK).set("SOUK_LOG_FORMAT", "json").set(
        "SOUK_LOG_LEVEL",
        "info,souk_router=debug,souk_platform=debug",
    )
}

/// `souk serve`, shared by all journeys of this process. The system ends it with the process.
async fn in_one_process() -> &'static Platform {
    static PLATFORM: OnceCell<Platform> = OnceCell::const_new();
    PLATFORM.get_or_init(|| launch().serve()).await
}

/// Six subgraphs and two routers, each on its own, shared likewise.
async fn in_separate_processes() -> &'static Platform {
    static PLATFORM: OnceCell<Platform> = OnceCell::const_new();
    PLATFORM.get_or_init(|| launch().separate()).await
}
