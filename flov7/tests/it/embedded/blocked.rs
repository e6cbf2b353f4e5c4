//! What is missing is said, and mended by itself.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use flov7::action::{Registry, from_fn};
use flov7::catalog::{ConnectorDescriptor, ConnectorUse, Effect};
use flov7::connect::{Binding, BindingFacts, Bindings, Connection, Connector, Secrets};
use flov7::embedded::EmbeddedExecutor;
use flov7::error::{Error, ErrorKind};
use flov7::execute::{Executor, inspect};
use flov7::id::Namespace;
use flov7::machine::{BlockedReason, Status};
use flov7::secret::{Secret, SecretStore};
use serde_json::{Map, Value, json};

use super::support::{World, descriptor, quiet, rested, run, sequence, space, start};

/// A service behind a connection.
#[derive(Debug)]
struct Line(String);

impl Connection for Line {
    fn connector(&self) -> &str {
        "line"
    }
    fn as_any(&self) -> &dyn std::any::Any {
        self
    }
}

/// Makes lines; counts how many.
struct Lines {
    descriptor: ConnectorDescriptor,
    made: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
}

#[async_trait]
impl Connector for Lines {
    fn descriptor(&self) -> &ConnectorDescriptor {
        &self.descriptor
    }
    fn check(&self, binding: &Binding) -> Result<BindingFacts, Error> {
        if binding.settings.contains_key("wrong") {
            return Err(Error::new(ErrorKind::Invalid, "there is no setting `wrong`"));
        }
        let secrets = binding.settings.get("secret").and_then(Value::as_str).map(str::to_owned);
        let facts = BindingFacts::new(secrets.into_iter().collect());
        Ok(facts.with_keyed(binding.settings.contains_key("header")))
    }
    async fn connect(&self, _: &Binding, secrets: Secrets) -> Result<Arc<dyn Connection>, Error> {
        if self.down.load(Ordering::SeqCst) {
            return Err(Error::new(ErrorKind::Unavailable, "the line is down"));
        }
        self.made.fetch_add(1, Ordering::SeqCst);
        let secret = secrets.0.values().next().map_or("", Secret::expose).to_owned();
        Ok(Arc::new(Line(secret)))
    }
}

struct Vault(BTreeMap<(&'static str, &'static str), &'static str>);

#[async_trait]
impl SecretStore for Vault {
    async fn resolve(&self, namespace: &Namespace, name: &str) -> Result<Secret, Error> {
        let found = self.0.get(&(namespace.as_str(), name));
        let missing = || Error::new(ErrorKind::Missing, format!("no variable {name}"));
        found.map(|value| Secret::new(*value)).ok_or_else(missing)
    }
}

/// A world with an action that says over which line it was called.
struct Lined {
    world: World,
    made: Arc<AtomicUsize>,
    down: Arc<AtomicBool>,
}

fn lined() -> Lined {
    let (made, down) = <(Arc<AtomicUsize>, Arc<AtomicBool>)>::default();
    let mut world = World::new();
    let call = descriptor("line.call")
        .with_connector(ConnectorUse::Required("line".into()))
        .with_effect_by("/method", &[("GET", Effect::None), ("*", Effect::Once)]);
    let call = from_fn(call, |cx, _| async move {
        let line = cx.connection.as_ref().and_then(|line| line.as_any().downcast_ref::<Line>());
        Ok(json!(line.map(|line| line.0.clone())))
    });
    let descriptor = ConnectorDescriptor::new("line", "A line", json!({ "type": "object" }));
    let connector = Lines { descriptor, made: Arc::clone(&made), down: Arc::clone(&down) };
    world.registry = world.registry.with_action(call).with_connector(connector);
    Lined { world, made, down }
}

fn bindings(settings: Value) -> Bindings {
    let Value::Object(settings) = settings else { return Bindings::default() };
    let binding = Binding { connector: "line".into(), settings };
    Bindings(BTreeMap::from([("main".to_owned(), binding)]))
}

fn calls_line() -> Value {
    json!({
        "connections": [{ "id": "main", "connector": "line" }],
        "steps": [
            { "id": "first", "action": { "use": "now.once" } },
            { "id": "call", "action": { "use": "line.call", "connection": "main" } }
        ],
        "output": "${ steps.call }"
    })
}

fn vault() -> Arc<Vault> {
    Arc::new(Vault(BTreeMap::from([(("default", "TOKEN"), "s3cret"), (("other", "TOKEN"), "0ther")])))
}

#[test]
fn bundle_a_missing_handler_blocks_before_anything_begins() {
    run(async {
        let world = World::new();
        let mut without = world.clone();
        without.registry = Registry::new().with_catalog(world.registry.catalog().clone());
        let executor = without.builder("without", 1).open().unwrap();
        let id = start(&executor, &world.valid(sequence("now.once", 2))).await;
        let view = rested(&executor, &id).await;
        assert_eq!(view.status, Status::Blocked);
        let why = view.blocked.unwrap();
        assert_eq!(
            (why.reason, why.missing.as_slice()),
            (BlockedReason::Missing, ["now.once".to_owned()].as_slice())
        );
        assert!(why.message.contains("now.once"), "{}", why.message);
        assert_eq!(world.events(&id).await, ["started"], "nothing was scheduled that surely never began");
        // Another process, without any handlers, sees the same.
        let seen = inspect(&*world.store, &space("default"), &id).await.unwrap();
        assert_eq!((seen.status, seen.blocked.unwrap().reason), (Status::Blocked, BlockedReason::Missing));

        // A capable worker comes: it resumes by itself.
        let capable = world.builder("capable", 2).open().unwrap();
        world.clock.advance(Duration::from_secs(30));
        let view = rested(&capable, &id).await;
        assert_eq!((view.status, view.blocked), (Status::Completed, None));
        assert_eq!(world.calls().len(), 2);
    });
}

#[test]
fn bundle_a_blocked_execution_can_be_looked_at_again_at_once() {
    run(async {
        let world = World::new();
        let mut without = world.clone();
        without.registry = Registry::new().with_catalog(world.registry.catalog().clone());
        let executor = without.builder("without", 1).open().unwrap();
        let id = start(&executor, &world.valid(sequence("now.once", 1))).await;
        rested(&executor, &id).await;
        executor.shutdown(Duration::ZERO).await;
        let capable = world.builder("capable", 2).open().unwrap();
        assert!(capable.resume(&space("default"), &id).await.unwrap());
        assert_eq!(rested(&capable, &id).await.status, Status::Completed);
        assert!(!capable.resume(&space("default"), &id).await.unwrap(), "it has ended");
    });
}

/// What an execution comes to under these settings (none for no binding), and what is said.
fn under(settings: Option<Value>, secrets: bool) -> (Status, Value, String) {
    run(async {
        let lined = lined();
        let mut builder = lined.world.builder("one", 1);
        if let Some(settings) = settings {
            builder = builder.with_bindings(space("default"), bindings(settings));
        }
        if secrets {
            builder = builder.with_secrets(vault());
        }
        let executor = builder.open().unwrap();
        let id = start(&executor, &lined.world.valid(calls_line())).await;
        let view = rested(&executor, &id).await;
        let said = view.blocked.map_or_else(String::new, |why| {
            assert_eq!(why.reason, BlockedReason::Binding);
            why.message
        });
        (view.status, view.output, said)
    })
}

#[test]
fn a_missing_binding_or_secret_blocks_and_is_named() {
    assert_eq!(under(Some(json!({})), false), (Status::Completed, json!(""), String::new()));
    assert_eq!(under(Some(json!({ "secret": "TOKEN" })), true).1, json!("s3cret"));
    let cases: [(Option<Value>, bool, &[&str]); 4] = [
        (None, true, &["`main` has no binding", "`default`", "line.call"]),
        (Some(json!({ "secret": "OTHER" })), true, &["secret OTHER", "`main`", "no variable OTHER"]),
        (Some(json!({ "secret": "TOKEN" })), false, &["secret TOKEN", "`main`"]),
        (Some(json!({ "wrong": 1 })), true, &["`main`", "no setting `wrong`"]),
    ];
    for (settings, secrets, words) in cases {
        let (status, _, said) = under(settings.clone(), secrets);
        assert_eq!(status, Status::Blocked, "{settings:?}");
        for word in words {
            assert!(said.contains(word), "{said:?} names {word:?}");
        }
        assert!(!said.contains("s3cret"));
    }
}

#[test]
fn a_binding_of_another_connector_blocks() {
    run(async {
        let lined = lined();
        let binding = Binding { connector: "http".into(), settings: Map::new() };
        let other = Bindings(BTreeMap::from([("main".to_owned(), binding)]));
        let executor = lined.world.builder("one", 1).with_bindings(space("default"), other).open().unwrap();
        let id = start(&executor, &lined.world.valid(calls_line())).await;
        let view = rested(&executor, &id).await;
        assert!(view.blocked.unwrap().message.contains("`http`"));
    });
}

#[test]
fn a_line_that_is_down_is_tried_again_and_made_once() {
    run(async {
        let lined = lined();
        lined.down.store(true, Ordering::SeqCst);
        let executor = lined
            .world
            .builder("one", 1)
            .with_bindings(space("default"), bindings(json!({})))
            .open()
            .unwrap();
        let workflow = lined.world.valid(calls_line());
        let id = start(&executor, &workflow).await;
        let view = rested(&executor, &id).await;
        assert!(view.blocked.unwrap().message.contains("the line is down"));
        lined.down.store(false, Ordering::SeqCst);
        lined.world.clock.advance(Duration::from_secs(30));
        assert_eq!(rested(&executor, &id).await.status, Status::Completed);
        let again = start(&executor, &workflow).await;
        rested(&executor, &again).await;
        assert_eq!(lined.made.load(Ordering::SeqCst), 1, "once per namespace and connection");
    });
}

#[test]
fn secrets_are_the_namespaces_own() {
    run(async {
        let lined = lined();
        let settings = || bindings(json!({ "secret": "TOKEN" }));
        let executor = lined
            .world
            .builder("one", 1)
            .with_bindings(space("default"), settings())
            .with_bindings(space("other"), settings())
            .with_secrets(vault())
            .open()
            .unwrap();
        let workflow = lined.world.valid(calls_line());
        for (namespace, secret) in [("default", "s3cret"), ("other", "0ther")] {
            let namespace = space(namespace);
            let started = executor.start(&namespace, &workflow, json!({}), Default::default()).await.unwrap();
            let view = executor.wait(&namespace, &started.execution).await.unwrap();
            assert_eq!(view.output, json!(secret));
        }
    });
}

#[test]
fn effect_a_binding_that_lost_its_header_blocks() {
    run(async {
        let lined = lined();
        let open = |owner: &str, seed: u64, settings: Value| -> EmbeddedExecutor {
            let builder = lined.world.builder(owner, seed);
            builder.with_bindings(space("default"), bindings(settings)).open().unwrap()
        };
        let mut document = calls_line();
        document["steps"][0] =
            json!({ "id": "pause", "action": { "use": "core.wait", "with": { "for": "1h" } } });
        let with_header = open("one", 1, json!({ "header": "Idempotency-Key" }));
        let id = start(&with_header, &lined.world.valid(document)).await;
        quiet().await;
        with_header.shutdown(Duration::ZERO).await;

        let without = open("two", 2, json!({}));
        lined.world.clock.advance(Duration::from_secs(3_600));
        quiet().await;
        let view = rested(&without, &id).await;
        let why = view.blocked.unwrap();
        assert_eq!((view.status, why.reason), (Status::Blocked, BlockedReason::Binding));
        assert!(why.message.contains("idempotency header"), "{}", why.message);
        without.shutdown(Duration::ZERO).await;

        let again = open("three", 3, json!({ "header": "Idempotency-Key" }));
        again.resume(&space("default"), &id).await.unwrap();
        assert_eq!(rested(&again, &id).await.status, Status::Completed);
        let calls = lined.world.events(&id).await;
        assert!(calls.contains(&"done".to_owned()));
    });
}
