//! How wide text is, as far as a picture without a font can know, and how it is broken into lines.

/// The height of a line of text.
pub(super) const LINE: i64 = 16;

/// The most room that a character takes in the picture's font, in units of the picture (pixels at its own size).
///
/// The picture asks for a sans-serif font of 12 units; the classes are those of DejaVu Sans, the widest of the usual
/// ones, rounded up: 5 for thin letters and marks, 13 for `m`, `w`, `@` and the like, 10 for capitals and signs, 8 for
/// other Latin characters, and 14 for all else (a full-width character takes 12).
pub fn character_width(c: char) -> i64 {
    match c {
        'i' | 'j' | 'l' | 't' | 'f' | 'r' | 'I' | 'J' | ' ' => 5,
        '.' | ',' | ':' | ';' | '\'' | '|' | '!' | '/' | '(' | ')' | '[' | ']' | '-' | '`' => 5,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' => 13,
        'A'..='Z' | '+' | '=' | '<' | '>' | '&' | '~' | '#' | '^' | '\\' => 10,
        ' '..='~' | '‹' | '›' => 8,
        '\u{a1}'..='\u{24f}' => 13,
        _ => 14,
    }
}

/// The most room that a line of text takes, in units of the picture.
pub fn text_width(text: &str) -> i64 {
    text.chars().map(character_width).sum()
}

/// Breaks a text into at most `lines` lines of at most `room` units: between words where it can. What has no room ends
/// in an ellipsis. Every character counts in `work`.
pub(super) fn wrap(text: &str, room: i64, lines: usize, work: &mut u64) -> Vec<String> {
    let mut out = vec![String::new()];
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let wide = text_width(word);
        *work += word.len() as u64;
        if used > 0 && used + character_width(' ') + wide <= room {
            push(&mut out, ' ', &mut used);
        } else if used > 0 {
            out.push(String::new());
            used = 0;
        }
        for c in word.chars() {
            if used + character_width(c) > room {
                out.push(String::new());
                used = 0;
            }
            push(&mut out, c, &mut used);
        }
    }
    if out.len() > lines {
        out.truncate(lines);
        if let Some(last) = out.last_mut() {
            while text_width(last) + character_width('…') > room && last.pop().is_some() {}
            last.push('…');
        }
    }
    out
}

fn push(out: &mut [String], c: char, used: &mut i64) {
    if let Some(last) = out.last_mut() {
        last.push(c);
        *used += character_width(c);
    }
}
