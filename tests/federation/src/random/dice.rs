//! Random numbers that follow from a seed, the same on every machine.

use std::collections::VecDeque;
use std::ops::RangeInclusive;

/// A source of choices: random ones (SplitMix64), or those that bytes say, for a fuzzer to choose.
#[derive(Debug)]
pub(crate) struct Dice(Source);

#[derive(Debug)]
enum Source {
    Seed(u64),
    Bytes(VecDeque<u8>),
}

impl Dice {
    /// Choices that follow from `seed`; neighbouring seeds have nothing in common.
    pub fn new(seed: u64) -> Dice {
        let mut seed = seed;
        Dice(Source::Seed(mix(&mut seed)))
    }

    /// One byte a choice; the last way of each when there are no more.
    pub fn of_bytes(bytes: &[u8]) -> Dice {
        Dice(Source::Bytes(bytes.iter().copied().collect()))
    }

    /// A number below `sides`; 0 when there are no sides.
    pub fn below(&mut self, sides: usize) -> usize {
        let sides = sides.max(1);
        match &mut self.0 {
            Source::Seed(seed) => (mix(seed) >> 16) as usize % sides,
            Source::Bytes(bytes) => bytes.pop_front().map_or(sides - 1, usize::from) % sides,
        }
    }

    pub fn between(&mut self, range: RangeInclusive<usize>) -> usize {
        range.start() + self.below(range.end() + 1 - range.start())
    }

    pub fn one_in(&mut self, sides: usize) -> bool {
        self.below(sides) == 0
    }

    /// One of these. Panics when there are none.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }

    /// These in random order, all or the first few.
    pub fn some<T: Clone>(&mut self, of: &[T], count: usize) -> Vec<T> {
        let mut rest = of.to_vec();
        let mut taken = Vec::new();
        while !rest.is_empty() && taken.len() < count {
            taken.push(rest.swap_remove(self.below(rest.len())));
        }
        taken
    }
}

/// The next number of a sequence.
fn mix(state: &mut u64) -> u64 {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *state;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
