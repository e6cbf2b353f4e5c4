//! Being asked to stop: by the terminal or by the system.

use crate::failure::Failure;

/// A request to stop.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    name: &'static str,
    number: u8,
}

impl Stop {
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

/// Hears requests to stop, which from its making on no longer end the process by themselves. One that comes while nobody
/// listens is heard by the next who does.
#[cfg(unix)]
pub(crate) struct Stops {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Stops {
    /// Begins to hear; inside of a runtime.
    pub(crate) fn new() -> std::io::Result<Stops> {
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Stops { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    /// Returns when this process is asked to stop.
    pub(crate) async fn asked(&mut self) -> Stop {
        tokio::select! {
            _ = self.interrupt.recv() => Stop { name: "SIGINT", number: 2 },
            _ = self.terminate.recv() => Stop { name: "SIGTERM", number: 15 },
        }
    }
}

/// Hears requests to stop.
#[cfg(not(unix))]
pub(crate) struct Stops;

#[cfg(not(unix))]
impl Stops {
    /// Begins to hear; inside of a runtime.
    pub(crate) fn new() -> std::io::Result<Stops> {
        Ok(Stops)
    }

    /// Returns when this process is asked to stop.
    pub(crate) async fn asked(&mut self) -> Stop {
        match tokio::signal::ctrl_c().await {
            Ok(()) => Stop { name: "Ctrl-C", number: 2 },
            // Then a request ends the process as ever, and what is committed stays.
            Err(_) => std::future::pending().await,
        }
    }
}
