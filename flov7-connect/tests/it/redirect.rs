//! Redirects: five, for reads, each checked, and nothing of ours to strangers.

use flov7_connect::Network;
use serde_json::{Value, json};

use crate::peer::{Names, Peer, Reply, SECRET, binding, call, connect, once};

#[tokio::test]
async fn five_redirects_are_followed_and_the_sixth_is_a_result() {
    for (redirects, status, asked) in [(1, 200, 2), (5, 200, 6), (6, 302, 6), (9, 302, 6)] {
        let mut script: Vec<Reply> =
            (0..redirects).map(|n| Reply::location(302, &format!("/{n}?a=b"))).collect();
        script.push(Reply::json("true"));
        let (peer, result) = once(script, json!({ "path": "/start" })).await;
        assert_eq!(result.unwrap()["status"], status, "{redirects}");
        assert_eq!(peer.requests().len(), asked, "{redirects}");
    }
}

#[tokio::test]
async fn only_reads_are_redirected_and_only_by_five_statuses() {
    for (method, status, followed) in [
        ("GET", 301, true),
        ("GET", 302, true),
        ("GET", 303, true),
        ("GET", 307, true),
        ("GET", 308, true),
        ("HEAD", 302, true),
        ("GET", 300, false),
        ("GET", 304, false),
        ("GET", 305, false),
        ("POST", 301, false),
        ("POST", 303, false),
        ("POST", 307, false),
        ("PUT", 308, false),
        ("PATCH", 302, false),
        ("DELETE", 307, false),
    ] {
        let reply = Reply::Bytes(
            format!("HTTP/1.1 {status} X\r\ncontent-length: 0\r\nlocation: /next\r\n\r\n").into_bytes(),
        );
        let end = Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec());
        let (peer, result) = once(vec![reply, end], json!({ "method": method, "path": "/" })).await;
        let expected = if followed { 200 } else { status };
        assert_eq!(result.unwrap()["status"], expected, "{method} {status}");
        assert_eq!(peer.requests().len(), if followed { 2 } else { 1 }, "{method} {status}");
        if followed {
            assert!(peer.requests()[1].starts_with(&format!("{method} /next HTTP/1.1\r\n")));
        }
    }
}

#[tokio::test]
async fn a_read_with_a_body_is_not_redirected() {
    let (peer, result) =
        once(vec![Reply::location(307, "/next")], json!({ "path": "/", "body": { "query": 1 } })).await;
    assert_eq!(result.unwrap()["status"], 307);
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn a_redirect_to_nowhere_is_a_result() {
    for location in ["", "http://", "http://[", "http://a b/"] {
        let script = if location.is_empty() {
            vec![Reply::status(302, &[], "")]
        } else {
            vec![Reply::location(302, location)]
        };
        let (peer, result) = once(script, json!({ "path": "/" })).await;
        assert_eq!(result.unwrap()["status"], 302, "{location}");
        assert_eq!(peer.requests().len(), 1);
    }
}

/// Where a redirect leads, for a peer that runs at `PORT` and a decoy that runs at `DECOY`.
const INTERNAL: &[&str] = &[
    "http://127.0.0.1:DECOY/",
    "http://127.1:DECOY/",
    "http://2130706433:DECOY/",
    "http://0x7f.1:DECOY/",
    "http://0177.0.0.1:DECOY/",
    "http://[::1]:DECOY/",
    "http://[::ffff:127.0.0.1]:DECOY/",
    "http://[64:ff9b::7f00:1]:DECOY/",
    "//127.0.0.1:DECOY/",
    "\\\\127.0.0.1:DECOY/",
    "/\\127.0.0.1:DECOY/",
    "https://127.0.0.1:DECOY/",
    "http://localhost:DECOY/",
    "http://intern.example:DECOY/",
    "http://mixed.example:DECOY/",
    "//intern.example:DECOY/x",
    "http://169.254.169.254/latest/meta-data/",
    "http://metadata.example/",
    "http://user:pw@127.0.0.1:PORT/",
    "http://user@127.0.0.1:PORT/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:DECOY/",
    "ftp://127.0.0.1:DECOY/",
    "javascript:alert(1)",
    "data:text/plain,x",
];

#[tokio::test]
async fn a_redirect_to_somewhere_internal_is_refused_at_any_hop() {
    let decoy = Peer::start(vec![Reply::json("\"decoy\"")]).await;
    let network = Network::new().with_resolver(Names::new(&[
        ("localhost", &[&["127.0.0.1"]]),
        ("intern.example", &[&["127.0.0.1"]]),
        ("mixed.example", &[&["1.1.1.1", "127.0.0.1"]]),
        ("metadata.example", &[&["169.254.169.254"]]),
    ]));
    for to in INTERNAL {
        for hop in 0..5 {
            let peer = Peer::start(vec![]).await;
            let to = to.replace("DECOY", &decoy.port.to_string()).replace("PORT", &peer.port.to_string());
            let mut script: Vec<Reply> = (0..hop).map(|_| Reply::location(302, "/again")).collect();
            script.push(Reply::location(302, &to));
            peer.rescript(script);
            let connection = connect(network.clone(), &binding(&peer.base(), json!({}))).await;
            let error = call(&connection, json!({ "path": "/" })).await.expect_err(&to);
            assert_eq!(error.code, "http.blocked", "{to} after {hop}: {error}");
            assert_eq!(peer.requests().len(), hop + 1);
        }
    }
    assert_eq!(decoy.connections(), 0);
}

/// Whose headers a request carries: those of the step, of the binding, the credential.
fn carries(request: &str) -> [bool; 3] {
    let has = |name: &str| request.contains(&format!("\r\n{name}: "));
    [has("x-step"), has("x-binding"), has("authorization")]
}

async fn chain(hosts: Value, script: impl Fn(&Peer, &Peer) -> (Vec<Reply>, Vec<Reply>)) -> (Peer, Peer) {
    let (a, b) = (Peer::start(vec![]).await, Peer::start(vec![]).await);
    let (first, second) = script(&a, &b);
    a.rescript(first);
    b.rescript(second);
    let place = |port: u16| format!("127.0.0.1:{port}");
    let mut settings = json!({
        "allow_internal": [place(a.port), place(b.port)],
        "auth": { "bearer": "TOKEN" },
        "headers": { "x-binding": "yes" }
    });
    if hosts == json!("both") {
        settings["hosts"] = json!([place(a.port), place(b.port)]);
    }
    let connection = connect(Network::new(), &binding(&a.base(), settings)).await;
    let input = json!({ "path": "/", "headers": { "x-step": "yes", "accept": "text/csv" } });
    call(&connection, input).await.unwrap();
    (a, b)
}

#[tokio::test]
async fn another_origin_gets_no_credential_and_no_header_of_ours() {
    let (a, b) = chain(json!("own"), |_, b| {
        (vec![Reply::location(302, &format!("{}/there", b.base()))], vec![Reply::json("1")])
    })
    .await;
    assert_eq!(carries(&a.requests()[0]), [true, true, true]);
    assert_eq!(carries(&b.requests()[0]), [false, false, false]);
    assert!(b.requests()[0].contains("\r\naccept: text/csv\r\n"));
    assert!(!b.requests()[0].contains(SECRET) && !b.requests()[0].contains("referer"));
}

#[tokio::test]
async fn a_listed_host_gets_the_credential() {
    let (a, b) = chain(json!("both"), |_, b| {
        (vec![Reply::location(302, &format!("{}/there", b.base()))], vec![Reply::json("1")])
    })
    .await;
    assert_eq!(carries(&a.requests()[0]), [true, true, true]);
    assert_eq!(carries(&b.requests()[0]), [true, true, true]);
}

#[tokio::test]
async fn what_left_for_a_stranger_comes_back_without_a_credential() {
    let (a, b) = chain(json!("own"), |a, b| {
        (
            vec![Reply::location(302, &format!("{}/there", b.base())), Reply::json("1")],
            vec![Reply::location(302, &format!("{}/admin", a.base()))],
        )
    })
    .await;
    assert_eq!(carries(&b.requests()[0]), [false, false, false]);
    assert_eq!(carries(&a.requests()[1]), [false, false, false]);
    assert!(a.requests()[1].starts_with("GET /admin "));
}

#[tokio::test]
async fn the_same_origin_keeps_the_credential() {
    let (a, _) =
        chain(json!("own"), |_, _| (vec![Reply::location(302, "/b"), Reply::json("1")], vec![])).await;
    assert_eq!(carries(&a.requests()[1]), [true, true, true]);
}

#[tokio::test]
async fn another_name_of_the_same_place_is_another_origin() {
    let peer = Peer::start(vec![]).await;
    peer.rescript(vec![Reply::location(302, &format!("http://b.example:{}/", peer.port)), Reply::json("1")]);
    let network = Network::new()
        .with_resolver(Names::new(&[("a.example", &[&["127.0.0.1"]]), ("b.example", &[&["127.0.0.1"]])]));
    let settings = json!({
        "allow_internal": [format!("127.0.0.1:{}", peer.port)],
        "auth": { "bearer": "TOKEN" }, "headers": { "x-binding": "yes" }
    });
    let connection = connect(network, &binding(&format!("http://a.example:{}", peer.port), settings)).await;
    call(&connection, json!({ "path": "/", "headers": { "x-step": "yes" } })).await.unwrap();
    assert_eq!(carries(&peer.requests()[0]), [true, true, true]);
    assert_eq!(carries(&peer.requests()[1]), [false, false, false]);
}
