//! When nobody knows: something was sent, and no answer came.

use flov7::machine::CallErrorKind;
use serde_json::json;

use crate::peer::{Reply, once, once_with};

#[tokio::test]
async fn effect_a_connection_lost_after_the_first_byte_is_unknown() {
    let answers: &[(&str, Reply)] = &[
        ("closed while sending", Reply::Hangup),
        ("closed without an answer", Reply::Cut(b"".to_vec())),
        ("half a status line", Reply::Cut(b"HTTP/1.1 20".to_vec())),
        ("half a head", Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-le".to_vec())),
        ("no body", Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n".to_vec())),
        ("half a body", Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab".to_vec())),
        (
            "half a chunk",
            Reply::Cut(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab".to_vec()),
        ),
        (
            "no last chunk",
            Reply::Cut(b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n".to_vec()),
        ),
        ("no HTTP", Reply::Cut(b"SSH-2.0-OpenSSH_9.6\r\n".to_vec())),
        ("a length that is none", Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: x\r\n\r\n".to_vec())),
        (
            "two lengths",
            Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na".to_vec()),
        ),
        ("no answer in time", Reply::Silent),
        ("no body in time", Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab".to_vec())),
    ];
    for (what, reply) in answers {
        let calls = ["GET", "PUT", "POST"].map(|method| {
            // Long enough to connect on any machine; only the last two wait for it.
            let settings = json!({ "limits": { "timeout": "1s" } });
            let input = json!({ "method": method, "path": "/x", "body": "b" });
            let script = vec![reply.clone()];
            (method, tokio::spawn(async move { once_with(script, settings, input).await }))
        });
        for (method, call) in calls {
            let (peer, result) = call.await.unwrap();
            let error = result.expect_err(what);
            assert_eq!(
                (error.code.as_str(), error.kind),
                ("http.broken", CallErrorKind::Unknown),
                "{method} {what}: {error}"
            );
            assert_eq!(peer.requests().len(), 1, "{method} {what}: sent once");
        }
    }
}

#[tokio::test]
async fn a_failure_whose_body_is_lost_is_still_that_failure() {
    let reply = Reply::Cut(b"HTTP/1.1 422 No\r\ncontent-length: 50\r\n\r\nhalf".to_vec());
    let (_, result) = once(vec![reply], json!({ "method": "POST", "path": "/" })).await;
    let error = result.unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("http.422", CallErrorKind::Failed));
    assert_eq!(error.details, json!({ "status": 422, "body": "half" }));
}

#[tokio::test]
async fn headers_without_end_are_lost() {
    let mut bytes = b"HTTP/1.1 200 OK\r\n".to_vec();
    for n in 0..20_000 {
        bytes.extend_from_slice(format!("x-{n}: {}\r\n", "a".repeat(100)).as_bytes());
    }
    let (_, result) = once(vec![Reply::Bytes(bytes)], json!({ "method": "POST", "path": "/" })).await;
    assert_eq!(result.unwrap_err().kind, CallErrorKind::Unknown);
}
