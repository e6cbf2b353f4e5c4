//! flov7-connect from outside: against scripted peers on loopback, asserting the request as well as the reply.
#![allow(clippy::unwrap_used)]

mod bindings;
mod bytes;
mod cancel;
mod env;
mod guard;
mod peer;
mod redirect;
mod refuse;
mod response;
mod retry;
mod secrets;
mod settings;
mod tls;
mod unknown;
mod via;
