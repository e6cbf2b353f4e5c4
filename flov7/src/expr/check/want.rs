//! Holding a value against what its place can work with.

use super::convert::conversion;
use super::env::Key;
use super::found::{Edit, ExprFinding, UntypedRead};
use super::narrow::path_of;
use super::walk::{Checker, Path, Place, Seen};
use crate::expr::RootName;
use crate::expr::ast::NodeId;
use crate::finding::Code;
use crate::types::{Kind, Kinds, Segment, Type, Usage, constant};

impl Checker<'_> {
    /// The part of the type that a place can work with, or nothing if that is unclear. `wanted` says it in a
    /// sentence, as "a number".
    pub(super) fn want(&mut self, seen: &Seen, id: NodeId, kinds: Kinds, wanted: &str) -> Option<Type> {
        if seen.unclear {
            self.learn(seen, kinds);
            return None;
        }
        if seen.ty.is_untyped() {
            self.untyped_value(seen, id, kinds, wanted);
            return None;
        }
        let own = seen.ty.kinds();
        if seen.ty.optional_inner().is_some() {
            self.still_optional(id);
            return None;
        }
        let bad = own.without(kinds);
        if bad.is_empty() {
            // A type without any value: what stands here is never reached.
            self.met_nothing |= own.is_empty();
            return (!own.is_empty()).then(|| seen.ty.clone());
        }
        let good = seen.ty.only_kinds(kinds);
        let finding = if bad == Kinds::only(Kind::Null) && !own.common(kinds).is_empty() {
            let shown = self.show(id);
            ExprFinding::new(
                Code::MAYBE_NULL,
                self.span(id),
                format!("{shown} may be null, wanted is {wanted}"),
            )
            .help(format!("ask first: `{0} != null ? … : …`", self.text(id)))
        } else {
            self.wrong_type(&seen.ty, id, bad, kinds, wanted)
        };
        self.find(finding);
        (!own.common(kinds).is_empty()).then_some(good)
    }

    /// True or false.
    pub(super) fn want_bool(&mut self, seen: &Seen, id: NodeId) -> Option<Type> {
        self.want(seen, id, Kinds::only(Kind::Bool), "true or false")
    }

    pub(super) fn want_number(&mut self, seen: &Seen, id: NodeId) -> Option<Type> {
        self.want(seen, id, Kinds::only(Kind::Number), "a number")
    }

    pub(super) fn want_string(&mut self, seen: &Seen, id: NodeId) -> Option<Type> {
        self.want(seen, id, Kinds::only(Kind::Text), "text")
    }

    pub(super) fn want_list(&mut self, seen: &Seen, id: NodeId) -> Option<Type> {
        self.want(seen, id, Kinds::only(Kind::List), "a list")
    }

    /// What has a text inside other text. Gives the type of that text.
    pub(super) fn want_text(&mut self, seen: &Seen, id: NodeId) -> Option<Type> {
        let times = Kinds::only(Kind::Timestamp).and(Kind::Duration);
        let kinds = Kinds::only(Kind::Text).and(Kind::Number).and(Kind::Bool).union(times);
        let own = seen.ty.kinds();
        let nothing_else = !seen.unclear && !seen.ty.is_untyped() && seen.ty.optional_inner().is_none();
        if nothing_else && own.common(kinds).is_empty() && !own.is_empty() {
            let shown = self.show(id);
            let message = format!("{shown} is {}: it has no text", seen.ty);
            let help = match own {
                own if own == Kinds::only(Kind::Null) => {
                    "null has no text: leave it out, or say what to write instead"
                }
                _ => "choose a member of it, or write it as JSON with `toJson(…)`",
            };
            self.find(ExprFinding::new(Code::NOT_TEXT, self.span(id), message).help(help));
            return None;
        }
        let bad = own.without(kinds);
        if nothing_else && !bad.is_empty() && bad != Kinds::only(Kind::Null) {
            let message = format!("{} may be {}: that has no text", self.show(id), seen.ty.only_kinds(bad));
            self.find(
                ExprFinding::new(Code::NOT_TEXT, self.span(id), message).help("write it with `toJson(…)`"),
            );
            return None;
        }
        let ty = self.want(seen, id, kinds, "something with a text")?;
        Some(text_of(&ty))
    }

    /// What the result of an expression can be once it has left.
    pub(super) fn leave(&mut self, seen: &mut Seen, id: NodeId, place: Place) {
        if seen.unclear {
            return;
        }
        if let Some(inner) = seen.ty.optional_inner() {
            if place != Place::Member {
                self.still_optional(id);
                (seen.ty, seen.unclear) = (Type::untyped(), true);
                return;
            }
            seen.ty = Type::optional(inner.leaving()).union(&seen.ty.only_kinds(seen.ty.kinds()).leaving());
        } else {
            seen.ty = seen.ty.leaving();
        }
        if seen.ty.holds_optional() {
            let message = format!("{} holds an optional, which cannot leave an expression", self.show(id));
            self.find(
                ExprFinding::new(Code::WRONG_TYPE, self.span(id), message).help(
                    "write `?` before the entry, so that an empty one is left out, or give it a default",
                ),
            );
            (seen.ty, seen.unclear) = (Type::untyped(), true);
        }
    }

    pub(super) fn still_optional(&mut self, id: NodeId) {
        let message = format!("{} is an optional: it may be empty", self.show(id));
        let help = format!("say what to use instead: `{}.orValue(…)`", self.text(id));
        self.find(ExprFinding::new(Code::MAYBE_ABSENT, self.span(id), message).help(help));
    }

    pub(super) fn wrong_type(
        &self,
        ty: &Type,
        id: NodeId,
        bad: Kinds,
        kinds: Kinds,
        wanted: &str,
    ) -> ExprFinding {
        let certain = ty.kinds().common(kinds).is_empty();
        let shown = self.show(id);
        let message = if certain {
            format!("{shown} is {} here, wanted is {wanted}", self.kind_of(ty, id))
        } else {
            format!("{shown} may be {} here, wanted is {wanted}", ty.only_kinds(bad))
        };
        let finding = ExprFinding::new(Code::WRONG_TYPE, self.span(id), message);
        let printed = Kinds::only(Kind::Number).and(Kind::Bool);
        let edit = (certain && kinds == Kinds::only(Kind::Text) && ty.kinds().within(printed))
            .then(|| Edit::Around { span: self.span(id), before: "string(".to_owned(), after: ")" });
        let finding = ExprFinding { edit, ..finding };
        if certain {
            return finding.help(conversion(bad, kinds, &self.text(id), wanted));
        }
        let kind = kinds.common(ty.kinds()).iter().next().map_or("number", Kind::name);
        finding.help(format!("ask first: `type({}) == \"{kind}\"`", self.text(id)))
    }

    /// A type in words; that of a literal without repeating the literal.
    pub(super) fn kind_of(&self, ty: &Type, id: NodeId) -> Type {
        if self.literal(id).is_some() { ty.widen_literals() } else { ty.clone() }
    }

    // ---- untyped values

    /// Remembers what kinds an untyped read is used as.
    fn learn(&mut self, seen: &Seen, kinds: Kinds) {
        if let Some(read) = seen.origin.and_then(|origin| self.untyped.get_mut(origin)) {
            let wanted = kinds.common(Kinds::JSON);
            if read.usage.wanted.is_empty() {
                read.usage.wanted = wanted;
            }
        }
    }

    fn untyped_value(&mut self, seen: &Seen, id: NodeId, kinds: Kinds, wanted: &str) {
        let message = format!("nothing says what {} is, and wanted is {wanted}", self.show(id));
        let finding = ExprFinding::new(Code::UNTYPED_READ, self.span(id), message);
        let wanted = kinds.common(Kinds::JSON);
        self.untyped_read(seen, id, finding, Usage { path: Vec::new(), wanted, guarded: false });
    }

    /// Notes a read from an untyped value, and says how to give it a type. The read's number, where its way from a
    /// root is known.
    pub(super) fn untyped_read(
        &mut self,
        base: &Seen,
        id: NodeId,
        finding: ExprFinding,
        usage: Usage,
    ) -> Option<usize> {
        let source = base.path.and_then(|id| self.path_from_root(&path_of(self.ast, id)?));
        let help = match source.as_ref().map(|(root, _)| root) {
            Some(RootName::Step(step)) => {
                format!("say with \"expect\" in the step `{step}` what it looks like")
            }
            Some(RootName::Root(root)) if &**root == "input" => {
                "describe it in the schema under \"input\"".to_owned()
            }
            Some(RootName::Root(root)) if &**root == "trigger" => {
                "say with \"expect\" in the trigger what it looks like".to_owned()
            }
            _ => "describe it in the schema that it comes from".to_owned(),
        };
        self.find(finding.help(help));
        let (root, at) = source?;
        self.untyped.push(UntypedRead { root, at, usage, span: self.span(id) });
        Some(self.untyped.len() - 1)
    }

    /// A path from a root or step, through the ranges of macros.
    pub(super) fn path_from_root(&self, path: &Path) -> Option<(RootName, Vec<Segment>)> {
        let mut segments = path.segments.clone();
        let mut root = path.root.clone();
        // Each step leads to the range of a macro further out, of which there are four at most.
        loop {
            match root {
                Key::Name(name) => return Some((name, segments)),
                Key::Variable(variable) => {
                    let origin = self.sources.get(&variable)?;
                    let source = path_of(self.ast, origin.path?)?;
                    let mut longer = source.segments;
                    if !origin.whole {
                        longer.push(Segment::Index(0));
                    }
                    longer.append(&mut segments);
                    (root, segments) = (source.root, longer);
                }
            }
        }
    }

    /// The result of reading on from something that was already found to be untyped.
    pub(super) fn read_on(&mut self, base: &Seen, segment: Segment, id: NodeId, steps: u64) -> Seen {
        let mut seen = Seen::unclear(steps);
        let Some(read) = base.origin.and_then(|origin| self.untyped.get(origin)).cloned() else {
            return seen;
        };
        let mut longer = read;
        longer.usage.path.push(segment);
        longer.usage.wanted = Kinds::NONE;
        longer.span = self.span(id);
        self.untyped.push(longer);
        seen.origin = Some(self.untyped.len() - 1);
        seen
    }
}

/// The type of the text that a value has inside other text.
pub(super) fn text_of(ty: &Type) -> Type {
    let kinds = ty.kinds();
    let mut text = ty.only_kinds(Kinds::only(Kind::Text));
    if kinds.has(Kind::Number) {
        let values = ty.only_kinds(Kinds::only(Kind::Number)).only_value();
        text = text.union(&match values {
            Some(serde_json::Value::Number(number)) => {
                Type::texts([crate::json::number_text(&number).as_str()])
            }
            _ => constant!(Type::text_of(1, Some(26))),
        });
    }
    if kinds.has(Kind::Bool) {
        text = text.union(&constant!(Type::texts(["true", "false"])));
    }
    if kinds.has(Kind::Timestamp) || kinds.has(Kind::Duration) {
        text = text.union(&constant!(Type::text_of(1, Some(40))));
    }
    text
}
