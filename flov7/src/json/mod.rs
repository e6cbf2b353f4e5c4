//! JSON as flov7 means it: read strictly, compared exactly, written in one way.
//!
//! Every value that enters flov7 (a document, an input, a body, what a handler returned, a stored row) passes
//! [`read`], [`read_document`] or [`enter`]; what has passed is normalised, and everything inside relies on it:
//!
//! - an integer lies in -2^63 … 2^64-1 and is exact; a double has a fraction, or a magnitude above 2^53;
//! - no object has a member twice; nothing nests deeper than [`MAX_DEPTH`].
//!
//! `serde_json::Value` carries the values. Its parser and its `==` are not used: the parser reads
//! `100000000000000000000` silently as 1e20, and `==` says that `1` is not `1.0`. Nothing here relies on the
//! order of `serde_json::Map` or on how `Number` stores a number, so that another crate may turn on
//! `preserve_order` or `arbitrary_precision`.
//!
//! ```
//! use flov7::json::{self, ReadLimits};
//!
//! let value = json::read(r#"{ "b": 2.0, "a": [1e17, 0.1] }"#, &ReadLimits::default()).unwrap();
//! assert_eq!(json::canonical(&value), r#"{"a":[1e17,0.1],"b":2}"#);
//!
//! let fault = json::read(r#"{ "a": 1, "a": 2 }"#, &ReadLimits::default()).unwrap_err();
//! assert_eq!((fault.code, fault.line, fault.column), ("duplicate-member", 1, 11));
//! ```

mod build;
mod canonical;
mod edit;
mod fault;
mod hash;
mod limits;
mod number;
mod patch;
mod pointer;
mod read;
mod span;
mod value;
#[cfg(feature = "yaml")]
pub mod yaml;

pub use build::Reading;
pub use canonical::{canonical, canonical_size, digest};
pub use edit::edit;
pub use fault::ReadError;
pub use hash::{Fnv64, fnv1a64, hash64};
pub use limits::{BigNumbers, ReadLimits};
pub use number::{Numeric, compare_numbers, number_text};
pub use patch::{PatchError, PatchOp, apply};
pub use pointer::{Pointer, escape, get, tokens, unescape};
pub(crate) use pointer::{Trail, below, child, push_index, push_member};
pub use read::{examine, read, read_document};
pub use span::{Document, Lines, Span, Spans, line_column};
pub use value::{EnterFault, NumberRange, discard, enter, equal, normalize, weight};
pub(crate) use value::{enter_weighed, longest};

/// The deepest nesting of lists and objects that any value has. `[[]]` is two deep.
pub const MAX_DEPTH: usize = 256;

/// How deep a text may nest that flov7 itself has written: what it puts around a value (a bundle puts two levels around
/// a document, three around a schema of the catalogue) comes on top of [`MAX_DEPTH`], so that whatever was taken in can
/// be kept.
pub const MAX_STORED_DEPTH: usize = MAX_DEPTH + 8;
