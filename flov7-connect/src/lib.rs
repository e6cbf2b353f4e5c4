//! flov7-connect
