//! How long the journal is since the last snapshot, and when another is worth it (RULES, snapshot).

use std::sync::Arc;

use crate::machine::TurnBody;

/// A shorter tail is replayed faster than a snapshot is read.
const EVENTS: u64 = 256;

/// A tail is worth a snapshot when it is so many times as long: then all snapshots together are a fraction of the
/// journal, however long it grows.
const TIMES: usize = 4;

/// The journal since the last snapshot.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tail {
    events: u64,
    bytes: usize,
    /// The size of the last snapshot that was made, whether it was kept or not.
    snapshot: usize,
}

impl Tail {
    /// The tail of a journal that was loaded.
    pub(super) fn loaded(snapshot: Option<&[u8]>, turns: &[TurnBody]) -> Tail {
        let mut tail = Tail { snapshot: snapshot.map_or(0, <[u8]>::len), ..Tail::default() };
        turns.iter().for_each(|turn| tail.grow(turn));
        tail
    }

    /// The journal grew by a turn.
    pub(super) fn grow(&mut self, turn: &TurnBody) {
        self.events += u64::from(turn.count);
        self.bytes += turn.body.len();
    }

    /// A snapshot, if the tail is long enough for it. Making one to find out costs no more, over time, than the tail.
    pub(super) fn snapshot(&mut self, make: impl FnOnce() -> Option<Arc<[u8]>>) -> Option<Arc<[u8]>> {
        let worth = |size: usize| size.saturating_mul(TIMES) < self.bytes;
        if self.events <= EVENTS || !worth(self.snapshot) {
            return None;
        }
        let snapshot = make()?;
        let kept = worth(snapshot.len());
        self.snapshot = snapshot.len();
        if !kept {
            return None;
        }
        (self.events, self.bytes) = (0, 0);
        Some(snapshot)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::Timestamp;

    fn turn(events: u32, bytes: usize) -> TurnBody {
        let body = vec![0; bytes].into();
        TurnBody { first_seq: 0, count: events, turn: 0, at: Timestamp::EPOCH, v: 1, decided: 0, body }
    }

    fn bytes(size: usize) -> Option<Arc<[u8]>> {
        Some(vec![0; size].into())
    }

    #[test]
    fn snapshot_only_of_a_long_tail() {
        let mut tail = Tail::default();
        tail.grow(&turn(256, 100_000));
        assert!(tail.snapshot(|| bytes(1)).is_none(), "256 events are not longer than 256");
        tail.grow(&turn(1, 10));
        assert!(tail.snapshot(|| bytes(1)).is_some());
        assert!(tail.snapshot(|| bytes(1)).is_none(), "the tail is empty again");
    }

    #[test]
    fn snapshot_only_where_the_tail_is_four_times_as_long() {
        let mut tail = Tail::default();
        tail.grow(&turn(300, 4_000));
        assert!(tail.snapshot(|| bytes(1_000)).is_none());
        let made = std::cell::Cell::new(0);
        for _ in 0..100 {
            tail.grow(&turn(1, 1));
            tail.snapshot(|| {
                made.set(made.get() + 1);
                bytes(1_500)
            });
        }
        assert_eq!(made.get(), 1, "it is not made again before the tail can have grown enough");
        tail.grow(&turn(1, 2_000));
        assert!(tail.snapshot(|| bytes(1_500)).is_some());
    }
}
