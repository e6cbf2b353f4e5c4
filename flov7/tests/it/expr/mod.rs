//! The expression language, at its boundary: tables of small cases.

mod conformance;
mod functions;
mod guide;
mod hostile;
mod macros;
mod operators;
mod optionals;
mod show;
mod syntax;
mod templates;
mod time;
mod typed;

use flov7::expr::{EvalError, ExprError, Fuel, Limits, Named, Timestamp, parse};
use serde_json::{Value, json};

/// What the cases read.
pub(crate) fn env() -> Named {
    Named::new()
        .with_root(
            "input",
            json!({
                "name": "Ada", "none": null, "yes": true, "n": 7, "half": 0.5, "big": u64::MAX, "small": i64::MIN,
                "list": [3, 1, 2], "texts": ["b", "a", "c"], "empty": [], "map": {"b": 2, "a": 1, "x-id": "k"},
                "lines": [{"sku": "s1", "n": 2, "price": 9.5}, {"sku": "s2", "n": 1, "price": 1},
                          {"sku": "s1", "n": 4, "price": 2}],
                "deep": {"a": {"b": {"c": 42}}}, "at": "2026-11-22T08:30:15.250Z"
            }),
        )
        .with_root("item", json!({"id": 5}))
        .with_root("index", json!(3))
        .with_step("total", json!(600))
        .with_step("nothing", json!(null))
        .at(Timestamp::read("2026-11-22T08:30:00Z").unwrap())
}

/// The value of an expression.
pub(crate) fn value(source: &str) -> Result<Value, EvalError> {
    let expr = parse(source, &Limits::default()).unwrap_or_else(|errors| panic!("{source}: {errors:?}"));
    expr.eval(&env(), &mut Fuel::new())
}

/// Each expression has the value beside it, and numbers the same spelling.
pub(crate) fn check(cases: &[(&str, Value)]) {
    for (source, expected) in cases {
        typed::hold(source);
        match value(source) {
            Ok(found) => assert_eq!(found.to_string(), expected.to_string(), "{source}"),
            Err(error) => panic!("{source}: {} ({})", error.message, error.code),
        }
    }
}

/// Each expression compiles and fails with the code beside it.
pub(crate) fn check_failures(cases: &[(&str, &str)]) {
    for (source, code) in cases {
        typed::hold(source);
        match value(source) {
            Ok(found) => panic!("{source} is {found}, expected {code}"),
            Err(error) => assert_eq!(error.code, *code, "{source}: {}", error.message),
        }
    }
}

/// The faults of an expression that does not compile.
pub(crate) fn faults(source: &str) -> Vec<ExprError> {
    parse(source, &Limits::default()).map(|expr| panic!("{source} compiles: {expr}")).unwrap_err()
}

/// Each expression is refused with the code beside it.
pub(crate) fn check_refused(cases: &[(&str, &str)]) {
    for (source, code) in cases {
        assert_eq!(faults(source)[0].code, *code, "{source}: {:?}", faults(source));
    }
}

/// The whole `input`.
pub(crate) fn env_root() -> Value {
    value("{\"i\": input}").unwrap()["i"].take()
}
