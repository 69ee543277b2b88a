//! Random numbers that follow from a seed, the same on every machine.

use std::ops::RangeInclusive;

/// A source of random choices (SplitMix64).
#[derive(Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    /// Choices that follow from `seed`; neighbouring seeds have nothing in common.
    pub fn new(seed: u64) -> Dice {
        let mut dice = Dice(seed);
        Dice(dice.next())
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `sides`; 0 when there are no sides.
    pub fn below(&mut self, sides: usize) -> usize {
        (self.next() >> 16) as usize % sides.max(1)
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
