//! Real kills: `kill [--kills N] [--seed S]`.
//!
//! A child process runs random workflows on a SQLite file; the parent keeps the ledger of what actions were asked, each
//! entry before its answer, and kills the child (SIGKILL) at random moments. Then another child goes on. 200 kills take
//! some seconds; `cargo run --release -p flov7-benches --bin kill -- --kills 3000` is the long run.
//!
//! The last line is JSON: `{"kills", "executions", "calls", "lost", "repeated", "stuck"}`. Exit 1 where one of the last three
//! is not 0: something acknowledged is not there; an effect was repeated although its result is recorded or it is done once
//! at most; an execution did not go on within five seconds after a child was started.

use std::io::{self, Write};
use std::process::ExitCode;

use flov7_benches::kill::{child, parent};

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["--child", store, seed, origin] = words[..]
        && let (Ok(seed), Ok(origin)) = (seed.parse(), origin.parse())
    {
        child(store, seed, origin)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (mut kills, mut seed) = (200, 0);
    for pair in words.chunks(2) {
        match pair {
            ["--kills", value] => kills = value.parse().unwrap_or(kills),
            ["--seed", value] => seed = value.parse().unwrap_or(seed),
            _ => {
                writeln!(io::stderr(), "usage: kill [--kills N] [--seed S]")?;
                return Ok(ExitCode::from(2));
            }
        }
    }
    let totals = parent(kills, seed)?;
    let mut out = io::stdout().lock();
    for complaint in &totals.complaints {
        writeln!(out, "{}", complaint.chars().take(400).collect::<String>())?;
    }
    writeln!(out, "{}", totals.line())?;
    Ok(if totals.complaints.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
