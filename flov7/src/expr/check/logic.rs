//! `&&`, `||` and `? :`: each part is typed where what stands before it has narrowed.
//!
//! The evaluator lets `&&` and `||` absorb a failure of one operand when another decides, and keeps the first
//! failure otherwise. A later operand may therefore be evaluated although an earlier one failed, where nothing is
//! narrowed; its own failure is then never the result, so narrowing stays sound.

use super::env::TypeEnv;
use super::narrow::{Truth, narrow_where_reached};
use super::walk::{Checker, Seen};
use crate::expr::ast::{LogicOp, NodeId};
use crate::types::Type;

impl Checker<'_> {
    pub(super) fn logic(&mut self, env: &TypeEnv, op: LogicOp, operands: &[NodeId]) -> Seen {
        // What the operands before must have been for the next to matter.
        let open = if op == LogicOp::And { Truth::True } else { Truth::False };
        let decisive = op == LogicOp::Or;
        let mut env = env.clone();
        let mut steps: u64 = 0;
        let (mut decided, mut all) = (false, true);
        let mut reached = true;
        for (index, operand) in operands.iter().enumerate() {
            if !reached {
                // Nobody gets here: nothing is said about it.
                let seen = self.aside(|checker| checker.node(&env, *operand));
                steps = steps.saturating_add(seen.steps);
                all = false;
                continue;
            }
            let seen = self.node(&env, *operand);
            steps = steps.saturating_add(seen.steps);
            let constant = self
                .want_bool(&seen, *operand)
                .and_then(|ty| ty.only_value())
                .and_then(|value| value.as_bool());
            decided |= constant == Some(decisive);
            all &= constant == Some(!decisive);
            // Nobody comes behind the last.
            if index + 1 < operands.len() {
                (env, reached) = narrow_where_reached(self.ast, *operand, &env, open);
            }
        }
        let ty = match (decided, all) {
            (true, _) => Type::of_value(&decisive.into()),
            (_, true) => Type::of_value(&(!decisive).into()),
            _ => Type::boolean(),
        };
        Seen::of(ty, steps)
    }

    pub(super) fn ternary(
        &mut self,
        env: &TypeEnv,
        condition: NodeId,
        then: NodeId,
        otherwise: NodeId,
    ) -> Seen {
        let asked = self.node(env, condition);
        self.want_bool(&asked, condition);
        let (yes, holds) = narrow_where_reached(self.ast, condition, env, Truth::True);
        let (no, fails) = narrow_where_reached(self.ast, condition, env, Truth::False);
        // Where nobody gets, nothing is said, and nothing comes from there.
        if holds != fails {
            let (dead, dead_env, live, live_env) =
                if holds { (otherwise, &no, then, &yes) } else { (then, &yes, otherwise, &no) };
            let unreached = self.aside(|checker| checker.node(dead_env, dead));
            let seen = self.node(live_env, live);
            let steps = asked.steps.saturating_add(seen.steps.max(unreached.steps));
            return Seen { steps, path: None, ..seen };
        }
        let a = self.node(&yes, then);
        let b = self.node(&no, otherwise);
        let steps = asked.steps.saturating_add(a.steps.max(b.steps));
        if a.unclear || b.unclear {
            let origin = a.origin.or(b.origin);
            return Seen { origin, ..Seen::unclear(steps) };
        }
        let (plain, optional) = (
            |seen: &Seen| seen.ty.optional_inner().is_none(),
            |seen: &Seen| seen.ty.optional_inner().is_some(),
        );
        if (plain(&a) && optional(&b)) || (optional(&a) && plain(&b)) {
            let (id, other) = if optional(&a) { (then, otherwise) } else { (otherwise, then) };
            self.mixed_optional(id, other);
            return Seen::unclear(steps);
        }
        let declared = a.declared && b.declared && a.ty.unites_exactly(&b.ty);
        Seen::of(a.ty.union(&b.ty), steps).declared(declared)
    }

    fn mixed_optional(&mut self, optional: NodeId, plain: NodeId) {
        use super::found::ExprFinding;
        use crate::finding::Code;
        let message = format!("{} is an optional, and {} is a value", self.show(optional), self.show(plain));
        let help = format!("say what to use instead: `{}.orValue(…)`", self.text(optional));
        self.find(ExprFinding::new(Code::MAYBE_ABSENT, self.span(optional), message).help(help));
    }
}
