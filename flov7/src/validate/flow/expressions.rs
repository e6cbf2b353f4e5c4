//! Expressions and templates: read, bound to what they may read, typed.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::reads::Read;
use super::roots::Known;
use super::{Flow, Place};
use crate::expr::{
    Expr, ExprError, ExprFinding, Fuel, Limits, Named, Reference, RootName, StepType, Template,
    TemplateError, Truth, TypeEnv, UntypedRead, marked,
};
use crate::finding::{Code, Finding, Severity, code};
use crate::json::PatchOp;
use crate::types::{Kind, Kinds, Presence, Type, Usage, infer_expect};
use crate::workflow::Expression;

/// How many answers are remembered in one place. A block with more filters than that forgets the oldest, and asks its
/// authors to guard a read once more.
const ANSWERS: usize = 256;

/// What is known about roots and steps beyond what they are: what questions answered so far, the oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Facts(Arc<Vec<(Arc<Expr>, Truth)>>);

impl Facts {
    fn one(question: &Arc<Expr>, truth: Truth) -> Facts {
        Facts(Arc::new(vec![(question.clone(), truth)]))
    }

    /// These and others; what both hold is kept once.
    pub(super) fn and(&self, other: &Facts) -> Facts {
        if other.0.is_empty() || Arc::ptr_eq(&self.0, &other.0) {
            return self.clone();
        }
        if self.0.is_empty() {
            return other.clone();
        }
        let is_new = |(question, truth): &&(Arc<Expr>, Truth)| {
            !self.0.iter().any(|(known, was)| Arc::ptr_eq(known, question) && was == truth)
        };
        let mut all: Vec<_> = self.0.iter().chain(other.0.iter().filter(is_new)).cloned().collect();
        all.drain(..all.len().saturating_sub(ANSWERS));
        Facts(Arc::new(all))
    }

    /// Without what was learnt about a root that means something else from here on.
    pub(super) fn without_root(&self, name: &str) -> Facts {
        let is_about = |question: &Expr| {
            question.references().iter().any(|r| matches!(r.name(), RootName::Root(root) if **root == *name))
        };
        if !self.0.iter().any(|(question, _)| is_about(question)) {
            return self.clone();
        }
        Facts(Arc::new(self.0.iter().filter(|(question, _)| !is_about(question)).cloned().collect()))
    }

    /// What an environment is once all of them are applied to it. Those about nothing in it change nothing.
    fn apply(&self, env: TypeEnv, names: &BTreeMap<RootName, ()>) -> TypeEnv {
        let concerns = |question: &Expr| question.references().iter().any(|r| names.contains_key(r.name()));
        self.0
            .iter()
            .filter(|(question, _)| concerns(question))
            .fold(env, |env, (question, truth)| question.narrow(&env, *truth))
    }
}

/// What a question answers.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// What is known where it is true.
    pub(super) yes: Facts,
    /// What is known where it is false.
    pub(super) no: Facts,
    /// The answer, where it never changes.
    pub(super) always: Option<bool>,
}

/// Reads of values that nobody described, by the step that they come from.
#[derive(Debug, Default)]
pub(super) struct Reads(BTreeMap<usize, Vec<Untyped>>);

/// One such read, and where it stands.
#[derive(Debug)]
struct Untyped {
    usage: Usage,
    pointer: String,
    span: [usize; 2],
}

impl Flow<'_, '_> {
    /// A condition: what is known where it is true and where it is false.
    pub(super) fn question(&mut self, place: &Place, question: &Expression, pointer: &str) -> Answer {
        let text = match &question.0 {
            Value::Bool(always) => return Answer { always: Some(*always), ..Answer::default() },
            Value::String(text) => text,
            // Another kind was found by the reader already.
            _ => return Answer::default(),
        };
        self.count(place, &question.0, pointer);
        let Some(expr) = self.expression(place, text, pointer) else { return Answer::default() };
        let Some(env) = self.env(place, [(pointer, &expr)]) else { return Answer::default() };
        let checked = expr.check_condition(&env);
        let always = if expr.references().is_empty() {
            expr.eval_bool(&Named::new(), &mut Fuel::new()).ok().filter(|_| !mentions_now(text))
        } else {
            None
        };
        let mut wrong = false;
        for finding in &checked.findings {
            wrong |= finding.severity == Severity::Error;
            // Whoever asked says that the answer never changes; the parts need not be told of as well.
            if always.is_none() || finding.code != Code::CONSTANT_CONDITION {
                self.expression_finding(place, finding, pointer, text);
            }
        }
        for (kind, _) in &checked.residuals {
            self.remain(*kind, pointer, place.step);
        }
        self.untyped(checked.untyped.into_iter().map(|read| (pointer.to_owned(), read)).collect());
        if wrong {
            return Answer::default();
        }
        let expr = Arc::new(expr);
        Answer { yes: Facts::one(&expr, Truth::True), no: Facts::one(&expr, Truth::False), always }
    }

    /// The list that `for_each` goes through: an expression, or a list as it stands.
    pub(super) fn items(&mut self, place: &Place, items: &Expression, pointer: &str) -> Known {
        let given = self.template(place, &items.0, pointer)?;
        self.fits(place, given, pointer, Kinds::only(Kind::List), Code::WRONG_TYPE)
    }

    /// A template: its type, or nothing where something about it is wrong.
    pub(super) fn template(&mut self, place: &Place, template: &Value, pointer: &str) -> Known {
        let parsed = match Template::parse(template, &Limits::default()) {
            Ok(parsed) => parsed,
            Err(errors) => {
                for error in &errors {
                    let text =
                        crate::json::get(template, &error.pointer).and_then(Value::as_str).unwrap_or("");
                    self.syntax(place, &error.error, &format!("{pointer}{}", error.pointer), text);
                }
                self.others(place, template, pointer, &errors);
                return None;
            }
        };
        self.count(place, template, pointer);
        let mut expressions = Vec::new();
        parsed.visit(&mut |at, expr, _| expressions.push((format!("{pointer}{at}"), expr)));
        let env = self.env(place, expressions.iter().map(|(at, expr)| (at.as_str(), *expr)))?;
        let checked = parsed.check(&env);
        let mut wrong = false;
        for placed in &checked.findings {
            wrong |= placed.finding.severity == Severity::Error;
            let text = crate::json::get(template, &placed.pointer).and_then(Value::as_str).unwrap_or("");
            self.expression_finding(place, &placed.finding, &format!("{pointer}{}", placed.pointer), text);
        }
        for (at, kind, _) in &checked.residuals {
            self.remain(*kind, format!("{pointer}{at}"), place.step);
        }
        self.untyped(
            checked.untyped.into_iter().map(|(at, read)| (format!("{pointer}{at}"), read)).collect(),
        );
        if wrong { None } else { Some(checked.ty) }
    }

    /// The strings of a template that can be read although others of it cannot.
    fn others(&mut self, place: &Place, template: &Value, pointer: &str, errors: &[TemplateError]) {
        let mut open = vec![(String::new(), template)];
        let mut readable = Vec::new();
        while let Some((at, value)) = open.pop() {
            match value {
                Value::Array(items) => {
                    open.extend(
                        items.iter().enumerate().rev().map(|(index, item)| (format!("{at}/{index}"), item)),
                    );
                }
                Value::Object(members) => {
                    let sorted: BTreeMap<&String, &Value> = members.iter().collect();
                    let inner = sorted.into_iter().rev();
                    open.extend(
                        inner.map(|(name, item)| (format!("{at}/{}", crate::json::escape(name)), item)),
                    );
                }
                Value::String(text)
                    if text.contains("${") && !errors.iter().any(|error| error.pointer == at) =>
                {
                    readable.push((at, value));
                }
                _ => {}
            }
        }
        for (at, value) in readable {
            self.template(place, value, &format!("{pointer}{at}"));
        }
    }

    /// Counts the bytes of expressions; what is too much for a document is told once.
    fn count(&mut self, place: &Place, template: &Value, pointer: &str) {
        let before = self.bytes;
        let mut open = vec![template];
        while let Some(value) = open.pop() {
            match value {
                Value::String(text) if text.contains("${") => {
                    self.bytes = self.bytes.saturating_add(text.len())
                }
                Value::Array(items) => open.extend(items),
                Value::Object(members) => open.extend(members.values()),
                _ => {}
            }
        }
        let most = self.pass.limits.expression_bytes;
        if before <= most && self.bytes > most {
            let message = format!("all expressions together have more than {most} bytes");
            self.note(Finding::new(Code::EXPRESSION_SIZE, pointer, message), place.step);
        }
    }

    /// A template that must be of some kinds.
    pub(super) fn wanted(&mut self, place: &Place, template: &Value, pointer: &str, kinds: Kinds) {
        if let Some(given) = self.template(place, template, pointer) {
            self.fits(place, given, pointer, kinds, Code::NOT_ASSIGNABLE);
        }
    }

    fn fits(&mut self, place: &Place, given: Type, pointer: &str, kinds: Kinds, wrong: Code) -> Known {
        if given.is_untyped() {
            let wanted = words(kinds);
            let message = format!("nobody said what this is, and {wanted} is wanted");
            self.note(Finding::new(Code::UNTYPED_READ, pointer, message), place.step);
            return None;
        }
        if !given.kinds().within(kinds) {
            let message = format!("this is {given}, and {} is wanted", words(kinds));
            self.note(Finding::new(wrong, pointer, message), place.step);
            return None;
        }
        Some(given)
    }

    /// A certain fix for each step whose value nobody described: an `expect` of what is read from it.
    pub(super) fn expects(&mut self) {
        let reads = std::mem::take(&mut self.reads);
        for (step, uses) in reads.0 {
            let at = &self.pass.outline.steps[step];
            let Some(action) = &at.step.action else { continue };
            if action.expect.is_some() {
                continue;
            }
            let usages: Vec<Usage> = uses.iter().map(|read| read.usage.clone()).collect();
            let fix =
                PatchOp::Add { path: format!("{}/action/expect", at.pointer), value: infer_expect(&usages) };
            let ours =
                self.pass.findings.iter_mut().filter(|f| f.code == Code::UNTYPED_READ && f.fix.is_none());
            for finding in ours {
                let same = |read: &Untyped| {
                    finding.pointer == read.pointer
                        && finding
                            .expr_span
                            .is_some_and(|span| span[0] < read.span[1] && read.span[0] < span[1])
                };
                if uses.iter().any(same) {
                    finding.fix = Some(vec![fix.clone()]);
                }
            }
        }
    }

    fn untyped(&mut self, reads: Vec<(String, UntypedRead)>) {
        for (pointer, read) in reads {
            let RootName::Step(id) = &read.root else { continue };
            let Some(no) = self.pass.outline.find(id) else { continue };
            let path = read.at.iter().chain(&read.usage.path).cloned().collect();
            let span = read.span.range();
            let usage = Usage { path, ..read.usage };
            self.reads.0.entry(no.0).or_default().push(Untyped {
                usage,
                pointer,
                span: [span.start, span.end],
            });
        }
    }

    /// Exactly one expression; what is wrong with its text is noted.
    fn expression(&mut self, place: &Place, text: &str, pointer: &str) -> Option<Expr> {
        match marked(text, &Limits::default()) {
            Ok(expr) => Some(expr),
            Err(errors) => {
                errors.iter().for_each(|error| self.syntax(place, error, pointer, text));
                None
            }
        }
    }

    fn syntax(&mut self, place: &Place, error: &ExprError, pointer: &str, text: &str) {
        let code = code(error.code).unwrap_or(Code::EXPRESSION_SYNTAX);
        let span = error.span.range();
        let mut finding =
            Finding::new(code, pointer, error.message.clone()).with_expr_span(span.start, span.end);
        if let Some(help) = &error.help {
            finding = finding.with_help(help.clone());
        }
        if let (Some(fix), Some(before), Some(after)) =
            (&error.fix, text.get(..span.start), text.get(span.end..))
        {
            let mended = format!("{before}{fix}{after}");
            finding =
                finding.with_fix(vec![PatchOp::Replace { path: pointer.to_owned(), value: mended.into() }]);
        }
        self.note(finding, place.step);
    }

    fn expression_finding(&mut self, place: &Place, found: &ExprFinding, pointer: &str, text: &str) {
        let mut finding = found.at(pointer);
        if let Some(mended) = found.mended(text) {
            finding =
                finding.with_fix(vec![PatchOp::Replace { path: pointer.to_owned(), value: mended.into() }]);
        }
        self.note(finding, place.step);
    }

    /// What some expressions may read in a place; nothing where one of them reads what is wrong, here or elsewhere.
    fn env<'e>(
        &mut self,
        place: &Place,
        expressions: impl IntoIterator<Item = (&'e str, &'e Expr)>,
    ) -> Option<TypeEnv> {
        let mut names: BTreeMap<RootName, ()> = BTreeMap::new();
        let mut env = TypeEnv::new();
        let mut known = true;
        for (pointer, expr) in expressions {
            for reference in expr.references() {
                if names.insert(reference.name().clone(), ()).is_some() {
                    continue;
                }
                match self.read(place, reference.name()) {
                    Ok(Read::Of(ty, presence)) => env = bind(env, reference.name(), ty, presence),
                    Ok(Read::Unknown) => known = false,
                    Err(wrong) => {
                        known = false;
                        let (start, end) = first_use(reference);
                        self.note(wrong.finding(pointer, start, end), place.step);
                    }
                }
            }
        }
        if !known {
            return None;
        }
        Some(place.facts.apply(env, &names))
    }
}

fn bind(env: TypeEnv, name: &RootName, ty: Type, presence: Presence) -> TypeEnv {
    match (name, presence) {
        (RootName::Root(root), _) => env.with_root(root, ty),
        (RootName::Step(id), Presence::Required) => env.with_step(id, StepType::Done(ty)),
        (RootName::Step(id), Presence::Optional) => env.with_step(id, StepType::MaybeAbsent(ty)),
    }
}

fn first_use(reference: &Reference) -> (usize, usize) {
    reference.uses().first().map_or((0, 0), |used| (used.span.range().start, used.span.range().end))
}

/// `now` is no reference, and yet another answer each time.
fn mentions_now(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').any(|word| word == "now")
}

fn words(kinds: Kinds) -> String {
    kinds.iter().map(Kind::name).collect::<Vec<_>>().join(" or ")
}
