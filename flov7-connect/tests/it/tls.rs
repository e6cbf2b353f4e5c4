//! https: certificates are checked, and so is where a redirect leads.
//!
//! `tls/server.key` guards nothing: its certificate is for `api.example` and 127.0.0.1, signed by `tls/ca.pem`, an
//! authority whose own key was thrown away.

use std::sync::Arc;

use flov7::machine::CallErrorKind;
use flov7_connect::Network;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::peer::{Names, Peer, Reply, binding, call, connect, read_request};

const AUTHORITY: &[u8] = include_bytes!("tls/ca.pem");

/// Serves one response over TLS, to everyone who asks; gives the port.
async fn serve(response: String) -> u16 {
    let chain =
        CertificateDer::pem_slice_iter(include_bytes!("tls/server.pem")).collect::<Result<_, _>>().unwrap();
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, response) = (acceptor.clone(), response.clone());
            tokio::spawn(async move {
                // A client that does not trust the certificate ends the handshake.
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                while read_request(&mut stream).await.is_some() {
                    stream.write_all(response.as_bytes()).await.unwrap_or_default();
                }
            });
        }
    });
    port
}

const HELLO: &str = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello";

fn network() -> Network {
    Network::new().with_resolver(Names::new(&[
        ("api.example", &[&["127.0.0.1"]]),
        ("other.example", &[&["127.0.0.1"]]),
    ]))
}

async fn get(network: Network, base: &str, input: Value) -> Result<Value, flov7::action::ActionError> {
    let connection = connect(network, &binding(base, json!({ "auth": { "bearer": "TOKEN" } }))).await;
    call(&connection, input).await
}

#[tokio::test]
async fn a_trusted_certificate_of_the_right_name_is_accepted() {
    let port = serve(HELLO.to_owned()).await;
    let trusting = network().with_root_certificates(AUTHORITY).unwrap();
    for host in ["api.example", "127.0.0.1"] {
        let output = get(trusting.clone(), &format!("https://{host}:{port}"), json!({ "path": "/" })).await;
        assert_eq!(output.unwrap()["body"], "hello", "{host}");
    }
}

#[tokio::test]
async fn another_certificate_is_refused_before_anything_is_sent() {
    let port = serve(HELLO.to_owned()).await;
    let trusting = network().with_root_certificates(AUTHORITY).unwrap();
    let post = json!({ "method": "POST", "path": "/" });
    for (network, host) in [(trusting, "other.example"), (network(), "api.example")] {
        let error = get(network, &format!("https://{host}:{port}"), post.clone()).await.unwrap_err();
        assert_eq!((error.code.as_str(), error.kind), ("http.connect", CallErrorKind::Retryable), "{error}");
    }
}

#[tokio::test]
async fn a_peer_without_tls_is_no_connection() {
    let peer = Peer::start(vec![Reply::Hangup]).await;
    let error = get(
        network().with_root_certificates(AUTHORITY).unwrap(),
        &format!("https://127.0.0.1:{}", peer.port),
        json!({ "path": "/" }),
    )
    .await
    .unwrap_err();
    assert_eq!(error.code, "http.connect");
}

#[tokio::test]
async fn a_redirect_from_https_to_http_is_refused() {
    let plain = Peer::start(vec![Reply::json("1")]).await;
    let response = format!(
        "HTTP/1.1 302 Found\r\ncontent-length: 0\r\nlocation: http://127.0.0.1:{}/\r\n\r\n",
        plain.port
    );
    let port = serve(response).await;
    let base = format!("https://127.0.0.1:{port}");
    let settings =
        json!({ "allow_internal": [format!("127.0.0.1:{port}"), format!("127.0.0.1:{}", plain.port)] });
    let trusting = network().with_root_certificates(AUTHORITY).unwrap();
    let connection = connect(trusting, &binding(&base, settings)).await;
    let error = call(&connection, json!({ "path": "/" })).await.unwrap_err();
    assert_eq!(error.code, "http.blocked");
    assert!(error.message.contains("from https to http"), "{error}");
    assert_eq!(plain.connections(), 0);
}

#[test]
fn a_text_without_certificates_is_refused() {
    for pem in [&b""[..], b"nonsense", b"-----BEGIN CERTIFICATE-----\n!!\n-----END CERTIFICATE-----\n"] {
        assert!(Network::new().with_root_certificates(pem).is_err());
    }
}
