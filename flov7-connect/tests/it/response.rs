//! How answers are read, and where reading stops.

use flov7::machine::CallErrorKind;
use serde_json::{Value, json};

use crate::peer::{Reply, once, once_with};

fn raw(head: &str, body: &[u8]) -> Reply {
    let mut bytes = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n{head}\r\n", body.len()).into_bytes();
    bytes.extend_from_slice(body);
    Reply::Bytes(bytes)
}

fn chunked(body: &[u8]) -> Reply {
    let mut bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    for chunk in body.chunks(1000) {
        bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
        bytes.extend_from_slice(chunk);
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(b"0\r\n\r\n");
    Reply::Bytes(bytes)
}

#[tokio::test]
async fn bodies_are_what_their_type_says() {
    for (content_type, body, expected) in [
        (Some("application/json"), "{\"a\": 1.0}", json!({ "a": 1 })),
        (Some("Application/JSON; charset=utf-8"), "[1]", json!([1])),
        (Some("text/json"), "\"x\"", json!("x")),
        (Some("application/problem+json"), "null", json!(null)),
        (Some("application/vnd.api+json;v=1"), "{}", json!({})),
        (Some("text/plain"), "{\"a\": 1}", json!("{\"a\": 1}")),
        (Some("application/jsonp"), "[1]", json!("[1]")),
        (Some("+json"), "[1]", json!("[1]")),
        (Some("text/html"), "<p>é</p>", json!("<p>é</p>")),
        (None, "text", json!("text")),
        (Some("application/json"), "", json!(null)),
        (None, "", json!(null)),
    ] {
        let head = content_type.map_or(String::new(), |text| format!("content-type: {text}\r\n"));
        let (_, result) = once(vec![raw(&head, body.as_bytes())], json!({ "path": "/" })).await;
        let output = result.unwrap();
        assert!(flov7::json::equal(&output["body"], &expected), "{content_type:?} {body}: {output}");
        assert_eq!(output["status"], 200);
    }
}

#[tokio::test]
async fn bodies_that_are_not_what_they_say_fail() {
    for (head, body, code, part) in [
        ("content-type: application/json\r\n", &b"{\"a\": }"[..], "http.not_json", "says that it is JSON"),
        ("content-type: application/json\r\n", b"{\"a\": 1, \"a\": 2}", "http.not_json", "second time"),
        ("content-type: application/json\r\n", b"100000000000000000000", "http.not_json", "big_numbers"),
        ("content-type: application/json\r\n", b"1e400", "http.not_json", "big_numbers"),
        ("content-type: application/json\r\n", b"\xff", "http.not_text", "byte 0"),
        ("content-type: text/plain\r\n", b"abc\xe9", "http.not_text", "byte 3"),
        ("content-type: image/png\r\n", b"\x89PNG", "http.not_text", "byte 0"),
        ("content-encoding: gzip\r\n", b"\x1f\x8b\x08", "http.not_text", "`gzip`"),
        ("content-encoding: br\r\n", b"plain", "http.not_text", "`br`"),
    ] {
        let (_, result) = once(vec![raw(head, body)], json!({ "method": "POST", "path": "/" })).await;
        let error = result.unwrap_err();
        assert_eq!((error.code.as_str(), error.kind), (code, CallErrorKind::Failed), "{head}: {error}");
        assert!(error.message.contains(part), "{head}: {error}");
    }
}

#[tokio::test]
async fn num_entry_big_numbers_keep_their_digits_when_asked() {
    let reply = Reply::json("{\"id\": 100000000000000000001, \"n\": 18446744073709551615, \"d\": 2.0}");
    let (_, result) = once(vec![reply], json!({ "path": "/", "big_numbers": "string" })).await;
    let body = result.unwrap()["body"].clone();
    let expected = json!({ "id": "100000000000000000001", "n": 18_446_744_073_709_551_615_u64, "d": 2 });
    assert!(flov7::json::equal(&body, &expected), "{body}");
}

#[tokio::test]
async fn headers_are_lower_case_and_joined() {
    let reply = raw("X-One: 1\r\nSet-Cookie: a=b\r\nx-one: 2\r\nset-cookie: c=d\r\nX-Odd: \u{fc}\r\n", b"");
    let (_, result) = once(vec![reply], json!({ "path": "/" })).await;
    let output = result.unwrap();
    let expected =
        json!({ "content-length": "0", "x-one": "1, 2", "set-cookie": "a=b, c=d", "x-odd": "\u{fc}" });
    assert_eq!(output["headers"], expected);
}

#[tokio::test]
async fn nothing_is_read_beyond_the_cap() {
    let settings = json!({ "limits": { "response_bytes": 5000 } });
    for (body, fits) in [(5000, true), (5001, false), (3_000_000, false)] {
        for reply in [raw("", &vec![b'a'; body]), chunked(&vec![b'a'; body])] {
            let (_, result) = once_with(vec![reply], settings.clone(), json!({ "path": "/" })).await;
            match result {
                Ok(output) => {
                    assert!(fits);
                    assert_eq!(output["body"].as_str().unwrap().len(), body);
                }
                Err(error) => {
                    assert!(!fits, "{error}");
                    assert_eq!((error.code.as_str(), error.kind), ("http.too_large", CallErrorKind::Failed));
                    assert!(error.message.contains("5000"), "{error}");
                }
            }
        }
    }
}

#[tokio::test]
async fn a_body_without_end_stops_at_the_cap() {
    // No length, no chunks: the body ends with the connection, which the peer keeps open.
    let mut bytes = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    bytes.extend(std::iter::repeat_n(b'a', 2 << 20));
    let (_, result) = once(vec![Reply::Bytes(bytes)], json!({ "path": "/" })).await;
    assert_eq!(result.unwrap_err().code, "http.too_large");
}

#[tokio::test]
async fn an_announced_length_is_believed_before_reading() {
    let reply = Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 99999999999\r\n\r\n".to_vec());
    let (_, result) = once(vec![reply.clone()], json!({ "path": "/" })).await;
    assert_eq!(result.unwrap_err().code, "http.too_large");
    // The length of a HEAD is not that of its body.
    let (_, result) = once(vec![reply], json!({ "method": "HEAD", "path": "/" })).await;
    assert_eq!(result.unwrap()["body"], Value::Null);
}

#[tokio::test]
async fn a_compressed_bomb_is_never_unpacked() {
    // 1 MiB that unpacks to a gigabyte would be read as its 1 MiB at most, and is refused as it is.
    let bomb = vec![0u8; 1 << 20];
    let (peer, result) = once(vec![raw("content-encoding: gzip\r\n", &bomb)], json!({ "path": "/" })).await;
    assert_eq!(result.unwrap_err().code, "http.not_text");
    assert!(peer.requests()[0].contains("\r\naccept-encoding: identity\r\n"));
}

#[tokio::test]
async fn nesting_is_bounded() {
    let deep = format!("{}{}", "[".repeat(300), "]".repeat(300));
    let (_, result) = once(vec![Reply::json(&deep)], json!({ "path": "/" })).await;
    assert_eq!(result.unwrap_err().code, "http.not_json");
}

#[tokio::test]
async fn failures_tell_a_bounded_body() {
    let long = "é".repeat(20_000);
    for (content_type, body, expected) in [
        ("application/json", "{\"why\": \"so\"}", json!({ "why": "so" })),
        ("application/json", "{broken", json!("{broken")),
        ("application/json", "12345678901234567890123", json!("12345678901234567890123")),
        ("text/plain", "plain", json!("plain")),
        ("text/plain", "", json!(null)),
        ("text/plain", long.as_str(), json!("é".repeat(4096))),
        ("application/json", &format!("\"{long}\""), json!(format!("\"{}", "é".repeat(4095)))),
    ] {
        let reply = Reply::status(404, &[("content-type", content_type)], body);
        let (_, result) = once(vec![reply], json!({ "path": "/x", "query": { "private": "yes" } })).await;
        let error = result.unwrap_err();
        assert_eq!((error.code.as_str(), error.kind), ("http.404", CallErrorKind::Failed));
        assert_eq!(error.details, json!({ "status": 404, "body": expected }));
        assert!(error.message.ends_with("/x answered 404 Not Found"), "{error}");
        assert!(flov7::json::canonical_size(&error.details) < 16 * 1024);
    }
}
