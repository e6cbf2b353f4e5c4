//! Expressions that are true or false, and what asking them teaches.

use std::rc::Rc;

use super::scope::{Fact, Read, Scope};
use super::{Author, E};
use crate::ty::{Range, Ty};

/// A question, and what is known behind its answers.
pub(super) struct Question {
    pub(super) text: String,
    pub(super) yes: Vec<Fact>,
    pub(super) no: Vec<Fact>,
}

impl Author {
    /// True or false.
    pub(super) fn truth(&mut self, s: &Scope, d: u32) -> E {
        if d == 0 {
            let read = s.pick(&mut self.dice, |read| read.guard.is_empty() && read.ty == Ty::Bool);
            return match read {
                Some(read) => E { text: read.path.clone(), ty: Ty::Bool, computed: read.computed },
                None => {
                    self.count("comparison");
                    let (a, b) = (self.number(s, false, 0).text, self.dice.roll(5));
                    E::computed(format!("({a} > {b})"), Ty::Bool)
                }
            };
        }
        let e = match self.dice.roll(20) {
            0..=2 => {
                self.count("comparison");
                let op = *self.dice.one(&["<", "<=", ">", ">="]);
                let (a, b) = match self.dice.roll(5) {
                    0 => (self.text(s, d - 1).text, self.text(s, d - 1).text),
                    1 => (self.time(s, d - 1), self.time(s, d - 1)),
                    2 => (self.truth(s, d - 1).text, self.truth(s, d - 1).text),
                    3 => (self.span(s, d - 1), self.span(s, d - 1)),
                    _ => (self.number(s, false, d - 1).text, self.number(s, false, d - 1).text),
                };
                format!("{a} {op} {b}")
            }
            3 | 4 => {
                self.count("equality");
                let op = *self.dice.one(&["==", "!="]);
                format!("{} {op} {}", self.anything(s, d - 1), self.anything(s, d - 1))
            }
            5 => {
                self.count("in");
                match self.dice.roll(3) {
                    0 => format!("{} in {}", self.text(s, d - 1).text, self.list(s, &Ty::text(), d - 1).text),
                    1 => format!(
                        "{} in {}",
                        self.number(s, true, d - 1).text,
                        self.list(s, &Ty::int(), d - 1).text
                    ),
                    _ => match s.dictionary(&mut self.dice) {
                        Some(read) => format!("{} in {}", self.text(s, d - 1).text, read.path),
                        None => format!("{} in [1, 2]", self.number(s, true, d - 1).text),
                    },
                }
            }
            6 => match s
                .pick(&mut self.dice, |read| read.guard.len() == 1 && read.guard[0].starts_with("has("))
            {
                Some(read) => {
                    self.count("has");
                    read.guard[0].clone()
                }
                None => "!(1 > 2)".to_owned(),
            },
            7 | 8 => {
                let op = *self.dice.one(&["&&", "||"]);
                self.count(op);
                let question = self.question(s, d - 1);
                let inner = s.with(if op == "&&" { &question.yes } else { &question.no });
                format!("({}) {op} {}", question.text, self.truth(&inner, d - 1).text)
            }
            9 => {
                self.count("!");
                format!("!{}", self.truth(s, d - 1).text)
            }
            10 => {
                let name = *self.dice.one(&["contains", "startsWith", "endsWith"]);
                self.count(name);
                format!("{}.{name}({})", self.text(s, d - 1).text, self.text(s, 0).text)
            }
            11 => {
                self.count("matches");
                let pattern = *self.dice.one(&["^[a-z]+$", "a|b", "[0-9]{2}", "."]);
                format!("{}.matches(\"{pattern}\")", self.text(s, d - 1).text)
            }
            12 | 13 => {
                let name = *self.dice.one(&["all", "exists", "exists_one"]);
                self.count(name);
                let item = if self.dice.chance(1, 2) { Ty::text() } else { Ty::num() };
                let list = self.list(s, &item, d - 1);
                let (name_of, inner) = self.bind(s, &list);
                format!("{}.{name}({name_of}, {})", list.text, self.truth(&inner, d - 1).text)
            }
            14 => {
                self.count("bool");
                match s.any_text(&mut self.dice) {
                    Some(read) => format!("bool({})", read.path),
                    None => format!("bool({})", self.truth(s, d - 1).text),
                }
            }
            15 => self.conditional(s, d, |author, s, d| author.truth(s, d)).text,
            16 => match self.optional(s, &Ty::Any) {
                Some((optional, _)) => {
                    self.count("hasValue");
                    format!("{optional}.hasValue()")
                }
                None => "(2 > 1)".to_owned(),
            },
            17 => self.decided_by_two(s, d),
            18 => return self.bound(s, d, |author, s, d| author.truth(s, d)),
            _ => match self.asked(s, |read| read.ty == Ty::Bool) {
                Some((read, _)) => format!("{} && {}", read.asks(), read.path),
                None => return self.truth(s, d - 1),
            },
        };
        E::computed(format!("({e})"), Ty::Bool)
    }

    /// A question that often teaches something.
    pub(super) fn question(&mut self, s: &Scope, d: u32) -> Question {
        match self.dice.roll(5) {
            0 | 1 => {
                if let Some(read) = s.pick(&mut self.dice, |read| !read.guard.is_empty()) {
                    self.count("narrowing");
                    return self.narrowing(s, &read);
                }
            }
            2 => {
                if let Some(question) = self.limit(s) {
                    self.count("narrowing by limits");
                    return question;
                }
            }
            _ => {}
        }
        Question { text: self.mute(s, d), yes: Vec::new(), no: Vec::new() }
    }

    /// A question that teaches nothing that the author does not know of.
    pub(super) fn mute(&mut self, s: &Scope, d: u32) -> String {
        let e = self.truth(s, d);
        if e.computed && e.text.starts_with('(') { format!("{} == true", e.text) } else { e.text }
    }

    fn narrowing(&mut self, s: &Scope, read: &Read) -> Question {
        let yes = vec![Fact::Learn(read.guard.clone())];
        let no = vec![Fact::Deny(read.guard.clone())];
        let asks = read.asks();
        match self.dice.roll(4) {
            0 => Question { text: format!("!({asks})"), yes: no, no: yes },
            1 => {
                // Where more is asked besides, a no teaches nothing, but what it might have been is left alone.
                let more = self.mute(&s.with(&yes), 1);
                Question { text: format!("{asks} && {more}"), yes, no }
            }
            _ => Question { text: asks, yes, no },
        }
    }

    /// `x >= 5`, where both answers are possible.
    fn limit(&mut self, s: &Scope) -> Option<Question> {
        let read = s.pick(&mut self.dice, |read| {
            let wide = matches!(&read.ty, Ty::Number(Range { whole: true, min, max })
                if min.zip(*max).is_none_or(|(min, max)| max.saturating_sub(min) > 4));
            read.guard.is_empty() && wide && !read.made
        })?;
        let Ty::Number(range) = read.ty else { return None };
        let low = range.min.unwrap_or_else(|| range.max.map_or(0, |max| max.saturating_sub(20)));
        let at = low.checked_add(2)?;
        let refined = |range| vec![Fact::Refine(read.path.clone(), Ty::Number(range))];
        let yes = refined(Range { min: Some(at), ..range });
        let no = refined(Range { max: Some(at - 1), ..range });
        let text = match self.dice.roll(3) {
            0 => format!("{} >= {at}", read.path),
            1 => format!("!({at} > {})", read.path),
            _ => format!("{} > {}", read.path, at - 1),
        };
        Some(Question { text, yes, no })
    }

    /// A read behind its questions, and what can be read where they are answered no.
    pub(super) fn asked(&mut self, s: &Scope, will_do: impl Fn(&Read) -> bool) -> Option<(Rc<Read>, Scope)> {
        let read = s.pick(&mut self.dice, |read| !read.guard.is_empty() && will_do(read))?;
        self.count("guarded read");
        let otherwise = s.with(&[Fact::Deny(read.guard.clone())]);
        Some((read, otherwise))
    }

    /// `c ? a : b`, each in the scope that the answer leaves.
    pub(super) fn conditional(
        &mut self,
        s: &Scope,
        d: u32,
        mut make: impl FnMut(&mut Author, &Scope, u32) -> E,
    ) -> E {
        self.count("? :");
        let question = self.question(s, d - 1);
        let a = make(self, &s.with(&question.yes), d - 1);
        let b = make(self, &s.with(&question.no), d - 1);
        E {
            text: format!("({} ? {} : {})", question.text, a.text, b.text),
            ty: a.ty.join(&b.ty),
            computed: a.computed || b.computed,
        }
    }

    /// An optional of something in a type, and what it is of.
    pub(super) fn optional(&mut self, s: &Scope, ty: &Ty) -> Option<(String, Ty)> {
        // The last question is that for the member itself: all before it must be answered already.
        let read = s.pick(&mut self.dice, |read| {
            read.guard.len() == 1 && read.guard[0] == format!("has({})", read.path) && read.ty.is_within(ty)
        })?;
        let (base, member) = read.path.rsplit_once('.')?;
        if member.contains(['[', '"']) {
            return None;
        }
        self.count("optional read");
        Some((format!("{base}.?{member}"), read.ty.clone()))
    }
}
