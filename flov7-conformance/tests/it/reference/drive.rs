//! Playing a case to its end: starts it, gives its answers, and goes on with another process where one died.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use flov7::clock::Clock;
use flov7::embedded::{EmbeddedExecutor, Options};
use flov7::error::{Error, ErrorKind};
use flov7::execute::{Executor, SignalRequest, StartOptions};
use flov7::id::{ExecutionId, Namespace};
use flov7::json;
use flov7::machine::event::{Event, Recorded, ScheduledKind, SignalTo, decode_turn};
use flov7::machine::{Actor, Control, ExecutionView, Settled, TurnBody, Waiting, approval};
use flov7::store::{ExecutionQuery, ExecutionStore};
use flov7::testing::{ManualClock, SeededEntropy};
use flov7_conformance::disk::{Disk, Mishap, Process};
use flov7_conformance::script::{Called, Script};
use flov7_conformance::simulation::Simulation;
use serde_json::{Value, json};

use super::Reference;

/// What became of a case.
#[derive(Clone, Debug)]
pub(crate) struct Played {
    pub(crate) view: ExecutionView,
    /// The turns of all executions, the started one first.
    pub(crate) journals: Vec<(ExecutionId, Vec<TurnBody>)>,
    pub(crate) calls: Vec<Called>,
    /// How many operations of the store there were.
    pub(crate) operations: u64,
    /// Whether the mishap happened.
    pub(crate) happened: bool,
    /// What is left of it.
    pub(crate) disk: Disk,
}

/// Input digest, how it settled, digest of its output or code of its failure.
type Step = (Option<u64>, Option<Settled>, Option<String>);

/// What every engine must agree on (RULES, engine.parity), of one execution.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trace {
    pub(crate) status: flov7::machine::Status,
    pub(crate) output: Value,
    /// Path → input digest, how it settled, digest of its output or code of its failure.
    pub(crate) steps: BTreeMap<String, Step>,
    pub(crate) undone: Vec<String>,
}

struct Stage<'a> {
    reference: &'a Reference,
    clock: ManualClock,
    disk: Disk,
    script: Script,
}

fn here() -> Namespace {
    Namespace::default()
}

fn ann() -> Actor {
    Actor::new("ann")
}

/// Plays a case to its end, with a mishap at one operation of the store.
pub(crate) fn play(reference: &Reference, mishap: Option<(u64, Mishap)>) -> Played {
    let simulation = Simulation::new().with_horizon(Duration::from_secs(30 * 86_400));
    let clock = simulation.clock();
    let disk = Disk::new(clock.clone());
    if let Some((number, mishap)) = mishap {
        disk.fail(number, mishap);
    }
    let script = reference.script().with_clock(Arc::new(clock.clone()));
    let stage = Stage { reference, clock, disk, script };
    let played = simulation.run(stage.play());
    played.unwrap_or_else(|stuck| panic!("{} with {mishap:?}: {stuck}", reference.name))
}

impl Stage<'_> {
    fn open(&self, seed: u64) -> (EmbeddedExecutor, Process) {
        let process = self.disk.process();
        let registry = Arc::new(self.script.registry(&self.reference.catalog));
        let executor = EmbeddedExecutor::builder(Arc::new(process.clone()), registry)
            .with_clock(Arc::new(self.clock.clone()))
            .with_entropy(Arc::new(SeededEntropy::new(seed)))
            .with_owner(format!("process-{seed}"))
            .with_bindings(here(), Script::bindings(self.reference.workflow.bundle()))
            .with_options(Options::default().with_look(Duration::from_secs(10)))
            .open()
            .unwrap();
        (executor, process)
    }

    async fn play(self) -> Played {
        let pending = self.disk.pending();
        let mut seed = 1;
        let (mut executor, mut process) = self.open(seed);
        let view = loop {
            match self.drive(&executor).await {
                Ok(view) => break view,
                Err(error) => {
                    assert!(
                        matches!(
                            error.kind(),
                            ErrorKind::Unavailable | ErrorKind::Unknown | ErrorKind::Closed
                        ),
                        "{}: {error:?}",
                        self.reference.name
                    );
                    if !process.is_alive() {
                        seed += 1;
                        (executor, process) = self.open(seed);
                    }
                    self.pause().await;
                }
            }
        };
        let happened = self.disk.pending() < pending;
        let operations = self.disk.operations();
        // Who looks is nobody's victim.
        let store = self.disk.process();
        let mut journals = Vec::new();
        let page = store.executions(&here(), &ExecutionQuery::new()).await.unwrap();
        for row in page.executions.into_iter().rev() {
            let turns = store.turns(&here(), &row.execution, 0, 10_000).await.unwrap();
            journals.push((row.execution, turns));
        }
        journals.sort_by_key(|(id, _)| *id != view.execution);
        let calls = self.script.calls();
        Played { view, journals, calls, operations, happened, disk: self.disk }
    }

    async fn pause(&self) {
        self.clock.sleep_until(self.clock.now().saturating_add(Duration::from_millis(10))).await;
    }

    /// Starts it, or finds it, and answers until it ended.
    async fn drive(&self, executor: &EmbeddedExecutor) -> Result<ExecutionView, Error> {
        let (workflow, input) = (&self.reference.workflow, self.reference.case["input"].clone());
        let options = StartOptions::default().with_key("one").with_actor(ann());
        let id = executor.start(&here(), workflow, input, options).await?.execution;
        loop {
            let view = executor.wait(&here(), &id).await?;
            if view.status.is_ended() {
                return Ok(view);
            }
            assert!(view.blocked.is_none(), "{}: {:?}", self.reference.name, view.blocked);
            for wait in view.waiting {
                self.answer(executor, &id, &wait).await?;
            }
            self.pause().await;
        }
    }

    async fn answer(
        &self,
        executor: &EmbeddedExecutor,
        id: &ExecutionId,
        wait: &Waiting,
    ) -> Result<(), Error> {
        if let Some(child) = &wait.execution {
            for wait in executor.describe(&here(), child).await?.waiting {
                Box::pin(self.answer(executor, child, &wait)).await?;
            }
            return Ok(());
        }
        let none = Vec::new();
        let answers = self.reference.case["answers"].as_array().unwrap_or(&none);
        let path = wait.path.as_str();
        let is = |kind: &str| answers.iter().find(|answer| answer[kind] == path);
        let token = SignalTo::Token(wait.token.clone().unwrap_or_default());
        if is("cancel").is_some() {
            let events = executor.events(&here(), id, None, false).await?.events;
            let told = events.iter().any(|event| matches!(event.event, Event::Control { .. }));
            let coming = self.disk.process().restore(&here(), id).await?.inbox;
            // A second one would stop it at once.
            if !told && coming.is_empty() {
                executor.control(&here(), id, Control::Cancel, ann()).await?;
            }
            return Ok(());
        }
        let (to, payload) = match wait.kind {
            ScheduledKind::Approve => match is("approve") {
                Some(answer) => (token, approval(answer["no"] != true, None)),
                None => return Ok(()),
            },
            ScheduledKind::Ask => match is("ask") {
                Some(answer) => (token, answer["payload"].clone()),
                None => return Ok(()),
            },
            ScheduledKind::WaitFor => {
                let skipped = is("skip").is_some() || is("wait").is_some();
                let named = |answer: &&Value| {
                    answer["signal"].as_str() == wait.signal.as_deref()
                        && answer.get("at").is_none_or(|at| at == path)
                };
                match answers.iter().find(named) {
                    Some(answer) if !skipped => {
                        let name = wait.signal.clone().unwrap_or_default();
                        let key = answer["key"].as_str().map(str::to_owned);
                        (SignalTo::Name { name, key }, answer["payload"].clone())
                    }
                    _ => return Ok(()),
                }
            }
            _ => return Ok(()),
        };
        let signal = SignalRequest::new(to, payload, ann()).with_id(format!("answer-{path}"));
        match executor.signal(&here(), id, signal).await {
            // Taken meanwhile.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Closed) => Ok(()),
            accepted => accepted.map(drop),
        }
    }
}

impl Played {
    /// The events of an execution.
    pub(crate) fn events(turns: &[TurnBody]) -> Vec<Recorded> {
        turns.iter().flat_map(|turn| decode_turn(turn).unwrap()).collect()
    }

    /// What engines must agree on of the started execution.
    pub(crate) fn trace(&self) -> Trace {
        let (mut inputs, mut approvals) = (BTreeMap::new(), BTreeSet::new());
        for recorded in Self::events(&self.journals[0].1) {
            match recorded.event {
                Event::Scheduled(call) if call.kind == ScheduledKind::Call => {
                    inputs.insert(call.path.to_string(), call.input_digest);
                }
                Event::Scheduled(wait) if wait.kind == ScheduledKind::Approve => {
                    approvals.insert(wait.path.to_string());
                }
                _ => {}
            }
        }
        let steps = self.view.steps.iter().map(|step| {
            let path = step.path.to_string();
            let value = match (&step.output, &step.error) {
                // Its time is outside of it: an approval says when it was given.
                (Some(output), _) if approvals.contains(&path) => Some(output["by"].to_string()),
                (Some(output), _) => Some(json::digest(output).to_string()),
                (None, error) => error.as_ref().map(|error| error.code.clone()),
            };
            (path.clone(), (inputs.get(&path).copied(), step.settled, value))
        });
        let mut undone: Vec<String> = self.view.undo.done.iter().map(ToString::to_string).collect();
        undone.sort();
        Trace { status: self.view.status, output: self.view.output.clone(), steps: steps.collect(), undone }
    }

    /// What is wrong with what was recorded and asked, whatever happened on the way.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let mut answered = BTreeMap::new();
        for (execution, turns) in &self.journals {
            let mut next = 0;
            for turn in turns {
                if turn.first_seq != next {
                    wrong.push(format!("the journal goes from {next} to {}", turn.first_seq));
                }
                next = turn.next_seq();
            }
            for recorded in Self::events(turns) {
                if let Event::Done(done) = recorded.event
                    && matches!(done.outcome, flov7::machine::event::Outcome::Output(_))
                {
                    answered.insert((execution.clone(), done.path.to_string()), done.attempt);
                }
            }
        }
        let mut first: BTreeMap<_, &Called> = BTreeMap::new();
        for called in &self.calls {
            let place = (called.execution.clone(), called.path.to_string());
            if answered.get(&place).is_some_and(|attempt| called.attempt > *attempt) {
                wrong.push(format!("`{}` has a recorded result and was asked again", called.path));
            }
            let before = first.entry(place).or_insert(called);
            if before.key != called.key || before.input != called.input {
                wrong.push(format!("`{}` was asked again with another key or input", called.path));
            }
        }
        wrong
    }

    /// How often actions of this name were called.
    pub(crate) fn calls_of(&self, action: &str) -> usize {
        self.calls.iter().filter(|called| called.action == action).count()
    }
}

/// How steps settled, as cases write it.
pub(crate) fn settled(view: &ExecutionView) -> Value {
    let steps = view.steps.iter().map(|step| (step.path.to_string(), json!(step.settled)));
    Value::Object(steps.collect())
}
