//! What must be whatever happened.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::PoisonError;
use std::time::Duration;

use flov7::catalog::Effect;
use flov7::clock::Clock;
use flov7::id::{Digest, ExecutionId, StepPath, idempotency_key};
use flov7::machine::event::{Event, Outcome, Recorded, ScheduledKind, Timer, decode_turn};
use flov7::machine::{CallErrorKind, EndStatus, Machine, Status, TurnBody};
use flov7::program::Program;
use flov7::store::{ExecutionQuery, ExecutionStore};

use super::stage::{Asked, FAR, Given, Stage, here};
use crate::author::Case;
use crate::play::Played;
use crate::verdict::judge;

/// What is wrong, a digest of all journals, and how many executions ended.
pub(super) async fn hold(stage: &Stage<'_>) -> (Vec<String>, String, u64) {
    let mut wrong: Vec<String> = stage.twice.iter().map(|key| format!("`{key}` was started twice")).collect();
    // A process of its own looks: nothing can be wrong with it.
    stage.disk.heal();
    stage.disk.crash();
    let store = stage.disk.process();
    let Ok(page) = store.executions(&here(), &ExecutionQuery::new().with_limit(1_000)).await else {
        return (vec!["the store cannot be read".to_owned()], String::new(), 0);
    };
    let mut journals = Vec::new();
    let mut text = Vec::new();
    let mut ended = 0;
    let mut keys = BTreeMap::new();
    for row in page.executions {
        let id = row.execution.clone();
        if let Some(key) = &row.key {
            *keys.entry(key.clone()).or_insert(0) += 1;
        }
        ended += u64::from(row.head.status.is_ended());
        let now = stage.clock().now();
        let far = now.saturating_add(Duration::from_millis(FAR));
        if !row.head.status.is_ended() && row.head.due.is_none_or(|due| due <= far) {
            wrong.push(format!("{id} is stuck: {:?}, due {:?}, now {now}", row.head.status, row.head.due));
        }
        let turns = store.turns(&here(), &id, 0, 100_000).await.unwrap_or_default();
        for turn in &turns {
            text.extend_from_slice(&turn.first_seq.to_le_bytes());
            text.extend_from_slice(&turn.at.ms().to_le_bytes());
            text.extend_from_slice(&turn.body);
        }
        wrong.extend(journal(&id, &turns));
        journals.push((row, turns));
    }
    for id in stage.started.values() {
        if !journals.iter().any(|(row, _)| row.execution == *id) {
            wrong.push(format!("{id} was acknowledged and is lost"));
        }
    }
    let starts =
        journals.iter().filter(|(row, _)| !row.key.as_deref().is_some_and(|key| key.starts_with("child:")));
    if starts.count() != stage.started.len() {
        wrong.push(format!("{} keys, and another number of executions", stage.started.len()));
    }
    wrong.extend(
        keys.iter()
            .filter(|(_, count)| **count > 1)
            .map(|(key, _)| format!("`{key}` has several executions")),
    );
    for (row, turns) in &journals {
        if stage.started.values().any(|id| *id == row.execution) {
            wrong.extend(promise(stage, &row.execution, turns));
        }
    }
    let told = journals.iter().map(|(row, turns)| (row.execution.clone(), events(turns))).collect();
    let ledger = stage.ledger.lock().unwrap_or_else(PoisonError::into_inner);
    wrong.extend(asked(stage.case, &ledger, &told));
    (wrong, Digest::of(text).to_string(), ended)
}

pub(crate) fn events(turns: &[TurnBody]) -> Vec<Recorded> {
    turns.iter().flat_map(|turn| decode_turn(turn).unwrap_or_default()).collect()
}

/// A journal has no gap, and its timers fire once and not early.
pub(crate) fn journal(id: &ExecutionId, turns: &[TurnBody]) -> Vec<String> {
    let mut wrong = Vec::new();
    let (mut due, mut fired) = (BTreeMap::new(), BTreeSet::new());
    for (at, recorded) in events(turns).into_iter().enumerate() {
        if recorded.seq != at as u64 {
            wrong.push(format!("{id}: event {at} says that it is {}", recorded.seq));
        }
        match recorded.event {
            Event::Scheduled(scheduled) if scheduled.kind == ScheduledKind::Wait => {
                due.insert(scheduled.path.to_string(), scheduled.due);
            }
            Event::Fired { path: Some(path), timer: Timer::Wait } => {
                let path = path.to_string();
                if due.get(&path).copied().flatten().is_none_or(|due| recorded.at < due) {
                    wrong.push(format!("{id}: the timer of `{path}` fired early"));
                }
                if !fired.insert(path.clone()) {
                    wrong.push(format!("{id}: the timer of `{path}` fired twice"));
                }
            }
            _ => {}
        }
    }
    wrong
}

/// It replays, and ended as validation promised.
fn promise(stage: &Stage<'_>, id: &ExecutionId, turns: &[TurnBody]) -> Vec<String> {
    let program = match Program::compile(stage.workflow.bundle()) {
        Ok(program) => program,
        Err(error) => return vec![format!("it does not compile: {error}")],
    };
    let view = match Machine::replay_view(program, turns) {
        Ok(view) => view,
        Err(error) => return vec![format!("{id} does not replay: {error}")],
    };
    let status = match view.status {
        Status::Completed => Some(EndStatus::Completed),
        Status::Failed => Some(EndStatus::Failed),
        Status::Cancelled => Some(EndStatus::Cancelled),
        Status::Terminated => Some(EndStatus::Terminated),
        _ => return Vec::new(), // Told as stuck already.
    };
    let cancelled = stage.cancelled.contains(id);
    if cancelled && status == Some(EndStatus::Terminated) {
        // Cancelled twice.
        return Vec::new();
    }
    let played = Played { view: Some(view), status, cancelled, troubles: Vec::new() };
    judge(&played, stage.workflow.residuals(), &stage.case.world)
}

fn only_reads(case: &Case, given: &Given) -> bool {
    let action = case.catalog.action(&given.action);
    action.is_some_and(|action| action.effect.resolve(&given.input, &action.input.0, false) == Effect::None)
}

/// What the other side was asked, against what is journaled.
pub(crate) fn asked(
    case: &Case,
    ledger: &Asked,
    journals: &BTreeMap<ExecutionId, Vec<Recorded>>,
) -> Vec<String> {
    let mut wrong = Vec::new();
    for ((execution, path), given) in ledger {
        let Some((id, events)) = journals.iter().find(|(id, _)| id.to_string() == *execution) else {
            // What only reads may begin before it is known that the execution was created.
            if !given.iter().all(|one| only_reads(case, one)) {
                wrong.push(format!("`{path}` was called for {execution}, which nobody started"));
            }
            continue;
        };
        let (mut effect, mut done) = (None, None);
        for recorded in events {
            match &recorded.event {
                Event::Scheduled(scheduled) if scheduled.path.as_str() == path => {
                    effect = effect.or(scheduled.effect);
                }
                Event::Done(result)
                    if result.path.as_str() == path && matches!(result.outcome, Outcome::Output(_)) =>
                {
                    done = Some(result.attempt);
                }
                _ => {}
            }
        }
        let key = StepPath::parse(path).map(|path| idempotency_key(&here(), id, &path, false)).ok();
        let mut attempts = BTreeSet::new();
        let mut unknown = false;
        for one in given {
            // What only reads may begin before its commit, and is then begun anew by the next owner, at another time; or
            // never again, where the execution was ended before.
            let reads = effect.map_or_else(|| only_reads(case, one), |effect| effect == Effect::None);
            if key.as_ref() != Some(&one.key) || (!reads && one.input != given[0].input) {
                wrong.push(format!("{id}: `{path}` was asked with another key or input"));
            }
            if done.is_some_and(|attempt| one.attempt > attempt) {
                wrong.push(format!("{id}: `{path}` has a recorded result and was asked again"));
            }
            if !attempts.insert(one.attempt) && !reads {
                wrong.push(format!("{id}: attempt {} of `{path}` was made twice", one.attempt));
            }
            if unknown && effect == Some(Effect::Once) {
                wrong.push(format!("{id}: `{path}` is done once at most and was asked again"));
            }
            // A value that did not reach its journal is as unknown as no answer.
            unknown |= one.failed.is_none_or(|kind| kind == CallErrorKind::Unknown);
        }
    }
    wrong
}
