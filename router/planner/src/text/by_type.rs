//! Selections for each of several object types. Those that are the same for many types, and have others of the kind within
//! themselves, would multiply: they become fragments.

use std::fmt::Write;
use std::ops::Range;

use apollo_compiler::collections::{HashMap, IndexMap};

use super::{Writer, fragment_name};
use crate::guard::Guard;
use crate::model::{TypeId, TypeKind};
use crate::search::PlaceId;

impl<'a> Writer<'a> {
    /// The types that a place's selection has to be written for.
    pub(super) fn types(&self, id: PlaceId) -> &'a [TypeId] {
        let search = self.search;
        let (place, model) = (search.place(id), search.supergraph.model());
        let here = &search.supergraph.graph().node(place.node).ty;
        match &place.scope {
            Some(scope) if model.ty(*here).kind == TypeKind::Object => {
                search.tree.scopes.types(scope)
            }
            _ => std::slice::from_ref(here),
        }
    }

    /// A selection for each type. Unless it is said what is known to hold, it is what holds for the places.
    pub(super) fn on_types(
        &mut self,
        by_type: &IndexMap<TypeId, Vec<PlaceId>>,
        separator: &str,
        known: Option<&Guard>,
    ) {
        let mut times: HashMap<&[PlaceId], usize> = HashMap::default();
        for places in by_type.values() {
            *times.entry(places).or_default() += 1;
        }
        let mut written: HashMap<&[PlaceId], Range<usize>> = HashMap::default();
        for (index, (ty, places)) in by_type.iter().enumerate() {
            if index > 0 {
                self.text.push_str(separator);
            }
            let name = &self.search.supergraph.model().ty(*ty).name;
            let _ = write!(self.text, "...on {name}");
            if let Some(same) = written.get(places.as_slice()) {
                let same = self.text[same.clone()].to_owned();
                self.text.push_str(&same);
                continue;
            }
            let (start, marks) = (self.text.len(), self.marks.len());
            let count = times.get(places.as_slice()).copied().unwrap_or(1);
            let above = std::mem::replace(&mut self.times, count);
            match known {
                Some(known) => self.selection(places, known),
                None => self.selection(places, &self.guard_of(places)),
            }
            self.times = above;
            if self.marks.len() == marks {
                written.insert(places, start..self.text.len());
            }
        }
    }

    /// The selection below a field, which the document will have so many times. What hangs below several fields is the same
    /// for all of them.
    pub(super) fn below(&mut self, places: &[PlaceId], known: &Guard, times: usize) {
        let Some(first) = places.first() else {
            return;
        };
        if let Some(same) = self.joined.get(places) {
            self.text.push_str(same);
            return;
        }
        let fields = places.iter().map(|place| self.fields_with(*place)).max();
        let fields = fields.unwrap_or_default();
        let (start, marks) = (self.text.len(), self.marks.len());
        // The fields may be asked for under different conditions.
        let always = Guard::always();
        self.selection(places, if fields > 1 { &always } else { known });
        self.share(start, *first, times * fields.max(1));
        if fields > 1 && self.marks.len() == marks {
            let written = self.text[start..].to_owned();
            self.joined.insert(places.to_vec(), written);
        }
    }

    /// Below how many fields of the document a place hangs.
    fn fields_with(&self, id: PlaceId) -> usize {
        let place = self.search.place(id);
        let is_here = |(above, _): &&(PlaceId, usize)| {
            let mut steps = self.search.steps_of(*above);
            steps.any(|step| self.steps.contains(&step))
        };
        1 + place.joined.iter().filter(is_here).count()
    }

    /// Makes a fragment of what was written from `start` on, a selection of a place's objects that the document will have
    /// several times, if that makes it shorter: what is selected of several types, or under alternative conditions, is
    /// written once for each of them.
    fn share(&mut self, start: usize, place: PlaceId, times: usize) {
        let has_context = self.marks.last().is_some_and(|(mark, _)| *mark >= start);
        if times < 2 || has_context {
            return;
        }
        let name = fragment_name(self.fragments.len());
        let reference = format!("{{...{name}}}");
        let node = self.search.place(place).node;
        let ty = self.search.supergraph.graph().node(node).ty;
        let definition = format!(
            " fragment {name} on {}{}",
            self.search.supergraph.model().ty(ty).name,
            &self.text[start..],
        );
        let length = self.text.len() - start;
        if times * length > times * reference.len() + definition.len() {
            self.text.truncate(start);
            self.text.push_str(&reference);
            self.fragments.push(definition);
        }
    }
}
