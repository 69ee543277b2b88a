//! Builds a random graph that composes: whatever a subgraph can be asked for, the rest is found from there.

use indexmap::IndexMap;

use crate::random::dice::Dice;
use crate::random::whole::{Size, Whole};

/// A graph on its way.
pub(crate) struct Builder {
    pub dice: Dice,
    pub size: Size,
    /// Whether fields may fail.
    pub errors: bool,
    pub whole: Whole,
    /// The subgraphs that may have fields of an entity, by index.
    pub homes: IndexMap<String, Vec<usize>>,
}

/// A random graph. If `errors` are to come, its subgraphs agree on what may be null: where they do not, the one that is
/// asked decides how far a null travels.
pub(crate) fn build(dice: Dice, size: Size, errors: bool) -> (Whole, Dice) {
    let mut builder = Builder {
        dice,
        size,
        errors,
        whole: Whole::default(),
        homes: IndexMap::new(),
    };
    builder.subgraphs();
    builder.entities();
    builder.values();
    builder.interfaces();
    builder.unions();
    builder.homes();
    builder.fields();
    builder.split_value();
    builder.hide();
    builder.roots();
    builder.overrides();
    builder.interface_object();
    builder.close();
    builder.requires();
    builder.close();
    builder.provides();
    builder.close();
    builder.vary();
    if !errors {
        builder.loosen();
    }
    builder.whole.settle();
    (builder.whole, builder.dice)
}
