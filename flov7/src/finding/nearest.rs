//! "Did you mean".

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
    let mut near: Vec<(usize, &str)> = Vec::new();
    for candidate in candidates {
        let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).take(LONGEST + 1).collect();
        if letters.is_empty() || letters.len() > LONGEST {
            continue;
        }
        let longer = wanted.len().max(letters.len());
        let distance = distance(&wanted, &letters);
        if distance <= (longer / 3).max(1) {
            near.push((distance, candidate));
        } else if wanted.len().min(letters.len()) >= 3 && contains(&wanted, &letters) {
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
        if letters == wanted {
            same.push(candidate);
        } else {
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

fn contains(a: &[char], b: &[char]) -> bool {
    let (long, short) = if a.len() >= b.len() { (a, b) } else { (b, a) };
    long.windows(short.len()).any(|window| window == short)
}

/// How many letters have to be added, left out, replaced or swapped with their neighbour (optimal string
/// alignment).
fn distance(a: &[char], b: &[char]) -> usize {
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
