//! Looking at an execution from any process: what is committed, and nothing else.

use std::sync::Arc;

use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::id::{ExecutionId, Namespace, Timestamp};
use crate::machine::{
    Blocked, BlockedReason, ExecutionView, Machine, ReplayError, Status, TurnBody, UndoView,
};
use crate::program::Program;
use crate::store::{ExecutionRow, ExecutionStore, Loaded, Message};
use crate::validate::Bundle;

/// What an execution is doing, as its journal says: reads the store and changes nothing. Where the store keeps no
/// journals its newest state is shown, without what it no longer needs.
///
/// # Errors
/// `NotFound`, and whatever the store fails with; `Unsupported` where it keeps neither the journal nor the newest state. A journal that this release cannot replay is no error: the view says
/// `blocked`, and why.
pub async fn inspect(
    store: &dyn ExecutionStore,
    namespace: &Namespace,
    execution: &ExecutionId,
) -> Result<ExecutionView, Error> {
    Ok(Inspection::of(store, namespace, execution).await?.view)
}

/// An execution as one reading of the store found it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// Its row.
    pub row: ExecutionRow,
    /// What it runs.
    pub bundle: Arc<Bundle>,
    /// What it is doing.
    pub view: ExecutionView,
    /// Messages that it has not taken yet, oldest first.
    pub inbox: Vec<Message>,
    program: Result<Arc<Program>, Blocked>,
    /// The state that `turns` follow, where no journal says how it came to be.
    snapshot: Option<Arc<[u8]>>,
    turns: Vec<TurnBody>,
}

impl Inspection {
    /// Reads an execution.
    ///
    /// # Errors
    /// As [`inspect`].
    pub async fn of(
        store: &dyn ExecutionStore,
        namespace: &Namespace,
        execution: &ExecutionId,
    ) -> Result<Inspection, Error> {
        let mut loaded = store.restore(namespace, execution).await?;
        // A snapshot holds only what the execution still needs; who looks wants to see all, where it is kept.
        if loaded.snapshot.is_some() {
            match all_turns(store, namespace, execution).await {
                Ok(turns) => (loaded.turns, loaded.snapshot) = (turns, None),
                Err(error) if error.kind() == ErrorKind::Unsupported => {}
                Err(error) => return Err(error),
            }
        }
        let snapshot = loaded.snapshot.take().map(|(_, bytes)| bytes);
        let program = Program::compile(&loaded.bundle).map_err(|error| uncompilable(&error));
        let replayed = program.clone().and_then(|program| {
            match &snapshot {
                None => Machine::replay_view(program, &loaded.turns),
                Some(snapshot) => {
                    Machine::restore(program, snapshot, &loaded.turns).map(|(machine, _)| machine.view())
                }
            }
            .map_err(|error| unreplayable(&error))
        });
        let mut view = replayed.unwrap_or_else(|why| ExecutionView {
            execution: execution.clone(),
            parent: None,
            forked: None,
            status: loaded.row.head.status,
            output: Value::Null,
            error: None,
            steps: Vec::new(),
            undo: UndoView::default(),
            unknown_effects: Vec::new(),
            waiting: Vec::new(),
            begins: None,
            blocked: Some(why),
        });
        // Only the store knows what kept an executor from going on.
        if view.blocked.is_none() {
            view.blocked.clone_from(&loaded.row.head.blocked);
        }
        if view.blocked.is_some() && !view.status.is_ended() {
            view.status = Status::Blocked;
        }
        let Loaded { row, bundle, turns, inbox, .. } = loaded;
        Ok(Inspection { row, bundle, view, inbox, program, snapshot, turns })
    }

    /// The machine as it was when the store was read.
    pub(super) fn machine(&self) -> Result<Machine, Error> {
        let program = self.program.clone().map_err(unusable)?;
        let replayed = match &self.snapshot {
            None => Machine::replay(program, &self.turns),
            Some(snapshot) => Machine::restore(program, snapshot, &self.turns),
        };
        replayed.map(|(machine, _)| machine).map_err(|error| unusable(unreplayable(&error)))
    }

    /// The executions that it called and that it has not heard the end of.
    pub fn children(&self) -> impl Iterator<Item = &ExecutionId> {
        self.view.waiting.iter().filter_map(|wait| wait.execution.as_ref())
    }

    /// Whether nothing more happens, as far as it goes itself, unless someone outside does something: it ended, or it
    /// rests in the store with nothing to do by itself by now.
    pub fn rests(&self, now: Timestamp) -> bool {
        let head = &self.row.head;
        let quiet = self.row.lease.is_none()
            && (self.inbox.is_empty() || head.blocked.is_some())
            && head.due.is_none_or(|due| due > now);
        match self.view.status {
            Status::Waiting | Status::Paused | Status::Blocked => quiet,
            status => status.is_ended(),
        }
    }
}

/// The whole journal of an execution.
pub(crate) async fn all_turns(
    store: &dyn ExecutionStore,
    namespace: &Namespace,
    execution: &ExecutionId,
) -> Result<Vec<TurnBody>, Error> {
    /// How many turns are read at once.
    const PAGE: usize = 1_000;
    let mut turns: Vec<TurnBody> = Vec::new();
    loop {
        let from = turns.last().map_or(0, TurnBody::next_seq);
        let page = store.turns(namespace, execution, from, PAGE).await?;
        if page.is_empty() {
            return Ok(turns);
        }
        turns.extend(page);
    }
}

/// The error of asking something of an execution that this release cannot make again.
pub(super) fn unusable(why: Blocked) -> Error {
    let kind = if why.reason == BlockedReason::Rules { ErrorKind::Newer } else { ErrorKind::Defect };
    Error::new(kind, why.message)
}

/// Why a stored bundle does not compile here: it was sound when it was made.
pub(crate) fn uncompilable(error: &Error) -> Blocked {
    let reason = match error.kind() {
        ErrorKind::Newer | ErrorKind::Unsupported => BlockedReason::Rules,
        _ => BlockedReason::Defect,
    };
    Blocked::new(reason, format!("this release cannot run the workflow: {error}"))
}

/// Why a journal cannot be gone on with here.
pub(crate) fn unreplayable(error: &ReplayError) -> Blocked {
    match error {
        ReplayError::Diverged { seq } => {
            Blocked::new(BlockedReason::Diverged, error.to_string()).with_seq(*seq)
        }
        ReplayError::Rules { .. } | ReplayError::Newer { .. } => {
            Blocked::new(BlockedReason::Rules, error.to_string())
        }
        ReplayError::Corrupt { .. } => Blocked::new(BlockedReason::Defect, error.to_string()),
    }
}
