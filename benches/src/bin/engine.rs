//! Measures the embedded engine against limits of the same run: `engine [--json] [MEASURE…]`.
//!
//! Each measure runs in a process of its own, one after the other. Peak memory is the largest of those processes,
//! but for the one with the parked executions.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for a terminal")]

use std::process::{Command, ExitCode};

use flov7_benches::engine::{MEASURES, Measure, peak_mib};
use serde_json::{Value, json};

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    if let [flag, name] = args.as_slice()
        && flag == "--child"
    {
        return child(name);
    }
    let json = args.iter().any(|arg| arg == "--json");
    args.retain(|arg| arg != "--json");
    if let Some(unknown) = args.iter().find(|arg| MEASURES.iter().all(|measure| measure.name != **arg)) {
        let names: Vec<&str> = MEASURES.iter().map(|measure| measure.name).collect();
        eprintln!("engine: there is no measure `{unknown}`\nusage: engine [--json] [{}]", names.join("|"));
        return ExitCode::from(2);
    }
    if !json {
        println!("{:<26} {:>12} {:<8} {:>22} {:>8}  reached", "measure", "value", "", "ratio", "goal");
    }
    let (mut peak, mut failed) = ((0.0_f64, ""), false);
    for measure in
        MEASURES.iter().filter(|measure| args.is_empty() || args.iter().any(|arg| arg == measure.name))
    {
        match measured(measure) {
            Ok(rows) => {
                for row in rows {
                    if row["measure"] == "peak_rss_mib" {
                        if measure.name != "parked_bytes" {
                            let mib = row["value"].as_f64().unwrap_or(0.0);
                            peak = if mib > peak.0 { (mib, measure.name) } else { peak };
                        }
                        continue;
                    }
                    show(&row, json);
                }
            }
            Err(error) => {
                eprintln!("engine: {}: {error}", measure.name);
                failed = true;
            }
        }
    }
    let (peak, of) = peak;
    let row = json!({ "measure": "peak_rss_mib", "value": peak, "unit": "MiB", "of": of,
        "goal": { "most": 15.0 }, "reached": peak <= 15.0 });
    show(&row, json);
    if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Runs a measure in this process and prints its rows.
fn child(name: &str) -> ExitCode {
    let Some(measure) = MEASURES.iter().find(|measure| measure.name == name) else {
        return ExitCode::from(2);
    };
    match (measure.run)() {
        Ok(rows) => {
            rows.iter().for_each(|row| println!("{}", row.json()));
            println!(
                "{}",
                json!({ "measure": "peak_rss_mib", "value": peak_mib().unwrap_or(0.0), "unit": "MiB" })
            );
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn measured(measure: &Measure) -> Result<Vec<Value>, String> {
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let mut command = Command::new(program);
    if measure.name == "parked_bytes" {
        // What an execution keeps is looked for: glibc would keep a heap for each thread, of which each stays as large as
        // it ever was, and with them some MiB that come and go.
        command.env("MALLOC_ARENA_MAX", "1");
    }
    let output = command.args(["--child", measure.name]).output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).trim().to_owned());
    }
    let text = String::from_utf8_lossy(&output.stdout);
    text.lines()
        .map(|line| {
            flov7::json::read(line, &flov7::json::ReadLimits::default()).map_err(|error| error.to_string())
        })
        .collect()
}

fn show(row: &Value, json: bool) {
    if json {
        println!("{row}");
        return;
    }
    let number = |value: &Value| value.as_f64().map_or_else(String::new, |number| format!("{number:.2}"));
    let ratio = match row.get("ratio") {
        Some(ratio) => {
            let of = row["of"].as_str().unwrap_or("");
            format!(
                "{} {of} [{}–{}]",
                number(ratio),
                number(&row["quartiles"][0]),
                number(&row["quartiles"][1])
            )
        }
        None => row["of"].as_str().unwrap_or("").to_owned(),
    };
    let goal = match (row["goal"].get("most"), row["goal"].get("least")) {
        (Some(most), _) => format!("≤ {}", number(most)),
        (_, Some(least)) => format!("≥ {}", number(least)),
        _ => String::new(),
    };
    let reached = if row["reached"] == true { "yes" } else { "no" };
    println!(
        "{:<26} {:>12} {:<8} {ratio:>22} {goal:>8}  {reached}",
        row["measure"].as_str().unwrap_or(""),
        number(&row["value"]),
        row["unit"].as_str().unwrap_or(""),
    );
}
