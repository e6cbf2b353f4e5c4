//! The workflows that a document calls: found in the catalogue by name, checked, and put into the bundle.
//!
//! A name means one workflow in the whole set. So a workflow may call itself, and two may call each other: no digest
//! stands in a digest. What such a call gives is untyped, for its type would follow from itself; everything else has the
//! type that the callee's output has.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::flow::{Gives, Typed};
use super::{Bundle, Callee, ValidWorkflow, examined, finish, passes};
use crate::catalog::Catalog;
use crate::finding::{Code, Finding, ResidualKind, Severity};
use crate::types::{Defs, Lowered, Type, lower};
use crate::workflow::{Action, Block, Condition, DocumentLimits, Step, Workflow};

/// How many workflows one may call, those that they call counted (with itself, so many documents in a bundle).
pub(super) const MOST: usize = 64;

/// Everything that is known of the workflows that a document calls.
#[derive(Default)]
pub(super) struct Callees {
    /// Which of them can be called, and why not; without the document itself.
    known: BTreeMap<String, Result<Sound, String>>,
    /// All of them, the document itself included.
    documents: BTreeMap<String, Arc<Workflow>>,
    /// What calls what, the document itself included.
    graph: BTreeMap<String, BTreeSet<String>>,
    /// The document itself.
    own: String,
    /// There are more than [`MOST`].
    pub(super) too_many: bool,
}

/// One that validates.
struct Sound {
    part: Callee,
    gives: Gives,
    residuals: BTreeSet<ResidualKind>,
    codes: BTreeSet<String>,
}

/// What a step that calls a workflow is told of it.
pub(super) enum Called<'a> {
    /// The catalogue has no such workflow.
    Unknown,
    /// It does not validate; why.
    Unsound(&'a str),
    /// It can be called.
    Sound {
        /// The document, for its input.
        document: &'a Workflow,
        /// What it gives; untyped where the caller calls itself this way.
        gives: Gives,
    },
}

impl Callees {
    /// Finds all of them and checks each, callees before callers.
    pub(super) fn of(workflow: &Workflow, catalog: &Catalog, limits: &DocumentLimits) -> Callees {
        let mut all = Callees { own: workflow.name.clone(), ..Callees::default() };
        let mut wanted: Vec<String> = called(workflow).into_iter().map(str::to_owned).collect();
        if wanted.is_empty() {
            return all;
        }
        all.documents.insert(all.own.clone(), Arc::new(workflow.clone()));
        all.graph.insert(all.own.clone(), wanted.iter().cloned().collect());
        while let Some(name) = wanted.pop() {
            if all.documents.contains_key(&name) {
                continue;
            }
            let Some(document) = catalog.workflow(&name) else { continue };
            if all.documents.len() > MOST {
                all.too_many = true;
                return all;
            }
            let next: BTreeSet<String> = called(document).into_iter().map(str::to_owned).collect();
            wanted.extend(next.iter().cloned());
            all.graph.insert(name.clone(), next);
            all.documents.insert(name, Arc::clone(document));
        }
        for name in all.order() {
            if let Some(document) = all.documents.get(&name).filter(|_| name != all.own) {
                let sound = all.check(&name, document, catalog, limits);
                all.known.insert(name, sound);
            }
        }
        all
    }

    /// Whether nothing is called.
    pub(super) fn is_empty(&self) -> bool {
        self.documents.is_empty()
    }

    /// Names with what they call before them, as far as nobody calls himself on the way.
    fn order(&self) -> Vec<String> {
        let mut order = Vec::new();
        let mut seen = BTreeSet::new();
        let mut stack = vec![(self.own.clone(), false)];
        while let Some((name, done)) = stack.pop() {
            if done {
                order.push(name);
                continue;
            }
            if !seen.insert(name.clone()) {
                continue;
            }
            let next: Vec<String> = self.graph.get(&name).into_iter().flatten().cloned().collect();
            stack.push((name, true));
            stack.extend(next.into_iter().map(|next| (next, false)));
        }
        order
    }

    /// All that a workflow calls, itself only where it does.
    fn reach<'a>(&'a self, from: &'a str) -> BTreeSet<&'a str> {
        let mut reached = BTreeSet::new();
        let mut stack = vec![from];
        while let Some(name) = stack.pop() {
            let next = self.graph.get(name).into_iter().flatten().map(String::as_str);
            stack.extend(next.filter(|next| reached.insert(*next)));
        }
        reached
    }

    fn check(
        &self,
        name: &str,
        document: &Workflow,
        catalog: &Catalog,
        limits: &DocumentLimits,
    ) -> Result<Sound, String> {
        if document.name != name {
            return Err(format!("it calls itself `{}`", document.name));
        }
        let examined = examined(document, limits).map_err(|finding| finding.message)?;
        let Some(workflow) = examined.workflow else {
            return Err(first_error(&examined.findings).unwrap_or_default());
        };
        let passed = passes(&workflow, examined.findings, &examined.poisoned, catalog, limits, self, true);
        if let Some(error) = first_error(&passed.findings) {
            return Err(error);
        }
        Ok(Sound {
            residuals: passed.residuals.iter().map(|residual| residual.kind).collect(),
            gives: passed.gives,
            codes: passed.codes,
            part: finish::part(workflow, catalog, passed.checks),
        })
    }

    /// What a step of the workflow `caller` is told of the one that it calls.
    pub(super) fn get(&self, caller: &str, name: &str) -> Called<'_> {
        let Some(document) = self.documents.get(name) else { return Called::Unknown };
        let recursive = name == caller || self.reach(name).contains(caller);
        match self.known.get(name) {
            Some(Err(why)) => Called::Unsound(why),
            Some(Ok(sound)) if !recursive => Called::Sound { document, gives: sound.gives.clone() },
            _ => Called::Sound { document, gives: Gives::Value(Some(Typed::declared(Type::untyped()))) },
        }
    }

    /// Residual kinds and failure codes of everything that runs below a call.
    pub(super) fn below(&self, name: &str) -> (BTreeSet<ResidualKind>, BTreeSet<String>) {
        let mut reached = self.reach(name);
        reached.insert(name);
        let sound = reached.iter().filter_map(|name| self.known.get(*name)?.as_ref().ok());
        let mut all = (BTreeSet::new(), BTreeSet::new());
        for sound in sound {
            all.0.extend(sound.residuals.iter().copied());
            all.1.extend(sound.codes.iter().cloned());
        }
        all
    }

    /// Whether a call leads back to the workflow that is checked.
    pub(super) fn returns(&self, name: &str) -> bool {
        name == self.own || self.reach(name).contains(self.own.as_str())
    }

    /// What goes into the bundle.
    pub(super) fn into_parts(self) -> BTreeMap<String, Callee> {
        let sound = self.known.into_iter().filter_map(|(name, known)| Some((name, known.ok()?.part)));
        sound.collect()
    }
}

fn first_error(findings: &[Finding]) -> Option<String> {
    let errors: Vec<&Finding> = findings.iter().filter(|found| found.severity == Severity::Error).collect();
    let first = errors.first()?;
    let more = match errors.len() {
        1 => String::new(),
        count => format!(" (and {} more)", count - 1),
    };
    Some(format!("{} at {}: {}{more}", first.code, first.pointer, first.message))
}

/// The input that a workflow takes.
pub(super) fn input_of(document: &Workflow) -> Option<Lowered> {
    let types = document.types.iter().map(|(name, schema)| (name.as_str(), schema.0.clone()));
    match &document.input {
        Some(schema) => lower(&schema.0, &Defs::new(types)).ok(),
        None => Some(Lowered::declared(Type::map::<&str>([], crate::types::Additional::Closed))),
    }
}

/// The names of the workflows that a document calls, as far as they are written out.
pub(super) fn called(workflow: &Workflow) -> BTreeSet<&str> {
    written(workflow, "core.call", "workflow")
}

/// The names of the events that a document emits.
pub(super) fn emitted(workflow: &Workflow) -> BTreeSet<&str> {
    written(workflow, "core.emit", "event")
}

/// The names of the workflows that a document calls with `core.call`: whoever offers workflows by name looks them up
/// and puts them into the catalogue ([`Catalog::with_workflow`]).
#[must_use]
pub fn calls(workflow: &Workflow) -> Vec<&str> {
    called(workflow).into_iter().collect()
}

/// What is to be said where a workflow is saved again: the hint `callee-changed` for each workflow that it calls and that is
/// another one than in the bundle of the revision before, itself or in what it calls in turn.
#[must_use]
pub fn changed_callees(workflow: &ValidWorkflow, before: &Bundle) -> Vec<Finding> {
    let now = workflow.bundle();
    let digest = |bundle: &Bundle, name: &str| bundle.callee(name).map(|callee| callee.digest());
    let changed = |name: &&str| {
        let earlier = digest(before, name);
        **name != now.document.name && earlier.is_some() && earlier != digest(now, name)
    };
    let finding = |name: &str| {
        let message = format!("the workflow `{name}`, which is called, has changed since this one was saved");
        Finding::new(Code::CALLEE_CHANGED, "", message)
            .with_found(name)
            .with_help("executions that live go on with the earlier one")
    };
    called(&now.document).into_iter().filter(changed).map(finding).collect()
}

/// The texts of one argument of one action, wherever it is used.
fn written<'w>(workflow: &'w Workflow, uses: &str, argument: &str) -> BTreeSet<&'w str> {
    let mut found = BTreeSet::new();
    let mut blocks: Vec<&[Step]> = vec![&workflow.steps];
    while let Some(steps) = blocks.pop() {
        for step in steps {
            let action = step.action.as_ref().map(|Action { uses, with, .. }| (uses, with));
            let undo = step.undo.as_ref().map(|undo| (&undo.uses, &undo.with));
            let both = [action, undo].into_iter().flatten();
            for (_, with) in both.filter(|(used, _)| *used == uses) {
                let text = with.as_ref().and_then(|with| with.0.get(argument)?.as_str());
                found.extend(text.filter(|text| !text.contains("${")));
            }
            if let Some(condition) = &step.condition {
                blocks.extend(inside(condition));
            }
        }
    }
    found
}

/// The blocks of a condition.
fn inside(condition: &Condition) -> Vec<&[Step]> {
    match condition {
        Condition::If(one) => one.else_.iter().map(Block::steps).chain([one.then.steps()]).collect(),
        Condition::Switch(one) => {
            let cases = one.switch.cases.iter().map(|case| case.steps.as_slice());
            cases.chain(one.switch.default.iter().map(Block::steps)).collect()
        }
        Condition::Parallel(one) => {
            one.parallel.branches.iter().map(|branch| branch.steps.as_slice()).collect()
        }
        Condition::ForEach(one) => vec![&one.for_each.steps],
        Condition::Loop(one) => vec![&one.loop_.steps],
        Condition::Filter(_) => Vec::new(),
    }
}
