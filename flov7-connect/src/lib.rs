//! Connectors of flov7: HTTP through bindings, past a guard, with secrets from the environment.
//!
//! ```
//! use std::sync::Arc;
//!
//! use flov7::action::{Action, ActionContext, Registry};
//! use flov7::catalog::Catalog;
//! use flov7::id::{ExecutionId, Namespace, StepPath, Timestamp};
//! use flov7_connect::{HttpRequest, bindings, register};
//! use serde_json::json;
//!
//! # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
//! // What an application offers, and what an operator attaches: secrets by name, never by value.
//! let registry = register(Registry::new(), Catalog::new())?;
//! let bindings = bindings::read(&json!({ "flov7_bindings": 1, "connections": { "crm": {
//!     "connector": "http", "base_url": "https://crm.example/api", "auth": { "bearer": "CRM_TOKEN" },
//!     "idempotency_header": "idempotency-key" } } }))
//!     .expect("no faults");
//! let facts = registry.connector("http").expect("registered").check(&bindings.0["crm"])?;
//! assert_eq!((facts.secrets, facts.keyed), (vec!["CRM_TOKEN".to_owned()], true));
//!
//! // Without a connection, requests reach public addresses only, however the address is spelled.
//! let cx = ActionContext::new(Namespace::default(), ExecutionId::new(0, [0; 10]), StepPath::parse("ask").unwrap(),
//!     1, Timestamp::EPOCH);
//! let input = json!({ "url": "http://0x7f.1/admin" });
//! let refused = HttpRequest::new().call(&cx, Arc::new(input)).await.unwrap_err();
//! assert_eq!(refused.code, "http.blocked");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # })?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! - [`HttpConnector`] makes connections from bindings; [`HttpRequest`] is the action `http.request`; [`ViaHttpAction`]
//!   runs an action of a catalogue that says `via.http`. [`register`] adds all of them.
//! - **A credential leaves only for hosts that its binding lists.** Redirects are followed for reads alone, five at most,
//!   each checked; another origin gets no credential and no header of ours; https is never left for http.
//! - **Internal addresses are not reached** unless the binding lists the host and port. Names are resolved and checked
//!   when a connection is opened, and that connection goes to the address that was checked. No proxy is taken from the
//!   environment.
//! - **What a call gives back holds no secret** that it used, as it is or as another side echoes it.
//! - **Every bound exists**: time, bytes of an answer, calls at the same time. Answers are asked for and read
//!   uncompressed, so nothing can unfold.
//!
//! Not built: HTTP/2, client certificates, proxies, multipart and binary bodies, an egress list for namespaces.

pub mod bindings;
mod env;
mod fault;
mod guard;
mod http;
mod register;

pub use env::EnvSecrets;
pub use fault::BindingFault;
pub use guard::{Resolve, SystemResolver, special_use};
pub use http::{
    HTTP, HttpConnection, HttpConnector, HttpRequest, Network, ViaHttpAction, http_request_descriptor,
};
pub use register::{register, register_over};
