//! The flow of values: what every expression may read, what it gives, and whether that fits where it goes.
//!
//! One walk in document order. An expression can only read what stands before it, so every type is known when it is
//! asked for. Where something is wrong, the type is not known from there on, and nothing is said about what follows
//! from it.

mod action;
mod call;
mod condition;
mod data;
mod expressions;
mod facts;
mod links;
mod reads;
mod roots;
mod rules;
mod trigger;
mod untyped;

use self::facts::Facts;
pub(super) use self::roots::Typed;
use self::roots::{Known, Roots};
use self::untyped::Untyped;
use super::Pass;
use super::order::{Order, Spot, first_after};
use super::outline::{BlockNo, StepNo, continues};
use super::schemas::Schemas;
use crate::finding::{Code, Finding, Residual, ResidualKind, meter};
use crate::json::below;
use crate::types::{Additional, Lowered, Type};
use crate::workflow::{Condition, Step};

/// What a completed execution gives.
#[derive(Clone)]
pub(super) enum Gives {
    /// It never completes: it always fails.
    Never,
    /// A value; none where its type cannot be known because of something that was found.
    Value(Option<Typed>),
}

/// Checks everything that has to do with values. `blamed` are actions whose arguments are known to be wrong. Also gives
/// what has to be known to look at one step again.
pub(super) fn check(pass: &mut Pass<'_>, order: &Order, blamed: &[StepNo]) -> (Gives, Kept) {
    let schemas = Schemas::new(pass);
    let steps = pass.outline.steps.len();
    let outermost = pass.workflow.steps.len();
    let mut flow = Flow {
        pass,
        order,
        schemas,
        blamed,
        values: vec![StepValue::Unknown; steps],
        guards: vec![None; steps],
        ends: vec![false; steps],
        untyped: Untyped::default(),
        bytes: 0,
        retries: 0,
        proving: false,
        tops: Vec::with_capacity(outermost),
    };
    let input = flow.input();
    flow.triggers(&input);
    let execution = Type::execution();
    let roots = Roots::default()
        .with("input", input.as_ref().map(|input| Typed::declared(input.upper().clone())))
        .with("execution", Some(Typed::declared(execution)));
    flow.document(&roots);
    flow.signals();
    let outcome = flow.block(BlockNo(0), &roots, &Facts::default());
    let reads_untyped = !flow.untyped.found.is_empty();
    flow.expects();
    flow.below();
    let filters =
        flow.pass.workflow.steps.iter().any(|step| matches!(step.condition, Some(Condition::Filter(_))));
    let gives = match outcome {
        Outcome::Never => Gives::Never,
        // A false filter completes the execution with null.
        Outcome::Value(Some(value)) if filters => {
            Gives::Value(Some(value.or(&Typed::declared(Type::null()))))
        }
        Outcome::Value(value) => Gives::Value(value),
    };
    let Flow { schemas, values, ends, bytes, retries, tops, .. } = flow;
    (gives, Kept { schemas, roots, values, ends, bytes, retries, tops, reads_untyped })
}

/// What the flow of values has found out, kept between two looks at a document.
pub(super) struct Kept {
    schemas: Schemas,
    roots: Roots,
    values: Vec<StepValue>,
    ends: Vec<bool>,
    bytes: usize,
    retries: u32,
    /// By step of the outermost block.
    tops: Vec<Top>,
    /// Whether something is read from a value that nobody described: then fixes depend on every read.
    pub(super) reads_untyped: bool,
}

/// A step of the outermost block: what it promises to those that wait for it.
struct Top {
    promise: Option<Facts>,
    bytes: usize,
}

/// Looks at one step of the outermost block again, which is `pass.range`. Nothing if what it gives to others has changed,
/// so that they have to be looked at too; then `kept` is of no use any more.
pub(super) fn again(
    pass: &mut Pass<'_>,
    order: &Order,
    blamed: &[StepNo],
    mut kept: Kept,
    index: usize,
) -> Option<Kept> {
    let range = pass.range.clone();
    let before: Vec<StepValue> = kept.values.get(range.clone())?.to_vec();
    let ended: Vec<bool> = kept.ends.get(range.clone())?.to_vec();
    let top = kept.tops.get(index)?;
    let (promise, bytes) = (top.promise.clone(), top.bytes);
    let first = StepNo(range.start);
    let waits_for_all = pass.outline.step(first).step.after.is_none();
    let mut known = Facts::default();
    for (earlier, top) in kept.tops.iter().enumerate().take(index) {
        if let Some(promise) = top.promise.as_ref().filter(|_| waits_for_all || order.waits(first, earlier)) {
            known.add(promise);
        }
    }
    let guards = vec![None; range.end];
    for value in kept.values.get_mut(range.clone())? {
        *value = StepValue::Unknown;
    }
    kept.ends.get_mut(range.clone())?.fill(false);
    let others = kept.bytes.saturating_sub(bytes);
    let mut flow = Flow {
        pass,
        order,
        schemas: kept.schemas,
        blamed,
        values: kept.values,
        guards,
        ends: kept.ends,
        untyped: Untyped::default(),
        bytes: others,
        retries: kept.retries,
        proving: false,
        tops: Vec::new(),
    };
    flow.step(first, &kept.roots, &known);
    let same = flow.guards.get_mut(first.0)?.take() == promise
        && flow.values.get(range.clone())? == before.as_slice()
        && flow.ends.get(range)? == ended.as_slice()
        && flow.untyped.found.is_empty()
        // A walk that was taken back a second time would be another one in a fresh look.
        && flow.retries == kept.retries
        && flow.bytes <= flow.pass.limits.expression_bytes;
    let Flow { schemas, values, ends, bytes, retries, .. } = flow;
    let mut kept = Kept { schemas, values, ends, bytes, retries, ..kept };
    kept.tops.get_mut(index)?.bytes = bytes.saturating_sub(others);
    same.then_some(kept)
}

/// The value of a step.
#[derive(Clone, Debug, PartialEq)]
enum StepValue {
    /// Nothing is known, because something about it is wrong.
    Unknown,
    /// It has none.
    None,
    /// It is of this type, if the step is done.
    Of(Typed),
}

impl From<Known> for StepValue {
    fn from(known: Known) -> StepValue {
        known.map_or(StepValue::Unknown, StepValue::Of)
    }
}

struct Flow<'f, 'w> {
    pass: &'f mut Pass<'w>,
    order: &'f Order,
    schemas: Schemas,
    blamed: &'f [StepNo],
    /// By step.
    values: Vec<StepValue>,
    /// What whoever waits for a step may rely on.
    guards: Vec<Option<Facts>>,
    /// Whether a step never lets its block go on.
    ends: Vec<bool>,
    /// What is read from values that nobody described.
    untyped: Untyped,
    /// Bytes of all expressions so far.
    bytes: usize,
    /// Loops that were walked a second time.
    retries: u32,
    /// A mended text is tried: nothing that is found stays.
    proving: bool,
    /// What is kept of the steps of the outermost block.
    tops: Vec<Top>,
}

/// How far everything had come that a second walk takes back.
struct Marks {
    findings: usize,
    residuals: usize,
    uses: usize,
    found: usize,
    checks: usize,
    bytes: usize,
}

/// Where an expression stands, and what is known there.
#[derive(Clone)]
struct Place {
    spot: Spot,
    /// The step it is reported for.
    step: Option<StepNo>,
    /// The trigger it stands in.
    trigger: Option<usize>,
    roots: Roots,
    facts: Facts,
}

impl Place {
    fn of(step: StepNo, roots: &Roots, facts: &Facts) -> Place {
        Place {
            spot: Spot::In(step),
            step: Some(step),
            trigger: None,
            roots: roots.clone(),
            facts: facts.clone(),
        }
    }

    fn at(&self, spot: Spot) -> Place {
        Place { spot, ..self.clone() }
    }

    fn with_root(&self, name: &str, ty: Known) -> Place {
        Place { roots: self.roots.with(name, ty), facts: self.facts.without_root(name), ..self.clone() }
    }
}

/// What a block gives when all of it has settled: nothing if it never does.
enum Outcome {
    /// It always fails.
    Never,
    /// It goes on with its output; null without one.
    Value(Known),
}

impl Flow<'_, '_> {
    /// The input of an execution; none if it cannot be known.
    fn input(&mut self) -> Option<Lowered> {
        if self.pass.poisoned.contains("/input") || self.pass.poisoned.contains("") {
            return None;
        }
        let Some(schema) = &self.pass.workflow.input else {
            // Without a schema the input is exactly `{}`.
            return Some(Lowered::declared(Type::map::<&str>([], Additional::Closed)));
        };
        self.schema(schema, "/input", None)
    }

    /// A schema of the document, lowered; what is wrong with it is noted.
    fn schema(
        &mut self,
        schema: &crate::workflow::Schema,
        place: &str,
        step: Option<StepNo>,
    ) -> Option<Lowered> {
        let id = step.map(|no| self.pass.outline.step(no).step.id.as_str());
        match self.schemas.of(schema, place, id) {
            Ok(lowered) => Some(lowered),
            Err(mut findings) => {
                self.pass.findings.append(&mut findings);
                None
            }
        }
    }

    /// Parts of the document that stand outside of steps.
    fn document(&mut self, roots: &Roots) {
        let workflow = self.pass.workflow;
        if let Some(concurrency) = &workflow.concurrency {
            let place = Place {
                spot: Spot::Outside,
                step: None,
                trigger: None,
                roots: roots.clone(),
                facts: Facts::default(),
            };
            self.template(&place, &concurrency.key.0, "/concurrency/key");
        }
    }

    /// Signals that no step waits for have schemas all the same.
    fn signals(&mut self) {
        let workflow = self.pass.workflow;
        for (name, schema) in &workflow.signals {
            self.schema(schema, &format!("/signals/{}", crate::json::escape(name)), None);
        }
    }

    fn marks(&self) -> Marks {
        Marks {
            findings: self.pass.findings.len(),
            residuals: self.pass.residuals.len(),
            uses: self.untyped.uses.len(),
            found: self.untyped.found.len(),
            checks: self.pass.checks.len(),
            bytes: self.bytes,
        }
    }

    /// Takes back all that was said since.
    fn back(&mut self, marks: Marks) {
        self.pass.findings.truncate(marks.findings);
        self.pass.residuals.truncate(marks.residuals);
        self.untyped.uses.truncate(marks.uses);
        self.untyped.found.truncate(marks.found);
        self.pass.checks.truncate(marks.checks);
        self.bytes = marks.bytes;
    }

    fn note(&mut self, mut finding: Finding, step: Option<StepNo>) {
        // With all that it says.
        meter::spend(20);
        if let (None, Some(no)) = (&finding.step, step) {
            finding.step = Some(self.pass.outline.step(no).step.id.clone());
        }
        self.pass.findings.push(finding);
    }

    fn remain(&mut self, kind: ResidualKind, pointer: impl Into<String>, step: Option<StepNo>) {
        let residual = Residual::new(kind, pointer);
        self.pass.residuals.push(match step {
            Some(no) => residual.with_step(&self.pass.outline.step(no).step.id),
            None => residual,
        });
    }

    /// All steps of a block in order, then its output. Recursion is bounded: blocks nest at most 32 deep.
    fn block(&mut self, no: BlockNo, roots: &Roots, facts: &Facts) -> Outcome {
        let (facts, never) = self.steps_of(no, roots, facts);
        let output = self.pass.outline.block_at(no).output().map(|(output, at)| (output, at.to_owned()));
        let value = match output {
            None => Some(Typed::declared(Type::null())),
            Some((template, pointer)) => {
                let owner = self.pass.outline.block_at(no).owner;
                let roots = roots.clone();
                let place = Place { spot: Spot::End(no), step: owner, trigger: None, roots, facts };
                self.template(&place, &template.0, &pointer)
            }
        };
        if never { Outcome::Never } else { Outcome::Value(value) }
    }

    /// All steps of a block in order: what is known behind the last of them, and whether nobody ever gets there.
    fn steps_of(&mut self, no: BlockNo, roots: &Roots, facts: &Facts) -> (Facts, bool) {
        let steps = self.pass.outline.block_at(no).steps.clone();
        // What every step so far promises to those that wait for it; and the same one by one, for those that wait for
        // some only.
        let mut all = facts.clone();
        let mut promises: Vec<(usize, Facts)> = Vec::new();
        let mut ending = None;
        for (index, &step) in steps.iter().enumerate() {
            if meter::is_spent() {
                let place = self.pass.outline.step(step).place();
                self.pass.is_spent(&place.pointer);
                break;
            }
            let known = match &self.pass.outline.step(step).step.after {
                None => all.clone(),
                Some(_) => promises
                    .iter()
                    .inspect(|_| {
                        self.pass.work += 1;
                        meter::spend(1);
                    })
                    .filter(|(earlier, _)| self.order.waits(step, *earlier))
                    .fold(facts.clone(), |known, (_, promise)| known.and(promise)),
            };
            let bytes = self.bytes;
            self.step(step, roots, &known);
            drop(known);
            let promise = self.guards[step.0].take();
            if no == BlockNo(0) {
                self.tops.push(Top { promise: promise.clone(), bytes: self.bytes - bytes });
            }
            if let Some(promise) = promise {
                all.add(&promise);
                promises.push((index, promise));
            }
            if self.ends[step.0] && ending.is_none() {
                ending = Some(step);
                self.unreachable(step);
            }
        }
        // A filter may have skipped the step that would have ended the block.
        let is_sure = |ending: StepNo| {
            let filters = steps.iter().filter(|no| {
                matches!(self.pass.outline.step(**no).step.condition, Some(Condition::Filter(_)))
            });
            !filters.into_iter().any(|filter| self.order.waits(ending, self.pass.outline.step(*filter).index))
        };
        (all, ending.is_some_and(is_sure))
    }

    /// Notes the first step that never runs because `ending` never lets its block go on.
    fn unreachable(&mut self, ending: StepNo) {
        if let Some(later) = first_after(&self.pass.outline, self.order, ending) {
            let id = &self.pass.outline.step(ending).step.id;
            let message = format!("this step never runs: `{id}` always fails before it");
            let pointer = self.pass.outline.step(later).pointer.clone();
            self.note(Finding::new(Code::UNREACHABLE_STEP, pointer, message), Some(later));
        }
    }

    fn step(&mut self, no: StepNo, roots: &Roots, facts: &Facts) {
        self.pass.work += 1;
        meter::spend(10);
        let at = self.pass.outline.step(no);
        let (step, stands) = (at.step, at.place());
        let (pointer, poisoned) = (stands.pointer.as_str(), stands.poisoned);
        let mut place = Place::of(no, roots, facts);
        if let Some(when) = step.when.as_ref().filter(|_| !poisoned) {
            let asked = below(pointer, "/when");
            let answer = self.question(&place, when, &asked);
            self.constant(&answer, no, &asked, None);
            place.facts = place.facts.and_later(answer);
        }
        let value = match (&step.action, &step.data, &step.condition) {
            // What could not be read is not looked at; the steps inside are.
            _ if poisoned => {
                self.inside(no, &place);
                StepValue::Unknown
            }
            (Some(action), None, None) => self.action(&place, no, action, pointer).into(),
            (None, Some(data), None) => self.data(&place, no, data, pointer).into(),
            (None, None, Some(condition)) => self.condition(&place, no, condition, pointer),
            _ => StepValue::Unknown,
        };
        if poisoned {
            return;
        }
        if let (Some(undo), None) = (&step.undo, &step.condition) {
            self.values[no.0] = value.clone();
            self.undo(&place.at(Spot::Done(no)), no, undo, pointer);
            self.values[no.0] = StepValue::Unknown;
        }
        self.values[no.0] = self.rules(&place.at(Spot::Failed(no)), no, value, pointer);
        if !goes_on_regardless(step) {
            return;
        }
        // A step that may be skipped, or whose failure is passed over, promises nothing.
        self.guards[no.0] = None;
        self.ends[no.0] = false;
    }
}

/// Whether the block goes on behind a step although the step did not do what it is there for.
fn goes_on_regardless(step: &Step) -> bool {
    step.when.is_some() || step.on_error.iter().flatten().any(continues)
}
