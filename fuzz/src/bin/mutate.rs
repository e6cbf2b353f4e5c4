//! Runs seeded mutations of the committed seeds through the targets.
//!
//! `mutate [--cases N] [--from N] [TARGET…]`: N cases for each target, all targets by default. Ends with one line of
//! JSON per target; a case that fails is named by its number and printed, and `--from NUMBER --cases 1 TARGET` runs it
//! again.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::panic;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use flov7_fuzz::{TARGETS, Target, mutate};

/// A run that fails more often than this has shown enough.
const SHOWN: u64 = 5;

fn main() -> ExitCode {
    let (mut cases, mut from, mut names) = (100_000_u64, 0_u64, Vec::new());
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        let target = match arg.as_str() {
            "--cases" => &mut cases,
            "--from" => &mut from,
            name if Target::named(name).is_some() => {
                names.extend(Target::named(name));
                continue;
            }
            _ => return usage(&format!("`{arg}` is neither an option nor a target")),
        };
        match args.next().and_then(|value| value.parse().ok()) {
            Some(value) => *target = value,
            None => return usage(&format!("{arg} takes a number")),
        }
    }
    let targets: Vec<&Target> = if names.is_empty() { TARGETS.iter().collect() } else { names };
    let mut failed = false;
    for target in targets {
        match run(target, from, cases) {
            Ok(0) => println!("{{\"target\": \"{}\", \"cases\": {cases}, \"failed\": 0}}", target.name),
            Ok(count) => {
                failed = true;
                println!("{{\"target\": \"{}\", \"cases\": {cases}, \"failed\": {count}}}", target.name);
            }
            Err(error) => {
                eprintln!("mutate: the seeds of {} cannot be read: {error}", target.name);
                return ExitCode::from(2);
            }
        }
    }
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn usage(message: &str) -> ExitCode {
    let names: Vec<&str> = TARGETS.iter().map(|target| target.name).collect();
    eprintln!("mutate: {message}\nusage: mutate [--cases N] [--from N] [{}]", names.join("|"));
    ExitCode::from(2)
}

/// How many cases failed. All cores take part; which core runs a case changes nothing about it.
fn run(target: &'static Target, from: u64, cases: u64) -> std::io::Result<u64> {
    let seeds = target.seeds()?;
    let (next, failures) = (AtomicU64::new(from), AtomicU64::new(0));
    let end = from.saturating_add(cases);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(|| {
                while failures.load(Ordering::Relaxed) < SHOWN {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= end {
                        return;
                    }
                    let input = mutate::case(target, &seeds, number);
                    if panic::catch_unwind(|| (target.run)(&input)).is_err() {
                        failures.fetch_add(1, Ordering::Relaxed);
                        let text = String::from_utf8_lossy(&input);
                        eprintln!("{} case {number} failed: {text:?}", target.name);
                    }
                }
            });
        }
    });
    Ok(failures.load(Ordering::Relaxed))
}
