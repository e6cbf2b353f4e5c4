//! Secret values are seen by the other side and by nobody else.

use flov7::action::{Action, ActionError};
use flov7::connect::Connector;
use flov7::error::ErrorKind;
use flov7_connect::{HttpConnector, HttpRequest, Network};
use serde_json::{Value, json};

use crate::peer::{Peer, Reply, SECRET, binding, call, connect, secrets};

/// The secret in every form in which it could come back: as it is, in base64, percent-encoded as a segment, as a path,
/// as a form and by hand, quoted; and as basic credentials, which are base64 of it with the user before it, alone, inside
/// a longer text, and percent-encoded.
fn forms(auth: &Value) -> Vec<String> {
    let mut forms: Vec<String> = [
        SECRET,
        "czNjcjN0LysidmFsIHVlXDk=",
        "s3cr3t%2F%2B%22val%20ue%5C9",
        "s3cr3t/%2B%22val%20ue%5c9",
        "s3cr3t%2f%2b%22val+ue%5c9",
        "s%33cr3t%252F%252B%2522val%2520ue%255C9",
        "s3cr3t/+\\\"val ue\\\\9",
    ]
    .map(str::to_owned)
    .to_vec();
    // `{"k":"SECRET"}`, and the same one byte further.
    forms.extend(
        ["eyJrIjoiczNjcjN0LysidmFsIHVlXDkifQ==", "IHsiayI6InMzY3IzdC8rInZhbCB1ZVw5In0="].map(str::to_owned),
    );
    if auth.get("basic").is_some() {
        let encoded = BASIC.replace('=', "%3D");
        forms.extend([
            format!("user:{SECRET}"),
            BASIC.to_owned(),
            encoded,
            "eCBkWE5sY2pwek0yTnlNM1F2S3lKMllXd2dkV1ZjT1E9PQ==".to_owned(),
        ]);
    }
    forms
}

const BASIC: &str = "dXNlcjpzM2NyM3QvKyJ2YWwgdWVcOQ==";

fn auths() -> Vec<Value> {
    vec![
        json!({ "bearer": "TOKEN" }),
        json!({ "header": { "name": "x-api-key", "secret": "TOKEN" } }),
        json!({ "basic": { "user": "user", "secret": "PASSWORD" } }),
    ]
}

fn assert_clean(what: &str, text: &str) {
    for form in forms(&json!("none")) {
        assert!(!text.contains(&form), "{what} holds a secret: {text}");
    }
    assert!(!text.contains("s3cr3t"), "{what} holds a part of a secret: {text}");
}

fn seen(result: &Result<Value, ActionError>) -> String {
    match result {
        Ok(value) => format!("{value} {value:?}"),
        Err(error) => format!("{error} {error:?} {} {:?}", error.details, error.details),
    }
}

#[tokio::test]
async fn the_other_side_gets_the_credential() {
    let expected = [
        format!("authorization: Bearer {SECRET}"),
        format!("x-api-key: {SECRET}"),
        "authorization: Basic dXNlcjpzM2NyM3QvKyJ2YWwgdWVcOQ==".to_owned(),
    ];
    for (auth, line) in auths().into_iter().zip(expected) {
        let peer = Peer::start(vec![Reply::json("{}")]).await;
        let connection = connect(Network::new(), &binding(&peer.base(), json!({ "auth": auth }))).await;
        call(&connection, json!({ "path": "/" })).await.unwrap();
        assert!(peer.requests()[0].contains(&format!("\r\n{line}\r\n")), "{}", peer.requests()[0]);
    }
}

/// Answers of every kind that hold a text, and the secret as headers can.
fn echoes(text: &str) -> Vec<Reply> {
    let quoted = Value::from(text).to_string();
    let nested = json!({ "list": [[{ text: [text] }]], "text": text }).to_string();
    // A header cannot hold every form, but the plain one.
    let echo = [("x-echo", SECRET), ("content-type", "application/json")];
    vec![
        Reply::status(200, &echo, &quoted),
        Reply::status(200, &echo, &nested),
        Reply::status(200, &[("x-echo", SECRET)], text),
        Reply::status(200, &[("x-echo", SECRET)], &nested),
        Reply::status(404, &echo, &nested),
        Reply::status(500, &[("x-echo", SECRET)], text),
        // Not JSON, and the message says where.
        Reply::status(200, &echo, &format!("{{\"{SECRET}")),
        Reply::status(200, &echo, &format!("{{{0}: 1, {0}: 2}}", Value::from(SECRET))),
        Reply::status(200, &[("content-encoding", SECRET)], "x"),
        Reply::Bytes(
            format!("HTTP/1.1 302 X\r\ncontent-length: 0\r\nlocation: x://{SECRET}\r\n\r\n").into_bytes(),
        ),
        Reply::Bytes(
            format!("HTTP/1.1 302 X\r\ncontent-length: 0\r\nlocation: /{SECRET}\r\n\r\n").into_bytes(),
        ),
        Reply::location(302, "http://s3cr3t%2F%2B%22val%20ue%5C9@127.0.0.1/"),
        Reply::Cut(SECRET.as_bytes().to_vec()),
        Reply::Cut(
            format!("HTTP/1.1 200 OK\r\nx: {SECRET}\r\ncontent-length: 99\r\n\r\n{SECRET}").into_bytes(),
        ),
    ]
}

#[tokio::test]
async fn outputs_and_errors_are_scrubbed_of_every_form() {
    for auth in auths() {
        for reply in echoes(&forms(&auth).join(" | ")) {
            let peer = Peer::start(vec![reply.clone()]).await;
            let connection = connect(Network::new(), &binding(&peer.base(), json!({ "auth": auth }))).await;
            let result = seen(&call(&connection, json!({ "path": "/" })).await);
            assert_clean(&format!("{reply:?}"), &result);
            assert!(auth.get("basic").is_none() || !result.contains(BASIC), "{reply:?}: {result}");
        }
    }
}

#[tokio::test]
async fn a_secret_at_the_end_of_a_cut_body_does_not_show_its_beginning() {
    // The limit falls before, inside and after the secret; the secrets before it shrink, which moves what is cut.
    let cases = [(0, 8_192), (50, 8_192), (0, 1_000), (20, 1_000)];
    for (before, limit) in cases {
        for fill in (0..120).step_by(3) {
            let start = SECRET.repeat(before);
            let width = limit - 100 - start.len() % limit + fill;
            let body = format!("{start}{}{}{}", "-".repeat(width), SECRET.repeat(40), "-".repeat(9_000));
            let peer = Peer::start(vec![Reply::status(400, &[], &body)]).await;
            let settings = json!({ "auth": { "bearer": "TOKEN" }, "limits": { "response_bytes": limit } });
            let connection = connect(Network::new(), &binding(&peer.base(), settings)).await;
            let error = call(&connection, json!({ "path": "/" })).await.unwrap_err();
            let told = error.details["body"].as_str().unwrap().replace("[secret]", "");
            assert!(!told.contains("s3"), "{before} {limit} {fill}: {told}");
        }
    }
}

#[tokio::test]
async fn a_secret_of_digits_is_scrubbed_from_numbers() {
    let peer = Peer::start(vec![Reply::json("{\"pin\": 42424242, \"other\": 4242}")]).await;
    let binding = binding(&peer.base(), json!({ "auth": { "bearer": "TOKEN" } }));
    let connection = HttpConnector::new().connect(&binding, secrets(&[("TOKEN", "42424242")])).await.unwrap();
    let output = call(&connection, json!({ "path": "/" })).await.unwrap();
    assert_eq!(output["body"], json!({ "pin": "[secret]", "other": 4242 }));
}

#[tokio::test]
async fn nothing_that_can_be_printed_holds_a_secret() {
    let binding = binding("https://crm.example", json!({ "auth": { "bearer": "TOKEN" } }));
    let given = secrets(&[("TOKEN", SECRET)]);
    assert_clean("Secrets", &format!("{given:?} {given:#?}"));
    let connector = HttpConnector::new();
    assert_clean("HttpConnector", &format!("{connector:?} {:?}", connector.descriptor()));
    let connection = connector.connect(&binding, given).await.unwrap();
    assert_clean("HttpConnection", &format!("{connection:?} {connection:#?}"));
    assert!(format!("{connection:?}").contains("https://crm.example"));
    assert_clean("HttpRequest", &format!("{:?}", HttpRequest::new().descriptor()));
}

#[tokio::test]
async fn secrets_that_cannot_be_sent_are_refused_without_showing_them() {
    for auth in auths() {
        for (value, kind) in [
            (Some("s3cr3t\n"), ErrorKind::Invalid),
            (Some("s3cr3t\r\nhost: evil.example"), ErrorKind::Invalid),
            (Some("s3cr3t\u{0}"), ErrorKind::Invalid),
            (Some("s3cr3t-é"), ErrorKind::Invalid),
            (Some(""), ErrorKind::Invalid),
            (None, ErrorKind::Missing),
        ] {
            let given = value.map_or_else(
                || secrets(&[("OTHER", SECRET)]),
                |value| secrets(&[("TOKEN", value), ("PASSWORD", value)]),
            );
            let binding = binding("https://crm.example", json!({ "auth": auth }));
            let result = HttpConnector::new().connect(&binding, given).await;
            // Base64 carries any value but none.
            if auth.get("basic").is_some() && value.is_some_and(|value| !value.is_empty()) {
                assert!(result.is_ok());
                continue;
            }
            let error = result.unwrap_err();
            assert_eq!(error.kind(), kind, "{auth} {value:?}: {error}");
            assert_clean("the refusal", &format!("{error} {error:?}"));
            assert!(error.to_string().contains("TOKEN") || error.to_string().contains("PASSWORD"));
        }
    }
}
