//! Progress on standard error: of steps where it is a terminal, of what holds an execution up anywhere.

use std::io::IsTerminal;
use std::sync::{Arc, Mutex, PoisonError};

use flov7::machine::Settled;
use flov7::observe::{Observation, Observer};

use crate::output::Output;

/// Tells of steps as they settle, and of what holds an execution up.
pub(crate) struct Progress {
    output: Output,
    /// Whether steps are told of.
    steps: bool,
    /// What holds the execution up, if that was said already.
    held_up: Mutex<Option<String>>,
}

impl Progress {
    /// Steps for a person who looks on at a terminal; what holds an execution up for anyone.
    pub(crate) fn observer(output: Output) -> Arc<dyn Observer> {
        Progress::told(output, std::io::stderr().is_terminal())
    }

    /// Both in any case.
    pub(crate) fn always(output: Output) -> Arc<dyn Observer> {
        Progress::told(output, true)
    }

    fn told(output: Output, steps: bool) -> Arc<dyn Observer> {
        Arc::new(Progress { output, steps, held_up: Mutex::default() })
    }

    /// Says once what holds an execution up; it is tried again every few seconds.
    fn held_up(&self, why: String) {
        let mut said = self.held_up.lock().unwrap_or_else(PoisonError::into_inner);
        if said.as_ref() != Some(&why) {
            self.output.note(&format!("{why}; trying again until it is taken (nothing is lost)"));
            *said = Some(why);
        }
    }

    fn goes_on(&self) {
        *self.held_up.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Observer for Progress {
    fn observe(&self, observation: &Observation<'_>) {
        match observation {
            Observation::CommitFailed { error, .. } => self.held_up(error.to_string()),
            Observation::StatusChanged { .. } | Observation::Settled { .. } => self.goes_on(),
            _ => {}
        }
        if !self.steps {
            return;
        }
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
