//! Mutates the reference workflows and counts what validation says: `power [DIRECTORY]`.
//!
//! Mutants that were missed come first, then the kinds, and last one line of JSON: `{"defects", "reported", "placed",
//! "false_alarms"}`. Exit 1 where fewer than 99 % are reported, fewer than 95 % in the right place, or a valid workflow
//! gets an error.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use flov7_benches::power::measure;
use serde_json::json;

fn main() -> io::Result<ExitCode> {
    let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/workflows");
    let directory = std::env::args().nth(1).map_or(own, PathBuf::from);
    let power = match measure(&directory) {
        Ok(power) => power,
        Err(fault) => {
            writeln!(io::stderr(), "{fault}")?;
            return Ok(ExitCode::from(2));
        }
    };
    let mut out = io::stdout().lock();
    for missed in &power.missed {
        writeln!(out, "{missed}")?;
    }
    for (kind, count) in &power.kinds {
        writeln!(out, "{count:5} {kind}")?;
    }
    writeln!(out, "{} kinds, {} mutants that are no defect", power.kinds.len(), power.equivalent)?;
    let line = json!({
        "defects": power.defects, "reported": power.reported, "placed": power.placed, "false_alarms": power.false_alarms
    });
    writeln!(out, "{line}")?;
    Ok(if power.is_enough() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
