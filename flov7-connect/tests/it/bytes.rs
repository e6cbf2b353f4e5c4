//! What is sent, byte for byte.

use flov7_connect::Network;
use serde_json::{Value, json};

use crate::peer::{Peer, Reply, binding, call, connect, context, once, once_with};

#[tokio::test]
async fn a_request_is_sent_as_it_was_asked() {
    let input = json!({
        "method": "POST", "path": "/invoices",
        "query": { "z": [1, "a b", true, null, 0.5], "a": "x&y=z", "none": null, "b": 1e21 },
        "headers": { "x-two": "2", "x-one": "1" },
        "body": { "b": [1.5, 100_000_000_000_000_000_000.0], "a": "é\n" }
    });
    let (peer, result) = once_with(
        vec![Reply::json("{}")],
        json!({ "headers": { "x-b": "b", "X-A": "a" }, "idempotency_header": "Idempotency-Key" }),
        input,
    )
    .await;
    result.unwrap();
    let body = "{\"a\":\"é\\n\",\"b\":[1.5,1e20]}";
    let expected = [
        "POST /invoices?a=x%26y%3Dz&b=1e%2B21&z=1&z=a%20b&z=true&z=0.5 HTTP/1.1",
        "accept: application/json, */*;q=0.5",
        "accept-encoding: identity",
        concat!("user-agent: flov7/", env!("CARGO_PKG_VERSION")),
        "x-a: a",
        "x-b: b",
        "x-one: 1",
        "x-two: 2",
        "content-type: application/json",
        &format!("idempotency-key: {}", context().idempotency_key()),
        &format!("host: 127.0.0.1:{}", peer.port),
        &format!("content-length: {}", body.len()),
        "",
        body,
    ]
    .join("\r\n");
    assert_eq!(peer.requests()[0], expected);
}

#[tokio::test]
async fn effect_key_repeats_are_byte_identical() {
    let peer = Peer::start(vec![Reply::Cut(b"HTTP/1.1 503 X\r\ncontent-length: 0\r\n\r\n".to_vec())]).await;
    let settings = json!({
        "auth": { "basic": { "user": "u", "secret": "PASSWORD" } },
        "headers": { "x-a": "1", "x-b": "2", "x-c": "3" }, "idempotency_header": "idempotency-key"
    });
    let members: Vec<(String, Value)> = (0..40).map(|n| (format!("m{}", n * 7 % 40), json!(n))).collect();
    // The same members, in both orders: a map that keeps insertion order must not show.
    let forward: serde_json::Map<_, _> = members.iter().cloned().collect();
    let backward: serde_json::Map<_, _> = members.iter().rev().cloned().collect();
    let headers = |map: &serde_json::Map<String, Value>| -> Value {
        map.iter()
            .map(|(name, value)| (format!("x-{name}"), json!(value.to_string())))
            .collect::<serde_json::Map<_, _>>()
            .into()
    };
    for map in [&forward, &backward, &forward] {
        // A connection of its own each time, as after a restart.
        let connection = connect(Network::new(), &binding(&peer.base(), settings.clone())).await;
        let input =
            json!({ "method": "PUT", "path": "/x", "query": map, "headers": headers(map), "body": map });
        assert_eq!(call(&connection, input).await.unwrap_err().code, "http.503");
    }
    let requests = peer.requests();
    assert_eq!(requests[0], requests[1]);
    assert_eq!(requests[0], requests[2]);
    assert!(requests[0].contains("\r\nx-m39: "));
}

#[tokio::test]
async fn bodies_are_text_or_json() {
    for (body, content_type, sent) in [
        (json!("plain é"), "text/plain; charset=utf-8", "plain é"),
        (json!(""), "text/plain; charset=utf-8", ""),
        (json!({}), "application/json", "{}"),
        (json!([1, 2]), "application/json", "[1,2]"),
        (json!(null), "application/json", "null"),
        (json!(7), "application/json", "7"),
        (json!(false), "application/json", "false"),
    ] {
        let (peer, result) =
            once(vec![Reply::json("{}")], json!({ "method": "POST", "path": "/", "body": body })).await;
        result.unwrap();
        let request = &peer.requests()[0];
        assert!(request.contains(&format!("\r\ncontent-type: {content_type}\r\n")), "{body}: {request}");
        assert!(request.ends_with(&format!("\r\n\r\n{sent}")), "{body}: {request}");
    }
}

#[tokio::test]
async fn a_step_names_the_type_of_its_body() {
    let input = json!({ "method": "POST", "path": "/", "body": "<a/>", "headers": { "content-type": "application/xml" } });
    let (peer, result) = once(vec![Reply::json("{}")], input).await;
    result.unwrap();
    assert!(peer.requests()[0].contains("\r\ncontent-type: application/xml\r\n"));
    assert_eq!(peer.requests()[0].matches("content-type").count(), 1);
}

#[tokio::test]
async fn no_body_is_no_body() {
    for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
        let reply = Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec());
        let (peer, result) = once(vec![reply], json!({ "method": method, "path": "/" })).await;
        assert_eq!(result.unwrap()["body"], Value::Null);
        let request = &peer.requests()[0];
        assert!(request.starts_with(&format!("{method} / HTTP/1.1\r\n")) && request.ends_with("\r\n\r\n"));
        assert!(!request.contains("content-type"), "{request}");
    }
}

#[tokio::test]
async fn effect_the_key_goes_with_every_write_and_no_read() {
    for (method, sent) in
        [("GET", false), ("HEAD", false), ("POST", true), ("PUT", true), ("PATCH", true), ("DELETE", true)]
    {
        let reply = Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec());
        let settings = json!({ "idempotency_header": "x-once" });
        let (peer, result) = once_with(vec![reply], settings, json!({ "method": method, "path": "/" })).await;
        result.unwrap();
        let line = format!("\r\nx-once: {}\r\n", context().idempotency_key());
        assert_eq!(peer.requests()[0].contains(&line), sent, "{method}");
    }
}

#[tokio::test]
async fn a_once_call_never_travels_over_a_used_connection() {
    for (method, settings, connections) in [
        ("GET", json!({}), 1),
        ("PUT", json!({}), 1),
        ("POST", json!({ "idempotency_header": "x-once" }), 1),
        ("POST", json!({}), 3),
    ] {
        let peer = Peer::start(vec![Reply::json("{}")]).await;
        let connection = connect(Network::new(), &binding(&peer.base(), settings)).await;
        for _ in 0..3 {
            call(&connection, json!({ "method": method, "path": "/" })).await.unwrap();
        }
        assert_eq!(peer.connections(), connections, "{method}");
    }
}
