//! Random workflows on virtual time while everything goes wrong: `simulate [--seeds N] [--seed S]`; `simulate --show S` runs
//! one seed and tells what came of it; `--flaw NAME` plants a defect, to see it caught.
//!
//! Every sixteenth seed is run twice, and must give the same journals. Wrong seeds go to standard output; the last line is
//! JSON: `{"seeds", "executions", "deaths", "mishaps", "calls", "repeated", "wrong"}`. Exit 1 where something is wrong.

use std::io::{self, Write};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use flov7_benches::simulate::{Flaw, simulate};
use serde_json::json;

/// How seldom a seed is run again.
const AGAIN: u64 = 16;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (mut seeds, mut first, mut flaw) = (2_000, 0, None);
    for pair in arguments.chunks(2) {
        match pair {
            [name, value] if name == "--seeds" => seeds = value.parse().unwrap_or(seeds),
            [name, value] if name == "--seed" => first = value.parse().unwrap_or(first),
            [name, value] if name == "--flaw" => {
                flaw = Flaw::ALL.iter().copied().find(|flaw| format!("{flaw:?}") == *value);
                if flaw.is_none() {
                    writeln!(io::stderr(), "the flaws are {:?}", Flaw::ALL)?;
                    return Ok(ExitCode::from(2));
                }
            }
            [name, value] if name == "--show" => (seeds, first) = (1, value.parse().unwrap_or(first)),
            _ => {
                writeln!(io::stderr(), "usage: simulate [--seeds N] [--seed S] [--flaw NAME] | --show S")?;
                return Ok(ExitCode::from(2));
            }
        }
    }
    std::panic::set_hook(Box::new(|_| {}));
    let next = AtomicU64::new(0);
    let sums: [AtomicU64; 5] = Default::default();
    let wrong = Mutex::new(Vec::new());
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let case = next.fetch_add(1, Ordering::Relaxed);
                    if case >= seeds {
                        break;
                    }
                    let seed = first + case;
                    let outcome = simulate(seed, flaw);
                    let mut complaints = outcome.wrong;
                    let again = case.is_multiple_of(AGAIN);
                    if again && simulate(seed, flaw).digest != outcome.digest {
                        complaints.push("the same seed gave other journals".to_owned());
                    }
                    let counts =
                        [outcome.ended, outcome.deaths, outcome.mishaps, outcome.calls, u64::from(again)];
                    for (sum, count) in sums.iter().zip(counts) {
                        sum.fetch_add(count, Ordering::Relaxed);
                    }
                    if !complaints.is_empty()
                        && let Ok(mut wrong) = wrong.lock()
                    {
                        wrong.push((seed, complaints));
                    }
                }
            });
        }
    });
    let mut wrong = wrong.into_inner().unwrap_or_default();
    wrong.sort();
    let mut out = io::stdout().lock();
    for (seed, complaints) in &wrong {
        writeln!(out, "wrong, seed {seed}:")?;
        for complaint in complaints {
            writeln!(out, "  {}", complaint.chars().take(400).collect::<String>())?;
        }
    }
    let [executions, deaths, mishaps, calls, repeated] = sums.map(AtomicU64::into_inner);
    let line = json!({ "seeds": seeds, "executions": executions, "deaths": deaths, "mishaps": mishaps, "calls": calls,
        "repeated": repeated, "wrong": wrong.len() });
    writeln!(out, "{line}")?;
    Ok(if wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
