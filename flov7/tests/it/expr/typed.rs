//! The checker held against the evaluator: what checks without an error never ends in a defect, has a value of its
//! type, and fails only in a way that is listed. Every case of every table in this folder is held so, once with the
//! exact types of what it reads and once with these widened.

use std::sync::OnceLock;

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
fn types(widened: bool) -> &'static TypeEnv {
    static EXACT: OnceLock<TypeEnv> = OnceLock::new();
    static WIDENED: OnceLock<TypeEnv> = OnceLock::new();
    if widened { &WIDENED } else { &EXACT }.get_or_init(|| typed(widened))
}

fn typed(widened: bool) -> TypeEnv {
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
        let checked = expr.check(types(widened));
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
    let checked = parse(source, &Limits::default()).unwrap().check(types(true));
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
        // Groups of nothing: there are none, and nothing is made of them.
        ("[].groupBy(x, 'a').transformList(k, group, group[0])", "an empty list"),
        ("[].groupBy(x, 'a').transformMap(k, group, group[0])", "{}"),
        ("[].groupBy(x, 'a').transformMapEntry(k, group, {k: group[0]})", "{}"),
    ] {
        let checked = parse(source, &Limits::default()).unwrap().check(types(true));
        assert_eq!(errors(&checked), 0, "{source}: {:?}", checked.findings);
        assert_eq!(checked.ty.to_string(), expected, "{source}");
    }
}

#[test]
fn findings_teach() {
    let cases: &[(&str, &[&str])] = &[
        // What is wrong inside of a literal is said once, and what is never reached not at all.
        (
            "math.least([missing, 7])",
            &[
                "unknown-root: there is no `missing` here; expressions can read `index`, `input`, `item`, `now`, `steps`",
            ],
        ),
        ("[].map(x, math.least([x, 7]) + {'a': x}.a)", &[]),
        (
            "cel.bind(none, [], size(none) > 0 ? none[0] : null)",
            &["constant-condition: `size(none) > 0` is always false"],
        ),
        (
            "cel.bind(none, [], size(none) > 0 && none[0] > 1)",
            &["constant-condition: `size(none) > 0` is always false"],
        ),
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
                "wrong-type: `x` is a whole number here, wanted is an object such as `{key: value}` | write an object such as `{key: value}` here",
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
        (
            "input.name * 2",
            &[
                "wrong-type: `input.name` is text here, wanted is a number | use `int(input.name)` or `double(input.name)`",
            ],
        ),
        (
            "input.n + input.name",
            &[
                "wrong-type: `input.n` is a whole number and `input.name` is text: `+` does not go between them | use `string(input.n)`",
            ],
        ),
        (
            "input.n.contains(\"7\")",
            &["wrong-type: `input.n` is a whole number here, wanted is text | use `string(input.n)`"],
        ),
        (
            "input.yes + 1",
            &[
                "wrong-type: `input.yes` is true or false here, wanted is a number, text, a list, a time or a duration | write `input.yes ? 1 : 0`",
            ],
        ),
        (
            "input.name > 5",
            &[
                "wrong-type: `input.name` is text and `5` is 5: `>` cannot compare them | use `int(input.name)` or `double(input.name)`",
            ],
        ),
        (
            "input.at < now",
            &[
                "wrong-type: `input.at` is text and `now` is a time: `<` cannot compare them | use `timestamp(input.at)`",
            ],
        ),
        (
            "now + 5",
            &[
                "wrong-type: `now` is a time and `5` is a whole number: `+` does not go between them | a length of time has its unit: `duration(\"5m\")`",
            ],
        ),
        (
            "now < duration(\"1h\")",
            &[
                "wrong-type: `now` is a time and `duration(\"1h\")` is a duration: `<` cannot compare them | compare two times: `now < now + duration(\"1h\")`",
            ],
        ),
        (
            "now + now",
            &[
                "wrong-type: `now` is a time and `now` is a time: `+` does not go between them | between two times lies a duration: `now - now`",
            ],
        ),
        (
            "duration(\"1h\") - now",
            &[
                "wrong-type: `duration(\"1h\")` is a duration and `now` is a time: `-` does not go between them | write the time first: `now - duration(\"1h\")`",
            ],
        ),
        (
            "input.list + 4",
            &[
                "wrong-type: `input.list` is a list of a whole number and `4` is a whole number: `+` does not go between them | use `[4]`",
            ],
        ),
        (
            "input.map.sum()",
            &[
                "wrong-type: `input.map` is { a: a whole number, b: a whole number, x-id: text } here, wanted is a list | walk its keys: `input.map.map(k, …)`",
            ],
        ),
        (
            "input.list.upper()",
            &[
                "wrong-type: `input.list` is a list of a whole number here, wanted is text | put its texts together, `input.list.join(\", \")`, or write it as JSON: `toJson(input.list)`",
            ],
        ),
        (
            "input.lines.sum()",
            &[
                "wrong-type: `input.lines` holds { n: a whole number, price: a number, sku: text } or { n: a whole number, price: a whole number, sku: text }, wanted is a number in each place | say what is meant of each: `input.lines.map(x, x.n)`",
            ],
        ),
        (
            "input.texts.sum()",
            &[
                "wrong-type: `input.texts` holds text, wanted is a number in each place | read them first: `input.texts.map(x, double(x))`",
            ],
        ),
        (
            "input.list.join(\", \")",
            &[
                "wrong-type: `input.list` holds a whole number, wanted is text in each place | write them first: `input.list.map(x, string(x))`",
            ],
        ),
        (
            "\"a\" in input.name",
            &[
                "wrong-type: `input.name` is text: `in` searches a list or an object | write `input.name.contains(\"a\")`",
            ],
        ),
        (
            "input.list.x",
            &[
                "wrong-type: `input.list` is a list of a whole number here, wanted is an object with `x` | choose an item, `input.list[0]`, or walk it: `input.list.map(x, …)`",
            ],
        ),
        (
            "input.name[0]",
            &[
                "wrong-type: `input.name` is text here, wanted is a list or an object | take it apart: `input.name.split(\",\")`",
            ],
        ),
        (
            "input.none + 1",
            &[
                "wrong-type: `input.none` is null here, wanted is a number, text, a list, a time or a duration | null is no value: leave it out, or write what is meant instead",
            ],
        ),
        (
            "[1, \"a\"].sort()",
            &[
                "wrong-type: `[1, \"a\"]` holds \"a\" or 1: values of several kinds have no order | make them of one kind first: `[1, \"a\"].map(x, string(x))`",
            ],
        ),
        (
            "duration(\"soon\")",
            &[
                "wrong-arguments: `soon` cannot be read: a duration is written like `1h30m`, `2d` or `500ms`, largest unit first | `duration` reads texts such as \"1h30m\"",
            ],
        ),
        ("[1, 2][2]", &["wrong-arguments: `2` is no position of this list | its positions are 0 to 1"]),
        (
            "[].first()",
            &[
                "wrong-arguments: `[]` is an empty list: `first` of it has no value | say what to use instead: `size([]) > 0 ? … : …`",
            ],
        ),
        (
            "input.n / 0",
            &[
                "wrong-arguments: `0` is zero: nothing is divided by zero | divide by something else, or leave the division out",
            ],
        ),
        (
            "input.lines ? 1 : 2",
            &[
                "wrong-type: `input.lines` is a list of { n: a whole number, price: a number, sku: text } or { n: a whole number, price: a whole number, sku: text } here, wanted is true or false | ask `size(input.lines) > 0`",
            ],
        ),
        (
            "input.n ? 1 : 2",
            &[
                "wrong-type: `input.n` is a whole number here, wanted is true or false | compare it: `input.n == …`",
            ],
        ),
        (
            "input.name.map(x, x)",
            &[
                "wrong-type: `input.name` is text here, wanted is a list or an object to walk | take it apart: `input.name.split(\",\")`",
            ],
        ),
        (
            "toJson(input.?n)",
            &[
                "wrong-type: `input.?n` holds an optional, which is no JSON | say what to use instead: `input.?n.orValue(…)`",
            ],
        ),
        (
            "input.n.getHours()",
            &[
                "wrong-type: `input.n` is a whole number here, wanted is a time or a duration | use `timestamp(input.n)`, seconds since 1970",
            ],
        ),
        (
            "\"x\".all(c, c != 1)",
            &[
                "wrong-type: `\"x\"` is text here, wanted is a list or an object to walk | take it apart: `\"x\".split(\",\")`",
            ],
        ),
    ];
    for (source, expected) in cases {
        assert_eq!(found(source), *expected, "{source}");
    }
}

/// One value of each kind, and what is often at hand.
const VALUES: &[&str] = &[
    "input.n",
    "input.half",
    "input.name",
    "input.yes",
    "input.none",
    "input.list",
    "input.texts",
    "input.lines",
    "input.map",
    "input.?n",
    "now",
    "duration(\"1h\")",
    "timestamp(input.at)",
    "[1, \"a\"]",
    "[[1], [2]]",
    "[null, 1]",
    "(input.yes ? 1 : \"a\")",
    "(input.yes ? input.list : input.map)",
    "(input.yes ? null : \"a\")",
    "\"literal\"",
    "1.5",
    "0",
];

#[test]
fn every_wrong_argument_is_told_what_would_be_right() {
    let (mut silent, mut found) = (std::collections::BTreeMap::new(), 0);
    for source in wrong_uses() {
        let Ok(expr) = parse(&source, &Limits::default()) else { continue };
        for finding in expr.check(types(true)).findings {
            if finding.severity != Severity::Error {
                continue;
            }
            found += 1;
            assert!(source.get(finding.span.range()).is_some_and(|part| !part.is_empty()), "{source}");
            if finding.help.is_none() && finding.nearest.is_empty() {
                silent.entry(finding.message).or_insert(source.clone());
            }
        }
    }
    assert!(found > 3_000, "{found} findings");
    assert!(silent.is_empty(), "{} findings say nothing of it: {silent:#?}", silent.len());
}

/// Every function, operator and macro with values of every kind.
fn wrong_uses() -> Vec<String> {
    let mut all = Vec::new();
    for function in flov7::expr::Function::ALL {
        let signature = function.signature();
        let member = signature.forms.allow(flov7::expr::Form::Member);
        for count in signature.min..=signature.max.min(3) {
            for (at, value) in VALUES.iter().enumerate() {
                for other in [VALUES[at], "input.n", "input.name", "input.list"] {
                    let args: Vec<&str> = (0..count).map(|i| if i == 0 { *value } else { other }).collect();
                    all.push(if member && count > 0 {
                        format!("{}.{}({})", args[0], signature.name, args[1..].join(", "))
                    } else {
                        format!("{}({})", signature.name, args.join(", "))
                    });
                }
            }
        }
    }
    for a in VALUES {
        for b in VALUES {
            for sign in ["+", "-", "*", "/", "%", "<", ">=", "in", "&&", "||"] {
                all.push(format!("{a} {sign} {b}"));
            }
            all.push(format!("{a} ? 1 : {b}"));
            all.push(format!("{a}[{b}]"));
            all.push(format!("{{\"k\": 1, ?\"l\": {a}, {b}.x: 2}}"));
        }
        all.extend([
            format!("!{a}"),
            format!("-{a}"),
            format!("{a}.x"),
            format!("has({a}.x)"),
            format!("[?{a}]"),
        ]);
        for name in
            ["map", "filter", "all", "exists", "exists_one", "sortBy", "groupBy", "optMap", "optFlatMap"]
        {
            all.push(format!("{a}.{name}(x, x)"));
            all.push(format!("input.list.{name}(x, {a})"));
        }
        for name in ["all", "transformList", "transformMap", "transformMapEntry"] {
            all.push(format!("{a}.{name}(i, x, x)"));
            all.push(format!("input.map.{name}(i, x, {a})"));
        }
    }
    all
}
