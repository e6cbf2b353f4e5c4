//! From tokens to the tree: precedence climbing over CEL's grammar, with spans, limits and messages that teach.
//!
//! A fault of the grammar ends the work; an unknown function, a wrong number of arguments or an optional written
//! the wrong way round does not, so that one run finds all of them.

mod access;
mod comprehend;
mod lexer;
mod operators;
mod pattern;
mod plain;
mod values;

use lexer::{Lexeme, Sign, Token, lex};

pub(crate) use pattern::Pattern;
pub(super) use plain::{PlainPath, plain_path};

use crate::expr::Limits;
use crate::expr::ast::{Ast, ExprKind, Node, NodeId, Reference, VarId, Variable};
use crate::expr::error::{ExprError, Span};

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
    match plain::plain(source, offset, limits) {
        Some(parsed) => Ok(parsed),
        None => full(source, offset, limits),
    }
}

/// As [`parse`], for what is more than a path.
fn full(source: &str, offset: usize, limits: &Limits) -> Result<Parsed, Vec<ExprError>> {
    let (lexemes, fault) = lex(source, offset);
    // About every second token is a node of its own.
    let room = (lexemes.len() / 2 + 2).min(limits.nodes);
    let mut parser = Parser {
        source,
        offset,
        lexemes,
        fault,
        at: 0,
        limits,
        nest: 0,
        nodes: Vec::with_capacity(room),
        depths: Vec::with_capacity(room),
        references: Vec::with_capacity(2),
        variables: Vec::new(),
        scope: Vec::new(),
        macros: 0,
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
    /// How many macros enclose this place.
    macros: usize,
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

    /// Goes past a token that nobody needs.
    fn skip(&mut self) {
        if self.at + 1 < self.lexemes.len() {
            self.at += 1;
        }
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

    #[inline]
    fn is(&self, sign: &str) -> bool {
        self.is_at(0, sign)
    }

    #[inline]
    fn is_at(&self, ahead: usize, sign: &str) -> bool {
        matches!(self.peek_at(ahead), Token::Sign(s) if *s == Sign::of(sign))
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = self.is(sign);
        if found {
            self.skip();
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
        crate::expr::walk::children(&kind, |child| {
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
}
