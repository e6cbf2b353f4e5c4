//! Types: what a value at some place can be, read from JSON Schemas.
//!
//! - [`lower()`] turns a schema into a [`Type`], an upper bound of the values that the schema allows;
//! - [`assign()`] says whether every value of one schema may go where another is asked for, with a witness if not;
//! - [`SchemaChecker`] holds values against schemas at the borders;
//! - [`sample()`] makes up the smallest value of a schema, [`samples()`] those at its edges;
//! - [`Type::refusal`] says why a value is not of a type;
//! - [`Type`] is also what the expression checker computes with: unions, narrowing, constants.
//!
//! ```
//! use flov7::types::{Assign, Defs, assign, lower};
//! use serde_json::json;
//!
//! let from = lower(&json!({ "type": "number" }), &Defs::none()).unwrap();
//! let to = lower(&json!({ "type": "integer" }), &Defs::none()).unwrap();
//! assert_eq!(assign(&to, &from), Assign::Yes);
//! assert_eq!(assign(&from, &to), Assign::No { witness: json!(0.5) });
//! ```
//!
//! # The profile
//!
//! Schemas are JSON Schema 2020-12, local to the document. All keywords of the applicator, validation and meta-data
//! vocabularies are read. `format` is an annotation (the default of 2020-12): it is never checked. Refused as
//! `bad-schema`: `unevaluatedProperties`, `unevaluatedItems`, dynamic references, `$id` inside a schema, patterns
//! that need backtracking, more than 64 schemas within each other, more than 64 references that lead on to each other,
//! and references that go in a circle without passing into a member or an item. References are `#/types/NAME` and pointers into the schema itself (`#`,
//! `#/$defs/NAME`); anything else is `remote-schema`. Unknown keywords are allowed and constrain nothing, but a
//! schema that has one is not counted as exact.
//!
//! A schema that is silent about further members is open. One that says nothing at all (`{}`, `true`) is
//! [untyped](Type::untyped).

mod arith;
mod assign;
mod check;
mod contains;
mod display;
mod facet;
mod few;
mod imply;
mod infer;
mod known;
mod lattice;
mod literal;
mod lower;
mod members;
mod merge;
mod narrow;
mod number;
mod opaque;
mod parts;
mod pattern;
mod profile;
mod refusal;
mod sample;
mod scope;
mod size;
mod witness;
mod work;

pub(crate) use arith::{Arith, Outcome};
pub(crate) use assign::takes_members;
pub use assign::{Assign, assign};
pub use check::{MAX_VIOLATIONS, SchemaChecker, Violation};
pub(crate) use facet::length;
pub use infer::{Usage, infer_expect};
pub use lattice::{Additional, Kind, Kinds, MemberLookup, Presence, Type};
pub(crate) use lattice::{NumberFacet, constant};
pub(crate) use lower::lower_shared;
pub use lower::{Lowered, lower};
pub(crate) use narrow::Limit;
pub use narrow::Segment;
pub(crate) use number::{Bound, Num};
pub use profile::{SchemaFault, SchemaFaultKind};
pub use refusal::Refusal;
pub use sample::{NoSample, sample, samples};
pub use scope::Defs;
pub(crate) use size::MAX_TEXT;
