//! Expressions evaluated by us and by the crate `cel`, where both mean the same: seeded random expressions without `/`,
//! `%` and operators between whole numbers and doubles.
//!
//! `FLOV7_CEL_CASES` sets how many (default 1,500); `FLOV7_CEL_SEED` where they start.

mod random;

use std::collections::BTreeMap;
use std::sync::Arc;

use cel::objects::{Key, Map};
use cel::{Context, Program, Value as Cel};
use flov7::expr::{Fuel, Limits, Named, parse};
use serde_json::{Value, json};

use random::Random;

/// What every expression reads.
fn input() -> Value {
    json!({
        "n": 7, "zero": 0, "minus": -3, "half": 0.5, "third": 1.25, "name": "Ada", "empty": "", "text": "a,b,c",
        "yes": true, "no": false, "list": [3, 1, 2], "texts": ["b", "a", "c"], "none": [], "reals": [0.5, -1.5],
        "map": {"a": 1, "b": 2}, "rows": [{"k": "x", "n": 1}, {"k": "y", "n": 5}]
    })
}

/// Whole numbers as CEL's `int`: its own conversion makes them unsigned.
fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(truth) => Cel::Bool(*truth),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => Cel::Int(whole),
            None => Cel::Float(number.as_f64().expect("a double")),
        },
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(members) => {
            let map = members.iter().map(|(key, value)| (Key::from(key.as_str()), to_cel(value))).collect();
            Cel::Map(Map { map: Arc::new(map) })
        }
    }
}

/// Nothing for what JSON has no word for.
fn from_cel(value: &Cel) -> Option<Value> {
    Some(match value {
        Cel::Null => Value::Null,
        Cel::Bool(truth) => (*truth).into(),
        Cel::Int(whole) => (*whole).into(),
        Cel::UInt(whole) => (*whole).into(),
        Cel::Float(real) => serde_json::Number::from_f64(*real)?.into(),
        Cel::String(text) => text.as_str().into(),
        Cel::List(items) => items.iter().map(from_cel).collect::<Option<Vec<_>>>()?.into(),
        Cel::Map(map) => {
            let members = map.map.iter().map(|(key, value)| match key {
                Key::String(key) => Some((key.to_string(), from_cel(value)?)),
                _ => None,
            });
            Value::Object(members.collect::<Option<_>>()?)
        }
        _ => return None,
    })
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().map_or(default, |text| text.parse().expect("a number"))
}

#[test]
fn both_give_the_same() {
    let (cases, seed) = (number("FLOV7_CEL_CASES", 1_500), number("FLOV7_CEL_SEED", 0));
    let env = Named::new().with_root("input", input());
    let mut context = Context::default();
    context.add_variable_from_value("input", to_cel(&input()));
    let (mut values, mut failures) = (0, 0);
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for case in seed..seed + cases {
        let source = Random::new(case).expression();
        let ours = parse(&source, &Limits::default())
            .unwrap_or_else(|faults| panic!("{case}: {source}: {faults:?}"))
            .eval(&env, &mut Fuel::new());
        let theirs = Program::compile(&source)
            .unwrap_or_else(|faults| panic!("{case}: {source}: {faults}"))
            .execute(&context);
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) => {
                let same = from_cel(theirs).is_some_and(|theirs| flov7::json::equal(ours, &theirs));
                assert!(same, "{case}: {source}: we give {ours}, they {theirs:?}");
                values += 1;
                *kinds.entry(kind(ours)).or_default() += 1;
            }
            (Err(_), Err(_)) => failures += 1,
            (ours, theirs) => panic!("{case}: {source}: we give {ours:?}, they {theirs:?}"),
        }
    }
    // What is compared is worth comparing.
    if cases >= 1_000 {
        assert!(values * 10 > cases * 7 && failures * 200 > cases, "{values} values, {failures} failures");
        assert_eq!(kinds.len(), 4, "{kinds:?}");
        assert!(kinds.values().all(|count| count * 50 > cases), "{kinds:?}");
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "text",
        Value::Array(_) => "list",
        _ => "other",
    }
}
