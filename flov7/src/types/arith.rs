//! Arithmetic on types: in which range a result lies, and what can go wrong on the way there.
//!
//! Values are computed as integers of 128 bits where both sides are, else as doubles (RULES num.arith); a range here
//! contains the results of both. Ends beyond 2^53 are widened by one double, because doubles are rounded.

use super::lattice::NumberFacet;
use super::number::{Bound, INT_MAX, INT_MIN, Num};

/// An operator or function with a numeric result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arith {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
    /// Division cut to whole.
    Quotient,
}

/// What an operation can give.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    pub(crate) facet: NumberFacet,
    /// The result may lie outside the range of numbers.
    pub(crate) overflow: bool,
    /// The divisor may be zero.
    pub(crate) by_zero: bool,
    /// The divisor is always zero.
    pub(crate) always_by_zero: bool,
}

/// Both ends of a facet, inside; an open end is `None`.
#[derive(Clone, Copy)]
struct Ends {
    low: Option<Num>,
    high: Option<Num>,
}

/// The greatest magnitude up to which doubles are exact.
const EXACT: i128 = 1 << 53;

impl NumberFacet {
    fn ends(&self) -> Ends {
        Ends { low: self.lower_end().map(|end| end.at), high: self.upper_end().map(|end| end.at) }
    }

    fn between(integer: bool, low: Option<Num>, high: Option<Num>) -> NumberFacet {
        let facet = NumberFacet {
            integer,
            min: low.map(Bound::inclusive),
            max: high.map(Bound::inclusive),
            ..NumberFacet::default()
        };
        let whole = NumberFacet { integer, ..NumberFacet::default() };
        facet.unless_empty().unwrap_or(whole)
    }

    /// Whether zero is among the numbers.
    fn has_zero(&self) -> bool {
        self.accepts(Num::int(0))
    }

    /// Whether every number fits into an integer of 64 bits.
    pub(crate) fn fits_integer(&self) -> bool {
        let ends = self.ends();
        ends.low.is_some_and(|low| low >= Num::int(INT_MIN))
            && ends.high.is_some_and(|high| high <= Num::int(INT_MAX))
    }

    /// Whether every number is whole and fits an index: a signed integer of 64 bits.
    pub(crate) fn is_index(&self) -> bool {
        let most = Num::int(i64::MAX.into());
        self.integer && self.fits_integer() && self.ends().high.is_some_and(|high| high <= most)
    }

    /// The ends as whole numbers, inside.
    pub(crate) fn whole_ends(&self) -> (Option<i128>, Option<i128>) {
        let ends = self.ends();
        (ends.low.map(Num::ceil), ends.high.map(Num::floor))
    }

    /// `self op other`.
    pub(crate) fn combine(&self, op: Arith, other: &NumberFacet) -> Outcome {
        let integer = self.integer && other.integer;
        let (a, b) = (self.ends(), other.ends());
        match op {
            Arith::Add => {
                whole(range(integer, sum(a.low, b.low, Side::Low), sum(a.high, b.high, Side::High)), {
                    adds(a, b)
                })
            }
            Arith::Subtract => {
                let b = negated(b);
                whole(
                    range(integer, sum(a.low, b.low, Side::Low), sum(a.high, b.high, Side::High)),
                    adds(a, b),
                )
            }
            Arith::Multiply => {
                let (low, high) = products(a, b);
                whole(range(integer, low, high), multiplies(a, b))
            }
            Arith::Divide | Arith::Quotient => self.divided(op, other),
            Arith::Remainder => {
                let magnitude = largest(b).map(|most| if integer { most - Step::One } else { most });
                let low = match a.low {
                    Some(low) if low >= Num::int(0) => Some(Num::int(0)),
                    low => greater(low, magnitude.map(negative)),
                };
                let high = match a.high {
                    Some(high) if high <= Num::int(0) => Some(Num::int(0)),
                    high => lesser(high, magnitude),
                };
                Outcome {
                    facet: NumberFacet::between(integer, low, high),
                    overflow: false,
                    by_zero: other.has_zero(),
                    always_by_zero: is_zero(b),
                }
            }
        }
    }

    fn divided(&self, op: Arith, other: &NumberFacet) -> Outcome {
        let (a, b) = (self.ends(), other.ends());
        let by_zero = other.has_zero();
        let positive = b.low.is_some_and(|low| low >= Num::int(1)) || (other.integer && above_zero(other));
        let negative_side = b.high.is_some_and(|high| high <= Num::int(-1));
        let fits = a.low.is_some_and(|low| low >= Num::int(INT_MIN))
            && a.high.is_some_and(|high| high <= Num::int(if negative_side { -INT_MIN } else { INT_MAX }));
        // A divisor of magnitude 1 or more makes nothing larger.
        let tame = positive || (negative_side && fits);
        let (low, high) = match (positive, a.low, a.high) {
            // Dividing by at least 1 moves every number towards zero.
            (true, low, high) => (
                low.map(|low| if low > Num::int(0) { Num::int(0) } else { low }),
                high.map(|high| if high < Num::int(0) { Num::int(0) } else { high }),
            ),
            _ => (None, None),
        };
        let (low, high) = if op == Arith::Divide { (low.map(down), high.map(up)) } else { (low, high) };
        Outcome {
            facet: NumberFacet::between(op == Arith::Quotient, low, high),
            overflow: !tame,
            by_zero,
            always_by_zero: is_zero(b),
        }
    }

    /// `-x`.
    pub(crate) fn negated(&self) -> Outcome {
        let ends = self.ends();
        let fits = ends.high.is_some_and(|high| high <= Num::int(-INT_MIN));
        let flipped = negated(ends);
        let facet = NumberFacet::between(self.integer, flipped.low, flipped.high);
        Outcome { facet, overflow: !fits, by_zero: false, always_by_zero: false }
    }

    /// The magnitude; never fails.
    pub(crate) fn magnitude(&self) -> NumberFacet {
        let ends = self.ends();
        let low = match (ends.low, ends.high) {
            (Some(low), _) if low >= Num::int(0) => low,
            (_, Some(high)) if high <= Num::int(0) => negative(high),
            _ => Num::int(0),
        };
        NumberFacet::between(self.integer, Some(low), largest(ends))
    }

    /// A whole number next to `x`: `floor`, `ceil`, `trunc`, `round`, `int`.
    pub(crate) fn to_whole(&self) -> NumberFacet {
        let ends = self.ends();
        let low = ends.low.map(|low| if low.is_whole() { low } else { Num::int(low.floor()) });
        let high = ends.high.map(|high| if high.is_whole() { high } else { Num::int(high.ceil()) });
        NumberFacet::between(true, low, high)
    }

    /// The nearest double.
    pub(crate) fn widened(&self) -> NumberFacet {
        let ends = self.ends();
        NumberFacet::between(self.integer, ends.low.map(down), ends.high.map(up))
    }

    /// One number next to `x`, up to a whole one away: rounding to some places.
    pub(crate) fn near(&self) -> NumberFacet {
        let whole = self.to_whole();
        NumberFacet { integer: self.integer, ..whole }
    }

    /// The greatest (or least) of one number of each.
    pub(crate) fn extreme(&self, other: &NumberFacet, greatest: bool) -> NumberFacet {
        let (a, b) = (self.ends(), other.ends());
        let (low, high) = if greatest {
            (greater(a.low, b.low), a.high.zip(b.high).map(|(a, b)| a.max(b)))
        } else {
            (a.low.zip(b.low).map(|(a, b)| a.min(b)), lesser(a.high, b.high))
        };
        NumberFacet::between(self.integer && other.integer, low, high)
    }

    /// The sum of `least` to `most` such numbers.
    pub(crate) fn total(&self, least: u64, most: Option<u64>) -> Outcome {
        let ends = self.ends();
        let times = |end: Option<Num>, side: Side| {
            let count = i128::from(most?);
            let end = end?;
            let all = match end.as_int() {
                Some(end) => Num::int(end.checked_mul(count)?),
                None => widened(Num::real(end.to_real() * count_real(most?))?, side),
            };
            let few = match end.as_int() {
                Some(end) => Num::int(end.checked_mul(i128::from(least))?),
                None => widened(Num::real(end.to_real() * count_real(least))?, side),
            };
            Some(match side {
                Side::Low => all.min(few),
                Side::High => all.max(few),
            })
        };
        let (low, high) = (times(ends.low, Side::Low), times(ends.high, Side::High));
        // A count below the least bounds partial sums: those start at zero.
        let partial = Ends { low: lesser(low, Some(Num::int(0))), high: greater(high, Some(Num::int(0))) };
        let inside = low.is_some() && high.is_some();
        let fits = inside && NumberFacet::between(false, partial.low, partial.high).fits_integer();
        // Each addition of doubles may round, so only sums of exact integers keep their ends.
        let small = |end: Option<Num>| end.and_then(Num::as_int).is_some_and(|end| end.abs() <= EXACT);
        let (low, high) = if inside && self.integer && small(partial.low) && small(partial.high) {
            (low, high)
        } else {
            let zero = Num::int(0);
            (
                ends.low.filter(|low| *low >= zero).map(|_| zero),
                ends.high.filter(|high| *high <= zero).map(|_| zero),
            )
        };
        Outcome {
            facet: NumberFacet::between(self.integer, low, high),
            overflow: !fits,
            by_zero: false,
            always_by_zero: false,
        }
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Side {
    Low,
    High,
}

/// One less, for the greatest remainder of integers.
enum Step {
    One,
}

impl std::ops::Sub<Step> for Num {
    type Output = Num;

    fn sub(self, _: Step) -> Num {
        self.as_int().map_or(self, |whole| Num::int(whole - 1))
    }
}

fn count_real(count: u64) -> f64 {
    // Rounds to nearest; callers widen.
    count as f64
}

fn whole(facet: NumberFacet, fits: bool) -> Outcome {
    Outcome { facet, overflow: !fits, by_zero: false, always_by_zero: false }
}

fn range(integer: bool, low: Option<Num>, high: Option<Num>) -> NumberFacet {
    NumberFacet::between(integer, low, high)
}

fn negative(number: Num) -> Num {
    match number.as_int() {
        Some(whole) => Num::int(-whole),
        // The negative of a finite double is one.
        None => Num::real(-number.to_real()).unwrap_or(number),
    }
}

fn negated(ends: Ends) -> Ends {
    Ends { low: ends.high.map(negative), high: ends.low.map(negative) }
}

fn is_zero(ends: Ends) -> bool {
    ends.low == Some(Num::int(0)) && ends.high == Some(Num::int(0))
}

fn above_zero(facet: &NumberFacet) -> bool {
    facet.lower_end().is_some_and(|end| end.at > Num::int(0) || (end.at == Num::int(0) && end.exclusive))
}

/// The tighter of two lower ends; an open end does not count.
fn greater(a: Option<Num>, b: Option<Num>) -> Option<Num> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}

/// The tighter of two upper ends; an open end does not count.
fn lesser(a: Option<Num>, b: Option<Num>) -> Option<Num> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// The greatest magnitude.
fn largest(ends: Ends) -> Option<Num> {
    let (low, high) = (ends.low?, ends.high?);
    Some(negative(low).max(high).max(low).max(negative(high)))
}

fn widened(number: Num, side: Side) -> Num {
    match side {
        Side::Low => down(number),
        Side::High => up(number),
    }
}

/// At least as low as any rounding of the number.
fn down(number: Num) -> Num {
    match number.as_int() {
        Some(whole) if (-EXACT..=EXACT).contains(&whole) => number,
        _ => Num::real(number.to_real().next_down()).unwrap_or(number),
    }
}

/// At least as high as any rounding of the number.
fn up(number: Num) -> Num {
    match number.as_int() {
        Some(whole) if (-EXACT..=EXACT).contains(&whole) => number,
        _ => Num::real(number.to_real().next_up()).unwrap_or(number),
    }
}

fn sum(a: Option<Num>, b: Option<Num>, side: Side) -> Option<Num> {
    let (a, b) = (a?, b?);
    let exact = a.as_int().zip(b.as_int()).and_then(|(a, b)| a.checked_add(b)).map(Num::int);
    let total = exact.or_else(|| Num::real(a.to_real() + b.to_real()))?;
    Some(if exact.is_some() && total == down(total) { total } else { widened(total, side) })
}

/// Whether integers between these ends have a sum in range, and doubles a finite one.
fn adds(a: Ends, b: Ends) -> bool {
    let fits = |a: Option<Num>, b: Option<Num>, round: fn(Num) -> i128| {
        let (Some(a), Some(b)) = (a, b) else { return false };
        round(a).checked_add(round(b)).is_some_and(|sum| (INT_MIN..=INT_MAX).contains(&sum))
    };
    fits(a.low, b.low, Num::ceil) && fits(a.high, b.high, Num::floor)
}

fn corners(a: Ends, b: Ends) -> Option<[(Num, Num); 4]> {
    let (al, ah, bl, bh) = (a.low?, a.high?, b.low?, b.high?);
    Some([(al, bl), (al, bh), (ah, bl), (ah, bh)])
}

fn products(a: Ends, b: Ends) -> (Option<Num>, Option<Num>) {
    // Both at least zero: the lower end is known even where the upper one is open.
    let floor = match (a.low, b.low) {
        (Some(a), Some(b)) if a >= Num::int(0) && b >= Num::int(0) => Some(Num::int(0)),
        _ => None,
    };
    let Some(corners) = corners(a, b) else { return (floor, None) };
    let mut ends: Option<(Num, Num)> = None;
    for (a, b) in corners {
        let exact = a.as_int().zip(b.as_int()).and_then(|(a, b)| a.checked_mul(b)).map(Num::int);
        let Some(product) = exact.or_else(|| Num::real(a.to_real() * b.to_real())) else {
            return (floor, None);
        };
        let precise = exact.is_some() && product == down(product);
        let (low, high) = if precise { (product, product) } else { (down(product), up(product)) };
        ends = Some(ends.map_or((low, high), |(least, most)| (least.min(low), most.max(high))));
    }
    let (low, high) = ends.unzip();
    (greater(low, floor), high)
}

/// Whether integers between these ends have a product in range, and doubles a finite one.
fn multiplies(a: Ends, b: Ends) -> bool {
    let Some(corners) = corners(a, b) else { return false };
    corners.into_iter().all(|(a, b)| {
        let outward = |number: Num| if number < Num::int(0) { number.floor() } else { number.ceil() };
        outward(a).checked_mul(outward(b)).is_some_and(|product| (INT_MIN..=INT_MAX).contains(&product))
    })
}
