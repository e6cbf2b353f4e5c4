//! What the owner need not ask the file for: when the next execution is due, and that no message lies there.
//!
//! An executor looks each time that something may have come, and mostly nothing has. All that changes the answer is written
//! by this process, which notes it with the commit, or by one that posts to the file, of which the writer hears when it
//! looks (`LOOK_EVERY`); from then on nothing is known until somebody read.

use std::sync::{Mutex, MutexGuard, PoisonError};

use flov7::id::Timestamp;

/// What a batch changes of it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct News {
    /// From when the first of the executions that were handed back may be claimed.
    pub(crate) wake: Option<Timestamp>,
    /// Executions were claimed: others may be the first, and their messages have arrived.
    pub(crate) claimed: bool,
    /// Messages came.
    pub(crate) mail: bool,
}

impl News {
    /// An execution may be claimed from then on.
    pub(crate) fn wakes(&mut self, at: Timestamp) {
        self.wake = Some(self.wake.map_or(at, |first| first.min(at)));
    }
}

/// What is known without the file.
#[derive(Debug, Default)]
pub(crate) struct Outlook(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    /// Counts what changed it: who read before that read something else.
    edition: u64,
    /// When the file's first execution may be claimed, if any; none where that is not known.
    wake: Option<Option<Timestamp>>,
    /// No message lies there for an execution that is worked on.
    quiet: bool,
}

/// What somebody read of the file belongs to one edition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Edition(u64);

impl Outlook {
    /// When the first execution may be claimed, if any; none where only the file can say.
    pub(crate) fn wake(&self) -> Option<Option<Timestamp>> {
        self.known().wake
    }

    /// Whether certainly no message lies there.
    pub(crate) fn quiet(&self) -> bool {
        self.known().quiet
    }

    /// What is read from now on belongs to this one.
    pub(crate) fn edition(&self) -> Edition {
        Edition(self.known().edition)
    }

    /// What the file said about its first execution, unless it changed meanwhile.
    pub(crate) fn read_wake(&self, of: Edition, wake: Option<Timestamp>) {
        let mut known = self.known();
        if known.edition == of.0 {
            known.wake = Some(wake);
        }
    }

    /// The file held no message, unless that changed meanwhile.
    pub(crate) fn read_no_mail(&self, of: Edition) {
        let mut known = self.known();
        if known.edition == of.0 {
            known.quiet = true;
        }
    }

    /// A batch was written, and not acknowledged yet.
    pub(crate) fn learn(&self, news: News) {
        if news.wake.is_none() && !news.claimed && !news.mail {
            return;
        }
        let mut known = self.known();
        known.edition += 1;
        if news.claimed {
            known.wake = None;
        } else if let (Some(at), Some(first)) = (news.wake, &mut known.wake) {
            *first = Some(first.map_or(at, |first| first.min(at)));
        }
        known.quiet &= !news.claimed && !news.mail;
    }

    /// Another process wrote, or nobody knows what is in the file.
    pub(crate) fn forget(&self) {
        let mut known = self.known();
        *known = Known { edition: known.edition + 1, wake: None, quiet: false };
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // Nothing in here panics halfway through a change.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    fn wakes(ms: i64) -> News {
        News { wake: Some(at(ms)), ..News::default() }
    }

    #[test]
    fn nothing_is_known_before_somebody_read() {
        let outlook = Outlook::default();
        assert_eq!((outlook.wake(), outlook.quiet()), (None, false));
        outlook.learn(wakes(5));
        assert_eq!(outlook.wake(), None, "there may be an earlier one");
        outlook.read_wake(outlook.edition(), None);
        outlook.read_no_mail(outlook.edition());
        assert_eq!((outlook.wake(), outlook.quiet()), (Some(None), true));
    }

    #[test]
    fn the_first_to_be_claimed_counts_until_something_was_claimed() {
        let outlook = Outlook::default();
        outlook.read_wake(outlook.edition(), Some(at(7)));
        outlook.learn(wakes(9));
        assert_eq!(outlook.wake(), Some(Some(at(7))));
        outlook.learn(wakes(3));
        assert_eq!(outlook.wake(), Some(Some(at(3))));
        outlook.learn(News { claimed: true, ..News::default() });
        assert_eq!(outlook.wake(), None);
    }

    #[test]
    fn who_read_before_a_change_says_nothing() {
        for news in
            [wakes(3), News { mail: true, ..News::default() }, News { claimed: true, ..News::default() }]
        {
            let outlook = Outlook::default();
            let before = outlook.edition();
            outlook.learn(news);
            outlook.read_wake(before, None);
            outlook.read_no_mail(before);
            assert_eq!((outlook.wake(), outlook.quiet()), (None, false), "{news:?}");
        }
        let outlook = Outlook::default();
        let before = outlook.edition();
        outlook.forget();
        outlook.read_no_mail(before);
        assert!(!outlook.quiet());
    }

    #[test]
    fn messages_and_claims_and_others_end_the_quiet() {
        let outlook = Outlook::default();
        let calm = || {
            outlook.read_no_mail(outlook.edition());
            assert!(outlook.quiet());
        };
        calm();
        outlook.learn(wakes(1));
        assert!(outlook.quiet(), "that one is due is no message");
        outlook.learn(News { mail: true, ..News::default() });
        assert!(!outlook.quiet());
        calm();
        outlook.learn(News { claimed: true, ..News::default() });
        assert!(!outlook.quiet());
        calm();
        outlook.forget();
        assert!(!outlook.quiet());
    }
}
