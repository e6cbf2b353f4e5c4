//! Values of a type, its extremes included, and whether a value is one.

use flov7::json::{Numeric, compare_numbers};
use flov7::types::{Defs, SchemaChecker};
use serde_json::{Map, Value, json};

use super::{List, Object, Range, Rest, Such, Texts, Ty};
use crate::dice::Dice;

/// Texts that somebody has tripped over.
const TEXTS: &[&str] = &[
    "",
    "a",
    "B",
    " ",
    "é",
    "ß",
    "ﬃ",
    "😀",
    "a b",
    "0",
    "7",
    "-12",
    "1.5",
    "1e3",
    "true",
    "null",
    "ok",
    "$",
    "${",
    "x/y",
    "%20",
    "a,b",
    "\"q\"",
    "line\nbreak",
    "2026-01-02T03:04:05Z",
    "1h30m",
    "PT5S",
    "YQ==",
    "[1,2]",
    "{\"a\":1}",
];

const NUMBERS: &[f64] = &[0.5, -0.5, 1.5, 2.5, 0.1, 99.99, -3.75, 1e-9, 1e17, -1e300, 1.7e308];

const WHOLE: &[i64] =
    &[0, 1, -1, 2, 3, 7, 10, 100, 255, -40, 1_000, 1 << 31, 1 << 53, (1 << 53) + 1, i64::MAX, i64::MIN];

impl Ty {
    /// A value of the type. Extremes come often: empty, at a limit, without what is optional, with what is not declared.
    #[must_use]
    pub fn sample(&self, dice: &mut Dice) -> Value {
        self.at_depth(dice, 0)
    }

    /// The shortest of some values of the type.
    #[must_use]
    pub fn short_sample(&self, dice: &mut Dice) -> Value {
        let samples = (0..8).map(|_| self.sample(dice));
        samples.min_by_key(flov7::json::canonical_size).unwrap_or_default()
    }

    fn at_depth(&self, dice: &mut Dice, depth: u32) -> Value {
        match self {
            Ty::Null => Value::Null,
            Ty::Bool => json!(dice.chance(1, 2)),
            Ty::Number(range) => number(range, dice),
            Ty::Text(texts) => Value::String(text(texts, dice)),
            Ty::List(list) => list_value(list, dice, depth),
            Ty::Object(object) => object_value(object, dice, depth),
            Ty::Either(of) => dice.one(of).clone().at_depth(dice, depth),
            Ty::Such(such) => such_value(such, dice, depth),
            Ty::Any => anything(dice, depth),
        }
    }

    /// Whether the value is one of the type.
    #[must_use]
    pub fn contains(&self, value: &Value) -> bool {
        match (self, value) {
            (Ty::Any, _) | (Ty::Null, Value::Null) | (Ty::Bool, Value::Bool(_)) => true,
            (Ty::Number(range), Value::Number(number)) => {
                let at = |limit: i64| compare_numbers(number, &limit.into());
                (!range.whole || is_whole(value))
                    && range.min.is_none_or(|min| at(min).is_ge())
                    && range.max.is_none_or(|max| at(max).is_le())
            }
            (Ty::Text(texts), Value::String(text)) => {
                let length = text.chars().count() as u64;
                texts.values.as_ref().is_none_or(|values| values.contains(text))
                    && length >= texts.min
                    && texts.max.is_none_or(|max| length <= max)
            }
            (Ty::List(list), Value::Array(items)) => {
                let count = items.len() as u64;
                count >= list.min
                    && list.max.is_none_or(|max| count <= max)
                    && items.iter().all(|item| list.item.contains(item))
            }
            (Ty::Object(object), Value::Object(members)) => {
                object.members.iter().all(|member| match members.get(&member.name) {
                    Some(value) => member.ty.contains(value),
                    None => !member.required,
                }) && members.iter().filter(|(name, _)| object.member(name).is_none()).all(|(_, value)| {
                    match &object.rest {
                        Rest::Closed => false,
                        Rest::Open => true,
                        Rest::Of(ty) => ty.contains(value),
                    }
                })
            }
            (Ty::Either(of), _) => of.iter().any(|one| one.contains(value)),
            (Ty::Such(such), _) => such.of.contains(value) && such.holds(value),
            _ => false,
        }
    }
}

fn is_whole(value: &Value) -> bool {
    match value.as_f64() {
        Some(double) if value.is_f64() => double.fract() == 0.0,
        _ => true,
    }
}

impl Such {
    /// Whether the further schema holds for a value.
    #[must_use]
    pub fn holds(&self, value: &Value) -> bool {
        SchemaChecker::compile(&self.extra, &Defs::none()).is_ok_and(|checker| checker.accepts(value))
    }
}

fn number(range: &Range, dice: &mut Dice) -> Value {
    let fits =
        |value: i64| range.min.is_none_or(|min| value >= min) && range.max.is_none_or(|max| value <= max);
    let ends: Vec<i64> = range.min.into_iter().chain(range.max).collect();
    match dice.roll(8) {
        0 | 1 if !ends.is_empty() => return json!(*dice.one(&ends)),
        2 if range.whole && range.max.is_none() => return json!(u64::MAX),
        2..=4 if !range.whole => {
            let value = *dice.one(NUMBERS);
            let inside = range.min.is_none_or(|min| value >= min as f64)
                && range.max.is_none_or(|max| value <= max as f64);
            if inside {
                return json!(value);
            }
        }
        _ => {}
    }
    let value = *dice.one(WHOLE);
    if fits(value) {
        return json!(value);
    }
    match (range.min, range.max) {
        (Some(min), Some(max)) => {
            let width = max.abs_diff(min);
            json!(min.saturating_add_unsigned(dice.roll(width.saturating_add(1).max(1))))
        }
        (Some(min), None) => json!(min.saturating_add(dice.roll(20) as i64)),
        (None, Some(max)) => json!(max.saturating_sub(dice.roll(20) as i64)),
        (None, None) => json!(dice.roll(20)),
    }
}

fn text(texts: &Texts, dice: &mut Dice) -> String {
    if let Some(values) = &texts.values {
        return dice.one(values).clone();
    }
    let start = if dice.chance(1, 60) { "x".repeat(400) } else { (*dice.one(TEXTS)).to_owned() };
    let mut points: Vec<char> = start.chars().collect();
    if let Some(max) = texts.max {
        points.truncate(max as usize);
    }
    while (points.len() as u64) < texts.min {
        points.push(*dice.one(&['a', 'z', '9', 'ü']));
    }
    points.into_iter().collect()
}

fn list_value(list: &List, dice: &mut Dice, depth: u32) -> Value {
    let usual = if depth > 3 { 1 } else { 4 };
    let most = list.max.unwrap_or(list.min + usual).min(list.min + usual + 2);
    let count = match dice.roll(4) {
        0 => list.min,
        1 => most,
        _ => dice.between(list.min, most),
    };
    (0..count).map(|_| list.item.at_depth(dice, depth + 1)).collect()
}

fn object_value(object: &Object, dice: &mut Dice, depth: u32) -> Value {
    let mut members = Map::new();
    let with = *dice.one(&[0, 2, 4]);
    for member in &object.members {
        if member.required || dice.chance(with, 4) {
            members.insert(member.name.clone(), member.ty.at_depth(dice, depth + 1));
        }
    }
    let further = match &object.rest {
        Rest::Closed => 0,
        Rest::Open => u64::from(dice.chance(1, 4)),
        Rest::Of(_) => dice.roll(4),
    };
    for _ in 0..further {
        let name = *dice.one(&["k", "key two", "", "zz", "x-y", "10"]);
        if object.member(name).is_none() {
            let value = match &object.rest {
                Rest::Of(ty) => ty.at_depth(dice, depth + 1),
                _ => anything(dice, depth + 1),
            };
            members.insert(name.to_owned(), value);
        }
    }
    Value::Object(members)
}

fn such_value(such: &Such, dice: &mut Dice, depth: u32) -> Value {
    let tried = (0..12).map(|_| such.of.at_depth(dice, depth)).find(|value| such.holds(value));
    tried.unwrap_or_else(|| such.example.clone())
}

/// Any JSON, now and then deep.
fn anything(dice: &mut Dice, depth: u32) -> Value {
    match dice.roll(if depth > 8 { 6 } else { 9 }) {
        0 => Value::Null,
        1 => json!(dice.chance(1, 2)),
        2 => number(&Range { whole: true, ..Range::default() }, dice),
        3 => number(&Range::default(), dice),
        4 | 5 => Value::String(text(&Texts::default(), dice)),
        6 => {
            let count = dice.roll(3);
            (0..count).map(|_| anything(dice, depth + 1)).collect()
        }
        7 => json!({ "n": anything(dice, depth + 1) }),
        _ => json!([[anything(dice, depth + 2)]]),
    }
}

/// Whether every number inside is written as flov7 keeps numbers: no double that is an integer up to 2^53.
#[must_use]
pub fn is_normal(value: &Value) -> bool {
    match value {
        Value::Number(number) => !matches!(Numeric::of(number), Numeric::Double(double)
                if double.fract() == 0.0 && double.abs() <= 9_007_199_254_740_992.0),
        Value::Array(items) => items.iter().all(is_normal),
        Value::Object(members) => members.values().all(is_normal),
        _ => true,
    }
}
