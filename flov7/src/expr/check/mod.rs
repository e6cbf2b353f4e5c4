//! Typing expressions: what a value can be, what is certainly wrong, and what only the run can tell.
//!
//! A checked expression without an error never ends in a defect: whatever the evaluator refuses is either a finding
//! here, or a `data.*` failure that is listed as a residual. Residuals that the bounds, enums and lengths of the
//! schemas rule out are not listed.
//!
//! ```
//! use flov7::expr::{Limits, TypeEnv, parse};
//! use flov7::types::{Defs, lower};
//! use serde_json::json;
//!
//! let input = json!({ "type": "object", "properties": { "email": { "type": "string" } } });
//! let env = TypeEnv::new().with_root("input", lower(&input, &Defs::none()).unwrap().upper().clone());
//!
//! let checked = parse("input.email.lower()", &Limits::default()).unwrap().check(&env);
//! assert_eq!(checked.findings[0].code.name(), "maybe-absent");
//!
//! let guarded = parse("has(input.email) ? input.email.lower() : 'none'", &Limits::default()).unwrap();
//! assert!(guarded.check(&env).findings.is_empty());
//! ```
//!
//! # Members that a schema does not declare
//!
//! Reading a member that a closed object does not have is `no-such-member`. So is reading one that an open object
//! does not declare although it declares others: most schemas are silent about further members, and a slip of the
//! pen must not pass because of that. It may be guarded with `has` or `.?`, and is untyped then. Where an object
//! declares nothing at all its shape is unknown: `untyped-read`.

mod access;
mod arithmetic;
mod call;
mod call_list;
mod call_number;
mod call_text;
mod compare;
mod comprehend;
mod convert;
mod env;
mod format;
mod found;
mod literal;
mod logic;
mod narrow;
mod plain;
mod template;
mod walk;
mod want;

pub use env::{StepType, TypeEnv};
pub use found::{Checked, Edit, ExprFinding, UntypedRead};
pub use narrow::Truth;
pub(crate) use plain::{Given, check_plain, is_plain_mark};
pub use template::{PlacedFinding, TemplateChecked};

use super::{Expr, RootName};
use env::Key;
use walk::{Checker, Place};

impl Expr {
    /// Types the expression in its place.
    ///
    /// The work is bounded by the expression's limits and by those of types. An expression that reads nothing and may
    /// fail is evaluated once: its failure is certain, and a finding.
    #[must_use]
    pub fn check(&self, env: &TypeEnv) -> Checked {
        Checker::new(self).check(env, Place::Value)
    }

    /// Types a condition: `if`, `when`, `while`, `filter`. Anything but true and false is a finding.
    #[must_use]
    pub fn check_condition(&self, env: &TypeEnv) -> Checked {
        Checker::new(self).check(env, Place::Condition)
    }

    /// What is known where the expression has turned out true, or false: `has(p)`, `p != null`, `type(p) == "…"` and
    /// comparisons with constants, through `!`, `&&`, `||` and `? :`, on constant paths.
    #[must_use]
    pub fn narrow(&self, env: &TypeEnv, truth: Truth) -> TypeEnv {
        narrow::narrow(&self.ast, self.ast.root(), env, truth)
    }

    /// As [`narrow`](Expr::narrow), over what questions before have taught: where this one contradicts them, it counts
    /// on top of what is `declared`, and says so of the names of which something was taken back.
    pub(crate) fn narrow_over_declared(
        &self,
        env: &TypeEnv,
        declared: &[(RootName, StepType)],
        truth: Truth,
    ) -> (TypeEnv, Vec<RootName>) {
        let declared = |key: &Key| {
            let Key::Name(name) = key else { return None };
            let known = declared.iter().find(|(declared, _)| declared == name).map(|(_, entry)| entry);
            known.or_else(|| env.name(name)).cloned()
        };
        let (env, anew) = narrow::narrow_over_declared(&self.ast, env, &declared, truth);
        let names = anew.into_iter().filter_map(|key| match key {
            Key::Name(name) => Some(name),
            // A variable of a macro lives inside of the expression.
            Key::Variable(_) => None,
        });
        (env, names.collect())
    }
}
