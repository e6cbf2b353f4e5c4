//! Broken stores.
