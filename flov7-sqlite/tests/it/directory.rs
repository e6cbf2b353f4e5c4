//! A directory of its own for a test, and things to put into a store.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use flov7::id::{ExecutionId, Timestamp};
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, Status};
use flov7::store::{Head, Message, MessageBody, NewExecution, TurnBody};
use flov7::validate::Bundle;
use serde_json::json;

/// A directory that is removed with all that is in it.
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new() -> Directory {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("flov7-sqlite-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir(&path).unwrap();
        Directory(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Where the store is.
    pub(crate) fn store(&self) -> PathBuf {
        self.0.join("flov7.db")
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn id(n: u64) -> ExecutionId {
    ExecutionId::new(n, [3; 10])
}

pub(crate) fn body(seq: u64, text: &str) -> TurnBody {
    TurnBody {
        first_seq: seq,
        count: 1,
        turn: seq,
        at: Timestamp::EPOCH,
        v: 1,
        decided: seq,
        body: text.as_bytes().into(),
    }
}

pub(crate) fn bundle() -> Arc<Bundle> {
    let document = json!({ "flov7": 1, "name": "orders", "steps": [{ "id": "a", "data": { "set": 1 } }] });
    Arc::new(serde_json::from_value(json!({ "document": document, "interfaces": {}, "rules": 1 })).unwrap())
}

pub(crate) fn new(n: u64) -> NewExecution {
    let bundle = bundle();
    let digest = bundle.digest();
    NewExecution::new(id(n), bundle, digest, body(0, "first"), Head::new(Status::Running, None))
}

pub(crate) fn signal(id: &str) -> Message {
    let to = SignalTo::Name { name: "paid".to_owned(), key: None };
    Message {
        id: id.to_owned(),
        body: MessageBody::Signal { to, payload: json!(1) },
        by: Actor::new("tester"),
    }
}
