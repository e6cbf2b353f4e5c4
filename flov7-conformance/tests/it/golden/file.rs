//! One file: the executions of a case as they are exported, and what their store has for snapshots.

use std::collections::BTreeMap;
use std::fmt::Write;

use flov7::error::{Error, ErrorKind};
use flov7::execute::{Export, Replayed};
use flov7::id::{ExecutionId, Namespace};
use flov7::json::{self, ReadLimits};
use flov7::machine::Machine;
use flov7::program::Program;
use flov7::store::{ExecutionQuery, ExecutionStore};
use flov7_conformance::disk::Disk;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What is kept of a case.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Golden {
    /// Oldest first.
    pub(super) executions: Vec<Export>,
    pub(super) snapshots: BTreeMap<ExecutionId, Snapshot>,
    /// Whether it is as it was written, by its seal: the digest of all of it, for some of what a journal holds leaves no
    /// trace in the state.
    #[serde(skip)]
    pub(super) whole: bool,
}

/// A snapshot that was taken on the way.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(super) struct Snapshot {
    /// The number of the first turn after it.
    pub(super) next: u64,
    /// Its bytes, as hex digits.
    pub(super) bytes: String,
}

impl Golden {
    /// All that is on a disk.
    pub(super) fn of(disk: &Disk) -> Golden {
        let (here, store) = (Namespace::default(), disk.process());
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(async {
            let page = store.executions(&here, &ExecutionQuery::new()).await.unwrap();
            assert!(page.next.is_none(), "there are more");
            let (mut executions, mut snapshots) = (Vec::new(), BTreeMap::new());
            for row in page.executions.into_iter().rev() {
                let export = Export::of(&store, &here, &row.execution).await.unwrap();
                assert!(export.state.is_some(), "`{}` does not replay", export.workflow);
                executions.push(export);
                if let Some((next, bytes)) = store.restore(&here, &row.execution).await.unwrap().snapshot {
                    snapshots.insert(row.execution, Snapshot { next, bytes: hex(&bytes) });
                }
            }
            Golden { executions, snapshots, whole: true }
        })
    }

    /// The text of a file, with its seal.
    pub(super) fn text(&self) -> String {
        let mut value = serde_json::to_value(self).unwrap();
        let seal = json::digest(&value);
        value["seal"] = json!(seal);
        let mut text = serde_json::to_string_pretty(&value).unwrap();
        text.push('\n');
        text
    }

    /// Reads a file. Its seal is not looked at.
    pub(super) fn read(text: &str) -> Result<Golden, Error> {
        let mut value =
            json::read(text, &ReadLimits::default()).map_err(|fault| corrupt(fault.to_string()))?;
        let seal = value.as_object_mut().and_then(|members| members.remove("seal"));
        let whole = seal == Some(json!(json::digest(&value)));
        let mut take = |name: &str| value.get_mut(name).map(Value::take).unwrap_or_default();
        let Value::Array(executions) = take("executions") else { return Err(corrupt("no executions")) };
        let executions = executions.into_iter().map(Export::read).collect::<Result<Vec<_>, _>>()?;
        let snapshots =
            serde_json::from_value(take("snapshots")).map_err(|error| corrupt(error.to_string()))?;
        Ok(Golden { executions, snapshots, whole })
    }

    /// Replays all of it: each journal from its beginning, and from its snapshot where it has one.
    pub(super) fn replay(&self) -> Result<Vec<Replayed>, Error> {
        if let Some(id) =
            self.snapshots.keys().find(|id| self.executions.iter().all(|one| one.execution != **id))
        {
            return Err(corrupt(format!("a snapshot of {id}, which is not here")));
        }
        let of = |export: &Export| {
            if export.state.is_none() {
                return Err(corrupt("it says nothing of its state"));
            }
            let replayed = export.replay()?;
            if replayed.view.status != export.status {
                return Err(Error::defect("the replay comes to another status than the file says"));
            }
            if let Some(snapshot) = self.snapshots.get(&export.execution) {
                let state = snapshot.restored(export)?;
                if state != replayed.state {
                    return Err(Error::defect("the snapshot leads to another state than the journal"));
                }
            }
            Ok(replayed)
        };
        self.executions.iter().map(of).collect()
    }
}

impl Snapshot {
    /// The hash of the state after it and the turns that follow it.
    pub(super) fn restored(&self, export: &Export) -> Result<String, Error> {
        let tail = export.turns.iter().filter(|turn| turn.turn >= self.next);
        let tail = tail.map(|turn| turn.body()).collect::<Result<Vec<_>, _>>()?;
        let program = Program::compile(&export.bundle).map_err(|error| Error::defect(error.to_string()))?;
        let bytes = unhex(&self.bytes).ok_or_else(|| corrupt("no hex digits"))?;
        let (machine, _) = Machine::restore(program, &bytes, &tail)?;
        Ok(format!("{:016x}", machine.state_digest()))
    }
}

fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}

/// The first thing in which two files differ.
pub(super) fn difference(kept: &str, anew: &str) -> String {
    let (kept, anew): (Value, Value) =
        (serde_json::from_str(kept).unwrap(), serde_json::from_str(anew).unwrap());
    first(&kept, &anew, "").unwrap_or_else(|| "how it is laid out".to_owned())
}

fn first(kept: &Value, anew: &Value, at: &str) -> Option<String> {
    match (kept, anew) {
        (Value::Object(old), Value::Object(new)) => {
            let gone =
                old.keys().chain(new.keys()).find(|key| !old.contains_key(*key) || !new.contains_key(*key));
            let inside =
                || old.iter().find_map(|(key, value)| first(value, new.get(key)?, &format!("{at}/{key}")));
            inside().or_else(|| gone.map(|key| format!("{at}/{key} is in one of them")))
        }
        (Value::Array(old), Value::Array(new)) => {
            let pairs = old.iter().zip(new).enumerate();
            let inside = pairs.into_iter().find_map(|(n, (old, new))| first(old, new, &format!("{at}/{n}")));
            let longer = old.len() != new.len();
            inside
                .or_else(|| longer.then(|| format!("{at} has {} items instead of {}", new.len(), old.len())))
        }
        _ if kept == anew => None,
        _ => Some(format!("{at} is {anew} instead of {kept}")),
    }
}
