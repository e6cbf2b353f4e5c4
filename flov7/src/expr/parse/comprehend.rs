//! The macros: their variables, and what these are seen by.

use super::lexer::Token;
use super::{Parser, Step};
use crate::expr::ast::{ExprKind, NodeId, VarId, Variable};
use crate::expr::error::{ExprError, Span};
use crate::expr::macros::MacroKind;
use crate::expr::names;

impl<'s> Parser<'s, '_> {
    /// What stands in the parentheses of a macro, the opening one read. Only `cel.bind` has no receiver: what it walks
    /// is its second argument.
    pub(super) fn macro_call(
        &mut self,
        receiver: Option<NodeId>,
        kind: MacroKind,
        name_span: Span,
    ) -> Step<NodeId> {
        let open = self.last_span();
        let first = self.variable(kind)?;
        let (least, most) = kind.variables();
        let two = most == 2 && (least == 2 || (matches!(self.peek(), Token::Name(_)) && self.is_at(1, ",")));
        let second = if two { Some(self.variable(kind)?) } else { None };
        if second == Some(first) {
            let message = format!("both variables of `{}` are called `{first}`", kind.name());
            return Err(Box::new(ExprError::new("wrong-arguments", self.last_span(), message)));
        }
        let range = match receiver {
            Some(range) => range,
            None => {
                let value = self.expression()?;
                if !self.take(",") {
                    return Err(self.expected("`,` and what is made of it"));
                }
                value
            }
        };
        if self.macros >= self.limits.macros {
            let message = format!("macros nest at most {} deep", self.limits.macros);
            return Err(self.size(name_span, message));
        }
        let variable = self.declare(first, range, false);
        let second = second.map(|name| self.declare(name, range, true));
        self.macros += 1;
        let (filter, body) = self.body(kind)?;
        self.macros -= 1;
        self.scope.truncate(self.scope.len() - 1 - usize::from(second.is_some()));
        self.close(")", open)?;
        let start = receiver.map_or(name_span, |range| self.span_of(range));
        let span = start.to(self.last_span());
        self.push(ExprKind::Macro { kind, range, variable, second, filter, body }, span)
    }

    /// The condition, where there is one, and the last part.
    fn body(&mut self, kind: MacroKind) -> Step<(Option<NodeId>, NodeId)> {
        let mut filter = None;
        let mut body = self.expression()?;
        if kind.may_filter() && self.take(",") {
            filter = Some(body);
            body = self.expression()?;
        }
        if !self.is(",") {
            return Ok((filter, body));
        }
        let (least, most) = kind.variables();
        let variables = match (least, most) {
            (1, 1) => "a variable",
            (2, 2) => "two variables",
            _ => "one or two variables",
        };
        let parts = if kind.may_filter() { "one or two expressions" } else { "one expression" };
        let message = format!("`{}` takes {variables} and {parts}", kind.name());
        Err(Box::new(ExprError::new("wrong-arguments", self.span(), message)))
    }

    /// The name of a variable, and the comma after it.
    fn variable(&mut self, kind: MacroKind) -> Step<&'s str> {
        if let Token::Name(variable) = self.peek()
            && self.is_at(1, ",")
            && !names::is_reserved(variable)
        {
            let variable = *variable;
            self.skip();
            self.skip();
            return Ok(variable);
        }
        let name = kind.name();
        let (what, help) = match kind {
            MacroKind::Bind => {
                ("a variable, then says its value", "write `cel.bind(x, value, …)`".to_owned())
            }
            _ if kind.variables().0 == 2 => (
                "two variables, then says what to do with them",
                format!("write `.{name}(i, x, …)`, with i for each position or key and x for each member"),
            ),
            _ => (
                "a variable, then says what to do with it",
                format!("write `.{name}(x, …)`, with x for each member"),
            ),
        };
        let error = ExprError::new("wrong-arguments", self.span(), format!("`{name}` first names {what}"));
        Err(Box::new(error.with_help(help)))
    }

    fn declare(&mut self, name: &str, range: NodeId, second: bool) -> VarId {
        let id = VarId(u32::try_from(self.variables.len()).unwrap_or(u32::MAX));
        let depth = u8::try_from(self.macros).unwrap_or(u8::MAX);
        self.variables.push(Variable { name: name.into(), depth, second, range });
        self.scope.push(id);
        id
    }
}
