//! A connector whose connections lead nowhere.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use flov7::catalog::ConnectorDescriptor;
use flov7::connect::{Binding, BindingFacts, Connection, Connector, Secrets};
use flov7::error::Error;

/// Takes any binding, wants no secret.
pub(super) struct ScriptedConnector(pub(super) ConnectorDescriptor);

#[derive(Debug)]
struct Nowhere(String);

#[async_trait]
impl Connector for ScriptedConnector {
    fn descriptor(&self) -> &ConnectorDescriptor {
        &self.0
    }

    fn check(&self, _: &Binding) -> Result<BindingFacts, Error> {
        Ok(BindingFacts::default())
    }

    async fn connect(&self, _: &Binding, _: Secrets) -> Result<Arc<dyn Connection>, Error> {
        Ok(Arc::new(Nowhere(self.0.id.clone())))
    }
}

impl Connection for Nowhere {
    fn connector(&self) -> &str {
        &self.0
    }

    fn as_any(&self) -> &dyn Any {
        self
    }
}
