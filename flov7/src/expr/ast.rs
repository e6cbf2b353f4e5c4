//! The tree of one expression: an arena of nodes, each with its span.
//!
//! Nodes are stored children first, so a pass that needs no recursion can walk [`Ast::nodes`] in order and find
//! every child's answer already there; a side table of results is a `Vec` indexed by [`NodeId::index`].

use std::sync::Arc;

use super::error::Span;
use super::functions::Function;
use super::macros::MacroKind;
use super::number::Num;

/// The place of a node in its [`Ast`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(crate) u32);

impl NodeId {
    /// The index into [`Ast::nodes`], and into any side table of the same length.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The place of a root or step in [`Ast::references`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RefId(pub(crate) u32);

impl RefId {
    /// The index into [`Ast::references`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The place of a macro's variable in [`Ast::variables`]. Each macro has its own, also where names repeat.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub(crate) u32);

impl VarId {
    /// The index into [`Ast::variables`].
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One node: what it is and where it was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: ExprKind,
    /// Where it was written.
    pub span: Span,
}

/// What a node is.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum ExprKind {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, normalised; a minus sign before it is part of it.
    Number(Num),
    /// A text, escapes resolved.
    Text(Box<str>),
    /// `now`: the recorded time of the turn.
    Now,
    /// A root (`input`, `item`, …) or a step (`steps.total`, `steps["total"]`). `optional` for `steps.?total`,
    /// whose value is an optional.
    Reference {
        /// Which one.
        reference: RefId,
        /// Whether it was read as `steps.?x`.
        optional: bool,
    },
    /// The variable of an enclosing macro.
    Variable(VarId),
    /// `base.member`, `base.?member`, and `base["member"]` with a literal text, which means the same.
    Select {
        /// What is read from.
        base: NodeId,
        /// The member's name.
        member: Arc<str>,
        /// Whether it was written with `?`.
        optional: bool,
    },
    /// `base[key]` and `base[?key]`, where the key is no literal text.
    Index {
        /// What is read from.
        base: NodeId,
        /// The position or the computed key.
        key: NodeId,
        /// Whether it was written with `?`.
        optional: bool,
    },
    /// A call. For the member form the receiver is the first argument.
    Call {
        /// Which function.
        function: Function,
        /// Receiver first.
        args: Box<[NodeId]>,
        /// How it was written.
        form: Form,
    },
    /// `[a, b, ?c]`.
    List(Box<[Element]>),
    /// `{"a": 1, ?"b": c}`.
    Map(Box<[Entry]>),
    /// `!x` or `-x`.
    Unary {
        /// Which.
        op: UnaryOp,
        /// Of what.
        operand: NodeId,
    },
    /// A chain of one level of arithmetic, read from the left: `a + b - c`. A long sum is one node, so that its
    /// length costs no depth.
    Arithmetic {
        /// The first operand.
        first: NodeId,
        /// Each further operator with its operand; never empty.
        rest: Box<[(ArithmeticOp, NodeId)]>,
    },
    /// `a == b` and its kin, and `a in b`.
    Compare {
        /// Which.
        op: CompareOp,
        /// The left side.
        left: NodeId,
        /// The right side.
        right: NodeId,
    },
    /// `a && b && …` or `a || b || …`; at least two operands.
    Logic {
        /// Which.
        op: LogicOp,
        /// In written order.
        operands: Box<[NodeId]>,
    },
    /// `condition ? then : otherwise`.
    Ternary {
        /// Decides.
        condition: NodeId,
        /// The value if true.
        then: NodeId,
        /// The value if false.
        otherwise: NodeId,
    },
    /// `has(operand)`; the operand is a [`ExprKind::Select`] or a step's [`ExprKind::Reference`].
    Has(NodeId),
    /// A macro: over a list, over the keys of a map in sorted order, or over one value.
    Macro {
        /// Which.
        kind: MacroKind,
        /// What is walked.
        range: NodeId,
        /// The variable that the parts below see: each member, or each key of a map. Of two, the first: the position
        /// in a list or the key of a map.
        variable: VarId,
        /// The second of two variables: the member.
        second: Option<VarId>,
        /// The condition before the result of `map`, `transformList`, `transformMap` and `transformMapEntry`, where
        /// there is one; nothing for all others.
        filter: Option<NodeId>,
        /// The condition (`all`, `exists`, `exists_one`, `filter`), the result (`map` and its kin, `optMap`,
        /// `cel.bind`) or the key (`sortBy`, `groupBy`).
        body: NodeId,
    },
}

/// How a call was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `f(a, b)`.
    Global,
    /// `a.f(b)`.
    Member,
}

/// A member of a list literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Element {
    /// Its value.
    pub value: NodeId,
    /// Written `?value`: the value is an optional, and none adds nothing.
    pub optional: bool,
}

/// A member of a map literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// Its key.
    pub key: NodeId,
    /// Its value.
    pub value: NodeId,
    /// Written `?key: value`: the value is an optional, and none adds nothing.
    pub optional: bool,
}

/// `!` or `-`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnaryOp {
    /// `!`.
    Not,
    /// `-`.
    Negate,
}

/// The operators of one [`ExprKind::Arithmetic`] chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ArithmeticOp {
    /// `+`: numbers, texts, lists, a time and a duration.
    Add,
    /// `-`: numbers, a time and a duration, two times.
    Subtract,
    /// `*`.
    Multiply,
    /// `/`: true division.
    Divide,
    /// `%`: the remainder, with the sign of the dividend.
    Remainder,
}

impl ArithmeticOp {
    /// As it is written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            ArithmeticOp::Add => "+",
            ArithmeticOp::Subtract => "-",
            ArithmeticOp::Multiply => "*",
            ArithmeticOp::Divide => "/",
            ArithmeticOp::Remainder => "%",
        }
    }
}

/// The relations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CompareOp {
    /// `==`.
    Equal,
    /// `!=`.
    NotEqual,
    /// `<`.
    Less,
    /// `<=`.
    LessOrEqual,
    /// `>`.
    Greater,
    /// `>=`.
    GreaterOrEqual,
    /// `in`: member of a list, key of a map.
    In,
}

impl CompareOp {
    /// As it is written.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            CompareOp::Equal => "==",
            CompareOp::NotEqual => "!=",
            CompareOp::Less => "<",
            CompareOp::LessOrEqual => "<=",
            CompareOp::Greater => ">",
            CompareOp::GreaterOrEqual => ">=",
            CompareOp::In => "in",
        }
    }
}

/// `&&` or `||`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogicOp {
    /// `&&`.
    And,
    /// `||`.
    Or,
}

/// What an expression reads from outside: a root, or one step's value.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RootName {
    /// `input`, `item`, `index`, `state`, `error`, `execution`, `trigger`, or a name given with `as`. Whether it
    /// exists in the place is for the checker to say.
    Root(Arc<str>),
    /// `steps.<id>`.
    Step(Arc<str>),
}

impl RootName {
    /// As it is written: `input`, `steps.total`.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            RootName::Root(name) => name.to_string(),
            RootName::Step(id) => format!("steps.{id}"),
        }
    }
}

/// One distinct root or step of an expression, with every place that reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reference {
    pub(crate) name: RootName,
    pub(crate) slot: Option<u32>,
    pub(crate) uses: Vec<Use>,
}

impl Reference {
    /// Which root or step.
    #[must_use]
    pub fn name(&self) -> &RootName {
        &self.name
    }

    /// The slot that it was bound to; `None` before binding.
    #[must_use]
    pub fn slot(&self) -> Option<u32> {
        self.slot
    }

    /// Every place that reads it, in written order.
    #[must_use]
    pub fn uses(&self) -> &[Use] {
        &self.uses
    }
}

/// One place that reads a reference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Use {
    /// The node.
    pub node: NodeId,
    /// Where it stands.
    pub span: Span,
    /// How it is read.
    pub kind: UseKind,
}

/// How a reference is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UseKind {
    /// Its value is wanted: it must be there.
    Value,
    /// `has(steps.x)`: only whether it is there.
    Has,
    /// `steps.?x`: absence is none.
    Optional,
}

/// The variable of one macro.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Variable {
    pub(crate) name: Box<str>,
    pub(crate) depth: u8,
    pub(crate) second: bool,
    pub(crate) range: NodeId,
}

impl Variable {
    /// As it was named.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What its macro walks. It stands before every node that sees the variable.
    #[must_use]
    pub fn range(&self) -> NodeId {
        self.range
    }

    /// How many macros enclose its macro: 0 for the outermost.
    #[must_use]
    pub fn depth(&self) -> usize {
        usize::from(self.depth)
    }

    /// Whether it is the second of two variables.
    #[must_use]
    pub fn is_second(&self) -> bool {
        self.second
    }
}

/// The tree of one expression.
#[derive(Debug, Clone, PartialEq)]
pub struct Ast {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    pub(crate) references: Vec<Reference>,
    pub(crate) variables: Vec<Variable>,
}

impl Ast {
    /// All nodes; children stand before their parents.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of the whole expression.
    #[must_use]
    pub fn root(&self) -> NodeId {
        self.root
    }

    /// The node at `id`.
    ///
    /// # Panics
    /// If `id` came from another tree that is larger.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.index()]
    }

    /// Where the node at `id` was written.
    #[must_use]
    pub fn span(&self, id: NodeId) -> Span {
        self.node(id).span
    }

    /// The distinct roots and steps that it reads, in order of first use.
    #[must_use]
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// The reference at `id`.
    ///
    /// # Panics
    /// If `id` came from another tree that has more references.
    #[must_use]
    pub fn reference(&self, id: RefId) -> &Reference {
        &self.references[id.index()]
    }

    /// The variables of all its macros.
    #[must_use]
    pub fn variables(&self) -> &[Variable] {
        &self.variables
    }

    /// The variable at `id`.
    ///
    /// # Panics
    /// If `id` came from another tree that has more variables.
    #[must_use]
    pub fn variable(&self, id: VarId) -> &Variable {
        &self.variables[id.index()]
    }
}
