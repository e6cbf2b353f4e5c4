//! Operators, loosest first, and what stands around a value before it.

use super::lexer::{Sign, Token};
use super::{Parser, Step};
use crate::expr::ast::{ArithmeticOp, CompareOp, ExprKind, LogicOp, NodeId, UnaryOp};
use crate::expr::error::ExprError;

impl Parser<'_, '_> {
    pub(super) fn expression(&mut self) -> Step<NodeId> {
        if self.nest >= self.limits.depth {
            return Err(self.too_deep(self.span()));
        }
        self.nest += 1;
        let result = self.ternary();
        self.nest -= 1;
        result
    }

    pub(super) fn ternary(&mut self) -> Step<NodeId> {
        let operand = self.unary()?;
        // Many expressions are one operand, and then no operator has to be looked for.
        if self.is_over() {
            return Ok(operand);
        }
        let condition = self.logic(LogicOp::Or, operand)?;
        if !self.is("?") || self.is_at(1, "?") {
            return Ok(condition);
        }
        let mark = self.span();
        self.skip();
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

    /// Whether nothing stands here that an operand could belong to.
    fn is_over(&self) -> bool {
        const CLOSING: [Sign; 5] =
            [Sign::of(")"), Sign::of(","), Sign::of("]"), Sign::of("}"), Sign::of(":")];
        match self.peek() {
            Token::Sign(sign) => CLOSING.contains(sign),
            token => matches!(token, Token::End),
        }
    }

    /// What begins with `operand`; so with all levels below.
    fn logic(&mut self, op: LogicOp, operand: NodeId) -> Step<NodeId> {
        let sign = if op == LogicOp::Or { "||" } else { "&&" };
        let first = self.logic_operand(op, operand)?;
        if !self.is(sign) {
            return Ok(first);
        }
        let mut operands = Vec::with_capacity(2);
        operands.push(first);
        let mut last = first;
        while self.take(sign) {
            let operand = self.unary()?;
            last = self.logic_operand(op, operand)?;
            operands.push(last);
        }
        let span = self.span_of(first).to(self.span_of(last));
        self.push(ExprKind::Logic { op, operands: operands.into() }, span)
    }

    fn logic_operand(&mut self, op: LogicOp, operand: NodeId) -> Step<NodeId> {
        if op == LogicOp::Or { self.logic(LogicOp::And, operand) } else { self.relation(operand) }
    }

    fn relation(&mut self, operand: NodeId) -> Step<NodeId> {
        let mut left = self.sum(operand)?;
        while let Some(op) = self.relation_op() {
            self.skip();
            let operand = self.unary()?;
            let right = self.sum(operand)?;
            let span = self.span_of(left).to(self.span_of(right));
            left = self.push(ExprKind::Compare { op, left, right }, span)?;
        }
        Ok(left)
    }

    pub(super) fn relation_op(&self) -> Option<CompareOp> {
        Some(match self.peek() {
            Token::Sign(Sign::EQUAL) => CompareOp::Equal,
            Token::Sign(Sign::NOT_EQUAL) => CompareOp::NotEqual,
            Token::Sign(Sign::LESS) => CompareOp::Less,
            Token::Sign(Sign::LESS_OR_EQUAL) => CompareOp::LessOrEqual,
            Token::Sign(Sign::GREATER) => CompareOp::Greater,
            Token::Sign(Sign::GREATER_OR_EQUAL) => CompareOp::GreaterOrEqual,
            Token::Name("in") => CompareOp::In,
            _ => return None,
        })
    }

    fn sum(&mut self, operand: NodeId) -> Step<NodeId> {
        let first = self.product(operand)?;
        let product = |parser: &mut Self| {
            let operand = parser.unary()?;
            parser.product(operand)
        };
        self.chain(first, product, |sign| match sign {
            Sign::PLUS => Some(ArithmeticOp::Add),
            Sign::MINUS => Some(ArithmeticOp::Subtract),
            _ => None,
        })
    }

    fn product(&mut self, operand: NodeId) -> Step<NodeId> {
        self.chain(operand, Parser::unary, |sign| match sign {
            Sign::TIMES => Some(ArithmeticOp::Multiply),
            Sign::OVER => Some(ArithmeticOp::Divide),
            Sign::REMAINDER => Some(ArithmeticOp::Remainder),
            _ => None,
        })
    }

    fn chain(
        &mut self,
        first: NodeId,
        operand: impl Fn(&mut Self) -> Step<NodeId>,
        op_of: impl Fn(Sign) -> Option<ArithmeticOp>,
    ) -> Step<NodeId> {
        let mut rest = Vec::new();
        let mut span = self.span_of(first);
        while let Token::Sign(sign) = self.peek()
            && let Some(op) = op_of(*sign)
        {
            self.skip();
            let next = operand(self)?;
            span = span.to(self.span_of(next));
            if rest.is_empty() {
                // Most chains are of two.
                rest.reserve_exact(1);
            }
            rest.push((op, next));
        }
        if rest.is_empty() {
            return Ok(first);
        }
        self.push(ExprKind::Arithmetic { first, rest: rest.into() }, span)
    }

    pub(super) fn unary(&mut self) -> Step<NodeId> {
        let mut signs = Vec::new();
        loop {
            let op = match self.peek() {
                Token::Sign(Sign::NOT) => UnaryOp::Not,
                Token::Sign(Sign::MINUS) if matches!(self.peek_at(1), Token::Whole(_) | Token::Real(_)) => {
                    break;
                }
                Token::Sign(Sign::MINUS) => UnaryOp::Negate,
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
            self.skip();
        }
        let mut operand = self.postfix()?;
        for (op, sign) in signs.into_iter().rev() {
            let span = sign.to(self.span_of(operand));
            operand = self.push(ExprKind::Unary { op, operand }, span)?;
        }
        Ok(operand)
    }

    /// Whether the token there starts a value and cannot follow one.
    pub(super) fn starts_operand(&self, ahead: usize) -> bool {
        matches!(self.peek_at(ahead), Token::Name(name) if *name != "in")
            || matches!(self.peek_at(ahead), Token::Whole(_) | Token::Real(_) | Token::Text(_))
    }
}
