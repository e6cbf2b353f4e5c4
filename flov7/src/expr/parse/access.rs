//! What follows a value: members, positions, calls and macros.

use super::lexer::{Lexeme, Sign, Token};
use super::pattern::Pattern;
use super::{Parser, Step};
use crate::expr::ast::{ExprKind, Form, NodeId, RootName, UseKind};
use crate::expr::error::{ExprError, Span};
use crate::expr::functions::Function;
use crate::expr::macros::MacroKind;
use crate::expr::names;
use crate::expr::time::read_offset;

impl<'s> Parser<'s, '_> {
    pub(super) fn postfix(&mut self) -> Step<NodeId> {
        let mut base = self.primary()?;
        loop {
            if self.is("?") && self.is_at(1, ".") {
                self.swapped_optional();
            }
            if self.is(".") {
                base = self.member(base)?;
            } else if self.is("[") {
                base = self.index(base)?;
            } else {
                return Ok(base);
            }
        }
    }

    /// `a?.b` and `a?.[k]`: reports it and goes on as if it were written right.
    pub(super) fn swapped_optional(&mut self) {
        let span = self.span().to(self.span_at(1));
        let bracket = self.is_at(2, "[");
        let (span, right) = if bracket { (span.to(self.span_at(2)), "[?") } else { (span, ".?") };
        self.findings.push(
            ExprError::new(
                "optional-syntax",
                span,
                format!("an optional read is written `{right}`, the question mark second"),
            )
            .with_help(if bracket { "write `a[?k]`" } else { "write `a.?b`" })
            .with_fix(right),
        );
        let span = self.span();
        self.skip();
        self.skip();
        if bracket {
            // Now at `[`; leave it to `index`, which reads a plain one.
            return;
        }
        // Step back onto two tokens that say `.?`.
        self.at -= 2;
        self.lexemes[self.at] = Lexeme { token: Token::Sign(Sign::DOT), span };
        self.lexemes[self.at + 1] = Lexeme { token: Token::Sign(Sign::QUESTION), span };
    }

    pub(super) fn member(&mut self, base: NodeId) -> Step<NodeId> {
        self.skip();
        let optional = self.take("?");
        let name_span = self.span();
        let name = match self.peek() {
            // Literals and an operator: CEL allows them in back-ticks and brackets only.
            Token::Name(name @ ("true" | "false" | "null" | "in")) => {
                let error = self.syntax(name_span, format!("`{name}` is no member's name behind a dot"));
                return Err(Box::new(error.with_help(format!("write `.`{name}`` or `[\"{name}\"]`"))));
            }
            Token::Name(name) => *name,
            Token::Quoted(name) => {
                let name = *name;
                self.skip();
                let span = self.span_of(base).to(name_span);
                return self.push(ExprKind::Select { base, member: name.into(), optional }, span);
            }
            _ => return Err(self.expected("a member's name after the dot")),
        };
        self.skip();
        if self.is("(") && !optional {
            return self.member_call(base, name, name_span);
        }
        let span = self.span_of(base).to(name_span);
        self.push(ExprKind::Select { base, member: name.into(), optional }, span)
    }

    pub(super) fn index(&mut self, base: NodeId) -> Step<NodeId> {
        let open = self.span();
        self.skip();
        let optional = self.take("?");
        if matches!(self.peek(), Token::Text(_)) && self.is_at(1, "]") {
            // A literal key is a member under another spelling.
            let Token::Text(member) = self.advance() else { return Err(self.expected("a key")) };
            self.close("]", open)?;
            let span = self.span_of(base).to(self.last_span());
            return self.push(ExprKind::Select { base, member: member.into(), optional }, span);
        }
        if self.is("]") {
            return Err(self.expected("a position or a key"));
        }
        let key = self.expression()?;
        self.close("]", open)?;
        let span = self.span_of(base).to(self.last_span());
        self.push(ExprKind::Index { base, key, optional }, span)
    }

    pub(super) fn member_call(&mut self, base: NodeId, name: &'s str, name_span: Span) -> Step<NodeId> {
        if let Some(kind) = MacroKind::from_name(name) {
            self.skip();
            return self.macro_call(Some(base), kind, name_span);
        }
        let mut args = vec![base];
        self.arguments(&mut args)?;
        let span = self.span_of(base).to(self.last_span());
        self.call(name, name_span, args, Form::Member, span)
    }

    /// `(a, b)`, appended to `args`.
    pub(super) fn arguments(&mut self, args: &mut Vec<NodeId>) -> Step<()> {
        let open = self.span();
        self.skip();
        if self.take(")") {
            return Ok(());
        }
        loop {
            args.push(self.expression()?);
            if !self.take(",") {
                return self.close(")", open);
            }
        }
    }

    pub(super) fn call(
        &mut self,
        name: &str,
        name_span: Span,
        args: Vec<NodeId>,
        form: Form,
        span: Span,
    ) -> Step<NodeId> {
        let Some(function) = Function::from_name(name) else {
            self.findings.push(names::unknown_function(name, name_span, form));
            return self.push(ExprKind::Null, span);
        };
        let signature = function.signature();
        if !signature.forms.allow(form) || args.len() < signature.min || args.len() > signature.max {
            self.findings.push(names::wrong_arguments(&signature, name_span, args.len(), form));
            return self.push(ExprKind::Null, span);
        }
        self.literal_arguments(function, &args);
        self.push(ExprKind::Call { function, args: args.into(), form }, span)
    }

    /// Holds arguments that must be literals, or that can be judged because they are.
    pub(super) fn literal_arguments(&mut self, function: Function, args: &[NodeId]) {
        let second = args.get(1).and_then(|id| self.nodes.get(id.index()).map(|node| (*id, node)));
        let Some((id, node)) = second else { return };
        let span = node.span;
        let text = match &node.kind {
            ExprKind::Text(text) => Some(text),
            _ => None,
        };
        match (function, text) {
            (Function::Matches, Some(text)) => match Pattern::new(text) {
                Ok(pattern) => self.patterns.push((id, pattern)),
                Err(message) => self.findings.push(ExprError::new("bad-pattern", span, message)),
            },
            (Function::Matches, None) => self.findings.push(
                ExprError::new("bad-pattern", span, "the pattern of `matches` must be a literal text")
                    .with_help("compare with `==`, `startsWith`, `contains` or `in` where the other side is computed"),
            ),
            (f, Some(text)) if names::is_accessor(f) && read_offset(text).is_err() => {
                let fault = ExprError::new("zone-name", span, format!("`{text}` is no fixed offset from UTC"))
                    .with_help("write an offset such as \"+02:00\"; names of zones are not part of this release");
                // Some names are one offset forever.
                let fixed = ["UTC", "GMT", "Z", "Etc/UTC"].contains(&&**text);
                self.findings.push(if fixed { fault.with_fix("'+00:00'") } else { fault });
            }
            _ => {}
        }
    }

    pub(super) fn global_call(&mut self, name: &'s str, name_span: Span) -> Step<NodeId> {
        if name == "has" {
            return self.has(name_span);
        }
        if let Some(kind) = MacroKind::from_name(name) {
            let (receiver, walks) = match kind {
                MacroKind::OptMap | MacroKind::OptFlatMap => ("optional", "the optional that it asks"),
                _ => ("list", "the list that it walks"),
            };
            let error =
                ExprError::new("wrong-arguments", name_span, format!("`{name}` is written behind {walks}"));
            return Err(Box::new(error.with_help(format!("write `{receiver}.{name}(x, …)`"))));
        }
        let mut args = Vec::new();
        self.arguments(&mut args)?;
        self.call(name, name_span, args, Form::Global, name_span.to(self.last_span()))
    }

    pub(super) fn has(&mut self, name_span: Span) -> Step<NodeId> {
        let mut args = Vec::new();
        self.arguments(&mut args)?;
        let span = name_span.to(self.last_span());
        let operand = match args.as_slice() {
            [one] => *one,
            _ => {
                self.findings.push(
                    ExprError::new("wrong-arguments", name_span, "`has` takes one member")
                        .with_help("write `has(input.email)`"),
                );
                return self.push(ExprKind::Null, span);
            }
        };
        let fits = match self.nodes.get(operand.index()).map(|node| &node.kind) {
            Some(ExprKind::Select { .. }) => true,
            Some(ExprKind::Reference { reference, .. }) => {
                let reference = &mut self.references[reference.index()];
                reference.uses.iter_mut().filter(|u| u.node == operand).for_each(|u| u.kind = UseKind::Has);
                matches!(reference.name, RootName::Step(_))
            }
            _ => false,
        };
        if !fits {
            self.findings.push(
                ExprError::new(
                    "wrong-arguments",
                    self.span_of(operand),
                    "`has` asks for a member, this is none",
                )
                .with_help("write `has(input.email)`; a position is asked for with `size`"),
            );
        }
        self.push(ExprKind::Has(operand), span)
    }
}
