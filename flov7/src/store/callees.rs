//! The workflows of a store, for those that call them.

use super::{Which, WorkflowStore};
use crate::catalog::Catalog;
use crate::error::{Error, ErrorKind};
use crate::id::{Namespace, WorkflowName};
use crate::validate::calls;
use crate::workflow::Workflow;

/// How many workflows are looked up at most; validation refuses more by itself.
const MOST: usize = 100;

/// A catalogue with the workflows that `workflow` calls, and that those call: of each the active revision, else the
/// newest. Validate with it before saving or starting; one that the namespace does not have is left for validation to
/// find.
///
/// # Errors
/// Whatever the store fails with.
pub async fn with_callees(
    store: &dyn WorkflowStore,
    namespace: &Namespace,
    mut catalog: Catalog,
    workflow: &Workflow,
) -> Result<Catalog, Error> {
    let mut wanted: Vec<String> = calls(workflow).into_iter().map(str::to_owned).collect();
    let mut looked_up = 0;
    while let Some(name) = wanted.pop() {
        let known = name == workflow.name || catalog.workflow(&name).is_some();
        let Some(parsed) = WorkflowName::parse(&name).ok().filter(|_| !known && looked_up < MOST) else {
            continue;
        };
        looked_up += 1;
        let found = match store.load(namespace, &parsed, Which::Active).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                store.load(namespace, &parsed, Which::Head).await
            }
            found => found,
        };
        match found {
            Ok(revision) => {
                wanted.extend(calls(&revision.bundle.document).into_iter().map(str::to_owned));
                catalog = catalog.with_workflow(revision.bundle.document.clone());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(catalog)
}
