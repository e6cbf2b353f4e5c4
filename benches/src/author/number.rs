//! Expressions that give numbers.

use super::scope::Scope;
use super::{Author, E};
use crate::ty::{Range, Ty};

impl Author {
    /// A number, whole where that is asked for.
    pub(super) fn number(&mut self, s: &Scope, whole: bool, d: u32) -> E {
        let ty = if whole { Ty::int() } else { Ty::num() };
        if d == 0 || self.dice.chance(1, 4) {
            return self.plain_number(s, whole);
        }
        let e = match self.dice.roll(if whole { 27 } else { 33 }) {
            0..=2 => {
                let op = *self.dice.one(&["+", "-", "*"]);
                self.count("operator + - *");
                let (a, b) = (self.number(s, whole, d - 1), self.number(s, whole, d - 1));
                format!("({} {op} {})", a.text, b.text)
            }
            3 => {
                self.count("operator %");
                let (a, b) = (self.number(s, whole, d - 1), self.divisor(s, whole));
                format!("({} % {b})", a.text)
            }
            4 => {
                self.count("operator -x");
                // A number that is written out and negated is written out, too.
                return E::known(format!("(-{})", self.number(s, whole, d - 1).text), ty);
            }
            5 => {
                self.count("size");
                let of = self.sizeable(s, d - 1);
                format!("size({of})")
            }
            6 => {
                let name = *self.dice.one(&["indexOf", "lastIndexOf"]);
                self.count(name);
                let (a, b) = (self.text(s, d - 1), self.text(s, d - 1));
                format!("{}.{name}({})", a.text, b.text)
            }
            7 => {
                self.count("int");
                self.whole_of(s, d - 1)
            }
            8 => {
                self.count("math.quot");
                let (a, b) = (self.number(s, whole, d - 1), self.divisor(s, whole));
                format!("math.quot({}, {b})", a.text)
            }
            9 => {
                let name = *self.dice.one(&[
                    "math.abs",
                    "math.ceil",
                    "math.floor",
                    "math.trunc",
                    "math.round",
                    "math.sign",
                ]);
                self.count(name);
                let inner = whole && name == "math.abs";
                format!("{name}({})", self.number(s, inner, d - 1).text)
            }
            10 => {
                let name = *self.dice.one(&["math.greatest", "math.least"]);
                self.count(name);
                let (a, b) = (self.number(s, whole, d - 1), self.number(s, whole, d - 1));
                format!("{name}({}, {})", a.text, b.text)
            }
            11 => {
                self.count("sum");
                format!("{}.sum()", self.list(s, &ty, d - 1).text)
            }
            12 => {
                let name = *self.dice.one(&["min", "max", "first", "last", "math.greatest", "math.least"]);
                self.count(name);
                let list = self.full_list(s, &ty);
                format!("{name}({list})")
            }
            13 => {
                self.count("index");
                return E::known(self.indexed(s, &ty), ty);
            }
            14 => {
                let name = *self.dice.one(&[
                    "getFullYear",
                    "getMonth",
                    "getDate",
                    "getDayOfMonth",
                    "getDayOfWeek",
                    "getDayOfYear",
                    "getHours",
                    "getMinutes",
                    "getSeconds",
                    "getMilliseconds",
                ]);
                self.count(name);
                let offset = *self.dice.one(&["", "\"+02:00\"", "\"UTC\""]);
                format!("{}.{name}({offset})", self.time(s, d - 1))
            }
            15 => {
                let name = *self.dice.one(&["getHours", "getMinutes", "getSeconds", "getMilliseconds"]);
                self.count("part of a duration");
                format!("{}.{name}()", self.span(s, d - 1))
            }
            16 | 17 => {
                return self.conditional(s, d, |author, s, d| author.number(s, whole, d));
            }
            18 => match self.optional(s, &ty) {
                Some((optional, _)) => format!("{optional}.orValue({})", self.number(s, whole, d - 1).text),
                None => return self.plain_number(s, whole),
            },
            19 => {
                self.count("optional");
                let a = self.number(s, whole, d - 1).text;
                let b = self.number(s, whole, d - 1).text;
                match self.dice.roll(3) {
                    0 => format!("optional.of({a}).orValue({b})"),
                    1 => format!("optional.ofNonZeroValue({a}).or(optional.of({b})).value()"),
                    _ => format!("optional.none().orValue({a})"),
                }
            }
            20 | 21 => match self.asked(s, |read| read.ty.is_within(&ty)) {
                Some((read, otherwise)) => {
                    let other = self.number(&otherwise, whole, d - 1).text;
                    return E::known(format!("({} ? {} : {other})", read.asks(), read.path), ty);
                }
                None => return self.plain_number(s, whole),
            },
            22 => {
                let name = *self.dice.one(&["math.bitAnd", "math.bitOr", "math.bitXor"]);
                self.count(name);
                let (a, b) = (self.number(s, true, d - 1), self.number(s, true, d - 1));
                format!("{name}({}, {})", a.text, b.text)
            }
            23 => {
                let name = *self.dice.one(&["math.bitNot", "math.bitShiftLeft", "math.bitShiftRight"]);
                self.count(name);
                let places = match (name, s.any_number(&mut self.dice, true)) {
                    ("math.bitNot", _) => String::new(),
                    (_, Some(read)) if self.dice.chance(1, 3) => format!(", {}", read.path),
                    _ => format!(", {}", self.dice.roll(70)),
                };
                format!("{name}({}{places})", self.number(s, true, d - 1).text)
            }
            24 => return self.bound(s, d, |author, s, d| author.number(s, whole, d)),
            25 => match self.of_optional(s, d, |author, s, d| author.number(s, whole, d).text) {
                Some(text) => text,
                None => return self.plain_number(s, whole),
            },
            26 => {
                self.count("size of a made object");
                format!("size({})", self.made_object(s, d - 1).0)
            }
            27 | 28 => {
                self.count("operator /");
                let (a, b) = (self.number(s, false, d - 1), self.divisor(s, false));
                format!("({} / {b})", a.text)
            }
            29 => {
                self.count("math.round digits");
                format!("math.round({}, {})", self.number(s, false, d - 1).text, self.dice.roll(4))
            }
            30 => {
                self.count("double");
                match s.any_text(&mut self.dice) {
                    Some(read) => format!("double({})", read.path),
                    None => format!("double({})", self.number(s, whole, d - 1).text),
                }
            }
            31 => {
                self.count("math.sqrt");
                format!("math.sqrt({})", self.number(s, false, d - 1).text)
            }
            _ => {
                self.count("number from number");
                self.number(s, true, d - 1).text + " * 0.5"
            }
        };
        E::computed(format!("({e})"), ty)
    }

    /// A number that is written or read.
    fn plain_number(&mut self, s: &Scope, whole: bool) -> E {
        let ty = if whole { Ty::int() } else { Ty::num() };
        let read = s.pick(&mut self.dice, |read| read.guard.is_empty() && read.ty.is_within(&ty));
        match read.filter(|_| self.dice.chance(3, 4)) {
            Some(read) => E { text: read.path.clone(), ty: read.ty.clone(), computed: read.computed },
            None => {
                let at = self.dice.roll(12) as i64 - 2;
                if whole || self.dice.chance(1, 2) {
                    E::known(format!("{}", NonNegative(at)), Ty::int_between(at, at))
                } else {
                    E::known((*self.dice.one(&["0.5", "2.25", "1e3", "99.99"])).to_owned(), ty)
                }
            }
        }
    }

    /// What something may be divided by: it may be zero in a run, but not always.
    fn divisor(&mut self, s: &Scope, whole: bool) -> String {
        let ty = if whole { Ty::int() } else { Ty::num() };
        let may_vary = |ty: &Ty| match ty {
            Ty::Number(Range { min: Some(min), max: Some(max), .. }) => min < max,
            Ty::Number(_) => true,
            _ => false,
        };
        let read = s
            .pick(&mut self.dice, |read| read.is_described() && may_vary(&read.ty) && read.ty.is_within(&ty));
        match read {
            Some(read) if self.dice.chance(2, 3) => read.path.clone(),
            _ => (*self.dice.one(&["2", "7", "3", "10"])).to_owned(),
        }
    }

    fn whole_of(&mut self, s: &Scope, d: u32) -> String {
        match self.dice.roll(3) {
            0 => {
                let text = s.pick(&mut self.dice, |read| {
                    read.is_described() && (read.ty == Ty::text() || read.ty == Ty::texts(&["7", "12"]))
                });
                match text {
                    Some(read) => format!("int({})", read.path),
                    None => "int(\"42\")".to_owned(),
                }
            }
            1 => format!("int({})", self.time(s, d)),
            _ => format!("int({})", self.number(s, false, d).text),
        }
    }

    /// A time.
    pub(super) fn time(&mut self, s: &Scope, d: u32) -> String {
        self.count("time");
        match self.dice.roll(if d == 0 { 3 } else { 6 }) {
            0 | 1 => "now".to_owned(),
            2 => format!(
                "timestamp({})",
                *self.dice.one(&[
                    "\"2026-02-28T23:59:59.5Z\"",
                    "\"1970-01-01T00:00:00+01:00\"",
                    "1700000000"
                ])
            ),
            3 => match s.any_text(&mut self.dice) {
                Some(read) => format!("timestamp({})", read.path),
                None => format!("timestamp({})", self.number(s, true, d - 1).text),
            },
            4 => format!("({} + {})", self.time(s, d - 1), self.span(s, d - 1)),
            _ => format!("({} - {})", self.time(s, d - 1), self.span(s, d - 1)),
        }
    }

    /// A duration.
    pub(super) fn span(&mut self, s: &Scope, d: u32) -> String {
        self.count("duration");
        match self.dice.roll(if d == 0 { 2 } else { 5 }) {
            0 | 1 => (*self.dice.one(&["duration(\"1h30m\")", "duration(\"PT15S\")", "duration(\"7d\")"]))
                .to_owned(),
            2 => format!("({} - {})", self.time(s, d - 1), self.time(s, d - 1)),
            3 => format!("(-{})", self.span(s, d - 1)),
            _ => match s.any_text(&mut self.dice) {
                Some(read) => format!("duration({})", read.path),
                None => "duration(\"90m\")".to_owned(),
            },
        }
    }
}

/// A number so written that something may stand before it.
struct NonNegative(i64);

impl std::fmt::Display for NonNegative {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0 < 0 { write!(f, "({})", self.0) } else { write!(f, "{}", self.0) }
    }
}
