//! What is refused before anything is sent: paths that leave, headers that lie.

use flov7::action::Action;
use flov7::catalog::Catalog;
use flov7::machine::CallErrorKind;
use flov7::validate::validate_text;
use flov7::workflow::{DocumentLimits, Syntax};
use flov7_connect::{HttpRequest, Network};
use serde_json::{Value, json};

use crate::peer::{Peer, Reply, binding, call, call_free, connect};

/// The codes that validation finds in a request that is written out.
fn finds(with: &Value) -> Vec<&'static str> {
    let catalog = Catalog::new().with_action(HttpRequest::new().descriptor().clone());
    let step = json!({ "id": "a", "action": { "use": "http.request", "connection": "crm", "with": with } });
    let document = json!({ "flov7": 1, "name": "x", "steps": [step],
        "connections": [{ "id": "crm", "connector": "http" }] });
    let text = document.to_string();
    let report = validate_text(&text, Syntax::Json, &catalog, &DocumentLimits::default()).report;
    report.findings().iter().map(|finding| finding.code.name()).collect()
}

async fn check(input: Value, part: &str) {
    let peer = Peer::start(vec![Reply::json("{}")]).await;
    let settings = json!({ "auth": { "header": { "name": "x-key", "secret": "TOKEN" } },
        "headers": { "x-tenant": "seven" }, "idempotency_header": "idempotency-key" });
    let connection = connect(Network::new(), &binding(&format!("{}/api/v1", peer.base()), settings)).await;
    let error = call(&connection, input.clone()).await.expect_err(&input.to_string());
    // What is written out is found before it runs, unless only the binding or the whole length tells.
    if !part.contains("binding") && part != "longer" {
        assert!(!finds(&input).is_empty(), "{input} validates");
    }
    assert_eq!((error.code.as_str(), error.kind), ("http.blocked", CallErrorKind::Failed), "{input}");
    assert!(error.message.contains(part), "{input}: {error}");
    assert_eq!(peer.connections(), 0, "{input}");
}

#[tokio::test]
async fn paths_that_could_leave_are_refused() {
    for (path, part) in [
        ("", "start with `/`"),
        ("invoices", "start with `/`"),
        ("?x=1", "start with `/`"),
        ("http://evil.example/", "start with `/`"),
        ("https://evil.example/", "start with `/`"),
        ("@evil.example/", "start with `/`"),
        (":80/x", "start with `/`"),
        (" /x", "start with `/`"),
        ("\t/x", "start with `/`"),
        ("//evil.example/", "another host"),
        ("///evil.example/", "another host"),
        ("//", "another host"),
        ("\\\\evil.example/", "start with `/`"),
        ("/\\evil.example/", "`\\`"),
        ("/a\\..\\b", "`\\`"),
        ("/..", "`..`"),
        ("/../x", "`..`"),
        ("/../../admin", "`..`"),
        ("/a/../../../x", "`..`"),
        ("/a/..", "`..`"),
        ("/a/./b", "`..`"),
        ("/.", "`..`"),
        ("/%2e%2e/x", "`..`"),
        ("/%2E%2E/x", "`..`"),
        ("/.%2e/x", "`..`"),
        ("/%2e./x", "`..`"),
        ("/%2e/x", "`..`"),
        ("/a/%2e%2e", "`..`"),
        ("/..%2fx", "`..`"),
        ("/..%5cx", "`..`"),
        ("/a%2f..%2fb", "`..`"),
        ("/a%2F%2e%2e", "`..`"),
        ("/%252e%252e/x", "`..`"),
        ("/%25252e%25252e%25252fx", "`..`"),
        ("/..%252f..%252fx", "`..`"),
        ("/..?x=1", "`..`"),
        ("/a/..;/b", "`..`"),
        ("/a/..;x=1/b", "`..`"),
        ("/a/%2e%2e%3b/b", "`..`"),
        ("/a/.;/b", "`..`"),
        ("/a\r\nhost: evil.example", "control"),
        ("/a\nb", "control"),
        ("/a\rb", "control"),
        ("/a\tb", "control"),
        ("/a\0b", "control"),
        ("/a\u{7f}b", "control"),
        ("/a%0d%0ahost:%20evil.example", "control"),
        ("/a%00", "control"),
        ("/a%250a", "control"),
        ("/x?a=b\r\nhost: evil.example", "control"),
        ("/x?a=\\", "`\\`"),
        ("/x#fragment", "`#`"),
        ("/x?a#b", "`#`"),
        ("/x%", "hexadecimal"),
        ("/x%2", "hexadecimal"),
        ("/x%zz", "hexadecimal"),
        ("/x?%g1", "hexadecimal"),
        // What an empty value leaves behind.
        ("/invoices//lines", "empty segment"),
        ("/a//", "empty segment"),
        (&format!("/{}", "x".repeat(9000)), "longer"),
    ] {
        for method in ["GET", "POST"] {
            check(json!({ "method": method, "path": path }), part).await;
        }
    }
}

#[tokio::test]
async fn paths_are_appended_as_they_stand() {
    for (path, line) in [
        ("/", "/api/v1/"),
        ("/invoices", "/api/v1/invoices"),
        ("/invoices/", "/api/v1/invoices/"),
        ("/a%2Fb", "/api/v1/a%2Fb"),
        ("/a%20b", "/api/v1/a%20b"),
        ("/a b", "/api/v1/a%20b"),
        ("/straße", "/api/v1/stra%C3%9Fe"),
        ("/a\"<>^`{|}b", "/api/v1/a%22%3C%3E%5E%60%7B%7C%7Db"),
        ("/-._~!$&'()*+,;=:@", "/api/v1/-._~!$&'()*+,;=:@"),
        ("/...", "/api/v1/..."),
        ("/a..b/..c/d..", "/api/v1/a..b/..c/d.."),
        ("/.well-known/x", "/api/v1/.well-known/x"),
        ("/x:80", "/api/v1/x:80"),
        ("/http://evil.example", "empty"),
        ("/x?", "/api/v1/x?"),
        ("/x?a=1&b=%26", "/api/v1/x?a=1&b=%26"),
        ("/x?a=../b", "/api/v1/x?a=../b"),
        ("/x?a=b c", "/api/v1/x?a=b%20c"),
        ("/x?a='", "/api/v1/x?a=%27"),
    ] {
        if line == "empty" {
            check(json!({ "path": path }), line).await;
            continue;
        }
        assert_eq!(finds(&json!({ "path": path })), [""; 0], "{path}");
        let peer = Peer::start(vec![Reply::json("{}")]).await;
        let base = format!("{}/api/v1/", peer.base());
        let connection = connect(Network::new(), &binding(&base, json!({}))).await;
        call(&connection, json!({ "path": path })).await.unwrap();
        let expected = format!("GET {line} HTTP/1.1\r\n");
        assert!(peer.requests()[0].starts_with(&expected), "{path}: {}", peer.requests()[0]);
    }
}

#[tokio::test]
async fn headers_that_lie_are_refused() {
    for (name, value, part) in [
        ("", "x", "no header's name"),
        ("a b", "x", "no header's name"),
        ("a:b", "x", "no header's name"),
        ("a\r\nb", "x", "no header's name"),
        ("ä", "x", "no header's name"),
        ("x-ok", "a\r\nhost: evil.example", "line break"),
        ("x-ok", "a\nb", "line break"),
        ("x-ok", "a\rb", "line break"),
        ("x-ok", "a\0b", "line break"),
        ("x-ok", "\u{7f}", "line break"),
        ("x-ok", "ä", "beyond ASCII"),
        ("host", "evil.example", "from the URL"),
        ("content-length", "0", "frames"),
        ("transfer-encoding", "chunked", "frames"),
        ("te", "trailers", "frames"),
        ("trailer", "x", "frames"),
        ("expect", "100-continue", "frames"),
        ("connection", "close", "belongs to the connection"),
        ("keep-alive", "1", "belongs to the connection"),
        ("upgrade", "h2c", "belongs to the connection"),
        ("http2-settings", "x", "belongs to the connection"),
        ("proxy-connection", "x", "belongs to the connection"),
        ("proxy-authorization", "Basic x", "no proxy"),
        ("accept-encoding", "gzip", "uncompressed"),
        // What the binding sets.
        ("x-key", "mine", "set by the connection's binding"),
        ("x-tenant", "eight", "set by the connection's binding"),
        ("idempotency-key", "mine", "set by the connection's binding"),
    ] {
        check(json!({ "path": "/", "headers": { name: value } }), part).await;
    }
}

#[tokio::test]
async fn headers_are_sent_in_lower_case_whatever_the_step_wrote() {
    let peer = Peer::start(vec![Reply::json("{}")]).await;
    let connection = connect(Network::new(), &binding(&peer.base(), json!({}))).await;
    let headers = json!({ "Authorization": "Bearer mine", "X-Tenant": "seven", "ACCEPT": "text/plain" });
    assert_eq!(finds(&json!({ "path": "/", "headers": headers })), [""; 0]);
    call(&connection, json!({ "path": "/", "headers": headers })).await.unwrap();
    for line in ["authorization: Bearer mine", "x-tenant: seven", "accept: text/plain"] {
        assert_eq!(
            peer.requests()[0].matches(&format!("\r\n{line}\r\n")).count(),
            1,
            "{}",
            peer.requests()[0]
        );
    }
    check(json!({ "path": "/", "headers": { "X-A": "1", "x-a": "2" } }), "twice").await;
    check(json!({ "path": "/", "headers": { "X-Key": "mine" } }), "set by the connection's binding").await;
    check(json!({ "path": "/", "headers": { "HOST": "evil.example" } }), "from the URL").await;
}

#[tokio::test]
async fn a_step_may_carry_a_token_of_its_own_where_the_binding_has_none() {
    let peer = Peer::start(vec![Reply::json("{}")]).await;
    let connection = connect(Network::new(), &binding(&peer.base(), json!({}))).await;
    call(&connection, json!({ "path": "/", "headers": { "authorization": "Bearer from-a-login-step" } }))
        .await
        .unwrap();
    assert!(peer.requests()[0].contains("\r\nauthorization: Bearer from-a-login-step\r\n"));
}

#[tokio::test]
async fn inputs_that_are_no_request_are_refused() {
    for (input, part) in [
        (json!([]), "must be an object"),
        (json!({}), "needs `path`"),
        (json!({ "url": "https://example.com/" }), "needs `path`"),
        (json!({ "path": "/", "url": "https://example.com/" }), "needs `path`"),
        (json!({ "path": 1 }), "`path` must be text"),
        (json!({ "path": "/", "method": "get" }), "`method`"),
        (json!({ "path": "/", "method": "TRACE" }), "`method`"),
        (json!({ "path": "/", "method": "CONNECT" }), "`method`"),
        (json!({ "path": "/", "method": "GET / HTTP/1.1\r\nx: y\r\n\r\nDELETE" }), "`method`"),
        (json!({ "path": "/", "query": [] }), "`query`"),
        (json!({ "path": "/", "query": { "a": {} } }), "`query` member `a`"),
        (json!({ "path": "/", "query": { "a": [[1]] } }), "`query` member `a`"),
        (json!({ "path": "/", "headers": "x" }), "`headers`"),
        (json!({ "path": "/", "headers": { "a": 1 } }), "`headers`"),
        (json!({ "path": "/", "ok_statuses": 404 }), "`ok_statuses`"),
        (json!({ "path": "/", "ok_statuses": ["404"] }), "`ok_statuses`"),
        (json!({ "path": "/", "big_numbers": "round" }), "`big_numbers`"),
        (json!({ "path": "/", "verify": false }), "no member `verify`"),
    ] {
        check(input, part).await;
    }
}

#[tokio::test]
async fn urls_without_a_connection_are_plain_ones() {
    for (url, part) in [
        ("", "start with"),
        ("/x", "start with"),
        ("//example.com/", "start with"),
        ("example.com", "start with"),
        ("ftp://example.com/", "start with"),
        ("file:///etc/passwd", "start with"),
        ("http:/example.com", "start with"),
        ("http:example.com", "start with"),
        ("https:\\\\example.com", "start with"),
        (" https://example.com/", "start with"),
        ("ht\ntp://example.com/", "start with"),
        ("https://", "no host"),
        ("https:///x", "no host"),
        ("https://user@example.com/", "user"),
        ("https://user:pw@example.com/", "user"),
        ("https://example.com@127.0.0.1/", "user"),
        ("https://example.com:80@127.0.0.1/", "user"),
        ("https://exa mple.com/", "host of `url`"),
        ("https://exa\tmple.com/", "host of `url`"),
        ("https://example.com\\@127.0.0.1/", "user"),
        ("https://example.com\\.evil.example/", "host of `url`"),
        ("https://example.com#@127.0.0.1/", "user"),
        ("https://example.com#.evil.example/", "host of `url`"),
        ("https://ex%61mple.com/", "host of `url`"),
        ("https://example.com:99999/", "no valid URL"),
        ("https://[::1/", "no valid URL"),
        ("https://[fe80::1%25eth0]/", "host of `url`"),
        ("https://1.2.3.256/", "no valid URL"),
        ("https://1.2.3.4.5/", "no valid URL"),
        ("https://example.com/../x", "`..`"),
        ("https://example.com/%2e%2e/x", "`..`"),
        ("https://example.com/a\\b", "`\\`"),
        ("https://example.com/a\r\nb", "control"),
        ("https://example.com/#x", "`#`"),
        ("https://example.com?a\nb", "control"),
    ] {
        let error = call_free(Network::new(), json!({ "url": url })).await.expect_err(url);
        assert_eq!(error.code, "http.blocked", "{url}");
        assert!(error.message.contains(part), "{url}: {error}");
    }
}

#[tokio::test]
async fn without_a_connection_there_is_no_credential_and_no_path() {
    for (input, part) in [
        (json!({ "path": "/" }), "needs `url`"),
        (json!({ "path": "/", "url": "https://example.com/" }), "needs `url`"),
        (
            json!({ "url": "https://example.com/", "headers": { "authorization": "Bearer x" } }),
            "needs a connection",
        ),
        (json!({ "url": "https://example.com/", "headers": { "cookie": "a=b" } }), "needs a connection"),
        (json!({ "url": "https://example.com/", "headers": { "x-api-key": "x" } }), "needs a connection"),
    ] {
        let error = call_free(Network::new(), input.clone()).await.expect_err(&input.to_string());
        assert_eq!(error.code, "http.blocked");
        assert!(error.message.contains(part), "{input}: {error}");
    }
}
