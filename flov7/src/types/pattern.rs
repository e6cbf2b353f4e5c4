//! Patterns of schemas: the regular expressions of ECMA-262 that need no backtracking, compiled for `regex-lite`.
//!
//! JSON Schema 2020-12 §6.4 asks for ECMA-262 with Unicode. Read here: alternation, groups (capturing, named,
//! `(?:…)`), classes, `\d \w \s \b` and their opposites, counted and lazy repetition, `^`, `$`, and the escapes
//! `\t \n \v \f \r \0 \cX \xHH \uHHHH \u{H…}`. Refused with a sentence: look-around, back-references and `\p{…}`
//! (the first two cannot be matched in linear time; the tables of the third are no part of this library).

use regex_lite::{Regex, RegexBuilder};

/// Groups within groups.
const MAX_DEPTH: usize = 50;
/// Parts of one pattern.
const MAX_PARTS: usize = 2_000;
/// The greatest count of a repetition.
const MAX_COUNT: u32 = 1_000;
/// Bytes that the compiled form may take.
const MAX_COMPILED: usize = 1 << 20;

/// A compiled pattern. Unanchored, as JSON Schema has it.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    regex: Regex,
    tree: Part,
}

impl Pattern {
    /// Compiles the text of a `pattern`; the error is a sentence that says what is wrong.
    pub(crate) fn compile(source: &str) -> Result<Pattern, String> {
        let tree = parsed(source)?;
        let mut text = String::new();
        tree.print(&mut text);
        let regex = RegexBuilder::new(&text)
            .size_limit(MAX_COMPILED)
            .build()
            .map_err(|_| "it needs more memory than a pattern may".to_owned())?;
        Ok(Pattern { regex, tree })
    }

    /// Whether it matches anywhere in the text. Linear in the length of both.
    pub(crate) fn matches(&self, text: &str) -> bool {
        self.regex.is_match(text)
    }

    /// A short text that it may match; assertions are not looked at, so the caller checks.
    pub(crate) fn sample(&self) -> String {
        let mut text = String::new();
        self.tree.sample(&mut text);
        text
    }
}

fn parsed(source: &str) -> Result<Part, String> {
    let mut parser = Parser { source: source.chars().collect(), at: 0, parts: 0 };
    let tree = parser.alternation(0)?;
    if parser.at < parser.source.len() {
        return Err("a `)` closes nothing".to_owned());
    }
    Ok(tree)
}

/// What a pattern says about the texts that it matches.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Extent {
    /// The least number of code points.
    pub(crate) min: u64,
    /// The greatest, where there is one.
    pub(crate) max: Option<u64>,
    /// All texts, where they are few: `^(draft|final)$`.
    pub(crate) texts: Option<Vec<String>>,
}

/// Texts that a pattern is spelt out to.
const MAX_TEXTS: usize = 64;

/// What the pattern says about the texts that it matches; nothing where it does not parse.
pub(crate) fn extent(source: &str) -> Extent {
    let Ok(tree) = parsed(source) else { return Extent { min: 0, max: None, texts: None } };
    let branches = match &tree {
        Part::Either(branches) => branches.as_slice(),
        one => std::slice::from_ref(one),
    };
    let (min, _) = tree.lengths();
    let mut max = Some(0);
    let mut texts = Some(Vec::new());
    for branch in branches {
        // Only what is held at both ends says something about the whole text.
        let inner = match branch {
            Part::Sequence(parts) => match parts.as_slice() {
                [Part::Start, inner @ .., Part::End] => Some(inner),
                _ => None,
            },
            _ => None,
        };
        let Some(inner) = inner else { return Extent { min, max: None, texts: None } };
        max = max.zip(sequence_lengths(inner).1).map(|(a, b)| a.max(b));
        texts = texts.zip(sequence_texts(inner)).map(|(mut all, more)| {
            all.extend(more);
            all
        });
    }
    Extent { min, max, texts: texts.filter(|texts| texts.len() <= MAX_TEXTS) }
}

fn sequence_lengths(parts: &[Part]) -> (u64, Option<u64>) {
    parts.iter().map(Part::lengths).fold((0, Some(0)), |(min, max), (more, most)| {
        (min.saturating_add(more), max.zip(most).and_then(|(a, b)| a.checked_add(b)))
    })
}

/// Every text of a sequence, where they are few.
fn sequence_texts(parts: &[Part]) -> Option<Vec<String>> {
    let mut all = vec![String::new()];
    for part in parts {
        let more = part.texts()?;
        if all.len().checked_mul(more.len())? > MAX_TEXTS {
            return None;
        }
        all = all.iter().flat_map(|one| more.iter().map(move |other| format!("{one}{other}"))).collect();
    }
    Some(all)
}

#[derive(Clone, Debug)]
enum Part {
    Either(Vec<Part>),
    Sequence(Vec<Part>),
    Repeat { of: Box<Part>, min: u32, max: Option<u32> },
    Class { negated: bool, ranges: Vec<(char, char)> },
    Start,
    End,
    Boundary,
    NoBoundary,
}

const DIGITS: &[(char, char)] = &[('0', '9')];
const WORD: &[(char, char)] = &[('0', '9'), ('A', 'Z'), ('_', '_'), ('a', 'z')];
/// WhiteSpace and LineTerminator of ECMA-262.
const SPACE: &[(char, char)] = &[
    ('\t', '\r'),
    (' ', ' '),
    ('\u{a0}', '\u{a0}'),
    ('\u{1680}', '\u{1680}'),
    ('\u{2000}', '\u{200a}'),
    ('\u{2028}', '\u{2029}'),
    ('\u{202f}', '\u{202f}'),
    ('\u{205f}', '\u{205f}'),
    ('\u{3000}', '\u{3000}'),
    ('\u{feff}', '\u{feff}'),
];
const LINE_ENDS: &[(char, char)] = &[('\n', '\n'), ('\r', '\r'), ('\u{2028}', '\u{2029}')];

struct Parser {
    source: Vec<char>,
    at: usize,
    parts: usize,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.source.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek();
        self.at += usize::from(next.is_some());
        next
    }

    fn take(&mut self, expected: char) -> bool {
        let there = self.peek() == Some(expected);
        self.at += usize::from(there);
        there
    }

    fn alternation(&mut self, depth: usize) -> Result<Part, String> {
        if depth > MAX_DEPTH {
            return Err(format!("groups are nested deeper than {MAX_DEPTH}"));
        }
        let mut branches = vec![self.sequence(depth)?];
        while self.take('|') {
            branches.push(self.sequence(depth)?);
        }
        Ok(if branches.len() == 1 { branches.remove(0) } else { Part::Either(branches) })
    }

    fn sequence(&mut self, depth: usize) -> Result<Part, String> {
        let mut parts = Vec::new();
        while let Some(next) = self.peek() {
            if next == '|' || next == ')' {
                break;
            }
            self.parts += 1;
            if self.parts > MAX_PARTS {
                return Err(format!("it has more than {MAX_PARTS} parts"));
            }
            let atom = self.atom(depth)?;
            parts.push(self.repeated(atom)?);
        }
        Ok(Part::Sequence(parts))
    }

    fn atom(&mut self, depth: usize) -> Result<Part, String> {
        match self.next() {
            Some('^') => Ok(Part::Start),
            Some('$') => Ok(Part::End),
            Some('.') => Ok(Part::Class { negated: true, ranges: LINE_ENDS.to_vec() }),
            Some('(') => self.group(depth),
            Some('[') => self.class(),
            Some('\\') => match self.peek() {
                Some('b') => {
                    self.at += 1;
                    Ok(Part::Boundary)
                }
                Some('B') => {
                    self.at += 1;
                    Ok(Part::NoBoundary)
                }
                _ => self.escape().map(Escape::into_part),
            },
            Some(sign @ ('*' | '+' | '?')) => Err(format!("`{sign}` repeats nothing")),
            Some(other) => Ok(Part::Class { negated: false, ranges: vec![(other, other)] }),
            None => Err("it ends too early".to_owned()),
        }
    }

    fn group(&mut self, depth: usize) -> Result<Part, String> {
        if self.take('?') {
            match self.next() {
                Some(':') => {}
                Some('=' | '!') => return Err("look-around cannot be matched in linear time".to_owned()),
                Some('<') => {
                    if matches!(self.peek(), Some('=' | '!')) {
                        return Err("look-around cannot be matched in linear time".to_owned());
                    }
                    while let Some(letter) = self.next() {
                        if letter == '>' {
                            break;
                        }
                    }
                }
                _ => return Err("flags in a group are not part of ECMA-262".to_owned()),
            }
        }
        let inner = self.alternation(depth + 1)?;
        if self.take(')') { Ok(inner) } else { Err("a `(` is not closed".to_owned()) }
    }

    fn repeated(&mut self, atom: Part) -> Result<Part, String> {
        let (min, max) = match self.peek() {
            Some('*') => (0, None),
            Some('+') => (1, None),
            Some('?') => (0, Some(1)),
            Some('{') => match self.counts()? {
                Some(counts) => counts,
                None => return Ok(atom),
            },
            _ => return Ok(atom),
        };
        // The closing brace of a count, or the sign itself.
        self.at += 1;
        // A lazy repetition matches the same texts.
        self.take('?');
        if matches!(atom, Part::Start | Part::End | Part::Boundary | Part::NoBoundary) {
            return Err("a position is repeated".to_owned());
        }
        if matches!(self.peek(), Some('*' | '+' | '?')) {
            return Err("a repetition is repeated".to_owned());
        }
        Ok(Part::Repeat { of: Box::new(atom), min, max })
    }

    /// `{2}`, `{2,}`, `{2,4}`, up to but without the closing brace; a brace that opens no count stands for itself.
    fn counts(&mut self) -> Result<Option<(u32, Option<u32>)>, String> {
        let from = self.at;
        self.at += 1;
        let Some(min) = self.count()? else {
            self.at = from;
            return Ok(None);
        };
        let max = if self.take(',') { self.count()? } else { Some(min) };
        if self.peek() != Some('}') {
            self.at = from;
            return Ok(None);
        }
        if max.is_some_and(|max| max < min) {
            return Err("a repetition has a greater least count than greatest count".to_owned());
        }
        Ok(Some((min, max)))
    }

    fn count(&mut self) -> Result<Option<u32>, String> {
        let mut value: Option<u32> = None;
        while let Some(digit) = self.peek().and_then(|letter| letter.to_digit(10)) {
            self.at += 1;
            let next = value.unwrap_or(0).saturating_mul(10).saturating_add(digit);
            if next > MAX_COUNT {
                return Err(format!("a repetition counts beyond {MAX_COUNT}"));
            }
            value = Some(next);
        }
        Ok(value)
    }

    fn class(&mut self) -> Result<Part, String> {
        let negated = self.take('^');
        let mut ranges = Vec::new();
        loop {
            let low = match self.next() {
                None => return Err("a `[` is not closed".to_owned()),
                Some(']') => return Ok(Part::Class { negated, ranges }),
                Some('\\') => self.class_escape()?,
                Some(letter) => Escape::Letter(letter),
            };
            let range =
                self.peek() == Some('-') && self.source.get(self.at + 1).is_some_and(|next| *next != ']');
            if !range {
                ranges.extend(low.ranges());
                continue;
            }
            self.at += 1;
            let high = match self.next() {
                Some('\\') => self.class_escape()?,
                Some(letter) => Escape::Letter(letter),
                None => return Err("a `[` is not closed".to_owned()),
            };
            match (low, high) {
                (Escape::Letter(low), Escape::Letter(high)) if low <= high => ranges.push((low, high)),
                (Escape::Letter(_), Escape::Letter(_)) => {
                    return Err("a range in `[…]` runs backwards".to_owned());
                }
                (low, high) => {
                    ranges.extend(low.ranges());
                    ranges.push(('-', '-'));
                    ranges.extend(high.ranges());
                }
            }
        }
    }

    fn class_escape(&mut self) -> Result<Escape, String> {
        if self.take('b') {
            return Ok(Escape::Letter('\u{8}'));
        }
        self.escape()
    }

    fn escape(&mut self) -> Result<Escape, String> {
        let letter = match self.next() {
            None => return Err("it ends with a backslash".to_owned()),
            Some('d') => return Ok(Escape::Set(DIGITS.to_vec())),
            Some('D') => return Ok(Escape::Set(complement(DIGITS))),
            Some('w') => return Ok(Escape::Set(WORD.to_vec())),
            Some('W') => return Ok(Escape::Set(complement(WORD))),
            Some('s') => return Ok(Escape::Set(SPACE.to_vec())),
            Some('S') => return Ok(Escape::Set(complement(SPACE))),
            Some('p' | 'P') => return Err("`\\p{…}` is not part of the patterns read here".to_owned()),
            Some('k' | '1'..='9') => {
                return Err("back-references cannot be matched in linear time".to_owned());
            }
            Some('t') => '\t',
            Some('n') => '\n',
            Some('v') => '\u{b}',
            Some('f') => '\u{c}',
            Some('r') => '\r',
            Some('0') => '\0',
            Some('c') => match self.next() {
                Some(letter) if letter.is_ascii_alphabetic() => {
                    char::from(u8::try_from(u32::from(letter) % 32).unwrap_or(0))
                }
                _ => return Err("`\\c` wants a letter".to_owned()),
            },
            Some('x') => self.code(2)?,
            Some('u') => self.unicode()?,
            Some(other) if other.is_ascii_alphanumeric() => return Err(format!("`\\{other}` means nothing")),
            Some(other) => other,
        };
        Ok(Escape::Letter(letter))
    }

    fn unicode(&mut self) -> Result<char, String> {
        if self.take('{') {
            let mut value: u32 = 0;
            while let Some(digit) = self.peek().and_then(|letter| letter.to_digit(16)) {
                self.at += 1;
                value = value.saturating_mul(16).saturating_add(digit);
            }
            if !self.take('}') {
                return Err("`\\u{` is not closed".to_owned());
            }
            return char::from_u32(value).ok_or_else(|| "`\\u{…}` is no code point".to_owned());
        }
        let first = self.hex(4)?;
        if let Some(letter) = char::from_u32(first) {
            return Ok(letter);
        }
        // A pair of surrogates spells one code point.
        if (0xd800..0xdc00).contains(&first) && self.take('\\') && self.take('u') {
            let second = self.hex(4)?;
            if (0xdc00..0xe000).contains(&second) {
                let joined = 0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00);
                return char::from_u32(joined).ok_or_else(|| "a surrogate pair is no code point".to_owned());
            }
        }
        Err("half of a surrogate pair matches no text".to_owned())
    }

    fn code(&mut self, digits: usize) -> Result<char, String> {
        let value = self.hex(digits)?;
        char::from_u32(value).ok_or_else(|| "an escape is no code point".to_owned())
    }

    fn hex(&mut self, digits: usize) -> Result<u32, String> {
        let mut value = 0;
        for _ in 0..digits {
            let digit = self.next().and_then(|letter| letter.to_digit(16));
            value =
                value * 16 + digit.ok_or_else(|| format!("an escape wants {digits} hexadecimal digits"))?;
        }
        Ok(value)
    }
}

enum Escape {
    Letter(char),
    Set(Vec<(char, char)>),
}

impl Escape {
    fn ranges(self) -> Vec<(char, char)> {
        match self {
            Escape::Letter(letter) => vec![(letter, letter)],
            Escape::Set(ranges) => ranges,
        }
    }

    fn into_part(self) -> Part {
        Part::Class { negated: false, ranges: self.ranges() }
    }
}

/// Everything outside of sorted, disjoint ranges.
fn complement(ranges: &[(char, char)]) -> Vec<(char, char)> {
    let mut rest = Vec::with_capacity(ranges.len() + 1);
    let mut from = Some('\0');
    for (low, high) in ranges {
        if let (Some(from), Some(before)) = (from, before(*low))
            && from <= before
        {
            rest.push((from, before));
        }
        from = after(*high);
    }
    if let Some(from) = from {
        rest.push((from, char::MAX));
    }
    rest
}

fn before(letter: char) -> Option<char> {
    // Stepping over the surrogates, which are no characters.
    if letter == '\u{e000}' { Some('\u{d7ff}') } else { char::from_u32(u32::from(letter).checked_sub(1)?) }
}

fn after(letter: char) -> Option<char> {
    if letter == '\u{d7ff}' { Some('\u{e000}') } else { char::from_u32(u32::from(letter) + 1) }
}

impl Part {
    /// In the syntax of `regex-lite`; every character is spelt by its number, so nothing needs escaping.
    fn print(&self, out: &mut String) {
        use std::fmt::Write;
        match self {
            Part::Either(branches) => {
                out.push_str("(?:");
                for (index, branch) in branches.iter().enumerate() {
                    if index > 0 {
                        out.push('|');
                    }
                    branch.print(out);
                }
                out.push(')');
            }
            Part::Sequence(parts) => parts.iter().for_each(|part| part.print(out)),
            Part::Repeat { of, min, max } => {
                out.push_str("(?:");
                of.print(out);
                out.push(')');
                // Writing into a String cannot fail.
                let _ = match max {
                    Some(max) => write!(out, "{{{min},{max}}}"),
                    None => write!(out, "{{{min},}}"),
                };
            }
            Part::Class { negated, ranges } => {
                if ranges.is_empty() {
                    // `[]` matches nothing and `[^]` anything; an empty class has no spelling of its own.
                    out.push_str(if *negated { "[\\x{0}-\\x{10FFFF}]" } else { "[^\\x{0}-\\x{10FFFF}]" });
                    return;
                }
                out.push_str(if *negated { "[^" } else { "[" });
                for (low, high) in ranges {
                    let _ = write!(out, "\\x{{{:X}}}-\\x{{{:X}}}", u32::from(*low), u32::from(*high));
                }
                out.push(']');
            }
            Part::Start => out.push('^'),
            Part::End => out.push('$'),
            Part::Boundary => out.push_str("\\b"),
            Part::NoBoundary => out.push_str("\\B"),
        }
    }

    /// The least and greatest number of code points that it matches.
    fn lengths(&self) -> (u64, Option<u64>) {
        match self {
            Part::Either(branches) => {
                let lengths = branches.iter().map(Part::lengths);
                let both = lengths.reduce(|(a, b), (c, d)| (a.min(c), b.zip(d).map(|(b, d)| b.max(d))));
                both.unwrap_or((0, None))
            }
            Part::Sequence(parts) => sequence_lengths(parts),
            Part::Repeat { of, min, max } => {
                let (least, most) = of.lengths();
                let most = if *max == Some(0) || most == Some(0) {
                    Some(0)
                } else {
                    most.zip(*max).and_then(|(most, max)| most.checked_mul(max.into()))
                };
                (least.saturating_mul((*min).into()), most)
            }
            Part::Class { .. } => (1, Some(1)),
            Part::Start | Part::End | Part::Boundary | Part::NoBoundary => (0, Some(0)),
        }
    }

    /// Every text that it matches, where they are few and no position is asked for.
    fn texts(&self) -> Option<Vec<String>> {
        match self {
            Part::Either(branches) => {
                let mut all = Vec::new();
                for branch in branches {
                    all.extend(branch.texts()?);
                    if all.len() > MAX_TEXTS {
                        return None;
                    }
                }
                Some(all)
            }
            Part::Sequence(parts) => sequence_texts(parts),
            Part::Repeat { of, min, max: Some(max) } if *max <= 8 => {
                let one = of.texts()?;
                let mut all = Vec::new();
                let mut grown = vec![String::new()];
                for count in 0..=*max {
                    if count >= *min {
                        all.extend(grown.iter().cloned());
                    }
                    if grown.len().checked_mul(one.len())? > MAX_TEXTS || all.len() > MAX_TEXTS {
                        return None;
                    }
                    grown = grown.iter().flat_map(|a| one.iter().map(move |b| format!("{a}{b}"))).collect();
                }
                Some(all)
            }
            Part::Class { negated: false, ranges } => {
                let count = ranges.iter().map(|(low, high)| u32::from(*high) - u32::from(*low) + 1);
                if count.sum::<u32>() > u32::try_from(MAX_TEXTS).unwrap_or(u32::MAX) {
                    return None;
                }
                Some(ranges.iter().flat_map(|(low, high)| *low..=*high).map(String::from).collect())
            }
            _ => None,
        }
    }

    fn sample(&self, out: &mut String) {
        match self {
            Part::Either(branches) => {
                if let Some(first) = branches.first() {
                    first.sample(out);
                }
            }
            Part::Sequence(parts) => parts.iter().for_each(|part| part.sample(out)),
            Part::Repeat { of, min, .. } => {
                for _ in 0..*min {
                    // Nested counts multiply; a sample need not be long to be tried.
                    if out.len() > 4_096 {
                        return;
                    }
                    of.sample(out);
                }
            }
            Part::Class { negated, ranges } => out.extend(letter_of(*negated, ranges)),
            Part::Start | Part::End | Part::Boundary | Part::NoBoundary => {}
        }
    }
}

/// A readable character of the class, if it has one.
fn letter_of(negated: bool, ranges: &[(char, char)]) -> Option<char> {
    let inside = |letter: char| ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != negated;
    let readable = ['a', 'A', '0', '1', '_', '-', '.', ' ', '/', '@'];
    if let Some(found) = readable.into_iter().find(|letter| inside(*letter)) {
        return Some(found);
    }
    if negated {
        (' '..'\u{2ff}').find(|letter| inside(*letter))
    } else {
        ranges.first().map(|(low, _)| *low)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_ecma_does() {
        let cases: &[(&str, &str, bool)] = &[
            ("^[a-z]{2,3}$", "ab", true),
            ("^[a-z]{2,3}$", "abcd", false),
            ("b", "abc", true),
            ("^a|b$", "xb", true),
            ("^\\d+$", "٣", false),
            ("^\\w+$", "é", false),
            ("^\\s$", "\u{a0}", true),
            ("^\\S$", "\u{feff}", false),
            ("^.$", "\u{2028}", false),
            ("^.$", "😀", true),
            ("^\\uD83D\\uDE00$", "😀", true),
            ("^\\u{1F600}$", "😀", true),
            ("^[\\]\\-&&]+$", "]-&", true),
            ("^[[]$", "[", true),
            ("^[^]$", "\n", true),
            ("^[]$", "a", false),
            ("^\\/v1\\/x$", "/v1/x", true),
            ("^(?<year>\\d{4})-(\\d\\d)$", "2026-11", true),
            ("^a{,3}$", "a{,3}", true),
            ("^x{1}y{2,}?$", "xyyy", true),
            ("a$", "a\n", false),
            ("^\\cJ$", "\n", true),
            ("^[a-]$", "-", true),
            ("^[\\d-x]$", "-", true),
            ("", "anything", true),
        ];
        for (pattern, text, expected) in cases {
            let compiled = Pattern::compile(pattern).unwrap_or_else(|fault| panic!("{pattern}: {fault}"));
            assert_eq!(compiled.matches(text), *expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn what_is_not_linear_or_not_well_formed_is_refused() {
        let cases = [
            "(?=a)",
            "(?<!a)b",
            "(a)\\1",
            "\\k<n>",
            "\\p{L}",
            "[a",
            "(a",
            "a)",
            "*a",
            "a**",
            "\\",
            "[z-a]",
            "a{3,2}",
            "a{2000}",
            "\\q",
            "(?i)a",
            "^*",
            "((a{1000}){1000}){1000}",
        ];
        for pattern in cases {
            assert!(Pattern::compile(pattern).is_err(), "{pattern} was read");
        }
        assert!(Pattern::compile(&"(".repeat(10_000)).is_err());
        assert!(Pattern::compile(&"a".repeat(10_000)).is_err());
    }

    #[test]
    fn samples_match() {
        for pattern in [
            "^[A-Z]{3}-\\d{4}$",
            "^(foo|bar)+$",
            "^[^a]x?$",
            "^\\S+@\\S+\\.\\w{2,}$",
            "^[\u{4e00}-\u{4eff}]$",
        ] {
            let compiled = Pattern::compile(pattern).unwrap_or_else(|fault| panic!("{pattern}: {fault}"));
            assert!(compiled.matches(&compiled.sample()), "{pattern}: {}", compiled.sample());
        }
    }
}
