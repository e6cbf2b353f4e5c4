//! Expressions that read nothing.

use flov7::expr::{Fuel, Limits, Named, parse};

/// The expression; where it reads nothing and fails, one that means the same and reads something. Validation refuses what
/// certainly fails, and what is written here is to fail only when it runs.
pub(super) fn varying(text: &str) -> String {
    let fails = parse(text, &Limits::default()).is_ok_and(|expr| {
        expr.references().is_empty() && expr.eval(&Named::new(), &mut Fuel::new()).is_err()
    });
    if fails { format!("execution.id == \"\" ? ({text}) : ({text})") } else { text.to_owned() }
}
