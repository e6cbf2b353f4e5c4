//! Whether a workflow is sound against a catalogue: all findings at once, or a [`ValidWorkflow`].
//!
//! Passes, one per file, in this order: shape ([`crate::workflow::read`]), ids, order and scope, what is built,
//! actions, connections, triggers, arguments of built-in actions, requests, rules for failures, time and length. Every pass
//! looks at the whole document. What could not be read is not looked at again, so that a report holds causes and not
//! their consequences.
//!
//! ```
//! use flov7::catalog::Catalog;
//! use flov7::validate::validate;
//! use flov7::workflow::{Step, Workflow};
//! use serde_json::json;
//!
//! let steps = [Step::set("one", json!(1)), Step::set("two", json!(2)).after(["oen"])];
//! let report = validate(&Workflow::builder("x").steps(steps).build(), &Catalog::new()).unwrap_err();
//! let finding = &report.findings()[0];
//! assert_eq!((finding.code.name(), finding.pointer.as_str()), ("unknown-step", "/steps/1/after/0"));
//! assert_eq!(finding.help.as_deref(), Some("did you mean `one`?"));
//! ```

mod actions;
mod arguments;
mod built;
mod bundle;
mod callees;
mod connections;
mod finish;
mod flow;
mod handlers;
mod ids;
mod mend;
mod order;
mod outline;
mod requests;
mod resources;
pub(crate) mod schedules;
mod schemas;
mod session;
mod triggers;
mod valid;

use std::collections::BTreeSet;
use std::ops::Range;

pub use bundle::{Bundle, Callee, Interface};
pub use callees::{calls, changed_callees};
pub use mend::{Mended, mend};
pub use session::Session;
pub use valid::ValidWorkflow;

use self::callees::Callees;
use self::flow::{Gives, Kept};
use self::handlers::own_codes;
use self::order::Order;
use self::outline::{Outline, Places, StepAt, StepNo};
use crate::catalog::Catalog;
use crate::finding::{Code, Finding, Report, Residual, meter};
use crate::json::{self, Document};
use crate::workflow::read::{Examined, examine, examine_text};
use crate::workflow::{DocumentLimits, Syntax, Workflow};

/// Checks a workflow against what an application offers.
///
/// A workflow that was built by hand is held to the same rules as one that was read: names, sizes, durations, all.
/// The work is bounded by the size of the document: 10,000 steps take a fraction of a second.
///
/// # Errors
/// The report, if it holds an error. Warnings and hints alone do not stop a workflow: they are its
/// [remarks](ValidWorkflow::remarks).
pub fn validate(workflow: &Workflow, catalog: &Catalog) -> Result<ValidWorkflow, Report> {
    let limits = DocumentLimits::default();
    let examined = match examined(workflow, &limits) {
        Ok(examined) => examined,
        Err(finding) => return Err(Report::new(vec![*finding], Vec::new())),
    };
    let (report, valid, _) = run(examined, catalog, &limits);
    valid.ok_or(report)
}

/// A workflow that was built by hand, looked at as if it had been read.
fn examined(workflow: &Workflow, limits: &DocumentLimits) -> Result<Examined, Box<Finding>> {
    let mut value = serde_json::to_value(workflow).map_err(|error| {
        Box::new(Finding::new(Code::WRONG_KIND, "", format!("the workflow cannot be written: {error}")))
    })?;
    json::normalize(&mut value)
        .map_err(|range| Box::new(Finding::new(Code::NUMBER_RANGE, &range.pointer, range.to_string())))?;
    Ok(examine(&value, limits))
}

/// Checks a document that was read from a text. Give the report the text to see places: [`Report::locate`].
///
/// The workflow is there exactly if the report holds no error.
#[must_use]
pub fn validate_document(document: &Document, catalog: &Catalog) -> (Report, Option<ValidWorkflow>) {
    let limits = DocumentLimits::default();
    let (report, valid, _) = run(examine(&document.value, &limits), catalog, &limits);
    (report, valid)
}

/// What became of a text.
#[derive(Debug)]
#[non_exhaustive]
pub struct Validated {
    /// Everything that was found, each finding with its place in the text.
    pub report: Report,
    /// The workflow; there exactly if the report holds no error.
    pub valid: Option<ValidWorkflow>,
    /// The document with its places; none if the text makes no sense.
    pub document: Option<Document>,
    /// What it cost, in visits of parts of the document and of its types ([`DocumentLimits::visits`]): the same on every
    /// machine.
    pub visits: u64,
}

/// Reads and checks a text, with limits that may be lower than the usual ones. Faults of the text, of the shape and
/// of the meaning come in one report.
#[must_use]
pub fn validate_text(text: &str, syntax: Syntax, catalog: &Catalog, limits: &DocumentLimits) -> Validated {
    let text = examine_text(text, syntax, limits);
    let (report, valid, visits) = run(text.examined, catalog, limits);
    let report = match &text.document {
        Some(document) => report.locate(document, text.text),
        None => report,
    };
    Validated { report, valid, document: text.document, visits }
}

/// What every pass sees, and where it leaves what it finds.
struct Pass<'w> {
    workflow: &'w Workflow,
    catalog: &'w Catalog,
    limits: DocumentLimits,
    outline: Outline<'w>,
    /// The steps that are looked at, by number: all, or those of one step of the outermost block after an edit.
    range: Range<usize>,
    /// Whether those are all, and what stands outside of steps is looked at too.
    whole: bool,
    /// Pointers of what could not be read; whatever follows from that is not found.
    poisoned: &'w BTreeSet<String>,
    findings: Vec<Finding>,
    residuals: Vec<Residual>,
    /// Visits of steps, of names and of parts of expressions: what all of it costs, whatever the machine.
    work: u64,
    /// Where the run checks a link that could be neither proven nor refuted.
    checks: Vec<String>,
    callees: &'w Callees,
    /// Where all visits were spent, if they were.
    spent_at: Option<String>,
}

impl<'w> Pass<'w> {
    fn new(
        workflow: &'w Workflow,
        catalog: &'w Catalog,
        limits: &DocumentLimits,
        outline: Outline<'w>,
        poisoned: &'w BTreeSet<String>,
        callees: &'w Callees,
    ) -> Pass<'w> {
        Pass {
            workflow,
            catalog,
            limits: *limits,
            range: 0..outline.steps.len(),
            whole: true,
            outline,
            poisoned,
            findings: Vec::new(),
            residuals: Vec::new(),
            work: 0,
            checks: Vec::new(),
            callees,
            spent_at: None,
        }
    }

    /// Whether all visits are spent, so that nothing more is looked at. The first place that asks is told later.
    fn is_spent(&mut self, pointer: &str) -> bool {
        let spent = meter::is_spent();
        if spent && self.spent_at.is_none() {
            self.spent_at = Some(pointer.to_owned());
        }
        spent
    }

    /// Notes that not all was looked at, if so: such a document is none that is sound.
    fn note_spent(&mut self) {
        if meter::is_spent() {
            let message = format!(
                "looking at this document takes more than {} visits of its parts, so that not all of it was checked",
                self.limits.visits
            );
            let place = self.spent_at.take().unwrap_or_default();
            self.findings.push(
                Finding::new(Code::DOCUMENT_SIZE, place, message)
                    .with_help("split it into workflows that `core.call` runs, or make its types smaller"),
            );
        }
    }

    /// The steps that are looked at.
    fn steps(&self) -> &[StepAt<'w>] {
        self.outline.steps.get(self.range.clone()).unwrap_or_default()
    }

    /// Whether the whole document is looked at, and not one of its steps.
    fn is_whole(&self) -> bool {
        self.whole
    }

    /// All passes.
    fn all(&mut self) -> (Order, Gives, Kept) {
        ids::check(self);
        let order = Order::new(&self.outline, &mut self.findings);
        self.work += order.work + self.outline.steps.len() as u64;
        let blamed = self.step_by_step();
        meter::spend(order.work);
        let (gives, kept) = flow::check(self, &order, &blamed);
        self.note_spent();
        (order, gives, kept)
    }

    /// What is looked at step by step, before values are. Gives the actions whose arguments are wrong.
    fn step_by_step(&mut self) -> Vec<StepNo> {
        const PASSES: u64 = 6;
        self.work += PASSES * self.range.len() as u64;
        built::check(self);
        actions::check(self);
        connections::check(self);
        if self.is_whole() {
            triggers::check(self);
        }
        let blamed = arguments::check(self);
        requests::check(self);
        handlers::check(self);
        resources::check(self);
        blamed
    }
}

/// What the passes leave.
struct Passed {
    findings: Vec<Finding>,
    residuals: Vec<Residual>,
    checks: BTreeSet<String>,
    /// What a completed execution gives.
    gives: Gives,
    /// The codes that its own steps can fail with, where somebody calls it.
    codes: BTreeSet<String>,
}

/// All passes over what could be read, and over what that calls; and the visits that they took.
fn run(
    examined: Examined,
    catalog: &Catalog,
    limits: &DocumentLimits,
) -> (Report, Option<ValidWorkflow>, u64) {
    let Examined { workflow, findings, poisoned } = examined;
    let Some(workflow) = workflow else { return (Report::new(findings, Vec::new()), None, 0) };
    let ((callees, passed), visits) = meter::metered(limits.visits, || {
        let callees = Callees::of(&workflow, catalog, limits);
        let passed = passes(&workflow, findings, &poisoned, catalog, limits, &callees, false);
        (callees, passed)
    });
    let Passed { findings, residuals, checks, .. } = passed;
    let report = Report::new(findings, residuals);
    let valid =
        report.is_valid().then(|| finish::valid(workflow, catalog, checks, &report, callees.into_parts()));
    (report, valid, visits)
}

/// All passes over one workflow, which is `called` by another or looked at for itself.
fn passes(
    workflow: &Workflow,
    findings: Vec<Finding>,
    poisoned: &BTreeSet<String>,
    catalog: &Catalog,
    limits: &DocumentLimits,
    callees: &Callees,
    called: bool,
) -> Passed {
    let (places, inside) = Places::of(workflow, poisoned);
    let outline = Outline::new(&places, inside);
    let mut pass = Pass::new(workflow, catalog, limits, outline, poisoned, callees);
    // About two for each step.
    pass.residuals.reserve(2 * pass.outline.steps.len() + workflow.steps.len() / 2);
    pass.findings = findings;
    let (_, gives, _) = pass.all();
    let codes = if called { own_codes(&pass) } else { BTreeSet::new() };
    let Pass { findings, residuals, checks, .. } = pass;
    Passed { findings, residuals, checks: checks.into_iter().collect(), gives, codes }
}
