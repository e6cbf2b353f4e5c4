//! Being asked to stop: by the terminal or by the system.

use crate::failure::Failure;

/// A request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    name: &'static str,
    number: u8,
}

impl Stop {
    /// Returns when this process is asked to stop. From the first call on the request no longer ends it by itself.
    #[cfg(unix)]
    pub(crate) async fn asked() -> Stop {
        use tokio::signal::unix::{SignalKind, signal};
        let both = (signal(SignalKind::interrupt()), signal(SignalKind::terminate()));
        let (Ok(mut interrupt), Ok(mut terminate)) = both else {
            // Then a request ends the process as ever, and what is committed stays.
            return std::future::pending().await;
        };
        tokio::select! {
            _ = interrupt.recv() => Stop { name: "SIGINT", number: 2 },
            _ = terminate.recv() => Stop { name: "SIGTERM", number: 15 },
        }
    }

    /// Returns when this process is asked to stop. From the first call on the request no longer ends it by itself.
    #[cfg(not(unix))]
    pub(crate) async fn asked() -> Stop {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Stop { name: "Ctrl-C", number: 2 },
            Err(_) => std::future::pending().await,
        }
    }

    /// The exit code that shells give it.
    pub(crate) fn exit(self) -> u8 {
        128 + self.number
    }
}

impl From<Stop> for Failure {
    fn from(stop: Stop) -> Failure {
        let message =
            format!("stopped by {}: nothing is lost, `flov7 resume` goes on where it was", stop.name);
        Failure { exit: stop.exit(), message, kind: Some("stopped"), report: None }
    }
}
