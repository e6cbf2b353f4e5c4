//! One run: processes that come and go, executions that are started, answered and steered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use flov7::action::ActionError;
use flov7::clock::Clock;
use flov7::embedded::{EmbeddedExecutor, Options};
use flov7::error::{Error, ErrorKind};
use flov7::execute::{Executor, SignalRequest, StartOptions, inspect};
use flov7::id::{ExecutionId, Namespace, StepPath, Timestamp};
use flov7::json;
use flov7::machine::event::{ScheduledKind, SignalTo};
use flov7::machine::{Actor, CallErrorKind, Control, Status, Waiting, approval};
use flov7::store::{ExecutionQuery, ExecutionStore, Store};
use flov7::testing::{ManualClock, SeededEntropy};
use flov7::validate::ValidWorkflow;
use flov7_conformance::disk::{Disk, Mishap, Process};
use flov7_conformance::script::{Answer, Called, Script};
use serde_json::Value;

use super::flaw::{Flaw, Flawed, flawed};
use super::{Outcome, invariants};
use crate::author::{Case, World};
use crate::dice::Dice;
use crate::play::step_of;
use crate::ty::Ty;

/// How many rounds things go wrong.
const ROUGH: u32 = 40;

/// Who waits longer than so many milliseconds in the end is not waited for.
pub(super) const FAR: u64 = 12 * 3_600_000;

/// How many calm rounds an execution may take to its end after that.
const CALM: u32 = 100;

/// What each call was answered, by execution and path: the ledger of the other side.
pub(super) type Ledger = Arc<Mutex<Asked>>;

/// All calls, by execution and path.
pub(crate) type Asked = BTreeMap<(String, String), Vec<Given>>;

/// One call as the other side has it.
#[derive(Clone, Debug)]
pub(crate) struct Given {
    pub(crate) action: String,
    pub(crate) attempt: u32,
    pub(crate) key: String,
    pub(crate) input: Value,
    /// Nothing where it gave a value.
    pub(crate) failed: Option<CallErrorKind>,
}

pub(super) struct Stage<'a> {
    pub(super) case: &'a Case,
    pub(super) workflow: &'a ValidWorkflow,
    clock: ManualClock,
    dice: Dice,
    pub(super) disk: Disk,
    script: Script,
    pub(super) ledger: Ledger,
    flaw: Option<Flaw>,
    processes: u64,
    live: Vec<(EmbeddedExecutor, Process)>,
    /// What was acknowledged: key and execution.
    pub(super) started: BTreeMap<String, ExecutionId>,
    /// Executions that were started twice under one key.
    pub(super) twice: Vec<String>,
    answered: BTreeSet<String>,
    pub(super) cancelled: BTreeSet<ExecutionId>,
    deaths: u64,
}

fn somebody() -> Actor {
    Actor::new("somebody")
}

pub(crate) fn here() -> Namespace {
    Namespace::default()
}

fn entered(value: Value) -> Value {
    json::enter(value, json::MAX_DEPTH, usize::MAX).unwrap_or(Value::Null)
}

/// Dice that roll for one text alone.
fn dice_of(text: &str) -> Dice {
    let seed = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    Dice::new(seed)
}

/// What the world answers to the `count`th call of a step, from 0: always the same.
pub(crate) fn answer_of(
    world: &World,
    action: &str,
    path: &StepPath,
    count: usize,
) -> (Option<CallErrorKind>, Answer) {
    let mut dice = dice_of(&format!("{path}{count}"));
    let id = step_of(path);
    let undo = path.segments().last().is_some_and(|last| last.name == "undo");
    let key = if undo { format!("{id}/undo") } else { id.to_owned() };
    let http = action == "http.request";
    let (failed, answer) = match dice.roll(24) {
        0 => {
            let error = ActionError::failed(if http { "http.404" } else { "x.no" }, "no");
            (Some(CallErrorKind::Failed), Answer::Fail(error))
        }
        1 | 2 => {
            let error = ActionError::retryable(if http { "http.503" } else { "x.busy" }, "later");
            (Some(CallErrorKind::Retryable), Answer::Fail(error))
        }
        3 => (Some(CallErrorKind::Unknown), Answer::lost()),
        4 => (Some(CallErrorKind::Unknown), Answer::Hang),
        _ => {
            let value = world.outputs.get(&key).map_or(Value::Null, |ty| entered(ty.sample(&mut dice)));
            (None, Answer::Output(value))
        }
    };
    match *dice.one(&[0, 0, 5, 700, 20_000]) {
        0 => (failed, answer),
        millis => (failed, answer.after(Duration::from_millis(millis))),
    }
}

/// The same, noted in the ledger.
fn answer(world: &World, ledger: &Ledger, called: &Called) -> Answer {
    let place = (called.execution.to_string(), called.path.to_string());
    let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
    let given = ledger.entry(place).or_default();
    let (failed, answer) = answer_of(world, &called.action, &called.path, given.len());
    given.push(Given {
        action: called.action.clone(),
        attempt: called.attempt,
        key: called.key.clone(),
        input: called.input.clone(),
        failed,
    });
    answer
}

/// What somebody answers to a wait, with where it goes; nothing where nobody is asked.
pub(crate) fn reply(world: &World, wait: &Waiting) -> Option<(String, SignalRequest)> {
    let token = wait.token.clone()?;
    let mut dice = dice_of(&format!("{}answer", wait.path));
    let payload = match wait.kind {
        ScheduledKind::WaitFor => {
            let ty = world.signals.get(wait.signal.as_deref().unwrap_or_default());
            entered(ty.unwrap_or(&Ty::Any).sample(&mut dice))
        }
        ScheduledKind::Approve => approval(dice.chance(3, 4), None),
        ScheduledKind::Ask => {
            let ty = world.outputs.get(step_of(&wait.path));
            entered(ty.unwrap_or(&Ty::Any).sample(&mut dice))
        }
        _ => return None,
    };
    let request = SignalRequest::new(SignalTo::Token(token.clone()), payload, somebody());
    Some((token, request))
}

/// An input that the world may give.
pub(crate) fn input_of(world: &World, dice: &mut Dice) -> Value {
    world.input.as_ref().map_or_else(|| serde_json::json!({}), |ty| entered(ty.sample(dice)))
}

impl<'a> Stage<'a> {
    pub(super) fn new(
        case: &'a Case,
        workflow: &'a ValidWorkflow,
        clock: ManualClock,
        dice: Dice,
        flaw: Option<Flaw>,
    ) -> Self {
        let ledger = Ledger::default();
        let (world, own) = (case.world.clone(), Arc::clone(&ledger));
        let script = Script::new()
            .with_otherwise(move |called| answer(&world, &own, called))
            .with_clock(Arc::new(clock.clone()));
        let disk = Disk::new(clock.clone());
        Stage {
            case,
            workflow,
            clock,
            dice,
            disk,
            script,
            ledger,
            flaw,
            processes: 0,
            live: Vec::new(),
            started: BTreeMap::new(),
            twice: Vec::new(),
            answered: BTreeSet::new(),
            cancelled: BTreeSet::new(),
            deaths: 0,
        }
    }

    fn open(&mut self) -> Result<(), Error> {
        self.processes += 1;
        let process = self.disk.process().with_seed(self.dice.bits());
        let mut registry = self.script.registry(&self.case.catalog);
        let mut store: Arc<dyn Store> = Arc::new(process.clone());
        if let Some(flaw) = self.flaw {
            registry = flawed(registry, flaw);
            store = Arc::new(Flawed::over(process.clone(), flaw));
        }
        let every = Duration::from_secs(60);
        let executor = EmbeddedExecutor::builder(store, Arc::new(registry))
            .with_clock(Arc::new(self.clock.clone()))
            .with_entropy(Arc::new(SeededEntropy::new(self.dice.bits())))
            .with_owner(format!("process-{}", self.processes))
            .with_bindings(here(), Script::bindings(self.workflow.bundle()))
            .with_options(Options::default().with_look(every).with_lease(every))
            .open()?;
        self.live.push((executor, process));
        Ok(())
    }

    /// How many milliseconds until the first open execution is due by itself.
    async fn until_due(&self) -> u64 {
        let store = self.disk.process();
        let rows = store.executions(&here(), &ExecutionQuery::new().with_limit(1_000)).await;
        let rows = rows.map(|page| page.executions).unwrap_or_default();
        let open = rows.iter().filter(|row| !row.head.status.is_ended());
        // One that is not due by itself is waited for in small steps: somebody has to do something.
        let left = |due: Timestamp| u64::try_from(due.ms() - self.clock.now().ms()).unwrap_or(0) + 1_000;
        open.map(|row| row.head.due.map_or(0, left)).min().unwrap_or(0)
    }

    pub(super) async fn play(mut self) -> Outcome {
        let wanted = self.dice.between(2, 4);
        let processes = self.dice.between(1, 2) as usize;
        let inputs: Vec<Value> = (0..wanted).map(|_| input_of(&self.case.world, &mut self.dice)).collect();
        let mut wrong = Vec::new();
        let mut mishaps = 0;
        for round in 0..ROUGH + CALM {
            let before = self.live.len();
            self.live.retain(|(_, process)| process.is_alive());
            self.deaths += (before - self.live.len()) as u64;
            while self.live.len() < processes {
                if let Err(error) = self.open() {
                    wrong.push(format!("no executor: {error}"));
                    return Outcome { wrong, ..Outcome::default() };
                }
            }
            if round < ROUGH {
                mishaps += self.disturb();
            } else {
                self.disk.heal();
            }
            let mut open = false;
            for (number, input) in inputs.iter().enumerate() {
                match self.attend(number, input, round).await {
                    Ok(ended) => open |= !ended,
                    Err(error) if tolerable(&error) => open = true,
                    Err(error) => wrong.push(format!("execution {number}: {:?}: {error}", error.kind())),
                }
            }
            if (!open && round >= ROUGH / 2) || !wrong.is_empty() {
                break;
            }
            let pause = match round < ROUGH {
                true => *self.dice.one(&[1, 10, 500, 5_000, 70_000]),
                // Some wait for the next midnight; what waits longer says nothing more.
                false => match self.until_due().await {
                    far if far > FAR => break,
                    near => near.max(600_000),
                },
            };
            self.clock.sleep_until(self.clock.now().saturating_add(Duration::from_millis(pause))).await;
        }
        let (found, digest, ended) = invariants::hold(&self).await;
        wrong.extend(found);
        let calls = self.script.calls().len() as u64;
        Outcome { wrong, digest, ended, deaths: self.deaths, mishaps, calls }
    }

    /// Something goes wrong, or not; gives how many operations of the store will.
    fn disturb(&mut self) -> u64 {
        let mut mishaps = 0;
        match self.dice.roll(12) {
            0 | 1 => {
                let mishap = *self.dice.one(Mishap::ALL);
                let at = self.dice.between(1, 25);
                self.disk.fail(at, mishap);
                mishaps += 1;
            }
            2 => self.disk.crash(),
            3 => {
                let at = self.dice.at(self.live.len());
                self.live[at].1.kill();
            }
            4 => {
                let at = self.dice.at(self.live.len());
                let long = Duration::from_millis(*self.dice.one(&[50, 30_000, 90_000, 400_000]));
                self.live[at].1.stall_until(self.clock.now().saturating_add(long));
            }
            5 => {
                let jump = *self.dice.one(&[-3_000, -50, 1_000, 61_000, 7_200_000]);
                self.clock.set(self.clock.now().saturating_add_ms(jump));
            }
            _ => {}
        }
        mishaps
    }

    /// Looks after one execution: starts it until that is acknowledged, answers and steers it. Says whether it ended.
    async fn attend(&mut self, number: usize, input: &Value, round: u32) -> Result<bool, Error> {
        let at = self.dice.at(self.live.len());
        let executor = self.live[at].0.clone();
        let key = format!("k{number}");
        // Whoever starts it does so again now and then, as a client does that lost its answer.
        let id = match self.started.get(&key) {
            Some(id) if !self.dice.chance(1, 20) => id.clone(),
            known => {
                let known = known.cloned();
                let options = StartOptions::default().with_key(&key).with_actor(somebody());
                let started = executor.start(&here(), self.workflow, input.clone(), options).await?;
                if known.is_some_and(|known| known != started.execution) {
                    self.twice.push(key.clone());
                }
                self.started.insert(key, started.execution.clone());
                started.execution
            }
        };
        let view = inspect(&self.live[at].1, &here(), &id).await?;
        if let Some(why) = view.blocked {
            return Err(Error::defect(format!("blocked: {}", why.message)));
        }
        if view.status.is_ended() {
            return Ok(true);
        }
        for wait in view.waiting {
            if round >= ROUGH || self.dice.chance(1, 2) {
                self.answer(&executor, &id, &wait).await?;
            }
        }
        if round < ROUGH && self.dice.chance(1, 60) {
            self.cancelled.insert(id.clone());
            executor.control(&here(), &id, Control::Cancel, somebody()).await?;
        } else if round < ROUGH && self.dice.chance(1, 30) {
            executor.control(&here(), &id, Control::Pause, somebody()).await?;
        } else if view.status == Status::Paused && (round >= ROUGH || self.dice.chance(1, 2)) {
            executor.control(&here(), &id, Control::Unpause, somebody()).await?;
        }
        Ok(false)
    }

    /// Answers a wait, once; what was acknowledged is never sent again.
    async fn answer(
        &mut self,
        executor: &EmbeddedExecutor,
        id: &ExecutionId,
        wait: &Waiting,
    ) -> Result<(), Error> {
        let Some((token, signal)) = reply(&self.case.world, wait) else { return Ok(()) };
        if self.answered.contains(&token) {
            return Ok(());
        }
        match executor.signal(&here(), id, signal).await {
            Ok(_) => drop(self.answered.insert(token)),
            // Its wait is over meanwhile.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Closed) => {}
            Err(error) => return Err(error),
        }
        Ok(())
    }

    pub(super) fn clock(&self) -> ManualClock {
        self.clock.clone()
    }
}

/// What a client meets when a store or a process fails, and lives with.
fn tolerable(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Unavailable
            | ErrorKind::Unknown
            | ErrorKind::Closed
            | ErrorKind::Busy
            | ErrorKind::NotFound
    )
}
