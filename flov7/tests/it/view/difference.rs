//! What two revisions differ in: every difference said once, nothing that is the same, and all of it drawn.

use flov7::catalog::Catalog;
use flov7::view::{Change, MarkKind, difference, difference_graph, layout, mermaid, svg};
use flov7::workflow::Workflow;
use serde_json::{Value, json};

use super::{catalog, references};

fn of(steps: Value) -> Workflow {
    with(json!({ "steps": steps }))
}

fn with(more: Value) -> Workflow {
    let mut value = json!({ "flov7": 1, "name": "x" });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}"))
}

fn set(id: &str, value: Value) -> Value {
    json!({ "id": id, "data": { "set": value } })
}

fn choice(id: &str, then: Value) -> Value {
    json!({ "id": id, "condition": { "if": "${ input.x }", "then": then } })
}

/// The steps that differ, in short.
fn steps(old: &Workflow, new: &Workflow) -> Vec<(String, Change)> {
    difference(old, new).steps.into_iter().map(|step| (step.id, step.change)).collect()
}

#[test]
fn a_workflow_does_not_differ_from_itself() {
    for (name, workflow) in references() {
        let found = difference(&workflow, &workflow);
        assert!(found.is_empty() && found.words() == "no difference\n", "{name}: {found:#?}");
        let drawn = difference_graph(&workflow, &workflow, &catalog());
        assert_eq!(drawn, flov7::view::graph(&workflow, &catalog()), "{name}");
    }
    // The short and the long form of a block are the same.
    let (short, long) =
        (choice("a", json!([set("b", json!(1))])), choice("a", json!({ "steps": [set("b", json!(1))] })));
    assert_eq!(steps(&of(json!([short])), &of(json!([long]))), []);
}

#[test]
fn each_kind_of_difference_is_said_once() {
    let old = of(json!([
        set("stays", json!(1)),
        { "id": "charge", "action": { "use": "bank.charge", "with": { "amount": 5, "to": "ann" } } },
        set("gone", json!(1)),
        choice("check", json!([set("inner", json!(1))])),
        set("walker", json!({ "a": [1, 2] }))
    ]));
    let new = with(json!({
        "description": "Now with words.",
        "steps": [
            set("stays", json!(1)),
            { "id": "charge", "action": { "use": "bank.charge", "with": { "amount": 7, "to": "ann" } }, "retry": { "attempts": 3 } },
            choice("check", json!([set("walker", json!({ "a": [1, 2] })), set("inner", json!(2)), set("new", json!(1))]))
        ]
    }));
    let words = "1 step added, 1 step removed, 2 steps changed, 1 step moved\n\
        ≠ charge: changed\n    action.with.amount: 5 → 7\n    retry: added {\"attempts\":3}\n\
        ↕ walker: moved, from the workflow to check/then\n\
        ≠ inner: changed\n    data.set: 1 → 2\n\
        + new: added, in check/then\n\
        − gone: removed, it was in the workflow\n\
        ≠ outside steps:\n    description: added \"Now with words.\"\n";
    assert_eq!(difference(&old, &new).words(), words);
    let drawn = difference_graph(&old, &new, &Catalog::new());
    let mark = |id: &str| {
        let nodes: Vec<_> = drawn.nodes.iter().filter(|node| node.id.as_deref() == Some(id)).collect();
        assert_eq!(nodes.len(), 1, "{id}");
        nodes[0].mark.as_ref().map(|mark| (mark.kind, mark.words.as_str()))
    };
    assert_eq!((mark("stays"), mark("check")), (None, None));
    assert_eq!(mark("charge"), Some((MarkKind::Changed, "changed: action.with.amount, retry")));
    assert_eq!(mark("walker"), Some((MarkKind::Moved, "moved")));
    assert_eq!(mark("new"), Some((MarkKind::Added, "added")));
    assert_eq!(mark("gone"), Some((MarkKind::Removed, "removed")));
    super::layout::assert_sound("difference", &drawn);
    let (picture, text) = (svg(&drawn, &layout(&drawn)), mermaid(&drawn));
    super::svg::assert_ours(&picture);
    for kind in ["added", "removed", "changed", "moved"] {
        assert!(
            picture.contains(&format!(" {kind}\"")) && text.contains(&format!(":::{kind}\n")),
            "{kind}:\n{text}"
        );
    }
}

#[test]
fn as_few_steps_as_possible_count_as_moved() {
    let order = |ids: &str| of(ids.chars().map(|id| set(&id.to_string(), json!(1))).collect());
    for (old, new, moved) in [
        ("abcdef", "fabcde", "f"),
        ("abcdef", "bcdefa", "a"),
        ("abcdef", "acbdef", "c"),
        ("abcdef", "adbecf", "de"),
        ("abcdef", "abxcdef", ""),
        ("abcdef", "abdef", ""),
        ("ab", "ba", "b"),
    ] {
        let found = difference(&order(old), &order(new));
        let found: Vec<String> =
            found.steps.into_iter().filter(|step| step.change == Change::Moved).map(|step| step.id).collect();
        assert_eq!(found.len(), moved.len(), "{old} {new}: {found:?}");
        if moved.len() == 1 && old.len() > 2 && new != "acbdef" {
            assert_eq!(found.concat(), moved, "{old} {new}");
        }
    }
}

#[test]
fn lists_whose_items_have_ids_are_compared_by_them() {
    let switch = |cases: Value| {
        of(json!([{ "id": "s", "condition": { "switch": { "cases": cases, "default": [] } } }]))
    };
    let case = |id: &str, when: &str| json!({ "id": id, "when": when, "steps": [] });
    let old = switch(json!([case("big", "${ input.n > 5 }"), case("odd", "${ true }")]));
    let new =
        switch(json!([case("odd", "${ true }"), case("big", "${ input.n > 9 }"), case("more", "${ true }")]));
    let details: Vec<(String, Option<String>, Option<String>)> = difference(&old, &new)
        .steps
        .remove(0)
        .details
        .into_iter()
        .map(|d| (d.member, d.old, d.new))
        .collect();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        details[0],
        (
            "condition.switch.cases.big.when".into(),
            text("\"${ input.n > 5 }\""),
            text("\"${ input.n > 9 }\"")
        )
    );
    assert_eq!((details[1].0.as_str(), &details[1].1), ("condition.switch.cases.more", &None));
    assert_eq!(details[2], ("condition.switch.cases.order".into(), text("big, odd"), text("odd, big")));
    assert_eq!(details.len(), 3);
}

#[test]
fn long_texts_are_shown_where_they_part() {
    let long = |end: &str| of(json!([set("a", json!(format!("{}{end}", "x".repeat(300))))]));
    let detail = difference(&long("left"), &long("right")).steps.remove(0).details.remove(0);
    assert!(detail.old.unwrap().ends_with("xleft\"") && detail.new.unwrap().ends_with("xright\""));
    // A document of differences is still read: there is an end of them.
    let many = |value: u32| {
        let members: serde_json::Map<String, Value> =
            (0..300).map(|i| (format!("m{i}"), json!(value))).collect();
        of(json!([set("a", Value::Object(members))]))
    };
    let details = difference(&many(1), &many(2)).steps.remove(0).details;
    assert_eq!((details.len(), details[100].member.as_str()), (101, "and 200 more"));
}

#[test]
fn nothing_from_a_document_is_active_in_a_difference() {
    for attack in super::ATTACKS {
        let old = super::attacked("harmless");
        let mut new = super::attacked(attack);
        new.note = Some((*attack).into());
        new.steps[0].note = Some((*attack).into());
        new.steps[1].id = (*attack).into();
        let words = difference(&old, &new).words();
        let bad = |c: char| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c);
        assert!(!words.chars().any(bad), "{words:?}");
        for line in words.lines().skip(1) {
            assert!(
                line.starts_with("    ") || line.starts_with(['+', '−', '≠', '↕']),
                "{attack:?}: {words}"
            );
        }
        let drawn = difference_graph(&old, &new, &Catalog::new());
        super::svg::assert_ours(&svg(&drawn, &layout(&drawn)));
        let text = mermaid(&drawn);
        assert!(text.lines().all(|line| line.matches('"').count() % 2 == 0), "{text}");
    }
}
