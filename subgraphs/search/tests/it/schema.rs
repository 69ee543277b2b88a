//! The schema that composition reads.

use crate::world::World;

#[tokio::test]
async fn sdl() {
    let world = World::new().await;
    insta::assert_snapshot!(world.subgraph.schema.sdl());
}
