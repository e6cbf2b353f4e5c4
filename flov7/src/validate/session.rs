//! A document that is being edited: after an edit of one step only that step is looked at again.

use std::collections::BTreeSet;
use std::ops::Range;

use serde_json::Value;

use super::callees::Callees;
use super::flow::{self, Kept};
use super::order::Order;
use super::outline::{Outline, Places, blocks, continues};
use super::{Pass, ValidWorkflow, finish};
use crate::catalog::Catalog;
use crate::finding::{Code, Finding, Report, Residual, meter};
use crate::json::{self, PatchError, PatchOp};
use crate::workflow::read::{Examined, examine, read_step_at};
use crate::workflow::{Condition, DocumentLimits, Step, Workflow};

/// A document under an editor's hands: its report is kept up to date edit by edit.
///
/// The report is always the one that [`validate_document`](super::validate_document) would give for the document as it
/// is. An edit inside of one step of the outermost block that leaves its frame (ids, `after`, blocks, and whether it has
/// `when` or goes on after errors) and the type of its value as they are costs about what that step costs; any other edit
/// costs a whole validation.
///
/// ```
/// use flov7::catalog::Catalog;
/// use flov7::json::PatchOp;
/// use flov7::validate::Session;
/// use serde_json::json;
///
/// let document = json!({ "flov7": 1, "name": "x", "steps": [{ "id": "a", "data": { "set": "${ 1 + 1 }" } }] });
/// let catalog = Catalog::new();
/// let mut session = Session::new(document, &catalog);
/// assert!(session.report().is_valid());
///
/// let slip = PatchOp::Replace { path: "/steps/0/data/set".into(), value: "${ 1 + }".into() };
/// assert_eq!(session.edit(&[slip]).unwrap().findings()[0].code.name(), "expression-syntax");
/// ```
pub struct Session<'c> {
    catalog: &'c Catalog,
    limits: DocumentLimits,
    value: Value,
    /// The document as it was read; none where it cannot be read.
    workflow: Option<Workflow>,
    report: Report,
    checks: BTreeSet<String>,
    /// What a look at one step needs; none where it would not do.
    known: Option<Known>,
    work: u64,
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("report", &self.report).finish_non_exhaustive()
    }
}

struct Known {
    places: Places,
    order: Order,
    kept: Kept,
    /// Bytes of the whole document in canonical text.
    bytes: usize,
    /// What all looks at it have cost since the whole was looked at, that one included: no less than it would cost now.
    visits: u64,
}

impl<'c> Session<'c> {
    /// Looks at a document for the first time, with the limits of format 1.
    #[must_use]
    pub fn new(document: Value, catalog: &'c Catalog) -> Session<'c> {
        let mut session = Session {
            catalog,
            limits: DocumentLimits::default(),
            value: document,
            workflow: None,
            report: Report::default(),
            checks: BTreeSet::new(),
            known: None,
            work: 0,
        };
        session.whole();
        session
    }

    /// The document as it is now.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.value
    }

    /// What is found in it.
    #[must_use]
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The workflow, if there is no error in it. Costs a copy of the document.
    #[must_use]
    pub fn valid(&self) -> Option<ValidWorkflow> {
        let workflow = self.workflow.as_ref().filter(|_| self.report.is_valid())?;
        let callees = Callees::of(workflow, self.catalog, &self.limits).into_parts();
        Some(finish::valid(workflow.clone(), self.catalog, self.checks.clone(), &self.report, callees))
    }

    /// Visits of steps, of names and of parts of expressions so far, those of whole validations included: what the first
    /// look and each edit cost, whatever the machine.
    #[must_use]
    pub fn work(&self) -> u64 {
        self.work
    }

    /// Changes the document, all of the patch or nothing, and gives the report of what it is then.
    ///
    /// # Errors
    /// The first operation that cannot be applied; nothing has changed then.
    pub fn edit(&mut self, patch: &[PatchOp]) -> Result<&Report, PatchError> {
        let index = one_step(patch).filter(|_| self.known.is_some());
        let step = index.and_then(|index| Some((index, self.value.get_mut("steps")?.get_mut(index)?)));
        let Some((index, step)) = step else {
            json::apply(&mut self.value, patch)?;
            self.whole();
            return Ok(&self.report);
        };
        let before = json::canonical_size(step);
        let below = patch.iter().map(|operation| inside(operation, index)).collect::<Vec<_>>();
        json::apply(step, &below)?;
        if !self.again(index, before) {
            self.whole();
        }
        Ok(&self.report)
    }

    /// Looks at everything.
    fn whole(&mut self) {
        let Examined { workflow, findings, poisoned } = examine(&self.value, &self.limits);
        self.known = None;
        self.checks = BTreeSet::new();
        let readable = findings.is_empty() && poisoned.is_empty();
        let Some(workflow) = workflow else {
            self.workflow = None;
            self.report = Report::new(findings, Vec::new());
            return;
        };
        let ((callees, looked), visits) = meter::metered(self.limits.visits, || {
            let callees = Callees::of(&workflow, self.catalog, &self.limits);
            let (places, inside) = Places::of(&workflow, &poisoned);
            let outline = Outline::new(&places, inside);
            let mut pass = Pass::new(&workflow, self.catalog, &self.limits, outline, &poisoned, &callees);
            pass.findings = findings;
            let (order, _, kept) = pass.all();
            let Pass { findings, residuals, checks, work, .. } = pass;
            let report = Report::new(findings, residuals);
            let looked = (report, checks, places, order, kept, work);
            (callees, looked)
        });
        let (report, checks, places, order, kept, work) = looked;
        self.work += work;
        self.checks = checks.into_iter().collect();
        // Findings that one step causes at another, or in which several steps share, are not told apart.
        let shared = |finding: &Finding| {
            finding.cause.is_some()
                || [Code::DUPLICATE_ID, Code::UNREACHABLE_STEP, Code::UNTYPED_READ, Code::BAD_AFTER]
                    .contains(&finding.code)
                || finding.pointer.contains("/after/")
        };
        // What a step gives that calls another workflow follows from that one, and may from this one.
        let alone = readable && callees.is_empty();
        // What nearly costs all that may be spent may cost more than that after an edit.
        let cheap = visits <= self.limits.visits / 2;
        if alone && cheap && !kept.reads_untyped && !report.findings().iter().any(shared) {
            let bytes = json::canonical_size(&self.value);
            self.known = Some(Known { places, order, kept, bytes, visits });
        }
        self.report = report;
        self.workflow = Some(workflow);
    }

    /// Looks at one step of the outermost block. False where that does not do.
    fn again(&mut self, index: usize, bytes_before: usize) -> bool {
        let (Some(known), Some(workflow)) = (self.known.take(), self.workflow.as_mut()) else { return false };
        let Known { places, order, kept, bytes, visits } = known;
        let Some(value) = self.value.get("steps").and_then(|steps| steps.get(index)) else { return false };
        let bytes = bytes - bytes_before + json::canonical_size(value);
        if bytes > self.limits.document_bytes {
            return false;
        }
        // What cannot be read whole is left to the reader of whole documents.
        let Some(step) = read_step_at(value, index, &self.limits) else { return false };
        let Some(place) = workflow.steps.get_mut(index) else { return false };
        if !same_frame(place, &step) || calls(&step) {
            return false;
        }
        *place = step;
        let Some(outline) = Outline::of(&places, workflow) else { return false };
        let Some(range) = outline.range_of(index) else { return false };
        let nothing = BTreeSet::new();
        let nobody = Callees::default();
        let mut pass = Pass::new(workflow, self.catalog, &self.limits, outline, &nothing, &nobody);
        pass.range = range;
        pass.whole = false;
        let left = self.limits.visits / 2;
        let (kept, spent) = meter::metered(left, || {
            let blamed = pass.step_by_step();
            flow::again(&mut pass, &order, &blamed, kept, index)
        });
        let Some(kept) = kept else { return false };
        let visits = visits + spent;
        if spent == left || visits > self.limits.visits {
            return false;
        }
        let shared = |finding: &Finding| {
            finding.cause.is_some() || [Code::UNREACHABLE_STEP, Code::UNTYPED_READ].contains(&finding.code)
        };
        if pass.findings.iter().any(shared) {
            return false;
        }
        self.work += pass.work;
        let (findings, residuals, checks) = (pass.findings, pass.residuals, pass.checks);
        self.splice(index, findings, residuals, checks);
        self.known = Some(Known { places, order, kept, bytes, visits });
        true
    }

    /// Puts what was found in one step in the place of what was found there before.
    fn splice(
        &mut self,
        index: usize,
        findings: Vec<Finding>,
        residuals: Vec<Residual>,
        checks: Vec<String>,
    ) {
        let pointer = format!("/steps/{index}");
        let within = |other: &str| {
            other.strip_prefix(&pointer).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if !self.checks.is_empty() || !checks.is_empty() {
            self.checks.retain(|check| !within(check));
            self.checks.extend(checks);
        }
        self.report.replace_within(&pointer, findings, residuals);
    }
}

/// The step of the outermost block that all of a patch stays inside of.
fn one_step(patch: &[PatchOp]) -> Option<usize> {
    let of = |path: &str| {
        let (index, rest) = path
            .strip_prefix("/steps/")?
            .split_once('/')
            .or(path.strip_prefix("/steps/").map(|i| (i, "")))?;
        let _ = rest;
        (index == "0" || !index.starts_with('0')).then_some(())?;
        index.parse::<usize>().ok()
    };
    let mut found = None;
    for operation in patch {
        let index = match operation {
            PatchOp::Move { from, path } => {
                of(from).filter(|index| of(path) == Some(*index) && is_below(from) && is_below(path))
            }
            PatchOp::Replace { path, .. } | PatchOp::Test { path, .. } => of(path),
            // A step that comes or goes moves the others.
            PatchOp::Add { path, .. } | PatchOp::Remove { path } => of(path).filter(|_| is_below(path)),
        }?;
        if found.is_some_and(|found| found != index) {
            return None;
        }
        found = Some(index);
    }
    found
}

/// Whether a path leads inside of a step, and not to the step itself.
fn is_below(path: &str) -> bool {
    path.matches('/').count() > 2
}

/// The operation as seen from the step.
fn inside(operation: &PatchOp, index: usize) -> PatchOp {
    let prefix = format!("/steps/{index}");
    let below = |path: &str| path.strip_prefix(&prefix).unwrap_or(path).to_owned();
    match operation {
        PatchOp::Add { path, value } => PatchOp::Add { path: below(path), value: value.clone() },
        PatchOp::Replace { path, value } => PatchOp::Replace { path: below(path), value: value.clone() },
        PatchOp::Remove { path } => PatchOp::Remove { path: below(path) },
        PatchOp::Move { from, path } => PatchOp::Move { from: below(from), path: below(path) },
        PatchOp::Test { path, value } => PatchOp::Test { path: below(path), value: value.clone() },
    }
}

/// Whether two steps look the same to everything outside of them, but for the type of their values: same ids, order and
/// blocks, same ways to be skipped, to fail and to be waited for.
fn same_frame(a: &Step, b: &Step) -> bool {
    let waits = |step: &Step| {
        let action = step.action.as_ref().filter(|action| action.uses == "core.wait_for")?;
        Some(action.with.as_ref().map(|with| with.0.clone()))
    };
    let lenient = |step: &Step| -> Vec<(bool, bool)> {
        step.on_error.iter().flatten().map(|rule| (continues(rule), rule.value.is_some())).collect()
    };
    a.id == b.id
        && a.after == b.after
        && a.when.is_some() == b.when.is_some()
        && lenient(a) == lenient(b)
        && waits(a) == waits(b)
        && a.undo.is_some() == b.undo.is_some()
        && match (&a.condition, &b.condition) {
            (None, None) => true,
            (Some(a), Some(b)) => same_blocks(a, b),
            _ => false,
        }
}

fn same_blocks(a: &Condition, b: &Condition) -> bool {
    let same_shape = match (a, b) {
        (Condition::If(a), Condition::If(b)) => {
            let full = |block: &crate::workflow::Block| matches!(block, crate::workflow::Block::Full(_));
            full(&a.then) == full(&b.then) && a.else_.as_ref().map(full) == b.else_.as_ref().map(full)
        }
        (Condition::Switch(a), Condition::Switch(b)) => {
            let full = |block: &crate::workflow::Block| matches!(block, crate::workflow::Block::Full(_));
            a.switch.cases.iter().map(|case| &case.id).eq(b.switch.cases.iter().map(|case| &case.id))
                && a.switch.default.as_ref().map(full) == b.switch.default.as_ref().map(full)
        }
        (Condition::Parallel(a), Condition::Parallel(b)) => {
            let ids = |branches: &[crate::workflow::Branch]| -> Vec<String> {
                branches.iter().map(|branch| branch.id.clone()).collect()
            };
            ids(&a.parallel.branches) == ids(&b.parallel.branches)
        }
        (Condition::ForEach(_), Condition::ForEach(_))
        | (Condition::Loop(_), Condition::Loop(_))
        | (Condition::Filter(_), Condition::Filter(_)) => true,
        _ => false,
    };
    let (a, b) = (blocks(a), blocks(b));
    same_shape
        && a.len() == b.len()
        && a.iter().zip(&b).all(|((a, a_output), (b, b_output))| {
            a_output.is_some() == b_output.is_some()
                && a.len() == b.len()
                && a.iter().zip(b.iter()).all(|(a, b)| same_frame(a, b))
        })
}

/// Whether a step, or one inside of it, calls another workflow.
fn calls(step: &Step) -> bool {
    step.action.as_ref().is_some_and(|action| action.uses == "core.call")
        || step.undo.as_ref().is_some_and(|undo| undo.uses == "core.call")
        || step.condition.iter().flat_map(blocks).any(|(steps, _)| steps.iter().any(calls))
}

impl Outline<'_> {
    /// The numbers of a step of the outermost block and of those inside.
    fn range_of(&self, index: usize) -> Option<Range<usize>> {
        let no = *self.blocks.first()?.steps.get(index)?;
        Some(no.0..self.step(no).end)
    }
}
