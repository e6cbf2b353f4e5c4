//! Sub-steps that attempts record on their own (RULES, record).

use super::Machine;
use super::cells::OpenWork;
use super::codec::EventRef;
use super::event::RecordedStep;
use super::run::Run;
use super::state::At;
use crate::id::StepPath;

impl Run<'_> {
    /// Journals a record of a step that is being called. One whose step is over, or whose key is known, changes nothing.
    pub(super) fn accept_record(&mut self, record: RecordedStep) {
        let Some(at) = self.step_at(&record.path) else { return };
        if self.open_call(at).is_some_and(|call| !call.records.contains_key(&record.key)) {
            self.record(&EventRef::Recorded(&record));
            self.keep_record(at, record);
        }
    }

    /// A record of a journal: false where no step is being called that it can belong to.
    pub(super) fn replay_record(&mut self, record: RecordedStep) -> bool {
        let Some(at) = self.step_at(&record.path) else { return false };
        if self.open_call(at).is_none_or(|call| call.records.contains_key(&record.key)) {
            return false;
        }
        self.count();
        self.keep_record(at, record);
        true
    }

    fn keep_record(&mut self, at: At, record: RecordedStep) {
        if let Some(call) = self.open_call(at) {
            call.records.insert(record.key.clone(), record);
        }
    }
}

impl Machine {
    /// What an attempt of a step recorded under a key, while the step is being called.
    pub fn recorded(&self, path: &StepPath, key: &str) -> Option<&RecordedStep> {
        let at = self.state.step_at(&self.program, path)?;
        match &self.state.open(&self.program, at)?.work {
            OpenWork::Call(call) => call.records.get(key),
            _ => None,
        }
    }
}
