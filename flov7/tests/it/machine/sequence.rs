//! Steps in order.

use flov7::machine::Settled;
use serde_json::json;

use super::support::{Driver, document};

#[test]
fn order_barrier_a_list_runs_top_down() {
    let mut run = Driver::start(
        document(json!([
            { "id": "a", "action": { "use": "x.keyed", "with": { "n": 1 } } },
            { "id": "b", "action": { "use": "x.keyed" } },
            { "id": "c", "data": { "set": { "k": [1, 2] } } }
        ])),
        json!({}),
    );
    assert_eq!(run.open_calls(), ["a"]);
    assert_eq!(*run.calls[0].input, json!({ "n": 1 }));
    run.done("a", json!("first"));
    assert_eq!(run.open_calls(), ["b"]);
    run.done("b", json!(2));
    assert_eq!(
        run.trace(),
        ["started", "call a 1", "done a 1 ok", "call b 1", "done b 1 ok", "ended completed"]
    );
    assert_eq!(
        run.settled,
        [("a".into(), Settled::Done), ("b".into(), Settled::Done), ("c".into(), Settled::Done)]
    );
    assert_eq!(run.turns.len(), 3, "n strict steps cost n + 1 commits");
}
