//! An execution drawn over its workflow: every state in words, and in nothing that a document says.

use std::collections::BTreeMap;

use flov7::catalog::Catalog;
use flov7::machine::ExecutionView;
use flov7::view::{Graph, MarkKind, NodeKind, graph, layout, mark_execution, mermaid, svg};
use flov7::workflow::Workflow;
use serde_json::{Value, json};

fn workflow() -> Workflow {
    let set = |id: &str| json!({ "id": id, "data": { "set": 1 } });
    let each =
        json!({ "for_each": { "items": "${ [1, 2, 3] }", "steps": [set("item_set"), set("item_bad")] } });
    serde_json::from_value(json!({ "flov7": 1, "name": "x",
        // A trigger may have the name of a step.
        "triggers": [{ "id": "fetch", "use": "manual" }],
        "steps": [
            { "id": "fetch", "action": { "use": "shop.order" } },
            { "id": "perhaps", "when": "${ false }", "data": { "set": 1 } },
            { "id": "each", "condition": each },
            { "id": "both", "condition": { "parallel": { "branches": [
                { "id": "left", "steps": [{ "id": "ask", "action": { "use": "core.approve", "with": { "title": "Go?" } } }] },
                { "id": "right", "steps": [{ "id": "charge", "action": { "use": "bank.charge" } }] } ] } } },
            { "id": "late", "action": { "use": "core.wait", "with": { "for": "1h" } } },
            { "id": "refund", "action": { "use": "bank.refund" } },
            set("undo")
        ] }))
    .unwrap()
}

fn view(status: &str, steps: Value, more: Value) -> ExecutionView {
    let mut view = json!({ "execution": "01jgtest00000000000000000x", "status": status, "output": null,
        "error": null, "steps": steps, "undo": { "done": [], "failed": [] }, "unknown_effects": [], "waiting": [] });
    for (key, value) in more.as_object().unwrap() {
        view[key] = value.clone();
    }
    serde_json::from_value(view).unwrap()
}

fn step(path: &str, settled: Value, attempts: u32) -> Value {
    json!({ "path": path, "settled": settled, "attempts": attempts })
}

fn failed(path: &str, code: &str) -> Value {
    let error = json!({ "code": code, "class": "world", "message": "no", "step": path, "attempt": 1, "retryable": false });
    json!({ "path": path, "settled": "failed", "attempts": 1, "error": error })
}

fn drawn(view: &ExecutionView) -> Graph {
    let mut graph = graph(&workflow(), &Catalog::new());
    mark_execution(&mut graph, view);
    graph
}

/// The marks by step, of the one node of a step that has one.
fn marks(graph: &Graph) -> BTreeMap<String, (MarkKind, String)> {
    let mut out = BTreeMap::new();
    for node in graph.nodes.iter().filter(|node| node.kind != NodeKind::Trigger) {
        if let Some(mark) = &node.mark {
            let name = node.id.clone().unwrap_or_else(|| "end".into());
            assert!(out.insert(name.clone(), (mark.kind, mark.words.clone())).is_none(), "{name} twice");
        }
    }
    out
}

fn everything() -> ExecutionView {
    view(
        "waiting",
        json!([
            step("fetch", json!("done"), 3),
            step("perhaps", json!("skipped"), 0),
            step("each", json!("failed"), 0),
            step("each[0]/item_set", json!("done"), 0),
            step("each[1]/item_set", json!("done"), 0),
            step("each[2]/item_set", json!(null), 0),
            failed("each[0]/item_bad", "out_of_stock"),
            step("both", json!(null), 0),
            step("both/left/ask", json!(null), 0),
            step("both/right/charge", json!("abandoned"), 2),
            step("late", json!(null), 0),
            step("refund", json!("done"), 1),
            step("refund/undo", json!("done"), 1),
        ]),
        json!({
            "waiting": [ { "path": "both/left/ask", "kind": "approve" }, { "path": "late", "kind": "wait" } ],
            "undo": { "done": ["refund"], "failed": [] },
            "unknown_effects": ["both/right/charge"]
        }),
    )
}

#[test]
fn every_state_of_a_step_is_said() {
    let marks = marks(&drawn(&everything()));
    let expected: BTreeMap<String, (MarkKind, String)> = [
        ("fetch", MarkKind::Done, "done, 3 attempts"),
        ("perhaps", MarkKind::Skipped, "skipped"),
        ("each", MarkKind::Failed, "failed"),
        ("item_set", MarkKind::Running, "1 running, 2 done"),
        ("item_bad", MarkKind::Failed, "failed: out_of_stock"),
        ("both", MarkKind::Running, "running"),
        ("ask", MarkKind::Waiting, "waiting for approval"),
        ("charge", MarkKind::Unknown, "given up, outcome unknown, 2 attempts, effect unknown"),
        ("late", MarkKind::Waiting, "waiting for time to pass"),
        ("refund", MarkKind::Done, "done, undone"),
    ]
    .into_iter()
    .map(|(id, kind, words)| (id.to_owned(), (kind, words.to_owned())))
    .collect();
    assert_eq!(marks, expected);
}

#[test]
fn the_end_says_how_it_ended_and_the_trigger_says_nothing() {
    for (status, kind, words) in [
        ("completed", MarkKind::Done, "completed"),
        ("failed", MarkKind::Failed, "failed"),
        ("cancelled", MarkKind::Cancelled, "cancelled"),
        ("terminated", MarkKind::Cancelled, "terminated"),
        ("paused", MarkKind::Waiting, "paused"),
        ("blocked", MarkKind::Failed, "blocked"),
    ] {
        let graph = drawn(&view(status, json!([step("fetch", json!("done"), 1)]), json!({})));
        let marks = marks(&graph);
        assert_eq!(marks["end"], (kind, words.to_owned()));
        assert_eq!((marks.len(), graph.nodes[0].mark.as_ref()), (2, None));
        // What was drawn before leaves no trace.
        let mut again = drawn(&everything());
        mark_execution(&mut again, &view(status, json!([step("fetch", json!("done"), 1)]), json!({})));
        assert_eq!(again, graph);
    }
}

#[test]
fn a_picture_says_a_state_by_colour_sign_and_word() {
    let graph = drawn(&everything());
    let layout = layout(&graph);
    let (text, flowchart) = (svg(&graph, &layout), mermaid(&graph));
    super::layout::assert_sound("execution", &graph);
    super::svg::assert_ours(&text);
    let document = roxmltree::Document::parse(&text).unwrap();
    for node in graph.nodes.iter() {
        let Some(mark) = &node.mark else { continue };
        let title = |candidate: &roxmltree::Node<'_, '_>| {
            let id = format!("({})", node.id.as_deref().unwrap());
            let text = candidate.children().find(|child| child.has_tag_name("title")).and_then(|t| t.text());
            text.is_some_and(|text| text.ends_with(&format!("{id}: {}", mark.words)))
        };
        let boxed = document.descendants().find(title).unwrap_or_else(|| panic!("{node:?} is not drawn"));
        let shape = boxed.children().find(|child| child.has_attribute("class")).unwrap();
        assert!(shape.attribute("class").unwrap().split(' ').any(|class| class == mark.kind.as_str()));
        let said: String =
            boxed.descendants().filter(|d| d.has_tag_name("text")).filter_map(|d| d.text()).collect();
        assert!(said.contains(mark.kind.sign()), "{said}");
        let word = mark.words.split([' ', ',']).next().unwrap();
        assert!(said.contains(word), "{said}");
        assert!(flowchart.contains(&format!(":::{}\n", mark.kind.as_str())), "{flowchart}");
        assert!(flowchart.contains(&format!("classDef {} fill:#", mark.kind.as_str())), "{flowchart}");
    }
    assert!(flowchart.contains("shop.order · #10003; done, 3 attempts\"]:::done\n"), "{flowchart}");
    let plain = mermaid(&flov7::view::graph(&workflow(), &Catalog::new()));
    assert!(!plain.contains("classDef") && !plain.contains(":::"), "{plain}");
}

#[test]
fn a_code_that_a_handler_made_up_is_only_text() {
    for attack in super::ATTACKS {
        let mut value = failed("fetch", "x");
        value["error"]["code"] = json!(attack);
        let graph = drawn(&view("failed", json!([value]), json!({})));
        super::svg::assert_ours(&svg(&graph, &layout(&graph)));
        let text = mermaid(&graph);
        assert_eq!(
            text.lines().count(),
            mermaid(&drawn(&view("failed", json!([failed("fetch", "x")]), json!({})))).lines().count(),
            "{text}"
        );
        for line in text.lines().filter(|line| line.contains('"')) {
            assert_eq!(line.matches('"').count(), 2, "{line}");
            let label = line.split('"').nth(1).unwrap();
            assert!(!label.contains(['<', '>', '`', '%', '&', '{', '}', '$', '\\', '(', '[']), "{line}");
        }
    }
}
