//! Documents that are made to cost more than they are long: what a validation looks at is counted and bounded, and one
//! finding says where that ended.

use flov7::catalog::Catalog;
use flov7::validate::{Validated, validate_text};
use flov7::workflow::{DocumentLimits, Syntax};
use serde_json::{Map, Value, json};

/// So many visits are enough for any document of the tests that was not made for it.
const VISITS: u64 = 1_000_000;

/// A document of some size, and its catalogue.
type Make = Box<dyn Fn(usize) -> (Value, Catalog)>;

fn look(document: &Value, catalog: &Catalog, visits: u64) -> Validated {
    let limits = DocumentLimits::default().with_visits(visits);
    validate_text(&document.to_string(), Syntax::Json, catalog, &limits)
}

fn numbered(count: usize, one: impl Fn(usize) -> Value) -> Vec<Value> {
    (0..count).map(one).collect()
}

fn texts(name: &str, count: usize) -> Value {
    let members: Map<String, Value> =
        (0..count).map(|at| (format!("{name}{at}"), json!({ "type": "string" }))).collect();
    json!({ "type": "object", "properties": members, "additionalProperties": false })
}

fn document(steps: Vec<Value>, input: Value) -> Value {
    json!({ "flov7": 1, "name": "x", "steps": steps, "input": input })
}

fn set(list: Vec<Value>) -> Vec<Value> {
    vec![json!({ "id": "s", "data": { "set": list } })]
}

/// Names that nobody has, as near to all others as they can be: each is held against each.
fn unknown_steps(size: usize) -> Value {
    let steps = numbered(size, |at| {
        json!({ "id": format!("step_of_the_same_letters_{at:0>6}"),
            "data": { "set": format!("${{ steps.stop_of_the_same_letters_{at:0>6} }}") } })
    });
    document(steps, json!({ "type": "object" }))
}

fn unknown_members(size: usize) -> Value {
    let input = texts("member_of_the_same_letters_", size);
    document(set(numbered(size, |at| json!(format!("${{ input.number_of_the_same_letters_{at} }}")))), input)
}

/// Every filter teaches something, and every step behind them learns all of it, one by one.
fn facts(size: usize) -> Value {
    let maybe =
        numbered(size, |at| json!({ "id": format!("v{at}"), "when": "${ input.a }", "data": { "set": 1 } }));
    let filters = numbered(
        size,
        |at| json!({ "id": format!("f{at}"), "condition": { "filter": format!("${{ has(steps.v{at}) }}") } }),
    );
    let readers = numbered(size, |at| {
        let before = if at == 0 { format!("f{}", size - 1) } else { format!("c{}", at - 1) };
        json!({ "id": format!("c{at}"), "data": { "set": 1 }, "after": [before] })
    });
    let input = json!({ "type": "object", "properties": { "a": { "type": "boolean" } }, "required": ["a"] });
    document([maybe, filters, readers].concat(), input)
}

/// Two large types, joined in every place.
fn unions(size: usize) -> Value {
    let input = json!({ "type": "object", "required": ["a", "b"], "properties": { "a": texts("a", size), "b": texts("b", size) } });
    document(set(numbered(size, |_| json!("${ [input.a, input.b] }"))), input)
}

/// A type that is twice as large with every step, and read everywhere.
fn doubled(size: usize) -> Value {
    let mut steps = vec![json!({ "id": "s0", "data": { "set": { "x": "${ input }" } } })];
    steps.extend((1..15).map(|at| {
        let before = format!("${{ steps.s{} }}", at - 1);
        json!({ "id": format!("s{at}"), "data": { "set": { "x": before, "y": before } } })
    }));
    steps.extend(set(numbered(size, |_| json!("${ [steps.s14, steps.s13, steps.s12] }"))));
    document(steps, json!({ "type": "object" }))
}

/// Names that lead to names, each followed to its end.
fn types(size: usize) -> Value {
    let mut types: Map<String, Value> =
        (0..size).map(|at| (format!("t{at}"), json!({ "$ref": format!("#/types/t{}", at + 1) }))).collect();
    types.insert(format!("t{size}"), json!({ "type": "string" }));
    json!({ "flov7": 1, "name": "x", "types": types, "steps": [{ "id": "s", "data": { "set": "${ input.a }" } }],
        "input": { "type": "object", "properties": { "a": { "$ref": "#/types/t0" } }, "required": ["a"] } })
}

/// A large object goes where a large object is asked for, in every step.
fn links(size: usize) -> (Value, Catalog) {
    let action = json!({ "id": "x.take", "title": "Take", "effect": "none",
        "input": { "type": "object", "properties": { "o": texts("a", size) }, "required": ["o"] } });
    let catalog = Catalog::read(&json!({ "flov7_catalog": 1, "actions": [action] })).unwrap();
    let steps = numbered(
        size,
        |at| json!({ "id": format!("s{at}"), "action": { "use": "x.take", "with": { "o": "${ input.a }" } } }),
    );
    let input = json!({ "type": "object", "required": ["a"], "properties": { "a": texts("a", size) } });
    (document(steps, input), catalog)
}

/// Arguments that an action does not take, each with all those that it does.
fn arguments(size: usize) -> (Value, Catalog) {
    let action =
        json!({ "id": "x.take", "title": "Take", "effect": "none", "input": texts("argument_", size) });
    let catalog = Catalog::read(&json!({ "flov7_catalog": 1, "actions": [action] })).unwrap();
    let with: Map<String, Value> = (0..size).map(|at| (format!("q{at}"), json!(1))).collect();
    (
        document(
            vec![json!({ "id": "s", "action": { "use": "x.take", "with": with } })],
            json!({ "type": "object" }),
        ),
        catalog,
    )
}

/// What is counted grows with the square or faster, and stops at the limit: one finding says so, and nothing is said about
/// what was not looked at.
#[test]
fn what_grows_faster_than_the_document_ends_in_one_finding() {
    let without = |make: fn(usize) -> Value| move |size| (make(size), Catalog::new());
    let all: [(&str, Make, usize); 6] = [
        ("unknown steps", Box::new(without(unknown_steps)), 30),
        ("unknown members", Box::new(without(unknown_members)), 30),
        ("facts", Box::new(without(facts)), 40),
        ("unions", Box::new(without(unions)), 40),
        ("links", Box::new(links), 40),
        ("chain of types", Box::new(without(types)), 40),
    ];
    for (name, make, size) in all {
        let ((small, catalog), (large, more)) = (make(size), make(4 * size));
        let plenty = look(&small, &catalog, u64::MAX);
        let spent = |found: &Validated| -> Vec<String> {
            let findings = found.report.findings().iter();
            let size = findings.filter(|finding| finding.code == "document-size");
            size.map(|finding| finding.message.clone()).collect()
        };
        assert_eq!(spent(&plenty), Vec::<String>::new(), "{name}: {} visits", plenty.visits);
        // Four times the text is more than four times the work.
        let found = look(&large, &more, 4 * plenty.visits);
        assert_eq!(found.visits, 4 * plenty.visits, "{name}: not one more");
        assert_eq!(
            spent(&found),
            [format!(
                "looking at this document takes more than {} visits of its parts, so that not all of it was checked",
                4 * plenty.visits
            )],
            "{name}"
        );
        assert!(found.valid.is_none(), "{name}: what was not looked at is not sound");
        let again = look(&large, &more, 4 * plenty.visits);
        assert_eq!(again.report, found.report, "{name}: the same every time");
    }
}

/// A type that is twice as large with every step stops being described, so that each read of it costs the same.
#[test]
fn types_that_double_cost_what_is_read_of_them() {
    let cost = |size| look(&doubled(size), &Catalog::new(), u64::MAX).visits;
    let (one, two, four) = (cost(2), cost(4), cost(8));
    assert_eq!(four - two, 2 * (two - one));
}

/// The greatest document that people may write leaves most of what may be spent.
#[test]
fn an_honest_document_costs_a_small_part() {
    let steps = numbered(10_000, |at| match at {
        0 => json!({ "id": "s0", "data": { "set": "${ input.n + 1 }" } }),
        _ => {
            json!({ "id": format!("s{at}"), "data": { "set": format!("${{ steps.s{} * 2 + size(input.rows) }}", at - 1) } })
        }
    });
    let row =
        json!({ "type": "object", "required": ["price"], "properties": { "price": { "type": "number" } } });
    let input = json!({ "type": "object", "required": ["n", "rows"],
        "properties": { "n": { "type": "number" }, "rows": { "type": "array", "items": row } } });
    let found = look(&document(steps, input), &Catalog::new(), u64::MAX);
    assert!(found.valid.is_some());
    assert!(found.visits < DocumentLimits::default().visits / 10, "{} visits", found.visits);
}

/// Whether the same document costs the same the second time, when the catalogue knows its types already.
#[test]
fn visits_do_not_depend_on_what_was_looked_at_before() {
    let (document, catalog) = links(20);
    let first = look(&document, &catalog, VISITS).visits;
    assert_eq!(look(&document, &catalog, VISITS).visits, first);
    assert_eq!(look(&document, &catalog.clone(), VISITS).visits, first);
    let (document, fresh) = links(20);
    assert_eq!(look(&document, &fresh, VISITS).visits, first);
}

/// A finding shows a part of what is allowed, and no value that is larger than people read.
#[test]
fn a_report_is_no_larger_than_what_is_wrong() {
    let (document, catalog) = arguments(300);
    let found = look(&document, &catalog, u64::MAX);
    let unknown: Vec<_> =
        found.report.findings().iter().filter(|finding| finding.code == "unknown-argument").collect();
    assert_eq!(unknown.len(), 300);
    assert!(unknown.iter().all(|finding| finding.allowed.as_ref().unwrap().as_array().unwrap().len() == 64));
    let size = found.report.to_json().to_string().len();
    assert!(size < 300 * 2_000, "{size} bytes");
}

/// Hundreds of texts that are no expressions cost what they are long.
#[test]
fn many_faults_of_one_template_are_found_at_once() {
    let found = look(
        &document(set(vec![json!("${ 1 + }"); 5_000]), json!({ "type": "object" })),
        &Catalog::new(),
        VISITS,
    );
    assert_eq!(found.report.findings().len(), 5_000);
    assert!(found.visits < 5_000 * 50, "{} visits", found.visits);
}

/// Ids of letters that look like others, in names that are held against each other.
#[test]
fn tricks_of_unicode_cost_no_more() {
    let steps = |count: usize| {
        numbered(
            count,
            |at| json!({ "id": format!("\u{17f}tep\u{202e}{at}\u{301}"), "data": { "set": format!("${{ steps.step{at} }}") } }),
        )
    };
    let cost = |count: usize| {
        look(&document(steps(count), json!({ "type": "object" })), &Catalog::new(), u64::MAX).visits
    };
    // Each of two lists of names, twice: for what is near and for what is meant.
    assert!(cost(100) < 100 * 100 * 30, "{}", cost(100));
}
