//! Which failures are worth another attempt.

use flov7::machine::CallErrorKind;
use serde_json::json;

use crate::peer::{Peer, Reply, binding, call, connect, once, once_with};

#[tokio::test]
async fn retry_what_each_status_means_for_each_effect() {
    let methods = [
        ("GET", json!({})),
        ("PUT", json!({})),
        ("DELETE", json!({})),
        ("POST", json!({ "idempotency_header": "x-once" })),
        ("PATCH", json!({ "idempotency_header": "x-once" })),
        ("POST", json!({})),
        ("PATCH", json!({})),
    ];
    // Status, retryable for `once`, retryable for the others.
    let statuses = [
        (400, false, false),
        (401, false, false),
        (403, false, false),
        (404, false, false),
        (408, true, true),
        (409, false, false),
        (410, false, false),
        (418, false, false),
        (422, false, false),
        (425, true, true),
        (428, false, false),
        (429, true, true),
        (451, false, false),
        (499, false, false),
        (500, false, true),
        (501, false, true),
        (502, false, true),
        (503, true, true),
        (504, false, true),
        (505, false, true),
        (520, false, true),
        (599, false, true),
    ];
    for (at, (method, settings)) in methods.iter().enumerate() {
        let once = at >= 5;
        for (status, for_once, for_others) in statuses {
            let reply = vec![Reply::status(status, &[], "")];
            let input = json!({ "method": method, "path": "/" });
            let (peer, result) = once_with(reply, settings.clone(), input).await;
            let error = result.unwrap_err();
            let expected = if once { for_once } else { for_others };
            let kind = if expected { CallErrorKind::Retryable } else { CallErrorKind::Failed };
            assert_eq!((error.code, error.kind), (format!("http.{status}"), kind), "{method} {settings}");
            // The engine retries, never the client.
            assert_eq!(peer.requests().len(), 1);
        }
    }
}

#[tokio::test]
async fn ok_statuses_are_results() {
    let input = json!({ "path": "/", "ok_statuses": [404, 503] });
    let (_, result) = once(vec![Reply::status(503, &[], "busy")], input.clone()).await;
    assert_eq!(result.unwrap()["body"], "busy");
    let (_, result) = once(vec![Reply::status(500, &[], "")], input).await;
    assert_eq!(result.unwrap_err().code, "http.500");
}

#[tokio::test]
async fn retry_after_is_passed_on_where_another_attempt_makes_sense() {
    const NOW: (&str, &str) = ("date", "Sun, 06 Nov 1994 08:49:37 GMT");
    for (status, headers, expected) in [
        (429, vec![("retry-after", "7")], Some(7_000)),
        (503, vec![("retry-after", "Sun, 06 Nov 1994 08:50:37 GMT"), NOW], Some(60_000)),
        (503, vec![("retry-after", "whenever")], None),
        (503, vec![], None),
        (429, vec![("retry-after", "99999999999999999999")], Some(86_400_000)),
        (404, vec![("retry-after", "7")], None),
    ] {
        let (_, result) = once(vec![Reply::status(status, &headers, "")], json!({ "path": "/" })).await;
        assert_eq!(result.unwrap_err().retry_after, expected, "{status} {headers:?}");
    }
}

#[tokio::test]
async fn no_connection_is_retryable_for_every_effect() {
    for method in ["GET", "PUT", "POST"] {
        // A port that was just free.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let binding = binding(&format!("http://127.0.0.1:{port}"), json!({}));
        let connection = connect(flov7_connect::Network::new(), &binding).await;
        let error = call(&connection, json!({ "method": method, "path": "/" })).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.kind), ("http.connect", CallErrorKind::Retryable));
        assert!(error.message.contains(&format!("127.0.0.1:{port}")), "{error}");
    }
}

#[tokio::test]
async fn concurrent_calls_are_bounded_by_the_binding() {
    let peer = Peer::start(vec![Reply::Silent]).await;
    let settings = json!({ "limits": { "concurrent": 2, "timeout": "200ms" } });
    let connection = connect(flov7_connect::Network::new(), &binding(&peer.base(), settings)).await;
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move { call(&connection, json!({ "path": "/" })).await })
        })
        .collect();
    peer.arrival().await;
    tokio::task::yield_now().await;
    assert!(peer.connections() <= 2);
    for call in calls {
        assert_eq!(call.await.unwrap().unwrap_err().code, "http.broken");
    }
    assert_eq!(peer.connections(), 5);
}
