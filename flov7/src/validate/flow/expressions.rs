//! Expressions and templates: read, given what they may read, typed.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value;

use super::facts::{Fact, Facts};
use super::reads::Read;
use super::roots::{Known, Typed};
use super::untyped::Unread;
use super::{Flow, Place};
use crate::expr::{
    Expr, ExprError, ExprFinding, ExprKind, Fuel, Given, Limits, Named, Reference, RootName, StepType,
    Template, Truth, TypeEnv, UntypedRead, check_plain, has_mark, is_plain_mark, marked,
};
use crate::finding::{Code, Finding, ResidualKind, Severity, code, meter};
use crate::json::{self, PatchOp, below};
use crate::types::{Kind, Kinds, Presence, Segment, Type, Usage, takes_members};
use crate::workflow::Expression;

/// What a question answers.
#[derive(Debug, Default)]
pub(super) struct Answer {
    /// The question, if it could be read, with what names are there.
    asked: Option<(Expr, Seen)>,
    /// The answer, where it never changes.
    pub(super) always: Option<bool>,
    /// Whether that was said already, where the expression decides it by its types.
    pub(super) said: bool,
}

impl Answer {
    fn always(answer: bool) -> Answer {
        Answer { always: Some(answer), ..Answer::default() }
    }

    /// What is known where it is true, beyond what was known before.
    pub(super) fn yes(&self) -> Facts {
        self.learnt(Truth::True)
    }

    /// What is known where it is false.
    pub(super) fn no(&self) -> Facts {
        self.learnt(Truth::False)
    }

    /// How many names it asks about.
    pub(super) fn names(&self) -> usize {
        self.asked.as_ref().map_or(0, |(expr, _)| expr.references().len())
    }

    /// Whether it can teach anything about that name.
    pub(super) fn asks_about(&self, name: &RootName) -> bool {
        let references = self.asked.as_ref().map_or(&[][..], |(expr, _)| expr.references());
        references.iter().any(|reference| reference.name() == name)
    }

    fn learnt(&self, truth: Truth) -> Facts {
        self.asked.as_ref().map(|(expr, seen)| learnt(expr, seen, truth)).unwrap_or_default()
    }
}

/// What became of a template that goes where something is wanted.
pub(super) enum Filled {
    /// All that it gives fits.
    Fits,
    /// Its type.
    Of(Known),
}

/// What names are at a place.
#[derive(Debug, Default)]
struct Seen {
    env: TypeEnv,
    /// What questions have taught less about: names whose declared type is a greater one.
    declared: Vec<(RootName, StepType)>,
    /// Names that cannot be read, or of which nothing is known: what is said about expressions that read them would
    /// be said of something else.
    unclear: Vec<RootName>,
    /// Names whose type is only an upper bound.
    computed: Vec<RootName>,
}

impl Seen {
    fn is_clear(&self, expr: &Expr) -> bool {
        self.unclear.is_empty()
            || expr.references().iter().all(|reference| !self.unclear.contains(reference.name()))
    }

    /// The same without what questions have taught.
    fn declared(&self) -> TypeEnv {
        self.declared.iter().fold(self.env.clone(), |env, (name, entry)| with(env, name, entry.clone()))
    }

    fn is_declared(&self, expr: &Expr) -> bool {
        self.computed.is_empty()
            || expr.references().iter().all(|reference| !self.computed.contains(reference.name()))
    }
}

impl Flow<'_, '_> {
    /// A question: `if`, `when`, `while`, `filter`.
    pub(super) fn question(&mut self, place: &Place, question: &Expression, pointer: &str) -> Answer {
        if let Value::Bool(answer) = question.0 {
            return Answer::always(answer);
        }
        let Some(expr) = self.marked(place, question, pointer) else { return Answer::default() };
        let before = self.pass.findings.len();
        let seen = self.see(place, &[&expr], &|_| (pointer.to_owned(), &question.0));
        let answer = self.answer(place, expr, seen, question, pointer);
        self.prove_fixes(before, &question.0, pointer, |flow, mended| {
            flow.question(place, &Expression(mended.clone()), pointer);
        });
        answer
    }

    fn answer(
        &mut self,
        place: &Place,
        expr: Expr,
        seen: Seen,
        question: &Expression,
        pointer: &str,
    ) -> Answer {
        // What is unclear or wrong about a question is said once; what else it asks guards what stands behind it.
        if !seen.is_clear(&expr) {
            return Answer { asked: Some((expr, seen)), ..Answer::default() };
        }
        let mut checked = expr.check_condition(&seen.env);
        if checked.findings.iter().any(is_no_member) {
            let declared = expr.check_condition(&seen.declared());
            as_declared(&mut checked.findings, &declared.findings);
        }
        let sound = self.say(place, pointer, &question.0, &checked.findings, &checked.untyped);
        for (kind, _) in &checked.residuals {
            self.remain(*kind, pointer, place.step);
        }
        if !sound {
            return Answer { asked: Some((expr, seen)), ..Answer::default() };
        }
        let by_type = checked.ty.only_value().and_then(|value| value.as_bool());
        let whole = expr.ast().span(expr.ast().root());
        let said = checked
            .findings
            .iter()
            .any(|finding| finding.code == Code::CONSTANT_CONDITION && finding.span == whole);
        Answer { always: by_type.or_else(|| constant(&expr)), said, asked: Some((expr, seen)) }
    }

    /// The list that `for_each` goes over.
    pub(super) fn items(&mut self, place: &Place, items: &Expression, pointer: &str) -> Known {
        if items.0.is_array() {
            return self.template(place, &items.0, pointer);
        }
        match items.0.as_str() {
            Some(text) if is_plain_mark(text, &Limits::default()) => {
                if !self.counts(place, text.len(), pointer) {
                    return None;
                }
            }
            _ => {
                self.marked(place, items, pointer)?;
            }
        }
        self.wanted(place, &items.0, pointer, Kinds::only(Kind::List), "a list", Code::WRONG_TYPE)
    }

    /// The one expression of a place that takes nothing else.
    fn marked(&mut self, place: &Place, written: &Expression, pointer: &str) -> Option<Expr> {
        let Some(text) = written.0.as_str() else {
            // What else stands there is a matter of shape, but for what triggers call a filter.
            if !written.0.is_null() {
                let message = "expected true, false or an expression `${ … }`";
                self.note(Finding::new(Code::EXPRESSION_MARKS, pointer, message), place.step);
            }
            return None;
        };
        if !self.counts(place, text.len(), pointer) {
            return None;
        }
        match marked(text, &Limits::default()) {
            Ok(expr) => Some(expr),
            Err(errors) => {
                for error in errors {
                    self.fault(place, pointer, text, &error);
                }
                None
            }
        }
    }

    /// The type of what a template gives.
    pub(super) fn template(&mut self, place: &Place, template: &Value, pointer: &str) -> Known {
        match self.template_for(place, template, pointer, None) {
            Filled::Of(known) => known,
            Filled::Fits => None,
        }
    }

    /// The type of what a template gives, or that all of it surely fits where an object of this type is wanted.
    pub(super) fn template_for(
        &mut self,
        place: &Place,
        template: &Value,
        pointer: &str,
        wanted: Option<&Type>,
    ) -> Filled {
        if !self.counts(place, expression_bytes(template), pointer) {
            return Filled::Of(None);
        }
        if let Some((given, declared)) = self.plain(place, template, pointer) {
            if let (Given::Members(members), Some(wanted)) = (&given, wanted)
                && takes_members(wanted, members)
            {
                return Filled::Fits;
            }
            return Filled::Of(Some(Typed { ty: given.into_type(), declared }));
        }
        Filled::Of(self.computed(place, template, pointer))
    }

    /// The type of a template that is more than plain paths.
    fn computed(&mut self, place: &Place, template: &Value, pointer: &str) -> Known {
        let (parsed, mut sound) = self.compiled(place, template, pointer)?;
        let exprs = parsed.expressions();
        let before = self.pass.findings.len();
        let at = |nth: usize| {
            let own = places(&parsed).swap_remove(nth);
            let text = json::get(template, &own).unwrap_or(&Value::Null);
            (below(pointer, &own), text)
        };
        let seen = self.see(place, &exprs, &at);
        let checked = parsed.check(&seen.env);
        let declared = checked.declared && exprs.iter().all(|expr| seen.is_declared(expr));
        let clear = exprs.iter().all(|expr| seen.is_clear(expr));
        sound &= clear;
        if checked.findings.is_empty() && checked.untyped.is_empty() && clear {
            for (own, kind, _) in &checked.residuals {
                self.remain(*kind, below(pointer, own), place.step);
            }
            self.prove_fixes(before, template, pointer, |flow, mended| {
                flow.template(place, mended, pointer);
            });
            return sound.then_some(Typed { ty: checked.ty, declared });
        }
        // What reads something unclear is not judged, string by string.
        let places = places(&parsed);
        let unclear: BTreeSet<&str> = std::iter::zip(&places, &exprs)
            .filter(|(_, expr)| !seen.is_clear(expr))
            .map(|(place, _)| place.as_str())
            .collect();
        let mut by_string: BTreeMap<&str, (Vec<ExprFinding>, Vec<UntypedRead>)> = BTreeMap::new();
        for placed in &checked.findings {
            by_string.entry(&placed.pointer).or_default().0.push(placed.finding.clone());
        }
        for (below, read) in &checked.untyped {
            by_string.entry(below).or_default().1.push(read.clone());
        }
        let no_member = checked.findings.iter().any(|placed| is_no_member(&placed.finding));
        let unlearnt = no_member.then(|| parsed.check(&seen.declared()));
        let mut by_unlearnt: BTreeMap<&str, Vec<ExprFinding>> = BTreeMap::new();
        for placed in unlearnt.iter().flat_map(|unlearnt| &unlearnt.findings) {
            by_unlearnt.entry(&placed.pointer).or_default().push(placed.finding.clone());
        }
        for (own, (mut findings, untyped)) in by_string {
            as_declared(&mut findings, by_unlearnt.get(own).map_or(&[], Vec::as_slice));
            if !unclear.contains(own) {
                let text = json::get(template, own).unwrap_or(&Value::Null);
                sound &= self.say(place, &below(pointer, own), text, &findings, &untyped);
            }
        }
        for (own, kind, _) in &checked.residuals {
            if !unclear.contains(own.as_str()) {
                self.remain(*kind, below(pointer, own), place.step);
            }
        }
        self.prove_fixes(before, template, pointer, |flow, mended| {
            flow.template(place, mended, pointer);
        });
        sound.then_some(Typed { ty: checked.ty, declared })
    }

    /// What a template of plain paths gives of which nothing has to be said, and whether every value of that may come;
    /// nothing for any other.
    fn plain<'t>(&mut self, place: &Place, template: &'t Value, pointer: &str) -> Option<(Given<'t>, bool)> {
        let flow = &*self;
        let found = check_plain(template, &Limits::default(), &mut |name, is_step| {
            let (typed, sure) =
                if is_step { flow.settled(place, name)? } else { (place.roots.get(name)?.as_ref()?, true) };
            let Some(fact) = place.facts.of(name, is_step) else {
                return sure.then_some((&typed.ty, typed.declared));
            };
            // Where what questions have taught contradicts itself, nobody gets, and nothing is said.
            let contradicts = fact.ty.is_never() && !typed.ty.is_never();
            let sure = sure || fact.presence == Presence::Required;
            (sure && !contradicts).then_some((&fact.ty, typed.declared))
        })?;
        self.pass.work += found.parts as u64;
        meter::spend_len(4 * found.parts);
        for own in &found.too_large {
            self.remain(ResidualKind::Size, below(pointer, own), place.step);
        }
        Some((found.given, found.declared))
    }

    /// A template whose value must be of some kinds, in words `what`; anything else is `code`.
    pub(super) fn wanted(
        &mut self,
        place: &Place,
        template: &Value,
        pointer: &str,
        kinds: Kinds,
        what: &str,
        code: Code,
    ) -> Known {
        let given = self.template(place, template, pointer)?;
        if given.ty.is_untyped() {
            let message = format!("nothing says what this is, and wanted is {what}");
            let finding = Finding::new(Code::UNTYPED_READ, pointer, message);
            let source = source(template)
                .map(|(root, path)| Unread { root, usage: Usage { path, wanted: kinds, guarded: false } });
            self.unread(place, finding, source);
            return None;
        }
        let bad = given.ty.kinds().without(kinds);
        if bad.is_empty() {
            return Some(given);
        }
        let finding = if bad == Kinds::only(Kind::Null) && !given.ty.kinds().common(kinds).is_empty() {
            Finding::new(Code::MAYBE_NULL, pointer, format!("this may be null, wanted is {what}"))
        } else {
            let message = format!("expected {what}, found {}", given.ty);
            Finding::new(code, pointer, message).with_allowed(what)
        };
        self.note(finding, place.step);
        None
    }

    /// Reads a template. Strings that are no template are noted and taken as null, so that the others are looked at;
    /// the flag says whether all could be read.
    fn compiled(&mut self, place: &Place, template: &Value, pointer: &str) -> Option<(Template, bool)> {
        let errors = match Template::parse(template, &Limits::default()) {
            Ok(parsed) => return Some((parsed, true)),
            Err(errors) => errors,
        };
        let mut nothing = Vec::with_capacity(errors.len());
        for error in &errors {
            let at = format!("{pointer}{}", error.pointer);
            let text = json::get(template, &error.pointer).and_then(Value::as_str).unwrap_or_default();
            self.fault(place, &at, text, &error.error);
            nothing.push(PatchOp::Replace { path: error.pointer.clone(), value: Value::Null });
        }
        let mut rest = template.clone();
        // The pointers came from this very template.
        json::apply(&mut rest, &nothing).ok()?;
        Template::parse(&rest, &Limits::default()).ok().map(|parsed| (parsed, false))
    }

    /// Counts the bytes of expressions. Behind the limit nothing more is looked at, and that is said once.
    fn counts(&mut self, place: &Place, bytes: usize, pointer: &str) -> bool {
        if self.pass.is_spent(pointer) {
            return false;
        }
        let most = self.pass.limits.expression_bytes;
        if self.bytes > most {
            return false;
        }
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes <= most {
            return true;
        }
        let message = format!("all expressions of a document together have at most {most} bytes");
        self.note(Finding::new(Code::EXPRESSION_SIZE, pointer, message), place.step);
        false
    }

    /// Notes why a string is no expression.
    fn fault(&mut self, place: &Place, pointer: &str, text: &str, error: &ExprError) {
        let range = error.span.range();
        // Every code of a compiler is a finding's.
        let code = code(error.code).unwrap_or(Code::EXPRESSION_SYNTAX);
        let mut finding =
            Finding::new(code, pointer, error.message.as_str()).with_expr_span(range.start, range.end);
        finding.help = error.help.clone();
        let mended = error
            .fix
            .as_ref()
            .and_then(|fix| Some(format!("{}{fix}{}", text.get(..range.start)?, text.get(range.end..)?)));
        finding.fix = mended.map(|text| replace(pointer, text));
        self.note(finding, place.step);
    }

    /// What is found in an expression, with the fix where the text itself is to blame. False where it has an error.
    fn say(
        &mut self,
        place: &Place,
        pointer: &str,
        text: &Value,
        findings: &[ExprFinding],
        untyped: &[UntypedRead],
    ) -> bool {
        for found in findings {
            let mut finding = found.at(pointer);
            let mended = text.as_str().and_then(|text| found.mended(text));
            finding.fix = mended.map(|text| replace(pointer, text));
            if found.code == Code::UNTYPED_READ {
                // The longest read that starts where the finding does knows best what it is used for.
                let here = |read: &&UntypedRead| read.span.start == found.span.start;
                let read = untyped.iter().filter(here).max_by_key(|read| read.span.end);
                let read = read.or_else(|| untyped.first());
                self.unread(place, finding, read.map(Unread::from));
            } else {
                self.note(finding, place.step);
            }
        }
        for read in untyped {
            self.untyped.uses.push((Unread::from(read), place.source_trigger()));
        }
        findings.iter().all(|finding| finding.severity != Severity::Error)
    }

    /// Keeps the fixes of what was found in a text since `before` only where the mended text is sound in their place: a
    /// name that is nearly right may be of a type that is not.
    fn prove_fixes(&mut self, before: usize, text: &Value, pointer: &str, check: impl Fn(&mut Self, &Value)) {
        /// Each proof costs as much as the text itself.
        const MOST: usize = 8;
        /// Each is held against each of what is found then.
        const MOST_FOUND: usize = 200;
        if self.proving {
            return;
        }
        let (mut proven, end) = (0, self.pass.findings.len());
        for at in before..end {
            let finding = &self.pass.findings[at];
            // The fix of a text that cannot be read may well show more that is wrong with it.
            let Some([PatchOp::Replace { path, value }]) = finding.fix.as_deref() else { continue };
            let Some(below) = path.strip_prefix(pointer) else { continue };
            let operation = PatchOp::Replace { path: below.to_owned(), value: value.clone() };
            proven += 1;
            let few = proven <= MOST && end - before <= MOST_FOUND;
            let mut mended = if few { text.clone() } else { Value::Null };
            let sound = few
                && json::apply(&mut mended, &[operation]).is_ok()
                && self.adds_nothing(before..end, at, |flow| check(flow, &mended));
            if !sound {
                self.pass.findings[at].fix = None;
            }
        }
    }

    /// Whether `check` finds nothing but what is among the findings in that range, and one less of what is found at `at`.
    fn adds_nothing(&mut self, range: Range<usize>, at: usize, check: impl Fn(&mut Self)) -> bool {
        let marks = self.marks();
        self.proving = true;
        check(self);
        self.proving = false;
        let found: Vec<Finding> = self.pass.findings.split_off(marks.findings);
        self.back(marks);
        let same =
            |a: &Finding, b: &Finding| a.code == b.code && a.pointer == b.pointer && a.message == b.message;
        let mended = &self.pass.findings[at];
        let count = |all: &mut dyn Iterator<Item = &Finding>| all.filter(|one| same(one, mended)).count();
        count(&mut found.iter()) < count(&mut self.pass.findings[range.clone()].iter())
            && found.iter().all(|new| self.pass.findings[range.clone()].iter().any(|old| same(old, new)))
    }

    /// What everything that some expressions name is at a place. Whatever cannot be read there is noted where it is
    /// named; `at` says where the nth expression stands, and in which text.
    fn see<'v>(&mut self, place: &Place, exprs: &[&Expr], at: &dyn Fn(usize) -> (String, &'v Value)) -> Seen {
        let mut seen = Seen::default();
        for (nth, expr) in exprs.iter().enumerate() {
            self.pass.work += (expr.ast().nodes().len() + expr.references().len()) as u64;
            meter::spend_len(4 * (expr.ast().nodes().len() + expr.references().len()));
            for reference in expr.references() {
                let name = reference.name();
                // Whatever was looked up is in there.
                if seen.env.name(name).is_none() || seen.unclear.contains(name) {
                    self.name(place, reference, &|| at(nth), &mut seen);
                }
            }
        }
        seen
    }

    fn name<'v>(
        &mut self,
        place: &Place,
        reference: &Reference,
        at: &dyn Fn() -> (String, &'v Value),
        seen: &mut Seen,
    ) {
        let name = reference.name();
        match self.read(place, name) {
            Ok(Read::Of(typed, presence)) => {
                if !typed.declared {
                    seen.computed.push(name.clone());
                }
                let fact = place.facts.get(name);
                // What questions have taught contradicts itself: nobody gets here, and nothing is said about it.
                if fact.is_some_and(|fact| fact.ty.is_never()) && !typed.ty.is_never() {
                    return unclear(seen, name);
                }
                let ty = fact.map_or_else(|| typed.ty.clone(), |fact| fact.ty.clone());
                let learnt = fact.map_or(Presence::Optional, |fact| fact.presence);
                let sure = presence == Presence::Required || learnt == Presence::Required;
                seen.env = with(std::mem::take(&mut seen.env), name, entry(ty, sure));
                if fact.is_some() {
                    let declared = entry(typed.ty, presence == Presence::Required);
                    seen.declared.push((name.clone(), declared));
                }
            }
            Ok(Read::Unknown) => unclear(seen, name),
            Err(wrong) => {
                unclear(seen, name);
                let (pointer, text) = at();
                for place_of_use in reference.uses() {
                    let finding = wrong.finding(&pointer, text, place_of_use.span);
                    self.note(finding, place.step);
                }
            }
        }
    }
}

/// Where each expression of a template stands, from its root.
fn places(template: &Template) -> Vec<String> {
    let mut places = Vec::new();
    template.visit(&mut |place, _, _| places.push(place.to_owned()));
    places
}

fn is_no_member(finding: &ExprFinding) -> bool {
    finding.code == Code::NO_SUCH_MEMBER
}

/// A member that a question around has ruled out is one that may be absent, as far as its schema goes: that is what
/// its reader is told.
fn as_declared(findings: &mut [ExprFinding], declared: &[ExprFinding]) {
    for finding in findings.iter_mut().filter(|finding| is_no_member(finding)) {
        let other =
            declared.iter().find(|other| other.span == finding.span && other.code == Code::MAYBE_ABSENT);
        if let Some(other) = other {
            *finding = other.clone();
            finding.message = format!("{}: a condition around this says that it is not there", other.message);
        }
    }
}

/// With a name of which nothing is said: a type without values is never complained about.
fn unclear(seen: &mut Seen, name: &RootName) {
    if !seen.unclear.contains(name) {
        seen.unclear.push(name.clone());
    }
    seen.env = with(std::mem::take(&mut seen.env), name, StepType::Done(Type::never()));
}

fn entry(ty: Type, sure: bool) -> StepType {
    if sure { StepType::Done(ty) } else { StepType::MaybeAbsent(ty) }
}

/// A root is always there.
fn with(env: TypeEnv, name: &RootName, entry: StepType) -> TypeEnv {
    match (name, entry) {
        (RootName::Step(_), entry) => env.with_name(name, entry),
        (RootName::Root(_), StepType::Done(ty) | StepType::MaybeAbsent(ty)) => {
            env.with_name(name, StepType::Done(ty))
        }
        (RootName::Root(_), _) => env,
    }
}

/// What the answer of a question says about the names in it, where that is more than was known.
fn learnt(expr: &Expr, seen: &Seen, truth: Truth) -> Facts {
    let (narrowed, anew) = expr.narrow_over_declared(&seen.env, &seen.declared, truth);
    let mut facts = Facts::default();
    for reference in expr.references() {
        let name = reference.name();
        let (before, after) = (seen.env.name(name), narrowed.name(name));
        if before != after
            && let Some(after) = after.and_then(fact)
        {
            let anew = anew.contains(name);
            facts.learn(name.clone(), Fact { anew, ..after });
        }
    }
    facts
}

fn fact(entry: &StepType) -> Option<Fact> {
    match entry {
        StepType::Done(ty) => Some(Fact { ty: ty.clone(), presence: Presence::Required, anew: false }),
        StepType::MaybeAbsent(ty) => Some(Fact { ty: ty.clone(), presence: Presence::Optional, anew: false }),
        _ => None,
    }
}

/// The answer of an expression that reads nothing.
fn constant(expr: &Expr) -> Option<bool> {
    let reads_time = expr.ast().nodes().iter().any(|node| node.kind == ExprKind::Now);
    if reads_time || !expr.references().is_empty() {
        return None;
    }
    expr.eval_bool(&Named::new(), &mut Fuel::new()).ok()
}

/// The path that a template gives as it is, if it is nothing but one.
fn source(template: &Value) -> Option<(RootName, Vec<Segment>)> {
    let parsed = Template::parse(template, &Limits::default()).ok()?;
    let crate::expr::Part::Expr(expr) = parsed.root() else { return None };
    let mut path = Vec::new();
    let mut node = expr.ast().node(expr.ast().root());
    loop {
        match &node.kind {
            ExprKind::Reference { reference, optional: false } => {
                path.reverse();
                return Some((expr.ast().reference(*reference).name().clone(), path));
            }
            ExprKind::Select { base, member, optional: false } => {
                path.push(Segment::Member(Arc::clone(member)));
                node = expr.ast().node(*base);
            }
            _ => return None,
        }
    }
}

/// The bytes of all strings of a template that hold an expression.
fn expression_bytes(template: &Value) -> usize {
    // A document nests no deeper than its limit, so that recursion is safe.
    match template {
        Value::String(text) if has_mark(text) => text.len(),
        Value::Array(items) => items.iter().map(expression_bytes).sum(),
        Value::Object(members) => members.values().map(expression_bytes).sum(),
        _ => 0,
    }
}

fn replace(pointer: &str, text: String) -> Vec<PatchOp> {
    vec![PatchOp::Replace { path: pointer.to_owned(), value: text.into() }]
}
