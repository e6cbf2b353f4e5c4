//! Numbers inside expressions (RULES, num.*): exact 64-bit integers, else doubles, freely mixed.
//!
//! Integers are computed in 128 bits and then checked against [-2^63, 2^64-1]; one double makes the result a
//! double. Nothing is normalised between two operators: that happens to literals, and when a value leaves.

use std::cmp::Ordering;

use serde_json::Number;

use crate::json::{Numeric, number_text};

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

/// Why arithmetic has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NumError {
    /// An integer outside its range, an infinity or not a number: `data.overflow`.
    Overflow,
    /// A division by zero: `data.division`.
    Division,
}

/// A [`Num`] or the reason why there is none.
type NumResult = Result<Num, NumError>;

impl Num {
    /// The number as it enters and leaves: a double without fraction and of magnitude ≤ 2^53 is an integer.
    #[must_use]
    pub fn normalized(self) -> Num {
        match self {
            Num::Double(double) => Num::from_numeric(Numeric::Double(double).normalized()).unwrap_or(self),
            other => other,
        }
    }

    /// The JSON number, normalised.
    #[must_use]
    pub fn to_number(self) -> Number {
        match self {
            Num::Int(n) => n.into(),
            Num::Big(n) => n.into(),
            // A double in here is finite, so the fallback is never taken.
            Num::Double(_) => self.numeric().number().unwrap_or_else(|| Number::from(0)),
        }
    }

    /// Its text: all digits of an integer, a double as ECMAScript prints it.
    #[must_use]
    pub fn text(self) -> String {
        match self {
            Num::Int(n) => n.to_string(),
            Num::Big(n) => n.to_string(),
            Num::Double(_) => number_text(&self.to_number()),
        }
    }

    /// Exact comparison, never by rounding an integer.
    #[must_use]
    pub fn compare(self, other: Num) -> Ordering {
        match (self, other) {
            (Num::Int(a), Num::Int(b)) => a.cmp(&b),
            _ => self.numeric().compare(other.numeric()),
        }
    }

    /// The number as a double; an integer beyond 2^53 is rounded to the nearest.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Num::Int(n) => n as f64,
            Num::Big(n) => n as f64,
            Num::Double(d) => d,
        }
    }

    /// The integer that it is, a double without fraction included; nothing outside i64.
    pub(crate) fn as_whole(self) -> Option<i64> {
        match self.normalized() {
            Num::Int(n) => Some(n),
            _ => None,
        }
    }

    fn numeric(self) -> Numeric {
        match self {
            Num::Int(n) => Numeric::Integer(n.into()),
            Num::Big(n) => Numeric::Integer(n.into()),
            Num::Double(d) => Numeric::Double(d),
        }
    }

    fn from_numeric(numeric: Numeric) -> Result<Num, NumError> {
        match numeric {
            Numeric::Integer(n) => Num::integer(n),
            Numeric::Double(d) => Num::double(d),
        }
    }

    /// The integer, if it is in range.
    pub(crate) fn integer(n: i128) -> NumResult {
        if let Ok(n) = i64::try_from(n) {
            return Ok(Num::Int(n));
        }
        u64::try_from(n).map(Num::Big).map_err(|_| NumError::Overflow)
    }

    /// The double, if it is finite.
    pub(crate) fn double(d: f64) -> NumResult {
        if d.is_finite() { Ok(Num::Double(d)) } else { Err(NumError::Overflow) }
    }

    /// The exact integer, for arithmetic in 128 bits.
    fn exact(self) -> Option<i128> {
        match self {
            Num::Int(n) => Some(n.into()),
            Num::Big(n) => Some(n.into()),
            Num::Double(_) => None,
        }
    }

    fn is_zero(self) -> bool {
        matches!(self, Num::Int(0)) || matches!(self, Num::Double(d) if d == 0.0)
    }

    /// `a + b`.
    pub(crate) fn add(self, other: Num) -> NumResult {
        if let (Num::Int(a), Num::Int(b)) = (self, other)
            && let Some(sum) = a.checked_add(b)
        {
            return Ok(Num::Int(sum));
        }
        match (self.exact(), other.exact()) {
            (Some(a), Some(b)) => Num::integer(a + b),
            _ => Num::double(self.as_f64() + other.as_f64()),
        }
    }

    /// `a - b`.
    pub(crate) fn subtract(self, other: Num) -> NumResult {
        match (self.exact(), other.exact()) {
            (Some(a), Some(b)) => Num::integer(a - b),
            _ => Num::double(self.as_f64() - other.as_f64()),
        }
    }

    /// `a * b`.
    pub(crate) fn multiply(self, other: Num) -> NumResult {
        match (self.exact(), other.exact()) {
            // Two numbers below 2^64 can exceed 2^127, hence checked.
            (Some(a), Some(b)) => Num::integer(a.checked_mul(b).ok_or(NumError::Overflow)?),
            _ => Num::double(self.as_f64() * other.as_f64()),
        }
    }

    /// `a / b`: the integer where it divides, else the nearest double.
    pub(crate) fn divide(self, other: Num) -> NumResult {
        if other.is_zero() {
            return Err(NumError::Division);
        }
        match (self.exact(), other.exact()) {
            (Some(a), Some(b)) if a % b == 0 => Num::integer(a / b),
            (Some(a), Some(b)) => Num::double(nearest_quotient(a, b)),
            _ => Num::double(self.as_f64() / other.as_f64()),
        }
    }

    /// `a % b`, with the sign of `a`.
    pub(crate) fn remainder(self, other: Num) -> NumResult {
        if other.is_zero() {
            return Err(NumError::Division);
        }
        match (self.exact(), other.exact()) {
            (Some(a), Some(b)) => Num::integer(a % b),
            _ => Num::double(self.as_f64() % other.as_f64()),
        }
    }

    /// The quotient of `/`, cut to whole.
    pub(crate) fn quotient(self, other: Num) -> NumResult {
        if other.is_zero() {
            return Err(NumError::Division);
        }
        match (self.exact(), other.exact()) {
            (Some(a), Some(b)) => Num::integer(a / b),
            _ => Num::double((self.as_f64() / other.as_f64()).trunc()),
        }
    }

    /// `-a`.
    pub(crate) fn negate(self) -> NumResult {
        match self {
            Num::Double(d) => Ok(Num::Double(-d)),
            _ => Num::Int(0).subtract(self),
        }
    }

    /// The magnitude.
    pub(crate) fn abs(self) -> NumResult {
        if self.compare(Num::Int(0)).is_lt() { self.negate() } else { Ok(self) }
    }

    /// A double changed by `f`, an integer as it is.
    pub(crate) fn map_double(self, f: impl FnOnce(f64) -> f64) -> Num {
        match self {
            Num::Double(d) => Num::Double(f(d)),
            whole => whole,
        }
    }

    /// Rounds to `digits` places after the point (before it, where negative), half away from zero, on the
    /// shortest decimal text: 1.005 to two places is 1.01, as it reads.
    pub(crate) fn round(self, digits: i64) -> NumResult {
        match self {
            Num::Double(d) => round_double(d, digits),
            _ if digits >= 0 => Ok(self),
            whole => round_integer(whole.exact().unwrap_or(0), digits),
        }
    }
}

impl From<&Number> for Num {
    fn from(number: &Number) -> Num {
        if let Some(n) = number.as_i64() {
            return Num::Int(n);
        }
        // Only a number that never passed our reader is outside the range, and then only where another crate
        // turned on arbitrary precision; the largest double keeps the promise that numbers are finite.
        Num::from_numeric(Numeric::of(number)).unwrap_or_else(|_| {
            Num::Double(f64::MAX.copysign(if number.to_string().starts_with('-') { -1.0 } else { 1.0 }))
        })
    }
}

/// The double nearest to a / b. Dividing two rounded doubles would round twice where an operand is above 2^53.
fn nearest_quotient(a: i128, b: i128) -> f64 {
    const EXACT: u128 = 1 << 53;
    let (x, y) = (a.unsigned_abs(), b.unsigned_abs());
    let quotient = if x <= EXACT && y <= EXACT {
        x as f64 / y as f64
    } else {
        // Both are below 2^65, so shifting the dividend to the top leaves at least 62 bits of quotient; with the
        // remainder folded into the last of them, the one rounding of the conversion is the right one.
        let shift = x.leading_zeros();
        let shifted = x << shift;
        let sticky = u128::from(shifted % y != 0);
        // A power of two within a double's range: the scaling is exact.
        ((shifted / y) | sticky) as f64 * 2f64.powi(-i32::try_from(shift).unwrap_or(0))
    };
    if (a < 0) == (b < 0) { quotient } else { -quotient }
}

fn round_integer(n: i128, digits: i64) -> NumResult {
    // An integer has at most 20 digits: rounding further up gives 0.
    let places = u32::try_from(digits.unsigned_abs()).unwrap_or(u32::MAX);
    let Some(unit) = 10i128.checked_pow(places).filter(|_| places <= 20) else { return Ok(Num::Int(0)) };
    let rest = n % unit;
    let down = n - rest;
    let rounded =
        if rest.unsigned_abs() * 2 >= unit.unsigned_abs() { down + unit * n.signum() } else { down };
    Num::integer(rounded)
}

fn round_double(d: f64, digits: i64) -> NumResult {
    // Rust prints the shortest digits that read back: one digit, a point, more digits, and an exponent.
    let text = format!("{:e}", d.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i64 = exponent.parse().unwrap_or(0);
    let mut figures: Vec<u8> = mantissa.bytes().filter(u8::is_ascii_digit).collect();
    // How many figures stay: those before the point, and `digits` after it.
    let keep = exponent.saturating_add(1).saturating_add(digits);
    let Ok(keep) = usize::try_from(keep) else { return Ok(Num::Int(0)) };
    if keep >= figures.len() {
        return Ok(Num::Double(d));
    }
    let up = figures[keep] >= b'5';
    figures.truncate(keep);
    let mut exponent = exponent;
    if up {
        let mut at = keep;
        loop {
            if at == 0 {
                // 9.99 became 10.0: one figure more before the point.
                figures.insert(0, b'1');
                exponent += 1;
                break;
            }
            at -= 1;
            if figures[at] == b'9' {
                figures[at] = b'0';
            } else {
                figures[at] += 1;
                break;
            }
        }
    }
    if figures.is_empty() {
        return Ok(Num::Int(0));
    }
    let figures: String = figures.iter().map(|b| char::from(*b)).collect();
    let text = format!("{}.{}e{exponent}", &figures[..1], &figures[1..]);
    let rounded: f64 = text.parse().unwrap_or(d.abs());
    Num::double(rounded.copysign(d))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quotient_is_rounded_once() {
        // Checked against exact rational arithmetic in Python: Fraction(a, b) to float.
        let cases: &[(i128, i128, f64)] = &[
            (7, 2, 3.5),
            (-7, 2, -3.5),
            (1, 3, 1.0 / 3.0),
            (u64::MAX.into(), 3, 6_148_914_691_236_517_205.0),
            (9_007_199_254_740_993, 2, 4_503_599_627_370_496.5),
            (i64::MIN.into(), 3, -3_074_457_345_618_258_602.6),
            (1, u64::MAX.into(), 5.421_010_862_427_522e-20),
        ];
        for (a, b, expected) in cases {
            assert_eq!(nearest_quotient(*a, *b), *expected, "{a} / {b}");
        }
    }

    #[test]
    fn rounding_works_on_the_shortest_text() {
        let cases: &[(f64, i64, f64)] = &[
            (1.005, 2, 1.01),
            (-1.005, 2, -1.01),
            (2.5, 0, 3.0),
            (-2.5, 0, -3.0),
            (0.5, 0, 1.0),
            (0.49, 0, 0.0),
            (0.05, 1, 0.1),
            (0.04, 1, 0.0),
            (0.004, 1, 0.0),
            (9.995, 2, 10.0),
            (99.99, 1, 100.0),
            (0.999, 2, 1.0),
            (1234.5, -2, 1200.0),
            (1250.5, -2, 1300.0),
            (51.5, -2, 100.0),
            (49.5, -2, 0.0),
            (1e22, 2, 1e22),
            (1e-7, 7, 1e-7),
            (1.5e300, 400, 1.5e300),
            (1.5, i64::MAX, 1.5),
            (1.5, i64::MIN, 0.0),
        ];
        for (value, digits, expected) in cases {
            assert_eq!(
                Num::Double(*value).round(*digits).unwrap().as_f64(),
                *expected,
                "{value} to {digits}"
            );
        }
        let whole: &[(i64, i64, i64)] = &[
            (1250, -2, 1300),
            (-1250, -2, -1300),
            (1249, -2, 1200),
            (5, -1, 10),
            (4, -1, 0),
            (4, -30, 0),
            (7, 3, 7),
        ];
        for (value, digits, expected) in whole {
            assert_eq!(Num::Int(*value).round(*digits).unwrap(), Num::Int(*expected), "{value} to {digits}");
        }
        assert_eq!(Num::Big(u64::MAX).round(-1), Err(NumError::Overflow));
    }
}
