//! Reading members and positions, and making lists and maps.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::value::{Key, Val};
use super::{Res, Run, cut};
use crate::expr::ast::{Element, Entry, ExprKind, NodeId};
use crate::planted::{Bug, planted};

impl<'a> Run<'a, '_> {
    pub(super) fn select(
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

    pub(super) fn index(
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
            let found = position
                .as_whole()
                .and_then(|n| usize::try_from(n).ok())
                .and_then(|n| members.get(n + usize::from(planted(Bug::IndexReadsNext))));
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
    pub(super) fn wrong_key<T>(&self, key: &Val<'a>, rule: &str, id: NodeId) -> Res<T> {
        self.defect(id, format!("{rule}, this is {}", key.kind().phrase()))
    }

    pub(super) fn has(&mut self, operand: NodeId) -> Res<bool> {
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
                    Some(found) => Ok(found.is_some() || planted(Bug::HasSaysYes)),
                    None => self.wrong(*base, value, "a map"),
                }
            }
            _ => self.defect(operand, "`has` asks for a member"),
        }
    }

    pub(super) fn list(&mut self, elements: &'a [Element]) -> Res<Val<'a>> {
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

    pub(super) fn map(&mut self, entries: &'a [Entry]) -> Res<Val<'a>> {
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
    pub(super) fn present(&self, value: Val<'a>, id: NodeId) -> Res<Option<Val<'a>>> {
        match value {
            Val::Optional(inner) => Ok(inner.map(Rc::unwrap_or_clone)),
            other => self.wrong(id, &other, "an optional"),
        }
    }
}
