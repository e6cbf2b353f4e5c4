//! flov7 against peers: what two independent implementations should agree on.

mod schemas;
