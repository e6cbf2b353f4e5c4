//! Proves the first promise over generated workflows: `proof --cases N [--seed S]`; `proof --show S` prints the document and
//! the catalogue of a seed.
//!
//! Progress goes to a terminal, wrong cases with their seeds and shrunk documents to standard output, and last one line
//! of JSON: `{"typed", "mutated", "wrong"}`. Exit 1 where something is wrong.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::time::Instant;

use flov7_benches::author::typed;
use flov7_benches::proof::{Plan, Totals, prove};
use serde_json::json;

fn main() -> io::Result<ExitCode> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [show, seed] = arguments.as_slice()
        && let ("--show", Ok(seed)) = (show.as_str(), seed.parse())
    {
        return show_case(seed);
    }
    let Some((seed, cases)) = read(&arguments) else {
        writeln!(io::stderr(), "usage: proof [--cases N] [--seed S] | --show S")?;
        return Ok(ExitCode::from(2));
    };
    // What panics is caught and told with its seed.
    std::panic::set_hook(Box::new(|_| {}));
    let began = Instant::now();
    let terminal = io::stderr().is_terminal();
    let totals = prove(&Plan::new(seed, cases), &|done| {
        if terminal && done.is_multiple_of(100) {
            let _ = write!(io::stderr(), "\r{done} of {cases} cases, {} s", began.elapsed().as_secs());
        }
    });
    if terminal {
        writeln!(io::stderr())?;
    }
    let mut out = io::stdout().lock();
    tell(&mut out, &totals)?;
    let line = json!({ "typed": totals.typed, "mutated": totals.mutated, "wrong": totals.wrong.len() });
    writeln!(out, "{line}")?;
    Ok(if totals.wrong.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn show_case(seed: u64) -> io::Result<ExitCode> {
    let case = typed(seed);
    let actions = case.catalog.actions().filter(|action| !action.id.starts_with("core."));
    let described: Vec<_> = actions
        .map(|action| json!({ "id": action.id, "input": action.input, "output": action.output, "effect": action.effect }))
        .collect();
    writeln!(io::stdout(), "{:#}\n{:#}", case.document, json!(described))?;
    Ok(ExitCode::SUCCESS)
}

fn read(arguments: &[String]) -> Option<(u64, u64)> {
    let (mut seed, mut cases) = (0, 20_000);
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return None };
        match name.as_str() {
            "--seed" => seed = value.parse().ok()?,
            "--cases" => cases = value.parse().ok()?,
            _ => return None,
        }
    }
    Some((seed, cases))
}

fn tell(out: &mut dyn Write, totals: &Totals) -> io::Result<()> {
    for (what, counts) in [
        ("constructs", &totals.constructs),
        ("residuals", &totals.residuals),
        ("ended", &totals.ended),
        ("faults", &totals.faults),
    ] {
        writeln!(out, "{what}: {}", list(counts))?;
    }
    writeln!(out, "half of the typed documents have at least {} steps", totals.median_steps())?;
    writeln!(
        out,
        "{} documents were written anew: arithmetic in them was certainly out of range",
        totals.certain
    )?;
    for wrong in &totals.wrong {
        writeln!(out, "\nwrong, seed {}:", wrong.seed)?;
        for complaint in &wrong.complaints {
            writeln!(out, "  {complaint}")?;
        }
        writeln!(out, "{:#}", wrong.document)?;
    }
    Ok(())
}

fn list(counts: &BTreeMap<&'static str, u64>) -> String {
    let all: Vec<String> = counts.iter().map(|(what, count)| format!("{what} {count}")).collect();
    all.join(", ")
}
