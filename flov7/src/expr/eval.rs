//! The evaluator: walks the tree over borrowed JSON.
//!
//! Depth is bounded by the parser (64), so plain recursion is safe; chains of operators are loops. Every node
//! costs a step, every copied text a step for each 64 bytes, and whatever walks a list a step for each member: the
//! count of steps bounds time and memory alike, and is the same on every machine.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::MACRO_DEPTH;
use super::ast::{
    ArithmeticOp, Ast, CompareOp, Element, Entry, ExprKind, LogicOp, MacroKind, NodeId, UnaryOp, VarId,
};
use super::budget::{Budget, bytes_cost};
use super::env::Env;
use super::error::{EvalError, Span};
use super::number::{Num, NumError};
use super::pattern::Pattern;
use super::time::Duration;
use super::value::{Key, Val};

/// What a step of the evaluation gives. The error is boxed: it is rare, and the way back is hot.
pub(crate) type Res<T> = Result<T, Box<EvalError>>;

/// One evaluation of one expression.
pub(crate) struct Run<'a, 'b> {
    pub(crate) ast: &'a Ast,
    pub(crate) patterns: &'a [(NodeId, Pattern)],
    pub(crate) env: &'a dyn Env,
    pub(crate) budget: &'b mut Budget,
    /// The variables of the enclosing macros, by depth.
    locals: [Val<'a>; MACRO_DEPTH],
}

impl<'a, 'b> Run<'a, 'b> {
    pub(crate) fn new(
        ast: &'a Ast,
        patterns: &'a [(NodeId, Pattern)],
        env: &'a dyn Env,
        budget: &'b mut Budget,
    ) -> Run<'a, 'b> {
        Run { ast, patterns, env, budget, locals: [const { Val::Null }; MACRO_DEPTH] }
    }

    // ---- failing

    pub(crate) fn span(&self, id: NodeId) -> Span {
        self.ast.span(id)
    }

    #[cold]
    pub(crate) fn fail<T>(&self, code: &'static str, id: NodeId, message: impl Into<String>) -> Res<T> {
        Err(Box::new(EvalError::new(code, self.span(id), message)))
    }

    #[cold]
    pub(crate) fn defect<T>(&self, id: NodeId, message: impl Into<String>) -> Res<T> {
        self.fail(EvalError::DEFECT, id, message)
    }

    /// The text of a node, short enough for a message.
    #[cold]
    pub(crate) fn show(&self, id: NodeId) -> String {
        const MOST: usize = 80;
        let text = super::display::Show { ast: self.ast, id }.to_string();
        match text.char_indices().nth(MOST) {
            Some((cut, _)) => format!("`{}…`", &text[..cut]),
            None => format!("`{text}`"),
        }
    }

    /// Arithmetic of `id` that has no result.
    #[cold]
    pub(crate) fn number_failure<T>(&self, error: NumError, id: NodeId) -> Res<T> {
        match error {
            NumError::Overflow => {
                self.fail("data.overflow", id, "the result is outside the range of numbers")
            }
            NumError::Division => self.fail("data.division", id, "the divisor is zero"),
        }
    }

    // ---- spending

    #[inline]
    pub(crate) fn charge(&mut self, steps: u64, id: NodeId) -> Res<()> {
        if self.budget.spend(steps) { Ok(()) } else { Err(self.budget.too_long(self.span(id))) }
    }

    /// A computed text, paid for.
    pub(crate) fn text(&mut self, text: String, id: NodeId) -> Res<Val<'a>> {
        self.budget.text(text.len(), self.span(id))?;
        self.charge(bytes_cost(text.len()), id)?;
        Ok(Val::Text(Rc::new(text)))
    }

    // ---- nodes

    /// The value of a node.
    pub(crate) fn eval(&mut self, id: NodeId) -> Res<Val<'a>> {
        self.charge(1, id)?;
        let ast = self.ast;
        match &ast.node(id).kind {
            ExprKind::Null => Ok(Val::Null),
            ExprKind::Bool(b) => Ok(Val::Bool(*b)),
            ExprKind::Number(n) => Ok(Val::Num(*n)),
            ExprKind::Text(text) => Ok(Val::Str(text)),
            ExprKind::Now => Ok(Val::Timestamp(self.env.now())),
            ExprKind::Reference { reference, optional } => {
                let reference = ast.reference(*reference);
                match (self.env.read(reference), optional) {
                    (Some(value), false) => Ok(Val::of(value)),
                    (Some(value), true) => Ok(Val::some(Val::of(value))),
                    (None, true) => Ok(Val::none()),
                    (None, false) => {
                        self.defect(id, format!("`{}` has no value here", reference.name().text()))
                    }
                }
            }
            ExprKind::Variable(variable) => Ok(self.local(*variable).clone()),
            ExprKind::Select { base, member, optional } => {
                if let ExprKind::Variable(variable) = &ast.node(*base).kind {
                    // In place: a member is read far more often than its variable is passed on.
                    self.charge(1, *base)?;
                    let value = &self.locals[slot(ast, *variable)];
                    return self.select(value, member, *optional, id, *base);
                }
                let value = self.eval(*base)?;
                self.select(&value, member, *optional, id, *base)
            }
            ExprKind::Index { base, key, optional } => {
                let value = self.eval(*base)?;
                let key_value = self.eval(*key)?;
                self.index(&value, &key_value, *optional, id, *base)
            }
            ExprKind::Call { function, args, .. } => self.call(*function, args, id),
            ExprKind::List(elements) => self.list(elements),
            ExprKind::Map(entries) => self.map(entries),
            ExprKind::Unary { op, operand } => {
                let value = self.eval(*operand)?;
                match (op, &value) {
                    (UnaryOp::Not, Val::Bool(b)) => Ok(Val::Bool(!b)),
                    (UnaryOp::Negate, Val::Num(n)) => match n.negate() {
                        Ok(n) => Ok(Val::Num(n)),
                        Err(error) => self.number_failure(error, id),
                    },
                    // A duration's range is the same either way.
                    (UnaryOp::Negate, Val::Duration(d)) => {
                        Ok(Val::Duration(Duration::from_millis(-d.millis()).unwrap_or(*d)))
                    }
                    (UnaryOp::Not, _) => self.wrong(*operand, &value, "true or false"),
                    (UnaryOp::Negate, _) => self.wrong(*operand, &value, "a number or a duration"),
                }
            }
            ExprKind::Arithmetic { first, rest } => {
                let mut value = self.eval(*first)?;
                for (op, operand) in rest {
                    let right = self.eval(*operand)?;
                    value = self.arithmetic(*op, value, right, id)?;
                }
                Ok(value)
            }
            ExprKind::Compare { op, left, right } => {
                let a = self.eval(*left)?;
                let b = self.eval(*right)?;
                self.compare(*op, &a, &b, id).map(Val::Bool)
            }
            ExprKind::Logic { op, operands } => self.logic(*op, operands),
            ExprKind::Ternary { condition, then, otherwise } => {
                let chosen = if self.condition(*condition)? { *then } else { *otherwise };
                self.eval(chosen)
            }
            ExprKind::Has(operand) => self.has(*operand).map(Val::Bool),
            ExprKind::Macro { kind, range, variable, filter, body } => {
                self.comprehend(*kind, *range, *variable, *filter, *body, id)
            }
        }
    }

    fn local(&mut self, variable: VarId) -> &mut Val<'a> {
        &mut self.locals[slot(self.ast, variable)]
    }

    /// A value that must be true or false.
    pub(crate) fn condition(&mut self, id: NodeId) -> Res<bool> {
        match self.eval(id)? {
            Val::Bool(b) => Ok(b),
            other => self.wrong(id, &other, "true or false"),
        }
    }

    /// The value of a node is of the wrong kind.
    #[cold]
    pub(crate) fn wrong<T>(&self, id: NodeId, value: &Val<'a>, wanted: &str) -> Res<T> {
        self.defect(id, format!("{} is {}, wanted is {wanted}", self.show(id), value.kind().phrase()))
    }

    // ---- reading

    fn select(
        &self,
        value: &Val<'a>,
        member: &str,
        optional: bool,
        id: NodeId,
        base: NodeId,
    ) -> Res<Val<'a>> {
        if let Val::Optional(inner) = value {
            // Once optional, the rest of a path is.
            return match inner {
                Some(inner) => match self.select(inner, member, true, id, base)? {
                    nested @ Val::Optional(_) => Ok(nested),
                    plain => Ok(Val::some(plain)),
                },
                None => Ok(Val::none()),
            };
        }
        match (value.member(member), optional) {
            (Some(Some(found)), false) => Ok(found),
            (Some(Some(found)), true) => Ok(Val::some(found)),
            (Some(None), true) => Ok(Val::none()),
            (Some(None), false) => self.defect(id, format!("{} has no member `{member}`", self.show(base))),
            (None, _) => self
                .defect(id, format!("{} is {}: it has no members", self.show(base), value.kind().phrase())),
        }
    }

    fn index(
        &self,
        value: &Val<'a>,
        key: &Val<'a>,
        optional: bool,
        id: NodeId,
        base: NodeId,
    ) -> Res<Val<'a>> {
        if let Val::Optional(inner) = value {
            return match inner {
                Some(inner) => match self.index(inner, key, true, id, base)? {
                    nested @ Val::Optional(_) => Ok(nested),
                    plain => Ok(Val::some(plain)),
                },
                None => Ok(Val::none()),
            };
        }
        if let Some(members) = value.list() {
            let Val::Num(position) = key else {
                return self.wrong_key(key, "a list is read by a number", id);
            };
            let found =
                position.as_whole().and_then(|n| usize::try_from(n).ok()).and_then(|n| members.get(n));
            return match (found, optional) {
                (Some(found), false) => Ok(found),
                (Some(found), true) => Ok(Val::some(found)),
                (None, true) => Ok(Val::none()),
                (None, false) => {
                    let (position, size) = (position.text(), members.len());
                    self.fail(
                        "data.index",
                        id,
                        format!("there is no position {position} in a list of {size}"),
                    )
                }
            };
        }
        let Some(name) = key.as_str() else {
            return match value.member("") {
                Some(_) => self.wrong_key(key, "a map is read by a text", id),
                None => self.wrong(base, value, "a list or a map"),
            };
        };
        match (value.member(name), optional) {
            (Some(Some(found)), false) => Ok(found),
            (Some(Some(found)), true) => Ok(Val::some(found)),
            (Some(None), true) => Ok(Val::none()),
            (Some(None), false) => {
                self.fail("data.key", id, format!("{} has no member `{}`", self.show(base), cut(name)))
            }
            (None, _) => self.wrong(base, value, "a list or a map"),
        }
    }

    #[cold]
    fn wrong_key<T>(&self, key: &Val<'a>, rule: &str, id: NodeId) -> Res<T> {
        self.defect(id, format!("{rule}, this is {}", key.kind().phrase()))
    }

    fn has(&mut self, operand: NodeId) -> Res<bool> {
        self.charge(1, operand)?;
        let ast = self.ast;
        match &ast.node(operand).kind {
            ExprKind::Reference { reference, .. } => Ok(self.env.read(ast.reference(*reference)).is_some()),
            ExprKind::Select { base, member, .. } => {
                let value = self.eval(*base)?;
                let mut value = &value;
                while let Val::Optional(inner) = value {
                    match inner {
                        Some(inner) => value = inner,
                        None => return Ok(false),
                    }
                }
                match value.member(member) {
                    Some(found) => Ok(found.is_some()),
                    None => self.wrong(*base, value, "a map"),
                }
            }
            _ => self.defect(operand, "`has` asks for a member"),
        }
    }

    // ---- making

    fn list(&mut self, elements: &'a [Element]) -> Res<Val<'a>> {
        let mut list = Vec::with_capacity(elements.len());
        for element in elements {
            let value = self.eval(element.value)?;
            if element.optional {
                list.extend(self.present(value, element.value)?);
            } else {
                list.push(value);
            }
        }
        Ok(Val::List(Rc::new(list)))
    }

    fn map(&mut self, entries: &'a [Entry]) -> Res<Val<'a>> {
        let mut map = BTreeMap::new();
        for entry in entries {
            let key = match self.eval(entry.key)? {
                Val::Str(text) => Key::Str(text),
                Val::Text(text) => Key::Text(text),
                other => return self.wrong(entry.key, &other, "a text: keys are texts"),
            };
            let value = self.eval(entry.value)?;
            let value = if entry.optional { self.present(value, entry.value)? } else { Some(value) };
            if let Some(value) = value {
                if map.contains_key(key.as_str()) {
                    return self.fail(
                        "data.key",
                        entry.key,
                        format!("the key `{}` is there twice", cut(key.as_str())),
                    );
                }
                map.insert(key, value);
            }
        }
        Ok(Val::Map(Rc::new(map)))
    }

    /// What is inside the optional of a `?` entry.
    fn present(&self, value: Val<'a>, id: NodeId) -> Res<Option<Val<'a>>> {
        match value {
            Val::Optional(inner) => Ok(inner.map(Rc::unwrap_or_clone)),
            other => self.wrong(id, &other, "an optional"),
        }
    }

    // ---- operators

    fn arithmetic(&mut self, op: ArithmeticOp, left: Val<'a>, right: Val<'a>, id: NodeId) -> Res<Val<'a>> {
        use ArithmeticOp as Op;
        if let (Val::Num(a), Val::Num(b)) = (&left, &right) {
            let (a, b) = (*a, *b);
            let result = match op {
                Op::Add => a.add(b),
                Op::Subtract => a.subtract(b),
                Op::Multiply => a.multiply(b),
                Op::Divide => a.divide(b),
                Op::Remainder => a.remainder(b),
            };
            return match result {
                Ok(n) => Ok(Val::Num(n)),
                Err(error) => self.number_failure(error, id),
            };
        }
        match (op, left, right) {
            (Op::Add, left @ (Val::Str(_) | Val::Text(_)), right @ (Val::Str(_) | Val::Text(_))) => {
                self.concatenate(left, &right, id)
            }
            (Op::Add, left @ (Val::Items(_) | Val::List(_)), right @ (Val::Items(_) | Val::List(_))) => {
                self.append(left, &right, id)
            }
            (Op::Add, Val::Timestamp(t), Val::Duration(d))
            | (Op::Add, Val::Duration(d), Val::Timestamp(t)) => self.time(t.plus(d).map(Val::Timestamp), id),
            (Op::Subtract, Val::Timestamp(t), Val::Duration(d)) => {
                self.time(t.minus(d).map(Val::Timestamp), id)
            }
            (Op::Subtract, Val::Timestamp(a), Val::Timestamp(b)) => Ok(Val::Duration(a.since(b))),
            (Op::Add, Val::Duration(a), Val::Duration(b)) => self.time(a.plus(b).map(Val::Duration), id),
            (Op::Subtract, Val::Duration(a), Val::Duration(b)) => {
                self.time(a.minus(b).map(Val::Duration), id)
            }
            (op, left, right) => self.defect(
                id,
                format!(
                    "`{}` is not defined between {} and {}",
                    op.symbol(),
                    left.kind().phrase(),
                    right.kind().phrase()
                ),
            ),
        }
    }

    fn time(&self, value: Option<Val<'a>>, id: NodeId) -> Res<Val<'a>> {
        match value {
            Some(value) => Ok(value),
            None => self.fail("data.overflow", id, "the result is outside the range of times"),
        }
    }

    fn concatenate(&mut self, left: Val<'a>, right: &Val<'a>, id: NodeId) -> Res<Val<'a>> {
        let tail = right.as_str().unwrap_or("");
        self.budget.text(left.len() + tail.len(), self.span(id))?;
        // A long chain appends to the one text that it makes.
        if let Val::Text(mut text) = left {
            if let Some(own) = Rc::get_mut(&mut text) {
                self.charge(bytes_cost(tail.len()), id)?;
                own.push_str(tail);
                return Ok(Val::Text(text));
            }
            let joined = [text.as_str(), tail].concat();
            return self.text(joined, id);
        }
        let joined = [left.as_str().unwrap_or(""), tail].concat();
        self.text(joined, id)
    }

    fn append(&mut self, left: Val<'a>, right: &Val<'a>, id: NodeId) -> Res<Val<'a>> {
        let Some(tail) = right.list() else { return self.wrong(id, right, "a list") };
        self.charge(tail.len() as u64, id)?;
        if let Val::List(mut list) = left {
            if let Some(own) = Rc::get_mut(&mut list) {
                own.extend(tail.iter());
                return Ok(Val::List(list));
            }
            return self.append_copy(&Val::List(list), right, id);
        }
        self.append_copy(&left, right, id)
    }

    fn append_copy(&mut self, left: &Val<'a>, right: &Val<'a>, id: NodeId) -> Res<Val<'a>> {
        self.charge(left.len() as u64, id)?;
        let mut list = left.list().map(|members| members.to_vec()).unwrap_or_default();
        list.extend(right.list().into_iter().flat_map(|members| members.iter()));
        Ok(Val::List(Rc::new(list)))
    }

    fn compare(&mut self, op: CompareOp, a: &Val<'a>, b: &Val<'a>, id: NodeId) -> Res<bool> {
        match op {
            CompareOp::Equal => self.equal(a, b, id),
            CompareOp::NotEqual => Ok(!self.equal(a, b, id)?),
            CompareOp::In => self.contained(a, b, id),
            _ => {
                let order = self.order(a, b, op.symbol(), id)?;
                Ok(match op {
                    CompareOp::Less => order.is_lt(),
                    CompareOp::LessOrEqual => order.is_le(),
                    CompareOp::Greater => order.is_gt(),
                    _ => order.is_ge(),
                })
            }
        }
    }

    fn contained(&mut self, a: &Val<'a>, b: &Val<'a>, id: NodeId) -> Res<bool> {
        if let Some(members) = b.list() {
            for member in members.iter() {
                if self.equal(a, &member, id)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        match (b, a.as_str()) {
            (Val::Object(_) | Val::Map(_), Some(key)) => Ok(b.member(key).flatten().is_some()),
            (Val::Object(_) | Val::Map(_), None) => Ok(false),
            _ => self.defect(id, format!("`in` searches a list or a map, this is {}", b.kind().phrase())),
        }
    }

    /// `&&` and `||` decide as soon as one side does, and absorb a failure on the other, whichever comes first.
    /// Only an evaluation that ran out is never absorbed.
    fn logic(&mut self, op: LogicOp, operands: &'a [NodeId]) -> Res<Val<'a>> {
        let decisive = op == LogicOp::Or;
        let mut failure = None;
        for operand in operands {
            match self.condition(*operand) {
                Ok(value) if value == decisive => return Ok(Val::Bool(decisive)),
                Ok(_) => {}
                Err(error) if error.code == EvalError::SIZE => return Err(error),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(Val::Bool(!decisive)), Err)
    }

    // ---- macros

    fn comprehend(
        &mut self,
        kind: MacroKind,
        range: NodeId,
        variable: VarId,
        filter: Option<NodeId>,
        body: NodeId,
        id: NodeId,
    ) -> Res<Val<'a>> {
        let walked = self.eval(range)?;
        let keys;
        let members = match (walked.list(), walked.keys()) {
            (Some(members), _) => members,
            (None, Some(found)) => {
                self.charge(found.len() as u64, id)?;
                keys = found.into_iter().map(Val::from).collect::<Vec<_>>();
                super::value::Members::List(&keys)
            }
            (None, None) => return self.wrong(range, &walked, "a list or a map"),
        };
        let result = match kind {
            MacroKind::All => self.decide(LogicOp::And, members, variable, body),
            MacroKind::Exists => self.decide(LogicOp::Or, members, variable, body),
            MacroKind::ExistsOne => {
                let mut count = 0usize;
                let mut each = |run: &mut Self| {
                    count += usize::from(run.condition(body)?);
                    Ok(())
                };
                self.each(members, variable, &mut each).map(|()| Val::Bool(count == 1))
            }
            MacroKind::Filter => {
                let mut kept = Vec::new();
                let mut each = |run: &mut Self| {
                    if run.condition(body)? {
                        kept.push(run.local(variable).clone());
                    }
                    Ok(())
                };
                self.each(members, variable, &mut each).map(|()| Val::List(Rc::new(kept)))
            }
            MacroKind::Map => {
                let mut made =
                    Vec::with_capacity(if filter.is_none() { members.len().min(1_024) } else { 0 });
                let mut each = |run: &mut Self| {
                    if filter.map_or(Ok(true), |filter| run.condition(filter))? {
                        made.push(run.eval(body)?);
                    }
                    Ok(())
                };
                self.each(members, variable, &mut each).map(|()| Val::List(Rc::new(made)))
            }
            MacroKind::SortBy => {
                let mut keyed = Vec::new();
                let mut each = |run: &mut Self| {
                    let key = run.eval(body)?;
                    keyed.push((key, run.local(variable).clone()));
                    Ok(())
                };
                match self.each(members, variable, &mut each) {
                    Ok(()) => self.sort_by(keyed, body, id),
                    Err(error) => Err(error),
                }
            }
            MacroKind::GroupBy => {
                let mut groups: BTreeMap<Key<'a>, Vec<Val<'a>>> = BTreeMap::new();
                let mut each = |run: &mut Self| {
                    let key = run.eval(body)?;
                    let kind = key.kind();
                    match key.into_key() {
                        Some(key) => groups.entry(key).or_default().push(run.local(variable).clone()),
                        None => {
                            let message = format!("the key of a group is a text, this is {}", kind.phrase());
                            return run.defect(body, message);
                        }
                    }
                    Ok(())
                };
                self.each(members, variable, &mut each).map(|()| {
                    let lists = groups.into_iter().map(|(key, list)| (key, Val::List(Rc::new(list))));
                    Val::Map(Rc::new(lists.collect()))
                })
            }
        };
        // Lets go of the last member.
        *self.local(variable) = Val::Null;
        result
    }

    /// Calls `each` for every member, which is the variable's value meanwhile.
    fn each(
        &mut self,
        members: super::value::Members<'_, 'a>,
        variable: VarId,
        each: &mut dyn FnMut(&mut Self) -> Res<()>,
    ) -> Res<()> {
        for member in members.iter() {
            *self.local(variable) = member;
            each(self)?;
        }
        Ok(())
    }

    /// `all` and `exists`: as a long `&&` or `||`.
    fn decide(
        &mut self,
        op: LogicOp,
        members: super::value::Members<'_, 'a>,
        variable: VarId,
        body: NodeId,
    ) -> Res<Val<'a>> {
        let decisive = op == LogicOp::Or;
        let mut failure = None;
        for member in members.iter() {
            *self.local(variable) = member;
            match self.condition(body) {
                Ok(value) if value == decisive => return Ok(Val::Bool(decisive)),
                Ok(_) => {}
                Err(error) if error.code == EvalError::SIZE => return Err(error),
                Err(error) => {
                    failure.get_or_insert(error);
                }
            }
        }
        failure.map_or(Ok(Val::Bool(!decisive)), Err)
    }
}

/// The place of a variable among the locals.
fn slot(ast: &Ast, variable: VarId) -> usize {
    // The parser refuses more than MACRO_DEPTH levels; the remainder only spares a panic.
    ast.variable(variable).depth() % MACRO_DEPTH
}

/// A text of the outside, short enough for a message.
pub(crate) fn cut(text: &str) -> String {
    const MOST: usize = 60;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// A number that a function made, or why not.
impl<'a> Run<'a, '_> {
    pub(crate) fn number(&self, result: Result<Num, NumError>, id: NodeId) -> Res<Val<'a>> {
        match result {
            Ok(n) => Ok(Val::Num(n)),
            Err(error) => self.number_failure(error, id),
        }
    }
}
