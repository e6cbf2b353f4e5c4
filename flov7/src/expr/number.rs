//! Numbers inside expressions (RULES, num.*): exact 64-bit integers, else doubles, freely mixed.

use serde_json::Number;

/// A number: an integer in [-2^63, 2^64-1], or a finite double.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Num {
    /// An integer that fits `i64`.
    Int(i64),
    /// An integer above `i64::MAX`.
    Big(u64),
    /// A finite double.
    Double(f64),
}

impl From<&Number> for Num {
    fn from(number: &Number) -> Num {
        if let Some(n) = number.as_i64() {
            Num::Int(n)
        } else if let Some(n) = number.as_u64() {
            Num::Big(n)
        } else {
            // Only a number that never passed our reader is out of a double's range, and then only where another
            // crate turned on arbitrary precision; the nearest finite double keeps the invariant.
            Num::Double(number.as_f64().unwrap_or(f64::MAX))
        }
    }
}
