//! Templates.

use flov7::expr::{Encoding, EvalError, Fuel, Limits, Part, Place, Template, marked};
use serde_json::{Value, json};
use std::sync::Arc;

use super::env;

fn template(value: &Value) -> Template {
    Template::parse(value, &Limits::default()).unwrap_or_else(|errors| panic!("{value}: {errors:?}"))
}

fn render(value: &Value) -> Result<Value, EvalError> {
    template(value).render(&env(), &mut Fuel::new()).map(|value| (*value).clone())
}

#[test]
fn a_lone_mark_keeps_its_type() {
    for (source, expected) in [
        (json!("${ input.n }"), json!(7)),
        (json!("${input.list}"), json!([3, 1, 2])),
        (json!("${ null }"), json!(null)),
        (json!("${ {\"a\": {\"b\": \"}\"}} }"), json!({"a": {"b": "}"}})),
        (json!("${ '}' + \"}\" + r'\\}' + '''}''' }"), json!("}}\\}}")),
        (json!("${ 1 // } comment\n + 1 }"), json!(2)),
        (json!("${ {\"a}\": 1}[\"a}\"] }"), json!(1)),
        (json!("${ \"a\\\"}\" }"), json!("a\"}")),
        (json!("${ now }"), json!("2026-11-22T08:30:00Z")),
        (
            json!({"a": ["${ input.n }", {"b": "${ input.name }"}], "c": 1}),
            json!({"a": [7, {"b": "Ada"}], "c": 1}),
        ),
    ] {
        assert_eq!(render(&source).unwrap(), expected, "{source}");
    }
}

#[test]
fn text_is_interpolated() {
    for (source, expected) in [
        ("Hi ${ input.name }!", "Hi Ada!"),
        (" ${ input.name }", " Ada"),
        ("${ input.name }${ input.n }", "Ada7"),
        ("${ input.half + 0.5 } ${ 1e21 } ${ 1e20 } ${ 1e-7 }", "1 1e+21 100000000000000000000 1e-7"),
        ("${ input.big }.", "18446744073709551615."),
        ("${ input.yes }?", "true?"),
        ("at ${ now }", "at 2026-11-22T08:30:00Z"),
        ("at ${ timestamp(input.at) }", "at 2026-11-22T08:30:15.250Z"),
        ("in ${ duration(\"1d1h30m\") }", "in PT25H30M"),
        ("$${ input.name }", "${ input.name }"),
        ("$$${ input.name }", "$${ input.name }"),
        ("5$ and $x and $", "5$ and $x and $"),
        ("$${a} is ${ input.name }", "${a} is Ada"),
        ("no marks }", "no marks }"),
        ("${ toJson(input.list) }!", "[3,1,2]!"),
        ("${ \"a\" }\n${ \"b\" }", "a\nb"),
        ("ä${ \"ö\" }ü", "äöü"),
    ] {
        assert_eq!(render(&json!(source)).unwrap(), json!(expected), "{source}");
    }
    for source in ["x ${ null }", "x ${ input.list }", "x ${ input.map }", "x ${ input.?name }"] {
        let error = render(&json!({"a": [0, source]})).unwrap_err();
        assert_eq!((error.code, error.pointer.as_str()), ("data.conversion", "/a/1"), "{source}");
    }
}

#[test]
fn optional_members_are_left_out() {
    let source = json!({"a": "${ input.?name }", "b": "${ input.?missing }", "c": {"d": "${ steps.?skipped }"}, "e": 1});
    assert_eq!(render(&source).unwrap(), json!({"a": "Ada", "c": {}, "e": 1}));
    for source in [json!(["${ input.?missing }"]), json!("${ input.?missing }")] {
        assert_eq!(render(&source).unwrap_err().code, "defect.expression", "{source}");
    }
}

#[test]
fn failures_name_their_place() {
    let source = json!({"x/y": [1, {"~": "is ${ 1 / 0 }"}]});
    let error = render(&source).unwrap_err();
    assert_eq!((error.code, error.pointer.as_str()), ("data.division", "/x~1y/1/~0"));
    // Spans count from the start of the string.
    assert_eq!(error.span.range(), 6..11);
}

#[test]
fn faults_are_all_found_with_their_places() {
    let source = json!({"b": "${ 1 + }", "a": ["${ nope() } ${ 1u }", "ok", "${ x"], "c": "${}"});
    let errors = Template::parse(&source, &Limits::default()).unwrap_err();
    let found: Vec<_> =
        errors.iter().map(|e| (e.pointer.as_str(), e.error.code, e.error.span.range())).collect();
    assert_eq!(
        found,
        [
            ("/a/0", "unknown-function", 3..7),
            ("/a/0", "expression-syntax", 15..17),
            ("/a/2", "expression-syntax", 0..2),
            ("/b", "expression-syntax", 7..7),
            ("/c", "expression-syntax", 2..2),
        ]
    );
}

#[test]
fn constants_and_references_are_shared() {
    let constant = template(&json!({"a": [1, "$${"]}));
    assert_eq!(**constant.constant().unwrap(), json!({"a": [1, "${"]}));
    let mut fuel = Fuel::new();
    let (one, two) =
        (constant.render(&env(), &mut fuel).unwrap(), constant.render(&env(), &mut fuel).unwrap());
    assert!(Arc::ptr_eq(&one, &two));
    assert_eq!(fuel.used(), 0);
    let env = env();
    let whole = template(&json!("${ steps.total }"));
    assert!(Arc::ptr_eq(&whole.render(&env, &mut fuel).unwrap(), &whole.render(&env, &mut fuel).unwrap()));
    // A constant part of a larger template is one part.
    let mixed = template(&json!({"a": {"b": [1, {"c": "d"}]}, "x": "${ 1 }"}));
    let Part::Object(members) = mixed.root() else { panic!() };
    assert!(matches!(&members[0].1, Part::Constant(value) if **value == json!({"b": [1, {"c": "d"}]})));
}

#[test]
fn segments_are_encoded() {
    let mut path = template(
        &json!({"path": "/orders/${ input.at }/${ \"a/../b?\" }", "q": "${ input.name + \" B\" }", "n": 1}),
    );
    assert!(path.encode("/path", Encoding::PathSegment));
    assert!(path.encode("/q", Encoding::PathSegment));
    assert!(!path.encode("/n", Encoding::PathSegment));
    assert!(!path.encode("/missing", Encoding::PathSegment));
    let rendered = path.render(&env(), &mut Fuel::new()).unwrap();
    assert_eq!(
        *rendered,
        json!({"path": "/orders/2026-11-22T08%3A30%3A15.250Z/a%2F..%2Fb%3F", "q": "Ada%20B", "n": 1})
    );
}

#[test]
fn fail_class_a_segment_that_values_leave_empty_breaks_the_contract_of_a_path() {
    for (path, rendered) in [
        ("/orders/${ '' }", Err("${ '' }")),
        ("/orders/${ '' }?x=1", Err("${ '' }")),
        ("/orders/${ '' }/lines", Err("${ '' }")),
        ("/orders/${ '' }${ \"\" }", Err("${ \"\" }")),
        ("/${ 'a' }/${ '' }", Err("${ '' }")),
        ("${ '' }", Err("${ '' }")),
        // Something else is in the segment, or it is none.
        ("/orders/x${ '' }", Ok("/orders/x")),
        ("/orders/${ '' }-${ 7 }", Ok("/orders/-7")),
        ("/orders/${ '' }${ 7 }", Ok("/orders/7")),
        ("/orders/", Ok("/orders/")),
        ("/orders?x=${ '' }", Ok("/orders?x=")),
        ("/orders?x=/${ '' }/", Ok("/orders?x=//")),
    ] {
        let mut template = template(&json!({ "path": path }));
        template.encode("/path", Encoding::PathSegment);
        match (template.render(&env(), &mut Fuel::new()), rendered) {
            (Ok(value), Ok(wanted)) => assert_eq!(value["path"], wanted, "{path}"),
            (Err(error), Err(mark)) => {
                assert_eq!((error.code, error.pointer.as_str()), ("contract.input", "/path"), "{path}");
                let inside = &path[error.span.range()];
                assert!(mark.contains(inside) && !inside.is_empty(), "{path}: {inside}");
            }
            (found, _) => panic!("{path}: {found:?}"),
        }
    }
}

#[test]
fn expressions_are_visited_with_their_places() {
    let source = template(&json!({"a": "${ 1 }", "b": ["${ 2 }", "x ${ 3 }${ 4 }"]}));
    let mut found = Vec::new();
    source.visit(&mut |pointer, expr, place| found.push((pointer.to_owned(), expr.to_string(), place)));
    assert_eq!(
        found,
        [
            ("/a".to_owned(), "1".to_owned(), Place::Member),
            ("/b/0".to_owned(), "2".to_owned(), Place::Value),
            ("/b/1".to_owned(), "3".to_owned(), Place::Text),
            ("/b/1".to_owned(), "4".to_owned(), Place::Text),
        ]
    );
}

#[test]
fn marks_are_wanted_where_a_condition_stands() {
    for (source, code) in [
        ("input.n > 5", "expression-marks"),
        ("x ${ input.n }", "expression-marks"),
        ("${ input.n } ", "expression-marks"),
        ("${ a }${ b }", "expression-marks"),
        ("$${ a }", "expression-marks"),
        ("", "expression-syntax"),
        ("${ }", "expression-syntax"),
        ("${ a", "expression-syntax"),
        ("${ 1u }", "expression-syntax"),
    ] {
        assert_eq!(marked(source, &Limits::default()).unwrap_err()[0].code, code, "{source}");
    }
    // The span counts the marks.
    assert_eq!(marked("${ 1u }", &Limits::default()).unwrap_err()[0].span.range(), 3..5);
    assert_eq!(marked("not an expression", &Limits::default()).unwrap_err()[0].fix, None);
}
