//! One execution as a file that replays anywhere: what it runs, and its journal byte for byte.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::inspect::{all_turns, uncompilable, unreplayable, unusable};
use crate::error::{Error, ErrorKind};
use crate::expr::{base64_bytes, base64_encode};
use crate::id::{Digest, ExecutionId, Namespace, Timestamp, WorkflowName};
use crate::machine::event::{Event, Parent, decode_turn};
use crate::machine::{ExecutionView, Machine, Status, TurnBody};
use crate::program::Program;
use crate::store::ExecutionStore;
use crate::validate::Bundle;

/// The version of the file: the member `flov7_export`.
pub const EXPORT_VERSION: u32 = 1;

/// An execution, taken out of its store. It holds what the journal holds: inputs, outputs and messages, but no secret,
/// for none reaches a journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Export {
    /// [`EXPORT_VERSION`].
    pub flov7_export: u32,
    /// The tenant's space that it came from.
    pub namespace: Namespace,
    /// The execution.
    pub execution: ExecutionId,
    /// The workflow's name.
    pub workflow: WorkflowName,
    /// What it was doing.
    pub status: Status,
    /// When it was created, by its store's clock.
    pub started: Timestamp,
    /// When its head last changed, by its store's clock.
    pub changed: Timestamp,
    /// Its start key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    /// The step of another execution that called it, if one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The executions that it called, as far as its journal names them; each is a file of its own.
    #[serde(default)]
    pub children: Vec<ExecutionId>,
    /// The bundle's digest.
    pub digest: Digest,
    /// What it runs.
    pub bundle: Bundle,
    /// Its journal.
    pub turns: Vec<ExportedTurn>,
    /// The hash of the machine's state after the last turn, as 16 hex digits; nothing where the release that wrote the file
    /// could not replay the journal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
}

/// One turn of the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExportedTurn {
    /// The number of its first event.
    pub seq: u64,
    /// How many events it holds.
    pub count: u32,
    /// Its number.
    pub turn: u64,
    /// When it was made.
    pub at: Timestamp,
    /// The encoding's version.
    pub v: u16,
    /// The running hash of what was decided, as 16 hex digits.
    pub decided: String,
    /// The events in the machine's encoding, as base64.
    pub body: String,
}

/// What a replay of a file gave.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Replayed {
    /// What the execution looked like after its last turn.
    pub view: ExecutionView,
    /// The hash of the machine's state then, as 16 hex digits.
    pub state: String,
}

impl ExportedTurn {
    fn of(body: &TurnBody) -> ExportedTurn {
        ExportedTurn {
            seq: body.first_seq,
            count: body.count,
            turn: body.turn,
            at: body.at,
            v: body.v,
            decided: format!("{:016x}", body.decided),
            body: base64_encode(&body.body),
        }
    }

    /// The turn as it was committed.
    ///
    /// # Errors
    /// `Corrupt` where its hash is no hex number or its body no base64.
    pub fn body(&self) -> Result<TurnBody, Error> {
        let bytes =
            base64_bytes(&self.body).map_err(|fault| corrupt(format!("turn {}: {fault}", self.turn)))?;
        let decided = u64::from_str_radix(&self.decided, 16)
            .map_err(|_| corrupt(format!("turn {}: its hash is no hex number", self.turn)))?;
        let ExportedTurn { seq, count, turn, at, v, .. } = *self;
        Ok(TurnBody { first_seq: seq, count, turn, at, v, decided, body: bytes.into() })
    }
}

impl Export {
    /// Takes an execution out of a store, which keeps it.
    ///
    /// # Errors
    /// `NotFound`; `Unsupported` where the store keeps no journals; whatever else it fails with.
    pub async fn of(
        store: &dyn ExecutionStore,
        namespace: &Namespace,
        execution: &ExecutionId,
    ) -> Result<Export, Error> {
        // The journal first: what the row says is then as new, or newer.
        let turns = all_turns(store, namespace, execution).await?;
        let loaded = store.restore(namespace, execution).await?;
        let row = loaded.row;
        let mut children: Vec<ExecutionId> = Vec::new();
        let mut parent = None;
        for turn in &turns {
            for recorded in decode_turn(turn)? {
                match recorded.event {
                    Event::Child { execution, .. } if !children.contains(&execution) => {
                        children.push(execution)
                    }
                    Event::Started(started) | Event::Forked { started, .. } => parent = started.parent,
                    _ => {}
                }
            }
        }
        let machine =
            Program::compile(&loaded.bundle).ok().and_then(|program| Machine::replay(program, &turns).ok());
        if let Some((machine, _)) = &machine {
            let open = machine.children().filter(|child| !children.contains(child)).cloned();
            children.extend(open.collect::<Vec<_>>());
        }
        Ok(Export {
            flov7_export: EXPORT_VERSION,
            namespace: namespace.clone(),
            execution: execution.clone(),
            workflow: row.workflow,
            status: row.head.status,
            started: row.started,
            changed: row.changed,
            key: row.key,
            tags: row.tags,
            parent,
            children,
            digest: row.bundle,
            bundle: Arc::unwrap_or_clone(loaded.bundle),
            turns: turns.iter().map(ExportedTurn::of).collect(),
            state: machine.map(|(machine, _)| format!("{:016x}", machine.state_digest())),
        })
    }

    /// Reads a file; its text passed our own reader ([`crate::json::read`]).
    ///
    /// # Errors
    /// `Newer` for a version that this release does not know; `Corrupt` for what is no such file.
    pub fn read(value: Value) -> Result<Export, Error> {
        match value.get("flov7_export").and_then(Value::as_u64) {
            Some(version) if version == u64::from(EXPORT_VERSION) => {}
            Some(version) if version > u64::from(EXPORT_VERSION) => {
                let message = format!(
                    "a newer flov7 wrote the file (version {version}, this one knows {EXPORT_VERSION})"
                );
                return Err(Error::new(ErrorKind::Newer, message));
            }
            _ => return Err(corrupt("this is no exported execution: it has no member `flov7_export`")),
        }
        serde_json::from_value(value)
            .map_err(|error| corrupt(format!("this is no exported execution: {error}")))
    }

    /// Replays the journal, without any store, and holds it against all that the file says of it.
    ///
    /// # Errors
    /// `Corrupt` where the bundle is not the one of its digest, or the journal is no journal of this execution; `Newer`
    /// where another release must replay it; `Defect` where this release decides otherwise, or comes to another state.
    pub fn replay(&self) -> Result<Replayed, Error> {
        if self.bundle.digest() != self.digest {
            return Err(corrupt("the bundle is not the one of its digest"));
        }
        let turns = self.turns.iter().map(ExportedTurn::body).collect::<Result<Vec<_>, _>>()?;
        let program = Program::compile(&self.bundle).map_err(|error| unusable(uncompilable(&error)))?;
        let unreplayable = |error| unusable(unreplayable(&error));
        let (machine, _) = Machine::replay(program.clone(), &turns).map_err(Error::from)?;
        let started = machine.started();
        if (&started.execution, &started.namespace, &started.bundle)
            != (&self.execution, &self.namespace, &self.digest)
        {
            return Err(corrupt("the journal is that of another execution"));
        }
        if self.workflow.as_str() != &*program.name {
            return Err(corrupt("the bundle is that of another workflow"));
        }
        // The row may be newer than the journal that was read before it; what has ended changes no more.
        if let Some(ended) = machine.ended()
            && self.status != Status::from(ended.status)
        {
            return Err(corrupt("the execution ended otherwise than the file says"));
        }
        if self.parent != started.parent {
            return Err(corrupt("the execution was called by another one than the file says"));
        }
        let state = format!("{:016x}", machine.state_digest());
        if self.state.as_ref().is_some_and(|expected| *expected != state) {
            return Err(Error::defect("the replay comes to another state than the file says"));
        }
        let view = Machine::replay_view(program, &turns).map_err(unreplayable)?;
        Ok(Replayed { view, state })
    }
}

fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}
