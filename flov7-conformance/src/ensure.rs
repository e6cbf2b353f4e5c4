//! How cases say what must hold.

/// Ends the case as failed unless the condition holds.
macro_rules! ensure {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err($crate::store::Stop::Failed($crate::store::Failure::new(format!($($message)+))));
        }
    };
}

/// Ends the case as failed unless both sides are equal.
macro_rules! ensure_eq {
    ($left:expr, $right:expr, $($message:tt)+) => {
        match (&$left, &$right) {
            (left, right) => {
                ensure!(*left == *right, "{}: got {left:?}, not {right:?}", format_args!($($message)+))
            }
        }
    };
}

/// Ends the case as failed unless the result is an error of the kind.
macro_rules! ensure_kind {
    ($result:expr, $kind:ident, $($message:tt)+) => {
        match $result {
            Err(error) => ensure_eq!(error.kind(), flov7::error::ErrorKind::$kind, $($message)+),
            Ok(value) => ensure!(false, "{}: got {value:?}, not an error", format_args!($($message)+)),
        }
    };
}

/// Ends the case as failed unless the expression matches the pattern.
macro_rules! ensure_matches {
    ($value:expr, $pattern:pat $(if $guard:expr)?, $($message:tt)+) => {
        match $value {
            $pattern $(if $guard)? => {}
            other => ensure!(false, "{}: got {other:?}", format_args!($($message)+)),
        }
    };
}
