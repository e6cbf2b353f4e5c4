//! What one evaluation may spend: steps of work, and bytes of result, counted while it is built.

use crate::expr::error::{EvalError, Span};

/// The limits of one evaluation, and what is left of them.
#[derive(Debug)]
pub(crate) struct Budget {
    steps: u64,
    steps_limit: u64,
    bytes: usize,
    bytes_limit: usize,
}

/// How many bytes of text cost one step: so long a copy takes about as long as a step.
const BYTES_PER_STEP: usize = 64;

/// The steps that handling `bytes` bytes costs, beside the step of the node that does it.
pub(crate) fn bytes_cost(bytes: usize) -> u64 {
    (bytes / BYTES_PER_STEP) as u64
}

impl Budget {
    pub(crate) fn new(steps: u64, bytes: usize) -> Budget {
        Budget { steps, steps_limit: steps, bytes, bytes_limit: bytes }
    }

    /// The steps spent.
    pub(crate) fn spent(&self) -> u64 {
        self.steps_limit - self.steps
    }

    /// The most bytes of a text and of the result.
    pub(crate) fn bytes_limit(&self) -> usize {
        self.bytes_limit
    }

    /// Spends `steps`; false, and all spent, where there are not so many.
    #[inline]
    pub(crate) fn spend(&mut self, steps: u64) -> bool {
        let left = self.steps.checked_sub(steps);
        self.steps = left.unwrap_or(0);
        left.is_some()
    }

    /// Spends `steps`, or fails at `span`.
    #[inline]
    pub(crate) fn charge(&mut self, steps: u64, span: Span) -> Result<(), Box<EvalError>> {
        if self.spend(steps) { Ok(()) } else { Err(self.too_long(span)) }
    }

    /// Takes `bytes` of the result.
    #[inline]
    pub(crate) fn emit(&mut self, bytes: usize, span: Span) -> Result<(), Box<EvalError>> {
        match self.bytes.checked_sub(bytes) {
            Some(left) => {
                self.bytes = left;
                Ok(())
            }
            None => Err(self.too_large(span)),
        }
    }

    /// Holds the length of a text that is about to be made.
    #[inline]
    pub(crate) fn text(&self, bytes: usize, span: Span) -> Result<(), Box<EvalError>> {
        if bytes <= self.bytes_limit { Ok(()) } else { Err(self.too_large(span)) }
    }

    /// The failure of an evaluation that ran out of steps.
    #[cold]
    pub(crate) fn too_long(&self, span: Span) -> Box<EvalError> {
        let message = format!("this takes more than the {} steps of one evaluation", self.steps_limit);
        Box::new(EvalError::new(EvalError::SIZE, span, message))
    }

    #[cold]
    fn too_large(&self, span: Span) -> Box<EvalError> {
        let message = format!("this makes more than the {} bytes of one evaluation", self.bytes_limit);
        Box::new(EvalError::new(EvalError::SIZE, span, message))
    }
}
