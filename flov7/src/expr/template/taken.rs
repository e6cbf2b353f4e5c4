//! Members that a template takes out of what it reads, where nobody reads that again.

use serde_json::Value;

use super::render::render;
use super::{Part, Template};
use crate::expr::env::{Env, Fuel};
use crate::expr::error::{EvalError, Span};
use crate::expr::run::budget::Budget;
use crate::expr::{Expr, ExprKind};

/// A place of a template that is nothing but a path into a slot: what stands there may move instead of being copied.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    from: Path,
    /// Where it goes: from the template's value inwards.
    at: Box<[Token]>,
}

/// A slot, and the members on the way to a value from the slot's own.
#[derive(Debug, Clone, PartialEq)]
struct Path {
    slot: u32,
    members: Box<[Box<str>]>,
}

impl Path {
    /// Whether the other value lies within the one that it leads to.
    fn leads_further_to(&self, other: &Path) -> bool {
        self.slot == other.slot
            && self.members.len() < other.members.len()
            && other.members.starts_with(&self.members)
    }
}

#[derive(Debug, Clone)]
enum Token {
    Member(Box<str>),
    Item(usize),
}

impl Taken {
    pub(crate) fn slot(&self) -> u32 {
        self.from.slot
    }

    /// The value in that of the slot, to be looked at.
    pub(crate) fn seen<'v>(&self, slot: &'v Value) -> Option<&'v Value> {
        self.from.members.iter().try_fold(slot, |value, name| value.get(&**name))
    }

    /// The place in the template's value.
    pub(crate) fn place<'v>(&self, value: &'v mut Value) -> Option<&'v mut Value> {
        self.at.iter().try_fold(value, |value, token| match token {
            Token::Member(name) => value.get_mut(&**name),
            Token::Item(index) => value.get_mut(*index),
        })
    }

    /// The value that it is taken from, in that of the slot.
    pub(crate) fn source<'v>(&self, slot: &'v mut Value) -> Option<&'v mut Value> {
        self.from.members.iter().try_fold(slot, |value, name| value.get_mut(&**name))
    }
}

impl Template {
    /// Marks the members and items that are nothing but a path into a slot for which `may` says yes: from now on
    /// [`Template::render_but_taken`] leaves them out.
    pub(crate) fn take(&mut self, may: &dyn Fn(u32) -> bool) -> Box<[Taken]> {
        // The whole template is shared, if it is a reference; a part of it would have to be put into something.
        if matches!(self.root, Part::Expr(_)) {
            return Box::default();
        }
        let paths: Vec<Path> = self.expressions().into_iter().filter_map(path).collect();
        let may = |path: &Path| may(path.slot) && !paths.iter().any(|other| other.leads_further_to(path));
        let mut taken = Vec::new();
        mark(&mut self.root, &mut Vec::new(), &may, &mut taken);
        taken.into()
    }

    /// As [`Template::render`], but with null in the place of each member that [`Template::take`] found. It is read and
    /// counted all the same: what it costs, and whether it fails, is the same as if it was copied.
    pub(crate) fn render_but_taken(&self, env: &dyn Env, fuel: &mut Fuel) -> Result<Value, EvalError> {
        let mut budget = Budget::new(self.steps, self.bytes);
        let result = render(&self.root, env, &mut budget);
        fuel.spend(budget.spent());
        match result {
            Ok(Some(value)) => Ok(value),
            Ok(None) => Err(EvalError::new(EvalError::DEFECT, Span::default(), super::render::OPTIONAL)),
            Err(error) => Err(*error),
        }
    }
}

/// Recursion is bounded by the depth of templates.
fn mark(part: &mut Part, at: &mut Vec<Token>, may: &dyn Fn(&Path) -> bool, taken: &mut Vec<Taken>) {
    match part {
        Part::Constant(_) | Part::Text { .. } => {}
        Part::Expr(expr) => {
            // All is read before anything moves: what lies within a value that moves, or is read once more, is copied.
            if let Some(from) = path(expr)
                && may(&from)
                && !taken.iter().any(|other| other.from == from)
            {
                expr.taken = true;
                taken.push(Taken { from, at: at.clone().into() });
            }
        }
        Part::List(items) => {
            for (index, item) in items.iter_mut().enumerate() {
                at.push(Token::Item(index));
                mark(item, at, may, taken);
                at.pop();
            }
        }
        Part::Object(members) => {
            for (name, member) in members {
                at.push(Token::Member(name.clone()));
                mark(member, at, may, taken);
                at.pop();
            }
        }
    }
}

/// The path that an expression is, where it is nothing else and its parts are all there.
fn path(expr: &Expr) -> Option<Path> {
    let mut members: Vec<Box<str>> = Vec::new();
    let mut node = expr.ast.root();
    loop {
        match &expr.ast.node(node).kind {
            ExprKind::Select { base, member, optional: false } => {
                members.push(member.as_ref().into());
                node = *base;
            }
            ExprKind::Reference { reference, optional: false } => {
                members.reverse();
                let slot = expr.ast.reference(*reference).slot()?;
                return Some(Path { slot, members: members.into() });
            }
            _ => return None,
        }
    }
}
