//! What an expression reads, by constant paths.

use super::env::Key;
use super::found::Read;
use super::narrow::path_of_optional;
use crate::expr::ast::{Ast, ExprKind, NodeId};

/// The longest constant paths, in written order.
pub(super) fn reads(ast: &Ast) -> Vec<Read> {
    // Whether a node is the beginning of a longer path, and whether its absence is provided for.
    let mut extended = vec![false; ast.nodes().len()];
    let mut guarded = vec![false; ast.nodes().len()];
    let mark = |marks: &mut Vec<bool>, id: NodeId| {
        if let Some(mark) = marks.get_mut(id.index()) {
            *mark = true;
        }
    };
    for node in ast.nodes() {
        let base = match &node.kind {
            ExprKind::Has(operand) => {
                mark(&mut guarded, *operand);
                continue;
            }
            ExprKind::Select { base, .. } => *base,
            ExprKind::Index { base, key, .. } if is_position(ast, *key) => *base,
            _ => continue,
        };
        mark(&mut extended, base);
    }
    let mut found = Vec::new();
    for (index, node) in ast.nodes().iter().enumerate() {
        let Ok(number) = u32::try_from(index) else { break };
        if extended.get(index) == Some(&true) {
            continue;
        }
        let id = NodeId(number);
        let Some(path) = path_of_optional(ast, id) else { continue };
        if let Key::Name(root) = path.root {
            let guarded = guarded.get(index) == Some(&true) || is_optional(ast, id);
            found.push(Read { root, path: path.segments, span: node.span, guarded });
        }
    }
    found.sort_by_key(|read: &Read| (read.span.start, read.span.end));
    found
}

fn is_position(ast: &Ast, key: NodeId) -> bool {
    matches!(&ast.node(key).kind, ExprKind::Number(number) if number.to_number().as_u64().is_some())
}

/// Whether any part of a path is written with `?`.
fn is_optional(ast: &Ast, id: NodeId) -> bool {
    match &ast.node(id).kind {
        ExprKind::Reference { optional, .. } => *optional,
        ExprKind::Select { base, optional, .. } | ExprKind::Index { base, optional, .. } => {
            *optional || is_optional(ast, *base)
        }
        _ => false,
    }
}
