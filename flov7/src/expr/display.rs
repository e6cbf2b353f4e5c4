//! An expression as text again, in one canonical spelling: what explanations and messages show.

use std::fmt::{self, Display, Formatter, Write};

use super::ast::{Ast, ExprKind, Form, LogicOp, NodeId, RootName, UnaryOp};
use super::macros::MacroKind;
use super::names::{is_namespaced, is_reserved};
use super::number::Num;
use crate::json::canonical;

/// A node to be shown.
pub(crate) struct Show<'a> {
    pub(crate) ast: &'a Ast,
    pub(crate) id: NodeId,
}

impl Display for Show<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write(self.ast, self.id, f)
    }
}

/// How tightly a node binds; a child that binds looser than its place stands in parentheses.
fn binding(kind: &ExprKind) -> u8 {
    use super::ast::ArithmeticOp as Op;
    match kind {
        ExprKind::Ternary { .. } => 0,
        ExprKind::Logic { op: LogicOp::Or, .. } => 1,
        ExprKind::Logic { op: LogicOp::And, .. } => 2,
        ExprKind::Compare { .. } => 3,
        ExprKind::Arithmetic { rest, .. } => match rest.first() {
            Some((Op::Add | Op::Subtract, _)) => 4,
            _ => 5,
        },
        ExprKind::Unary { .. } => 6,
        ExprKind::Number(n) if n.compare(Num::Int(0)).is_lt() => 6,
        _ => 7,
    }
}

/// The node in a place that needs at least that binding.
fn place(ast: &Ast, id: NodeId, least: u8, f: &mut Formatter<'_>) -> fmt::Result {
    enclosed(ast, id, binding(&ast.node(id).kind) < least, f)
}

/// The node, in parentheses where it needs them.
fn enclosed(ast: &Ast, id: NodeId, needed: bool, f: &mut Formatter<'_>) -> fmt::Result {
    if !needed {
        return write(ast, id, f);
    }
    f.write_str("(")?;
    write(ast, id, f)?;
    f.write_str(")")
}

/// What `name` is called on. `math.size(…)` would be read as one function's name, where `(math).size(…)` is a root's
/// method.
fn called(ast: &Ast, receiver: NodeId, name: &str, f: &mut Formatter<'_>) -> fmt::Result {
    if let ExprKind::Reference { reference, .. } = &ast.node(receiver).kind
        && let RootName::Root(root) = ast.reference(*reference).name()
        && is_namespaced(root, name)
    {
        return enclosed(ast, receiver, true, f);
    }
    place(ast, receiver, 7, f)
}

/// Whether a node is written as one name that is no literal and no variable.
fn is_bare_root(ast: &Ast, id: NodeId) -> bool {
    match &ast.node(id).kind {
        ExprKind::Now => true,
        ExprKind::Reference { reference, .. } => {
            matches!(ast.reference(*reference).name(), RootName::Root(_))
        }
        _ => false,
    }
}

fn list(ast: &Ast, ids: impl IntoIterator<Item = NodeId>, f: &mut Formatter<'_>) -> fmt::Result {
    for (i, id) in ids.into_iter().enumerate() {
        if i > 0 {
            f.write_str(", ")?;
        }
        write(ast, id, f)?;
    }
    Ok(())
}

fn write(ast: &Ast, id: NodeId, f: &mut Formatter<'_>) -> fmt::Result {
    let kind = &ast.node(id).kind;
    let own = binding(kind);
    match kind {
        ExprKind::Null => f.write_str("null"),
        ExprKind::Bool(b) => write!(f, "{b}"),
        // With an exponent where that is what keeps it a double.
        ExprKind::Number(n) => f.write_str(&canonical(&n.to_number().into())),
        ExprKind::Text(text) => quote(text, f),
        ExprKind::Now => f.write_str("now"),
        ExprKind::Reference { reference, optional } => match ast.reference(*reference).name() {
            RootName::Root(name) => f.write_str(name),
            RootName::Step(id) => {
                f.write_str("steps")?;
                member(id, *optional, f)
            }
        },
        ExprKind::Variable(variable) => f.write_str(ast.variable(*variable).name()),
        ExprKind::Select { base, member: name, optional } => {
            place(ast, *base, 7, f)?;
            member(name, *optional, f)
        }
        ExprKind::Index { base, key, optional } => {
            place(ast, *base, 7, f)?;
            f.write_str(if *optional { "[?" } else { "[" })?;
            // `a["b"]` is a member; what computes its key and happens to be a text was written in parentheses.
            enclosed(ast, *key, matches!(ast.node(*key).kind, ExprKind::Text(_)), f)?;
            f.write_str("]")
        }
        ExprKind::Call { function, args, form } => match (form, args.split_first()) {
            (Form::Member, Some((receiver, rest))) => {
                called(ast, *receiver, function.name(), f)?;
                write!(f, ".{}(", function.name())?;
                list(ast, rest.iter().copied(), f)?;
                f.write_str(")")
            }
            _ => {
                write!(f, "{}(", function.name())?;
                list(ast, args.iter().copied(), f)?;
                f.write_str(")")
            }
        },
        ExprKind::List(elements) => {
            f.write_str("[")?;
            for (i, element) in elements.iter().enumerate() {
                f.write_str(if i > 0 { ", " } else { "" })?;
                f.write_str(if element.optional { "?" } else { "" })?;
                write(ast, element.value, f)?;
            }
            f.write_str("]")
        }
        ExprKind::Map(entries) => {
            f.write_str("{")?;
            for (i, entry) in entries.iter().enumerate() {
                f.write_str(if i > 0 { ", " } else { "" })?;
                f.write_str(if entry.optional { "?" } else { "" })?;
                // A bare name before the colon would be taken for a text without its quotes, and refused.
                enclosed(ast, entry.key, is_bare_root(ast, entry.key), f)?;
                f.write_str(": ")?;
                write(ast, entry.value, f)?;
            }
            f.write_str("}")
        }
        ExprKind::Unary { op, operand } => {
            f.write_str(if *op == UnaryOp::Not { "!" } else { "-" })?;
            // `-(5)` and `-(5.a)`: a sign before a number becomes part of it.
            let least = if begins_with_number(ast, *operand) { 8 } else { own };
            place(ast, *operand, least, f)
        }
        ExprKind::Arithmetic { first, rest } => {
            place(ast, *first, own, f)?;
            rest.iter().try_for_each(|(op, operand)| {
                write!(f, " {} ", op.symbol())?;
                place(ast, *operand, own + 1, f)
            })
        }
        ExprKind::Compare { op, left, right } => {
            place(ast, *left, own, f)?;
            write!(f, " {} ", op.symbol())?;
            place(ast, *right, own + 1, f)
        }
        ExprKind::Logic { op, operands } => {
            for (i, operand) in operands.iter().enumerate() {
                if i > 0 {
                    f.write_str(if *op == LogicOp::Or { " || " } else { " && " })?;
                }
                place(ast, *operand, own + 1, f)?;
            }
            Ok(())
        }
        ExprKind::Ternary { condition, then, otherwise } => {
            place(ast, *condition, own + 1, f)?;
            f.write_str(" ? ")?;
            place(ast, *then, own + 1, f)?;
            f.write_str(" : ")?;
            place(ast, *otherwise, own, f)
        }
        ExprKind::Has(operand) => {
            f.write_str("has(")?;
            write(ast, *operand, f)?;
            f.write_str(")")
        }
        ExprKind::Macro { kind: MacroKind::Bind, range, variable, body, .. } => {
            write!(f, "cel.bind({}, ", ast.variable(*variable).name())?;
            list(ast, [*range, *body], f)?;
            f.write_str(")")
        }
        ExprKind::Macro { kind, range, variable, second, filter, body } => {
            // CEL's own spelling of the one with two variables.
            let name = match (kind, second) {
                (MacroKind::ExistsOne, Some(_)) => "existsOne",
                _ => kind.name(),
            };
            called(ast, *range, name, f)?;
            write!(f, ".{name}({}, ", ast.variable(*variable).name())?;
            if let Some(second) = second {
                write!(f, "{}, ", ast.variable(*second).name())?;
            }
            list(ast, filter.iter().copied().chain([*body]), f)?;
            f.write_str(")")
        }
    }
}

/// Whether what is written for a node begins with a number.
fn begins_with_number(ast: &Ast, mut id: NodeId) -> bool {
    // Each round goes one node inwards, and an expression nests at most 64 deep.
    loop {
        id = match &ast.node(id).kind {
            ExprKind::Number(_) => return true,
            ExprKind::Select { base, .. } | ExprKind::Index { base, .. } => *base,
            ExprKind::Call { args, form: Form::Member, .. } => match args.first() {
                Some(receiver) => *receiver,
                None => return false,
            },
            ExprKind::Macro { kind: MacroKind::Bind, .. } => return false,
            ExprKind::Macro { range, .. } => *range,
            _ => return false,
        };
    }
}

/// `.name`, or `["na me"]` where it is no name.
fn member(name: &str, optional: bool, f: &mut Formatter<'_>) -> fmt::Result {
    let mut bytes = name.bytes();
    let plain = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
        && !is_reserved(name);
    if plain {
        return write!(f, ".{}{name}", if optional { "?" } else { "" });
    }
    f.write_str(if optional { "[?" } else { "[" })?;
    quote(name, f)?;
    f.write_str("]")
}

fn quote(text: &str, f: &mut Formatter<'_>) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        match c {
            '"' => f.write_str("\\\"")?,
            '\\' => f.write_str("\\\\")?,
            '\n' => f.write_str("\\n")?,
            '\r' => f.write_str("\\r")?,
            '\t' => f.write_str("\\t")?,
            c if c.is_control() => write!(f, "\\u{:04x}", u32::from(c))?,
            c => f.write_char(c)?,
        }
    }
    f.write_char('"')
}
