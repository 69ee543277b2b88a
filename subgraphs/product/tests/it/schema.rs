//! The part of the graph that this subgraph offers to composition.

use souk_harness::{peers, services};

#[tokio::test]
async fn the_product_interface_and_its_kinds_are_entities() {
    let services = services("product", peers::unreachable()).await;
    let subgraph = souk_product::subgraph(services).unwrap_or_else(|error| panic!("{error:?}"));
    let sdl = subgraph.schema.sdl();
    assert!(sdl.contains("interface Product @key(fields: \"id\") {"));
    for kind in ["Book", "Laptop", "Mobile", "Clothing", "GeneralProduct"] {
        assert!(
            sdl.contains(&format!(
                "type {kind} implements Product @key(fields: \"id\") {{"
            )),
            "{kind}"
        );
    }
}
