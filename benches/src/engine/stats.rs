//! Rows of the table, and medians.

use serde_json::{Value, json};

/// One line of the answer.
#[derive(Clone, Debug)]
pub struct Row {
    /// What was measured.
    pub measure: &'static str,
    /// The value, in `unit`.
    pub value: f64,
    /// The unit of `value`.
    pub unit: &'static str,
    /// The value in units of a limit, and which; the quartiles beside the median.
    pub ratio: Option<(Quartiles, &'static str)>,
    /// The goal: the most (or the least) that the ratio, or else the value, should be.
    pub goal: Goal,
}

/// What is aimed at.
#[derive(Clone, Copy, Debug)]
pub enum Goal {
    /// At most this.
    Most(f64),
    /// At least this.
    Least(f64),
}

/// The median of some numbers and the quartiles around it.
#[derive(Clone, Copy, Debug)]
pub struct Quartiles {
    /// A quarter lies below.
    pub low: f64,
    /// Half lies below.
    pub median: f64,
    /// Three quarters lie below.
    pub high: f64,
}

impl Quartiles {
    /// Of some numbers; zeros for none.
    #[must_use]
    pub fn of(mut numbers: Vec<f64>) -> Quartiles {
        numbers.sort_by(f64::total_cmp);
        let at = |quarter: usize| {
            numbers.get(numbers.len().saturating_sub(1) * quarter / 4).copied().unwrap_or(0.0)
        };
        Quartiles { low: at(1), median: at(2), high: at(3) }
    }
}

impl Row {
    /// Whether the goal is reached.
    #[must_use]
    pub fn reached(&self) -> bool {
        let measured = self.ratio.map_or(self.value, |(ratio, _)| ratio.median);
        match self.goal {
            Goal::Most(most) => measured <= most,
            Goal::Least(least) => measured >= least,
        }
    }

    /// As one line of JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        let mut row = json!({ "measure": self.measure, "value": self.value, "unit": self.unit });
        if let Some((ratio, of)) = self.ratio {
            row["ratio"] = json!(ratio.median);
            row["quartiles"] = json!([ratio.low, ratio.high]);
            row["of"] = json!(of);
        }
        row["goal"] = match self.goal {
            Goal::Most(most) => json!({ "most": most }),
            Goal::Least(least) => json!({ "least": least }),
        };
        row["reached"] = json!(self.reached());
        row
    }
}
