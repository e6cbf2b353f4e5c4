//! The macros: over the members of a list, or the keys of a map in sorted order.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::value::{Key, Members, Val};
use super::{Res, Run};
use crate::expr::ast::{LogicOp, MacroKind, NodeId, VarId};
use crate::expr::error::EvalError;

impl<'a> Run<'a, '_> {
    pub(super) fn comprehend(
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
                Members::List(&keys)
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
    pub(super) fn each(
        &mut self,
        members: Members<'_, 'a>,
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
    pub(super) fn decide(
        &mut self,
        op: LogicOp,
        members: Members<'_, 'a>,
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
