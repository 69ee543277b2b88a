//! What of a random graph is not for everybody.

use std::collections::HashSet;

use crate::random::dice::Dice;
use crate::random::whole::{Kind, Whole, named};

const DEMANDS: [&str; 5] = [
    "@authenticated",
    r#"@requiresScopes(scopes: [["a"]])"#,
    r#"@requiresScopes(scopes: [["a", "b"], ["c"]])"#,
    r#"@policy(policies: [["p"], ["q"]])"#,
    r#"@authenticated @policy(policies: [["p"]])"#,
];

/// Protects some types and fields, but leaves every third graph as it is.
pub(crate) fn protect(whole: &mut Whole, mut dice: Dice) {
    if dice.one_in(3) {
        return;
    }
    let required = required(whole);
    let mut found = Vec::new();
    for (ty, object) in &whole.objects {
        // Below a root type is everything. Types that are not alike make the difference to an interface.
        let share = match object.kind {
            Kind::Root => 20,
            _ if object.interfaces.is_empty() => 6,
            _ => 3,
        };
        if dice.one_in(share) {
            found.push((ty, None));
        }
        for (name, field) in &object.fields {
            if !field.hidden && dice.one_in(6) {
                found.push((ty, Some(name)));
            }
        }
    }
    for (name, interface) in &whole.interfaces {
        for field in interface.contributed.keys() {
            if dice.one_in(3) {
                found.push((name, Some(field)));
            }
        }
    }
    let leaves = ["Color", "Mood", "Blob"].map(str::to_owned);
    for leaf in &leaves {
        if dice.one_in(8) {
            found.push((leaf, None));
        }
    }
    found.retain(|(ty, field)| !required.contains(field.unwrap_or(ty)));
    let found = found.into_iter().map(|(ty, field)| {
        let field = field.map_or("", String::as_str);
        ((ty.clone(), field.to_owned()), *dice.pick(&DEMANDS))
    });
    whole.demands = found.collect();
}

/// The names of what fields require, and of the types of that: whoever may see a field must be allowed to see what it is
/// made of.
fn required(whole: &Whole) -> HashSet<String> {
    let types = whole.subgraphs.iter().flat_map(|it| it.types.values());
    let fields = types.flat_map(|ty| ty.fields.values());
    let sets = fields.filter_map(|field| field.requires.as_deref());
    let words = sets.flat_map(|set| set.split(|letter: char| !letter.is_alphanumeric()));
    let mut names: HashSet<String> = words.map(str::to_owned).collect();
    let fields = whole.objects.values().flat_map(|object| &object.fields);
    let fields = fields.filter(|(name, _)| names.contains(*name));
    let mut types: Vec<String> = fields.map(|(_, field)| named(&field.ty)).collect();
    while let Some(ty) = types.pop() {
        match whole.unions.get(&ty) {
            Some(members) => types.extend(members.clone()),
            None if whole.interfaces.contains_key(&ty) => types.extend(whole.implementers(&ty)),
            None => {
                names.insert(ty);
            }
        }
    }
    names
}
