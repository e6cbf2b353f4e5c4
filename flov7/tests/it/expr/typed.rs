//! The checker held against the evaluator: what checks without an error never ends in a defect, has a value of its
//! type, and fails only in a way that is listed. Every case of every table in this folder is held so, once with the
//! exact types of what it reads and once with these widened.

use flov7::expr::{Checked, Fuel, Limits, RootName, StepType, TypeEnv, parse};
use flov7::finding::Severity;
use flov7::types::Type;
use serde_json::Value;

use super::env;

/// What the cases read, by name.
fn read() -> Vec<(RootName, Value)> {
    let root = |name: &str| RootName::Root(name.into());
    let step = |name: &str| RootName::Step(name.into());
    [root("input"), root("item"), root("index"), step("total"), step("nothing")]
        .into_iter()
        .map(|name| {
            let expr = parse(&name.text(), &Limits::default()).unwrap();
            let value = expr.eval(&env(), &mut Fuel::new()).unwrap();
            (name, value)
        })
        .collect()
}

/// The types of what the cases read.
pub(crate) fn types(widened: bool) -> TypeEnv {
    let skipped = StepType::MaybeAbsent(Type::integer());
    read().into_iter().fold(TypeEnv::new().with_step("skipped", skipped), |env, (name, value)| {
        let ty = Type::of_value(&value);
        let ty = if widened { ty.widen_literals() } else { ty };
        match name {
            RootName::Root(name) => env.with_root(&name, ty),
            RootName::Step(id) => env.with_step(&id, StepType::Done(ty)),
        }
    })
}

fn errors(checked: &Checked) -> usize {
    checked.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
}

/// Holds the checker's word about an expression against what happens.
pub(crate) fn hold(source: &str) {
    let expr = parse(source, &Limits::default()).unwrap();
    let outcome = expr.eval(&env(), &mut Fuel::new());
    for widened in [false, true] {
        let checked = expr.check(&types(widened));
        for finding in &checked.findings {
            assert!(source.get(finding.span.range()).is_some(), "{source}: {finding:?}");
        }
        if errors(&checked) > 0 {
            continue;
        }
        match &outcome {
            Ok(value) => {
                let ty = checked.ty.leaving();
                assert!(ty.contains(value), "{source} is {value}, typed {ty} (widened: {widened})");
            }
            Err(error) => {
                assert!(!error.is_defect(), "{source} checks, and ends in a defect: {}", error.message);
                let listed = checked.residuals.iter().any(|(kind, _)| kind.to_string() == error.code);
                assert!(listed, "{source} fails with {}, listed are {:?}", error.code, checked.residuals);
            }
        }
    }
}

/// The findings of an expression, as `code: message | help`.
fn found(source: &str) -> Vec<String> {
    let checked = parse(source, &Limits::default()).unwrap().check(&types(true));
    checked
        .findings
        .iter()
        .map(|finding| {
            let help = finding.help.as_deref().map(|help| format!(" | {help}")).unwrap_or_default();
            format!("{}: {}{help}", finding.code.name(), finding.message)
        })
        .collect()
}

#[test]
fn types_of_results() {
    for (source, expected) in [
        ("input.list.transformList(i, x, i)", "a list of a whole number"),
        ("input.list.transformMapEntry(i, x, {string(i): x}).?a.orValue(0)", "a whole number"),
        ("cel.bind(x, input.n, string(x))", "text"),
        ("input.?n.optMap(x, x + 1).orValue(0)", "a whole number"),
        ("\"%s\".format([input.name])", "text"),
        ("math.bitAnd(input.n, 1)", "a whole number"),
    ] {
        let checked = parse(source, &Limits::default()).unwrap().check(&types(true));
        assert_eq!(errors(&checked), 0, "{source}: {:?}", checked.findings);
        assert_eq!(checked.ty.to_string(), expected, "{source}");
    }
}

#[test]
fn findings_of_macros_and_formats_teach() {
    let cases: &[(&str, &[&str])] = &[
        (
            "\"%d\".format([input.name])",
            &[
                "wrong-type: `input.name` is text here, wanted is a whole number for `%d` | use `int(input.name)` or `double(input.name)`",
            ],
        ),
        (
            "\"%d and %s\".format([1])",
            &[
                "wrong-arguments: the format asks for 2 values, and the list has 1 at most | write a value for each clause, and `%%` for a percent sign",
            ],
        ),
        (
            "\"%s\".format([1, 2])",
            &["wrong-arguments: the format writes 1 of at least 2 values | write `%s` where the value goes"],
        ),
        (
            "\"%q\".format([1])",
            &[
                "wrong-arguments: `%q` is no clause: there are `%s`, `%d`, `%f`, `%e`, `%b`, `%o`, `%x`, `%X`, and `%%`",
            ],
        ),
        (
            "\"%s\".format([input.?name])",
            &[
                "maybe-absent: `input.?name` is an optional: it may be empty | say what to use instead: `input.?name.orValue(…)`",
            ],
        ),
        (
            "input.?n.optMap(x, input.?n)",
            &[
                "wrong-type: `input.?n` is an optional itself | write `optFlatMap` where the result is an optional",
            ],
        ),
        (
            "input.?n.optFlatMap(x, x)",
            &[
                "wrong-type: `x` is a whole number, wanted is an optional | an optional is made by reading with `.?` or `[?…]`",
            ],
        ),
        (
            "input.n.optMap(x, x)",
            &[
                "wrong-type: `input.n` is a whole number, wanted is an optional | an optional is made by reading with `.?` or `[?…]`",
            ],
        ),
        (
            "input.list.transformMap(i, x, x)",
            &[
                "wrong-type: `input.list` is a list of a whole number, wanted is an object to walk | keys are text: give each member one with `transformMapEntry`",
            ],
        ),
        (
            "input.list.transformMapEntry(i, x, x)",
            &[
                "wrong-type: `x` is a whole number here, wanted is an object with the entries, as `{key: value}`",
            ],
        ),
        (
            "input.list.all(i, x, x)",
            &["wrong-type: `x` is a whole number here, wanted is true or false | compare it: `x == …`"],
        ),
        (
            "cel.bind(x, input.name, x * 2)",
            &["wrong-type: `x` is text here, wanted is a number | use `int(x)` or `double(x)`"],
        ),
        (
            "math.bitAnd(1.5, 1)",
            &["wrong-arguments: `1.5` is no whole number | use `math.round(1.5)` or `math.floor(1.5)`"],
        ),
    ];
    for (source, expected) in cases {
        assert_eq!(found(source), *expected, "{source}");
    }
}
