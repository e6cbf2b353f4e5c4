//! The patterns of `matches`: literal, compiled once, linear time.

use regex_lite::{Regex, RegexBuilder};

/// A compiled pattern with what one byte of text costs to search.
#[derive(Debug, Clone)]
pub(crate) struct Pattern {
    regex: Regex,
    weight: u64,
}

/// The largest weight: about how many states a pattern may have.
const MOST: u64 = 4_096;

impl Pattern {
    /// Compiles a pattern, or says in words why it is none.
    pub(crate) fn new(text: &str) -> Result<Pattern, String> {
        let weight = weight(text);
        if weight > MOST {
            return Err(format!("this pattern is too large: its repetitions make more than {MOST} parts"));
        }
        let mut builder = RegexBuilder::new(text);
        builder.nest_limit(32).size_limit(1 << 20);
        match builder.build() {
            Ok(regex) => Ok(Pattern { regex, weight }),
            Err(error) => Err(format!("this is no pattern: {error}")),
        }
    }

    /// Whether the pattern is found anywhere in `text`.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// The steps that searching a text of `length` bytes costs. Searching takes at most time in proportion to
    /// length × weight; most states sleep, hence the large divisor.
    pub(crate) fn cost(&self, length: usize) -> u64 {
        (length as u64).saturating_mul(self.weight.max(4)) / 256
    }
}

/// A bound of the states of a pattern, from its text alone, so that the count of steps does not depend on how the
/// engine compiles: its length, times the bounds of all its counted repetitions.
fn weight(text: &str) -> u64 {
    let mut weight = text.len() as u64;
    for part in text.split('{').skip(1) {
        let Some((count, _)) = part.split_once('}') else { continue };
        let most = count.rsplit(',').find(|n| !n.trim().is_empty()).unwrap_or("");
        if let Ok(most) = most.trim().parse::<u64>() {
            weight = weight.saturating_mul(most.max(1));
        }
    }
    weight
}
