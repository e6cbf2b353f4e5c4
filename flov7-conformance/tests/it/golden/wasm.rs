//! Replaying on wasm32, where everything pure runs too. Nothing does it yet, and each run says so.

use std::path::Path;
use std::process::Command;

/// Why no journal is replayed on wasm32 here.
pub(super) fn skipped() -> &'static str {
    let sysroot = Command::new("rustc").args(["--print", "sysroot"]).output();
    let sysroot = sysroot.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let installed = sysroot.is_ok_and(|root| Path::new(&root).join("lib/rustlib/wasm32-wasip1").is_dir());
    if installed { "nothing replays there yet" } else { "the target is not installed" }
}
