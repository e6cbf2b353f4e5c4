//! The command line of flov7.
fn main() {}
