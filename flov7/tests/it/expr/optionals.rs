//! Optionals (RULES, optional).

use serde_json::json;

use super::{check, check_failures, check_refused, faults};

#[test]
fn optional_reads() {
    check(&[
        ("input.?name.orValue(\"x\")", json!("Ada")),
        ("input.?missing.orValue(\"x\")", json!("x")),
        ("input.?missing.deeper.still.orValue(0)", json!(0)),
        ("input.?deep.a.b.c.orValue(0)", json!(42)),
        ("input.?deep.?a.?z.orValue(0)", json!(0)),
        ("input.?list[0].orValue(9)", json!(3)),
        ("input.?missing[0].orValue(9)", json!(9)),
        ("input.list[?1].orValue(9)", json!(1)),
        ("input.list[?7].orValue(9)", json!(9)),
        ("input.list[?-1].orValue(9)", json!(9)),
        ("input.map[?\"a\"].orValue(9)", json!(1)),
        ("input.map[?\"z\" + \"\"].orValue(9)", json!(9)),
        ("steps.?total.orValue(0)", json!(600)),
        ("steps.?skipped.orValue(0)", json!(0)),
        ("steps.?skipped.body.orValue(0)", json!(0)),
        ("steps[?\"skipped\"].orValue(0)", json!(0)),
        ("input.?none.orValue(5)", json!(null)),
        ("input.?name.hasValue()", json!(true)),
        ("input.?missing.hasValue()", json!(false)),
        ("input.?name.value()", json!("Ada")),
        ("input.?missing.or(input.?name).value()", json!("Ada")),
        ("input.?name.or(optional.of(1 / 0)).value()", json!("Ada")),
        ("optional.of(1).orValue(1 / 0)", json!(1)),
        ("optional.none().orValue(2)", json!(2)),
        (
            "[0, \"\", [], {}, false, null].map(x, optional.ofNonZeroValue(x).hasValue())",
            json!([false, false, false, false, false, false]),
        ),
        (
            "[1, \"a\", [0], {\"a\": 0}, true].map(x, optional.ofNonZeroValue(x).hasValue())",
            json!([true, true, true, true, true]),
        ),
    ]);
    check_failures(&[
        ("input.?missing.value()", "data.key"),
        ("input.name.orValue(1)", "defect.expression"),
        ("input.none.?x", "defect.expression"),
        ("input.name.?x", "defect.expression"),
        ("optional.none().or(1)", "defect.expression"),
        ("input.?name + \"a\"", "defect.expression"),
        ("type(input.?name)", "defect.expression"),
    ]);
}

#[test]
fn optional_leaves_only_as_a_member() {
    check_failures(&[
        ("input.?name", "defect.expression"),
        ("[input.?name]", "defect.expression"),
        ("{\"a\": input.?name}", "defect.expression"),
    ]);
}

#[test]
fn optional_the_wrong_way_round_is_a_finding_with_its_fix() {
    check_refused(&[
        ("input?.name", "optional-syntax"),
        ("input.a?.b?.c", "optional-syntax"),
        ("input?.[0]", "optional-syntax"),
        ("steps?.x", "optional-syntax"),
    ]);
    for (source, mended) in [
        ("input?.name", "input.?name"),
        ("input.a?.b?.c", "input.a.?b.?c"),
        ("input.list?.[0]", "input.list[?0]"),
        ("steps?.x", "steps.?x"),
    ] {
        let mut text = source.to_owned();
        for fault in faults(source).iter().rev() {
            text.replace_range(fault.span.range(), fault.fix.as_deref().unwrap());
        }
        assert_eq!(text, mended);
        flov7::expr::parse(mended, &flov7::expr::Limits::default()).unwrap();
    }
}
