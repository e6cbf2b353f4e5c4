//! From text to tokens. One pass, no recursion; a fault ends the tokens and is reported when the parser gets there.

use crate::expr::error::{ExprError, Span};
use crate::expr::number::Num;
use crate::json::Numeric;

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'s> {
    /// A name or a keyword.
    Name(&'s str),
    /// A name in back-ticks, legal after a dot.
    Quoted(&'s str),
    /// An integer without sign. Its range is for the parser, which knows the sign.
    Whole(Option<u64>),
    /// A double, normalised.
    Real(Num),
    /// A text, escapes resolved.
    Text(String),
    /// An operator or a bracket.
    Sign(Sign),
    /// The end, or where the lexer stopped.
    End,
}

/// An operator or a bracket: its one or two bytes, so that to look for one compares numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sign([u8; 2]);

impl Sign {
    pub(super) const EQUAL: Sign = Sign::of("==");
    pub(super) const NOT_EQUAL: Sign = Sign::of("!=");
    pub(super) const LESS: Sign = Sign::of("<");
    pub(super) const LESS_OR_EQUAL: Sign = Sign::of("<=");
    pub(super) const GREATER: Sign = Sign::of(">");
    pub(super) const GREATER_OR_EQUAL: Sign = Sign::of(">=");
    pub(super) const NOT: Sign = Sign::of("!");
    pub(super) const PLUS: Sign = Sign::of("+");
    pub(super) const MINUS: Sign = Sign::of("-");
    pub(super) const TIMES: Sign = Sign::of("*");
    pub(super) const OVER: Sign = Sign::of("/");
    pub(super) const REMAINDER: Sign = Sign::of("%");
    pub(super) const PARENTHESIS: Sign = Sign::of("(");
    pub(super) const BRACKET: Sign = Sign::of("[");
    pub(super) const BRACE: Sign = Sign::of("{");
    pub(super) const DOT: Sign = Sign::of(".");
    pub(super) const QUESTION: Sign = Sign::of("?");

    /// The sign of one or two bytes.
    #[inline]
    pub(super) const fn of(text: &str) -> Sign {
        match *text.as_bytes() {
            [only] => Sign([only, 0]),
            [first, second, ..] => Sign([first, second]),
            [] => Sign([0, 0]),
        }
    }
}

/// A token and its place, relative to the text that was lexed plus the offset given.
#[derive(Debug, Clone)]
pub(super) struct Lexeme<'s> {
    pub(super) token: Token<'s>,
    pub(super) span: Span,
}

/// All tokens, [`Token::End`] last, and the fault that ended them early.
pub(super) fn lex(source: &str, offset: usize) -> (Vec<Lexeme<'_>>, Option<ExprError>) {
    let mut lexer = Lexer { source, offset, at: 0, start: 0 };
    // Names are longer than signs: a token has two or three bytes.
    let mut lexemes = Vec::with_capacity(source.len() / 5 * 2 + 2);
    let fault = loop {
        match lexer.next() {
            Ok(token) => {
                let end = matches!(token, Token::End);
                lexemes.push(Lexeme { token, span: lexer.span(lexer.start, lexer.at) });
                if end {
                    break None;
                }
            }
            Err(fault) => {
                lexemes.push(Lexeme { token: Token::End, span: lexer.span(lexer.start, source.len()) });
                break Some(*fault);
            }
        }
    };
    (lexemes, fault)
}

/// The bytes of names behind the first one.
const WORD: [bool; 256] = {
    let mut word = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        word[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_';
        byte += 1;
    }
    word
};

/// Whether a byte may stand in a name, behind the first one.
pub(super) fn is_word(byte: u8) -> bool {
    WORD[usize::from(byte)]
}

struct Lexer<'s> {
    source: &'s str,
    offset: usize,
    at: usize,
    start: usize,
}

type Lexed<T> = Result<T, Box<ExprError>>;

impl<'s> Lexer<'s> {
    fn span(&self, start: usize, end: usize) -> Span {
        Span::new(self.offset + start, self.offset + end)
    }

    fn fault<T>(&self, start: usize, end: usize, message: impl Into<String>, help: &str) -> Lexed<T> {
        let error = ExprError::new("expression-syntax", self.span(start, end), message);
        Err(Box::new(if help.is_empty() { error } else { error.with_help(help) }))
    }

    fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.source.as_bytes().get(self.at + ahead).copied()
    }

    fn next(&mut self) -> Lexed<Token<'s>> {
        self.skip_blanks();
        self.start = self.at;
        let Some(first) = self.byte(0) else { return Ok(Token::End) };
        match first {
            b'0'..=b'9' => self.number(),
            b'.' if self.byte(1).is_some_and(|b| b.is_ascii_digit()) => self.number(),
            b'"' | b'\'' => self.text(false),
            b'`' => self.quoted_name(),
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => self.name_or_text(),
            _ => self.sign(),
        }
    }

    fn skip_blanks(&mut self) {
        let bytes = self.source.as_bytes();
        loop {
            while matches!(bytes.get(self.at), Some(b' ' | b'\t' | b'\n' | b'\r' | 0xc)) {
                self.at += 1;
            }
            if self.byte(0) != Some(b'/') || self.byte(1) != Some(b'/') {
                return;
            }
            self.at += self.rest().find('\n').unwrap_or(self.rest().len());
        }
    }

    fn name_or_text(&mut self) -> Lexed<Token<'s>> {
        let bytes = self.source.as_bytes();
        let mut end = self.at + 1;
        while bytes.get(end).is_some_and(|byte| is_word(*byte)) {
            end += 1;
        }
        let (name, length) = (&self.source[self.at..end], end - self.at);
        if matches!(self.byte(length), Some(b'"' | b'\'')) {
            match name {
                "r" | "R" => {
                    self.at += 1;
                    return self.text(true);
                }
                "b" | "B" | "br" | "rb" | "bR" | "Rb" | "Br" | "rB" | "BR" | "RB" => {
                    return self.fault(
                        self.at,
                        self.at + length,
                        "there are no bytes in this profile, only text",
                        "leave the prefix out",
                    );
                }
                _ => {}
            }
        }
        self.at += length;
        Ok(Token::Name(name))
    }

    fn quoted_name(&mut self) -> Lexed<Token<'s>> {
        let rest = &self.rest()[1..];
        let end = match rest.find(['`', '\n']) {
            Some(end) if end > 0 && rest.as_bytes()[end] == b'`' => end,
            _ => return self.fault(self.at, self.at + 1, "this back-tick is never closed", ""),
        };
        let name = &rest[..end];
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-' | '/' | ' ');
        if !name.chars().all(plain) {
            return self.fault(
                self.at,
                self.at + end + 2,
                "a name in back-ticks has letters, digits, `_`, `.`, `-`, `/` and blanks only",
                "write any other in brackets: `a[\"…\"]`",
            );
        }
        self.at += end + 2;
        Ok(Token::Quoted(name))
    }

    fn sign(&mut self) -> Lexed<Token<'s>> {
        let rest = self.rest();
        if matches!(rest.as_bytes(), [b'=' | b'!', b'=', b'=', ..]) {
            let right = if rest.starts_with('=') { "==" } else { "!=" };
            return self.wrong_sign(3, &format!("`{}` is written `{right}`", &rest[..3]), Some(right));
        }
        // The longer first.
        let length = match rest.as_bytes() {
            [b'=' | b'!' | b'<' | b'>', b'=', ..] | [b'&', b'&', ..] | [b'|', b'|', ..] => 2,
            [
                b'(' | b')' | b'[' | b']' | b'{' | b'}' | b'.' | b',' | b':' | b'?' | b'!' | b'-' | b'+'
                | b'*' | b'/' | b'%' | b'<' | b'>',
                ..,
            ] => 1,
            _ => 0,
        };
        if length > 0 {
            self.at += length;
            return Ok(Token::Sign(Sign::of(&rest[..length])));
        }
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        match first {
            '=' => self.wrong_sign(1, "`=` does not compare", Some("==")),
            '&' => self.wrong_sign(1, "`&` is written `&&`", Some("&&")),
            '|' => self.wrong_sign(1, "`|` is written `||`", Some("||")),
            '“' | '”' | '„' | '‘' | '’' => {
                let message = format!("texts stand in straight quotes, `\"` or `'`, not in `{first}`");
                self.wrong_sign(first.len_utf8(), &message, None)
            }
            '$' if rest.starts_with("${") => {
                self.wrong_sign(2, "this is an expression already: `${` opens one inside a text only", None)
            }
            ';' => {
                let message =
                    "`;` has no meaning here: an expression gives one value, and another step the next";
                self.wrong_sign(1, message, None)
            }
            _ if first.is_ascii() => self.wrong_sign(1, &format!("`{first}` has no meaning here"), None),
            // What it looks like, it is not.
            _ => {
                let found = crate::id::named(first);
                let message =
                    format!("{found} has no meaning here: names are letters from a to z, digits and `_`");
                self.wrong_sign(first.len_utf8(), &message, None)
            }
        }
    }

    fn wrong_sign<T>(&self, length: usize, message: &str, right: Option<&str>) -> Lexed<T> {
        let error = ExprError::new("expression-syntax", self.span(self.at, self.at + length), message);
        Err(Box::new(match right {
            Some(right) => error.with_help(format!("write `{right}`")).with_fix(right),
            None => error,
        }))
    }

    fn number(&mut self) -> Lexed<Token<'s>> {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let digits = |from: usize| bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        if rest.starts_with("0x") || rest.starts_with("0X") {
            let length = bytes[2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
            let value = u64::from_str_radix(&rest[2..2 + length], 16).ok();
            if length == 0 {
                return self.fault(self.at, self.at + 2, "hexadecimal digits are missing", "");
            }
            return self.end_number(2 + length, Token::Whole(value));
        }
        let mut end = digits(0);
        let mut real = false;
        if bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit) {
            real = true;
            end += 1;
            end += digits(end);
        }
        if matches!(bytes.get(end), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
            let exponent = digits((end + 1 + sign).min(bytes.len()));
            if exponent > 0 {
                real = true;
                end += 1 + sign + exponent;
            }
        }
        let literal = &rest[..end];
        if !real {
            return self.end_number(end, Token::Whole(literal.parse().ok()));
        }
        match literal.parse::<f64>().ok().and_then(|d| Num::double(d).ok()) {
            Some(number) => self.end_number(end, Token::Real(number.normalized())),
            None => Err(Box::new(number_range(literal, self.span(self.at, self.at + end)))),
        }
    }

    /// Refuses what sticks to the end of a number.
    fn end_number(&mut self, length: usize, token: Token<'s>) -> Lexed<Token<'s>> {
        let rest = self.rest();
        let tail = rest[length..].bytes().take_while(|b| b.is_ascii_alphanumeric() || *b == b'_').count();
        if tail > 0 {
            let (number, tail) = (&rest[..length], &rest[length..length + tail]);
            let span = self.span(self.at, self.at + length + tail.len());
            if matches!(tail, "u" | "U") {
                let error = ExprError::new(
                    "expression-syntax",
                    span,
                    format!("there are no unsigned literals: numbers need no suffix, found `{number}{tail}`"),
                );
                return Err(Box::new(error.with_help(format!("write `{number}`")).with_fix(number)));
            }
            let message = format!("`{tail}` cannot follow the number `{number}`");
            return Err(Box::new(ExprError::new("expression-syntax", span, message)));
        }
        self.at += length;
        Ok(token)
    }

    fn text(&mut self, raw: bool) -> Lexed<Token<'s>> {
        let open = self.start;
        let rest = self.rest();
        let quote = if rest.starts_with('"') { '"' } else { '\'' };
        let triple = if quote == '"' { "\"\"\"" } else { "'''" };
        let long = rest.starts_with(triple);
        self.at += if long { 3 } else { 1 };
        let mut text = String::new();
        loop {
            // What stands for itself is taken as a whole.
            let plain = |byte: &u8| *byte != quote as u8 && !matches!(byte, b'\\' | b'\n' | b'\r');
            let bytes = &self.source.as_bytes()[self.at..];
            let run = bytes.iter().position(|byte| !plain(byte)).unwrap_or(bytes.len());
            if run > 0 {
                // Most often that is all of it.
                text.reserve_exact(run);
                text.push_str(&self.source[self.at..self.at + run]);
                self.at += run;
            }
            let rest = self.rest();
            if long && rest.starts_with(triple) {
                self.at += 3;
                return Ok(Token::Text(text));
            }
            let Some(next) = rest.chars().next() else {
                return self.fault(
                    open,
                    open + 1,
                    format!("the text that starts here is never closed: expected `{quote}`"),
                    "",
                );
            };
            match next {
                _ if next == quote && !long => {
                    self.at += 1;
                    return Ok(Token::Text(text));
                }
                '\n' | '\r' if !long => {
                    return self.fault(
                        open,
                        self.at,
                        "a text ends in the line it starts in",
                        "write `\\n`, or open and close it with three quotes",
                    );
                }
                '\\' if !raw => self.escape(&mut text)?,
                _ => {
                    self.at += next.len_utf8();
                    text.push(next);
                }
            }
        }
    }

    fn escape(&mut self, text: &mut String) -> Lexed<()> {
        let start = self.at;
        let letter = self.rest().chars().nth(1);
        let simple = match letter {
            Some('a') => '\u{7}',
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('v') => '\u{b}',
            Some(same @ ('\\' | '?' | '"' | '\'' | '`')) => same,
            Some('x' | 'X') => return self.code_point(text, 2, 2, 16),
            Some('u') => return self.code_point(text, 2, 4, 16),
            Some('U') => return self.code_point(text, 2, 8, 16),
            Some('0'..='3') => return self.code_point(text, 1, 3, 8),
            other => {
                let end = start + 1 + other.map_or(0, char::len_utf8);
                return self.fault(
                    start,
                    end,
                    format!("`{}` is no escape", &self.source[start..end]),
                    "write `\\\\` for a back-slash, or a raw text: r\"…\"",
                );
            }
        };
        self.at += 2;
        text.push(simple);
        Ok(())
    }

    fn code_point(&mut self, text: &mut String, skip: usize, count: usize, radix: u32) -> Lexed<()> {
        let start = self.at;
        let digits = self.source.get(start + skip..start + skip + count).unwrap_or("");
        let valid = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
        let value = if valid { u32::from_str_radix(digits, radix).ok() } else { None };
        match value.and_then(char::from_u32) {
            Some(c) => {
                text.push(c);
                self.at += skip + count;
                Ok(())
            }
            None => {
                let mut end = (start + skip + count).min(self.source.len());
                while !self.source.is_char_boundary(end) {
                    end -= 1;
                }
                let what = &self.source[start..end];
                let message = if value.is_some() {
                    format!("`{what}` is no code point")
                } else {
                    format!("`{what}` is no escape: {count} digits are needed")
                };
                self.fault(start, end, message, "write a code point beyond U+FFFF as `\\U0001F600`")
            }
        }
    }
}

/// The finding for a literal outside the range of numbers.
pub(super) fn number_range(literal: &str, span: Span) -> ExprError {
    ExprError::new(
        "number-range",
        span,
        format!(
            "`{literal}` is outside the range of numbers: integers from {} to {}, or a double",
            Numeric::MIN_INTEGER,
            Numeric::MAX_INTEGER
        ),
    )
    .with_help("numbers are never rounded silently; write a double with an exponent if that is meant")
}
