//! Runs an accepted workflow in a random world, on a clock that jumps: no I/O, and the same every time.
//!
//! Whatever the world does, it keeps to its schemas: results conform, codes are declared, signals are well typed. It may
//! fail, be late, lose answers, say no, cancel and pause.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use flov7::id::{ExecutionId, Namespace, StepPath, Timestamp};
use flov7::json;
use flov7::machine::event::{Outcome, ScheduledKind, Signal, SignalTo, Started};
use flov7::machine::{
    Actor, Call, CallError, CallErrorKind, CallOutput, Child, Command, Control, Emission, EndStatus,
    ExecutionView, Failure, FailureClass, Incoming, Machine, Refusal, Turn, TurnBody, Waiting, approval,
};
use flov7::program::Program;
use flov7::types::{Defs, SchemaChecker};
use flov7::validate::{Bundle, ValidWorkflow};
use serde_json::{Value, json};

use crate::author::World;
use crate::dice::Dice;
use crate::ty::{Ty, is_normal};

/// The most turns of one execution.
const MOST_TURNS: u32 = 20_000;

/// What became of an execution.
#[derive(Debug)]
pub struct Played {
    /// What it looks like at the end, as its journal tells it.
    pub view: Option<ExecutionView>,
    /// How it ended, if it did.
    pub status: Option<EndStatus>,
    /// Whether somebody cancelled it.
    pub cancelled: bool,
    /// What must never happen, and did.
    pub troubles: Vec<String>,
}

impl Played {
    /// How it ended, in a word.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self.status {
            Some(EndStatus::Completed) => "completed",
            Some(EndStatus::Failed) => "failed",
            Some(EndStatus::Cancelled) => "cancelled",
            Some(EndStatus::Terminated) => "terminated",
            None => "never",
        }
    }
}

/// Plays a workflow once.
#[must_use]
pub fn play(workflow: &ValidWorkflow, world: &World, dice: &mut Dice) -> Played {
    let mut played = Played { view: None, status: None, cancelled: false, troubles: Vec::new() };
    let program = match Program::compile(workflow.bundle()) {
        Ok(program) => program,
        Err(error) => {
            played.troubles.push(format!("an accepted workflow does not compile: {error}"));
            return played;
        }
    };
    let input = match &world.input {
        Some(ty) => entered(ty.sample(dice)),
        None => json!({}),
    };
    let Ok(namespace) = Namespace::parse("proof") else { return played };
    let created = ExecutionId::new(0, [0; 10]);
    let seed = u128::from(dice.bits());
    let started = Started::new(namespace, created, *workflow.digest(), input, seed, Actor::new("proof"));
    let now = 1_767_225_600_000;
    let (machine, first) = Machine::new(Arc::clone(&program), started, Timestamp::from_ms(now));
    let rough = dice.chance(3, 5);
    let mut stage = Stage {
        bundle: workflow.bundle(),
        world,
        dice,
        machine,
        now,
        rough,
        queue: BTreeMap::new(),
        sent: 0,
        answered: BTreeSet::new(),
        ignored: BTreeSet::new(),
        checkers: BTreeMap::new(),
        turns: Vec::new(),
        played,
    };
    stage.disturb();
    stage.run(first);
    let Stage { turns, machine, mut played, .. } = stage;
    if machine.ended().is_some() {
        match Machine::replay_view(program, &turns) {
            Ok(view) => played.view = Some(view),
            Err(error) => played.troubles.push(format!("its journal does not replay: {error}")),
        }
    }
    played
}

fn entered(value: Value) -> Value {
    json::enter(value, json::MAX_DEPTH, usize::MAX).unwrap_or(Value::Null)
}

struct Stage<'a> {
    bundle: &'a Bundle,
    world: &'a World,
    dice: &'a mut Dice,
    machine: Machine,
    now: i64,
    /// Whether things go wrong.
    rough: bool,
    /// What comes when; what comes at the same time, in the order of the number.
    queue: BTreeMap<(i64, u64), Incoming>,
    sent: u64,
    answered: BTreeSet<String>,
    /// Waits that nobody answers while anything else can happen.
    ignored: BTreeSet<String>,
    checkers: BTreeMap<Arc<str>, Option<SchemaChecker>>,
    turns: Vec<TurnBody>,
    played: Played,
}

impl Stage<'_> {
    fn run(&mut self, first: Turn) {
        let mut more = self.take(first);
        for _ in 0..MOST_TURNS {
            if let Some(ended) = self.machine.ended() {
                self.played.status = Some(ended.status);
                return;
            }
            if !self.played.troubles.is_empty() {
                return;
            }
            let mut incoming = Vec::new();
            if !more {
                self.answer_some();
                match self.next_instant() {
                    Some(at) => self.now = self.now.max(at),
                    None => {
                        let stuck = format!("stuck: {:?}", self.machine.view().waiting);
                        self.played.troubles.push(stuck);
                        return;
                    }
                }
                while let Some(entry) = self.queue.first_entry()
                    && entry.key().0 <= self.now
                {
                    incoming.push(entry.remove());
                }
            }
            let turn = self.machine.handle(Timestamp::from_ms(self.now), incoming);
            more = self.take(turn);
        }
        self.played.troubles.push(format!("it has not ended after {MOST_TURNS} turns"));
    }

    /// When something happens next; where nothing does, somebody answers.
    fn next_instant(&mut self) -> Option<i64> {
        let due = |stage: &Stage<'_>| {
            let timer = stage.machine.due().map(|due| due.ms());
            let next = stage.queue.first_key_value().map(|((at, _), _)| *at);
            [timer, next].into_iter().flatten().min()
        };
        if let Some(at) = due(self) {
            return Some(at);
        }
        self.ignored.clear();
        let waiting = self.machine.view().waiting;
        for wait in &waiting {
            self.answer(wait, true);
        }
        due(self)
    }

    /// Things that happen by themselves: signals before anyone waits, a pause, a cancel.
    fn disturb(&mut self) {
        for name in self.world.signals.keys().cloned().collect::<Vec<_>>() {
            if self.dice.chance(1, 4) {
                let to = SignalTo::Name { name: name.clone(), key: None };
                self.signal(to, &name);
            }
        }
        if self.rough && self.dice.chance(1, 12) {
            self.played.cancelled = true;
            let at = self.later();
            self.control(Control::Cancel, at);
        }
        if self.rough && self.dice.chance(1, 12) {
            let at = self.later();
            self.control(Control::Pause, at);
            let until = at + 1 + self.dice.roll(100_000) as i64;
            self.control(Control::Unpause, until);
        }
    }

    fn control(&mut self, control: Control, at: i64) {
        self.sent += 1;
        let id = format!("c{}", self.sent);
        self.push(at, Incoming::Control { control, by: Actor::new("proof"), id });
    }

    fn push(&mut self, at: i64, incoming: Incoming) {
        self.sent += 1;
        self.queue.insert((at, self.sent), incoming);
    }

    fn later(&mut self) -> i64 {
        let delay = *self.dice.one(&[0, 0, 5, 700, 1_500, 20_000, 50_000, 400_000]);
        self.now + delay
    }

    /// Takes over a turn. Says whether the machine has more to do at once.
    fn take(&mut self, turn: Turn) -> bool {
        if let Some(why) = turn.blocked {
            self.played.troubles.push(format!("blocked: {}", why.message));
        }
        self.turns.extend(turn.body);
        for command in turn.commands {
            match command {
                Command::Call(call) => self.call(call),
                Command::CancelCall { path, attempt } => self.cancel_call(path, attempt),
                Command::Start(child) => self.start(child),
                Command::Steer { execution, .. } => self.steer(&execution),
                Command::Emit(emission) => self.emitted(&emission),
                _ => {}
            }
        }
        turn.more
    }

    fn call(&mut self, call: Call) {
        self.look_at(&call);
        let Call { path, attempt, action, deadline, undo, .. } = call;
        let at = self.later();
        let outcome = if self.rough { self.dice.roll(20) } else { 0 };
        let failed = |code: &str, kind| CallError {
            code: code.to_owned(),
            message: "it went wrong".to_owned(),
            details: json!({ "why": [1, null] }),
            kind,
            retry_after: None,
        };
        let http = &*action == "http.request";
        let result = match outcome {
            14 => Err(failed(if http { "http.404" } else { "x.no" }, CallErrorKind::Failed)),
            15 => {
                let mut error = failed(if http { "http.503" } else { "x.busy" }, CallErrorKind::Retryable);
                error.retry_after = self.dice.chance(1, 3).then_some(3_000);
                Err(error)
            }
            16 => Err(failed(if http { "http.500" } else { "y.odd" }, CallErrorKind::Failed)),
            17 => Err(failed("x.no", CallErrorKind::Unknown)),
            18 => return self.push(at, Incoming::Lost { path, attempt }),
            // It answers too late, or never.
            19 => {
                if self.dice.chance(1, 2) {
                    let result = Ok(self.output(&path, undo));
                    self.push(deadline.ms() + 1_000, Incoming::Result { path, attempt, result });
                }
                return;
            }
            _ => Ok(self.output(&path, undo)),
        };
        self.push(at, Incoming::Result { path, attempt, result });
    }

    /// What an action is given must be what its interface asks for.
    fn look_at(&mut self, call: &Call) {
        let checker = self.checkers.entry(Arc::clone(&call.action)).or_insert_with(|| {
            let interface = self.bundle.interfaces.get(&*call.action)?;
            SchemaChecker::compile(&interface.input.0, &Defs::none()).ok()
        });
        match checker {
            None => self.played.troubles.push(format!("`{}` has no interface", call.action)),
            Some(checker) => {
                if let Err(violations) = checker.check(&call.input) {
                    let message = format!(
                        "`{}` at `{}` was given what its schema refuses: {} {}: {}",
                        call.action,
                        call.path,
                        violations.first().map_or("", |first| &first.pointer),
                        violations.first().map_or("", |first| &first.message),
                        json::canonical(&call.input),
                    );
                    self.played.troubles.push(message);
                }
            }
        }
        if !is_normal(&call.input) {
            let message = format!("`{}` was given a number that is not normal: {}", call.path, call.input);
            self.played.troubles.push(message);
        }
    }

    fn output(&mut self, path: &StepPath, undo: bool) -> CallOutput {
        let id = step_of(path);
        let key = if undo { format!("{id}/undo") } else { id.to_owned() };
        let value = match self.world.outputs.get(&key) {
            Some(ty) => entered(ty.sample(self.dice)),
            None => {
                self.played.troubles.push(format!("nobody knows what `{key}` gives"));
                Value::Null
            }
        };
        CallOutput { value: Arc::new(value), usage: None }
    }

    /// A cancelled attempt answers as it was about to, or not at all.
    fn cancel_call(&mut self, path: StepPath, attempt: u32) {
        if self.dice.chance(1, 2) {
            return;
        }
        let of = |incoming: &Incoming| {
            matches!(incoming, Incoming::Result { path: own, attempt: number, .. }
            if *own == path && *number == attempt)
        };
        let mine: Vec<(i64, u64)> =
            self.queue.iter().filter(|(_, one)| of(one)).map(|(key, _)| *key).collect();
        for key in mine {
            if let Some(incoming) = self.queue.remove(&key) {
                let at = self.now + self.dice.roll(9_000) as i64;
                self.push(at, incoming);
            }
        }
    }

    /// A called execution ends as its workflow may: with what it was given, or with its own failure.
    fn start(&mut self, child: Child) {
        let path = child.parent.path;
        let ty = self.world.outputs.get(step_of(&path)).cloned().unwrap_or(Ty::Any);
        let given = child.input.get("p").unwrap_or(&Value::Null);
        if !ty.contains(given) || !is_normal(given) {
            let message = format!("`{path}` calls `{}` with {given}, which is no {ty:?}", child.workflow);
            self.played.troubles.push(message);
        }
        let failed = self.rough && self.dice.chance(1, 4);
        let outcome = match failed {
            true => Outcome::Error(Box::new(too_far())),
            false => Outcome::Output(given.clone()),
        };
        let at = self.later();
        self.end_child(at, path, child.execution, outcome);
    }

    fn end_child(&mut self, at: i64, path: StepPath, execution: ExecutionId, outcome: Outcome) {
        self.sent += 1;
        let id = format!("e{}", self.sent);
        self.push(at, Incoming::Child { path, execution, outcome, id });
    }

    /// A called execution that is told to stop ends as it was about to, a little later at most.
    fn steer(&mut self, execution: &ExecutionId) {
        let of = |incoming: &Incoming| matches!(incoming, Incoming::Child { execution: own, .. } if own == execution);
        let mine: Vec<(i64, u64)> =
            self.queue.iter().filter(|(_, one)| of(one)).map(|(key, _)| *key).collect();
        for key in mine {
            if let Some(incoming) = self.queue.remove(&key) {
                let at = self.now + self.dice.roll(5_000) as i64;
                self.push(at, incoming);
            }
        }
    }

    /// What an event says must be what the catalogue says that it says.
    fn emitted(&mut self, emission: &Emission) {
        if let Some(ty) = self.world.events.get(&emission.event)
            && !ty.contains(&emission.payload)
        {
            let message = format!("`{}` emits {}, which is no {ty:?}", emission.path, emission.payload);
            self.played.troubles.push(message);
        }
    }

    /// Answers waits: most of them, sooner or later.
    fn answer_some(&mut self) {
        if self.world.signals.is_empty() && self.world.outputs.is_empty() && !self.dice.chance(1, 8) {
            return;
        }
        let idle = self.queue.is_empty();
        if !idle && !self.dice.chance(1, 4) {
            return;
        }
        let waiting = self.machine.view().waiting;
        for wait in &waiting {
            let Some(token) = &wait.token else { continue };
            if self.answered.contains(token) || self.ignored.contains(token) {
                continue;
            }
            if self.rough && self.dice.chance(1, 4) {
                self.ignored.insert(token.clone());
            } else {
                self.answer(wait, false);
            }
        }
    }

    fn answer(&mut self, wait: &Waiting, now: bool) {
        let Some(token) = wait.token.clone() else { return };
        let to = SignalTo::Token(token.clone());
        match wait.kind {
            ScheduledKind::WaitFor => {
                let name = wait.signal.clone().unwrap_or_default();
                if !now && self.dice.chance(1, 4) {
                    // It may be waited for under a key, and then this one is for nobody yet.
                    return self.signal(SignalTo::Name { name: name.clone(), key: None }, &name);
                }
                self.answered.insert(token);
                self.signal(to, &name);
            }
            ScheduledKind::Approve => {
                self.answered.insert(token);
                let yes = !self.rough || self.dice.chance(3, 4);
                let note = self.dice.chance(1, 3).then_some("because");
                self.send(to, approval(yes, note));
            }
            ScheduledKind::Ask => {
                self.answered.insert(token);
                let ty = self.world.outputs.get(step_of(&wait.path)).cloned().unwrap_or(Ty::Any);
                let payload = entered(ty.sample(self.dice));
                self.send(to, payload);
            }
            _ => {}
        }
    }

    fn signal(&mut self, to: SignalTo, name: &str) {
        let ty = self.world.signals.get(name).cloned().unwrap_or(Ty::Any);
        let payload = entered(ty.sample(self.dice));
        self.send(to, payload);
    }

    fn send(&mut self, to: SignalTo, payload: Value) {
        if let Err(refusal) = self.machine.accepts(&to, &payload)
            && refusal != Refusal::Ended
        {
            self.played.troubles.push(format!("the door refused {payload}: {refusal}"));
        }
        let at = self.later();
        self.sent += 1;
        let id = format!("m{}", self.sent);
        self.push(at, Incoming::Signal(Signal { id, to, payload, by: Actor::new("somebody") }));
    }
}

/// How a called workflow fails.
fn too_far() -> Failure {
    Failure {
        code: "too_far".to_owned(),
        class: FailureClass::World,
        message: "no".to_owned(),
        step: None,
        attempt: 1,
        retryable: false,
        details: Value::Null,
        also: Vec::new(),
    }
}

/// The id of the step that a path leads to, or whose undo it is.
#[must_use]
pub fn step_of(path: &StepPath) -> &str {
    path.segments().filter(|segment| segment.name != "undo").last().map_or("", |segment| segment.name)
}
