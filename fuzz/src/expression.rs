//! Expressions: what parses is shown as text that parses to the same; checking and evaluating are bounded; what the
//! checker calls sound fails, if it does, as one of the residuals that it lists.

use std::mem::discriminant;
use std::sync::OnceLock;

use flov7::expr::{Expr, ExprKind, Fuel, Limits, Named, StepType, TypeEnv, parse};
use flov7::finding::Severity;
use flov7::json;
use flov7::types::{Additional, Presence, Type};
use serde_json::{Value, json};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "expression", run, words: WORDS };

const WORDS: &[&str] = &[
    "input",
    "input.n",
    "input.text",
    "input.list",
    "input.maybe",
    "steps.a",
    "steps.?a",
    "now",
    "has(",
    "size(",
    ".map(x, ",
    ".filter(x, ",
    ".all(x, ",
    ".exists(x, ",
    ".exists_one(x, ",
    ".sum()",
    ".orValue(0)",
    ".hasValue()",
    "[?0]",
    "?.",
    "?:",
    "int(",
    "double(",
    "string(",
    "bool(",
    "type(",
    "timestamp('2027-01-01T00:00:00Z')",
    "duration('1h')",
    "math.round(",
    "toJson(",
    "'%s %d'.format([",
    "'%.2f'.format([",
    "strings.quote(",
    "base64.decode(",
    "math.bitAnd(",
    "math.sqrt(",
    "cel.bind(y, ",
    ".optMap(y, ",
    ".all(i, x, ",
    ".existsOne(i, x, ",
    ".transformList(i, x, ",
    ".transformMap(k, x, ",
    ".transformMapEntry(i, x, ",
    ".sortBy(x, ",
    ".groupBy(x, ",
    ".distinct()",
    ".flatten()",
    ".reverse()",
    ".slice(0, 1)",
    ".chunk(2)",
    ".merge({'b': 1})",
    "range(",
    "dyn(",
    ".matches('a+')",
    ".replace('a', 'b')",
    ".split(',')",
    ".join('-')",
    ".substring(1)",
    "&&",
    "||",
    "!",
    "-",
    "==",
    "!=",
    "<=",
    ">=",
    "in",
    "+",
    "*",
    "/",
    "%",
    "? 1 : 2",
    "[1, 2]",
    "{'a': 1}",
    "'x'",
    "\"\\u00e9\"",
    "r'\\'",
    "b''",
    "1u",
    "0x10",
    "1.5e3",
    "9223372036854775808",
    "1e308",
    "-0.0",
    "null",
    "true",
    "//",
    "`a-b`",
    "(",
    ")",
    "[",
    "]",
    ".",
];

/// The least and the most that an environment can have: a value with everything, and one with what must be.
fn worlds() -> &'static [(Value, Option<Value>)] {
    static WORLDS: OnceLock<Vec<(Value, Option<Value>)>> = OnceLock::new();
    WORLDS.get_or_init(|| {
        let rows = json!([{ "price": 1, "note": "n" }, { "price": 0.5 }]);
        let full =
            json!({ "n": -3, "text": "a,b é", "flag": true, "list": rows, "maybe": "m", "none": null });
        let least = json!({ "n": 0, "text": "", "flag": false, "list": [], "none": "x" });
        vec![(full, Some(json!(7))), (least, None)]
    })
}

fn types() -> &'static TypeEnv {
    static TYPES: OnceLock<TypeEnv> = OnceLock::new();
    TYPES.get_or_init(|| {
        let row = Type::map(
            [("note", Type::text(), Presence::Optional), ("price", Type::number(), Presence::Required)],
            Additional::Closed,
        );
        let input = Type::map(
            [
                ("flag", Type::boolean(), Presence::Required),
                ("list", Type::list(row), Presence::Required),
                ("maybe", Type::text(), Presence::Optional),
                ("n", Type::number(), Presence::Required),
                ("none", Type::text().union(&Type::null()), Presence::Required),
                ("text", Type::text(), Presence::Required),
            ],
            Additional::Closed,
        );
        TypeEnv::new().with_root("input", input).with_step("a", StepType::MaybeAbsent(Type::number()))
    })
}

fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    let Ok(expr) = parse(&text, &Limits::default()) else { return };
    let shown = expr.to_string();
    match parse(&shown, &Limits::default()) {
        Ok(again) => {
            assert_eq!(again.to_string(), shown, "what is shown is read as the same");
            // A chain of arithmetic may be nested from the left or not: that is the same.
            let kinds = |expr: &Expr| -> Vec<_> {
                let nodes = expr.ast().nodes().iter();
                let rest = nodes.filter(|node| !matches!(node.kind, ExprKind::Arithmetic { .. }));
                rest.map(|node| discriminant(&node.kind)).collect()
            };
            assert_eq!(kinds(&again), kinds(&expr), "{text:?} is shown as {shown:?}, which is another tree");
        }
        // Parentheses may make a text at the limit too long or too deep, nothing else.
        Err(errors) => assert!(
            errors.iter().all(|error| error.code == "expression-size"),
            "{text:?} is shown as {shown:?}, which is refused: {errors:?}"
        ),
    }
    let checked = expr.check(types());
    let sound = checked.findings.iter().all(|finding| finding.severity != Severity::Error);
    for (input, step) in worlds() {
        let mut env = Named::new().with_root("input", input.clone());
        if let Some(step) = step {
            env = env.with_step("a", step.clone());
        }
        let mut fuel = Fuel::new();
        match expr.eval(&env, &mut fuel) {
            Ok(value) => assert!(json::canonical_size(&value) <= 4 << 20, "results are bounded"),
            Err(error) if sound && !error.code.starts_with("data.") => {
                panic!("{text:?} was found sound and failed with {}: {}", error.code, error.message)
            }
            Err(error) if sound => assert!(
                error.code == "data.size"
                    || checked.residuals.iter().any(|(kind, _)| kind.to_string() == error.code),
                "{text:?} failed with {}, which is no residual of it: {}",
                error.code,
                error.message
            ),
            Err(_) => {}
        }
        // One evaluation is bounded by its own limit; what is counted is what was done.
        assert!(fuel.used() <= 200_000, "steps are bounded: {}", fuel.used());
    }
}
