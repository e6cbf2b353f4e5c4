//! How turns and snapshots are written: small tagged bytes, the same in every process.
//!
//! Whole numbers are varints of seven bits, least significant first; signed ones are zigzag. A text is its length and
//! its UTF-8. A JSON value begins with a byte whose low half says what it is and whose high half holds a small length
//! or number (15: a varint follows). Members are written sorted by key, so equal values have equal bytes.

mod bytes;
mod events;
mod value;

pub(crate) use bytes::{Fault, In, Out};
pub(crate) use events::{
    EventRef, OutcomeRef, effect_code, read_effect, read_ended, read_execution, read_failure, read_origin,
    read_path, read_recorded, read_signal, read_started, read_turn, read_wait, write_end, write_ended,
    write_event, write_failure, write_origin, write_recorded, write_signal, write_started, write_wait,
};
pub(crate) use value::{read_value, write_value};
