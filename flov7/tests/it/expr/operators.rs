//! Operators, macros and reading.

use serde_json::json;

use super::{check, check_failures, value};

#[test]
fn num_entry_normalises_what_leaves() {
    check(&[
        ("0.5 + 0.5", json!(1)),
        ("1.0", json!(1)),
        ("-0.0", json!(0)),
        ("0.0 * -1", json!(0)),
        ("1e3", json!(1000)),
        ("9007199254740992.0", json!(9_007_199_254_740_992_i64)),
        ("[0.5 * 2, {\"a\": 4 / 2}]", json!([1, {"a": 2}])),
        ("18446744073709551615", json!(u64::MAX)),
        ("-9223372036854775808", json!(i64::MIN)),
        ("0xff", json!(255)),
        (".5", json!(0.5)),
        ("5e-1", json!(0.5)),
        ("007", json!(7)),
    ]);
}

#[test]
fn num_arith_is_exact_and_checked() {
    check(&[
        ("1 + 2 * 3 - 4", json!(3)),
        ("9007199254740993 + 0", json!(9_007_199_254_740_993_i64)),
        ("9223372036854775807 + 1", json!(9_223_372_036_854_775_808_u64)),
        ("18446744073709551615 - 18446744073709551615", json!(0)),
        ("input.big + input.small", json!(9_223_372_036_854_775_807_u64)),
        ("-(9223372036854775808)", json!(i64::MIN)),
        ("-input.small", json!(9_223_372_036_854_775_808_u64)),
        ("4294967296 * 4294967295", json!(18_446_744_069_414_584_320_u64)),
        ("3 * 0.5", json!(1.5)),
        ("0.1 + 0.2", json!(0.300_000_000_000_000_04)),
        ("1.5 + 9007199254740993", json!(9_007_199_254_740_994.0)),
        ("- - 3", json!(3)),
        ("-input.half", json!(-0.5)),
        ("2-1", json!(1)),
        ("2 -1", json!(1)),
    ]);
    check_failures(&[
        ("input.big + 1", "data.overflow"),
        ("input.small - 1", "data.overflow"),
        ("-input.big", "data.overflow"),
        ("input.big * input.big", "data.overflow"),
        ("input.big * input.small", "data.overflow"),
        ("1e308 * 10", "data.overflow"),
        ("-1e308 - 1e308", "data.overflow"),
        ("1 + \"a\"", "defect.expression"),
        ("\"a\" + 1", "defect.expression"),
        ("true + true", "defect.expression"),
        ("\"a\" * 2", "defect.expression"),
        ("-\"a\"", "defect.expression"),
        ("null + 1", "defect.expression"),
    ]);
}

#[test]
fn num_div_is_true_division() {
    check(&[
        ("7 / 2", json!(3.5)),
        ("6 / 2", json!(3)),
        ("-7 / 2", json!(-3.5)),
        ("1 / 3", json!(1.0 / 3.0)),
        ("7 / 0.5", json!(14)),
        ("input.small / -1", json!(9_223_372_036_854_775_808_u64)),
        ("9007199254740993 / 2", json!(4_503_599_627_370_496_i64)),
        ("9007199254740991 / 2", json!(4_503_599_627_370_495.5)),
        ("18446744073709551615 / 2", json!(9_223_372_036_854_775_807.5)),
        ("7 % 3", json!(1)),
        ("-7 % 3", json!(-1)),
        ("7 % -3", json!(1)),
        ("7.5 % 2", json!(1.5)),
        ("-7.5 % 2", json!(-1.5)),
        ("input.small % -1", json!(0)),
        ("input.big % 10", json!(5)),
    ]);
    check_failures(&[
        ("1 / 0", "data.division"),
        ("1 / (input.half - input.half)", "data.division"),
        ("1 % 0", "data.division"),
        ("1.5 % 0", "data.division"),
        ("math.quot(1, 0)", "data.division"),
        ("1e308 / 0.1", "data.overflow"),
    ]);
}

#[test]
fn num_eq_never_rounds() {
    check(&[
        ("1 == 1.0", json!(true)),
        ("9007199254740993 == 9007199254740992.0", json!(false)),
        ("9007199254740993 > 9007199254740992.0", json!(true)),
        ("18446744073709551615 < 18446744073709551616.0", json!(true)),
        ("input.big > input.small", json!(true)),
        ("input.small < -9223372036854775807", json!(true)),
        ("9007199254740993 in [9007199254740992.0]", json!(false)),
        ("2 in [1, 2.0]", json!(true)),
        ("[1, [2.0]] == [1.0, [2]]", json!(true)),
        ("{\"a\": 1.0} == {\"a\": 1}", json!(true)),
        ("0.5 < 1", json!(true)),
        ("1 < 0.5", json!(false)),
        ("100000000000000000000.0 == 1e20", json!(true)),
    ]);
}

#[test]
fn equality_takes_any_kind() {
    check(&[
        ("1 == \"1\"", json!(false)),
        ("null == null", json!(true)),
        ("null == false", json!(false)),
        ("null != 0", json!(true)),
        ("input.none == null", json!(true)),
        ("[] == {}", json!(false)),
        ("input.map == {\"a\": 1, \"b\": 2, \"x-id\": \"k\"}", json!(true)),
        ("{\"a\": 1} == {\"b\": 1}", json!(false)),
        ("{\"a\": 1} == {\"a\": 1, \"b\": 1}", json!(false)),
        ("input.list == [3, 1, 2]", json!(true)),
        ("[3, 1] == input.list", json!(false)),
        ("\"ä\" == \"a\\u0308\"", json!(false)),
        ("optional.of(1) == optional.of(1.0)", json!(true)),
        ("optional.none() == optional.of(1)", json!(false)),
    ]);
}

#[test]
fn order_is_of_one_kind() {
    check(&[
        ("\"a\" < \"b\"", json!(true)),
        ("\"Z\" < \"a\"", json!(true)),
        ("\"\\uffff\" < \"\\U0001F600\"", json!(true)),
        ("false < true", json!(true)),
        ("2 >= 2", json!(true)),
        ("2 <= 1", json!(false)),
        ("timestamp(\"2026-01-01T00:00:00Z\") < now", json!(true)),
        ("duration(\"1h\") > duration(\"59m\")", json!(true)),
    ]);
    check_failures(&[
        ("1 < \"2\"", "defect.expression"),
        ("null < 1", "defect.expression"),
        ("[1] < [2]", "defect.expression"),
        ("1 < 2 < 3", "defect.expression"),
    ]);
}

#[test]
fn logic_absorbs_failures_on_either_side() {
    check(&[
        ("true && false", json!(false)),
        ("1 / 0 == 1 && false", json!(false)),
        ("false && 1 / 0 == 1", json!(false)),
        ("true || 1 / 0 == 1", json!(true)),
        ("1 / 0 == 1 || true", json!(true)),
        ("1 / 0 == 1 || 2 / 0 == 1 || true", json!(true)),
        ("!true || !false", json!(true)),
        ("\"x\" || true", json!(true)),
        ("!input.yes", json!(false)),
        ("true && true && true", json!(true)),
        ("false || false || false", json!(false)),
        ("true || false && false", json!(true)),
    ]);
    check_failures(&[
        ("1 / 0 == 1 && true", "data.division"),
        ("true && 1 / 0 == 1", "data.division"),
        ("false || 1 / 0 == 1", "data.division"),
        ("1 / 0 == 1 || [1][5] == 1", "data.division"),
        ("1 && true", "defect.expression"),
        ("!1", "defect.expression"),
        // An evaluation that ran out decides nothing.
        ("range(1000).all(x, range(1000).all(y, true)) || true", "data.size"),
    ]);
}

#[test]
fn choosing() {
    check(&[
        ("true ? 1 : 1 / 0", json!(1)),
        ("false ? 1 / 0 : 2", json!(2)),
        ("input.n > 5 ? \"big\" : input.n > 2 ? \"mid\" : \"small\"", json!("big")),
        ("true ? false ? 1 : 2 : 3", json!(2)),
    ]);
    check_failures(&[("1 ? 2 : 3", "defect.expression"), ("null ? 2 : 3", "defect.expression")]);
}

#[test]
fn reading() {
    check(&[
        ("input.name", json!("Ada")),
        ("input.deep.a.b.c", json!(42)),
        ("input[\"deep\"][\"a\"].b[\"c\"]", json!(42)),
        ("input.map[\"x-id\"]", json!("k")),
        ("input.map.`x-id`", json!("k")),
        ("input.list[0]", json!(3)),
        ("input.list[2.0]", json!(2)),
        ("input.list[size(input.list) - 1]", json!(2)),
        ("[10, 20][1]", json!(20)),
        ("{\"a\": {\"b\": 1}}.a.b", json!(1)),
        ("input.map[\"a\" + \"\"]", json!(1)),
        ("steps.total", json!(600)),
        ("steps[\"total\"]", json!(600)),
        ("steps.nothing", json!(null)),
        ("item.id + index", json!(8)),
        ("input.lines[1].sku", json!("s2")),
        ("input", super::env_root()),
        ("{\"in\": 1}.`in`", json!(1)),
        ("{\"in\": 1}[\"in\"]", json!(1)),
        ("{\"loop\": 1}.loop", json!(1)),
    ]);
    check_failures(&[
        ("input.missing", "defect.expression"),
        ("input.name.x", "defect.expression"),
        ("input.none.x", "defect.expression"),
        ("input.list.x", "defect.expression"),
        ("steps.skipped", "defect.expression"),
        ("nowhere", "defect.expression"),
        ("input.list[3]", "data.index"),
        ("input.list[-1]", "data.index"),
        ("input.list[0.5]", "data.index"),
        ("input.empty[0]", "data.index"),
        ("input.list[\"a\" + \"\"]", "defect.expression"),
        ("input.map[\"z\" + \"\"]", "data.key"),
        ("input.map[1]", "defect.expression"),
        ("input.n[0]", "defect.expression"),
        ("input.name[0]", "defect.expression"),
    ]);
    let error = value("1 + input.deep.a.z.y").unwrap_err();
    assert_eq!(error.message, "`input.deep.a` has no member `z`");
    assert_eq!(error.span.range(), 4..18);
}

#[test]
fn membership() {
    check(&[
        ("1 in input.list", json!(true)),
        ("4 in input.list", json!(false)),
        ("\"a\" in input.map", json!(true)),
        ("\"z\" in input.map", json!(false)),
        ("1 in input.map", json!(false)),
        ("\"a\" in {\"a\": null}", json!(true)),
        ("[1] in [[1], [2]]", json!(true)),
        ("null in [1, null]", json!(true)),
        ("!(1 in [])", json!(true)),
    ]);
    check_failures(&[("\"a\" in \"abc\"", "defect.expression"), ("1 in null", "defect.expression")]);
}

#[test]
fn absent_has_is_presence() {
    check(&[
        ("has(input.name)", json!(true)),
        ("has(input.none)", json!(true)),
        ("has(input.missing)", json!(false)),
        ("has(input.deep.a.b)", json!(true)),
        ("has(input.map[\"x-id\"])", json!(true)),
        ("has(steps.total)", json!(true)),
        ("has(steps.nothing)", json!(true)),
        ("has(steps.skipped)", json!(false)),
        ("has(steps[\"skipped\"])", json!(false)),
        ("has({\"a\": null}.a)", json!(true)),
        ("has(input.?missing.b)", json!(false)),
        ("has(input.?deep.a)", json!(true)),
        ("has(input.missing) && input.missing.x > 1", json!(false)),
    ]);
    check_failures(&[
        ("has(input.missing.b)", "defect.expression"),
        ("has(input.name.b)", "defect.expression"),
        ("has(steps.skipped.b)", "defect.expression"),
    ]);
}

#[test]
fn making() {
    check(&[
        ("[]", json!([])),
        ("{}", json!({})),
        ("[1, \"a\", null, [true],]", json!([1, "a", null, [true]])),
        ("{\"b\": 1, \"a\": [2],}", json!({"a": [2], "b": 1})),
        ("{\"a\" + \"b\": 1}", json!({"ab": 1})),
        ("{input.name: 1}", json!({"Ada": 1})),
        ("[?input.?name, ?input.?missing]", json!(["Ada"])),
        ("{?\"a\": input.?name, ?\"b\": input.?missing}", json!({"a": "Ada"})),
        ("[1] + [2] + input.list", json!([1, 2, 3, 1, 2])),
        ("input.list + [0]", json!([3, 1, 2, 0])),
        ("\"a\" + 'b' + input.name", json!("abAda")),
    ]);
    check_failures(&[
        ("{1: 2}", "defect.expression"),
        ("{\"a\": 1, \"a\": 2}", "data.key"),
        ("[?1]", "defect.expression"),
        ("{?\"a\": 1}", "defect.expression"),
        ("[1] + 2", "defect.expression"),
    ]);
}

#[test]
fn macros() {
    check(&[
        ("input.list.all(x, x > 0)", json!(true)),
        ("input.list.all(x, x > 1)", json!(false)),
        ("[].all(x, 1 / 0 == 1)", json!(true)),
        ("[0, 2].all(x, 4 / x == 1)", json!(false)),
        ("input.list.exists(x, x == 2)", json!(true)),
        ("[].exists(x, true)", json!(false)),
        ("[0, 2].exists(x, 4 / x == 2)", json!(true)),
        ("input.list.exists_one(x, x > 2)", json!(true)),
        ("input.list.exists_one(x, x > 1)", json!(false)),
        ("input.list.existsOne(x, x > 2)", json!(true)),
        ("input.list.map(x, x * 2)", json!([6, 2, 4])),
        ("input.list.map(x, x > 1, x * 2)", json!([6, 4])),
        ("input.list.filter(x, x < 3)", json!([1, 2])),
        ("input.lines.map(l, l.n * l.price).sum()", json!(28)),
        ("input.lines.filter(l, l.sku == \"s1\").map(l, l.n)", json!([2, 4])),
        ("[[1, 2], [3]].map(x, x.map(y, y + size(x)))", json!([[3, 4], [4]])),
        ("[1, 2].map(x, [10].map(x, x + 1))", json!([[11], [11]])),
        ("[1, 2].map(x, [x].map(y, x + y)[0] + x)", json!([3, 6])),
        ("[1].map(input, input)", json!([1])),
        ("[1, 2].map(x, x).map(x, x)", json!([1, 2])),
        ("[1].map(a, [2].map(b, [3].map(c, [4].map(d, a + b + c + d))))", json!([[[[10]]]])),
        ("input.list.map(size, size(input.list) + size)", json!([6, 4, 5])),
    ]);
    check_failures(&[
        ("[0].all(x, 1 / x == 1)", "data.division"),
        ("[1, 0].exists(x, 1 / x == 2)", "data.division"),
        ("[1, 0].exists_one(x, 1 / x == 1)", "data.division"),
        ("[1].all(x, x)", "defect.expression"),
        ("[1].filter(x, 1)", "defect.expression"),
        ("1.map(x, x)", "defect.expression"),
        ("null.map(x, x)", "defect.expression"),
        ("\"abc\".map(x, x)", "defect.expression"),
    ]);
}

#[test]
fn maps_are_walked_in_sorted_order() {
    check(&[
        ("input.map.map(k, k)", json!(["a", "b", "x-id"])),
        (
            "{\"b\": 1, \"\\U0001F600\": 2, \"a\": 3, \"\\uffff\": 4}.map(k, k)",
            json!(["a", "b", "\u{ffff}", "😀"]),
        ),
        ("{\"b\": 1, \"a\": 2}.map(k, {\"b\": 1, \"a\": 2}[k])", json!([2, 1])),
        ("input.map.filter(k, k < \"b\")", json!(["a"])),
        ("input.map.all(k, size(k) > 0)", json!(true)),
        ("input.map.exists(k, k == \"b\")", json!(true)),
    ]);
}
