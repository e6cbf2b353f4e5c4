//! The children of a node, in the order in which they were written.

use super::ast::{ExprKind, NodeId};

/// Calls `visit` with each child of a node, in written order.
pub(crate) fn children(kind: &ExprKind, mut visit: impl FnMut(NodeId)) {
    match kind {
        ExprKind::Null
        | ExprKind::Bool(_)
        | ExprKind::Number(_)
        | ExprKind::Text(_)
        | ExprKind::Now
        | ExprKind::Reference { .. }
        | ExprKind::Variable(_) => {}
        ExprKind::Select { base, .. } => visit(*base),
        ExprKind::Index { base, key, .. } => {
            visit(*base);
            visit(*key);
        }
        ExprKind::Call { args, .. } => args.iter().copied().for_each(visit),
        ExprKind::List(elements) => elements.iter().for_each(|element| visit(element.value)),
        ExprKind::Map(entries) => {
            for entry in entries {
                visit(entry.key);
                visit(entry.value);
            }
        }
        ExprKind::Unary { operand, .. } => visit(*operand),
        ExprKind::Arithmetic { first, rest } => {
            visit(*first);
            rest.iter().for_each(|(_, operand)| visit(*operand));
        }
        ExprKind::Compare { left, right, .. } => {
            visit(*left);
            visit(*right);
        }
        ExprKind::Logic { operands, .. } => operands.iter().copied().for_each(visit),
        ExprKind::Ternary { condition, then, otherwise } => {
            visit(*condition);
            visit(*then);
            visit(*otherwise);
        }
        ExprKind::Has(operand) => visit(*operand),
        ExprKind::Macro { range, filter, body, .. } => {
            visit(*range);
            filter.iter().copied().for_each(&mut visit);
            visit(*body);
        }
    }
}
