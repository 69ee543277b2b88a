//! The names a plan knows, as small integers.
//!
//! Response keys and type names are compared for every field of every object, so each name of a plan is looked
//! up once, when a body is parsed, and is an integer from then on.

use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};

/// A name of the plan.
pub(crate) type Symbol = u32;

/// The symbol of `__typename` in every plan.
pub(crate) const TYPENAME: Symbol = 0;
/// No name: an object whose `__typename` was not asked for.
pub(crate) const NO_SYMBOL: Symbol = u32::MAX;
/// A name that the plan does not know.
pub(crate) const UNKNOWN: Symbol = u32::MAX - 1;

/// How the value under a key is used. One key may be used in both ways at different places of the tree.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct KeyUse {
    /// As a leaf: an object under it is a custom scalar's value, whose text is kept as it is.
    pub leaf: bool,
    /// As an object with fields of the plan.
    pub composite: bool,
}

/// The names of one plan.
#[derive(Debug, Default)]
pub(crate) struct Symbols {
    names: Vec<Box<str>>,
    uses: Vec<KeyUse>,
    /// By key, see [`Symbols::note_root`].
    roots: HashMap<Symbol, Symbol>,
    table: HashTable<Symbol>,
    hasher: DefaultHashBuilder,
}

impl Symbols {
    /// A table that holds [`TYPENAME`] only.
    pub fn new() -> Symbols {
        let mut symbols = Symbols::default();
        symbols.intern("__typename");
        symbols.note_use(
            TYPENAME,
            KeyUse {
                leaf: true,
                composite: false,
            },
        );
        symbols
    }

    /// The symbol of a name, made when it is new.
    pub fn intern(&mut self, name: &str) -> Symbol {
        if let Some(symbol) = self.look_up(name.as_bytes()) {
            return symbol;
        }
        let symbol = self.names.len() as Symbol;
        self.names.push(name.into());
        self.uses.push(KeyUse::default());
        let hash = self.hasher.hash_one(name.as_bytes());
        let (hasher, names) = (&self.hasher, &self.names);
        self.table.insert_unique(hash, symbol, |&other| {
            hasher.hash_one(names[other as usize].as_bytes())
        });
        symbol
    }

    /// Adds a use of a key.
    pub fn note_use(&mut self, key: Symbol, used: KeyUse) {
        let known = &mut self.uses[key as usize];
        known.leaf |= used.leaf;
        known.composite |= used.composite;
    }

    /// Notes that a type name which the plan does not know means this root type, for objects under a key. Where the key
    /// leads to several root types, it means none.
    pub fn note_root(&mut self, key: Symbol, root: Symbol) {
        let known = self.roots.entry(key).or_insert(root);
        if *known != root {
            *known = UNKNOWN;
        }
    }

    /// What a type name that the plan does not know means for objects under a key.
    pub fn unknown_type(&self, key: Symbol) -> Symbol {
        self.roots.get(&key).copied().unwrap_or(UNKNOWN)
    }

    /// The symbol of a name, when the plan knows it.
    pub fn look_up(&self, name: &[u8]) -> Option<Symbol> {
        let hash = self.hasher.hash_one(name);
        self.table
            .find(hash, |&symbol| {
                self.names[symbol as usize].as_bytes() == name
            })
            .copied()
    }

    /// A symbol's name.
    pub fn name(&self, symbol: Symbol) -> &str {
        self.names.get(symbol as usize).map_or("", |name| name)
    }

    /// How the values under a key are used.
    pub fn key_use(&self, key: Symbol) -> KeyUse {
        self.uses.get(key as usize).copied().unwrap_or_default()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.names.len()
    }
}

/// Guesses the next name of a body from what came before. The objects of a list repeat their keys in the same
/// order, so nearly every guess is right, and a comparison replaces a hash and a look-up.
#[derive(Debug)]
pub(crate) struct Prediction {
    guesses: Vec<Guesses>,
}

#[derive(Debug, Clone, Copy)]
struct Guesses {
    /// The key that followed this key in its object.
    next: Guess,
    /// The first key of the objects under this key.
    first: Guess,
    /// The `__typename` of the objects under this key.
    type_name: Guess,
}

/// The last two names that were seen at a position: objects under one key have different fields at different depths of
/// an operation, and alternate.
type Guess = [Symbol; 2];

/// Where a name stands: what it is guessed from.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Position {
    /// The first key of an object that is under this key.
    FirstUnder(Symbol),
    /// The key after this key.
    After(Symbol),
    /// The type name of an object that is under this key.
    TypeUnder(Symbol),
}

impl Prediction {
    /// Without experience: a key is followed by the one that follows it in the plan.
    pub fn new(symbols: &Symbols) -> Prediction {
        let guess = |symbol: usize| {
            let next = [symbol as Symbol + 1; 2];
            Guesses {
                next,
                first: next,
                type_name: next,
            }
        };
        Prediction {
            guesses: (0..symbols.len()).map(guess).collect(),
        }
    }

    /// The symbol of the name at a position; `None` when the plan does not know it.
    pub fn resolve(
        &mut self,
        symbols: &Symbols,
        position: Position,
        name: &[u8],
    ) -> Option<Symbol> {
        let guess = match position {
            Position::FirstUnder(parent) => self
                .guesses
                .get_mut(parent as usize)
                .map(|guesses| &mut guesses.first),
            Position::After(key) => self
                .guesses
                .get_mut(key as usize)
                .map(|guesses| &mut guesses.next),
            Position::TypeUnder(parent) => self
                .guesses
                .get_mut(parent as usize)
                .map(|guesses| &mut guesses.type_name),
        };
        let Some(guess) = guess else {
            return symbols.look_up(name);
        };
        let [last, before] = *guess;
        if symbols.name(last).as_bytes() == name {
            return Some(last);
        }
        let symbol = match symbols.name(before).as_bytes() == name {
            true => before,
            false => symbols.look_up(name)?,
        };
        *guess = [symbol, last];
        Some(symbol)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_guess_still_finds_the_name() {
        let mut symbols = Symbols::new();
        let (a, b, c) = (
            symbols.intern("a"),
            symbols.intern("b"),
            symbols.intern("c"),
        );
        let mut prediction = Prediction::new(&symbols);
        for _ in 0..2 {
            assert_eq!(
                prediction.resolve(&symbols, Position::After(a), b"c"),
                Some(c)
            );
            assert_eq!(
                prediction.resolve(&symbols, Position::After(a), b"b"),
                Some(b)
            );
            assert_eq!(
                prediction.resolve(&symbols, Position::FirstUnder(c), b"a"),
                Some(a)
            );
        }
        assert_eq!(
            prediction.resolve(&symbols, Position::After(c), b"stranger"),
            None
        );
        assert_eq!(
            prediction.resolve(&symbols, Position::After(UNKNOWN), b"a"),
            Some(a)
        );
    }
}
