//! Plain paths, `steps.order.total`: most expressions are one, and need neither tokens nor a parser.

use super::Parsed;
use crate::expr::Limits;
use crate::expr::ast::{Ast, ExprKind, Node, NodeId, RefId, Reference, RootName, Use, UseKind};
use crate::expr::error::Span;
use crate::expr::names::is_reserved;

/// Longer paths are left to the parser, and with them all limits but these.
const MEMBERS: usize = 8;

/// What the parser makes of a path of names with blanks around it; nothing where it is anything else, or anything could
/// be said about it.
pub(super) fn plain(source: &str, offset: usize, limits: &Limits) -> Option<Parsed> {
    let mut path = plain_path(source, limits)?;
    let start = offset + path.start;
    let mut span = Span::new(start, offset + path.end());
    let name = if path.is_step { RootName::Step(path.root.into()) } else { RootName::Root(path.root.into()) };
    let uses = vec![Use { node: NodeId(0), span, kind: UseKind::Value }];
    let kind = ExprKind::Reference { reference: RefId(0), optional: false };
    let mut nodes = Vec::with_capacity(4);
    nodes.push(Node { kind, span });
    let mut root = NodeId(0);
    while let Some(name) = path.member() {
        let member = name?.into();
        span = Span::new(start, offset + path.end());
        nodes.push(Node { kind: ExprKind::Select { base: root, member, optional: false }, span });
        root = NodeId(root.0 + 1);
    }
    let references = vec![Reference { name, slot: None, uses }];
    Some(Parsed { ast: Ast { nodes, root, references, variables: Vec::new() }, patterns: Vec::new() })
}

/// The bytes of a path.
const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        plain[byte] = (byte as u8).is_ascii_alphanumeric() || matches!(byte as u8, b'_' | b'.');
        byte += 1;
    }
    plain
};

/// A path of names: its root, and the members that are read from it one after the other.
pub(in crate::expr) struct PlainPath<'s> {
    /// What it starts from: a root, or the id of a step.
    pub(in crate::expr) root: &'s str,
    pub(in crate::expr) is_step: bool,
    source: &'s str,
    /// Where it begins in the source.
    start: usize,
    /// Where the next name begins; behind the last byte where there is none.
    at: usize,
    /// Behind its last byte.
    over: usize,
    members: usize,
}

/// The path that an expression is, with blanks around it, if it is one. A member that is no name like any other shows when
/// it is asked for.
pub(in crate::expr) fn plain_path<'s>(source: &'s str, limits: &Limits) -> Option<PlainPath<'s>> {
    if limits.nodes <= MEMBERS || limits.depth <= MEMBERS || source.len() > limits.source_bytes {
        return None;
    }
    let bytes = source.as_bytes();
    let start = bytes.iter().take_while(|byte| **byte == b' ').count();
    let behind = bytes[start..].iter().rev().take_while(|byte| **byte == b' ').count();
    let over = bytes.len() - behind;
    // What is more than a path mostly shows at once.
    if !bytes[start..over].iter().all(|byte| PLAIN[usize::from(*byte)]) {
        return None;
    }
    let mut path = PlainPath { root: "", is_step: false, source, start, at: start, over, members: 0 };
    path.root = path.name()?;
    match path.root {
        "now" => return None,
        "steps" => {
            path.is_step = true;
            path.root = path.name()?;
        }
        _ => {}
    }
    Some(path)
}

impl<'s> PlainPath<'s> {
    /// The next member; nothing behind the last, and nothing inside where it is no name like any other or there are too
    /// many.
    pub(in crate::expr) fn member(&mut self) -> Option<Option<&'s str>> {
        if self.at > self.over {
            return None;
        }
        self.members += 1;
        Some(self.name().filter(|_| self.members <= MEMBERS))
    }

    /// Behind the last byte of the name that was given last.
    fn end(&self) -> usize {
        self.at - 1
    }

    /// The next name. Reserved words mean something in some places: the parser knows where.
    fn name(&mut self) -> Option<&'s str> {
        let from = self.at;
        let rest = self.source.as_bytes().get(from..self.over)?;
        let to = from + rest.iter().take_while(|byte| **byte != b'.').count();
        self.at = to + 1;
        let name = self.source.get(from..to)?;
        let starts_well = rest.first().is_some_and(|first| *first != b'.' && !first.is_ascii_digit());
        (starts_well && !is_reserved(name)).then_some(name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::full;
    use super::*;

    #[test]
    fn a_plain_path_is_what_the_parser_makes_of_it() {
        let pieces = [
            "",
            " ",
            "  ",
            ".",
            "..",
            "input",
            "order",
            "_a9",
            "9a",
            "steps",
            "now",
            "in",
            "null",
            "true",
            "if",
            "cel",
            "math",
            "has",
            "(",
            ")",
            "['a']",
            "`a-b`",
            "?",
            "é",
            "\n",
            "//",
            "size",
            "-",
            "1",
            "r'x'",
            "a.b.c.d.e.f.g",
        ];
        let limits = Limits::default();
        let mut plain_ones = 0;
        for a in pieces {
            for b in pieces {
                for c in pieces {
                    for source in [format!("{a}{b}{c}"), format!(" {a}.{b}.{c} "), format!("{a}.{b}{c}")] {
                        let Some(found) = plain(&source, 7, &limits) else { continue };
                        plain_ones += 1;
                        let full = full(&source, 7, &limits).unwrap_or_else(|e| panic!("{source:?}: {e:?}"));
                        assert_eq!(found.ast, full.ast, "{source:?}");
                        assert!(full.patterns.is_empty(), "{source:?}");
                    }
                }
            }
        }
        assert!(plain_ones > 1_000, "{plain_ones}");
        for usual in ["input", " steps.a.b ", "item.x.y.z"] {
            assert!(plain(usual, 0, &limits).is_some(), "{usual}");
        }
        assert!(plain("a.b", 0, &limits.with_nodes(8)).is_none(), "lowered limits are the parser's");
    }
}
