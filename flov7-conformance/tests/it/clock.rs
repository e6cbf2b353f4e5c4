//! The clock that is moved by hand, on which all cases rely.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use flov7::clock::{Clock, Entropy};
use flov7::id::Timestamp;
use flov7::testing::{ManualClock, SeededEntropy};

#[derive(Default)]
struct Woken(AtomicUsize);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_ms(ms)
}

#[test]
fn sleepers_wake_at_their_instant_and_not_before() {
    let clock = ManualClock::new(at(0));
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    let mut cx = Context::from_waker(&waker);
    let (mut first, mut second) = (pin!(clock.sleep_until(at(10))), pin!(clock.sleep_until(at(20))));
    assert!(first.as_mut().poll(&mut cx).is_pending() && second.as_mut().poll(&mut cx).is_pending());
    assert_eq!((clock.sleepers(), clock.earliest_sleeper()), (2, Some(at(10))));

    clock.advance(Duration::from_millis(9));
    assert_eq!(woken.0.load(Ordering::SeqCst), 0);
    assert!(first.as_mut().poll(&mut cx).is_pending());
    clock.advance(Duration::from_millis(1));
    assert_eq!(woken.0.load(Ordering::SeqCst), 1);
    assert_eq!(first.as_mut().poll(&mut cx), Poll::Ready(()));
    assert!(second.as_mut().poll(&mut cx).is_pending());
    assert_eq!((clock.sleepers(), clock.earliest_sleeper()), (1, Some(at(20))));

    // Past it, set back before anyone looked: it sleeps on.
    clock.set(at(30));
    clock.set(at(15));
    assert!(second.as_mut().poll(&mut cx).is_pending());
    clock.set(at(20));
    assert_eq!(second.as_mut().poll(&mut cx), Poll::Ready(()));
}

#[test]
fn a_sleeper_that_went_away_is_forgotten() {
    let clock = ManualClock::new(at(0));
    let mut cx = Context::from_waker(Waker::noop());
    {
        let mut gone = pin!(clock.sleep_until(at(10)));
        assert!(gone.as_mut().poll(&mut cx).is_pending());
        assert!(gone.as_mut().poll(&mut cx).is_pending());
        assert_eq!(clock.sleepers(), 1, "polled twice, it sleeps once");
    }
    assert_eq!((clock.sleepers(), clock.earliest_sleeper()), (0, None));
    // What is due sleeps not at all.
    assert_eq!(pin!(clock.sleep_until(at(0))).poll(&mut cx), Poll::Ready(()));
    clock.set(Timestamp::MAX);
    assert_eq!(pin!(clock.sleep_until(Timestamp::MAX)).poll(&mut cx), Poll::Ready(()));
}

#[test]
fn seeded_bits_repeat_and_do_not_repeat_themselves() {
    let (one, same, other) = (SeededEntropy::new(7), SeededEntropy::new(7), SeededEntropy::new(8));
    let drawn: Vec<u128> = (0..100).map(|_| one.bits()).collect();
    assert_eq!((0..100).map(|_| same.bits()).collect::<Vec<_>>(), drawn);
    let mut all = drawn.clone();
    all.extend((0..100).map(|_| other.bits()));
    all.sort_unstable();
    all.dedup();
    assert_eq!(all.len(), 200);
}
