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

/// A resolver that never answers.
struct Mute;

#[async_trait::async_trait]
impl flov7_connect::Resolve for Mute {
    async fn resolve(&self, _host: &str) -> std::io::Result<Vec<std::net::IpAddr>> {
        std::future::pending().await
    }
}

#[tokio::test]
async fn time_that_runs_out_before_there_is_a_connection_is_retryable() {
    // An https peer that accepts and never shakes hands; and a name that is never resolved.
    let silent = Peer::start(vec![Reply::Silent]).await;
    for base in [format!("https://127.0.0.1:{}", silent.port), "https://slow.example".to_owned()] {
        let binding = binding(&base, json!({ "limits": { "timeout": "200ms" } }));
        let network = flov7_connect::Network::new().with_resolver(std::sync::Arc::new(Mute));
        let connection = connect(network, &binding).await;
        let error = call(&connection, json!({ "method": "POST", "path": "/" })).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.kind), ("http.connect", CallErrorKind::Retryable), "{error}");
        assert!(error.message.contains("took too long"), "{error}");
    }
}

/// Says to the copy of this program that a test starts what it is.
const CHILD: &str = "FLOV7_CONNECT_TEST_CHILD";

#[tokio::test]
async fn no_proxy_is_taken_from_the_environment() {
    if std::env::var_os(CHILD).is_some() {
        let (_, result) = once(vec![Reply::json("1")], json!({ "path": "/" })).await;
        assert_eq!(result.unwrap()["body"], 1);
        return;
    }
    let proxy = Peer::start(vec![Reply::json("\"proxy\"")]).await;
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", "retry::no_proxy_is_taken_from_the_environment"]).env(CHILD, "1");
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, proxy.base());
    }
    let output = tokio::task::spawn_blocking(move || child.output().unwrap()).await.unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
    assert_eq!(proxy.connections(), 0);
}

#[tokio::test]
async fn concurrent_calls_are_bounded_by_the_binding() {
    let peer = Peer::start(vec![Reply::AfterRelease(Box::new(Reply::json("1")))]).await;
    let settings = json!({ "limits": { "concurrent": 2 } });
    let connection = connect(flov7_connect::Network::new(), &binding(&peer.base(), settings)).await;
    let calls: Vec<_> = (0..5)
        .map(|_| {
            let connection = connection.clone();
            tokio::spawn(async move { call(&connection, json!({ "path": "/" })).await })
        })
        .collect();
    while peer.requests().len() < 2 {
        tokio::task::yield_now().await;
    }
    for released in 0..5 {
        assert!(peer.requests().len() <= released + 2);
        peer.release();
        while peer.requests().len() < (released + 3).min(5) {
            tokio::task::yield_now().await;
        }
    }
    for call in calls {
        assert!(call.await.unwrap().is_ok());
    }
}
