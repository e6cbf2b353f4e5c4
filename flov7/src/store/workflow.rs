//! Revisions of workflows, and which one triggers fire.

use std::sync::Arc;

use async_trait::async_trait;

use crate::error::{Error, ErrorKind};
use crate::id::{Digest, Namespace, WorkflowName};
use crate::validate::Bundle;

/// Which revision of a workflow is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The newest.
    Head,
    /// The active one.
    Active,
    /// This one.
    Revision(u64),
}

/// What must hold for a write to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Anything.
    Any,
    /// There is none yet: no workflow of this name (for `save`), no active revision (for `activate`).
    Absent,
    /// The head revision (for `save`) or the active one (for `activate`) is this.
    Revision(u64),
}

impl Expect {
    /// Whether it holds where the present revision is `present` (none: there is nothing yet).
    ///
    /// # Errors
    /// `Conflict`, naming what was expected and what is there.
    pub fn check(self, present: Option<u64>) -> Result<(), Error> {
        let holds = match self {
            Expect::Any => true,
            Expect::Absent => present.is_none(),
            Expect::Revision(revision) => present == Some(revision),
        };
        if holds {
            return Ok(());
        }
        let expected = match self {
            Expect::Revision(revision) => format!("revision {revision}"),
            Expect::Absent | Expect::Any => "none".to_owned(),
        };
        let there = present.map_or_else(|| "there is none".to_owned(), |there| format!("it is {there}"));
        Err(Error::new(ErrorKind::Conflict, format!("{expected} was expected, but {there}")))
    }
}

/// The name of a bundle's workflow, under which every store keeps it.
///
/// # Errors
/// `Invalid` where the document's name is no workflow name.
pub fn workflow_name(bundle: &Bundle) -> Result<WorkflowName, Error> {
    WorkflowName::parse(&bundle.document.name)
        .map_err(|error| Error::new(ErrorKind::Invalid, error.to_string()))
}

/// A stored revision.
#[derive(Clone, Debug)]
pub struct StoredRevision {
    /// Its number, from 1.
    pub revision: u64,
    /// Its bundle.
    pub bundle: Arc<Bundle>,
    /// The bundle's digest.
    pub digest: Digest,
    /// Whether triggers fire it.
    pub active: bool,
}

/// A workflow's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkflowRow {
    /// Its name.
    pub name: WorkflowName,
    /// Its newest revision.
    pub head: u64,
    /// Its active revision.
    pub active: Option<u64>,
}

/// Keeps revisions.
///
/// - `save` gives revisions of a workflow the numbers 1, 2, 3 …; `load` gives exactly what was saved.
/// - `save` of a bundle whose digest is the head's gives the head's revision again and writes nothing, whatever was
///   expected: a save whose answer was lost may be repeated.
/// - Else `save` and `activate` whose expectation does not hold fail with `Conflict` and write nothing.
/// - A saved revision is not active until it is activated; at most one is.
/// - What does not exist is `NotFound`: a workflow, a revision, an active revision where none is.
/// - `workflows` pages by name, at most [`super::PAGE_ROWS`] rows at a time.
/// - No namespace sees another's rows.
#[async_trait]
pub trait WorkflowStore: Send + Sync {
    /// Saves a bundle as the next revision of the workflow that its document names; gives the revision.
    ///
    /// # Errors
    /// `Conflict` where the expectation does not hold; `Invalid` where the document's name is no workflow name.
    async fn save(&self, namespace: &Namespace, bundle: Arc<Bundle>, expect: Expect) -> Result<u64, Error>;

    /// Loads a revision.
    ///
    /// # Errors
    /// `NotFound` where there is none.
    async fn load(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        which: Which,
    ) -> Result<StoredRevision, Error>;

    /// Makes a revision the active one, or none.
    ///
    /// # Errors
    /// `NotFound` where the workflow or the revision is not there, before the expectation is looked at; `Conflict`
    /// where the expectation does not hold.
    async fn activate(
        &self,
        namespace: &Namespace,
        name: &WorkflowName,
        revision: Option<u64>,
        expect: Expect,
    ) -> Result<(), Error>;

    /// The workflows after a name, by name; at most `limit` (100 when 0), never more than [`super::PAGE_ROWS`].
    async fn workflows(
        &self,
        namespace: &Namespace,
        after: Option<&WorkflowName>,
        limit: usize,
    ) -> Result<Vec<WorkflowRow>, Error>;
}
