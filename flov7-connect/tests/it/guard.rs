//! The guard: what is not public is not reached, however it is spelled.

use flov7::machine::CallErrorKind;
use flov7_connect::{Network, special_use};
use serde_json::json;

use crate::peer::{Names, Peer, Reply, binding, call, call_free, connect};

/// Addresses, and a part of what they are called; nothing for public ones.
const ADDRESSES: &[(&str, Option<&str>)] = &[
    // IPv4, the first and last address of each block and its neighbours.
    ("0.0.0.0", Some("this network")),
    ("0.255.255.255", Some("this network")),
    ("1.0.0.0", None),
    ("9.255.255.255", None),
    ("10.0.0.0", Some("private")),
    ("10.255.255.255", Some("private")),
    ("11.0.0.0", None),
    ("100.63.255.255", None),
    ("100.64.0.0", Some("carrier")),
    ("100.100.100.200", Some("carrier")),
    ("100.127.255.255", Some("carrier")),
    ("100.128.0.0", None),
    ("126.255.255.255", None),
    ("127.0.0.0", Some("loopback")),
    ("127.0.0.1", Some("loopback")),
    ("127.255.255.255", Some("loopback")),
    ("128.0.0.0", None),
    ("168.63.129.15", None),
    ("168.63.129.16", Some("cloud platform")),
    ("168.63.129.17", None),
    ("169.253.255.255", None),
    ("169.254.0.0", Some("link-local")),
    ("169.254.169.254", Some("link-local")),
    ("169.254.255.255", Some("link-local")),
    ("169.255.0.0", None),
    ("172.15.255.255", None),
    ("172.16.0.0", Some("private")),
    ("172.31.255.255", Some("private")),
    ("172.32.0.0", None),
    ("191.255.255.255", None),
    ("192.0.0.0", Some("protocol")),
    ("192.0.0.192", Some("protocol")),
    ("192.0.0.255", Some("protocol")),
    ("192.0.1.0", None),
    ("192.0.2.1", Some("documentation")),
    ("192.0.3.0", None),
    ("192.31.196.1", None),
    ("192.52.193.1", None),
    ("192.88.98.255", None),
    ("192.88.99.1", Some("6to4 relay")),
    ("192.88.100.0", None),
    ("192.167.255.255", None),
    ("192.168.0.0", Some("private")),
    ("192.168.255.255", Some("private")),
    ("192.169.0.0", None),
    ("192.175.48.1", None),
    ("198.17.255.255", None),
    ("198.18.0.0", Some("benchmarking")),
    ("198.19.255.255", Some("benchmarking")),
    ("198.20.0.0", None),
    ("198.51.99.255", None),
    ("198.51.100.7", Some("documentation")),
    ("198.51.101.0", None),
    ("203.0.112.255", None),
    ("203.0.113.255", Some("documentation")),
    ("203.0.114.0", None),
    ("223.255.255.255", None),
    ("224.0.0.0", Some("multicast")),
    ("239.255.255.255", Some("multicast")),
    ("240.0.0.0", Some("reserved")),
    ("255.255.255.255", Some("reserved")),
    ("1.1.1.1", None),
    ("8.8.8.8", None),
    // IPv6.
    ("::", Some("unspecified")),
    ("::1", Some("loopback")),
    ("::2", Some("outside")),
    ("::127.0.0.1", Some("outside")),
    ("::8.8.8.8", Some("outside")),
    ("::ffff:127.0.0.1", Some("loopback")),
    ("::ffff:10.0.0.1", Some("private")),
    ("::ffff:169.254.169.254", Some("link-local")),
    ("::ffff:8.8.8.8", None),
    ("::ffff:0:127.0.0.1", Some("outside")),
    ("64:ff9b::127.0.0.1", Some("loopback")),
    ("64:ff9b::a9fe:a9fe", Some("link-local")),
    ("64:ff9b::192.168.1.1", Some("private")),
    ("64:ff9b::8.8.8.8", None),
    ("64:ff9b::1:0:0", Some("outside")),
    ("64:ff9b:1::7f00:1", Some("translation")),
    ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", Some("translation")),
    ("100::", Some("discard")),
    ("100::ffff", Some("discard")),
    ("100:0:0:1::1", Some("outside")),
    ("1fff:ffff::", Some("outside")),
    ("2000::", None),
    ("2001::1", Some("Teredo")),
    ("2001:0:7f00:1::", Some("Teredo")),
    ("2001:1::1", Some("protocol")),
    ("2001:2::1", Some("protocol")),
    ("2001:20::1", Some("protocol")),
    ("2001:1ff:ffff::", Some("protocol")),
    ("2001:200::", None),
    ("2001:db7:ffff::", None),
    ("2001:db8::1", Some("documentation")),
    ("2001:db9::", None),
    ("2001:4860:4860::8888", None),
    ("2002::", Some("6to4")),
    ("2002:7f00:1::", Some("6to4")),
    ("2002:c0a8:101::1", Some("6to4")),
    ("2002:808:808::1", Some("6to4")),
    ("2003::1", None),
    ("2606:4700:4700::1111", None),
    ("2620:4f:8000::1", None),
    ("3ffe:ffff::", None),
    ("3fff::1", Some("documentation")),
    ("3fff:fff:ffff::", Some("documentation")),
    ("3fff:1000::", None),
    ("4000::", Some("outside")),
    ("5f00::1", Some("segment routing")),
    ("fc00::1", Some("unique local")),
    ("fd00:ec2::254", Some("unique local")),
    ("fdff::1", Some("unique local")),
    ("fe00::", Some("outside")),
    ("fe80::1", Some("link-local")),
    ("febf::1", Some("link-local")),
    ("fec0::1", Some("site-local")),
    ("feff::1", Some("site-local")),
    ("ff02::1", Some("multicast")),
    ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", Some("multicast")),
];

#[test]
fn addresses_are_told_apart_at_the_borders_of_their_blocks() {
    for (text, expected) in ADDRESSES {
        let found = special_use(text.parse().unwrap());
        match expected {
            None => assert_eq!(found, None, "{text} is public"),
            Some(part) => assert!(found.is_some_and(|found| found.contains(part)), "{text}: {found:?}"),
        }
    }
}

/// Hosts as a URL can spell them; all of them internal.
const SPELLINGS: &[&str] = &[
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "127.255.255.254",
    "2130706433",
    "0x7f000001",
    "0X7F000001",
    "0x7f.0.0.1",
    "0x7f.1",
    "0x7f.0x0.0x0.0x1",
    "0177.0.0.1",
    "0177.0.0.01",
    "00177.1",
    "017700000001",
    "127.0.0.0x1",
    "127.0x1",
    "0x7f.0.1",
    "127.00.00.01",
    "0",
    "0x0",
    "00",
    "0.0.0.0",
    "0.0",
    "0.1",
    "10.0.0.1",
    "10.1",
    "167772161",
    "0x0a000001",
    "0xa.1",
    "012.0.0.1",
    "012.1",
    "172.16.0.1",
    "172.16.1",
    "0xac100001",
    "2886729729",
    "192.168.0.1",
    "192.168.1",
    "0xc0a80001",
    "3232235521",
    "0300.0250.0.1",
    "169.254.169.254",
    "169.254.43518",
    "169.16689662",
    "2852039166",
    "0xa9fea9fe",
    "0xa9.0xfe.0xa9.0xfe",
    "0251.0376.0251.0376",
    "0251.254.169.254",
    "100.100.100.200",
    "1684301000",
    "168.63.129.16",
    "192.0.0.192",
    "198.18.0.1",
    "224.0.0.1",
    "255.255.255.255",
    "4294967295",
    "0xffffffff",
    // Full-width digits and dots, which the URL standard maps to ASCII.
    "１２７.0.0.1",
    "127。0。0。1",
    "127．0．0．1",
    "①②⑦.0.0.1",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[0000:0000:0000:0000:0000:0000:0000:0001]",
    "[::0.0.0.1]",
    "[::127.0.0.1]",
    "[::7f00:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::FFFF:7F00:0001]",
    "[0:0:0:0:0:ffff:127.0.0.1]",
    "[0:0:0:0:0:ffff:7f00:1]",
    "[::ffff:0:0]",
    "[::ffff:169.254.169.254]",
    "[::ffff:a9fe:a9fe]",
    "[::ffff:10.0.0.1]",
    "[::ffff:c0a8:1]",
    "[64:ff9b::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b::a9fe:a9fe]",
    "[64:ff9b:1::7f00:1]",
    "[2002:7f00:1::]",
    "[2002:a9fe:a9fe::1]",
    "[2001:0:1:2:3:4:5:6]",
    "[fe80::1]",
    "[fec0::1]",
    "[fc00::1]",
    "[fd00:ec2::254]",
    "[FD00:EC2::254]",
    "[ff02::1]",
    "[2001:db8::1]",
    "[100::1]",
    "[5f00::1]",
    // Names.
    "localhost",
    "LOCALHOST",
    "LocalHost.",
    "intern.example",
    "six.example",
    "mapped.example",
    "mixed.example",
    "metadata.example",
    "intern.example.",
    "INTERN.EXAMPLE",
    "ｉｎｔｅｒｎ.example",
];

fn names() -> std::sync::Arc<Names> {
    Names::new(&[
        ("localhost", &[&["127.0.0.1", "::1"]]),
        ("intern.example", &[&["10.1.2.3"]]),
        ("six.example", &[&["fd12::1"]]),
        ("mapped.example", &[&["::ffff:192.168.0.9"]]),
        // One internal address among public ones is enough.
        ("mixed.example", &[&["1.1.1.1", "8.8.8.8", "192.168.0.9"]]),
        ("metadata.example", &[&["169.254.169.254"]]),
    ])
}

#[tokio::test]
async fn without_a_connection_no_spelling_of_an_internal_host_is_reached() {
    // A peer that would answer, at a port that every spelling of loopback would find.
    let peer = Peer::start(vec![Reply::json("{}")]).await;
    let network = Network::new().with_resolver(names());
    assert!(SPELLINGS.len() + ADDRESSES.len() >= 150);
    for scheme in ["http", "https", "HTTP"] {
        for host in SPELLINGS {
            let url = format!("{scheme}://{host}:{}/", peer.port);
            let error = call_free(network.clone(), json!({ "url": url })).await.expect_err(&url);
            assert_eq!(
                (error.code.as_str(), error.kind),
                ("http.blocked", CallErrorKind::Failed),
                "{url}: {error}"
            );
        }
    }
    assert_eq!(peer.connections(), 0);
}

#[tokio::test]
async fn every_special_literal_is_blocked_in_a_url() {
    for (text, what) in ADDRESSES.iter().filter_map(|(text, what)| what.map(|what| (text, what))) {
        let host = if text.contains(':') { format!("[{text}]") } else { (*text).to_owned() };
        let url = format!("http://{host}/");
        let error = call_free(Network::new(), json!({ "url": url })).await.expect_err(&url);
        assert_eq!(error.code, "http.blocked", "{url}");
        assert!(error.message.contains(what), "{url}: {error}");
    }
}

#[tokio::test]
async fn a_binding_reaches_nothing_internal_that_it_does_not_list() {
    let peer = Peer::start(vec![Reply::json("{}")]).await;
    let network = Network::new().with_resolver(names());
    for host in SPELLINGS.iter().filter(|host| host.is_ascii()) {
        let base = format!("http://{host}:{}", peer.port);
        for allowed in [json!([]), json!(["127.0.0.1:1", "localhost:2", "10.0.0.1:3"])] {
            let binding = binding(&base, json!({ "allow_internal": allowed }));
            let connection = connect(network.clone(), &binding).await;
            let error = call(&connection, json!({ "path": "/" })).await.expect_err(&base);
            assert_eq!(error.code, "http.blocked", "{base}: {error}");
            assert!(error.message.contains("allow_internal"), "{error}");
        }
    }
    assert_eq!(peer.connections(), 0);
}

#[tokio::test]
async fn what_an_operator_lists_is_reached_at_that_port_alone() {
    let peer = Peer::start(vec![Reply::json("1")]).await;
    let port = peer.port;
    let other = if port == 65_535 { 1_024 } else { port + 1 };
    let network = Network::new().with_resolver(Names::new(&[("here.example", &[&["127.0.0.1"]])]));
    // Base URL, what is listed, whether it is reached.
    let cases = [
        ("127.0.0.1", format!("127.0.0.1:{port}"), true),
        ("127.0.0.1", format!("127.1:{port}"), true),
        ("127.0.0.1", format!("0x7f000001:{port}"), true),
        ("2130706433", format!("127.0.0.1:{port}"), true),
        ("[::ffff:127.0.0.1]", format!("127.0.0.1:{port}"), true),
        ("here.example", format!("here.example:{port}"), true),
        ("here.example", format!("HERE.example:{port}"), true),
        ("here.example", format!("127.0.0.1:{port}"), true),
        ("HERE.EXAMPLE", format!("here.example:{port}"), true),
        ("127.0.0.1", format!("127.0.0.1:{other}"), false),
        ("127.0.0.1", format!("127.0.0.2:{port}"), false),
        ("127.0.0.1", format!("here.example:{port}"), false),
        ("here.example", format!("here.example:{other}"), false),
        ("here.example", format!("there.example:{port}"), false),
    ];
    for (host, listed, reached) in cases {
        let binding = binding(&format!("http://{host}:{port}"), json!({ "allow_internal": [listed] }));
        let connection = connect(network.clone(), &binding).await;
        let result = call(&connection, json!({ "path": "/" })).await;
        assert_eq!(result.is_ok(), reached, "{host} with {listed}: {result:?}");
    }
}

#[tokio::test]
async fn a_name_is_checked_again_at_each_connection() {
    // The first answer is allowed, the second is the rebinding.
    let peer = Peer::start(vec![Reply::Cut(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec())]).await;
    let resolver = Names::new(&[("rebind.example", &[&["127.0.0.1"], &["127.0.0.2"]])]);
    let network = Network::new().with_resolver(resolver.clone());
    let binding = binding(
        &format!("http://rebind.example:{}", peer.port),
        json!({ "allow_internal": [format!("127.0.0.1:{}", peer.port)] }),
    );
    let connection = connect(network, &binding).await;
    let input = json!({ "method": "POST", "path": "/" });
    call(&connection, input.clone()).await.unwrap();
    assert_eq!(call(&connection, input).await.unwrap_err().code, "http.blocked");
    // One question for each connection, and each answer was the one that was checked.
    assert_eq!(resolver.asked(), ["rebind.example", "rebind.example"]);
    assert_eq!(peer.requests().len(), 1);
}

#[tokio::test]
async fn a_name_without_addresses_is_no_connection() {
    let network = Network::new().with_resolver(Names::new(&[("empty.example", &[&[]])]));
    for host in ["empty.example", "unknown.example"] {
        let error =
            call_free(network.clone(), json!({ "url": format!("http://{host}/") })).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.kind), ("http.connect", CallErrorKind::Retryable), "{error}");
        assert!(error.message.contains(host), "{error}");
    }
}
