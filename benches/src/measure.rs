//! Timing candidates in turns, and printing what came out.

use std::process::ExitCode;
use std::time::Instant;

use serde_json::{Map, Value};

/// Times each candidate `rounds` times, in turns, so that whatever slows the machine slows all of them. The median of
/// each, in nanoseconds.
pub fn interleaved(rounds: usize, candidates: &mut [&mut dyn FnMut()]) -> Vec<f64> {
    let mut times: Vec<Vec<u128>> = vec![Vec::with_capacity(rounds); candidates.len()];
    // The first rounds warm caches and the allocator up.
    for round in 0..rounds + rounds / 10 {
        for (candidate, times) in candidates.iter_mut().zip(&mut times) {
            let start = Instant::now();
            candidate();
            let took = start.elapsed().as_nanos();
            if round >= rounds / 10 {
                times.push(took);
            }
        }
    }
    times.into_iter().map(median).collect()
}

fn median(mut times: Vec<u128>) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default() as f64
}

/// One line of a table.
#[derive(Debug, Clone)]
pub struct Row {
    measure: &'static str,
    nanoseconds: f64,
    ratio: Option<(f64, &'static str)>,
    most: Option<f64>,
}

impl Row {
    /// A time in nanoseconds.
    #[must_use]
    pub fn new(measure: &'static str, nanoseconds: f64) -> Row {
        Row { measure, nanoseconds, ratio: None, most: None }
    }

    /// As a multiple of another time.
    #[must_use]
    pub fn against(mut self, nanoseconds: f64, of: &'static str) -> Row {
        self.ratio = Some((self.nanoseconds / nanoseconds, of));
        self
    }

    /// The greatest ratio that is allowed.
    #[must_use]
    pub fn most(mut self, ratio: f64) -> Row {
        self.most = Some(ratio);
        self
    }

    fn is_over(&self) -> bool {
        matches!((self.ratio, self.most), (Some((ratio, _)), Some(most)) if ratio > most)
    }

    fn json(&self) -> Value {
        let mut row = Map::new();
        row.insert("measure".to_owned(), self.measure.into());
        row.insert("value".to_owned(), ((self.nanoseconds / 10.0).round() / 100.0).into());
        row.insert("unit".to_owned(), "µs".into());
        if let Some((ratio, of)) = self.ratio {
            row.insert("ratio".to_owned(), ((ratio * 1_000.0).round() / 1_000.0).into());
            row.insert("of".to_owned(), of.into());
        }
        if let Some(most) = self.most {
            row.insert("limit".to_owned(), most.into());
        }
        Value::Object(row)
    }
}

/// Prints the rows, one JSON object a line or as a table. Failure where a ratio is over its limit.
#[allow(clippy::print_stdout)] // The table is what the program is for.
#[must_use]
pub fn print(rows: &[Row], json: bool) -> ExitCode {
    for row in rows {
        if json {
            println!("{}", row.json());
            continue;
        }
        let ratio = row.ratio.map(|(ratio, of)| format!("{ratio:7.3} × {of}")).unwrap_or_default();
        let most = row.most.map(|most| format!("  (at most {most})")).unwrap_or_default();
        let over = if row.is_over() { "  OVER" } else { "" };
        println!("{:<44} {:>10.1} µs {ratio}{most}{over}", row.measure, row.nanoseconds / 1_000.0);
    }
    if rows.iter().any(Row::is_over) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
