//! The proof that a workflow was checked.

use std::sync::{Arc, OnceLock};

use super::Bundle;
use crate::finding::{Finding, Residual};
use crate::id::Digest;

/// A workflow that passed validation: only [`super::validate`] makes one, and it cannot be deserialised.
#[derive(Clone, Debug)]
pub struct ValidWorkflow {
    bundle: Arc<Bundle>,
    /// Computed when it is asked for: an editor never does.
    digest: Arc<OnceLock<Digest>>,
    residuals: Arc<Vec<Residual>>,
    remarks: Arc<[Finding]>,
}

impl ValidWorkflow {
    /// Only the last pass of validation calls this.
    pub(super) fn new(bundle: Bundle, residuals: Arc<Vec<Residual>>, remarks: Vec<Finding>) -> Self {
        ValidWorkflow { bundle: Arc::new(bundle), digest: Arc::default(), residuals, remarks: remarks.into() }
    }

    /// What executions of it are bound to.
    pub fn bundle(&self) -> &Arc<Bundle> {
        &self.bundle
    }

    /// The bundle's digest.
    pub fn digest(&self) -> &Digest {
        self.digest.get_or_init(|| self.bundle.digest())
    }

    /// Every place where only the run can tell.
    pub fn residuals(&self) -> &[Residual] {
        &self.residuals
    }

    /// Warnings and hints that do not stop it.
    pub fn remarks(&self) -> &[Finding] {
        &self.remarks
    }
}
