//! Macros with two variables, over optionals, and `cel.bind`. Those with one variable stand among the operators.

use serde_json::json;

use super::{check, check_failures, check_refused};

#[test]
fn two_variables_are_position_and_member_or_key_and_member() {
    check(&[
        ("input.list.all(i, x, i >= 0 && x > 0)", json!(true)),
        ("input.list.exists(i, x, i == 1 && x == 1)", json!(true)),
        ("input.list.exists(i, x, i > x)", json!(false)),
        ("input.list.exists_one(i, x, x > i)", json!(true)),
        ("[5, 7, 8].existsOne(i, x, x % 5 == i)", json!(true)),
        ("input.map.all(k, x, k != \"\" && type(x) != \"null\")", json!(true)),
        ("input.map.exists(k, x, k == \"b\" && x == 2)", json!(true)),
        ("{\"a\": 1, \"b\": 1}.exists_one(k, x, x == 1)", json!(false)),
        ("input.list.transformList(i, x, i * 10 + x)", json!([3, 11, 22])),
        ("input.list.transformList(i, x, i > 0, x)", json!([1, 2])),
        ("input.map.transformList(k, x, k + \"=\" + toJson(x))", json!(["a=1", "b=2", "x-id=\"k\""])),
        ("{\"b\": 2, \"a\": 1}.transformMap(k, x, x * 2)", json!({"a": 2, "b": 4})),
        ("{\"b\": 2, \"a\": 1}.transformMap(k, x, k == \"b\", [k, x])", json!({"b": ["b", 2]})),
        ("input.map.transformMap(k, x, type(x) == \"number\", x).?a.orValue(0)", json!(1)),
        ("{}.transformMap(k, x, 1 / 0)", json!({})),
        (
            "input.lines.transformMapEntry(i, l, {l.sku + string(i): l.n})",
            json!({"s10": 2, "s12": 4, "s21": 1}),
        ),
        (
            "input.lines.transformMapEntry(i, l, i < 2, {l.sku: l.n, \"i\" + l.sku: i})",
            json!({"is1": 0, "is2": 1, "s1": 2, "s2": 1}),
        ),
        ("{\"a\": \"x\", \"b\": \"y\"}.transformMapEntry(k, v, {v: k})", json!({"x": "a", "y": "b"})),
        ("[].transformMapEntry(i, x, {})", json!({})),
        (
            "[[1, 2], [3]].transformList(i, row, row.transformList(j, x, [i, j, x]))",
            json!([[[0, 0, 1], [0, 1, 2]], [[1, 0, 3]]]),
        ),
        // A variable hides another of its name, and comes back.
        ("[1, 2].transformList(x, y, [x, [7].map(x, x + y), x])", json!([[0, [8], 0], [1, [9], 1]])),
        ("[true].all(x, x)", json!(true)),
    ]);
    check_failures(&[
        ("input.list.all(i, x, x / i != 17)", "data.division"),
        ("input.list.transformMap(i, x, x)", "defect.expression"),
        ("input.lines.transformMapEntry(i, l, {l.sku: l.n})", "data.key"),
        ("input.list.transformMapEntry(i, x, x)", "defect.expression"),
        ("input.name.all(i, x, true)", "defect.expression"),
        ("input.list.transformList(i, x, 1, x)", "defect.expression"),
    ]);
    check_refused(&[
        ("a.transformList(x, x + 1)", "wrong-arguments"),
        ("a.transformMap(if, x, 1)", "wrong-arguments"),
        ("a.map(i, x, c, r)", "wrong-arguments"),
        ("a.all(i, x, c, r)", "wrong-arguments"),
        ("a.exists(i, i, true)", "wrong-arguments"),
    ]);
}

#[test]
fn optionals_are_mapped() {
    check(&[
        ("input.?n.optMap(x, x * 2).orValue(0)", json!(14)),
        ("input.?missing.optMap(x, 1 / 0).orValue(0)", json!(0)),
        ("optional.none().optMap(x, x + 1).hasValue()", json!(false)),
        ("input.?deep.optFlatMap(x, x.?a).optMap(x, x.b.c).orValue(0)", json!(42)),
        ("input.?deep.optFlatMap(x, x.?z).hasValue()", json!(false)),
        ("{?\"n\": input.?n.optMap(x, string(x))}", json!({"n": "7"})),
        ("steps.?skipped.optMap(s, s).hasValue()", json!(false)),
    ]);
    check_failures(&[
        ("input.n.optMap(x, x)", "defect.expression"),
        ("input.?n.optFlatMap(x, x)", "defect.expression"),
        ("input.?n.optMap(x, x / 0).orValue(1)", "data.division"),
    ]);
}

#[test]
fn a_value_is_bound_to_a_name() {
    check(&[
        ("cel.bind(x, 2, x * x)", json!(4)),
        ("cel.bind(x, input.lines.map(l, l.n), sum(x) / size(x))", json!(7.0 / 3.0)),
        ("cel.bind(a, 1, cel.bind(b, a + 1, [a, b]))", json!([1, 2])),
        ("cel.bind(d, input.deep, has(d.a.b) && d.a.b.c == 42)", json!(true)),
        ("cel.bind(m, input.?missing, m.orValue(3))", json!(3)),
        ("cel.bind(found, input.lines.filter(l, l.n > 1), found.map(l, l.sku))", json!(["s1", "s1"])),
        ("cel.bind(x, 1, [2].map(x, x + 1)[0] + x)", json!(4)),
        ("cel.bind(x, 1, x) + cel.bind(x, 2, x)", json!(3)),
        ("cel . bind(x, [1], x[0])", json!(1)),
    ]);
    check_failures(&[("cel.bind(x, 1 / 0, 1)", "data.division")]);
    check_refused(&[
        ("cel.bind(x, 1)", "expression-syntax"),
        ("cel.bind(x)", "wrong-arguments"),
        ("cel.bind(1, x, 1)", "wrong-arguments"),
        ("cel.bind(x, 1, x, x)", "wrong-arguments"),
        ("cel.block([1], 1)", "unknown-function"),
    ]);
}

#[test]
fn nesting_counts_every_macro() {
    check(&[(
        "[1].all(a, [1].all(i, b, cel.bind(c, 1, optional.of(1).optMap(d, a + b + c + d).value() == 4)))",
        json!(true),
    )]);
    check_refused(&[(
        "[1].all(a, [1].all(i, b, cel.bind(c, 1, [1].all(d, cel.bind(e, 1, true)))))",
        "expression-size",
    )]);
}
