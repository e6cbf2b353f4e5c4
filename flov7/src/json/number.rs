//! Numbers: one type for documents and people, exact integers and doubles inside.

use std::cmp::Ordering;
use std::fmt::Write;

use serde_json::Number;

/// 2^53: up to here every integer is a double and the next integer is another one.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// A JSON number, taken apart and normalised: a double without fraction and of magnitude up to 2^53 is an
/// integer, and so is -0.0.
#[derive(Debug, Clone, Copy)]
pub enum Numeric {
    /// An integer. What [`Numeric::of`] returns lies in -2^63 … 2^64-1; arithmetic in 128 bits may leave it.
    Integer(i128),
    /// A double. What [`Numeric::of`] returns has a fraction or a magnitude above 2^53.
    Double(f64),
}

impl Numeric {
    /// The smallest integer of a document, -2^63.
    pub const MIN_INTEGER: i128 = i64::MIN as i128;
    /// The largest integer of a document, 2^64-1.
    pub const MAX_INTEGER: i128 = u64::MAX as i128;

    /// The number inside `number`. A `Number` that did not pass our reader, and holds an integer beyond the
    /// range (possible with `arbitrary_precision` only), counts as the nearest double.
    #[must_use]
    pub fn of(number: &Number) -> Numeric {
        if let Some(integer) = number.as_i64() {
            return Numeric::Integer(integer.into());
        }
        if let Some(integer) = number.as_u64() {
            return Numeric::Integer(integer.into());
        }
        match number.as_f64() {
            Some(double) => Numeric::Double(double).normalized(),
            // Only `arbitrary_precision` keeps literals that no double holds, such as 1e400.
            None if number.to_string().starts_with('-') => Numeric::Double(f64::NEG_INFINITY),
            None => Numeric::Double(f64::INFINITY),
        }
    }

    /// The number that a literal of RFC 8259 stands for, or none when it is an integer outside
    /// -2^63 … 2^64-1 or a magnitude that no double holds. The nearest double where a fraction or an exponent
    /// is written; never a rounded integer.
    #[must_use]
    pub fn read(literal: &str) -> Option<Numeric> {
        if literal.bytes().any(|byte| matches!(byte, b'.' | b'e' | b'E')) {
            let double: f64 = literal.parse().ok()?;
            return double.is_finite().then(|| Numeric::Double(double).normalized());
        }
        let small = literal.parse::<i64>().map(i128::from);
        let integer = small.or_else(|_| literal.parse::<u64>().map(i128::from));
        integer.ok().map(Numeric::Integer)
    }

    /// A whole double of magnitude up to 2^53 as the integer it is; anything else unchanged.
    #[must_use]
    pub fn normalized(self) -> Numeric {
        match self {
            Numeric::Double(double) if double.abs() <= EXACT => {
                // Exact in this range, towards zero beyond the point.
                let whole = double as i64;
                if whole as f64 == double { Numeric::Integer(whole.into()) } else { self }
            }
            _ => self,
        }
    }

    /// The normalised number, or none when it is an integer outside -2^63 … 2^64-1, infinite or not a number.
    #[must_use]
    pub fn number(self) -> Option<Number> {
        match self.normalized() {
            Numeric::Integer(integer) => match u64::try_from(integer) {
                Ok(natural) => Some(Number::from(natural)),
                Err(_) => i64::try_from(integer).ok().map(Number::from),
            },
            Numeric::Double(double) => Number::from_f64(double),
        }
    }

    /// The number as a double; an integer beyond 2^53 is rounded to the nearest.
    #[must_use]
    pub fn as_f64(self) -> f64 {
        match self {
            Numeric::Integer(integer) => integer as f64,
            Numeric::Double(double) => double,
        }
    }

    /// Exact comparison: an integer against a double is decided without rounding either. Not-a-number, which
    /// no JSON value holds, is greater than everything and equal to itself.
    #[must_use]
    pub fn compare(self, other: Numeric) -> Ordering {
        match (self, other) {
            (Numeric::Integer(a), Numeric::Integer(b)) => a.cmp(&b),
            (Numeric::Integer(a), Numeric::Double(b)) => integer_to_double(a, b),
            (Numeric::Double(a), Numeric::Integer(b)) => integer_to_double(b, a).reverse(),
            (Numeric::Double(a), Numeric::Double(b)) => {
                a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
            }
        }
    }
}

fn integer_to_double(integer: i128, double: f64) -> Ordering {
    /// 2^127: no i128 reaches it, and every double below it truncates into an i128 exactly.
    const BOUND: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;
    if double.is_nan() || double >= BOUND {
        return Ordering::Less;
    }
    if double < -BOUND {
        return Ordering::Greater;
    }
    let whole = double.trunc();
    match integer.cmp(&(whole as i128)) {
        // Equal up to the point: the fraction decides.
        Ordering::Equal => 0.0_f64.partial_cmp(&(double - whole)).unwrap_or(Ordering::Equal),
        unequal => unequal,
    }
}

/// Compares two numbers exactly (rule num.eq): by value, whatever kind of number holds it, and never by rounding
/// an integer to a double.
#[must_use]
pub fn compare_numbers(a: &Number, b: &Number) -> Ordering {
    Numeric::of(a).compare(Numeric::of(b))
}

/// The text of a number as people see it, in interpolation and `string(x)`: integers with all digits, doubles as
/// ECMAScript's `Number::toString` (<https://tc39.es/ecma262/#sec-numeric-types-number-tostring>).
#[must_use]
pub fn number_text(number: &Number) -> String {
    let mut text = String::new();
    match Numeric::of(number) {
        Numeric::Integer(integer) => push_integer(&mut text, integer),
        Numeric::Double(double) => push_double(&mut text, double),
    }
    text
}

/// Appends all digits of an integer.
pub(super) fn push_integer(text: &mut String, integer: i128) {
    // Writing into a String cannot fail. Nearly all integers fit, and 64 bits print several times faster.
    let _ = match i64::try_from(integer) {
        Ok(integer) => write!(text, "{integer}"),
        Err(_) => write!(text, "{integer}"),
    };
}

/// Appends a double in canonical form: with an exponent when it has no fraction (`1e17`, `1.5e300`), and as
/// ECMAScript has it otherwise (`0.1`, `1e-7`). Both digits are the shortest that read back as the same double.
pub(super) fn push_canonical_double(text: &mut String, double: f64) {
    if double.fract() == 0.0 {
        let _ = write!(text, "{double:e}");
    } else {
        push_double(text, double);
    }
}

/// Appends a double as ECMAScript prints it.
fn push_double(text: &mut String, double: f64) {
    if !double.is_finite() {
        // No JSON value: only a `Number` that bypassed our reader under `arbitrary_precision` gets here.
        text.push_str(if double.is_nan() {
            "NaN"
        } else if double > 0.0 {
            "Infinity"
        } else {
            "-Infinity"
        });
        return;
    }
    // Rust prints the shortest digits that read back, like ECMAScript, as `d.ddde±x`; only the layout differs.
    let mut scientific = Short::default();
    let _ = write!(scientific, "{double:e}");
    let scientific = scientific.as_str();
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    // ECMAScript's n: the decimal point stands behind the n-th digit.
    let point = exponent + 1;
    if !(-5..=21).contains(&point) {
        text.push_str(mantissa);
        let _ = write!(text, "e{exponent:+}");
        return;
    }
    let mantissa = match mantissa.strip_prefix('-') {
        Some(mantissa) => {
            text.push('-');
            mantissa
        }
        None => mantissa,
    };
    if point <= 0 {
        text.push_str("0.");
        (point..0).for_each(|_| text.push('0'));
    }
    let mut written = 0;
    for digit in mantissa.chars().filter(|digit| *digit != '.') {
        if written == point && point > 0 {
            text.push('.');
        }
        text.push(digit);
        written += 1;
    }
    (written..point).for_each(|_| text.push('0'));
}

/// A text of at most 32 bytes on the stack: the longest shortest double has 24.
#[derive(Default)]
struct Short {
    bytes: [u8; 32],
    length: usize,
}

impl Short {
    fn as_str(&self) -> &str {
        // Only whole strings were copied in.
        std::str::from_utf8(&self.bytes[..self.length]).unwrap_or_default()
    }
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let end = self.length + text.len();
        self.bytes.get_mut(self.length..end).ok_or(std::fmt::Error)?.copy_from_slice(text.as_bytes());
        self.length = end;
        Ok(())
    }
}
