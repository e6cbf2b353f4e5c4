//! The proof: typed documents are accepted and keep the promise, mutated ones are refused.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use flov7::finding::{Code, Finding, Report, Severity};
use flov7::json::{Document, MAX_DEPTH, enter};
use flov7::validate::{ValidWorkflow, validate_document};
use serde_json::Value;

use crate::author::{Case, typed};
use crate::dice::Dice;
use crate::fault::{Mutated, mutate};
use crate::play::play;
use crate::shrink::shrink;
use crate::verdict::judge;

/// How often each accepted document is played, each time in another world.
const PLAYS: u64 = 2;

/// What is to be proven.
#[derive(Clone, Copy)]
pub struct Plan<'a> {
    /// The seed of the first case.
    pub seed: u64,
    /// How many cases; each gives a typed document and a mutated one.
    pub cases: u64,
    /// How many threads.
    pub threads: usize,
    /// After so many wrong cases nothing more is looked at.
    pub enough: usize,
    /// Whether what is wrong is made smaller.
    pub shrinks: bool,
    /// What every thread does before its first case.
    pub prepare: &'a (dyn Fn() + Sync),
}

impl Plan<'_> {
    /// So many cases from the seed on, on as many threads as there are processors.
    #[must_use]
    pub fn new(seed: u64, cases: u64) -> Plan<'static> {
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
        Plan { seed, cases, threads, enough: 20, shrinks: true, prepare: &|| {} }
    }
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Totals {
    /// Typed documents that were looked at.
    pub typed: u64,
    /// Mutated documents that were looked at.
    pub mutated: u64,
    /// How often each construct was written.
    pub constructs: BTreeMap<&'static str, u64>,
    /// How often each kind of residual was listed.
    pub residuals: BTreeMap<&'static str, u64>,
    /// How executions ended.
    pub ended: BTreeMap<&'static str, u64>,
    /// How often each fault was planted.
    pub faults: BTreeMap<&'static str, u64>,
    /// How many steps the typed documents have.
    pub steps: BTreeMap<u64, u64>,
    /// How many documents were written anew, because arithmetic in them certainly fails.
    pub certain: u64,
    /// The cases that are wrong.
    pub wrong: Vec<Wrong>,
}

/// A case that breaks the promise.
#[derive(Debug)]
pub struct Wrong {
    /// Its seed.
    pub seed: u64,
    /// What is wrong.
    pub complaints: Vec<String>,
    /// The document, as small as it could be made.
    pub document: Value,
}

impl Totals {
    /// The number of steps that half of the typed documents have at least.
    #[must_use]
    pub fn median_steps(&self) -> u64 {
        let mut before = 0;
        let half = self.steps.values().sum::<u64>() / 2;
        for (steps, count) in &self.steps {
            before += count;
            if before > half {
                return *steps;
            }
        }
        0
    }

    fn add(&mut self, other: Totals) {
        fn sum<K: Ord>(into: &mut BTreeMap<K, u64>, from: BTreeMap<K, u64>) {
            for (key, count) in from {
                *into.entry(key).or_default() += count;
            }
        }
        self.typed += other.typed;
        self.mutated += other.mutated;
        self.certain += other.certain;
        sum(&mut self.constructs, other.constructs);
        sum(&mut self.residuals, other.residuals);
        sum(&mut self.ended, other.ended);
        sum(&mut self.faults, other.faults);
        sum(&mut self.steps, other.steps);
        self.wrong.extend(other.wrong);
    }
}

/// Looks at all cases of a plan; `seen` is told after each how many there were so far.
pub fn prove(plan: &Plan<'_>, seen: &(dyn Fn(u64) + Sync)) -> Totals {
    let (next, done, wrong) = (AtomicU64::new(0), AtomicU64::new(0), AtomicUsize::new(0));
    let totals = Mutex::new(Totals::default());
    std::thread::scope(|scope| {
        for _ in 0..plan.threads.max(1) {
            scope.spawn(|| {
                (plan.prepare)();
                let mut own = Totals::default();
                while wrong.load(Ordering::Relaxed) < plan.enough {
                    let case = next.fetch_add(1, Ordering::Relaxed);
                    if case >= plan.cases {
                        break;
                    }
                    let before = own.wrong.len();
                    look_at(plan.seed.wrapping_add(case), plan.shrinks, &mut own);
                    wrong.fetch_add(own.wrong.len() - before, Ordering::Relaxed);
                    seen(done.fetch_add(1, Ordering::Relaxed) + 1);
                }
                totals.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).add(own);
            });
        }
    });
    let mut totals = totals.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner());
    totals.wrong.sort_by_key(|wrong| wrong.seed);
    totals
}

/// The typed document of a seed, and the mutated one that is made of it.
fn look_at(seed: u64, shrinks: bool, totals: &mut Totals) {
    let case = match catch_unwind(|| sound(seed)) {
        Ok((case, anew)) => {
            totals.certain += anew;
            case
        }
        Err(_) => {
            let complaints = vec!["the generator panicked".to_owned()];
            return totals.wrong.push(Wrong { seed, complaints, document: Value::Null });
        }
    };
    totals.typed += 1;
    for (what, count) in &case.counts {
        *totals.constructs.entry(what).or_default() += count;
    }
    *totals.steps.entry(steps_of(&case.document)).or_default() += 1;
    let complaints = check_typed(&case, totals);
    if !complaints.is_empty() {
        let again = |document: &Value| {
            let smaller = Case { document: document.clone(), ..case.clone() };
            check_typed(&smaller, &mut Totals::default())
        };
        let document = match shrinks {
            true => shrink(&case.document, &complaints, &again),
            false => case.document.clone(),
        };
        return totals.wrong.push(Wrong { seed, complaints, document });
    }
    if let Some(mutated) = mutate(&case, &mut Dice::new(seed ^ 0xfa17)) {
        totals.mutated += 1;
        *totals.faults.entry(mutated.name).or_default() += 1;
        let complaints = check_mutated(&case, &mutated);
        if !complaints.is_empty() {
            totals.wrong.push(Wrong { seed, complaints, document: mutated.document });
        }
    }
}

/// Whether an error says that a value is out of range whatever comes.
fn certainly_fails(error: &Finding) -> bool {
    let says = |words| error.message.contains(words);
    error.code == Code::WRONG_ARGUMENTS && says("certainly beyond the range")
        || error.code == Code::NOT_ASSIGNABLE && says("no value here is within the limits")
}

/// The typed document of a seed, and how often it was written anew: an author knows the kinds of numbers and not their
/// ranges, so that now and then what it multiplies is beyond the range of numbers whatever comes.
pub(crate) fn sound(seed: u64) -> (Case, u64) {
    const TIMES: u64 = 8;
    let mut case = typed(seed);
    for anew in 0..TIMES {
        let (report, _) = validated(&case, &case.document);
        let mut errors =
            report.findings().iter().filter(|finding| finding.severity == Severity::Error).peekable();
        let certain = errors.peek().is_some() && errors.all(certainly_fails);
        if !certain {
            return (case, anew);
        }
        case = typed(seed.wrapping_add((anew + 1) << 48));
    }
    (case, TIMES)
}

/// What is wrong with a typed document; nothing where it is accepted and keeps the promise.
pub fn check_typed(case: &Case, totals: &mut Totals) -> Vec<String> {
    guarded(|| {
        let (report, valid) = validated(case, &case.document);
        let Some(valid) = valid else {
            let errors = report.findings().iter().filter(|finding| finding.severity == Severity::Error);
            let told = errors.map(|error| {
                let written = case.document.pointer(&error.pointer).map(Value::to_string).unwrap_or_default();
                format!("refused: {} at {}: {} <- {written}", error.code, error.pointer, error.message)
            });
            return told.collect();
        };
        for residual in valid.residuals() {
            *totals.residuals.entry(residual.kind.as_str()).or_default() += 1;
        }
        let mut wrong = Vec::new();
        for round in 0..PLAYS {
            let mut dice = Dice::new(case.seed.wrapping_mul(31).wrapping_add(round));
            let played = play(&valid, &case.world, &mut dice);
            *totals.ended.entry(played.word()).or_default() += 1;
            wrong.extend(judge(&played, valid.residuals(), &case.world));
        }
        wrong
    })
}

/// What is wrong with what is found in a mutated document; nothing where it is the fault.
pub fn check_mutated(case: &Case, mutated: &Mutated) -> Vec<String> {
    guarded(|| {
        let (report, _) = validated(case, &mutated.document);
        let errors = || report.findings().iter().filter(|finding| finding.severity == Severity::Error);
        if errors().any(|error| error.code == mutated.code && error.pointer == mutated.pointer) {
            return Vec::new();
        }
        let found: Vec<String> =
            errors().map(|error| format!("{} at {}", error.code, error.pointer)).collect();
        vec![format!("{}: expected {} at {}, found {found:?}", mutated.name, mutated.code, mutated.pointer)]
    })
}

pub(crate) fn validated(case: &Case, document: &Value) -> (Report, Option<ValidWorkflow>) {
    let value = enter(document.clone(), MAX_DEPTH, usize::MAX).unwrap_or(Value::Null);
    validate_document(&Document { value, spans: Default::default() }, &case.catalog)
}

/// A panic is wrong as well.
fn guarded(check: impl FnOnce() -> Vec<String>) -> Vec<String> {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|panic| {
        let message = panic.downcast_ref::<String>().cloned();
        let message = message.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        vec![format!("panicked: {}", message.unwrap_or_default())]
    })
}

/// How many steps a document has.
fn steps_of(document: &Value) -> u64 {
    let mut count = 0;
    let mut stack = vec![document];
    while let Some(value) = stack.pop() {
        match value {
            Value::Array(items) => stack.extend(items),
            Value::Object(members) => {
                let is_step = |name| members.contains_key(name) && members.contains_key("id");
                count += u64::from(is_step("action") || is_step("data") || is_step("condition"));
                stack.extend(members.values());
            }
            _ => {}
        }
    }
    count
}
