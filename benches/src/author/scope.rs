//! What expressions may read at a place, and what must be asked first.

use std::rc::Rc;

use super::literal::text_literal;
use crate::dice::Dice;
use crate::ty::{Range, Rest, Ty};

/// The most reads that one name gives.
const MOST_READS: usize = 40;

/// Something that can be read.
#[derive(Clone, Debug)]
pub(super) struct Read {
    /// The expression: `steps.s3.total`.
    pub(super) path: String,
    pub(super) ty: Ty,
    /// Whether flov7 knows no more than an upper bound of it.
    pub(super) computed: bool,
    /// Whether it comes from what was written in the document, and not from a schema: of a list, each place may then
    /// have a type of its own.
    pub(super) made: bool,
    /// Whether a further condition holds for it: not every value of its type can come, and what is asked of it may leave
    /// none.
    pub(super) such: bool,
    /// Questions that must all have been answered yes, the outermost first.
    pub(super) guard: Vec<String>,
}

impl Read {
    /// Whether it can be read as it is, and may be all that its type says.
    pub(super) fn is_described(&self) -> bool {
        self.guard.is_empty() && !self.made && !self.computed && !self.such
    }

    /// The guard as one condition.
    pub(super) fn asks(&self) -> String {
        self.guard.join(" && ")
    }
}

/// What the answer of a question says.
#[derive(Clone, Debug)]
pub(super) enum Fact {
    /// These questions are all answered yes.
    Learn(Vec<String>),
    /// These questions are not all answered yes.
    Deny(Vec<String>),
    /// What stands at a path is of a smaller type.
    Refine(String, Ty),
}

/// Everything that can be read. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope(Vec<Rc<Read>>);

impl Scope {
    /// One more name that a schema describes, with everything inside of it.
    pub(super) fn add(&mut self, path: &str, ty: &Ty, computed: bool, guard: &[String]) {
        self.add_all(Read {
            path: path.to_owned(),
            ty: ty.clone(),
            computed,
            made: false,
            such: false,
            guard: guard.to_vec(),
        });
    }

    /// One more name of what was written in the document.
    pub(super) fn add_made(&mut self, path: &str, ty: &Ty, computed: bool, guard: &[String]) {
        self.add_all(Read {
            path: path.to_owned(),
            ty: ty.clone(),
            computed,
            made: true,
            such: false,
            guard: guard.to_vec(),
        });
    }

    fn add_all(&mut self, read: Read) {
        let before = self.0.len();
        self.spread(read, before, 3);
    }

    fn spread(&mut self, read: Read, before: usize, levels: u32) {
        if self.0.len() - before >= MOST_READS {
            return;
        }
        let Read { path, ty, computed, made, such, guard } = read.clone();
        self.0.push(Rc::new(read));
        if levels == 0 {
            return;
        }
        let mut below = |path: String, ty: &Ty, ask: Option<String>| {
            let guard = guard.iter().cloned().chain(ask).collect();
            self.spread(Read { path, ty: ty.clone(), computed, made, such, guard }, before, levels - 1);
        };
        match &ty {
            Ty::Object(object) => {
                for member in &object.members {
                    // An object that was written here or there is one of a few, and what is there says which: only
                    // members that say which block ran are asked for.
                    if made && !member.required && !says_what_ran(&member.name) {
                        continue;
                    }
                    let path = select(&path, &member.name);
                    let ask = (!member.required).then(|| format!("has({path})"));
                    below(path, &member.ty, ask);
                }
            }
            Ty::List(list) if made && list.item.kind().is_none_or(is_structure) => {}
            Ty::List(list) if list.max != Some(0) => {
                let ask = (list.min == 0).then(|| format!("size({path}) > 0"));
                below(format!("{path}[0]"), &list.item, ask);
            }
            Ty::Either(of) => {
                let mut rest = of.iter().filter(|ty| **ty != Ty::Null);
                if let (Some(only), None) = (rest.next(), rest.next()) {
                    below(path.clone(), only, Some(format!("{path} != null")));
                } else {
                    for part in of {
                        if let Some(kind) = part.kind() {
                            below(path.clone(), part, Some(format!("type({path}) == \"{kind}\"")));
                        }
                    }
                }
            }
            Ty::Such(inner) => {
                let read = Read { path, ty: inner.of.clone(), computed, made, such: true, guard };
                self.spread(read, before, levels - 1);
            }
            _ => {}
        }
    }

    /// What can be read where these facts hold.
    pub(super) fn with(&self, facts: &[Fact]) -> Scope {
        let mut scope = self.clone();
        for fact in facts {
            match fact {
                Fact::Learn(asks) => scope.learn(asks),
                Fact::Deny(asks) => scope.deny(asks),
                Fact::Refine(path, ty) => scope.refine(path, ty),
            }
        }
        scope
    }

    fn learn(&mut self, facts: &[String]) {
        // What is of one kind is of no other, and the whole that it is part of is a smaller one.
        for fact in facts.iter().filter(|fact| !fact.starts_with("has(") && !fact.starts_with("size(")) {
            let Some(about) = subject(fact) else { continue };
            let other = |ask: &String| ask != fact && subject(ask) == Some(about) && ask.starts_with("type(");
            self.0.retain(|read| !read.guard.iter().any(other));
            self.forget_around(about);
        }
        self.forget_siblings(facts);
        for read in &mut self.0 {
            if read.guard.iter().any(|ask| facts.contains(ask)) {
                let read = Rc::make_mut(read);
                read.guard.retain(|ask| !facts.contains(ask));
            }
        }
    }

    /// Nothing that wants the last of the questions is read.
    fn deny(&mut self, facts: &[String]) {
        let Some(last) = facts.last() else { return };
        let emptied = last.strip_prefix("size(").and_then(|rest| rest.strip_suffix(") > 0"));
        self.0.retain(|read| {
            !read.guard.contains(last) && emptied.is_none_or(|path| !read.path.starts_with(path))
        });
        if let Some(subject) = subject(last) {
            self.forget_around(subject);
        }
        self.forget_siblings(facts);
    }

    /// An object that was written here or there is one of a few: whether one member is there says what others are.
    fn forget_siblings(&mut self, facts: &[String]) {
        for about in facts.iter().filter_map(|fact| subject(fact)) {
            let Some(base) = about.rfind(['.', '[']).map(|end| &about[..end]) else { continue };
            if !self.0.iter().any(|read| read.made && read.path.starts_with(base)) {
                continue;
            }
            let inside = |ask: &String| {
                let rest = subject(ask).and_then(|path| path.strip_prefix(base));
                !facts.contains(ask) && rest.is_some_and(|rest| rest.starts_with(['.', '[']))
            };
            self.0.retain(|read| !read.guard.iter().any(inside));
            let base = base.to_owned();
            self.forget_around(&base);
        }
    }

    /// Without what a path is part of, and without all that it may be itself, of whatever kind.
    fn forget_around(&mut self, path: &str) {
        self.0.retain(|read| {
            let around = path.strip_prefix(&*read.path).is_some_and(|rest| rest.starts_with(['.', '[']));
            let itself = read.path == path && matches!(read.ty, Ty::Either(_));
            !around && !itself
        });
    }

    /// Of two questions about the same number, each says something; where nothing is left, it is not read.
    fn refine(&mut self, path: &str, ty: &Ty) {
        let Ty::Number(new) = ty else { return };
        self.0.retain_mut(|read| {
            let Ty::Number(old) = read.ty else { return true };
            if read.path != path {
                return true;
            }
            // Of the values for which a condition holds the questions may leave none, or one of a few.
            if read.such {
                return false;
            }
            let min = old.min.into_iter().chain(new.min).max();
            let max = old.max.into_iter().chain(new.max).min();
            Rc::make_mut(read).ty = Ty::Number(Range { whole: old.whole, min, max });
            min.zip(max).is_none_or(|(min, max)| min <= max)
        });
    }

    /// Without a name that means something else from here on.
    pub(super) fn forget(&mut self, root: &str) {
        self.0.retain(|read| {
            let rest = read.path.strip_prefix(root);
            !rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
    }

    /// What the other has besides.
    pub(super) fn extend(&mut self, other: &Scope) {
        self.0.extend(other.0.iter().cloned());
    }

    /// The same, each behind one more question.
    pub(super) fn behind(&self, ask: &str) -> Scope {
        let guarded = |read: &Rc<Read>| {
            let mut read = Read::clone(read);
            if !read.guard.iter().any(|own| own == ask) {
                read.guard.insert(0, ask.to_owned());
            }
            Rc::new(read)
        };
        Scope(self.0.iter().map(guarded).collect())
    }

    /// One of those that will do.
    pub(super) fn pick(&self, dice: &mut Dice, will_do: impl Fn(&Read) -> bool) -> Option<Rc<Read>> {
        let mut found: Option<&Rc<Read>> = None;
        let mut seen = 0;
        // The latest are the most interesting: start anywhere, and take one of the first few that fit.
        let start = dice.at(self.0.len().max(1));
        for at in 0..self.0.len() {
            let read = &self.0[(start + at) % self.0.len()];
            if will_do(read) {
                seen += 1;
                if found.is_none() || dice.chance(1, seen) {
                    found = Some(read);
                }
                if seen == 3 {
                    break;
                }
            }
        }
        found.cloned()
    }

    /// A text of which a schema says nothing more: in a run it may be any.
    pub(super) fn any_text(&self, dice: &mut Dice) -> Option<Rc<Read>> {
        self.pick(dice, |read| read.is_described() && read.ty == Ty::text())
    }

    /// A number of which a schema says nothing more.
    pub(super) fn any_number(&self, dice: &mut Dice, whole: bool) -> Option<Rc<Read>> {
        self.pick(dice, |read| {
            read.is_described() && (read.ty == Ty::int() || !whole && read.ty == Ty::num())
        })
    }

    /// What object may have other members than the declared, all of a type.
    pub(super) fn dictionary(&self, dice: &mut Dice) -> Option<Rc<Read>> {
        self.pick(dice, |read| {
            read.guard.is_empty()
                && matches!(&read.ty, Ty::Object(object) if matches!(object.rest, Rest::Of(_)))
        })
    }
}

/// The path that a question is about.
fn subject(ask: &str) -> Option<&str> {
    let inside = ask.split_once('(').and_then(|(_, rest)| rest.split_once(')'));
    inside.map(|(inside, _)| inside).or_else(|| ask.strip_suffix(" != null"))
}

/// The names of cases, branches and collected items.
fn says_what_ran(name: &str) -> bool {
    let numbered = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
    matches!(name, "ok" | "error" | "default")
        || name.strip_prefix(['b', 'c']).is_some_and(|rest| !rest.is_empty() && numbered(rest))
}

fn is_structure(kind: &str) -> bool {
    kind == "list" || kind == "map"
}

/// A member of something.
pub(super) fn select(path: &str, name: &str) -> String {
    let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && name.starts_with(|first: char| first.is_ascii_alphabetic());
    if plain { format!("{path}.{name}") } else { format!("{path}[{}]", text_literal(name)) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ty::Such;

    /// Multiples of five below four are not all numbers below four: nobody may rely on there being a 2 or a 3.
    #[test]
    fn what_a_condition_holds_for_is_not_what_questions_leave_of_its_type() {
        let of = Ty::int();
        let such = Such { of: of.clone(), extra: json!({ "multipleOf": 5 }), example: json!(5) };
        let mut scope = Scope::default();
        scope.add("input.n", &Ty::Such(Box::new(such)), false, &[]);
        let below = Ty::Number(Range { whole: true, min: None, max: Some(3) });
        let scope = scope.with(&[Fact::Refine("input.n".to_owned(), below.clone())]);
        let types: Vec<_> = scope.0.iter().map(|read| read.ty.kind()).collect();
        assert_eq!(types, [Some("number")], "what the condition holds for is still read, as such");
        assert!(matches!(scope.0[0].ty, Ty::Such(_)));
    }
}
