//! Sees every planted bug caught by the proof: `planted [--cases N] [--seed S]`, at most `N` cases for each.
//!
//! The last line is JSON: `{"planted", "caught"}`. Exit 1 where a bug stays unseen.

use std::io::{self, Write};
use std::process::ExitCode;

use flov7_benches::planted::{Bug, hunt};
use serde_json::json;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (mut cases, mut seed) = (5_000, 0);
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--cases" => cases = value.parse().unwrap_or(cases),
            [name, value] if name == "--seed" => seed = value.parse().unwrap_or(seed),
            _ => {
                writeln!(io::stderr(), "usage: planted [--cases N] [--seed S]")?;
                return Ok(ExitCode::from(2));
            }
        }
    }
    // What panics because of a bug is caught, and told as what is wrong.
    std::panic::set_hook(Box::new(|_| {}));
    let mut caught = 0;
    for bug in Bug::ALL {
        match hunt(*bug, seed, cases) {
            Some(found) => {
                caught += 1;
                let complaint: String = found.complaint.chars().take(120).collect();
                writeln!(io::stdout(), "{bug:?}: caught after {} cases: {complaint}", found.cases)?;
            }
            None => writeln!(io::stdout(), "{bug:?}: not seen in {cases} cases")?,
        }
    }
    let line = json!({ "planted": Bug::ALL.len(), "caught": caught });
    writeln!(io::stdout(), "{line}")?;
    Ok(if caught == Bug::ALL.len() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
