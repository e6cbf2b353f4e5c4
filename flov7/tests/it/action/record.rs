use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use flov7::action::{ActionContext, ActionError, Recorder};
use flov7::error::{Error, ErrorKind};
use flov7::id::Digest;
use flov7::machine::Usage;
use serde_json::{Value, json};

use super::{context, now};

/// Keeps records in memory; refuses to save when told so.
#[derive(Default)]
struct Memory {
    kept: Mutex<BTreeMap<String, (Digest, Value)>>,
    broken: bool,
}

#[async_trait]
impl Recorder for Memory {
    async fn find(&self, key: &str, request: &Digest) -> Result<Option<Value>, Error> {
        match self.kept.lock().unwrap().get(key) {
            Some((digest, _)) if digest != request => Err(Error::new(ErrorKind::Conflict, "diverged")),
            found => Ok(found.map(|(_, value)| value.clone())),
        }
    }

    async fn save(&self, key: &str, request: &Digest, value: &Value, _: Option<Usage>) -> Result<(), Error> {
        if self.broken {
            return Err(Error::new(ErrorKind::Unavailable, "the disk is gone"));
        }
        self.kept.lock().unwrap().insert(key.into(), (*request, value.clone()));
        Ok(())
    }
}

/// Records under `key` what `work` gives; says what came back and how often it worked.
fn record(
    cx: &ActionContext,
    key: &str,
    request: Value,
    gives: Result<Value, ActionError>,
) -> (Result<Value, String>, usize) {
    let calls = AtomicUsize::new(0);
    let outcome = now(cx.record(key, &request, |_| {
        calls.fetch_add(1, Ordering::SeqCst);
        async { gives.map(|value| (value, None)) }
    }));
    (outcome.map_err(|error| error.code), calls.into_inner())
}

#[test]
fn record_gives_what_was_recorded_to_a_repeat() {
    let recorder = Arc::new(Memory::default());
    let first = context("agent", 1).with_recorder(recorder.clone());
    // 2.0 enters as the integer 2, for the first attempt as for the second.
    assert_eq!(record(&first, "a", json!({ "q": 1 }), Ok(json!(2.0))), (Ok(json!(2)), 1));
    let second = context("agent", 2).with_recorder(recorder);
    assert_eq!(record(&second, "a", json!({ "q": 1 }), Ok(json!(3))), (Ok(json!(2)), 0));
    assert_eq!(record(&second, "b", json!({ "q": 1 }), Ok(json!(3))), (Ok(json!(3)), 1));
}

#[test]
fn record_with_another_request_is_diverged() {
    let cx = context("agent", 1).with_recorder(Arc::new(Memory::default()));
    assert_eq!(record(&cx, "a", json!(1), Ok(json!(1))).1, 1);
    assert_eq!(record(&cx, "a", json!(2), Ok(json!(1))), (Err("record.diverged".into()), 0));
}

#[test]
fn record_keeps_no_failure() {
    let cx = context("agent", 1).with_recorder(Arc::new(Memory::default()));
    let failure = Err(ActionError::failed("model.refused", "no"));
    assert_eq!(record(&cx, "a", json!(1), failure), (Err("model.refused".into()), 1));
    assert_eq!(record(&cx, "a", json!(1), Ok(json!(1))), (Ok(json!(1)), 1));
}

#[test]
fn record_says_when_it_cannot_record() {
    assert_eq!(record(&context("x", 1), "a", json!(1), Ok(json!(1))), (Err("record.unsupported".into()), 0));
    let broken = Memory { broken: true, ..Memory::default() };
    let cx = context("x", 1).with_recorder(Arc::new(broken));
    assert_eq!(record(&cx, "a", json!(1), Ok(json!(1))), (Err("record.failed".into()), 1));
}

#[test]
fn record_hands_out_keys_of_its_own() {
    let recorder = Arc::new(Memory::default());
    let keys = Mutex::new(Vec::new());
    for (step, attempt, key) in [("x", 1, "a"), ("x", 2, "b"), ("y", 1, "c")] {
        let cx = context(step, attempt).with_recorder(recorder.clone());
        now(cx.record(key, &json!(1), |sub| {
            keys.lock().unwrap().push(sub);
            async { Ok((Value::Null, None)) }
        }))
        .unwrap();
    }
    let keys = keys.into_inner().unwrap();
    assert!(keys.iter().all(|key| key.len() == 32));
    assert_eq!(keys.iter().collect::<std::collections::BTreeSet<_>>().len(), 3);
}
