//! A driver over scripted results, which replays the journal after every turn.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

use flov7::catalog::{ActionDescriptor, Effect, core_actions};
use flov7::id::{Digest, ExecutionId, Namespace, StepPath, Timestamp};
use flov7::machine::event::{Outcome, Signal, SignalTo, Started, decode_turn};
use flov7::machine::{
    Actor, Call, CallError, CallErrorKind, CallOutput, Child, Command, Control, Emission, ExecutionView,
    Failure, Incoming, Machine, Outstanding, Settled, Turn, TurnBody,
};
use flov7::program::Program;
use flov7::validate::{Bundle, Interface};
use serde_json::{Value, json};

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// An execution under test.
pub(crate) struct Driver {
    pub(crate) program: Arc<Program>,
    pub(crate) machine: Machine,
    pub(crate) now: i64,
    pub(crate) turns: Vec<TurnBody>,
    /// Calls that no result was given for yet.
    pub(crate) calls: Vec<Call>,
    pub(crate) cancelled: Vec<(String, u32)>,
    pub(crate) children: Vec<Child>,
    pub(crate) steered: Vec<(ExecutionId, Control)>,
    pub(crate) emitted: Vec<Emission>,
    pub(crate) settled: Vec<(String, Settled)>,
    quiet: bool,
    /// A snapshot after so many turns.
    snapshots: Vec<(usize, Option<Arc<[u8]>>)>,
    pub(crate) last: Turn,
}

/// Actions of every effect: `x.none`, `x.idempotent`, `x.keyed`, `x.once`; `x.by` by its method; `x.typed`, which takes a
/// number and gives an id; `x.path`, which takes a path.
pub(crate) fn actions() -> Vec<ActionDescriptor> {
    let effects = [
        ("x.none", Effect::None),
        ("x.idempotent", Effect::Idempotent),
        ("x.keyed", Effect::Keyed),
        ("x.once", Effect::Once),
    ];
    let by = ActionDescriptor::new("x.by", "Do", json!({ "type": "object" }), json!(true)).with_effect_by(
        "/method",
        &[("GET", Effect::None), ("DELETE", Effect::Idempotent), ("*", Effect::Once)],
    );
    let typed = ActionDescriptor::new(
        "x.typed",
        "Do",
        json!({ "type": "object", "properties": { "n": { "type": "number" } }, "required": ["n"] }),
        json!({ "type": "object", "required": ["id"] }),
    );
    let path =
        json!({ "type": "object", "properties": { "path": { "type": "string", "format": "uri-path" } } });
    let path = ActionDescriptor::new("x.path", "Do", path, json!(true));
    effects
        .map(|(id, effect)| ActionDescriptor::new(id, "Do", json!({}), json!(true)).with_effect(effect))
        .into_iter()
        .chain([by, typed, path])
        .chain(core_actions())
        .collect()
}

pub(crate) fn bundle(document: Value) -> Bundle {
    let document = serde_json::from_value(document).unwrap();
    let interfaces = actions().iter().map(|action| (action.id.clone(), Interface::from(action))).collect();
    Bundle {
        document,
        interfaces,
        callees: BTreeMap::new(),
        connections: BTreeMap::new(),
        checks: Default::default(),
        events: BTreeMap::new(),
        rules: 1,
    }
}

/// A step that calls an action.
pub(crate) fn step(id: &str, action: &str) -> Value {
    json!({ "id": id, "action": { "use": action } })
}

/// A document of these steps.
pub(crate) fn document(steps: Value) -> Value {
    json!({ "flov7": 1, "name": "test", "steps": steps })
}

impl Driver {
    pub(crate) fn start(document: Value, input: Value) -> Driver {
        Driver::start_keyed(document, input, Vec::new())
    }

    /// With checks at these pointers.
    pub(crate) fn start_checked(document: Value, input: Value, checks: &[&str]) -> Driver {
        let mut bundle = bundle(document);
        bundle.checks = checks.iter().map(|pointer| (*pointer).to_owned()).collect();
        Driver::start_bundle(&bundle, input, Vec::new())
    }

    /// With connections whose bindings name an idempotency header.
    pub(crate) fn start_keyed(document: Value, input: Value, keyed: Vec<String>) -> Driver {
        Driver::start_bundle(&bundle(document), input, keyed)
    }

    pub(crate) fn start_bundle(bundle: &Bundle, input: Value, keyed: Vec<String>) -> Driver {
        Driver::start_as(bundle, |started| started.with_keyed(keyed), input)
    }

    /// An execution of a bundle that begins as `origin` says.
    pub(crate) fn start_as(bundle: &Bundle, origin: impl FnOnce(Started) -> Started, input: Value) -> Driver {
        let program = Program::compile(bundle).unwrap();
        let started = Started::new(
            Namespace::parse("default").unwrap(),
            ExecutionId::new(1_700_000_000_000, [7; 10]),
            Digest::of("bundle"),
            input,
            0x1234_5678_9abc_def0,
            Actor::new("test"),
        );
        let started = origin(started);
        let now = 1_000_000;
        let (machine, turn) = Machine::new(Arc::clone(&program), started, Timestamp::from_ms(now));
        let mut driver = Driver {
            program,
            machine,
            now,
            turns: Vec::new(),
            calls: Vec::new(),
            cancelled: Vec::new(),
            children: Vec::new(),
            steered: Vec::new(),
            emitted: Vec::new(),
            settled: Vec::new(),
            quiet: false,
            snapshots: Vec::new(),
            last: Turn::default(),
        };
        driver.took(turn);
        driver
    }

    fn took(&mut self, turn: Turn) {
        for command in &turn.commands {
            match command {
                Command::Call(call) => self.calls.push(call.clone()),
                Command::CancelCall { path, attempt } => self.cancelled.push((path.to_string(), *attempt)),
                Command::Start(child) => self.children.push(child.clone()),
                Command::Steer { execution, control } => self.steered.push((execution.clone(), *control)),
                Command::Emit(event) => self.emitted.push(event.clone()),
                other => panic!("unknown command {other:?}"),
            }
        }
        self.settled.extend(turn.settled.iter().map(|(path, how)| (path.to_string(), *how)));
        if let Some(body) = &turn.body {
            self.turns.push(body.clone());
            self.check_replay();
        }
        self.last = turn;
    }

    /// As [`Driver::start`], without a replay after every turn, for long runs: [`Driver::check`] does one.
    pub(crate) fn start_quietly(document: Value, input: Value) -> Driver {
        QUIET.set(true);
        let driver = Driver::start(document, input);
        QUIET.set(false);
        Driver { quiet: true, ..driver }
    }

    pub(crate) fn check(&mut self) {
        self.quiet = false;
        self.check_replay();
    }

    /// A replay of what was journaled makes the same machine.
    fn check_replay(&mut self) {
        if self.quiet || QUIET.get() {
            return;
        }
        let (again, outstanding) = Machine::replay(Arc::clone(&self.program), &self.turns).unwrap();
        assert_eq!(outstanding, self.machine.outstanding());
        // A defect of this process is nothing that a journal knows.
        if self.machine.view().blocked.is_none() {
            assert_eq!(again.view(), self.machine.view());
        }
        assert_eq!(again.due(), self.machine.due());
        assert_eq!(again.state_digest(), self.machine.state_digest(), "{:?}", self.trace());
        // From a snapshot after any turn and the tail, too.
        self.snapshots.push((self.turns.len(), self.machine.snapshot()));
        for (turns, snapshot) in self.snapshots.iter().rev().take(4) {
            let Some(snapshot) = snapshot else { continue };
            let (again, outstanding) =
                Machine::restore(Arc::clone(&self.program), snapshot, &self.turns[*turns..]).unwrap();
            assert_eq!(outstanding, self.machine.outstanding());
            assert_eq!(again.state_digest(), self.machine.state_digest(), "{:?}", self.trace());
            if self.machine.view().blocked.is_none() {
                assert_eq!((again.view(), again.head()), (self.machine.view(), self.machine.head()));
            }
        }
    }

    /// One turn, whether it says `more` or not.
    pub(crate) fn handle_once(&mut self, incoming: Vec<Incoming>) {
        let turn = self.machine.handle(Timestamp::from_ms(self.now), incoming);
        self.took(turn);
    }

    /// A turn that decides nothing.
    pub(crate) fn keep(&mut self, incoming: Vec<Incoming>) {
        let turn = self.machine.keep(Timestamp::from_ms(self.now), incoming);
        self.took(turn);
    }

    pub(crate) fn handle(&mut self, incoming: Vec<Incoming>) {
        self.handle_once(incoming);
        while self.last.more {
            let turn = self.machine.handle(Timestamp::from_ms(self.now), Vec::new());
            self.took(turn);
        }
    }

    /// Lets time pass, to the instant of each due timer in turn.
    pub(crate) fn pass(&mut self, ms: i64) {
        let end = self.now + ms;
        while let Some(due) = self.machine.due().filter(|due| due.ms() <= end) {
            self.now = self.now.max(due.ms());
            self.handle(Vec::new());
        }
        self.now = end;
    }

    fn take_call(&mut self, path: &str) -> Call {
        let at = self.calls.iter().position(|call| call.path == path);
        let at = at.unwrap_or_else(|| panic!("no call of {path} is open: {:?}", self.open_calls()));
        self.calls.remove(at)
    }

    pub(crate) fn result(&mut self, path: &str, value: Value) -> Incoming {
        let call = self.take_call(path);
        Incoming::Result {
            path: call.path,
            attempt: call.attempt,
            result: Ok(CallOutput { value: Arc::new(value), usage: None }),
        }
    }

    pub(crate) fn call_error(&self, code: &str, kind: CallErrorKind) -> CallError {
        CallError {
            code: code.to_owned(),
            message: format!("{code} happened"),
            details: Value::Null,
            kind,
            retry_after: None,
        }
    }

    pub(crate) fn fails_with(&mut self, path: &str, error: CallError) -> Incoming {
        let call = self.take_call(path);
        Incoming::Result { path: call.path, attempt: call.attempt, result: Err(error) }
    }

    pub(crate) fn error_of(&mut self, path: &str, code: &str, kind: CallErrorKind) -> Incoming {
        let error = self.call_error(code, kind);
        self.fails_with(path, error)
    }

    /// Forgets the machine and makes it again from its journal, as another process does.
    pub(crate) fn restart(&mut self) -> Outstanding {
        let (machine, outstanding) = Machine::replay(Arc::clone(&self.program), &self.turns).unwrap();
        self.machine = machine;
        outstanding
    }

    /// The end of the execution that a step called.
    pub(crate) fn child_ends(&mut self, path: &str, outcome: Outcome) {
        let at = self.children.iter().position(|child| child.parent.path == path);
        let child = self.children.remove(at.unwrap_or_else(|| panic!("no call of {path} is open")));
        self.handle(vec![Driver::child_end(&child, outcome)]);
    }

    pub(crate) fn child_end(child: &Child, outcome: Outcome) -> Incoming {
        let id = format!("child:{}", child.execution);
        Incoming::Child { path: child.parent.path.clone(), execution: child.execution.clone(), outcome, id }
    }

    pub(crate) fn signal(name: &str, payload: Value, id: &str) -> Incoming {
        Driver::message(SignalTo::Name { name: name.to_owned(), key: None }, payload, id)
    }

    pub(crate) fn keyed(name: &str, key: &str, payload: Value, id: &str) -> Incoming {
        Driver::message(SignalTo::Name { name: name.to_owned(), key: Some(key.to_owned()) }, payload, id)
    }

    pub(crate) fn token(token: &str, payload: Value, id: &str) -> Incoming {
        Driver::message(SignalTo::Token(token.to_owned()), payload, id)
    }

    fn message(to: SignalTo, payload: Value, id: &str) -> Incoming {
        Incoming::Signal(Signal { id: id.to_owned(), to, payload, by: Actor::new("test") })
    }

    /// Answers the wait of a step.
    pub(crate) fn answer(&mut self, path: &str, payload: Value) {
        let view = self.machine.view();
        let wait = view.waiting.iter().find(|wait| wait.path == path).unwrap();
        let id = format!("answer-{}", self.turns.len());
        self.handle(vec![Driver::token(wait.token.as_ref().unwrap(), payload, &id)]);
    }

    pub(crate) fn control(&mut self, control: Control, id: &str) {
        self.handle(vec![Incoming::Control { control, by: Actor::new("test"), id: id.to_owned() }]);
    }

    /// All that is known of the execution, values included.
    pub(crate) fn view(&self) -> ExecutionView {
        Machine::replay_view(Arc::clone(&self.program), &self.turns).unwrap()
    }

    pub(crate) fn settled(&self) -> Vec<(&str, Settled)> {
        self.settled.iter().map(|(path, how)| (path.as_str(), *how)).collect()
    }

    /// It has ended so.
    #[track_caller]
    pub(crate) fn ended(&self, how: &str) {
        let ended =
            self.machine.ended().unwrap_or_else(|| panic!("it has not ended: {:?}", self.machine.view()));
        assert_eq!(serde_json::to_value(ended.status).unwrap(), how, "{ended:?}");
    }

    /// Its output, for it has completed.
    #[track_caller]
    pub(crate) fn output(&self) -> Value {
        self.ended("completed");
        self.machine.ended().unwrap().output.clone()
    }

    /// Its failure, for it has failed.
    #[track_caller]
    pub(crate) fn error(&self) -> Failure {
        self.ended("failed");
        *self.machine.ended().unwrap().error.clone().unwrap()
    }

    pub(crate) fn lost(&mut self, path: &str) -> Incoming {
        let call = self.take_call(path);
        Incoming::Lost { path: call.path, attempt: call.attempt }
    }

    /// The call of `path` gives a value.
    pub(crate) fn done(&mut self, path: &str, value: Value) {
        let incoming = self.result(path, value);
        self.handle(vec![incoming]);
    }

    /// The call of `path` fails.
    pub(crate) fn fail(&mut self, path: &str, code: &str, kind: CallErrorKind) {
        let incoming = self.error_of(path, code, kind);
        self.handle(vec![incoming]);
    }

    pub(crate) fn open_calls(&self) -> Vec<&str> {
        self.calls.iter().map(|call| call.path.as_str()).collect()
    }

    /// The events so far, one word or two each.
    pub(crate) fn trace(&self) -> Vec<String> {
        let events = self.turns.iter().flat_map(|turn| decode_turn(turn).unwrap());
        events.map(|recorded| word(&recorded.event)).collect()
    }

    pub(crate) fn path(text: &str) -> StepPath {
        StepPath::parse(text).unwrap()
    }
}

fn word(event: &flov7::machine::event::Event) -> String {
    use flov7::machine::event::{Event, Outcome};
    let outcome = |outcome: &Outcome| match outcome {
        Outcome::Output(_) => "ok".to_owned(),
        Outcome::Error(failure) => failure.code.clone(),
    };
    match event {
        Event::Started(_) => "started".to_owned(),
        Event::Scheduled(s) => format!("{:?} {} {}", s.kind, s.path, s.attempt).to_lowercase(),
        Event::Recorded(r) => format!("recorded {} {}", r.path, r.key),
        Event::Done(d) => format!("done {} {} {}", d.path, d.attempt, outcome(&d.outcome)),
        Event::Lost { path, attempt } => format!("lost {path} {attempt}"),
        Event::Late(d) => format!("late {} {} {}", d.path, d.attempt, outcome(&d.outcome)),
        Event::Fired { path, timer } => {
            let path = path.as_ref().map_or(String::new(), |path| format!(" {path}"));
            format!("fired {timer:?}{path}").to_lowercase()
        }
        Event::Signal(s) => format!("signal {}", s.id),
        Event::Child { path, outcome: ended, .. } => format!("child {path} {}", outcome(ended)),
        Event::Control { control, .. } => format!("{control:?}").to_lowercase(),
        Event::Ended(e) => format!("ended {:?}", e.status).to_lowercase(),
        other => format!("{other:?}"),
    }
}
