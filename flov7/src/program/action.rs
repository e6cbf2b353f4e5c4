//! Calls of registered actions.

use std::sync::Arc;

use super::Template;
use crate::catalog::EffectOf;
use crate::workflow::{self, Schema};

/// A step that calls a handler.
#[derive(Debug)]
pub(crate) struct Call {
    pub(crate) action: Arc<str>,
    pub(crate) connection: Option<Arc<str>>,
    pub(crate) with: Option<Template>,
    pub(crate) input_schema: Schema,
    pub(crate) effect: EffectOf,
    /// How long an attempt may take, in milliseconds.
    pub(crate) attempt_timeout: i64,
    pub(crate) retry: Retry,
}

/// How failed attempts are repeated; delays in milliseconds.
#[derive(Clone, Debug)]
pub(crate) struct Retry {
    pub(crate) attempts: u32,
    pub(crate) first: i64,
    pub(crate) factor: f64,
    pub(crate) max: i64,
}

/// Without another word one call takes at most this long.
const ATTEMPT_TIMEOUT: i64 = 60_000;

impl Retry {
    /// The policy, or one attempt where there is none.
    pub(super) fn of(retry: Option<&workflow::Retry>) -> Retry {
        let millis = |text: Option<&workflow::DurationText>, default| {
            text.and_then(workflow::DurationText::millis).unwrap_or(default).max(0)
        };
        match retry {
            None => Retry { attempts: 1, first: 1_000, factor: 2.0, max: 60_000 },
            Some(retry) => Retry {
                attempts: retry.attempts.max(1),
                first: millis(retry.first.as_ref(), 1_000),
                factor: retry.factor.unwrap_or(2.0),
                max: millis(retry.max.as_ref(), 60_000),
            },
        }
    }
}

/// An attempt's time: what the step says, else what the action says, else a minute.
pub(super) fn attempt_timeout(
    step: Option<&workflow::DurationText>,
    action: Option<&workflow::DurationText>,
) -> i64 {
    step.or(action).and_then(workflow::DurationText::millis).unwrap_or(ATTEMPT_TIMEOUT).max(0)
}
