//! A dry run: the real machine, with answers instead of calls and a clock that jumps (FORMAT 4, dry run).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::border::check_input;
use super::mocks::{Mock, Mocks};
use super::places::places;
use crate::error::Error;
use crate::finding::{Code, Finding, Report, Severity};
use crate::id::{ExecutionId, Namespace, StepPath, Timestamp};
use crate::machine::event::{ScheduledKind, Signal, SignalTo, Started};
use crate::machine::{
    Actor, Call, CallOutput, Command, ExecutionView, Incoming, Machine, Turn, TurnBody, Waiting, approval,
};
use crate::program::Program;
use crate::types::{Defs, SchemaChecker, sample};
use crate::validate::{Bundle, ValidWorkflow};

/// Runs a workflow without calling anything: actions answer as mocked, and time jumps to the next due instant.
///
/// ```no_run
/// # fn valid() -> flov7::validate::ValidWorkflow { unimplemented!() }
/// use flov7::execute::{DryRun, Mocks};
/// use serde_json::json;
///
/// let workflow = valid();
/// let mocks = Mocks::read(&json!({ "shop.invoice": { "output": { "id": "i-1" } } })).unwrap();
/// let outcome = DryRun::new(&workflow, json!({})).with_mocks(mocks).run().unwrap();
/// assert!(outcome.findings.is_empty());
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct DryRun {
    workflow: ValidWorkflow,
    input: Value,
    mocks: Mocks,
    sample: bool,
    start: Timestamp,
}

/// What a dry run came to.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DryRunOutcome {
    /// What the execution looks like at the end, or where it stopped.
    pub view: ExecutionView,
    /// The action that no mock answers for, if that ended it; warnings about mocks.
    pub findings: Vec<Finding>,
    /// The steps whose outputs were made up.
    pub sampled: Vec<StepPath>,
    /// The virtual instant at the end.
    pub now: Timestamp,
}

impl DryRun {
    /// A dry run with an input, without mocks, that begins at 2026-01-01T00:00:00Z: the same every time.
    pub fn new(workflow: &ValidWorkflow, input: Value) -> Self {
        DryRun {
            workflow: workflow.clone(),
            input,
            mocks: Mocks::none(),
            sample: false,
            start: Timestamp::from_ms(1_767_225_600_000),
        }
    }

    /// Says what actions answer.
    pub fn with_mocks(mut self, mocks: Mocks) -> Self {
        self.mocks = mocks;
        self
    }

    /// Says whether an action that no mock answers for gives the smallest value that its schema allows.
    pub fn with_sample(mut self, sample: bool) -> Self {
        self.sample = sample;
        self
    }

    /// Says when it begins.
    pub fn with_start(mut self, start: Timestamp) -> Self {
        self.start = start;
        self
    }

    /// Runs it, until it ends, waits for someone, or reaches an action that no mock answers for.
    ///
    /// # Errors
    /// `Invalid`, with a report, for an input that does not conform and for mocks that name nothing in the workflow or
    /// cannot answer what they name.
    pub fn run(self) -> Result<DryRunOutcome, Error> {
        let bundle = Arc::clone(self.workflow.bundle());
        let input = check_input(&bundle, self.input)?;
        let findings = self.mocks.check(&bundle);
        if findings.iter().any(|finding| finding.severity == Severity::Error) {
            return Err(Error::invalid(Report::new(findings, Vec::new())));
        }
        let program = Program::compile(&bundle)?;
        let namespace = Namespace::parse("dry-run").map_err(|error| Error::defect(error.to_string()))?;
        let created = u64::try_from(self.start.ms()).unwrap_or(0);
        let execution = ExecutionId::new(created, [0; 10]);
        let by = Actor::new("dry-run");
        let started = Started::new(namespace, execution, *self.workflow.digest(), input, 0, by);
        let (machine, first) = Machine::new(Arc::clone(&program), started, self.start);
        let stage = Stage {
            bundle: &bundle,
            mocks: &self.mocks,
            sample: self.sample,
            machine,
            now: self.start,
            turns: Vec::new(),
            calls: BTreeMap::new(),
            answers: Vec::new(),
            answered: BTreeSet::new(),
            hanging: BTreeSet::new(),
            findings,
            sampled: BTreeSet::new(),
            stuck: false,
        };
        stage.play(program, first)
    }
}

/// A dry run going on.
struct Stage<'a> {
    bundle: &'a Bundle,
    mocks: &'a Mocks,
    sample: bool,
    machine: Machine,
    now: Timestamp,
    turns: Vec<TurnBody>,
    /// How often each action id was asked.
    calls: BTreeMap<String, usize>,
    /// What comes next.
    answers: Vec<Incoming>,
    /// Waits that were answered.
    answered: BTreeSet<String>,
    /// Waits that are mocked never to be answered.
    hanging: BTreeSet<StepPath>,
    findings: Vec<Finding>,
    sampled: BTreeSet<StepPath>,
    /// Nothing answers for an action: the run ends here.
    stuck: bool,
}

impl Stage<'_> {
    fn play(mut self, program: Arc<Program>, first: Turn) -> Result<DryRunOutcome, Error> {
        let mut more = self.take(first)?;
        while !self.stuck && self.machine.ended().is_none() {
            if self.answers.is_empty() && !more {
                let waiting = self.machine.view().waiting;
                self.answer_waits(&waiting);
                if self.answers.is_empty() {
                    match self.next_instant(&waiting) {
                        Some(instant) => self.now = self.now.max(instant),
                        None => break,
                    }
                }
                if self.stuck {
                    break;
                }
            }
            let answers = std::mem::take(&mut self.answers);
            let turn = self.machine.handle(self.now, answers);
            more = self.take(turn)?;
        }
        let view = Machine::replay_view(program, &self.turns)?;
        Ok(DryRunOutcome {
            view,
            findings: self.findings,
            sampled: self.sampled.into_iter().collect(),
            now: self.now,
        })
    }

    /// Takes over a turn, and answers its calls. Says whether the machine has more to do at once.
    fn take(&mut self, turn: Turn) -> Result<bool, Error> {
        if let Some(why) = turn.blocked {
            return Err(Error::defect(why.message));
        }
        self.turns.extend(turn.body);
        for command in turn.commands {
            if let Command::Call(call) = command
                && !self.stuck
            {
                self.answer_call(call);
            }
        }
        Ok(turn.more)
    }

    fn answer_call(&mut self, call: Call) {
        let mock = self.mock(&call.path, call.attempt, &call.action);
        let Call { path, attempt, .. } = call;
        self.answers.push(match mock {
            Some(Mock::Output(value)) => output(path, attempt, value),
            Some(Mock::Error(error)) => Incoming::Result { path, attempt, result: Err(error) },
            Some(Mock::Lost) => Incoming::Lost { path, attempt },
            // Its deadline comes.
            Some(Mock::Hang) => return,
            None if self.sample => match self.invent(&path, &call.action) {
                Some(value) => {
                    self.sampled.insert(path.clone());
                    output(path, attempt, value)
                }
                None => {
                    let help =
                        "its schema is too particular to make a value up: say what it answers in the mocks";
                    return self.missing(&path, &call.action, help);
                }
            },
            None => {
                let help = format!(
                    "add `\"{path}\": {{\"output\": …}}` to the mocks, or let --sample make a value up"
                );
                return self.missing(&path, &call.action, &help);
            }
        });
    }

    /// What the mocks say for an attempt. A list under an action's id is used up call by call.
    fn mock(&mut self, path: &StepPath, attempt: u32, action: &str) -> Option<Mock> {
        let asked = self.calls.entry(action.to_owned()).or_default();
        let mock = self.mocks.answer(path, attempt, action, *asked);
        if !self.mocks.names(path) {
            *asked += 1;
        }
        mock.cloned()
    }

    fn missing(&mut self, path: &StepPath, action: &str, help: &str) {
        self.stuck = true;
        let bare = path.without_indices();
        let place = places(&self.bundle.document).into_iter().find(|place| place.path == *bare);
        let pointer = place.map_or_else(String::new, |place| place.pointer);
        let step = path.segments().filter(|segment| segment.name != "undo").last();
        let mut finding =
            Finding::new(Code::MOCK_MISSING, pointer, format!("no mock answers for `{action}` at `{path}`"));
        finding = finding.with_help(help);
        if let Some(step) = step {
            finding = finding.with_step(step.name);
        }
        self.findings.push(finding);
    }

    /// The smallest value that a step's output may be.
    fn invent(&self, path: &StepPath, action: &str) -> Option<Value> {
        let schema = &self.bundle.interfaces.get(action)?.output.0;
        let bare = path.without_indices();
        let places = places(&self.bundle.document);
        let expect = places.iter().find(|place| place.path == *bare).and_then(|place| place.expect);
        let Some(expect) = expect else { return sample(schema, &Defs::none()).ok() };
        let types = self.bundle.document.types.iter();
        let defs = Defs::new(types.map(|(name, schema)| (name.as_str(), schema.0.clone())));
        let both = json!({ "allOf": [expect.0, schema] });
        let fits = |value: &Value| {
            let fits = |schema: &Value, defs: &Defs| {
                SchemaChecker::compile(schema, defs).is_ok_and(|checker| checker.accepts(value))
            };
            fits(schema, &Defs::none()) && fits(&expect.0, &defs)
        };
        // Both in one schema say the most; a catalogue's schema with references of its own stands only by itself.
        let tries = [sample(&both, &defs), sample(&expect.0, &defs), sample(schema, &Defs::none())];
        tries.into_iter().flatten().find(fits)
    }

    /// Answers people and signals where mocks do.
    fn answer_waits(&mut self, waiting: &[Waiting]) {
        for wait in waiting {
            let action = match wait.kind {
                ScheduledKind::Approve => "core.approve",
                ScheduledKind::Ask => "core.ask",
                ScheduledKind::WaitFor => "core.wait_for",
                _ => continue,
            };
            let Some(token) = &wait.token else { continue };
            if !self.answered.insert(token.clone()) {
                continue;
            }
            match self.mock(&wait.path, 1, action) {
                None => {}
                Some(Mock::Output(value)) => self.answer_wait(wait, token, &value),
                Some(Mock::Error(error)) => {
                    let note = error.details.get("note").and_then(Value::as_str);
                    let by = error.details.get("by").and_then(Value::as_str).unwrap_or("dry-run");
                    self.send(wait, token, approval(false, note), by);
                }
                Some(Mock::Hang | Mock::Lost) => {
                    self.hanging.insert(wait.path.clone());
                }
            }
        }
    }

    fn answer_wait(&mut self, wait: &Waiting, token: &str, value: &Value) {
        if wait.kind != ScheduledKind::Approve {
            return self.send(wait, token, value.clone(), "dry-run");
        }
        // What an approval gives is made from who answered, and when; only the rest is the mock's.
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        match text("by") {
            Some(by) => self.send(wait, token, approval(true, text("note")), by),
            None => self.refuse(wait, "an approval's output says `by` whom"),
        }
    }

    fn send(&mut self, wait: &Waiting, token: &str, payload: Value, by: &str) {
        let to = SignalTo::Token(token.to_owned());
        if let Err(refusal) = self.machine.accepts(&to, &payload) {
            return self.refuse(wait, &refusal.to_string());
        }
        let id = format!("dry-run-{token}");
        self.answers.push(Incoming::Signal(Signal { id, to, payload, by: Actor::new(by) }));
    }

    fn refuse(&mut self, wait: &Waiting, why: &str) {
        self.stuck = true;
        let message = format!("the mock of `{}` does not fit: {why}", wait.path);
        self.findings.push(Finding::new(Code::INPUT_INVALID, "", message));
    }

    /// Where time jumps to. Nothing where only people and signals are waited for: no deadline over them passes unless
    /// they are mocked to hang.
    fn next_instant(&self, waiting: &[Waiting]) -> Option<Timestamp> {
        let due = self.machine.due()?;
        let outside = |wait: &&Waiting| {
            matches!(wait.kind, ScheduledKind::Approve | ScheduledKind::Ask | ScheduledKind::WaitFor)
                && !self.hanging.contains(&wait.path)
        };
        let moves = waiting.iter().any(|wait| !outside(&wait));
        let passes_over_someone = waiting.iter().filter(outside).any(|wait| wait.due == Some(due));
        (moves && !passes_over_someone).then_some(due)
    }
}

fn output(path: StepPath, attempt: u32, value: Value) -> Incoming {
    Incoming::Result { path, attempt, result: Ok(CallOutput { value: Arc::new(value), usage: None }) }
}
