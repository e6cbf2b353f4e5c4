//! Values: literals, lists, maps, and names of every kind.

use std::sync::Arc;

use super::lexer::{Sign, Token, number_range};
use super::{Parser, Step};
use crate::expr::ast::{
    Element, Entry, ExprKind, Form, NodeId, RefId, Reference, RootName, Use, UseKind, VarId,
};
use crate::expr::error::{ExprError, Span};
use crate::expr::macros::MacroKind;
use crate::expr::names;
use crate::expr::number::Num;

impl<'s> Parser<'s, '_> {
    pub(super) fn primary(&mut self) -> Step<NodeId> {
        let span = self.span();
        match self.peek() {
            Token::Whole(_) | Token::Real(_) => self.number(false),
            Token::Sign(Sign::MINUS) => self.number(true),
            Token::Text(_) => {
                let Token::Text(text) = self.advance() else { return Err(self.expected("a value")) };
                self.push(ExprKind::Text(text.into()), span)
            }
            Token::Sign(Sign::PARENTHESIS) => {
                self.skip();
                let inner = self.expression()?;
                self.close(")", span)?;
                Ok(inner)
            }
            Token::Sign(Sign::BRACKET) => self.list(),
            Token::Sign(Sign::BRACE) => self.map(),
            Token::Name(name) => {
                let name = *name;
                self.name(name)
            }
            _ => Err(self.expected("a value")),
        }
    }

    pub(super) fn number(&mut self, negative: bool) -> Step<NodeId> {
        let mut span = self.span();
        if negative {
            self.skip();
            span = span.to(self.span());
        }
        let value = match self.advance() {
            Token::Real(number) if negative => number.negate().ok(),
            Token::Real(number) => Some(number),
            Token::Whole(magnitude) => {
                let whole = magnitude.map(i128::from).map(|m| if negative { -m } else { m });
                whole.and_then(|w| Num::integer(w).ok())
            }
            _ => None,
        };
        match value {
            Some(number) => self.push(ExprKind::Number(number.normalized()), span),
            None => Err(Box::new(number_range(self.text(span), span))),
        }
    }

    pub(super) fn list(&mut self) -> Step<NodeId> {
        let open = self.span();
        self.skip();
        let mut elements = Vec::new();
        while !self.is("]") {
            let optional = self.take("?");
            elements.push(Element { value: self.expression()?, optional });
            if !self.take(",") {
                break;
            }
        }
        self.close("]", open)?;
        self.push(ExprKind::List(elements.into()), open.to(self.last_span()))
    }

    pub(super) fn map(&mut self) -> Step<NodeId> {
        let open = self.span();
        self.skip();
        let mut entries = Vec::new();
        while !self.is("}") {
            let optional = self.take("?");
            if let Token::Name(name) = self.peek()
                && self.is_at(1, ":")
                && self.lookup(name).is_none()
                && !matches!(*name, "true" | "false" | "null")
            {
                let fix = format!("\"{name}\"");
                let error =
                    ExprError::new("expression-syntax", self.span(), "the key of a map is a text in quotes");
                return Err(Box::new(error.with_help(format!("write `{fix}`")).with_fix(fix)));
            }
            let key = self.expression()?;
            if !self.take(":") {
                return Err(self.expected("`:` after the key"));
            }
            entries.push(Entry { key, value: self.expression()?, optional });
            if !self.take(",") {
                break;
            }
        }
        self.close("}", open)?;
        self.push(ExprKind::Map(entries.into()), open.to(self.last_span()))
    }

    pub(super) fn lookup(&self, name: &str) -> Option<VarId> {
        self.scope
            .iter()
            .rev()
            .copied()
            .find(|id| self.variables.get(id.index()).is_some_and(|variable| &*variable.name == name))
    }

    pub(super) fn name(&mut self, name: &'s str) -> Step<NodeId> {
        let span = self.span();
        let literal = match name {
            "null" => Some(ExprKind::Null),
            "true" => Some(ExprKind::Bool(true)),
            "false" => Some(ExprKind::Bool(false)),
            _ => None,
        };
        if let Some(kind) = literal {
            self.skip();
            return self.push(kind, span);
        }
        if name == "in" {
            return Err(self.expected("a value"));
        }
        if names::is_reserved(name) {
            let message = format!("`{name}` is a reserved word");
            let error = self.syntax(span, message);
            return Err(if name == "if" {
                Box::new(error.with_help("a choice is written `condition ? this : that`"))
            } else {
                error
            });
        }
        if let Some(variable) = self.lookup(name)
            && !self.is_at(1, "(")
        {
            self.skip();
            return self.push(ExprKind::Variable(variable), span);
        }
        if name == "cel"
            && self.is_at(1, ".")
            && self.peek_at(2) == &Token::Name("bind")
            && self.is_at(3, "(")
        {
            let name_span = span.to(self.span_at(2));
            (0..4).for_each(|_| self.skip());
            return self.macro_call(None, MacroKind::Bind, name_span);
        }
        if self.is_at(1, ".")
            && let Token::Name(function) = self.peek_at(2)
            && self.is_at(3, "(")
            && names::is_namespaced(name, function)
        {
            let full = format!("{name}.{function}");
            let name_span = span.to(self.span_at(2));
            (0..3).for_each(|_| self.skip());
            let mut args = Vec::new();
            self.arguments(&mut args)?;
            return self.call(&full, name_span, args, Form::Global, name_span.to(self.last_span()));
        }
        self.skip();
        if self.is("(") {
            return self.global_call(name, span);
        }
        match name {
            "now" => self.push(ExprKind::Now, span),
            "steps" => self.step(span),
            _ => self.reference(RootName::Root(name.into()), span, false),
        }
    }

    /// `.total`, `.?total`, `["total"]` or `[?"total"]` after `steps`.
    pub(super) fn step(&mut self, start: Span) -> Step<NodeId> {
        if self.is("?") && self.is_at(1, ".") {
            self.swapped_optional();
        }
        if self.is(".") {
            let optional = self.is_at(1, "?");
            let ahead = if optional { 2 } else { 1 };
            if let Token::Name(id) | Token::Quoted(id) = self.peek_at(ahead)
                && (optional || !self.is_at(ahead + 1, "("))
            {
                let id: Arc<str> = (*id).into();
                (0..=ahead).for_each(|_| self.skip());
                return self.reference(RootName::Step(id), start.to(self.last_span()), optional);
            }
        } else if self.is("[") {
            let optional = self.is_at(1, "?");
            let ahead = if optional { 2 } else { 1 };
            if let Token::Text(id) = self.peek_at(ahead)
                && self.is_at(ahead + 1, "]")
            {
                let id: Arc<str> = id.as_str().into();
                (0..=ahead + 1).for_each(|_| self.skip());
                return self.reference(RootName::Step(id), start.to(self.last_span()), optional);
            }
        }
        let error = self.syntax(start, "`steps` is no value of its own: name the step that is read");
        Err(Box::new(error.with_help("write `steps.total`")))
    }

    pub(super) fn reference(&mut self, name: RootName, span: Span, optional: bool) -> Step<NodeId> {
        let known = self.references.iter().position(|r| r.name == name);
        let place = known.unwrap_or(self.references.len());
        let reference = RefId(u32::try_from(place).unwrap_or(u32::MAX));
        let node = self.push(ExprKind::Reference { reference, optional }, span)?;
        let kind = if optional { UseKind::Optional } else { UseKind::Value };
        let read = Use { node, span, kind };
        match known {
            Some(known) => self.references[known].uses.push(read),
            // Most are read once.
            None => self.references.push(Reference { name, slot: None, uses: vec![read] }),
        }
        Ok(node)
    }
}
