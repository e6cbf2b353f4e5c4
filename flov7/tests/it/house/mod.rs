//! How the house is built: which module may import which, how many crates it takes, under which licences,
//! and that nothing stands in for what is not built.

mod crates;
mod imports;
mod stubs;

use std::path::Path;
use std::process::Command;

/// Runs cargo on this workspace without touching the lock file; gives its standard output. Cargo may fetch packages
/// that this machine's own build did not need.
fn cargo(args: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the crate lies in the workspace");
    let out = Command::new(env!("CARGO"))
        .args(args)
        .arg("--locked")
        .current_dir(root)
        .output()
        .expect("cargo starts");
    assert!(out.status.success(), "cargo {args:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).expect("cargo prints UTF-8")
}
