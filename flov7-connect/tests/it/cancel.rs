//! What a cancellation does to a call.

use std::time::Duration;

use flov7::action::Cancellation;
use flov7::machine::CallErrorKind;
use flov7_connect::Network;
use serde_json::json;

use crate::peer::{Peer, Reply, binding, call_until, connect};

#[tokio::test]
async fn cancel_before_anything_is_sent_sends_nothing() {
    let peer = Peer::start(vec![Reply::json("{}")]).await;
    let connection = connect(Network::new(), &binding(&peer.base(), json!({}))).await;
    let cancellation = Cancellation::new();
    cancellation.cancel();
    let error =
        call_until(&connection, json!({ "method": "POST", "path": "/" }), cancellation).await.unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("http.connect", CallErrorKind::Failed));
    assert_eq!(peer.connections(), 0);
}

#[tokio::test]
async fn cancel_ends_a_read_at_once() {
    let peer = Peer::start(vec![Reply::Silent]).await;
    let connection = connect(Network::new(), &binding(&peer.base(), json!({}))).await;
    let cancellation = Cancellation::new();
    let call = tokio::spawn({
        let cancellation = cancellation.clone();
        async move { call_until(&connection, json!({ "path": "/" }), cancellation).await }
    });
    peer.arrival().await;
    cancellation.cancel();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("http.broken", CallErrorKind::Unknown));
}

#[tokio::test]
async fn cancel_waits_for_the_answer_of_a_write() {
    // The answer comes only after the cancellation: it still counts.
    let peer = Peer::start(vec![Reply::AfterRelease(Box::new(Reply::json("\"done\"")))]).await;
    let connection = connect(Network::new(), &binding(&peer.base(), json!({}))).await;
    let cancellation = Cancellation::new();
    let call = tokio::spawn({
        let cancellation = cancellation.clone();
        async move { call_until(&connection, json!({ "method": "POST", "path": "/" }), cancellation).await }
    });
    peer.arrival().await;
    cancellation.cancel();
    tokio::task::yield_now().await;
    peer.release();
    assert_eq!(call.await.unwrap().unwrap()["body"], "done");
}

#[tokio::test]
async fn cancel_of_a_write_without_an_answer_ends_unknown_before_the_grace_does() {
    let peer = Peer::start(vec![Reply::Silent]).await;
    let connection = connect(Network::new(), &binding(&peer.base(), json!({}))).await;
    let cancellation = Cancellation::new();
    let call = tokio::spawn({
        let cancellation = cancellation.clone();
        async move { call_until(&connection, json!({ "method": "POST", "path": "/" }), cancellation).await }
    });
    peer.arrival().await;
    cancellation.cancel();
    // From here nothing but timers can happen: virtual time jumps to them.
    tokio::time::pause();
    let started = tokio::time::Instant::now();
    let error = call.await.unwrap().unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("http.broken", CallErrorKind::Unknown));
    assert!(started.elapsed() < Duration::from_secs(10));
}
