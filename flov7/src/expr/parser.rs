//! From tokens to the tree: precedence climbing over CEL's grammar, with spans, limits and messages that teach.
//!
//! A fault of the grammar ends the work; an unknown function, a wrong number of arguments or an optional written
//! the wrong way round does not, so that one run finds all of them.

use super::Limits;
use super::ast::{
    ArithmeticOp, Ast, CompareOp, Element, Entry, ExprKind, Form, LogicOp, MacroKind, Node, NodeId, RefId,
    Reference, RootName, UnaryOp, Use, UseKind, VarId, Variable,
};
use super::error::{ExprError, Span};
use super::functions::{Function, NAMESPACES};
use super::lexer::{Lexeme, Token, lex, number_range};
use super::names;
use super::number::Num;
use super::pattern::Pattern;
use super::time::read_offset;

/// What the parser makes: the tree, and each literal pattern of `matches` with the node that holds it.
pub(super) struct Parsed {
    pub(super) ast: Ast,
    pub(super) patterns: Vec<(NodeId, Pattern)>,
}

/// Parses `source`, whose first byte stands at `offset` of the text that spans refer to.
pub(super) fn parse(source: &str, offset: usize, limits: &Limits) -> Result<Parsed, Vec<ExprError>> {
    let whole = Span::new(offset, offset + source.len());
    if source.len() > limits.source_bytes {
        let message =
            format!("an expression has at most {} bytes, this one has {}", limits.source_bytes, source.len());
        return Err(vec![ExprError::new("expression-size", whole, message)]);
    }
    let (lexemes, fault) = lex(source, offset);
    let mut parser = Parser {
        source,
        offset,
        lexemes,
        fault,
        at: 0,
        limits,
        nest: 0,
        nodes: Vec::new(),
        depths: Vec::new(),
        references: Vec::new(),
        variables: Vec::new(),
        scope: Vec::new(),
        patterns: Vec::new(),
        findings: Vec::new(),
    };
    let root = parser.whole();
    let Parser { mut findings, nodes, references, variables, patterns, .. } = parser;
    match root {
        Ok(root) if findings.is_empty() => {
            Ok(Parsed { ast: Ast { nodes, root, references, variables }, patterns })
        }
        Ok(_) => Err(findings),
        Err(error) => {
            findings.push(*error);
            Err(findings)
        }
    }
}

struct Parser<'s, 'l> {
    source: &'s str,
    offset: usize,
    lexemes: Vec<Lexeme<'s>>,
    /// Why the tokens end early.
    fault: Option<ExprError>,
    at: usize,
    limits: &'l Limits,
    /// How deep the descent is.
    nest: usize,
    nodes: Vec<Node>,
    /// The depth of the tree below each node.
    depths: Vec<u16>,
    references: Vec<Reference>,
    variables: Vec<Variable>,
    /// The variables in sight, innermost last.
    scope: Vec<VarId>,
    patterns: Vec<(NodeId, Pattern)>,
    /// Faults after which parsing went on.
    findings: Vec<ExprError>,
}

type Step<T> = Result<T, Box<ExprError>>;

impl<'s> Parser<'s, '_> {
    fn whole(&mut self) -> Step<NodeId> {
        if self.peek() == &Token::End && self.fault.is_none() {
            return Err(self.syntax(self.span(), "there is no expression here"));
        }
        let root = self.expression()?;
        if self.peek() == &Token::End && self.fault.is_none() {
            return Ok(root);
        }
        Err(self.leftover())
    }

    // ---- tokens

    fn peek(&self) -> &Token<'s> {
        self.peek_at(0)
    }

    fn peek_at(&self, ahead: usize) -> &Token<'s> {
        // The last token is `End`, and nothing moves past it.
        self.lexemes.get(self.at + ahead).map_or(&Token::End, |l| &l.token)
    }

    fn span(&self) -> Span {
        self.span_at(0)
    }

    fn span_at(&self, ahead: usize) -> Span {
        self.lexemes.get(self.at + ahead).or(self.lexemes.last()).map_or(Span::default(), |l| l.span)
    }

    /// The span of the token before.
    fn last_span(&self) -> Span {
        self.at.checked_sub(1).and_then(|i| self.lexemes.get(i)).map_or(Span::default(), |l| l.span)
    }

    fn advance(&mut self) -> Token<'s> {
        let last = self.lexemes.len().saturating_sub(1);
        let Some(lexeme) = self.lexemes.get_mut(self.at) else { return Token::End };
        if self.at == last {
            return Token::End;
        }
        self.at += 1;
        std::mem::replace(&mut lexeme.token, Token::End)
    }

    fn is(&self, sign: &str) -> bool {
        matches!(self.peek(), Token::Sign(s) if *s == sign)
    }

    fn is_at(&self, ahead: usize, sign: &str) -> bool {
        matches!(self.peek_at(ahead), Token::Sign(s) if *s == sign)
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        if found {
            self.advance();
        }
        found
    }

    /// The text of a span of this expression.
    fn text(&self, span: Span) -> &'s str {
        let range = span.range();
        self.source
            .get(range.start.saturating_sub(self.offset)..range.end.saturating_sub(self.offset))
            .unwrap_or("")
    }

    // ---- faults

    fn syntax(&self, span: Span, message: impl Into<String>) -> Box<ExprError> {
        // Where the lexer stopped, its fault is the cause.
        if self.peek() == &Token::End
            && self.at + 1 == self.lexemes.len()
            && let Some(fault) = &self.fault
        {
            return Box::new(fault.clone());
        }
        Box::new(ExprError::new("expression-syntax", span, message))
    }

    fn found(&self) -> String {
        match self.peek() {
            Token::End => "the end".to_owned(),
            _ => format!("`{}`", self.text(self.span())),
        }
    }

    fn expected(&self, what: &str) -> Box<ExprError> {
        self.syntax(self.span(), format!("expected {what}, found {}", self.found()))
    }

    fn close(&mut self, sign: &'static str, open: Span) -> Step<()> {
        if self.take(sign) {
            return Ok(());
        }
        let opener = self.text(open);
        Err(self.syntax(
            self.span(),
            format!("expected `{sign}` to close the `{opener}` at {}, found {}", open.start, self.found()),
        ))
    }

    /// What follows a complete expression and is no part of it.
    fn leftover(&self) -> Box<ExprError> {
        let span = self.span();
        let error = self.syntax(span, format!("expected an operator or the end, found {}", self.found()));
        if error.span != span {
            return error;
        }
        let hint = match self.peek() {
            Token::Name("and") => Some("&&"),
            Token::Name("or") => Some("||"),
            Token::Name("is" | "eq" | "equals") => Some("=="),
            Token::Name("ne") => Some("!="),
            Token::Name("gt") => Some(">"),
            Token::Name("lt") => Some("<"),
            Token::Name("mod") => Some("%"),
            _ => None,
        };
        Box::new(match hint {
            Some(right) => error.with_help(format!("write `{right}`")).with_fix(right),
            None if self.is(")") || self.is("]") || self.is("}") => error.with_help("nothing opened it"),
            None if self.is("?") && self.is_at(1, "?") => {
                error.with_help("a default is written `a.?b.orValue(default)`")
            }
            None => *error,
        })
    }

    fn size(&self, span: Span, message: String) -> Box<ExprError> {
        Box::new(ExprError::new("expression-size", span, message).with_help("split it over several steps"))
    }

    // ---- nodes

    fn push(&mut self, kind: ExprKind, span: Span) -> Step<NodeId> {
        if self.nodes.len() >= self.limits.nodes {
            return Err(self.size(span, format!("an expression has at most {} parts", self.limits.nodes)));
        }
        let mut depth = 0u16;
        super::walk::children(&kind, |child| {
            depth = depth.max(self.depths.get(child.index()).copied().unwrap_or(0));
        });
        let depth = depth.saturating_add(1);
        if usize::from(depth) > self.limits.depth {
            return Err(self.too_deep(span));
        }
        let id = NodeId(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX));
        self.nodes.push(Node { kind, span });
        self.depths.push(depth);
        Ok(id)
    }

    fn too_deep(&self, span: Span) -> Box<ExprError> {
        self.size(span, format!("an expression nests at most {} deep", self.limits.depth))
    }

    fn span_of(&self, id: NodeId) -> Span {
        self.nodes.get(id.index()).map_or(Span::default(), |n| n.span)
    }

    // ---- operators, loosest first

    fn expression(&mut self) -> Step<NodeId> {
        if self.nest >= self.limits.depth {
            return Err(self.too_deep(self.span()));
        }
        self.nest += 1;
        let result = self.ternary();
        self.nest -= 1;
        result
    }

    fn ternary(&mut self) -> Step<NodeId> {
        let condition = self.logic(LogicOp::Or)?;
        if !self.is("?") || self.is_at(1, "?") {
            return Ok(condition);
        }
        let mark = self.span();
        self.advance();
        let then = self.expression()?;
        if !self.take(":") {
            return Err(self.syntax(
                self.span(),
                format!(
                    "expected `:` and the value for false, of the `?` at {}, found {}",
                    mark.start,
                    self.found()
                ),
            ));
        }
        let otherwise = self.expression()?;
        let span = self.span_of(condition).to(self.span_of(otherwise));
        self.push(ExprKind::Ternary { condition, then, otherwise }, span)
    }

    fn logic(&mut self, op: LogicOp) -> Step<NodeId> {
        let sign = if op == LogicOp::Or { "||" } else { "&&" };
        let first = self.logic_operand(op)?;
        if !self.is(sign) {
            return Ok(first);
        }
        let mut operands = vec![first];
        let mut last = first;
        while self.take(sign) {
            last = self.logic_operand(op)?;
            operands.push(last);
        }
        let span = self.span_of(first).to(self.span_of(last));
        self.push(ExprKind::Logic { op, operands: operands.into() }, span)
    }

    fn logic_operand(&mut self, op: LogicOp) -> Step<NodeId> {
        if op == LogicOp::Or { self.logic(LogicOp::And) } else { self.relation() }
    }

    fn relation(&mut self) -> Step<NodeId> {
        let mut left = self.sum()?;
        while let Some(op) = self.relation_op() {
            self.advance();
            let right = self.sum()?;
            let span = self.span_of(left).to(self.span_of(right));
            left = self.push(ExprKind::Compare { op, left, right }, span)?;
        }
        Ok(left)
    }

    fn relation_op(&self) -> Option<CompareOp> {
        Some(match self.peek() {
            Token::Sign("==") => CompareOp::Equal,
            Token::Sign("!=") => CompareOp::NotEqual,
            Token::Sign("<") => CompareOp::Less,
            Token::Sign("<=") => CompareOp::LessOrEqual,
            Token::Sign(">") => CompareOp::Greater,
            Token::Sign(">=") => CompareOp::GreaterOrEqual,
            Token::Name("in") => CompareOp::In,
            _ => return None,
        })
    }

    fn sum(&mut self) -> Step<NodeId> {
        self.chain(Parser::product, |sign| match sign {
            "+" => Some(ArithmeticOp::Add),
            "-" => Some(ArithmeticOp::Subtract),
            _ => None,
        })
    }

    fn product(&mut self) -> Step<NodeId> {
        self.chain(Parser::unary, |sign| match sign {
            "*" => Some(ArithmeticOp::Multiply),
            "/" => Some(ArithmeticOp::Divide),
            "%" => Some(ArithmeticOp::Remainder),
            _ => None,
        })
    }

    fn chain(
        &mut self,
        operand: impl Fn(&mut Self) -> Step<NodeId>,
        op_of: impl Fn(&str) -> Option<ArithmeticOp>,
    ) -> Step<NodeId> {
        let first = operand(self)?;
        let mut rest = Vec::new();
        let mut span = self.span_of(first);
        while let Token::Sign(sign) = self.peek()
            && let Some(op) = op_of(sign)
        {
            self.advance();
            let next = operand(self)?;
            span = span.to(self.span_of(next));
            rest.push((op, next));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        self.push(ExprKind::Arithmetic { first, rest: rest.into() }, span)
    }

    fn unary(&mut self) -> Step<NodeId> {
        let mut signs = Vec::new();
        loop {
            let op = match self.peek() {
                Token::Sign("!") => UnaryOp::Not,
                Token::Sign("-") if matches!(self.peek_at(1), Token::Whole(_) | Token::Real(_)) => break,
                Token::Sign("-") => UnaryOp::Negate,
                Token::Name("not") if self.starts_operand(1) => {
                    let error = ExprError::new("expression-syntax", self.span(), "`not` is written `!`");
                    return Err(Box::new(error.with_help("write `!`").with_fix("!")));
                }
                _ => break,
            };
            signs.push((op, self.span()));
            if signs.len() > self.limits.depth {
                return Err(self.too_deep(self.span()));
            }
            self.advance();
        }
        let mut operand = self.postfix()?;
        for (op, sign) in signs.into_iter().rev() {
            let span = sign.to(self.span_of(operand));
            operand = self.push(ExprKind::Unary { op, operand }, span)?;
        }
        Ok(operand)
    }

    /// Whether the token there starts a value and cannot follow one.
    fn starts_operand(&self, ahead: usize) -> bool {
        matches!(self.peek_at(ahead), Token::Name(name) if *name != "in")
            || matches!(self.peek_at(ahead), Token::Whole(_) | Token::Real(_) | Token::Text(_))
    }

    // ---- what follows a value

    fn postfix(&mut self) -> Step<NodeId> {
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
    fn swapped_optional(&mut self) {
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
        self.advance();
        self.advance();
        if bracket {
            // Now at `[`; leave it to `index`, which reads a plain one.
            return;
        }
        // Step back onto two tokens that say `.?`.
        self.at -= 2;
        self.lexemes[self.at] = Lexeme { token: Token::Sign("."), span };
        self.lexemes[self.at + 1] = Lexeme { token: Token::Sign("?"), span };
    }

    fn member(&mut self, base: NodeId) -> Step<NodeId> {
        self.advance();
        let optional = self.take("?");
        let name_span = self.span();
        let name = match self.peek() {
            Token::Name(name) => *name,
            Token::Quoted(name) => {
                let name = *name;
                self.advance();
                let span = self.span_of(base).to(name_span);
                return self.push(ExprKind::Select { base, member: name.into(), optional }, span);
            }
            _ => return Err(self.expected("a member's name after the dot")),
        };
        self.advance();
        if self.is("(") && !optional {
            return self.member_call(base, name, name_span);
        }
        let span = self.span_of(base).to(name_span);
        self.push(ExprKind::Select { base, member: name.into(), optional }, span)
    }

    fn index(&mut self, base: NodeId) -> Step<NodeId> {
        let open = self.span();
        self.advance();
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

    fn member_call(&mut self, base: NodeId, name: &'s str, name_span: Span) -> Step<NodeId> {
        if let Some(kind) = MacroKind::from_name(name) {
            return self.macro_call(base, kind, name_span);
        }
        let mut args = vec![base];
        self.arguments(&mut args)?;
        let span = self.span_of(base).to(self.last_span());
        self.call(name, name_span, args, Form::Member, span)
    }

    /// `(a, b)`, appended to `args`.
    fn arguments(&mut self, args: &mut Vec<NodeId>) -> Step<()> {
        let open = self.span();
        self.advance();
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

    fn call(
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
    fn literal_arguments(&mut self, function: Function, args: &[NodeId]) {
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
                self.findings.push(
                    ExprError::new("zone-name", span, format!("`{text}` is no fixed offset from UTC"))
                        .with_help("write an offset such as \"+02:00\"; names of zones are not part of this release"),
                );
            }
            _ => {}
        }
    }

    fn macro_call(&mut self, range: NodeId, kind: MacroKind, name_span: Span) -> Step<NodeId> {
        let open = self.span();
        let name = kind.name();
        self.advance();
        let variable = match (self.peek(), self.is_at(1, ",")) {
            (Token::Name(variable), true) if !names::is_reserved(variable) => *variable,
            _ => {
                let error = ExprError::new(
                    "wrong-arguments",
                    self.span(),
                    format!("`{name}` first names a variable, then says what to do with it"),
                );
                return Err(Box::new(
                    error.with_help(format!("write `.{name}(x, …)`, with x for each member")),
                ));
            }
        };
        self.advance();
        self.advance();
        if self.scope.len() >= self.limits.macros {
            let message = format!("macros nest at most {} deep", self.limits.macros);
            return Err(self.size(name_span, message));
        }
        let id = VarId(u32::try_from(self.variables.len()).unwrap_or(u32::MAX));
        let depth = u8::try_from(self.scope.len()).unwrap_or(u8::MAX);
        self.variables.push(Variable { name: variable.into(), depth, range });
        self.scope.push(id);
        let first = self.expression()?;
        let mut filter = None;
        let mut body = first;
        if kind == MacroKind::Map && self.take(",") {
            filter = Some(first);
            body = self.expression()?;
        }
        self.scope.pop();
        if self.is(",") {
            let error = ExprError::new(
                "wrong-arguments",
                self.span(),
                format!(
                    "`{name}` takes a variable and {}",
                    if kind == MacroKind::Map { "one or two expressions" } else { "one expression" }
                ),
            );
            return Err(Box::new(error));
        }
        self.close(")", open)?;
        let span = self.span_of(range).to(self.last_span());
        self.push(ExprKind::Macro { kind, range, variable: id, filter, body }, span)
    }

    // ---- values

    fn primary(&mut self) -> Step<NodeId> {
        let span = self.span();
        match self.peek() {
            Token::Whole(_) | Token::Real(_) => self.number(false),
            Token::Sign("-") => self.number(true),
            Token::Text(_) => {
                let Token::Text(text) = self.advance() else { return Err(self.expected("a value")) };
                self.push(ExprKind::Text(text.into()), span)
            }
            Token::Sign("(") => {
                self.advance();
                let inner = self.expression()?;
                self.close(")", span)?;
                Ok(inner)
            }
            Token::Sign("[") => self.list(),
            Token::Sign("{") => self.map(),
            Token::Name(name) => {
                let name = *name;
                self.name(name)
            }
            _ => Err(self.expected("a value")),
        }
    }

    fn number(&mut self, negative: bool) -> Step<NodeId> {
        let mut span = self.span();
        if negative {
            self.advance();
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

    fn list(&mut self) -> Step<NodeId> {
        let open = self.span();
        self.advance();
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

    fn map(&mut self) -> Step<NodeId> {
        let open = self.span();
        self.advance();
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

    fn lookup(&self, name: &str) -> Option<VarId> {
        self.scope
            .iter()
            .rev()
            .copied()
            .find(|id| self.variables.get(id.index()).is_some_and(|variable| &*variable.name == name))
    }

    fn name(&mut self, name: &'s str) -> Step<NodeId> {
        let span = self.span();
        let literal = match name {
            "null" => Some(ExprKind::Null),
            "true" => Some(ExprKind::Bool(true)),
            "false" => Some(ExprKind::Bool(false)),
            _ => None,
        };
        if let Some(kind) = literal {
            self.advance();
            return self.push(kind, span);
        }
        if name == "in" {
            return Err(self.expected("a value"));
        }
        if names::is_reserved(name) {
            let message = format!("`{name}` is a reserved word");
            return Err(self.syntax(span, message));
        }
        if let Some(variable) = self.lookup(name)
            && !self.is_at(1, "(")
        {
            self.advance();
            return self.push(ExprKind::Variable(variable), span);
        }
        if NAMESPACES.contains(&name)
            && self.is_at(1, ".")
            && let Token::Name(function) = self.peek_at(2)
            && self.is_at(3, "(")
        {
            let full = format!("{name}.{function}");
            let name_span = span.to(self.span_at(2));
            (0..3).for_each(|_| drop(self.advance()));
            let mut args = Vec::new();
            self.arguments(&mut args)?;
            return self.call(&full, name_span, args, Form::Global, name_span.to(self.last_span()));
        }
        self.advance();
        if self.is("(") {
            return self.global_call(name, span);
        }
        match name {
            "now" => self.push(ExprKind::Now, span),
            "steps" => self.step(span),
            _ => self.reference(RootName::Root(name.into()), span, false),
        }
    }

    fn global_call(&mut self, name: &'s str, name_span: Span) -> Step<NodeId> {
        if name == "has" {
            return self.has(name_span);
        }
        if MacroKind::from_name(name).is_some() {
            let error = ExprError::new(
                "wrong-arguments",
                name_span,
                format!("`{name}` is written behind the list that it walks"),
            );
            return Err(Box::new(error.with_help(format!("write `list.{name}(x, …)`"))));
        }
        let mut args = Vec::new();
        self.arguments(&mut args)?;
        self.call(name, name_span, args, Form::Global, name_span.to(self.last_span()))
    }

    fn has(&mut self, name_span: Span) -> Step<NodeId> {
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

    /// `.total`, `.?total`, `["total"]` or `[?"total"]` after `steps`.
    fn step(&mut self, start: Span) -> Step<NodeId> {
        if self.is("?") && self.is_at(1, ".") {
            self.swapped_optional();
        }
        if self.is(".") {
            let optional = self.is_at(1, "?");
            let ahead = if optional { 2 } else { 1 };
            if let Token::Name(id) | Token::Quoted(id) = self.peek_at(ahead)
                && (optional || !self.is_at(ahead + 1, "("))
            {
                let id: Box<str> = (*id).into();
                (0..=ahead).for_each(|_| drop(self.advance()));
                return self.reference(RootName::Step(id), start.to(self.last_span()), optional);
            }
        } else if self.is("[") {
            let optional = self.is_at(1, "?");
            let ahead = if optional { 2 } else { 1 };
            if let Token::Text(id) = self.peek_at(ahead)
                && self.is_at(ahead + 1, "]")
            {
                let id: Box<str> = id.as_str().into();
                (0..=ahead + 1).for_each(|_| drop(self.advance()));
                return self.reference(RootName::Step(id), start.to(self.last_span()), optional);
            }
        }
        let error = self.syntax(start, "`steps` is no value of its own: name the step that is read");
        Err(Box::new(error.with_help("write `steps.total`")))
    }

    fn reference(&mut self, name: RootName, span: Span, optional: bool) -> Step<NodeId> {
        let place = self.references.iter().position(|r| r.name == name).unwrap_or_else(|| {
            self.references.push(Reference { name, slot: None, uses: Vec::new() });
            self.references.len() - 1
        });
        let reference = RefId(u32::try_from(place).unwrap_or(u32::MAX));
        let node = self.push(ExprKind::Reference { reference, optional }, span)?;
        let kind = if optional { UseKind::Optional } else { UseKind::Value };
        self.references[place].uses.push(Use { node, span, kind });
        Ok(node)
    }
}
