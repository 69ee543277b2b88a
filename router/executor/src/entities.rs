//! The entities that a request asks about.

use bytes::Bytes;

use crate::transport::{InputForm, Representations};
use crate::tree::ObjectId;

/// The entities of one group.
#[derive(Debug, Clone)]
pub(crate) struct Entities {
    /// What is sent.
    pub representations: Representations,
    /// How many are sent.
    pub len: u32,
    /// Each object of the tree that waits for data, with the index of its representation.
    pub targets: Vec<(ObjectId, u32)>,
    /// The objects that are left out for a null that may not be, see `souk_planner::plan::IfNull`.
    pub mistaken: Vec<ObjectId>,
}

impl Entities {
    /// Nobody.
    pub fn none(form: InputForm) -> Entities {
        let representations = match form {
            InputForm::Json => Representations::Json(Bytes::from_static(b"[]")),
            InputForm::Values => Representations::Values(Vec::new()),
        };
        Entities {
            representations,
            len: 0,
            targets: Vec::new(),
            mistaken: Vec::new(),
        }
    }
}

/// Those of these groups, for a request in which nobody is asked about in the others.
pub(crate) fn only(entities: Vec<Entities>, groups: &[usize], form: InputForm) -> Vec<Entities> {
    let entities = entities.into_iter().enumerate();
    let kept = entities.map(|(index, group)| match groups.contains(&index) {
        true => group,
        false => Entities::none(form),
    });
    kept.collect()
}
