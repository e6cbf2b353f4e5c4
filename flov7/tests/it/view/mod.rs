//! What people see of a workflow: whole, and with nothing active in it.

mod difference;
mod layout;
mod overlay;
mod svg;

use std::fs;
use std::path::{Path, PathBuf};

use flov7::catalog::Catalog;
use flov7::view::{Graph, explain, graph, mermaid};
use flov7::workflow::{Concurrency, ConcurrencyPolicy, Limits, Money, Syntax, Template, Workflow, read_text};
use serde_json::json;

/// The reference workflows, by name.
fn references() -> Vec<(String, Workflow)> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/workflows");
    let mut files: Vec<PathBuf> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|path| {
        path.extension().is_some_and(|e| e == "json") && !path.ends_with("flov7.catalog.json")
    });
    files.sort();
    files
        .into_iter()
        .map(|path| {
            let text = fs::read_to_string(&path).unwrap();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            let (workflow, _) =
                read_text(&text, Syntax::Json).unwrap_or_else(|findings| panic!("{name}: {findings:#?}"));
            (name, workflow)
        })
        .collect()
}

fn catalog() -> Catalog {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/workflows/flov7.catalog.json");
    let value: serde_json::Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    Catalog::read(&value).unwrap_or_else(|findings| panic!("{findings:#?}"))
}

fn reference(name: &str) -> Workflow {
    references().into_iter().find(|(found, _)| found == name).unwrap().1
}

/// From every trigger the end is reached, and every node lies on the way.
fn assert_connected(name: &str, graph: &Graph) {
    let mut reached = vec![false; graph.nodes.len()];
    let starts =
        graph.nodes.iter().enumerate().filter(|(_, node)| node.kind == flov7::view::NodeKind::Trigger);
    let mut open: Vec<usize> = starts.map(|(index, _)| index).collect();
    while let Some(node) = open.pop() {
        if !std::mem::replace(&mut reached[node], true) {
            open.extend(graph.edges.iter().filter(|edge| edge.from == node).map(|edge| edge.to));
        }
    }
    let lost: Vec<_> = graph.nodes.iter().zip(&reached).filter(|(_, reached)| !**reached).collect();
    assert!(lost.is_empty(), "{name}: not reached: {lost:#?}");
}

/// What is known to break out of labels in Mermaid (issues 847 and 869 of mermaid-js/mermaid, GHSA-7rqq-prvp-x9jh,
/// directives, `click`, `style`, images of nodes) and in SVG (scripts, handlers, links, entities, animation, styles).
const ATTACKS: &[&str] = &[
    "\"]; click n0 href \"javascript:alert(1)\"",
    "<img src=x onerror=alert(1)>",
    "</text><script>alert(1)</script>",
    "%%{init: {'theme': 'forest', 'securityLevel': 'loose'}}%%",
    "`**bold** <b>html</b>`",
    "a\nclick n0 call callback()",
    "a\r\n%% comment",
    "#quot;#lt;script#gt;",
    "&lt;script&gt;",
    "fa:fa-ban $$\\href{javascript:alert(1)}{x}$$",
    "end",
    "graph TD; a-->b",
    "\u{202e}desrever\u{202c}",
    "\u{1b}[31mred",
    "---\nconfig:\n---",
    "x\" --> n0",
    "https://evil.example/x",
    "</text><script>alert(1)</script><text>",
    "</style><style>*{display:none}</style>",
    "\"]]>",
    "<![CDATA[x]]>",
    "<!ENTITY x SYSTEM \"file:///etc/passwd\">&x;",
    "<?xml-stylesheet href='x'?>",
    "<a xlink:href=\"javascript:alert(1)\">x</a>",
    "<foreignObject><body onload='alert(1)'/></foreignObject>",
    "\" onload=\"alert(1)",
    "' onmouseover='alert(1)",
    "<animate attributeName=href values=javascript:alert(1)>",
    "&#60;script&#62;",
    "\u{2066}isolated\u{2069} \u{200b}\u{feff}",
    "A[\"`markdown **x**`\"]:::evil",
    "classDef evil fill:url(https://evil.example/x)",
    "style n0 fill:red",
    "x@{ shape: icon, icon: \"fa:user\" }",
    "subgraph x",
    "--> n0 & n1",
    "click n0 \"javascript:alert(1)\" _self",
    "%%{init: {\"themeCSS\": \"* { background: url(https://evil.example) }\"}}%%",
    "%%{init: { 'fontFamily': '\\\"></style><img/src/onerror=alert(1)>' } }%%",
    "$$\\text{a}<img src=\\\"x\\\" onerror=\\\"alert(1)\\\">$$",
    "<set attributeName='onmouseover' to='alert(1)'/>",
    "<use href=\"data:image/svg+xml;base64,PHN2Zz4=#x\"/>",
    "<image href='x' onerror='alert(1)'/>",
    "<svg/onload=alert(1)>",
    "C{<script src=https://evil.example/x.js ></script>}",
    "click n0 callback \"<script src=https://evil.example/x.js></script>\"",
    "alert`salt`-->n0",
    "click alert`salt` eval \"Tooltip for a callback\"",
    "n0@{ img: \"//evil.example/pixel.png\" }",
    "style n0 background-image:u\\72 l(x.png)",
    "<animate onbegin=alert(1) attributeName=x dur=1s>",
    "<iframe srcdoc='x'>",
];

/// A workflow that says the same thing wherever it can: in titles, ids of actions, conditions, events and signals.
fn attacked(attack: &str) -> Workflow {
    Workflow {
        description: Some(attack.into()),
        ..serde_json::from_value(json!({
            "flov7": 1, "name": "x",
            "triggers": [{ "id": "t", "use": "event", "with": { "name": attack } }],
            "steps": [
                { "id": "a", "action": { "use": "core.approve", "with": { "title": attack, "to": attack } } },
                { "id": "b", "condition": { "if": format!("${{ '{attack}' == 'x' }}"), "then": [] } },
                { "id": "c", "action": { "use": attack } }
            ]
        }))
        .unwrap()
    }
}

#[test]
fn every_reference_workflow_has_a_whole_picture() {
    let catalog = catalog();
    let all = references();
    assert!(all.len() >= 15);
    for (name, workflow) in all {
        let graph = graph(&workflow, &catalog);
        assert_connected(&name, &graph);
        let text = mermaid(&graph);
        assert!(text.starts_with("flowchart TD\n") && text.ends_with('\n'), "{name}");
        for index in 0..graph.nodes.len() {
            assert!(text.contains(&format!("  n{index}")), "{name}: n{index} is missing");
        }
        let words = explain(&workflow, &catalog);
        assert!(
            words.starts_with(&workflow.name) && words.contains("\nChanges outside: "),
            "{name}: {words}"
        );
    }
}

#[test]
fn the_explanation_reads_like_this() {
    assert_eq!(explain(&reference("big_order"), &catalog()), include_str!("big_order.txt"));
}

#[test]
fn nothing_from_a_document_is_active_in_a_picture() {
    for attack in ATTACKS {
        let workflow = attacked(attack);
        let text = mermaid(&graph(&workflow, &Catalog::new()));
        let lines = text.lines().count();
        assert_eq!(lines, 1 + 5 + 5, "{attack:?} makes lines of its own:\n{text}");
        for line in text.lines().skip(1) {
            let label = line.split('"').nth(1).unwrap_or("");
            assert_eq!(line.matches('"').count() % 2, 0, "{line}");
            for bad in ['<', '>', '`', '%', '&', '{', '}', '\u{1b}', '\u{202e}', '$', '\\', '(', '['] {
                assert!(!label.contains(bad), "{bad:?} in {line}");
            }
            assert!(!label.contains("//") && !label.contains("--"), "{line}");
        }
        let words = explain(&workflow, &Catalog::new());
        assert!(
            !words.chars().any(|c| (c.is_control() && c != '\n') || ('\u{202a}'..='\u{202e}').contains(&c)),
            "{words}"
        );
    }
}

#[test]
fn pictures_stay_linear_in_the_document() {
    let step = |index: usize| json!({ "id": format!("s{index}"), "data": { "set": 1 } });
    let sizes: Vec<usize> = [100usize, 200, 400]
        .iter()
        .map(|count| {
            let workflow: Workflow = serde_json::from_value(
                json!({ "flov7": 1, "name": "x", "steps": (0..*count).map(step).collect::<Vec<_>>() }),
            )
            .unwrap();
            let graph = graph(&workflow, &Catalog::new());
            graph.nodes.len() + graph.edges.len()
        })
        .collect();
    assert_eq!((sizes[1] - sizes[0]) * 2, sizes[2] - sizes[1], "{sizes:?}");
}

#[test]
fn the_explanation_says_what_may_not_run_at_the_same_time() {
    let mut workflow = reference("big_order");
    for (policy, words) in [
        (ConcurrencyPolicy::Queue, "others wait for their turn"),
        (ConcurrencyPolicy::Reject, "others are refused meanwhile"),
        (ConcurrencyPolicy::Replace, "a newer one cancels those before it"),
    ] {
        workflow.concurrency =
            Some(Concurrency { key: Template(serde_json::json!("${ input.order.id }")), policy });
        let text = explain(&workflow, &catalog());
        assert!(text.contains("Runs one at a time for each key") && text.contains(words), "{text}");
    }
}

#[test]
fn the_explanation_names_the_bounds_of_its_cost() {
    let mut workflow = reference("big_order");
    assert!(!explain(&workflow, &catalog()).contains("Costs"));
    let money = Money { amount: "5.00".into(), currency: "EUR".into() };
    workflow.limits = Some(Limits { steps: Some(50), tokens: Some(9000), money: Some(money) });
    let text = explain(&workflow, &catalog());
    let line = "\nCosts at most: 50 steps, 9000 tokens of models, 5.00 EUR. Beyond that it fails.\n";
    assert!(text.contains(line), "{text}");
    workflow.limits = Some(Limits { steps: Some(50), tokens: None, money: None });
    assert!(explain(&workflow, &catalog()).contains("\nCosts at most: 50 steps. "));
}
