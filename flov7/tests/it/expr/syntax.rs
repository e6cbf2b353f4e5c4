//! The grammar: what is read, what is refused, and what the refusal teaches.

use flov7::expr::{Limits, RootName, UseKind, parse};
use serde_json::json;

use super::{check, check_refused, faults};

#[test]
fn texts_and_their_escapes() {
    check(&[
        (r#""a\"b""#, json!("a\"b")),
        (r#"'a"b\''"#, json!("a\"b'")),
        (r#""\a\b\f\n\r\t\v\\\?\`""#, json!("\u{7}\u{8}\u{c}\n\r\t\u{b}\\?`")),
        (r#""\x41\X42\u00e4\U0001F600\101\000""#, json!("AB\u{e4}😀A\0")),
        (r#"r"a\n""#, json!("a\\n")),
        (r#"R'a\'"#, json!("a\\")),
        ("\"\"\"a\n\"b\"c\"\"\"", json!("a\n\"b\"c")),
        ("'''a'b\\n'''", json!("a'b\n")),
        ("r'''a\\n'b'''", json!("a\\n'b")),
        ("\"\"", json!("")),
        ("\"\"\"\"\"\"", json!("")),
        ("\"äö😀\"", json!("äö😀")),
    ]);
}

#[test]
fn blanks_and_comments() {
    check(&[
        ("1 + // one\n 2", json!(3)),
        ("// before\n1", json!(1)),
        ("1 // after", json!(1)),
        ("\t1\r\n+\x0c1", json!(2)),
        ("\"// no comment\"", json!("// no comment")),
        ("6 / 2", json!(3)),
    ]);
}

#[test]
fn precedence() {
    check(&[
        ("1 + 2 * 3", json!(7)),
        ("(1 + 2) * 3", json!(9)),
        ("2 * 3 % 4", json!(2)),
        ("10 - 2 - 3", json!(5)),
        ("-2 * 3", json!(-6)),
        ("!false && false", json!(false)),
        ("1 + 1 == 2 && 3 < 4 || false", json!(true)),
        ("1 < 2 == true", json!(true)),
        ("2 in [1, 2] == true", json!(true)),
        ("-[1, 2][0]", json!(-1)),
        ("-size([1])", json!(-1)),
        ("true ? 1 : 2 + 3", json!(1)),
        ("1 == 1 ? \"a\" : \"b\"", json!("a")),
        ("true || false ? 1 : 2", json!(1)),
    ]);
}

#[test]
fn what_is_refused() {
    check_refused(&[
        ("", "expression-syntax"),
        ("   ", "expression-syntax"),
        ("// only a comment", "expression-syntax"),
        ("1 +", "expression-syntax"),
        ("+ 1", "expression-syntax"),
        ("1 2", "expression-syntax"),
        ("(1", "expression-syntax"),
        ("1)", "expression-syntax"),
        ("[1, 2", "expression-syntax"),
        ("{\"a\" 1}", "expression-syntax"),
        ("{a: 1}", "expression-syntax"),
        ("f(1,)", "expression-syntax"),
        ("a.", "expression-syntax"),
        ("a.1", "expression-syntax"),
        ("a[]", "expression-syntax"),
        ("a ? b", "expression-syntax"),
        ("a ? b :", "expression-syntax"),
        ("a = b", "expression-syntax"),
        ("a === b", "expression-syntax"),
        ("a & b", "expression-syntax"),
        ("a | b", "expression-syntax"),
        ("a and b", "expression-syntax"),
        ("not a", "expression-syntax"),
        ("a ?? b", "expression-syntax"),
        ("\"abc", "expression-syntax"),
        ("\"a\nb\"", "expression-syntax"),
        (r#""\q""#, "expression-syntax"),
        (r#""\ud83d""#, "expression-syntax"),
        (r#""\x4""#, "expression-syntax"),
        (r#""\U00110000""#, "expression-syntax"),
        (r#""\u12ä""#, "expression-syntax"),
        ("b\"abc\"", "expression-syntax"),
        ("br'abc'", "expression-syntax"),
        ("1u", "expression-syntax"),
        ("0xFFu", "expression-syntax"),
        ("1abc", "expression-syntax"),
        ("0x", "expression-syntax"),
        ("“a”", "expression-syntax"),
        ("${ a }", "expression-syntax"),
        ("a # b", "expression-syntax"),
        ("`a`", "expression-syntax"),
        ("a.`b", "expression-syntax"),
        ("for", "expression-syntax"),
        ("import", "expression-syntax"),
        ("in", "expression-syntax"),
        ("Point{x: 1}", "expression-syntax"),
        (".a", "expression-syntax"),
        ("steps", "expression-syntax"),
        ("steps[input.x]", "expression-syntax"),
        ("steps.map(s, s)", "expression-syntax"),
        ("size(steps)", "expression-syntax"),
        ("18446744073709551616", "number-range"),
        ("-9223372036854775809", "number-range"),
        ("1e400", "number-range"),
        ("0xFFFFFFFFFFFFFFFFF", "number-range"),
        ("nope(1)", "unknown-function"),
        ("input.nope()", "unknown-function"),
        ("math.nope(1)", "unknown-function"),
        ("optMap(1)", "wrong-arguments"),
        ("lists.range(3)", "unknown-function"),
        ("math.isNaN(1)", "unknown-function"),
        ("size()", "wrong-arguments"),
        ("size(1, 2)", "wrong-arguments"),
        ("contains(\"a\", \"b\")", "wrong-arguments"),
        ("input.string()", "wrong-arguments"),
        ("max(1, 2)", "wrong-arguments"),
        ("\"a\".replace(\"b\")", "wrong-arguments"),
        ("has(input)", "wrong-arguments"),
        ("has(input[0])", "wrong-arguments"),
        ("has(1 + 2)", "wrong-arguments"),
        ("has(input.a, input.b)", "wrong-arguments"),
        ("has()", "wrong-arguments"),
        ("[1].map(1, 2)", "wrong-arguments"),
        ("[1].map(x)", "wrong-arguments"),
        ("[1].filter(x, true, 1)", "wrong-arguments"),
        ("[1].filter(in, true)", "wrong-arguments"),
        ("map([1], x, x)", "wrong-arguments"),
    ]);
}

#[test]
fn refusals_teach() {
    let cases = [
        ("max(a, (b + 1)", "expected `)` to close the `(` at 3, found the end", ""),
        ("[1, (2]", "expected `)` to close the `(` at 4, found `]`", ""),
        ("1u", "there are no unsigned literals: numbers need no suffix, found `1u`", "write `1`"),
        ("a = b", "`=` does not compare", "write `==`"),
        ("a and b", "expected an operator or the end, found `and`", "write `&&`"),
        (
            "a ?? b",
            "expected an operator or the end, found `?`",
            "a default is written `a.?b.orValue(default)`",
        ),
        ("input?.a", "an optional read is written `.?`, the question mark second", "write `a.?b`"),
        ("{a: 1}", "the key of a map is a text in quotes", "write `\"a\"`"),
        ("input.items.length()", "there is no function `length`", "write `size(v)`"),
        ("input.name.startWith(\"a\")", "there is no function `startWith`", "did you mean `startsWith`?"),
        ("round(1.5)", "there is no function `round`", "write `math.round(x, digits)`"),
        ("containss(a)", "there is no function `containss`", "there is `value.contains(…)`"),
        ("max(1, 2)", "`max` takes one argument, found 2", "write `max([a, b])`"),
        (
            "contains(a, b)",
            "`contains` is written behind the value that it is asked of",
            "write `value.contains(…)`",
        ),
        ("a.string()", "`string` is no member function", "write `string(value)`"),
        ("\"a\".replace(\"b\")", "`replace` takes 2 to 3 arguments, found 1", ""),
        ("a ? b", "expected `:` and the value for false, of the `?` at 2, found the end", ""),
        ("\"abc", "the text that starts here is never closed: expected `\"`", ""),
        ("a + \"abc", "the text that starts here is never closed: expected `\"`", ""),
        ("steps", "`steps` is no value of its own: name the step that is read", "write `steps.total`"),
        (
            "[1].map(x)",
            "`map` first names a variable, then says what to do with it",
            "write `.map(x, …)`, with x for each member",
        ),
        ("all(a, x, x)", "`all` is written behind the list that it walks", "write `list.all(x, …)`"),
        (
            "a.transformList(x, x)",
            "`transformList` first names two variables, then says what to do with them",
            "write `.transformList(i, x, …)`, with i for each position or key and x for each member",
        ),
        (
            "cel.bind(1, 2)",
            "`cel.bind` first names a variable, then says its value",
            "write `cel.bind(x, value, …)`",
        ),
        ("a.all(i, i, true)", "both variables of `all` are called `i`", ""),
        ("a.all(i, x, true, 1)", "`all` takes one or two variables and one expression", ""),
        ("a.optMap(x, x, 1)", "`optMap` takes a variable and one expression", ""),
        (
            "optMap(a, x)",
            "`optMap` is written behind the optional that it asks",
            "write `optional.optMap(x, …)`",
        ),
        ("lists.range(3)", "there is no function `lists.range`", "write `range(n)`"),
        (
            "math.isNaN(a)",
            "there is no function `math.isNaN`",
            "leave it out: every number is finite, what is not fails with `data.overflow`",
        ),
        ("a.in", "`in` is no member's name behind a dot", "write `.`in`` or `[\"in\"]`"),
        ("a.true == 1", "`true` is no member's name behind a dot", "write `.`true`` or `[\"true\"]`"),
        ("1)", "expected an operator or the end, found `)`", "nothing opened it"),
    ];
    for (source, message, help) in cases {
        let fault = faults(source).remove(0);
        assert_eq!(fault.message, message, "{source}");
        assert_eq!(fault.help.unwrap_or_default(), help, "{source}");
    }
}

#[test]
fn faults_that_do_not_hide_others_are_found_together() {
    let codes: Vec<_> =
        faults("nope(1) + size() + \"a\".matches(\"(\") + a?.b + has(1)").iter().map(|f| f.code).collect();
    assert_eq!(
        codes,
        ["unknown-function", "wrong-arguments", "bad-pattern", "optional-syntax", "wrong-arguments"]
    );
}

#[test]
fn fixes_are_certain() {
    for (source, mended) in [
        ("1u + 2", "1 + 2"),
        ("a = b", "a == b"),
        ("a === b", "a == b"),
        ("a !== b", "a != b"),
        ("a & b", "a && b"),
        ("a and b", "a && b"),
        ("not a", "! a"),
        ("{a: 1}", "{\"a\": 1}"),
        ("x?.y", "x.?y"),
    ] {
        let fault = faults(source).remove(0);
        let mut text = source.to_owned();
        text.replace_range(fault.span.range(), &fault.fix.unwrap());
        assert_eq!(text, mended);
        parse(mended, &Limits::default()).unwrap();
    }
}

#[test]
fn references_are_listed_with_their_uses() {
    let expr =
        parse("has(steps.a) ? steps.a.x + input.n : steps.?b.orValue(input.n) + item", &Limits::default())
            .unwrap();
    let found: Vec<(String, Vec<UseKind>)> = expr
        .references()
        .iter()
        .map(|r| (r.name().text(), r.uses().iter().map(|u| u.kind).collect()))
        .collect();
    assert_eq!(
        found,
        [
            ("steps.a".to_owned(), vec![UseKind::Has, UseKind::Value]),
            ("input".to_owned(), vec![UseKind::Value, UseKind::Value]),
            ("steps.b".to_owned(), vec![UseKind::Optional]),
            ("item".to_owned(), vec![UseKind::Value]),
        ]
    );
    assert_eq!(expr.references()[0].uses()[1].span.range(), 15..22);
    let shadowed = parse("[1].map(item, item) == [steps[\"x\"]]", &Limits::default()).unwrap();
    let names: Vec<_> = shadowed.references().iter().map(|r| r.name().clone()).collect();
    assert_eq!(names, [RootName::Step("x".into())]);
}

#[test]
fn children_stand_before_their_parents() {
    let expr = parse(
        "input.a.filter(x, x.n in [1, 2] && !has(x.y)).map(x, {\"a\": x ? -x : now})",
        &Limits::default(),
    );
    let expr = expr.unwrap();
    let ast = expr.ast();
    assert_eq!(ast.root().index(), ast.nodes().len() - 1);
    for variable in ast.variables() {
        assert_eq!(variable.name(), "x");
        assert_eq!(variable.depth(), 0);
    }
}
