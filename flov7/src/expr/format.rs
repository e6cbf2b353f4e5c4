//! The clauses of `format`: read by the checker, where the text is known, and by the evaluator alike.

/// A piece of a format: text as it stands, or the place of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'t> {
    Text(&'t str),
    Clause(Clause),
}

/// How a value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Clause {
    pub(super) verb: Verb,
    /// Digits after the point, of `%f` and `%e`.
    pub(super) precision: usize,
}

/// What stands behind the percent sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Verb {
    /// `%s`: anything.
    Any,
    /// `%d`: a whole number.
    Decimal,
    /// `%f`: a number with digits after the point.
    Fixed,
    /// `%e`: a number with an exponent.
    Scientific,
    /// `%b`: a whole number in base two, or a bool as 1 or 0.
    Binary,
    /// `%o`: a whole number in base eight.
    Octal,
    /// `%x`: a whole number in base sixteen, or the bytes of a text.
    Hex,
    /// `%X`: the same with upper-case digits.
    UpperHex,
}

impl Verb {
    /// As it is written.
    pub(super) fn letter(self) -> char {
        match self {
            Verb::Any => 's',
            Verb::Decimal => 'd',
            Verb::Fixed => 'f',
            Verb::Scientific => 'e',
            Verb::Binary => 'b',
            Verb::Octal => 'o',
            Verb::Hex => 'x',
            Verb::UpperHex => 'X',
        }
    }

    fn of(letter: char) -> Option<Verb> {
        const ALL: [Verb; 8] = [
            Verb::Any,
            Verb::Decimal,
            Verb::Fixed,
            Verb::Scientific,
            Verb::Binary,
            Verb::Octal,
            Verb::Hex,
            Verb::UpperHex,
        ];
        ALL.into_iter().find(|verb| verb.letter() == letter)
    }

    /// What it writes, in a sentence.
    pub(super) fn wanted(self) -> &'static str {
        match self {
            Verb::Any => "a value",
            Verb::Decimal | Verb::Octal => "a whole number",
            Verb::Fixed | Verb::Scientific => "a number",
            Verb::Binary => "a whole number, or true or false",
            Verb::Hex | Verb::UpperHex => "a whole number or text",
        }
    }
}

/// The digits after the point where none are asked for, as in CEL.
const PRECISION: usize = 6;
/// The most digits after the point.
pub(super) const MOST_PRECISION: usize = 100;

/// The pieces of a format, or in words why it is none.
pub(super) fn pieces(format: &str) -> Result<Vec<Piece<'_>>, String> {
    let mut pieces = Vec::new();
    let mut rest = format;
    while let Some(at) = rest.find('%') {
        let (before, mark) = rest.split_at(at);
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        // The mark is one byte long.
        let after = mark.get(1..).unwrap_or("");
        if let Some(after) = after.strip_prefix('%') {
            pieces.push(Piece::Text("%"));
            rest = after;
            continue;
        }
        let (clause, after) = clause(after)?;
        pieces.push(Piece::Clause(clause));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

/// One clause, the percent sign read, and what follows it.
fn clause(text: &str) -> Result<(Clause, &str), String> {
    let (precision, rest) = match text.strip_prefix('.') {
        None => (None, text),
        Some(after) => {
            let count = after.bytes().take_while(u8::is_ascii_digit).count();
            let (digits, rest) = after.split_at(count);
            let precision = digits.parse().ok().filter(|precision| *precision <= MOST_PRECISION);
            if precision.is_none() {
                return Err(format!("`%.` is followed by a number up to {MOST_PRECISION}, as in `%.2f`"));
            }
            (precision, rest)
        }
    };
    let mut letters = rest.chars();
    let Some(letter) = letters.next() else {
        return Err("a percent sign at the end is written `%%`".to_owned());
    };
    let Some(verb) = Verb::of(letter) else {
        return Err(format!(
            "`%{letter}` is no clause: there are `%s`, `%d`, `%f`, `%e`, `%b`, `%o`, `%x`, `%X`, and `%%`"
        ));
    };
    if precision.is_some() && !matches!(verb, Verb::Fixed | Verb::Scientific) {
        return Err(format!("`%{letter}` has no digits after a point: they go with `%f` and `%e`"));
    }
    Ok((Clause { verb, precision: precision.unwrap_or(PRECISION) }, letters.as_str()))
}
