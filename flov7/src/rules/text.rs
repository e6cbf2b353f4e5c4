//! Words with their places, and what is left of a word when its ending is gone.

use std::ops::Range;

/// One token of the user's text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token {
    /// Lower-case text; a quoted token without its quotes and with its case.
    pub(super) text: String,
    /// Where it stands in the text.
    pub(super) span: Range<usize>,
    /// What it is.
    pub(super) kind: TokenKind,
}

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TokenKind {
    Word,
    /// Digits, perhaps with a sign, separators, a fraction, a currency sign or a time's colon.
    Number,
    /// Any other character that may mean something: `<`, `%`, `&`.
    Symbol,
    /// Text in quotes.
    Quoted,
    /// An e-mail address or a URL.
    Address,
    /// A comma.
    Comma,
    /// A semicolon or a full stop.
    Stop,
}

/// The most tokens that one request may have: more is outside what rules do.
pub(super) const MAX_TOKENS: usize = 400;

/// Splits a text into tokens. Quotes may be straight or curly; an unclosed one is an ordinary character.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text[at..].chars().next() {
        if out.len() > MAX_TOKENS {
            break;
        }
        let rest = &text[at..];
        if let Some(length) = quoted(rest) {
            let (open, close) = (c.len_utf8(), rest[..length].chars().next_back().map_or(1, char::len_utf8));
            let inner = rest[open..length - close].to_owned();
            out.push(Token { text: inner, span: at..at + length, kind: TokenKind::Quoted });
            at += length;
        } else if c.is_alphanumeric() || matches!(c, '$' | '€' | '£' | '/' | '+') || is_negative(rest) {
            let is_url = rest.starts_with("http://") || rest.starts_with("https://");
            let length = rest.find(|c: char| if is_url { ends_url(c) } else { ends_word(c) });
            let mut length = length.unwrap_or(rest.len());
            // "1,000" keeps its separator: a comma between digits is no clause's end.
            while rest[length..].starts_with(',') && rest[..length].ends_with(|c: char| c.is_ascii_digit()) {
                let digits = rest[length + 1..].bytes().take_while(u8::is_ascii_digit).count();
                if digits != 3 || rest[..length].starts_with(|c: char| c.is_alphabetic()) {
                    break;
                }
                length += 1 + digits;
            }
            let word = rest[..length].trim_end_matches(['.', ':', '\'', '’', '?', '!', ')']);
            let word = word.strip_suffix("'s").or_else(|| word.strip_suffix("’s")).unwrap_or(word);
            let kind = word_kind(word);
            let lower = word.to_lowercase();
            if !word.is_empty() {
                let text = match kind {
                    TokenKind::Address => word.to_owned(),
                    TokenKind::Number => lower.replace('−', "-"),
                    _ => lower,
                };
                out.push(Token { text, span: at..at + word.len(), kind });
            }
            if rest[word.len()..length].starts_with('.') {
                let stop = at + word.len();
                out.push(Token { text: ".".into(), span: stop..stop + 1, kind: TokenKind::Stop });
            }
            at += length.max(1);
        } else {
            match c {
                ',' => out.push(Token { text: ",".into(), span: at..at + 1, kind: TokenKind::Comma }),
                ';' | '.' | '!' | '?' => {
                    out.push(Token { text: c.into(), span: at..at + 1, kind: TokenKind::Stop })
                }
                _ if is_punctuation(c) || c.is_whitespace() => {}
                // A dash is punctuation, but not in front of a number.
                '-' | '−' | '–' | '—' if !before_number(&rest[c.len_utf8()..]) => {}
                _ => {
                    let span = at..at + c.len_utf8();
                    out.push(Token { text: c.into(), span, kind: TokenKind::Symbol });
                }
            }
            at += c.len_utf8();
        }
    }
    out
}

/// Whether a number with a minus sign begins here.
fn is_negative(text: &str) -> bool {
    let mut chars = text.chars();
    matches!(chars.next(), Some('-' | '−'))
        && chars.next().is_some_and(|c| c.is_ascii_digit() || matches!(c, '$' | '€' | '£'))
}

fn before_number(rest: &str) -> bool {
    rest.trim_start().starts_with(|c: char| c.is_ascii_digit() || matches!(c, '$' | '€' | '£'))
}

/// Characters that only set words apart.
fn is_punctuation(c: char) -> bool {
    matches!(
        c,
        '(' | ')'
            | '['
            | ']'
            | '{'
            | '}'
            | '"'
            | '“'
            | '”'
            | '„'
            | '\''
            | '‘'
            | '’'
            | '«'
            | '»'
            | ':'
            | '…'
    )
}

/// Where a word ends.
fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '"' | '“' | '”' | '(' | ')' | '!' | '?')
}

/// Where a URL ends: a query's `?` is part of it.
fn ends_url(c: char) -> bool {
    c.is_whitespace() || matches!(c, ',' | ';' | '"' | '“' | '”')
}

/// The length of a quoted text that begins here, both quotes included.
fn quoted(text: &str) -> Option<usize> {
    let open = text.chars().next()?;
    let close = match open {
        '"' => '"',
        '“' => '”',
        '«' => '»',
        '\'' => '\'',
        _ => return None,
    };
    let inner = &text[open.len_utf8()..];
    let end = inner.find(close)?;
    if end == 0 { None } else { Some(open.len_utf8() + end + close.len_utf8()) }
}

fn word_kind(word: &str) -> TokenKind {
    let digits = word.trim_start_matches(['$', '€', '£', '+', '-', '−']);
    if word.contains("://") || (word.contains('@') && word.contains('.')) {
        TokenKind::Address
    } else if digits.starts_with(|c: char| c.is_ascii_digit()) {
        TokenKind::Number
    } else {
        TokenKind::Word
    }
}

/// What is left of a word when common English endings are gone: `arrives`, `arrived` and `arriving` agree.
pub(super) fn stem(word: &str) -> String {
    let mut word = word.to_lowercase();
    for (ending, instead) in [("ies", "y"), ("ied", "y"), ("sses", "ss")] {
        if word.len() > ending.len() + 2 && word.ends_with(ending) {
            word.truncate(word.len() - ending.len());
            word.push_str(instead);
            return word;
        }
    }
    for ending in ["ing", "ed", "es", "s"] {
        if word.len() > ending.len() + 2 && word.ends_with(ending) && !word.ends_with("ss") {
            word.truncate(word.len() - ending.len());
            break;
        }
    }
    // `create` and `creat(es)` agree, as do `notify` and `notif(ies)`.
    if word.len() > 3 && word.ends_with('e') {
        word.pop();
    }
    word
}

/// Words that carry nothing for finding an action.
pub(super) fn is_filler(word: &str) -> bool {
    const FILLERS: &[&str] = &[
        "a",
        "an",
        "the",
        "it",
        "its",
        "them",
        "they",
        "their",
        "this",
        "that",
        "these",
        "those",
        "him",
        "her",
        "to",
        "of",
        "for",
        "with",
        "on",
        "in",
        "at",
        "by",
        "from",
        "please",
        "just",
        "also",
        "and",
        "then",
        "is",
        "are",
        "be",
        "has",
        "have",
        "been",
        "was",
        "will",
        "should",
        "must",
        "can",
        "i",
        "we",
        "us",
        "our",
        "my",
        "you",
        "your",
        "me",
        "new",
        "some",
        "any",
        "about",
        "into",
        "as",
        "so",
        "next",
        "first",
        "finally",
        "only",
        "there",
        "want",
        "would",
        "like",
        "need",
        "needs",
        "get",
        "gets",
        "comes",
        "afterwards",
        "after",
        "than",
        "which",
        "who",
    ];
    FILLERS.contains(&word)
}
