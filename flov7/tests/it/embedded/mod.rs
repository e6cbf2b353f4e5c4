//! The embedded executor over the store in memory, on a clock that is moved by hand.

mod attempts;
mod children;
mod events;
mod undo;
mod basics;
mod commits;
mod costs;
mod faults;
mod blocked;
mod forks;
mod hostile;
mod limits;
mod lines;
mod no_history;
mod parking;
mod recovery;
mod retention;
mod shutdown;
mod signals;
mod snapshots;
mod support;
