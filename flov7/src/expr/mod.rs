//! The expression language: CEL with one JSON number type, read from text, bound to slots, evaluated straight on
//! borrowed JSON.

mod ast;
mod error;
mod functions;
mod number;

pub use ast::{
    ArithmeticOp, Ast, CompareOp, Element, Entry, ExprKind, Form, LogicOp, MacroKind, Node, NodeId, RefId,
    Reference, RootName, UnaryOp, Use, UseKind, VarId, Variable,
};
pub use error::{EvalError, ExprError, Span};
pub use functions::{Forms, Function, NAMESPACES, Signature};
pub use number::Num;
