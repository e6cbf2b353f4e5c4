//! Plain paths, `steps.order.total`: most expressions are one, and need neither tokens nor a parser.

use super::Parsed;
use super::lexer::is_word;
use crate::expr::Limits;
use crate::expr::ast::{Ast, ExprKind, Node, NodeId, RefId, Reference, RootName, Use, UseKind};
use crate::expr::error::Span;
use crate::expr::names::is_reserved;

/// Longer paths are left to the parser, and with them all limits but these.
const MEMBERS: usize = 8;

/// What the parser makes of a path of names with blanks around it; nothing where it is anything else, or anything could
/// be said about it.
pub(super) fn plain(source: &str, offset: usize, limits: &Limits) -> Option<Parsed> {
    if limits.nodes <= MEMBERS || limits.depth <= MEMBERS {
        return None;
    }
    let from = source.len() - source.trim_start_matches(' ').len();
    let path = source.trim_matches(' ');
    // What is more than a path mostly shows at once.
    if !path.bytes().all(|byte| byte == b'.' || is_word(byte)) {
        return None;
    }
    let mut at = from;
    let mut names = path.split('.').map(|name| {
        let span = Span::new(offset + at, offset + at + name.len());
        at += name.len() + 1;
        is_name(name).then_some((name, span))
    });
    let (root, mut span) = names.next()??;
    let name = match root {
        "now" => return None,
        "steps" => {
            let (id, end) = names.next()??;
            span = span.to(end);
            RootName::Step(id.into())
        }
        root => RootName::Root(root.into()),
    };
    let uses = vec![Use { node: NodeId(0), span, kind: UseKind::Value }];
    let kind = ExprKind::Reference { reference: RefId(0), optional: false };
    let mut nodes = Vec::with_capacity(4);
    nodes.push(Node { kind, span });
    let mut root = NodeId(0);
    for name in names {
        let (name, end) = name?;
        if nodes.len() > MEMBERS {
            return None;
        }
        span = span.to(end);
        nodes
            .push(Node { kind: ExprKind::Select { base: root, member: name.into(), optional: false }, span });
        root = NodeId(root.0 + 1);
    }
    let references = vec![Reference { name, slot: None, uses }];
    Some(Parsed { ast: Ast { nodes, root, references, variables: Vec::new() }, patterns: Vec::new() })
}

/// Whether a text is a name like any other. Reserved words mean something in some places: the parser knows where.
fn is_name(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| is_word(first) && !first.is_ascii_digit())
        && bytes.all(is_word)
        && !is_reserved(text)
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
