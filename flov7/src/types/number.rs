//! Exact numbers for bounds, enums and `multipleOf`: ordered as JSON numbers are, so that they can be kept in sets.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::json::Numeric;

/// A number of a schema: a [`Numeric`] with the total order of exact comparison ([num.eq]), so 2^53 + 1 is not equal
/// to any double.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Num(Numeric);

/// The smallest integer a value may hold (RULES num.entry).
pub(crate) const INT_MIN: i128 = Numeric::MIN_INTEGER;
/// The largest integer a value may hold (RULES num.entry).
pub(crate) const INT_MAX: i128 = Numeric::MAX_INTEGER;

impl Num {
    /// A whole number. Arithmetic on bounds may leave the range of values.
    pub(crate) fn int(whole: i128) -> Num {
        Num(Numeric::Integer(whole))
    }

    /// A finite double, as an integer where it has no fraction and its magnitude is at most 2^53; `None` for what is
    /// not finite.
    pub(crate) fn real(real: f64) -> Option<Num> {
        real.is_finite().then(|| Num(Numeric::Double(real).normalized()))
    }

    /// A JSON number; `None` where no double holds it (our reader lets no such number in).
    pub(crate) fn read(number: &Number) -> Option<Num> {
        match Numeric::of(number) {
            Numeric::Double(real) if !real.is_finite() => None,
            number => Some(Num(number)),
        }
    }

    /// The number as JSON, where it fits (an integer outside 64 bits does not).
    pub(crate) fn to_value(self) -> Option<Value> {
        self.0.number().map(Value::Number)
    }

    /// The whole number, where it is held as one.
    pub(crate) fn as_int(self) -> Option<i128> {
        match self.0 {
            Numeric::Integer(whole) => Some(whole),
            Numeric::Double(_) => None,
        }
    }

    /// Whether it has no fraction. `1.0` is an integer in JSON Schema 2020-12.
    pub(crate) fn is_whole(self) -> bool {
        match self.0 {
            Numeric::Integer(_) => true,
            Numeric::Double(real) => real.fract() == 0.0,
        }
    }

    /// The nearest double.
    pub(crate) fn to_real(self) -> f64 {
        self.0.as_f64()
    }

    /// The greatest whole number not above it, saturating at the ends of 128 bits.
    pub(crate) fn floor(self) -> i128 {
        match self.0 {
            Numeric::Integer(whole) => whole,
            // A float-to-integer cast saturates, which is what is promised.
            Numeric::Double(real) => real.floor() as i128,
        }
    }

    /// The smallest whole number not below it, saturating at the ends of 128 bits.
    pub(crate) fn ceil(self) -> i128 {
        match self.0 {
            Numeric::Integer(whole) => whole,
            // As in `floor`.
            Numeric::Double(real) => real.ceil() as i128,
        }
    }

    /// Whether `self` is a whole multiple of `step` (JSON Schema `multipleOf`), decided on the shortest decimal
    /// text of both, so `1.1` is a multiple of `0.1`. Nothing but zero is a multiple of zero.
    pub(crate) fn is_multiple_of(self, step: Num) -> bool {
        let (Some(value), Some(step)) = (Decimal::of(self), Decimal::of(step)) else { return false };
        if value.digits == 0 {
            return true;
        }
        if step.digits == 0 {
            return false;
        }
        // value = digits·10^exponent; divide both sides by the smaller power of ten.
        let shift = i64::from(value.exponent) - i64::from(step.exponent);
        if shift >= 0 {
            return multiply_power_of_ten(value.digits % step.digits, shift, step.digits) == 0;
        }
        // value / (step · 10^-shift): the divisor outgrows any value after 39 digits.
        let mut divisor = step.digits;
        for _ in 0..-shift {
            match divisor.checked_mul(10) {
                Some(next) if next <= value.digits => divisor = next,
                _ => return false,
            }
        }
        value.digits % divisor == 0
    }
}

/// `digits · 10^power mod modulus`, for a modulus of at most 2^127; the power is at most about 650.
fn multiply_power_of_ten(digits: u128, power: i64, modulus: u128) -> u128 {
    let mut rest = digits % modulus;
    for _ in 0..power {
        // Ten additions below the modulus: a product could leave 128 bits.
        rest = (0..10).fold(0, |sum, _| (sum + rest) % modulus);
        if rest == 0 {
            return 0;
        }
    }
    rest
}

/// A magnitude as `digits · 10^exponent`; the sign does not matter for divisibility.
struct Decimal {
    digits: u128,
    exponent: i32,
}

impl Decimal {
    fn of(number: Num) -> Option<Decimal> {
        let real = match number.0 {
            Numeric::Integer(whole) => return Some(Decimal { digits: whole.unsigned_abs(), exponent: 0 }),
            Numeric::Double(real) => real,
        };
        // `{:e}` prints the shortest text that reads back to the same double: at most 17 digits.
        let text = format!("{:e}", real.abs());
        let (mantissa, exponent) = text.split_once('e')?;
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: u128 = format!("{whole}{fraction}").parse().ok()?;
        let exponent: i32 = exponent.parse().ok()?;
        Some(Decimal { digits, exponent: exponent - i32::try_from(fraction.len()).ok()? })
    }
}

impl PartialEq for Num {
    fn eq(&self, other: &Num) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Num {}

impl PartialOrd for Num {
    fn partial_cmp(&self, other: &Num) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Num {
    fn cmp(&self, other: &Num) -> Ordering {
        self.0.compare(other.0)
    }
}

impl std::fmt::Display for Num {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.number() {
            Some(number) => f.write_str(&crate::json::number_text(&number)),
            None => write!(f, "{}", self.0.as_f64()),
        }
    }
}

/// One end of a range of numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// The number at the end.
    pub(crate) at: Num,
    /// Whether the number itself is outside.
    pub(crate) exclusive: bool,
}

impl Bound {
    /// An end that belongs to the range.
    pub(crate) fn inclusive(at: Num) -> Bound {
        Bound { at, exclusive: false }
    }

    /// An end that does not belong to the range.
    pub(crate) fn exclusive(at: Num) -> Bound {
        Bound { at, exclusive: true }
    }

    /// Whether `number` lies on the inner side of this lower end.
    pub(crate) fn below(self, number: Num) -> bool {
        if self.exclusive { self.at < number } else { self.at <= number }
    }

    /// Whether `number` lies on the inner side of this upper end.
    pub(crate) fn above(self, number: Num) -> bool {
        if self.exclusive { number < self.at } else { number <= self.at }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn real(value: f64) -> Num {
        Num::real(value).unwrap_or(Num::int(0))
    }

    #[test]
    fn multiples_are_decided_on_decimals() {
        let cases: &[(f64, f64, bool)] = &[
            (0.0, 2.0, true),
            (4.5, 1.5, true),
            (35.0, 1.5, false),
            (0.0075, 0.0001, true),
            (0.00751, 0.0001, false),
            (1.1, 0.1, true),
            (1e308, 0.5, true),
            (1e308, 0.123_456_789, false),
            (19.99, 0.01, true),
            (1e-300, 1e300, false),
            (12.0, 0.0, false),
        ];
        for (value, step, expected) in cases {
            let found = real(*value).is_multiple_of(real(*step));
            assert_eq!(found, *expected, "{value} multipleOf {step}");
        }
        assert!(Num::int(INT_MAX).is_multiple_of(Num::int(3)));
        assert!(!Num::int(INT_MAX).is_multiple_of(Num::int(2)));
    }
}
