//! "Did you mean".

use super::meter;

/// The up to three candidates that are nearest to `name`, nearest first, ties by name. A candidate is near when
/// few letters have to change (at most a third of the longer name, and at least one), or when one contains the
/// other. Names above 64 characters are not compared.
#[must_use]
pub fn nearest<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Vec<String> {
    const LONGEST: usize = 64;
    let wanted: Vec<char> = name.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
    if wanted.is_empty() || wanted.len() > LONGEST {
        return Vec::new();
    }
    let letters_of_wanted = counted(&wanted);
    let mut near: Vec<(usize, &str)> = Vec::new();
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
        if letters.is_empty() || letters.len() > LONGEST {
            continue;
        }
        let longer = wanted.len().max(letters.len());
        let far = (longer / 3).max(1);
        // What only has few letters in common, or can be far away at best, is not compared letter by letter.
        let within = wanted.len().min(letters.len()) >= 3 && contains(&wanted, &letters);
        if !within && least_distance(&letters_of_wanted, &letters) > far {
            continue;
        }
        // A guess is not worth all that there is.
        if meter::is_spent() {
            return Vec::new();
        }
        let distance = distance(&wanted, &letters);
        if distance <= far {
            near.push((distance, candidate));
        } else if within {
            // Behind everything that is a slip of the fingers.
            near.push((LONGEST + distance, candidate));
        }
    }
    near.sort_unstable();
    near.dedup();
    near.into_iter().take(3).map(|(_, candidate)| candidate.to_owned()).collect()
}

/// The one candidate that `name` is surely a slip for; none where there is doubt. A name is a slip where it is spelled
/// like the candidate but for capitals, `-` and `_`, or where one letter is added, left out, replaced or swapped with its
/// neighbour, and no other candidate is as near. Digits count: `total_2` is no slip for `total_1`. Short names say
/// too little (`then` is no slip for `when`): four letters are needed, five where one is replaced by another.
#[must_use]
pub fn slip<'c>(name: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<String> {
    const LONGEST: usize = 64;
    let plain = |text: &str| -> Vec<char> {
        text.chars()
            .filter(|c| !matches!(c, '-' | '_'))
            .flat_map(char::to_lowercase)
            .take(LONGEST + 1)
            .collect()
    };
    let digits = |letters: &[char]| letters.iter().copied().filter(|c| c.is_numeric()).collect::<String>();
    let wanted = plain(name);
    if wanted.len() < 3 || wanted.len() > LONGEST {
        return None;
    }
    let letters_of_wanted = counted(&wanted);
    let (mut same, mut near): (Vec<&str>, Vec<&str>) = (Vec::new(), Vec::new());
    // Others that could have been meant.
    let mut rivals = 0usize;
    for candidate in candidates {
        let letters = plain(candidate);
        if letters.is_empty()
            || letters.len() > LONGEST
            || same.contains(&candidate)
            || near.contains(&candidate)
        {
            continue;
        }
        if meter::is_spent() {
            return None;
        }
        if letters == wanted {
            same.push(candidate);
        } else if least_distance(&letters_of_wanted, &letters) <= 1 {
            match distance(&wanted, &letters) {
                1 if letters.len() >= 3 && digits(&letters) == digits(&wanted) => near.push(candidate),
                1 => rivals += 1,
                _ => {}
            }
        }
    }
    match (same.as_slice(), near.as_slice()) {
        ([only], _) => Some((*only).to_owned()),
        ([], [only]) if rivals == 0 && is_long(&wanted, &plain(only)) => Some((*only).to_owned()),
        _ => None,
    }
}

/// Whether two names that are one change apart are long enough to be sure.
fn is_long(a: &[char], b: &[char]) -> bool {
    let replaced = a.len() == b.len() && a.iter().zip(b).filter(|(x, y)| x != y).count() == 1;
    a.len().max(b.len()) >= if replaced { 5 } else { 4 }
}

/// How often each letter is there; letters of the same last six bits are taken for one.
fn counted(letters: &[char]) -> [i16; 64] {
    let mut counts = [0; 64];
    for letter in letters {
        counts[u32::from(*letter) as usize % 64] += 1;
    }
    counts
}

/// The fewest changes that there could be between two names: each adds, leaves out or replaces one letter.
fn least_distance(a: &[i16; 64], b: &[char]) -> usize {
    // All letters of both are looked at, a few times each.
    meter::spend(10);
    let mut counts = *a;
    for letter in b {
        counts[u32::from(*letter) as usize % 64] -= 1;
    }
    let (mut more, mut fewer) = (0_i16, 0_i16);
    for count in counts {
        if count > 0 { more += count } else { fewer -= count }
    }
    usize::try_from(more.max(fewer)).unwrap_or(0)
}

fn contains(a: &[char], b: &[char]) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    long.windows(short.len()).any(|window| window == short)
}

/// How many letters have to be added, left out, replaced or swapped with their neighbour (optimal string
/// alignment).
fn distance(a: &[char], b: &[char]) -> usize {
    // Sixteen pairs of letters are about one visit.
    meter::spend_len(1 + a.len() * b.len() / 16);
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = Vec::with_capacity(last.len());
        row.push(i + 1);
        for (j, y) in b.iter().enumerate() {
            let mut best = (last[j] + usize::from(x != y)).min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}
