//! Starting, looking, following.

use flov7::error::ErrorKind;
use flov7::execute::{Cursor, Executor, StartOptions};
use flov7::id::ExecutionId;
use flov7::machine::{Settled, Status};
use flov7::store::ExecutionQuery;
use serde_json::json;

use super::support::{World, rested, run, sequence, space, start, trace};

#[test]
fn an_execution_runs_to_its_end() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("now.keyed", 3))).await;
        let view = rested(&executor, &id).await;
        let done = Some(Settled::Done);
        assert_eq!(trace(&view), (Status::Completed, vec![("s0", done), ("s1", done), ("s2", done)]));
        assert_eq!(world.calls(), [("s0".into(), 1), ("s1".into(), 1), ("s2".into(), 1)]);
        assert_eq!(executor.describe(&space("default"), &id).await.unwrap(), view);
    });
}

#[test]
fn a_failure_that_nothing_handles_fails_the_execution() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let steps = json!([
            { "id": "a", "action": { "use": "now.once", "with": { "fail": "x.broken" } } },
            { "id": "b", "action": { "use": "now.once" } }
        ]);
        let id = start(&executor, &world.valid(json!({ "steps": steps }))).await;
        let view = rested(&executor, &id).await;
        assert_eq!(trace(&view), (Status::Failed, vec![("a", Some(Settled::Failed))]));
        assert_eq!(view.error.unwrap().code, "x.broken");
    });
}

#[test]
fn start_key_the_same_key_is_the_same_execution() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let workflow = world.valid(sequence("now.once", 1));
        let options = || StartOptions::default().with_key("k");
        let first = executor.start(&space("default"), &workflow, json!({}), options()).await.unwrap();
        rested(&executor, &first.execution).await;
        let again = executor.start(&space("default"), &workflow, json!({}), options()).await.unwrap();
        assert_eq!((again.execution, again.existing), (first.execution, true));
        let elsewhere = executor.start(&space("other"), &workflow, json!({}), options()).await.unwrap();
        assert!(!elsewhere.existing);
        executor.wait(&space("other"), &elsewhere.execution).await.unwrap();
        assert_eq!(world.calls().len(), 2);
    });
}

#[test]
fn an_input_that_does_not_conform_starts_nothing() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let mut document = sequence("now.once", 1);
        document["input"] =
            json!({ "type": "object", "properties": { "n": { "type": "number" } }, "required": ["n"] });
        let workflow = world.valid(document);
        for input in [json!({}), json!({ "n": "1" }), json!(null)] {
            let error = executor
                .start(&space("default"), &workflow, input, StartOptions::default())
                .await
                .unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
            assert_eq!(error.report().unwrap().findings()[0].code.name(), "input-invalid");
        }
        let none = world.valid(sequence("now.once", 1));
        let extra =
            executor.start(&space("default"), &none, json!({ "n": 1 }), StartOptions::default()).await;
        assert_eq!(
            extra.unwrap_err().kind(),
            ErrorKind::Invalid,
            "without a schema the input is exactly {{}}"
        );
        assert_eq!(world.store.commits(), 0);
    });
}

#[test]
fn a_trigger_must_be_declared() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let workflow = world.valid(sequence("now.once", 1));
        let options = StartOptions::default().with_trigger("hourly");
        let error = executor.start(&space("default"), &workflow, json!({}), options).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
    });
}

#[test]
fn what_is_another_namespaces_is_not_found() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("now.once", 1))).await;
        let nobody = ExecutionId::new(0, [0; 10]);
        for (namespace, id) in [("other", &id), ("default", &nobody)] {
            let namespace = space(namespace);
            assert_eq!(executor.describe(&namespace, id).await.unwrap_err().kind(), ErrorKind::NotFound);
            let events = executor.events(&namespace, id, None, false).await;
            assert_eq!(events.unwrap_err().kind(), ErrorKind::NotFound);
            assert_eq!(executor.wait(&namespace, id).await.unwrap_err().kind(), ErrorKind::NotFound);
        }
    });
}

#[test]
fn events_are_followed_to_the_end() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let id = start(&executor, &world.valid(sequence("gate.once", 2))).await;
        let namespace = space("default");
        let first = executor.events(&namespace, &id, None, true).await.unwrap();
        assert_eq!(first.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [0, 1]);
        assert!(!first.ended);
        let nothing = executor.events(&namespace, &id, Some(first.next), false).await.unwrap();
        assert!(nothing.events.is_empty() && !nothing.ended);
        assert_eq!(nothing.next, first.next);

        let follower = {
            let (executor, namespace, id) = (executor.clone(), namespace.clone(), id.clone());
            tokio::spawn(
                async move { executor.events(&namespace, &id, Some(first.next), true).await.unwrap() },
            )
        };
        world.held().await.give(Ok(json!(1)));
        let second = follower.await.unwrap();
        assert_eq!(second.events.iter().map(|event| event.seq).collect::<Vec<_>>(), [2, 3]);

        world.held().await.give(Ok(json!(2)));
        let last = executor.events(&namespace, &id, Some(second.next), true).await.unwrap();
        assert!(last.ended);
        assert_eq!(last.next, Cursor(5));
        let after = executor.events(&namespace, &id, Some(last.next), true).await.unwrap();
        assert!(after.ended && after.events.is_empty());
    });
}

#[test]
fn executions_are_listed() {
    run(async {
        let world = World::new();
        let executor = world.executor();
        let workflow = world.valid(sequence("now.once", 1));
        let id = start(&executor, &workflow).await;
        rested(&executor, &id).await;
        let page = executor.list(&space("default"), &ExecutionQuery::default()).await.unwrap();
        assert_eq!(page.executions.len(), 1);
        assert_eq!(page.executions[0].head.status, Status::Completed);
        assert!(
            executor.list(&space("other"), &ExecutionQuery::default()).await.unwrap().executions.is_empty()
        );
    });
}
