//! Sessions: after any edit the report is the one that a fresh validation gives, and an edit of one step looks at one.

use std::fs;
use std::path::Path;

use flov7::json::{self, Document, PatchOp, ReadLimits};
use flov7::validate::{Session, validate_document};
use serde_json::{Value, json};

use super::support::catalog;

/// Numbers that look random and are the same in every run (SplitMix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, most: usize) -> usize {
        usize::try_from(self.next() % most.max(1) as u64).unwrap()
    }

    fn pick<'t, T>(&mut self, all: &'t [T]) -> &'t T {
        &all[self.below(all.len())]
    }
}

/// Every pointer of a value.
fn pointers(value: &Value, at: &str, all: &mut Vec<String>) {
    all.push(at.to_owned());
    match value {
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, item)| pointers(item, &format!("{at}/{index}"), all));
        }
        Value::Object(members) => members
            .iter()
            .for_each(|(name, member)| pointers(member, &format!("{at}/{}", json::escape(name)), all)),
        _ => {}
    }
}

/// Documents that hold, of every construct, and some that do not.
fn documents() -> Vec<Value> {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/workflows");
    let mut files: Vec<_> = fs::read_dir(examples).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "json"));
    files.sort();
    let read = |file: &std::path::PathBuf| {
        json::read(&fs::read_to_string(file).unwrap(), &ReadLimits::default()).unwrap()
    };
    let mut all: Vec<Value> = files.iter().map(read).filter(|value| value.get("steps").is_some()).collect();
    all.push(chain(12));
    all
}

/// Steps that read each other, an action and conditions among them.
fn chain(steps: usize) -> Value {
    let steps: Vec<Value> = (0..steps)
        .map(|n| match (n, n % 4) {
            (0, _) => json!({ "id": "s0", "data": { "set": "${ input.n + 1 }" } }),
            (_, 1) => json!({ "id": format!("s{n}"), "data": { "set": format!("${{ steps.s{} * 2 }}", n - 1) } }),
            (_, 2) => json!({ "id": format!("s{n}"), "action": { "use": "crm.invoice",
                "with": { "amount": format!("${{ steps.s{} }}", n - 1) } }, "on_error": [{ "codes": ["crm.conflict"], "then": "fail" }] }),
            (_, 3) => json!({ "id": format!("s{n}"), "condition": { "if": "${ has(input.email) }",
                "then": { "steps": [{ "id": format!("in{n}"), "data": { "set": "${ input.email.upper() }" } }],
                    "output": format!("${{ steps.in{n} }}") }, "else": { "steps": [], "output": "none" } } }),
            _ => json!({ "id": format!("s{n}"), "data": { "set": format!("${{ size(steps.s{}) + input.n }}", n - 1) } }),
        })
        .collect();
    json!({ "flov7": 1, "name": "chain", "steps": steps, "input": { "type": "object", "required": ["n"],
        "properties": { "n": { "type": "number" }, "email": { "type": "string" } } } })
}

fn fresh(document: &Value) -> (flov7::finding::Report, Option<flov7::id::Digest>) {
    let document = Document { value: document.clone(), spans: Default::default() };
    let (report, valid) = validate_document(&document, &catalog());
    (report, valid.map(|valid| *valid.digest()))
}

#[track_caller]
fn same(session: &Session<'_>, what: &str) {
    let (report, digest) = fresh(session.document());
    assert_eq!(session.report(), &report, "{what}: {}", session.document());
    assert_eq!(session.valid().map(|valid| *valid.digest()), digest, "{what}");
}

#[test]
fn an_edit_of_one_step_looks_at_that_step_alone() {
    let catalog = catalog();
    let mut session = Session::new(chain(40), &catalog);
    same(&session, "at first");
    let edit = |session: &mut Session<'_>, path: &str, value: Value| {
        let before = session.work();
        session.edit(&[PatchOp::Replace { path: path.to_owned(), value }]).unwrap();
        same(session, path);
        session.work() - before
    };
    assert!(edit(&mut session, "/steps/5/data/set", json!("${ steps.s4 * 3 }")) < 40);
    assert!(
        edit(&mut session, "/steps/7/condition/then/steps/0/data/set", json!("${ input.email.lower() }"))
            < 60
    );
    assert!(edit(&mut session, "/steps/6/action/with/amount", json!("${ steps.s5 + 1 }")) < 40);
    // An error is found, and goes again.
    assert!(edit(&mut session, "/steps/6/action/with/amount", json!("a lot")) < 40);
    assert!(!session.report().is_valid());
    assert!(edit(&mut session, "/steps/6/action/with/amount", json!(7)) < 40);
    assert!(session.report().is_valid());
    // What changes the type of a step's value, or its frame, concerns others too.
    assert!(edit(&mut session, "/steps/4/data/set", json!("text")) > 400);
    assert!(edit(&mut session, "/steps/4/data/set", json!("${ 1 }")) > 400);
    assert!(edit(&mut session, "/steps/5/id", json!("other")) > 400);
}

#[test]
fn a_patch_that_cannot_be_applied_changes_nothing() {
    let catalog = catalog();
    let mut session = Session::new(chain(5), &catalog);
    let before = session.document().clone();
    for path in ["/steps/1/nothing", "/steps/99/id", "/steps/x/id", "/steps/01/id"] {
        let replace = [PatchOp::Replace { path: path.into(), value: json!(1) }];
        assert!(session.edit(&replace).is_err(), "{path}");
    }
    let half = [
        PatchOp::Replace { path: "/steps/1/id".into(), value: json!("b") },
        PatchOp::Remove { path: "/steps/1/nothing".into() },
    ];
    assert!(session.edit(&half).is_err());
    assert_eq!(session.document(), &before);
    same(&session, "after refusals");
}

/// Random edits, most of them inside of one step: values from elsewhere, texts that are expressions or nearly so, members
/// that go.
#[test]
fn after_random_edits_the_report_is_that_of_a_fresh_validation() {
    let catalog = catalog();
    let mut random = Random(7);
    let (mut edits, mut alone) = (0, 0);
    for document in documents() {
        let mut all = Vec::new();
        pointers(&document, "", &mut all);
        let texts = [
            "${ 1 + 1 }",
            "${ input }",
            "${ now }",
            "${ 1 / 0 }",
            "${ steps.a }",
            "text",
            "",
            "${ [1, 2].sum() }",
            "1h",
            "${ int('5') }",
            "core.wait",
            "continue",
            "${ true }",
            "${ !has(input.email) }",
        ];
        for _ in 0..30 {
            let mut session = Session::new(document.clone(), &catalog);
            for _ in 0..6 {
                let path = random.pick(&all).clone();
                let value = match random.below(4) {
                    0 => document.pointer(&all[random.below(all.len())]).cloned().unwrap_or_default(),
                    1 => json!(random.below(3)),
                    _ => Value::from(*random.pick(&texts)),
                };
                let operation = match random.below(8) {
                    0 => PatchOp::Remove { path },
                    1 => PatchOp::Add {
                        path: format!("{path}/{}", random.pick(&["note", "when", "x", "0"])),
                        value,
                    },
                    _ => PatchOp::Replace { path, value },
                };
                let before = session.work();
                if session.edit(std::slice::from_ref(&operation)).is_ok() {
                    edits += 1;
                    let steps = session.document()["steps"].as_array().map_or(0, Vec::len) as u64;
                    // A whole look visits every step in each pass.
                    alone += u64::from(session.work() - before < 7 * steps && session.work() > before);
                    same(&session, &format!("{operation:?}"));
                }
            }
        }
    }
    assert!(edits > 1_500 && alone > 100, "{edits} edits, {alone} of one step");
}

/// Work is counted, not timed: twice the steps are at most twice the work, up to the greatest document there is.
#[test]
fn the_work_grows_with_the_steps_and_not_faster() {
    let catalog = catalog();
    let mut before = 0;
    // Every fourth holds another: 8,000 are 10,000.
    for steps in [500, 1_000, 2_000, 4_000, 8_000] {
        let session = Session::new(chain(steps), &catalog);
        assert!(session.report().is_valid(), "{steps}");
        let visits = session.work();
        if before > 0 {
            assert!(visits <= before * 2 + before / 20, "{steps} steps: {visits} visits after {before}");
        }
        before = visits;
    }
}
