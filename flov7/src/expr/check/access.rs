//! Roots, steps, variables, members and positions.

use std::sync::Arc;

use super::env::{Key, StepType, TypeEnv};
use super::found::{Edit, ExprFinding};
use super::narrow::path_of;
use super::walk::{Checker, Seen};
use crate::expr::ast::{ExprKind, NodeId, RootName, VarId};
use crate::expr::names::{ROOTS, is_reserved};
use crate::finding::{Code, ResidualKind, Severity, nearest, slip};
use crate::planted::{Bug, planted};
use crate::types::{Kind, Kinds, MemberLookup, Segment, Type, Usage};

impl Checker<'_> {
    pub(super) fn reference(&mut self, env: &TypeEnv, id: NodeId, name: &RootName, optional: bool) -> Seen {
        match self.referred(env, id, name) {
            Some(StepType::Done(ty)) if optional => Seen::of(Type::optional(ty), 0),
            Some(StepType::MaybeAbsent(ty)) if optional => Seen::of(Type::optional(ty), 0),
            Some(StepType::MaybeAbsent(ty)) => {
                let shown = name.text();
                let message =
                    format!("`{shown}` may not be there: the step may be skipped, or fail and go on");
                let id_of = shown.strip_prefix("steps.").unwrap_or(&shown);
                let help = format!("ask `has({shown})` first, or read `steps.?{id_of}.orValue(…)`");
                self.find(ExprFinding::new(Code::MAYBE_ABSENT, self.span(id), message).help(help));
                self.held(ty, id)
            }
            Some(StepType::Done(ty)) => self.held(ty, id),
            Some(StepType::NotOrdered | StepType::NoValue) | None => Seen::unclear(0),
        }
    }

    fn held(&self, ty: Type, id: NodeId) -> Seen {
        Seen { path: Some(id), ..Seen::of(ty, 0).declared(true) }
    }

    /// What a name stands for here; findings where it stands for nothing.
    fn referred(&mut self, env: &TypeEnv, id: NodeId, name: &RootName) -> Option<StepType> {
        let span = self.span(id);
        match name {
            RootName::Root(root) => {
                let found = env.name(name).cloned();
                if found.is_none() {
                    self.find(unknown_root(env, root, span));
                }
                found
            }
            RootName::Step(step) => {
                let found = env.name(name).cloned();
                let found = found.or_else(|| env.knows(step).then_some(StepType::NotOrdered));
                match &found {
                    Some(StepType::NotOrdered) => {
                        let message = format!("`steps.{step}` is not surely over when this is read");
                        let mut finding = ExprFinding::new(Code::NOT_ORDERED, span, message)
                            .help(format!("add \"{step}\" to \"after\", or move this step behind it"));
                        finding.step = Some((&**step).into());
                        self.find(finding);
                    }
                    Some(StepType::NoValue) => {
                        let message = format!("the step `{step}` has no value");
                        let mut finding = ExprFinding::new(Code::NO_VALUE, span, message)
                            .help("filters and `core.fail` give nothing: read another step");
                        finding.step = Some((&**step).into());
                        self.find(finding);
                    }
                    Some(StepType::Done(_) | StepType::MaybeAbsent(_)) => {}
                    None => {
                        let ids = env.steps();
                        let near = nearest(step, ids.iter().map(String::as_str));
                        let message = format!("there is no step `{step}`");
                        self.find(ExprFinding::new(Code::UNKNOWN_STEP, span, message).near(near));
                    }
                }
                found
            }
        }
    }

    pub(super) fn variable(&mut self, env: &TypeEnv, variable: VarId, id: NodeId) -> Seen {
        let source = self.sources.get(&variable).cloned().unwrap_or_default();
        if let Some(origin) = source.origin {
            let range = Seen { origin: Some(origin), ..Seen::unclear(0) };
            if source.whole {
                return range;
            }
            return self.read_on(&range, Segment::Index(0), id, 0);
        }
        match env.get(&Key::Variable(variable)) {
            Some(StepType::Done(ty) | StepType::MaybeAbsent(ty)) => {
                Seen { path: Some(id), ..Seen::of(ty.clone(), 0).declared(source.declared) }
            }
            // The range is unclear, and so is what it holds.
            _ => Seen::unclear(0),
        }
    }

    pub(super) fn select(
        &mut self,
        env: &TypeEnv,
        id: NodeId,
        base_id: NodeId,
        name: &Arc<str>,
        optional: bool,
    ) -> Seen {
        let base = self.node(env, base_id);
        // Most often it is a member that is surely there, and nothing need be said.
        if !optional
            && !base.unclear
            && let Some(ty) = base.ty.sure_member(name)
        {
            let ty = ty.clone();
            return Seen { path: base.path.map(|_| id), ..Seen::of(ty, base.steps).declared(base.declared) };
        }
        let segment = Segment::Member(Arc::clone(name));
        if base.unclear {
            return self.read_on(&base, segment, id, base.steps);
        }
        if let Some(inner) = base.ty.optional_inner() {
            // Once optional, the rest of a path is.
            if !self.only_optional(&base, base_id) {
                return Seen::unclear(base.steps);
            }
            if inner.is_never() {
                // It is always empty, and so is the rest of the path.
                return Seen::of(base.ty, base.steps);
            }
            let inner = Seen { path: None, ..Seen::of(inner, base.steps) };
            let found = self.member(&inner, id, base_id, name, true);
            return match found {
                Some(ty) => Seen::of(flattened(ty), base.steps),
                None => Seen::unclear(base.steps),
            };
        }
        if base.ty.is_untyped() {
            let usage = Usage { path: vec![segment], wanted: Kinds::NONE, guarded: optional };
            return self.untyped_member(&base, id, base_id, name, usage);
        }
        let before = self.untyped.len();
        match self.member(&base, id, base_id, name, optional) {
            Some(ty) if optional => Seen::of(flattened(ty), base.steps),
            Some(ty) => {
                Seen { path: base.path.map(|_| id), ..Seen::of(ty, base.steps).declared(base.declared) }
            }
            None => {
                let origin = (self.untyped.len() > before).then_some(before);
                Seen { origin, ..Seen::unclear(base.steps) }
            }
        }
    }

    fn untyped_member(&mut self, base: &Seen, id: NodeId, base_id: NodeId, name: &str, usage: Usage) -> Seen {
        let message = format!(
            "nothing says what {} looks like, so `{name}` cannot be read from it",
            self.show(base_id)
        );
        let finding = ExprFinding::new(Code::UNTYPED_READ, self.span(id), message);
        let origin = self.untyped_read(base, id, finding, usage);
        Seen { origin, ..Seen::unclear(base.steps) }
    }

    /// Whether an optional is nothing else besides.
    fn only_optional(&mut self, base: &Seen, base_id: NodeId) -> bool {
        let plain = base.ty.kinds();
        if plain.is_empty() {
            return true;
        }
        let message = format!("{} is sometimes an optional and sometimes a value", self.show(base_id));
        let help = "make both sides optionals, with `optional.of(…)` around the value";
        self.find(ExprFinding::new(Code::WRONG_TYPE, self.span(base_id), message).help(help));
        false
    }

    /// The type of a member of a typed value. With `optional` it may be absent, and the type is that inside.
    fn member(
        &mut self,
        base: &Seen,
        id: NodeId,
        base_id: NodeId,
        name: &Arc<str>,
        optional: bool,
    ) -> Option<Type> {
        let ty = if base.ty.is_untyped() {
            let usage = Usage {
                path: vec![Segment::Member(Arc::clone(name))],
                wanted: Kinds::NONE,
                guarded: optional,
            };
            self.untyped_member(base, id, base_id, name, usage);
            return None;
        } else {
            let before = self.found();
            // Most often it is one, and nothing need be said.
            let own = if base.is_surely(Kinds::only(Kind::Map)) {
                Some(base.ty.clone())
            } else {
                self.want(base, base_id, Kinds::only(Kind::Map), &format!("an object with `{name}`"))
            };
            if matches!(&**name, "length" | "size" | "count")
                && base.ty.kinds().within(Kinds::only(Kind::Text).and(Kind::List))
            {
                let help = format!("write `size({})`", self.text(base_id));
                if let (true, Some(finding)) = (self.found() > before, self.last_found()) {
                    finding.help = Some(help);
                }
            }
            own?
        };
        let found = match ty.member(name) {
            MemberLookup::Required(ty) => ty,
            MemberLookup::Optional(ty) => {
                if !optional {
                    self.may_be_absent(id, base_id, name);
                }
                ty
            }
            MemberLookup::Undeclared | MemberLookup::Shapeless if optional => Type::untyped(),
            MemberLookup::Shapeless => {
                let usage = Usage {
                    path: vec![Segment::Member(Arc::clone(name))],
                    wanted: Kinds::NONE,
                    guarded: false,
                };
                self.untyped_member(base, id, base_id, name, usage);
                return None;
            }
            MemberLookup::Undeclared => {
                let help = "declare it in the schema; where it need not be there, ask `has(…)` first";
                self.no_such_member(&ty, id, base_id, name, Severity::Error, help);
                return None;
            }
            MemberLookup::Missing if !optional && self.was_ruled_out(base_id, name) => {
                self.may_be_absent(id, base_id, name);
                if let Some(finding) = self.last_found() {
                    finding.message.push_str(": a condition around this says that it is not there");
                }
                return None;
            }
            MemberLookup::Missing => {
                let severity = if optional { Severity::Warning } else { Severity::Error };
                self.no_such_member(&ty, id, base_id, name, severity, "the schema allows no other members");
                if !optional {
                    return None;
                }
                Type::never()
            }
        };
        Some(if optional { Type::optional(found) } else { found })
    }

    /// Whether a member that is not there is one that the schema knows: a question in this very expression has ruled it
    /// out.
    fn was_ruled_out(&mut self, base: NodeId, name: &str) -> bool {
        let Some(declared) = self.declared_env().cloned() else { return false };
        let seen = self.aside(|checker| checker.node(&declared, base));
        matches!(seen.ty.member(name), MemberLookup::Optional(_))
    }

    fn no_such_member(
        &mut self,
        ty: &Type,
        id: NodeId,
        base: NodeId,
        name: &str,
        severity: Severity,
        help: &str,
    ) {
        let names = ty.member_names();
        let near = nearest(name, names.iter().map(AsRef::as_ref));
        let shown: Vec<String> = names.iter().take(6).map(|name| format!("`{name}`")).collect();
        let more = if names.len() > 6 { ", …" } else { "" };
        let has = if shown.is_empty() {
            "it has none".to_owned()
        } else {
            format!("it has {}{more}", shown.join(", "))
        };
        let message = format!("{} declares no member `{name}`; {has}", self.show(base));
        let mut finding = ExprFinding::new(Code::NO_SUCH_MEMBER, self.span(id), message).severity(severity);
        if near.is_empty() {
            finding = finding.help(help);
        }
        if let Some(meant) = slip(name, names.iter().map(AsRef::as_ref))
            && is_plain(&meant)
        {
            finding = finding.edit(Edit::ending(self.span(id), name, meant));
        }
        self.find(finding.near(near));
    }

    fn may_be_absent(&mut self, id: NodeId, base: NodeId, name: &str) {
        let (whole, base) = (self.text(id), self.text(base));
        let message = format!("{} may not be there", self.show(id));
        let optional = if is_plain(name) { format!("{base}.?{name}") } else { whole.clone() };
        let help = if optional == whole {
            format!("ask `has({whole})` first")
        } else {
            format!("ask `has({whole})` first, or read `{optional}.orValue(…)`")
        };
        self.find(ExprFinding::new(Code::MAYBE_ABSENT, self.span(id), message).help(help));
    }

    pub(super) fn has(&mut self, env: &TypeEnv, id: NodeId, operand: NodeId) -> Seen {
        let ast = self.ast;
        match &ast.node(operand).kind {
            ExprKind::Reference { reference, .. } => {
                let name = ast.reference(*reference).name();
                match self.referred(env, operand, name) {
                    Some(StepType::Done(_)) => self.always(id, true, Severity::Hint),
                    Some(_) => Seen::of(Type::boolean(), 1),
                    None => Seen::of(Type::boolean(), 1),
                }
            }
            ExprKind::Select { base: base_id, member, .. } => {
                let before = self.found();
                let base = self.node(env, *base_id);
                // Whether what holds the member is there has to be asked too, and before.
                let around = Edit::Around {
                    span: self.span(id),
                    before: format!("(has({}) && ", self.text(*base_id)),
                    after: ")",
                };
                self.mend_absent(before, *base_id, around);
                let mut seen = self.asked(&base, id, operand, *base_id, member);
                seen.steps = base.steps.saturating_add(1);
                seen
            }
            _ => Seen::unclear(1),
        }
    }

    /// `has` of a member of something.
    fn asked(&mut self, base: &Seen, id: NodeId, operand: NodeId, base_id: NodeId, name: &Arc<str>) -> Seen {
        let segment = Segment::Member(Arc::clone(name));
        let usage = Usage { path: vec![segment.clone()], wanted: Kinds::NONE, guarded: true };
        if base.unclear {
            let read = self.read_on(base, segment, operand, 0);
            if let Some(read) = read.origin.and_then(|origin| self.untyped.get_mut(origin)) {
                read.usage.guarded = true;
            }
            return Seen::of(Type::boolean(), 0);
        }
        let mut optional = false;
        let mut inner = base.clone();
        while let Some(within) = inner.ty.optional_inner() {
            if !self.only_optional(&inner, base_id) {
                return Seen::of(Type::boolean(), 0);
            }
            optional = true;
            inner = Seen::of(within, 0);
        }
        if inner.ty.is_untyped() {
            self.untyped_member(&inner, operand, base_id, name, usage);
            return Seen::of(Type::boolean(), 0);
        }
        let wanted = format!("an object that may have `{name}`");
        let Some(ty) = self.want(&inner, base_id, Kinds::only(Kind::Map), &wanted) else {
            return Seen::of(Type::boolean(), 0);
        };
        match ty.member(name) {
            MemberLookup::Required(_) if !optional => self.always(id, true, Severity::Hint),
            MemberLookup::Missing => self.always(id, false, Severity::Warning),
            _ => Seen::of(Type::boolean(), 0),
        }
    }

    /// A question whose answer is known.
    pub(super) fn always(&mut self, id: NodeId, answer: bool, severity: Severity) -> Seen {
        let message = format!("{} is always {answer}", self.show(id));
        self.find(ExprFinding::new(Code::CONSTANT_CONDITION, self.span(id), message).severity(severity));
        Seen::of(Type::of_value(&answer.into()), 0)
    }

    pub(super) fn index(
        &mut self,
        env: &TypeEnv,
        id: NodeId,
        base_id: NodeId,
        key_id: NodeId,
        optional: bool,
    ) -> Seen {
        let base = self.node(env, base_id);
        let key = self.node(env, key_id);
        let steps = base.steps.saturating_add(key.steps);
        let constant = self.literal(key_id).and_then(|key| key.as_u64());
        if base.unclear {
            return match constant {
                Some(index) => self.read_on(&base, Segment::Index(index), id, steps),
                None => Seen::unclear(steps),
            };
        }
        let (inner, inside) = match base.ty.optional_inner() {
            Some(inner) if inner.is_never() && base.ty.kinds().is_empty() => return Seen::of(base.ty, steps),
            Some(inner) if self.only_optional(&base, base_id) => (Seen::of(inner, 0), true),
            Some(_) => return Seen::unclear(steps),
            None => (base.clone(), false),
        };
        if inner.ty.is_untyped() {
            let path: Vec<Segment> = constant.map(Segment::Index).into_iter().collect();
            let wanted = if path.is_empty() { Kinds::only(Kind::List).and(Kind::Map) } else { Kinds::NONE };
            let message =
                format!("nothing says what {} looks like, so it cannot be read by a key", self.show(base_id));
            let finding = ExprFinding::new(Code::UNTYPED_READ, self.span(id), message);
            let usage = Usage { path, wanted, guarded: optional };
            let origin = self.untyped_read(&inner, id, finding, usage);
            return Seen { origin, ..Seen::unclear(steps) };
        }
        let both = Kinds::only(Kind::List).and(Kind::Map);
        let Some(ty) = self.want(&inner, base_id, both, "a list or an object") else {
            return Seen::unclear(steps);
        };
        let optional = optional || inside;
        let found = if ty.is_only(Kind::List) {
            self.position(&ty, id, &key, key_id, optional)
        } else if ty.is_only(Kind::Map) {
            self.keyed(&ty, id, (&base, base_id), (&key, key_id), optional)
        } else {
            let message =
                format!("{} may be a list or an object: they are read by different keys", self.show(base_id));
            let help = format!("ask first: `type({}) == \"list\"`", self.text(base_id));
            self.find(ExprFinding::new(Code::WRONG_TYPE, self.span(base_id), message).help(help));
            None
        };
        let Some(found) = found else { return Seen::unclear(steps) };
        if optional {
            return Seen::of(flattened(Type::optional(found)), steps);
        }
        let path = base.path.filter(|_| constant.is_some()).map(|_| id);
        // By a key that is computed it is one of several, of which the type is only an upper bound.
        let declared = base.declared && constant.is_some();
        Seen { path, ..Seen::of(found, steps).declared(declared) }
    }

    fn position(
        &mut self,
        ty: &Type,
        id: NodeId,
        key: &Seen,
        key_id: NodeId,
        optional: bool,
    ) -> Option<Type> {
        let at = self.want_number(key, key_id)?.numbers()?;
        let (least, most) = ty.item_count()?;
        let (low, high) = at.whole_ends();
        let beyond = |end: i128| most.is_some_and(|most| end >= i128::from(most));
        // Of a fraction that is known there is no whole number in between.
        let fraction = low.zip(high).is_some_and(|(low, high)| low > high);
        if fraction || low.is_some_and(beyond) || high.is_some_and(|high| high < 0) {
            if optional {
                return Some(Type::never());
            }
            let message = format!("{} is no position of this list", self.show(key_id));
            let help = match most {
                Some(0) => "it is always empty".to_owned(),
                Some(most) => format!("its positions are 0 to {}", most - 1),
                None => "positions count from 0".to_owned(),
            };
            self.find(ExprFinding::new(Code::WRONG_ARGUMENTS, self.span(key_id), message).help(help));
            return None;
        }
        let inside = at.is_index()
            && low.is_some_and(|low| low >= 0)
            && high.is_some_and(|high| high < i128::from(least));
        if !inside && !optional && !planted(Bug::IndexNotListed) {
            self.residual(ResidualKind::Index, id);
        }
        Some(match (low, high) {
            (Some(low), Some(high)) if low == high && at.integer => {
                u64::try_from(low).map_or_else(|_| Type::never(), |at| ty.item(at))
            }
            _ => ty.element()?,
        })
    }

    fn keyed(
        &mut self,
        ty: &Type,
        id: NodeId,
        base: (&Seen, NodeId),
        key: (&Seen, NodeId),
        optional: bool,
    ) -> Option<Type> {
        let key_type = self.want_string(key.0, key.1)?;
        if let Some(names) = key_type.text_values() {
            let mut all = Type::never();
            let mut sure = true;
            for name in &names {
                match ty.member(name) {
                    MemberLookup::Required(ty) => all = all.union(&ty),
                    MemberLookup::Optional(ty) => {
                        sure = false;
                        all = all.union(&ty);
                    }
                    MemberLookup::Undeclared | MemberLookup::Shapeless => {
                        sure = false;
                        all = Type::untyped();
                    }
                    MemberLookup::Missing => sure = false,
                }
            }
            if !sure && !optional {
                self.residual(ResidualKind::Key, id);
            }
            return Some(all);
        }
        if !optional && !self.walks_keys(base.0, key.1) {
            self.residual(ResidualKind::Key, id);
        }
        Some(ty.any_member())
    }

    /// Whether the key is the variable of a macro that walks the keys of this very object: `m.map(k, m[k])`.
    fn walks_keys(&self, base: &Seen, key: NodeId) -> bool {
        let ExprKind::Variable(variable) = &self.ast.node(key).kind else { return false };
        let source = self.sources.get(variable).filter(|source| !source.whole);
        let path = |id: Option<NodeId>| path_of(self.ast, id?);
        let (Some(path), Some(source)) = (path(base.path), path(source.and_then(|source| source.path)))
        else {
            return false;
        };
        path.root == source.root && path.segments == source.segments
    }
}

/// Whether the name can be written behind a dot.
fn is_plain(name: &str) -> bool {
    let mut letters = name.chars();
    letters.next().is_some_and(|first| first == '_' || first.is_ascii_alphabetic())
        && letters.all(|letter| letter == '_' || letter.is_ascii_alphanumeric())
        && !is_reserved(name)
}

/// An optional of an optional is one.
fn flattened(ty: Type) -> Type {
    match ty.optional_inner() {
        Some(inner) if inner.optional_inner().is_some() => inner,
        _ => ty,
    }
}

fn unknown_root(env: &TypeEnv, root: &str, span: crate::expr::Span) -> ExprFinding {
    let roots = env.roots();
    let finding = |message: String| ExprFinding::new(Code::UNKNOWN_ROOT, span, message);
    if ROOTS.contains(&root) {
        let place = match root {
            "item" | "index" => "inside `for_each` only (`index` also inside `loop`)",
            "state" => "inside `loop` only",
            "error" => "inside `on_error` only",
            "trigger" => "inside a trigger only; steps read `input` and `execution.trigger`",
            _ => "elsewhere",
        };
        return finding(format!("`{root}` is there {place}"));
    }
    if env.step(root).is_some() {
        let finding = finding(format!("`{root}` is a step, and is read as `steps.{root}`"));
        return finding
            .edit(Edit::ending(span, root, format!("steps.{root}")))
            .help(format!("write `steps.{root}`"));
    }
    let mut names = roots;
    names.extend(["steps".to_owned(), "now".to_owned()]);
    let near = nearest(root, names.iter().map(String::as_str));
    let all: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    let found = finding(format!("there is no `{root}` here; expressions can read {}", all.join(", ")));
    if near.is_empty()
        && env.root("input").is_some_and(|input| input.member_names().iter().any(|name| &**name == root))
    {
        return found
            .edit(Edit::ending(span, root, format!("input.{root}")))
            .help(format!("write `input.{root}`"));
    }
    found.near(near)
}
