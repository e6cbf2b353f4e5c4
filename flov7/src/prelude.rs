//! What most programs use, by one `use`: `use flov7::prelude::*;`.

pub use crate::action::{ActionContext, ActionError, ActionOutput, Registry, from_fn, typed};
pub use crate::catalog::{ActionDescriptor, Catalog, Effect};
#[cfg(feature = "embedded")]
pub use crate::embedded::EmbeddedExecutor;
pub use crate::error::{Error, ErrorKind};
pub use crate::execute::{Executor, SignalRequest, StartOptions};
pub use crate::generate::{DraftOutcome, GenerateRequest, Generator};
pub use crate::id::Namespace;
pub use crate::machine::{Actor, ExecutionView, Status};
pub use crate::memory::InMemoryStore;
pub use crate::rules::RuleGenerator;
pub use crate::validate::{ValidWorkflow, validate};
pub use crate::view;
pub use crate::workflow::{self, Workflow};
