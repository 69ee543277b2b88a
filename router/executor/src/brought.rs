//! What a fetch was to bring. Only errors raise the question, so it is answered from the fetch's document.

use apollo_compiler::ast::{Definition, Document, Selection};

use crate::place::KeptPlace;
use crate::prepared::{FetchId, FetchStep, Field, FieldValue, Group, PreparedPlan, Segment};
use crate::symbols::{Symbol, TYPENAME, UNKNOWN};

/// The document of a fetch.
pub(crate) struct Brought<'a> {
    plan: &'a PreparedPlan,
    fetch: &'a FetchStep,
    document: Document,
}

/// Selection sets on one object.
type Selections<'a> = Vec<&'a [Selection]>;

/// Whether a fragment on a type applies to an object.
type Applies<'a> = &'a dyn Fn(&str) -> bool;

/// Of an object whose type does not matter.
const EVERY_TYPE: Applies<'_> = &|_| true;

/// A place of the tree where a fetch puts objects.
#[derive(Clone, Copy)]
pub(crate) struct Start<'a> {
    path: &'a [Segment],
    /// How many keys lead there.
    pub depth: usize,
    /// Of which entities the objects are; `None` for root fields.
    pub group: Option<&'a Group>,
}

impl<'a> Start<'a> {
    fn new(path: &'a [Segment], group: Option<&'a Group>) -> Start<'a> {
        let depth = keys_of(path).count();
        Start { path, depth, group }
    }
}

impl<'a> Brought<'a> {
    /// Reads the document.
    pub fn new(plan: &'a PreparedPlan, fetch: &'a FetchStep) -> Brought<'a> {
        let parsed = Document::parse(fetch.operation.text.as_str(), "fetch.graphql");
        Brought {
            plan,
            fetch,
            document: parsed.unwrap_or_else(|broken| broken.partial),
        }
    }

    /// The key of the root field, when there is only one.
    pub fn only_root_field(&self) -> Option<Symbol> {
        let mut keys = Vec::new();
        self.visit(&self.root(), EVERY_TYPE, &mut |key, _| {
            keys.push(key.to_owned());
        });
        keys.dedup();
        match keys.as_slice() {
            [key] => self.plan.symbols.look_up(key.as_bytes()),
            _ => None,
        }
    }

    /// Which fetch it is.
    pub fn fetch(&self) -> FetchId {
        self.fetch.id
    }

    /// The subgraph that was asked.
    pub fn subgraph(&self) -> &'a str {
        &self.fetch.subgraph
    }

    /// Where the fetch puts the objects with which it was to bring the field at a place of the client's response. Empty
    /// when it was not to bring the field.
    pub fn starts_of_field(&self, place: &KeptPlace<'_>) -> Vec<Start<'a>> {
        match place.fields.split_last() {
            Some((field, above)) => self.starts_of(place, above, field.source),
            None => Vec::new(),
        }
    }

    /// The same for the runtime type of the object at a place.
    pub fn starts_of_type(&self, place: &KeptPlace<'_>) -> Vec<Start<'a>> {
        self.starts_of(place, &place.fields, TYPENAME)
    }

    /// The same for a key of the object that so many keys of a place lead to, be it one of the client's or not.
    pub fn starts_of_key(
        &self,
        place: &KeptPlace<'_>,
        depth: usize,
        key: Symbol,
    ) -> Vec<Start<'a>> {
        self.starts_of(place, &place.fields[..depth], key)
    }

    /// The same for a key of the object that so many fields of the place lead to.
    fn starts_of(&self, place: &KeptPlace<'_>, above: &[&Field], key: Symbol) -> Vec<Start<'a>> {
        let may_be = |ty: &str| self.may_be(place, above.len(), ty);
        let mut found = self.starts();
        found.retain(|(start, selections)| {
            let selections = self.object_at(place, above, start, selections.clone());
            selections.is_some_and(|selections| self.selects(&selections, key, &may_be))
        });
        found.into_iter().map(|(start, _)| start).collect()
    }

    /// Whether the fetch was to bring what another needs of its entities: their runtime type, or a value that is sent.
    pub fn is_needed_by(&self, other: &FetchStep) -> bool {
        other.contextual.is_some()
            || other.groups.iter().any(|group| {
                let sent = group.shapes.iter().flat_map(|shape| &shape.fields);
                let mut needed = sent.map(|field| field.source).chain([TYPENAME]);
                let entity = self.selections_at(&group.path);
                needed.any(|key| self.selects(&entity, key, EVERY_TYPE))
            })
    }

    /// What is selected at a place of the tree.
    fn selections_at(&self, place: &[Segment]) -> Selections<'_> {
        let place: Vec<Symbol> = keys_of(place).collect();
        let mut found = Vec::new();
        for (start, mut selections) in self.starts() {
            let start: Vec<Symbol> = keys_of(start.path).collect();
            if let Some(further) = place.strip_prefix(start.as_slice()) {
                for key in further {
                    selections = self.below(&selections, *key, EVERY_TYPE);
                }
                found.append(&mut selections);
            }
        }
        found
    }

    /// The places of the tree at which the fetch brings something, and what is selected on the objects there.
    fn starts(&self) -> Vec<(Start<'a>, Selections<'_>)> {
        let fetch = self.fetch;
        if fetch.groups.is_empty() {
            return vec![(Start::new(&fetch.root_at, None), self.root())];
        }
        let groups = fetch.groups.iter().map(|group| {
            let entities = self.below(&self.root(), group.response_key, EVERY_TYPE);
            (Start::new(&group.path, Some(group)), entities)
        });
        groups.collect()
    }

    /// What is selected on the object that the first fields of a place lead to, for one place where the fetch puts objects;
    /// `None` when the fields do not lead there.
    fn object_at<'s>(
        &'s self,
        place: &KeptPlace<'_>,
        fields: &[&Field],
        start: &Start<'_>,
        mut selections: Selections<'s>,
    ) -> Option<Selections<'s>> {
        if !self.is_way_of(place, start) {
            return None;
        }
        let mut keys = keys_of(start.path);
        for (depth, field) in fields.iter().enumerate() {
            match keys.next() {
                Some(key) if key != field.source => return None,
                Some(_) => {}
                None => {
                    let may_be = |ty: &str| self.may_be(place, depth, ty);
                    selections = self.below(&selections, field.source, &may_be);
                }
            }
        }
        keys.next().is_none().then_some(selections)
    }

    /// Whether the objects on the way to a place may be of the types that the way to a start asks for.
    fn is_way_of(&self, place: &KeptPlace<'_>, start: &Start<'_>) -> bool {
        let mut depth = 0;
        for segment in start.path {
            match segment {
                Segment::Key(_) => depth += 1,
                Segment::Each => {}
                Segment::OnTypes(types) => {
                    let mut names = types.iter().map(|ty| self.plan.symbols.name(ty));
                    if !names.any(|ty| self.may_be(place, depth, ty)) {
                        return false;
                    }
                }
            }
        }
        true
    }

    /// Whether a condition on a type may have held for the object behind so many keys of a place. One on an interface or a
    /// union may, also because the object of an interface object may have got its concrete type later; one on another
    /// object type did not.
    fn may_be(&self, place: &KeptPlace<'_>, depth: usize, ty: &str) -> bool {
        let field = depth
            .checked_sub(1)
            .and_then(|above| place.fields.get(above));
        let (Some(field), Some(runtime)) = (field, place.type_name(depth)) else {
            return true;
        };
        let FieldValue::Composite { possible, .. } = &field.value else {
            return true;
        };
        let symbol = self.plan.symbols.look_up(ty.as_bytes());
        let is_object_type =
            field.type_name != ty && symbol.is_some_and(|ty| possible.contains(ty));
        !is_object_type || runtime >= UNKNOWN || symbol == Some(runtime)
    }

    fn root(&self) -> Selections<'_> {
        for definition in &self.document.definitions {
            if let Definition::OperationDefinition(operation) = definition {
                return vec![&operation.selection_set];
            }
        }
        Vec::new()
    }

    fn selects(&self, selections: &Selections<'_>, key: Symbol, applies: Applies<'_>) -> bool {
        let wanted = self.plan.symbols.name(key);
        let mut found = false;
        self.visit(selections, applies, &mut |known, _| {
            found |= known == wanted;
        });
        found
    }

    fn below<'s>(
        &'s self,
        selections: &Selections<'s>,
        key: Symbol,
        applies: Applies<'_>,
    ) -> Selections<'s> {
        let wanted = self.plan.symbols.name(key);
        let mut below = Vec::new();
        self.visit(selections, applies, &mut |known, selected| {
            if known == wanted {
                below.push(selected);
            }
        });
        below
    }

    /// Shows the key of each field, through the fragments that apply, and what is selected below it.
    fn visit<'s>(
        &'s self,
        selections: &[&'s [Selection]],
        applies: Applies<'_>,
        visitor: &mut impl FnMut(&'s str, &'s [Selection]),
    ) {
        for selection in selections.iter().copied().flatten() {
            match selection {
                Selection::Field(field) => {
                    visitor(field.response_name().as_str(), &field.selection_set);
                }
                Selection::InlineFragment(fragment) => {
                    if fragment
                        .type_condition
                        .as_ref()
                        .is_none_or(|ty| applies(ty))
                    {
                        self.visit(&[&fragment.selection_set], applies, visitor);
                    }
                }
                Selection::FragmentSpread(spread) => {
                    for definition in &self.document.definitions {
                        if let Definition::FragmentDefinition(fragment) = definition
                            && fragment.name == spread.fragment_name
                            && applies(&fragment.type_condition)
                        {
                            self.visit(&[&fragment.selection_set], applies, visitor);
                        }
                    }
                }
            }
        }
    }
}

/// The keys of a place of the tree.
fn keys_of(place: &[Segment]) -> impl Iterator<Item = Symbol> {
    place.iter().filter_map(|segment| match segment {
        Segment::Key(key) => Some(*key),
        Segment::Each | Segment::OnTypes(_) => None,
    })
}
