//! Random types.

use serde_json::{Value, json};

use super::{Member, Object, Range, Rest, Such, Texts, Ty};
use crate::dice::Dice;

/// Names of members; one of them is no identifier.
const NAMES: &[&str] = &["id", "name", "total", "count", "items", "email", "note", "a", "b", "kind", "x-tag"];

impl Ty {
    /// Any type of at most that many levels, with and without limits.
    #[must_use]
    pub fn random(dice: &mut Dice, depth: u32) -> Ty {
        let simple = depth == 0;
        match dice.roll(if simple { 12 } else { 20 }) {
            0 => Ty::Bool,
            1 | 2 => Ty::int(),
            3 => Ty::int_between(-(dice.roll(5) as i64), *dice.one(&[0, 1, 9, 100, 1_000_000])),
            4 => Ty::Number(Range { whole: true, min: Some(dice.roll(3) as i64), max: None }),
            5 => Ty::num(),
            6 => Ty::Number(Range { whole: false, min: Some(0), max: Some(1_000) }),
            7 | 8 => Ty::text(),
            9 => Ty::Text(Texts { values: None, min: dice.roll(3), max: Some(*dice.one(&[2, 5, 40])) }),
            10 => Ty::texts(dice.one::<&[&str]>(&[
                &["red", "green"],
                &["on", "off", "auto"],
                &["7", "12"],
                &["only"],
            ])),
            11 => Ty::random_limited(dice),
            12 | 13 => {
                let item = Ty::random(dice, depth - 1);
                let min = *dice.one(&[0, 0, 0, 1, 2]);
                let max = *dice.one(&[None, None, Some(min + 3)]);
                Ty::List(Box::new(super::List { item, min, max }))
            }
            14..=17 => Ty::random_object(dice, depth),
            18 => Ty::random(dice, depth - 1).or_null(),
            _ => match dice.roll(4) {
                0 => Ty::Either(vec![Ty::int(), Ty::text()]),
                1 => Ty::Either(vec![Ty::Bool, Ty::list(Ty::text())]),
                2 => Ty::Any,
                _ => Ty::Null,
            },
        }
    }

    /// An object of at most that many levels; some of its members need not be there.
    #[must_use]
    pub fn random_object(dice: &mut Dice, depth: u32) -> Ty {
        let mut members: Vec<Member> = Vec::new();
        for _ in 0..dice.between(1, 4) {
            let name = (*dice.one(NAMES)).to_owned();
            if members.iter().all(|member| member.name != name) {
                let ty = Ty::random(dice, depth.saturating_sub(1));
                members.push(Member { name, ty, required: dice.chance(3, 5) });
            }
        }
        let rest = match dice.roll(8) {
            0 => Rest::Of(Box::new(Ty::random(dice, 0))),
            1..=3 => Rest::Closed,
            _ => Rest::Open,
        };
        Ty::Object(Box::new(Object { members, rest }))
    }

    /// A type with a condition that no lattice keeps.
    fn random_limited(dice: &mut Dice) -> Ty {
        let (of, extra, example): (Ty, Value, Value) = match dice.roll(9) {
            0 => (Ty::int(), json!({ "multipleOf": 5 }), json!(5)),
            1 => (Ty::int(), json!({ "not": { "const": 0 } }), json!(1)),
            2 => (Ty::text(), json!({ "pattern": "^[a-z]+$" }), json!("abc")),
            3 => (Ty::text(), json!({ "not": { "enum": ["", "x"] } }), json!("abc")),
            4 => (Ty::list(Ty::int()), json!({ "uniqueItems": true }), json!([1])),
            5 => (Ty::list(Ty::text()), json!({ "contains": { "const": "a" } }), json!(["a"])),
            6 => {
                let member = |name: &str, ty| Member { name: name.to_owned(), ty, required: false };
                let object = Ty::object(vec![member("a", Ty::int()), member("b", Ty::text())], Rest::Open);
                (object, json!({ "dependentRequired": { "a": ["b"] } }), json!({}))
            }
            7 => {
                let object = Ty::object(Vec::new(), Rest::Of(Box::new(Ty::int())));
                (
                    object,
                    json!({ "minProperties": 1, "propertyNames": { "maxLength": 8 } }),
                    json!({ "k": 1 }),
                )
            }
            _ => (
                Ty::num(),
                json!({ "if": { "minimum": 10 }, "then": { "maximum": 20 }, "else": { "not": { "const": 3 } } }),
                json!(12),
            ),
        };
        Ty::Such(Box::new(Such { of, extra, example }))
    }
}
