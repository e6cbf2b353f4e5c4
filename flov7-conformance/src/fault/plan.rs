//! Which places fail, and how.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use flov7::action::{Action, Registry};
use flov7::error::{Error, ErrorKind};
use flov7::store::Store;

use super::{FaultAction, FaultStore};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// A write to a journal: a turn by `commit`, or an execution with its first turns by `create`.
    Commit,
    /// A message that is posted.
    Post,
    /// A call of a handler.
    Call,
}

/// On which side of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// Before anything of it happened.
    Before,
    /// After all of it happened, before anyone was told.
    After,
}

/// What happens there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The process aborts: no destructor runs, nothing is flushed.
    Abort,
    /// The answer is that the outcome is unknown.
    Error,
}

/// One place that fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Point {
    /// What is counted.
    pub operation: Operation,
    /// Which one, from 1.
    pub number: u64,
    /// On which side of it.
    pub when: When,
    /// What happens.
    pub deed: Deed,
}

/// How many of each passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Counts {
    /// Writes to journals.
    pub commits: u64,
    /// Messages.
    pub posts: u64,
    /// Calls.
    pub calls: u64,
}

/// The places that fail, and how far each count has come. Clones share their counts.
#[derive(Clone, Debug, Default)]
pub struct Plan(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    points: Vec<Point>,
    commits: AtomicU64,
    posts: AtomicU64,
    calls: AtomicU64,
}

impl Plan {
    /// Nothing fails; everything is counted.
    #[must_use]
    pub fn counting() -> Self {
        Plan::default()
    }

    /// These places fail.
    #[must_use]
    pub fn new(points: impl IntoIterator<Item = Point>) -> Self {
        Plan(Arc::new(Inner { points: points.into_iter().collect(), ..Inner::default() }))
    }

    /// The plan that an environment variable holds; none where it is not set or empty.
    ///
    /// # Errors
    /// `Invalid` where it holds something else than a plan: a fault that does not happen must not look like a pass.
    pub fn from_env(variable: &str) -> Result<Option<Plan>, Error> {
        match std::env::var_os(variable) {
            None => Ok(None),
            Some(text) if text.is_empty() => Ok(None),
            Some(text) => {
                let plan = text.to_str().ok_or_else(|| invalid("is not UTF-8")).and_then(str::parse);
                plan.map(Some).map_err(|error| error.with("variable", variable))
            }
        }
    }

    /// How many of each passed the wrappers so far.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let count = |operation| self.counter(operation).load(Ordering::SeqCst);
        Counts {
            commits: count(Operation::Commit),
            posts: count(Operation::Post),
            calls: count(Operation::Call),
        }
    }

    /// A store that fails where the plan says so.
    #[must_use]
    pub fn store(&self, inner: Arc<dyn Store>) -> FaultStore {
        FaultStore::new(inner, self.clone())
    }

    /// An action that fails where the plan says so.
    #[must_use]
    pub fn action(&self, inner: Arc<dyn Action>) -> FaultAction {
        FaultAction::new(inner, self.clone())
    }

    /// A registry whose handlers all fail where the plan says so.
    #[must_use]
    pub fn registry(&self, mut registry: Registry) -> Registry {
        let catalog = registry.catalog().clone();
        for descriptor in catalog.actions() {
            if let Some(handler) = registry.handler(&descriptor.id, &descriptor.interface()).cloned() {
                registry.insert(Arc::new(self.action(handler)));
            }
        }
        registry
    }

    /// Counts `more` operations; gives the number of the first of them.
    pub(super) fn count(&self, operation: Operation, more: usize) -> u64 {
        let more = u64::try_from(more).unwrap_or(u64::MAX);
        self.counter(operation).fetch_add(more, Ordering::SeqCst) + 1
    }

    /// What happens at a place. Does not come back from an abort.
    ///
    /// # Errors
    /// `Unknown` where the answer is to be lost.
    pub(super) fn reach(&self, operation: Operation, number: u64, when: When) -> Result<(), Error> {
        let Some(point) = self.find(operation, number, when) else { return Ok(()) };
        match point.deed {
            Deed::Abort => {
                // Said aloud, so that an abort of a planned fault is not taken for another one.
                #[allow(clippy::print_stderr)]
                {
                    eprintln!("planned fault: aborting at {point}");
                }
                std::process::abort()
            }
            Deed::Error => Err(Error::new(ErrorKind::Unknown, "a planned fault").with("point", point)),
        }
    }

    /// Whether something happens at a place.
    pub(super) fn has(&self, operation: Operation, number: u64, when: When) -> bool {
        self.find(operation, number, when).is_some()
    }

    fn find(&self, operation: Operation, number: u64, when: When) -> Option<&Point> {
        let wanted = (operation, number, when);
        self.0.points.iter().find(|point| (point.operation, point.number, point.when) == wanted)
    }

    fn counter(&self, operation: Operation) -> &AtomicU64 {
        match operation {
            Operation::Commit => &self.0.commits,
            Operation::Post => &self.0.posts,
            Operation::Call => &self.0.calls,
        }
    }
}

impl FromStr for Plan {
    type Err = Error;

    fn from_str(text: &str) -> Result<Plan, Error> {
        let points =
            text.split(',').map(|point| point.trim().parse()).collect::<Result<Vec<Point>, Error>>()?;
        Ok(Plan::new(points))
    }
}

impl FromStr for Point {
    type Err = Error;

    fn from_str(text: &str) -> Result<Point, Error> {
        let wrong = || {
            invalid("is not a fault point such as `commit:17:before`, `post:2:after` or `call:3:after=error`")
                .with("point", format!("{text:?}"))
        };
        let (place, deed) = match text.split_once('=') {
            None => (text, Deed::Abort),
            Some((place, "abort")) => (place, Deed::Abort),
            Some((place, "error")) => (place, Deed::Error),
            Some(_) => return Err(wrong()),
        };
        let mut parts = place.split(':');
        let (Some(operation), Some(number), Some(when), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong());
        };
        Ok(Point {
            operation: match operation {
                "commit" => Operation::Commit,
                "post" => Operation::Post,
                "call" => Operation::Call,
                _ => return Err(wrong()),
            },
            number: number.parse().ok().filter(|number| *number > 0).ok_or_else(wrong)?,
            when: match when {
                "before" => When::Before,
                "after" => When::After,
                _ => return Err(wrong()),
            },
            deed,
        })
    }
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let operation = match self.operation {
            Operation::Commit => "commit",
            Operation::Post => "post",
            Operation::Call => "call",
        };
        let when = match self.when {
            When::Before => "before",
            When::After => "after",
        };
        let deed = match self.deed {
            Deed::Abort => "",
            Deed::Error => "=error",
        };
        write!(f, "{operation}:{}:{when}{deed}", self.number)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, point) in self.0.points.iter().enumerate() {
            write!(f, "{}{point}", if index == 0 { "" } else { "," })?;
        }
        Ok(())
    }
}

fn invalid(message: &str) -> Error {
    Error::new(ErrorKind::Invalid, format!("the fault plan {message}"))
}
