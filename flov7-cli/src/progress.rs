//! Progress on standard error, where it is a terminal.

use std::io::IsTerminal;
use std::sync::Arc;

use flov7::machine::Settled;
use flov7::observe::{Observation, Observer};

use crate::output::Output;

/// Tells of steps as they settle.
pub(crate) struct Progress {
    output: Output,
}

impl Progress {
    /// Progress for a person who looks on; none where nobody does.
    pub(crate) fn to_terminal(output: Output) -> Option<Arc<dyn Observer>> {
        std::io::stderr().is_terminal().then(|| Progress::always(output))
    }

    /// Progress in any case.
    pub(crate) fn always(output: Output) -> Arc<dyn Observer> {
        Arc::new(Progress { output })
    }
}

impl Observer for Progress {
    fn observe(&self, observation: &Observation<'_>) {
        match observation {
            Observation::AttemptStarted { path, action, attempt, .. } if *attempt > 1 => {
                self.output.note(&format!("  {path}: attempt {attempt} of {action}"));
            }
            Observation::Settled { path, settled, .. } => {
                let word = match settled {
                    Settled::Done => "done",
                    Settled::Skipped => "skipped",
                    Settled::Failed => "failed",
                    Settled::Cancelled => "cancelled",
                    Settled::Abandoned => "abandoned",
                };
                self.output.note(&format!("  {path}: {word}"));
            }
            _ => {}
        }
    }
}
