//! How turns and snapshots are written: small tagged bytes, the same in every process.
//!
//! Whole numbers are varints of seven bits, least significant first; signed ones are zigzag. A text is its length and
//! its UTF-8. A JSON value begins with a byte whose low half says what it is and whose high half holds a small length
//! or number (15: a varint follows). Members are written sorted by key, so equal values have equal bytes.

mod bytes;
mod events;
mod value;

pub(crate) use bytes::{Fault, In, Out};
pub(crate) use events::{EventRef, OutcomeRef, read_turn, write_end, write_event};
pub(crate) use value::{read_value, write_value};
