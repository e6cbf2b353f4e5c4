//! Lanes beside the rows, for lines that lead back or past many rows.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

/// What shares a lane: lines to the same box, in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bundle {
    /// The box that they lead to in the end.
    pub(super) to: usize,
    /// Whether they lead back.
    pub(super) back: bool,
}

/// The lane of every bundle.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    /// From the first gap that a bundle uses to the last.
    spans: BTreeMap<Bundle, (usize, usize)>,
    lanes: BTreeMap<Bundle, usize>,
    pub(super) count: usize,
    pub(super) work: u64,
}

impl Lanes {
    /// A bundle reaches from one gap between rows to another.
    pub(super) fn reach(&mut self, bundle: Bundle, one: usize, other: usize) {
        let span = self.spans.entry(bundle).or_insert((one, one));
        *span = (span.0.min(one).min(other), span.1.max(one).max(other));
        self.work += 1;
    }

    /// Gives each bundle the first lane that is free where it begins.
    pub(super) fn assign(&mut self) {
        let mut sorted: Vec<(usize, usize, Bundle)> =
            self.spans.iter().map(|(bundle, (from, to))| (*from, *to, *bundle)).collect();
        let mut compared = 0;
        sorted.sort_by(|a, b| {
            compared += 1;
            a.cmp(b)
        });
        self.work += compared;
        let mut busy: BinaryHeap<Reverse<(usize, usize)>> = BinaryHeap::new();
        for (from, to, bundle) in sorted {
            self.work += 1;
            let lane = match busy.peek() {
                Some(Reverse((end, lane))) if *end < from => {
                    let lane = *lane;
                    busy.pop();
                    lane
                }
                _ => {
                    self.count += 1;
                    self.count - 1
                }
            };
            busy.push(Reverse((to, lane)));
            self.lanes.insert(bundle, lane);
        }
    }

    /// The lane of a bundle that was told of.
    pub(super) fn of(&self, bundle: Bundle) -> usize {
        self.lanes.get(&bundle).copied().unwrap_or(0)
    }
}
