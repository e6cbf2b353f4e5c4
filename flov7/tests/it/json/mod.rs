//! The reader and what is computed from values.

mod read;
