//! flov7-sqlite
