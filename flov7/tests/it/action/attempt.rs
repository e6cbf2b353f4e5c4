use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

use flov7::action::{ActionError, Attempt, from_fn};
use flov7::catalog::ActionDescriptor;
use flov7::machine::CallErrorKind;
use serde_json::{Value, json};

use super::{context, now};

fn attempt<R>(handler: impl Fn() -> R + Send + Sync + 'static) -> Attempt
where
    R: Future<Output = Result<Value, ActionError>> + Send + 'static,
{
    let descriptor = ActionDescriptor::new("a.b", "Do", json!({ "type": "object" }), json!(true));
    let action = from_fn(descriptor, move |_, _| handler());
    Attempt::new(Arc::new(action), context("x", 1), Arc::new(json!({})))
}

#[test]
fn an_output_and_a_failure_pass_through() {
    assert_eq!(now(attempt(|| async { Ok(json!(1)) })).unwrap().value, json!(1));
    let error = now(attempt(|| async { Err(ActionError::retryable("a.busy", "later")) })).unwrap_err();
    assert_eq!((error.code.as_str(), error.kind), ("a.busy", CallErrorKind::Retryable));
}

#[test]
fn a_panic_is_an_unknown_outcome() {
    type Panics = fn() -> Result<Value, ActionError>;
    let cases: [(Panics, &str); 2] = [(|| panic!("plain"), "plain"), (|| panic!("number {}", 7), "number 7")];
    for (panic, text) in cases {
        let error = now(attempt(move || async move { panic() })).unwrap_err();
        assert_eq!((error.code.as_str(), error.kind), ("panicked", CallErrorKind::Unknown));
        assert!(error.message.contains(text), "{}", error.message);
    }
}

#[test]
fn a_panic_before_the_first_await_and_in_a_destructor_is_caught_too() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("in drop");
        }
    }
    let eager = attempt(|| {
        if true {
            panic!("before the future");
        }
        std::future::ready(Ok(Value::Null))
    });
    assert_eq!(now(eager).unwrap_err().code, "panicked");
    let dropped = attempt(|| async {
        let _bomb = Bomb;
        Ok(Value::Null)
    });
    assert_eq!(now(dropped).unwrap_err().code, "panicked");
}

#[test]
#[allow(clippy::disallowed_methods)] // A thread is what is tested.
fn a_pending_attempt_can_move_to_another_thread() {
    let gate = flov7::action::Cancellation::new();
    let inner = gate.clone();
    let mut running = attempt(move || {
        let gate = inner.clone();
        async move {
            gate.cancelled().await;
            Ok(json!("went on"))
        }
    });
    assert_eq!(pin!(&mut running).poll(&mut Context::from_waker(Waker::noop())), Poll::Pending);
    gate.cancel();
    let output = std::thread::spawn(move || now(running)).join().unwrap().unwrap();
    assert_eq!(output.value, json!("went on"));
}
