//! Any texts as subgraphs.

use souk_composition::{SubgraphInput, compose as composition};
use souk_planner::{Supergraph, SupergraphError};

/// A line that separates subgraphs.
const SEPARATOR: &str = "\n---\n";

/// Composes subgraphs: the order makes no difference, and what comes of it can be read.
pub(crate) fn compose(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let texts = text.split(SEPARATOR).take(6).enumerate();
    let mut subgraphs: Vec<SubgraphInput> = texts
        .map(|(index, sdl)| SubgraphInput {
            name: ["a", "b", "c", "d", "e", "f"][index].to_owned(),
            url: String::new(),
            sdl: sdl.to_owned(),
        })
        .collect();
    let composed = composition(&subgraphs);
    subgraphs.reverse();
    let reversed = composition(&subgraphs);
    match (composed, reversed) {
        (Ok(composed), Ok(reversed)) => {
            assert_eq!(composed.supergraph_sdl, reversed.supergraph_sdl);
            match Supergraph::parse(&composed.supergraph_sdl) {
                // Composition may know more of Apollo's specifications than the planner.
                Ok(_) | Err(SupergraphError::UnsupportedLink { .. }) => {}
                Err(error) => panic!("{error}\n{}", composed.supergraph_sdl),
            }
        }
        (Err(errors), Err(_)) => {
            let _ = errors.to_string();
        }
        (composed, reversed) => panic!(
            "the order makes a difference: {:?} {:?}",
            composed.err(),
            reversed.err()
        ),
    }
}
