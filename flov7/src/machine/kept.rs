//! A value that may be wanted again, as its bytes: whoever was given the value may take it apart.

use serde_json::Value;

use super::codec::{self, Fault, In, Out};

/// The bytes of most inputs.
const ROOM: usize = 1_000;

/// A value's bytes. They cost a fraction of a second tree, in time and in memory, and are what a snapshot holds.
#[derive(Clone, Debug)]
pub(super) struct Kept(Box<[u8]>);

impl Kept {
    pub(super) fn of(value: &Value) -> Kept {
        // Written where there is room for nearly all, and cut to what it takes: growing costs more than both.
        let mut out = Out(Vec::with_capacity(ROOM));
        codec::write_value(&mut out, value);
        Kept(out.0.as_slice().into())
    }

    /// The value, made again: equal to what it was. None only where the bytes are not ours.
    pub(super) fn value(&self) -> Option<Value> {
        codec::read_value(&mut In::new(&self.0)).ok()
    }

    pub(super) fn write(&self, out: &mut Out) {
        out.bytes(&self.0);
    }

    pub(super) fn read(input: &mut In<'_>) -> Result<Kept, Fault> {
        codec::read_value(input).map(|value| Kept::of(&value))
    }
}
