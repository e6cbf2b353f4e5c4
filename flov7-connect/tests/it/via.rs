//! Actions of a catalogue that are one HTTP request.

use std::sync::Arc;

use flov7::action::{Action, ActionError, Registry, from_fn};
use flov7::catalog::{ActionDescriptor, Catalog, Effect, Via, ViaHttp};
use flov7::error::ErrorKind;
use flov7::machine::CallErrorKind;
use flov7::workflow::Template;
use flov7_connect::{Network, ViaHttpAction, register};
use serde_json::{Value, json};

use crate::peer::{Peer, Reply, SECRET, binding, connect, context};

fn descriptor(via: Value) -> ActionDescriptor {
    let mut descriptor = ActionDescriptor::new("shop.act", "Act", json!({ "type": "object" }), json!(true));
    let text = |name: &str| via[name].as_str().unwrap().to_owned();
    let template = |name: &str| via.get(name).cloned().map(Template);
    descriptor.via = Some(Via::Http(ViaHttp {
        connection: "shop".into(),
        method: text("method"),
        path: text("path"),
        body: template("body"),
        result: template("result"),
    }));
    descriptor
}

/// Runs an action against one reply, through a binding with a header for keys.
async fn run(descriptor: ActionDescriptor, reply: Reply, input: Value) -> (Peer, Result<Value, ActionError>) {
    let peer = Peer::start(vec![reply]).await;
    let settings = json!({ "auth": { "bearer": "TOKEN" }, "idempotency_header": "idempotency-key" });
    let connection = connect(Network::new(), &binding(&format!("{}/api", peer.base()), settings)).await;
    let action = ViaHttpAction::new(descriptor).unwrap();
    assert_eq!(action.connection(), Some("shop"));
    let result = action.call(&context().with_connection(connection), Arc::new(input)).await;
    (peer, result.map(|output| output.value))
}

#[tokio::test]
async fn an_action_is_one_request() {
    let via = json!({
        "method": "POST", "path": "/orders/${ input.order }/invoices?note=${ input.note }",
        "body": { "amount": "${ input.total * 2 }", "to": "${ input.?mail }", "text": "No ${ input.order }" },
        "result": { "id": "${ response.body.id }", "was": "${ response.status }", "by": "${ response.headers['x-by'] }" }
    });
    let reply =
        Reply::status(201, &[("content-type", "application/json"), ("x-by", "peer")], "{\"id\": 7.0}");
    let input = json!({ "order": "a/b ü", "note": "x&y=?", "total": 21 });
    let (peer, result) = run(descriptor(via), reply, input).await;
    assert_eq!(result.unwrap(), json!({ "id": 7, "was": 201, "by": "peer" }));
    let request = &peer.requests()[0];
    assert!(
        request.starts_with("POST /api/orders/a%2Fb%20%C3%BC/invoices?note=x%26y%3D%3F HTTP/1.1\r\n"),
        "{request}"
    );
    assert!(request.ends_with("\r\n\r\n{\"amount\":42,\"text\":\"No a/b ü\"}"), "{request}");
    assert!(request.contains(&format!("\r\nidempotency-key: {}\r\n", context().idempotency_key())));
    assert!(request.contains(&format!("\r\nauthorization: Bearer {SECRET}\r\n")));
}

#[tokio::test]
async fn without_result_the_output_is_the_body() {
    let via = json!({ "method": "GET", "path": "/orders" });
    let (_, result) = run(descriptor(via), Reply::json("[1, 2]"), json!({})).await;
    assert_eq!(result.unwrap(), json!([1, 2]));
}

#[tokio::test]
async fn values_cannot_leave_their_segment() {
    for (value, sent) in [
        (json!("x"), Some("/api/a/x/b")),
        (json!(7), Some("/api/a/7/b")),
        (json!("../../admin"), None),
        (json!(".."), None),
        (json!("."), None),
        (json!(""), None),
        (json!("a\r\nhost: evil.example"), None),
        (json!("a\0"), None),
        (json!("..\\x"), None),
        (json!("/evil.example/"), Some("/api/a/%2Fevil.example%2F/b")),
        (json!("?admin=1#x"), Some("/api/a/%3Fadmin%3D1%23x/b")),
        (json!("%2e%2e"), None),
        (json!("100%"), Some("/api/a/100%25/b")),
        (json!("@evil.example:80"), Some("/api/a/%40evil.example%3A80/b")),
        (json!("…"), Some("/api/a/%E2%80%A6/b")),
        // No text at all.
        (json!(null), None),
        (json!(["x"]), None),
        (json!({ "x": 1 }), None),
    ] {
        let via = json!({ "method": "DELETE", "path": "/a/${ input.id }/b" });
        let (peer, result) = run(descriptor(via), Reply::json("{}"), json!({ "id": value })).await;
        match sent {
            Some(path) => {
                result.unwrap();
                assert!(peer.requests()[0].starts_with(&format!("DELETE {path} HTTP/1.1\r\n")), "{value}");
            }
            None => {
                let error = result.expect_err(&value.to_string());
                assert_eq!(
                    (error.code.as_str(), error.kind),
                    ("http.blocked", CallErrorKind::Failed),
                    "{value}"
                );
                assert_eq!(peer.connections(), 0, "{value}");
            }
        }
    }
}

#[tokio::test]
async fn an_empty_last_value_is_not_the_collection() {
    for (path, sent) in
        [("/orders/${ input.id }", false), ("/orders/${ input.id }?x=1", false), ("/orders/", true)]
    {
        let via = json!({ "method": "DELETE", "path": path });
        let (peer, result) = run(descriptor(via), Reply::json("{}"), json!({ "id": "" })).await;
        assert_eq!(result.is_ok(), sent, "{path}");
        assert_eq!(peer.connections(), usize::from(sent), "{path}");
    }
}

#[tokio::test]
async fn a_template_that_fails_sends_nothing_and_one_of_the_answer_says_so() {
    for (via, code, sent) in [
        (json!({ "method": "GET", "path": "/${ input.missing }" }), "http.blocked", 0),
        (json!({ "method": "POST", "path": "/", "body": "${ input.n / 0 }" }), "http.blocked", 0),
        (json!({ "method": "POST", "path": "/", "result": "${ response.body.missing }" }), "http.result", 1),
        (
            json!({ "method": "POST", "path": "/", "result": "${ int(response.body.text) }" }),
            "http.result",
            1,
        ),
    ] {
        let (peer, result) =
            run(descriptor(via.clone()), Reply::json("{\"text\": \"x\"}"), json!({ "n": 1 })).await;
        let error = result.expect_err(&via.to_string());
        assert_eq!((error.code.as_str(), error.kind), (code, CallErrorKind::Failed), "{via}: {error}");
        assert_eq!(peer.requests().len(), sent, "{via}");
    }
}

#[tokio::test]
async fn the_answer_is_scrubbed_before_result_reads_it() {
    let via = json!({ "method": "GET", "path": "/", "result": "${ response.body }" });
    let (_, result) = run(descriptor(via), Reply::status(200, &[], SECRET), json!({})).await;
    assert_eq!(result.unwrap(), "[secret]");
}

#[test]
fn effect_of_a_via_action_is_its_methods() {
    let declared = |effect| move |descriptor: ActionDescriptor| descriptor.with_effect(effect);
    let undeclared = |descriptor: ActionDescriptor| descriptor;
    // Method, what the catalogue declares, the effect without and with an idempotency header.
    type Declare = Box<dyn Fn(ActionDescriptor) -> ActionDescriptor>;
    let cases: Vec<(&str, Declare, Effect, Effect)> = vec![
        ("GET", Box::new(undeclared), Effect::None, Effect::None),
        ("HEAD", Box::new(undeclared), Effect::None, Effect::None),
        ("PUT", Box::new(undeclared), Effect::Idempotent, Effect::Idempotent),
        ("DELETE", Box::new(undeclared), Effect::Idempotent, Effect::Idempotent),
        ("POST", Box::new(undeclared), Effect::Once, Effect::Keyed),
        ("PATCH", Box::new(undeclared), Effect::Once, Effect::Keyed),
        ("POST", Box::new(declared(Effect::None)), Effect::None, Effect::None),
        ("POST", Box::new(declared(Effect::Idempotent)), Effect::Idempotent, Effect::Idempotent),
        ("PUT", Box::new(declared(Effect::Keyed)), Effect::Keyed, Effect::Keyed),
    ];
    for (method, declare, plain, keyed) in cases {
        let action =
            ViaHttpAction::new(declare(descriptor(json!({ "method": method, "path": "/" })))).unwrap();
        let descriptor = action.descriptor();
        for input in [json!({}), json!({ "*": "GET", "": "GET", "method": "GET" })] {
            assert_eq!(descriptor.effect.resolve(&input, &descriptor.input.0, false), plain, "{method}");
            assert_eq!(descriptor.effect.resolve(&input, &descriptor.input.0, true), keyed, "{method}");
        }
        assert!(descriptor.errors.iter().any(|error| error.code == "http.*"));
    }
}

#[tokio::test]
async fn effect_keyed_needs_a_header_for_the_key() {
    let action =
        ViaHttpAction::new(descriptor(json!({ "method": "POST", "path": "/" })).with_effect(Effect::Keyed))
            .unwrap();
    let peer = Peer::start(vec![Reply::json("{}")]).await;
    let connection = connect(Network::new(), &binding(&peer.base(), json!({}))).await;
    let error = action.call(&context().with_connection(connection), Arc::new(json!({}))).await.unwrap_err();
    assert!(error.code == "http.blocked" && error.message.contains("idempotency_header"), "{error}");
    let error = action.call(&context(), Arc::new(json!({}))).await.unwrap_err();
    assert!(error.code == "http.blocked" && error.message.contains("`shop`"), "{error}");
    assert_eq!(peer.connections(), 0);
}

#[test]
fn a_via_that_cannot_run_is_refused_when_it_is_registered() {
    for (via, part) in [
        (json!({ "method": "TRACE", "path": "/" }), "`method` must be one of GET"),
        (json!({ "method": "post", "path": "/" }), "`method` must be one of GET"),
        (json!({ "method": "GET", "path": "/${ " }), "path: "),
        (json!({ "method": "GET", "path": "/${ steps.x }" }), "reads `steps.x`, and there is only `input`"),
        (json!({ "method": "GET", "path": "/${ response.status }" }), "reads `response`"),
        (json!({ "method": "POST", "path": "/", "body": { "a": ["${ item }"] } }), "body: reads `item`"),
        (json!({ "method": "POST", "path": "/", "result": "${ input.x }" }), "result: reads `input`"),
    ] {
        let catalog = Catalog::new().with_action(descriptor(via.clone()));
        let error = register(Registry::new(), catalog).expect_err(&via.to_string());
        assert_eq!(error.kind(), ErrorKind::Invalid);
        let text = error.to_string();
        assert!(text.contains("shop.act") && text.contains(part), "{via}: {text}");
    }
    let plain = ActionDescriptor::new("shop.act", "Act", json!({}), json!(true));
    assert_eq!(ViaHttpAction::new(plain).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn register_adds_what_it_can_run_and_keeps_what_has_a_handler() {
    let mine = from_fn(
        ActionDescriptor::new("shop.mine", "Mine", json!({ "type": "object" }), json!({ "type": "string" })),
        |_, _| async { Ok(json!("mine")) },
    );
    let mut taken = descriptor(json!({ "method": "GET", "path": "/" }));
    taken.id = "shop.mine".into();
    let catalog = Catalog::new()
        .with_action(descriptor(json!({ "method": "GET", "path": "/" })))
        .with_action(taken)
        .with_action(ActionDescriptor::new("shop.planned", "Plan", json!({ "type": "object" }), json!(true)))
        .with_person("manager");
    let registry = register(Registry::new().with_action(mine), catalog).unwrap();
    let handled = |id: &str| {
        let action = registry.catalog().action(id).unwrap();
        registry.handler(id, &action.interface()).is_some()
    };
    assert!(handled("shop.act") && handled("shop.mine") && handled("http.request"));
    assert!(!handled("shop.planned"));
    assert_eq!(registry.catalog().action("shop.mine").unwrap().title, "Mine");
    assert_eq!(registry.catalog().people(), ["manager"]);
    assert!(registry.connector("http").is_some() && registry.catalog().connector("http").is_some());
}
