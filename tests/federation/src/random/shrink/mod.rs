//! Makes a failing sample smaller for as long as it fails in the same way.

mod data;
mod operation;
mod schema;

use crate::random::sample::Sample;

/// At most so many candidates are tried.
const ATTEMPTS: usize = 5_000;

/// A way to make a sample smaller: the n-th cut of its kind, or `None` when there are no more.
type Cut = fn(&Sample, usize) -> Option<Sample>;

/// The kinds of cuts, cheap and promising ones first.
const CUTS: [Cut; 4] = [forget_unsplit, operation::cut, schema::cut, data::cut];

/// The smallest sample found that still fails.
pub(crate) fn smallest(mut sample: Sample, fails: impl Fn(&Sample) -> bool) -> Sample {
    let mut attempts = ATTEMPTS;
    loop {
        let mut smaller = false;
        for cut in CUTS {
            let mut number = 0;
            while let Some(candidate) = cut(&sample, number) {
                if attempts == 0 {
                    return sample;
                }
                attempts -= 1;
                if candidate != sample && fails(&candidate) {
                    sample = candidate;
                    smaller = true;
                } else {
                    number += 1;
                }
            }
        }
        if !smaller {
            return sample;
        }
    }
}

/// What is planned or executed wrongly is so whatever was split; then more can be cut out of single subgraphs.
fn forget_unsplit(sample: &Sample, number: usize) -> Option<Sample> {
    let forgets = number == 0 && sample.unsplit.is_some();
    forgets.then(|| Sample {
        unsplit: None,
        ..sample.clone()
    })
}

/// Counts the places where something can be cut, and tells the one that was asked for.
struct Cutter {
    left: usize,
    done: bool,
}

impl Cutter {
    fn new(number: usize) -> Cutter {
        Cutter {
            left: number,
            done: false,
        }
    }

    /// Whether the cut is to be made here.
    fn here(&mut self) -> bool {
        if self.done {
            return false;
        }
        if self.left == 0 {
            self.done = true;
            return true;
        }
        self.left -= 1;
        false
    }

    /// Cuts one of the items; the last one stays if `keep_one`.
    fn item<T>(&mut self, items: &mut Vec<T>, keep_one: bool) {
        if keep_one && items.len() < 2 {
            return;
        }
        let cut = (0..items.len()).find(|_| self.here());
        if let Some(index) = cut {
            items.remove(index);
        }
    }
}
