//! A dry run: the real machine, with answers instead of calls and a clock that jumps (FORMAT 4, dry run).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::border::check_input;
use super::mocks::{Mock, Mocks};
use super::places::{Place, places};
use crate::error::Error;
use crate::finding::{Code, Finding, Report, Severity};
use crate::id::{ExecutionId, Namespace, StepPath, Timestamp};
use crate::machine::event::{Ended, Outcome, Parent, ScheduledKind, Signal, SignalTo, Started};
use crate::machine::{
    Actor, Call, CallOutput, Child, Command, Control, EndStatus, ExecutionView, Failure, FailureClass,
    Incoming, Machine, Turn, TurnBody, Waiting, approval,
};
use crate::program::Program;
use crate::types::{Defs, SchemaChecker, sample};
use crate::validate::{Bundle, ValidWorkflow};

/// Runs a workflow without calling anything: actions answer as mocked, and time jumps to the next due instant. The
/// workflows that it calls run with it, unless they are mocked; mocks name their steps behind the path of the call.
///
/// ```
/// use flov7::catalog::{ActionDescriptor, Catalog};
/// use flov7::execute::{DryRun, Mocks};
/// use flov7::validate::validate;
/// use flov7::workflow::{Step, Workflow};
/// use serde_json::json;
///
/// let invoice = json!({ "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] });
/// let catalog = Catalog::new().with_action(ActionDescriptor::new(
///     "shop.invoice", "Write the invoice", json!({ "type": "object" }), invoice));
/// let document = Workflow::builder("billing")
///     .step(Step::action("bill", "shop.invoice").with(json!({})))
///     .output(json!("written as ${ steps.bill.id }"))
///     .build();
/// let workflow = validate(&document, &catalog).map_err(|report| report.to_json().to_string())?;
///
/// let mocks = Mocks::read(&json!({ "shop.invoice": { "output": { "id": "i-1" } } })).unwrap();
/// let outcome = DryRun::new(&workflow, json!({})).with_mocks(mocks).run()?;
/// assert!(outcome.findings.is_empty());
/// assert_eq!(outcome.view.output, json!("written as i-1"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
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
        let mut stage = Stage {
            mocks: &self.mocks,
            sample: self.sample,
            members: Vec::new(),
            now: self.start,
            calls: BTreeMap::new(),
            answered: BTreeSet::new(),
            later: Vec::new(),
            hung: BTreeMap::new(),
            hanging: BTreeSet::new(),
            findings,
            sampled: BTreeSet::new(),
            stuck: false,
        };
        stage.enter(bundle, program, started, String::new(), None)?;
        stage.play()
    }
}

/// A dry run going on.
struct Stage<'a> {
    mocks: &'a Mocks,
    sample: bool,
    /// The execution itself, and behind it those that it and others called.
    members: Vec<Member>,
    now: Timestamp,
    /// How often each action id was asked.
    calls: BTreeMap<String, usize>,
    /// Waits that were answered, by member and token.
    answered: BTreeSet<(usize, String)>,
    /// Answers that come at an instant of their own, by member.
    later: Vec<(Timestamp, usize, Incoming)>,
    /// Called workflows that are mocked never to end by themselves: who called, and from where.
    hung: BTreeMap<ExecutionId, (usize, StepPath)>,
    /// Waits that are mocked never to be answered, or only later, by member and step: deadlines over them pass.
    hanging: BTreeSet<(usize, StepPath)>,
    findings: Vec<Finding>,
    sampled: BTreeSet<StepPath>,
    /// Nothing answers for an action: the run ends here.
    stuck: bool,
}

/// One execution of a dry run.
struct Member {
    bundle: Arc<Bundle>,
    program: Arc<Program>,
    machine: Machine,
    turns: Vec<TurnBody>,
    more: bool,
    /// What comes next.
    answers: Vec<Incoming>,
    /// Before the paths of its steps: the path of the call and a slash.
    prefix: String,
    /// Who called it, and from where.
    caller: Option<(usize, Parent)>,
}

impl Stage<'_> {
    fn play(mut self) -> Result<DryRunOutcome, Error> {
        while !self.stuck && self.members[0].machine.ended().is_none() {
            if self.turn()? {
                continue;
            }
            let live: Vec<usize> =
                (0..self.members.len()).filter(|no| self.members[*no].machine.ended().is_none()).collect();
            for no in &live {
                self.answer_waits(*no);
            }
            if self.stuck || self.members.iter().any(|member| !member.answers.is_empty()) {
                continue;
            }
            let instants = self.next_instant(&live).into_iter();
            match instants.chain(self.later.iter().map(|(at, ..)| *at)).min() {
                Some(instant) => self.now = self.now.max(instant),
                None => break,
            }
            let now = self.now;
            for (_, no, answer) in self.later.extract_if(.., |(at, ..)| *at <= now) {
                if self.members[no].machine.ended().is_none() {
                    self.members[no].answers.push(answer);
                }
            }
            for no in live {
                self.members[no].more = true;
            }
        }
        let root = &self.members[0];
        let view = Machine::replay_view(Arc::clone(&root.program), &root.turns)?;
        Ok(DryRunOutcome {
            view,
            findings: self.findings,
            sampled: self.sampled.into_iter().collect(),
            now: self.now,
        })
    }

    /// One turn of the first member that has something to do; false where none has.
    fn turn(&mut self) -> Result<bool, Error> {
        let busy =
            |member: &Member| member.machine.ended().is_none() && (member.more || !member.answers.is_empty());
        let Some(no) = self.members.iter().position(busy) else { return Ok(false) };
        let member = &mut self.members[no];
        let answers = std::mem::take(&mut member.answers);
        let turn = member.machine.handle(self.now, answers);
        self.take(no, turn)?;
        Ok(true)
    }

    /// Another execution comes in.
    fn enter(
        &mut self,
        bundle: Arc<Bundle>,
        program: Arc<Program>,
        started: Started,
        prefix: String,
        caller: Option<(usize, Parent)>,
    ) -> Result<(), Error> {
        let (machine, first) = Machine::new(Arc::clone(&program), started, self.now);
        self.members.push(Member {
            bundle,
            program,
            machine,
            turns: Vec::new(),
            more: false,
            answers: Vec::new(),
            prefix,
            caller,
        });
        self.take(self.members.len() - 1, first)
    }

    /// Takes over a turn, and answers its calls.
    fn take(&mut self, no: usize, turn: Turn) -> Result<(), Error> {
        if let Some(why) = turn.blocked {
            return Err(Error::defect(why.message));
        }
        let member = &mut self.members[no];
        member.turns.extend(turn.body);
        member.more = turn.more;
        if let (Some(ended), Some((caller, parent))) = (&turn.ended, member.caller.clone()) {
            let execution = member.machine.started().execution.clone();
            self.end(caller, parent.path, execution, ended.outcome());
        }
        for command in turn.commands {
            match command {
                _ if self.stuck => {}
                Command::Call(call) => self.answer_call(no, call),
                Command::Start(child) => self.call(no, child)?,
                Command::Steer { execution, control } => self.steer(&execution, control),
                _ => {}
            }
        }
        Ok(())
    }

    /// Tells a caller of an end.
    fn end(&mut self, caller: usize, path: StepPath, execution: ExecutionId, outcome: Outcome) {
        let id = format!("child:{execution}");
        self.members[caller].answers.push(Incoming::Child { path, execution, outcome, id });
    }

    /// A called workflow: answered as mocked, else run like the one that calls it.
    fn call(&mut self, no: usize, child: Child) -> Result<(), Error> {
        let Child { parent, execution, workflow, input, cause, .. } = child;
        let outcome = match self.mock(no, &parent.path, 1, "core.call") {
            Some(Mock::Output(value)) => Outcome::Output(value),
            Some(Mock::Error(error)) => Outcome::Error(Box::new(Failure {
                code: error.code,
                class: FailureClass::World,
                message: error.message,
                step: None,
                attempt: 0,
                retryable: false,
                details: error.details,
                also: Vec::new(),
            })),
            // Its deadline comes.
            Some(Mock::Hang | Mock::Lost) => {
                self.hanging.insert((no, parent.path.clone()));
                self.hung.insert(execution, (no, parent.path));
                return Ok(());
            }
            None => {
                let found = self.members[no].bundle.callee(&workflow);
                let bundle = Arc::new(found.ok_or_else(|| Error::defect("a callee is not in the bundle"))?);
                let program = Program::compile(&bundle)?;
                let namespace = self.members[no].machine.started().namespace.clone();
                // Another seed for each: what follows from it must differ.
                let seed = self.members.len() as u128;
                let by = Actor::new("dry-run");
                let started = Started::new(namespace, execution, bundle.digest(), input, seed, by)
                    .with_parent(parent.clone())
                    .with_cause(cause);
                let prefix = format!("{}{}/", self.members[no].prefix, parent.path);
                return self.enter(bundle, program, started, prefix, Some((no, parent)));
            }
        };
        self.end(no, parent.path, execution, outcome);
        Ok(())
    }

    fn steer(&mut self, execution: &ExecutionId, control: Control) {
        let child = |member: &&mut Member| member.machine.started().execution == *execution;
        if let Some(child) = self.members.iter_mut().find(child) {
            let id = format!("caller:{control:?}");
            child.answers.push(Incoming::Control { control, by: Actor::new("dry-run"), id });
        } else if let Some((caller, path)) = self.hung.remove(execution) {
            // Told to stop, it does.
            let ended = Ended { status: EndStatus::Cancelled, output: Value::Null, error: None };
            self.end(caller, path, execution.clone(), ended.outcome());
        }
    }

    fn answer_call(&mut self, no: usize, call: Call) {
        let mock = self.mock(no, &call.path, call.attempt, &call.action);
        let Call { path, attempt, .. } = call;
        let answer = match mock {
            Some(Mock::Output(value)) => output(path, attempt, value),
            Some(Mock::Error(error)) => Incoming::Result { path, attempt, result: Err(error) },
            Some(Mock::Lost) => Incoming::Lost { path, attempt },
            // Its deadline comes.
            Some(Mock::Hang) => return,
            None if self.sample => match self.invent(no, &path, &call.action) {
                Some(value) => {
                    self.sampled.insert(self.place(no, &path).unwrap_or_else(|| path.clone()));
                    output(path, attempt, value)
                }
                None => {
                    let help =
                        "its schema is too particular to make a value up: say what it answers in the mocks";
                    return self.missing(no, &path, &call.action, help);
                }
            },
            None => {
                let prefix = &self.members[no].prefix;
                let help = format!(
                    "add `\"{prefix}{path}\": {{\"output\": …}}` to the mocks, or let --sample make a value up"
                );
                return self.missing(no, &path, &call.action, &help);
            }
        };
        self.members[no].answers.push(answer);
    }

    /// The path of a step as mocks name it: behind the paths of the calls that lead to it; none where that is longer than
    /// a path can be.
    fn place(&self, no: usize, path: &StepPath) -> Option<StepPath> {
        StepPath::parse(&format!("{}{path}", self.members[no].prefix)).ok()
    }

    /// What the mocks say for an attempt. A list under an action's id is used up call by call.
    fn mock(&mut self, no: usize, path: &StepPath, attempt: u32, action: &str) -> Option<Mock> {
        let place = self.place(no, path);
        let asked = self.calls.entry(action.to_owned()).or_default();
        let mock = self.mocks.answer(place.as_ref(), attempt, action, *asked);
        if place.is_none_or(|place| !self.mocks.names(&place)) {
            *asked += 1;
        }
        mock.cloned()
    }

    fn missing(&mut self, no: usize, path: &StepPath, action: &str, help: &str) {
        self.stuck = true;
        let full = format!("{}{path}", self.members[no].prefix);
        let bare = StepPath::parse(&full).map_or(full.clone(), |path| path.without_indices().into_owned());
        // Where it stands in the document itself: the step, or the call that leads to it.
        let leads = |place: &Place<'_>| {
            bare == place.path || (place.callee.is_some() && bare.starts_with(&format!("{}/", place.path)))
        };
        let place = places(&self.members[0].bundle.document).into_iter().find(leads);
        let pointer = place.map_or_else(String::new, |place| place.pointer);
        let step = path.segments().filter(|segment| segment.name != "undo").last();
        let mut finding =
            Finding::new(Code::MOCK_MISSING, pointer, format!("no mock answers for `{action}` at `{full}`"));
        finding = finding.with_help(help);
        if let Some(step) = step {
            finding = finding.with_step(step.name);
        }
        self.findings.push(finding);
    }

    /// The smallest value that a step's output may be.
    fn invent(&self, no: usize, path: &StepPath, action: &str) -> Option<Value> {
        let bundle = &self.members[no].bundle;
        let schema = &bundle.interfaces.get(action)?.output.0;
        let bare = path.without_indices();
        let places = places(&bundle.document);
        let expect = places.iter().find(|place| place.path == *bare).and_then(|place| place.expect);
        let Some(expect) = expect else { return sample(schema, &Defs::none()).ok() };
        let types = bundle.document.types.iter();
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
    fn answer_waits(&mut self, no: usize) {
        for wait in &self.members[no].machine.view().waiting {
            let action = match wait.kind {
                ScheduledKind::Approve => "core.approve",
                ScheduledKind::Ask => "core.ask",
                ScheduledKind::WaitFor => "core.wait_for",
                _ => continue,
            };
            let Some(token) = &wait.token else { continue };
            if !self.answered.insert((no, token.clone())) {
                continue;
            }
            match self.mock(no, &wait.path, 1, action) {
                None => {}
                Some(Mock::Output(value)) => self.answer_wait(no, wait, token, &value),
                Some(Mock::Error(error)) => {
                    let note = error.details.get("note").and_then(Value::as_str);
                    let by = error.details.get("by").and_then(Value::as_str).unwrap_or("dry-run");
                    self.send(no, wait, token, approval(false, note), by);
                }
                Some(Mock::Hang | Mock::Lost) => {
                    self.hanging.insert((no, wait.path.clone()));
                }
            }
        }
    }

    fn answer_wait(&mut self, no: usize, wait: &Waiting, token: &str, value: &Value) {
        if wait.kind != ScheduledKind::Approve {
            return self.send(no, wait, token, value.clone(), "dry-run");
        }
        // What an approval gives is made from who answered, and when: a mock says both, and they are what happens.
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let fits = |(name, value): &(&String, &Value)| {
            matches!(name.as_str(), "by" | "at" | "note") && value.is_string()
        };
        if let Some((name, _)) = value.as_object().and_then(|members| members.iter().find(|one| !fits(one))) {
            return self
                .refuse(wait, &format!("an approval's output is texts `by`, `at`, `note`?, not `{name}`"));
        }
        let Some(by) = text("by") else { return self.refuse(wait, "an approval's output says `by` whom") };
        let Some(at) = text("at").and_then(|at| Timestamp::parse(at).ok()) else {
            return self
                .refuse(wait, "an approval's output says `at` which instant, as 2026-01-01T09:00:00Z");
        };
        if at < self.now {
            let why = format!("`at` is {at}, and the approval is asked for at {}", self.now);
            return self.refuse(wait, &why);
        }
        self.send_at(at, no, wait, token, approval(true, text("note")), by);
    }

    fn send(&mut self, no: usize, wait: &Waiting, token: &str, payload: Value, by: &str) {
        self.send_at(self.now, no, wait, token, payload, by);
    }

    fn send_at(&mut self, at: Timestamp, no: usize, wait: &Waiting, token: &str, payload: Value, by: &str) {
        let to = SignalTo::Token(token.to_owned());
        if let Err(refusal) = self.members[no].machine.accepts(&to, &payload) {
            return self.refuse(wait, &refusal.to_string());
        }
        let id = format!("dry-run-{token}");
        let answer = Incoming::Signal(Signal { id, to, payload, by: Actor::new(by) });
        if at <= self.now {
            self.members[no].answers.push(answer);
        } else {
            self.hanging.insert((no, wait.path.clone()));
            self.later.push((at, no, answer));
        }
    }

    fn refuse(&mut self, wait: &Waiting, why: &str) {
        self.stuck = true;
        let message = format!("the mock of `{}` does not fit: {why}", wait.path);
        self.findings.push(Finding::new(Code::INPUT_INVALID, "", message));
    }

    /// Where time jumps to. Nothing where only people and signals are waited for: no deadline over them passes unless
    /// they are mocked to hang.
    fn next_instant(&self, live: &[usize]) -> Option<Timestamp> {
        let due = live.iter().filter_map(|no| self.members[*no].machine.due()).min()?;
        let waits: Vec<(usize, Waiting)> = live
            .iter()
            .flat_map(|no| self.members[*no].machine.view().waiting.into_iter().map(|wait| (*no, wait)))
            .collect();
        let moves = waits.iter().any(|(no, wait)| !self.is_outside(*no, wait, &waits));
        let passes_over_someone =
            waits.iter().any(|(no, wait)| wait.due == Some(due) && self.is_outside(*no, wait, &waits));
        (moves && !passes_over_someone).then_some(due)
    }

    /// Whether only someone outside ends a wait; for a called workflow, all the waits inside of it.
    fn is_outside(&self, no: usize, wait: &Waiting, all: &[(usize, Waiting)]) -> bool {
        if self.hanging.contains(&(no, wait.path.clone())) {
            return false;
        }
        match (wait.kind, &wait.execution) {
            (ScheduledKind::Approve | ScheduledKind::Ask | ScheduledKind::WaitFor, _) => true,
            (_, Some(child)) => all
                .iter()
                .filter(|(no, _)| self.members[*no].machine.started().execution == *child)
                .all(|(no, wait)| self.is_outside(*no, wait, all)),
            _ => false,
        }
    }
}

fn output(path: StepPath, attempt: u32, value: Value) -> Incoming {
    Incoming::Result { path, attempt, result: Ok(CallOutput { value: Arc::new(value), usage: None }) }
}
