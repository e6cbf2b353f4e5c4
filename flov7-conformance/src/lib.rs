//! flov7-conformance
