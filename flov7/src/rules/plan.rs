//! How a text falls apart: trigger, decision, and what is done in each case.

use super::text::{Token, TokenKind};

/// The parts of a request, as tokens of its text.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Parts {
    /// What starts it, with its first word.
    pub(super) trigger: Vec<Token>,
    /// What is done before any decision.
    pub(super) before: Vec<Vec<Token>>,
    /// The condition after "if", without that word.
    pub(super) condition: Vec<Token>,
    /// What is done if so; everything, where there is no decision.
    pub(super) then: Vec<Vec<Token>>,
    /// What is done otherwise.
    pub(super) otherwise: Option<Vec<Vec<Token>>>,
    /// What is done in any case, after a decision.
    pub(super) after: Vec<Vec<Token>>,
}

/// Why a text cannot be taken apart: the words, and what about them.
#[derive(Debug, PartialEq)]
pub(super) struct Outside {
    /// The words.
    pub(super) words: String,
    /// What about them.
    pub(super) why: &'static str,
}

/// Words that ask for what rules do not do. Ignoring any of them would change what was meant.
const OUTSIDE: &[(&[&str], &str)] = &[
    (&["for", "each"], "repeating for each of several things"),
    (&["for", "every"], "repeating for each of several things"),
    (&["while"], "repeating"),
    (&["repeat"], "repeating"),
    (&["repeatedly"], "repeating"),
    (&["loop"], "repeating"),
    (&["until"], "waiting for a condition"),
    (&["unless"], "conditions that begin with “unless”"),
    (&["except"], "exceptions"),
    (&["without"], "exceptions"),
    (&["not"], "saying what shall not be done"),
    (&["don't"], "saying what shall not be done"),
    (&["don’t"], "saying what shall not be done"),
    (&["never"], "saying what shall not be done"),
    (&["or"], "a choice between alternatives"),
    (&["either"], "a choice between alternatives"),
    (&["in", "parallel"], "doing things at the same time"),
    (&["at", "the", "same", "time"], "doing things at the same time"),
    (&["simultaneously"], "doing things at the same time"),
    (&["before"], "an order other than that of the words"),
    (&["undo"], "taking things back"),
    (&["summarize"], "work with language"),
    (&["summarise"], "work with language"),
    (&["translate"], "work with language"),
];

/// Takes a text apart, or says which of its words are outside.
pub(super) fn parts(tokens: &[Token], is_verb: &dyn Fn(&Token) -> bool) -> Result<Parts, Outside> {
    if tokens.len() > super::text::MAX_TOKENS {
        return Err(Outside { words: "this text".into(), why: "so much at once" });
    }
    refuse_outside(tokens)?;
    let (trigger, body) = split_trigger(tokens)?;
    let mut parts = Parts { trigger, ..Parts::default() };
    let (body, after) =
        split_at(&body, &[&["in", "any", "case"], &["either", "way"], &["in", "both", "cases"]]);
    let (body, otherwise) = split_at(&body, &[&["otherwise"], &["else"], &["if", "not"]]);
    if let Some(again) =
        otherwise.as_deref().and_then(|rest| find(rest, &[&["otherwise"], &["else"], &["if"]]))
    {
        return Err(outside(&otherwise.unwrap_or_default(), again.0, "more than one decision"));
    }
    parts.otherwise = otherwise.map(|tokens| clauses(&tokens, is_verb));
    parts.after = after.map(|tokens| clauses(&tokens, is_verb)).unwrap_or_default();
    match find(&body, &[&["if"]]) {
        None => parts.then = clauses(&body, is_verb),
        Some((at, _)) => {
            let rest = &body[at + 1..];
            if let Some((again, _)) = find(rest, &[&["if"]]) {
                return Err(outside(rest, again, "more than one decision"));
            }
            let end = rest.iter().position(ends_condition).unwrap_or(rest.len());
            parts.condition = rest[..end].to_vec();
            parts.then = clauses(&rest[end..], is_verb);
            let before = clauses(&body[..at], is_verb);
            if parts.then.is_empty() && before.len() > 1 {
                return Err(outside(
                    &body,
                    at,
                    "an “if” behind several steps (put the condition before what depends on it)",
                ));
            } else if parts.then.is_empty() {
                // "Tell the customer if the total is above 500."
                parts.then = before;
            } else {
                parts.before = before;
            }
        }
    }
    Ok(parts)
}

fn outside(tokens: &[Token], at: usize, why: &'static str) -> Outside {
    Outside { words: tokens.get(at).map(|token| token.text.clone()).unwrap_or_default(), why }
}

fn refuse_outside(tokens: &[Token]) -> Result<(), Outside> {
    for (words, why) in OUTSIDE {
        let Some((at, _)) = find(tokens, &[words]) else { continue };
        // "If not" is an otherwise, "either way" means in any case, "or more" and "or less" belong to a comparison.
        let before = at.checked_sub(1).map(|before| tokens[before].text.as_str());
        let next = tokens.get(at + words.len()).map(|token| token.text.as_str());
        match (words[0], before, next) {
            ("not", Some("if"), _) | ("not", Some("is"), _) | ("either", _, Some("way")) => {}
            ("or", _, Some("more" | "less" | "fewer")) => {}
            _ => return Err(Outside { words: words.join(" "), why }),
        }
    }
    Ok(())
}

/// Separates the clause that says when it starts: at the beginning, or behind what is done.
fn split_trigger(tokens: &[Token]) -> Result<(Vec<Token>, Vec<Token>), Outside> {
    const STARTS: &[&[&str]] =
        &[&["when"], &["whenever"], &["as", "soon", "as"], &["every"], &["each"], &["once"]];
    let Some((mut at, _)) = find(tokens, STARTS) else { return Ok((Vec::new(), tokens.to_vec())) };
    let end = tokens[at..]
        .iter()
        .position(|t| matches!(t.kind, TokenKind::Comma | TokenKind::Stop) || is(t, "then"));
    let end = end.map_or(tokens.len(), |end| at + end);
    // "On the first of every month": the day stands before the word that starts the clause.
    if at >= 3 && is(&tokens[at], "every") && is(&tokens[at - 1], "of") {
        at -= if at >= 4 && is(&tokens[at - 4], "on") { 4 } else { 3 };
    }
    let mut body = tokens[..at].to_vec();
    body.extend_from_slice(&tokens[end..]);
    if let Some((again, _)) = find(&body, STARTS) {
        return Err(outside(&body, again, "more than one trigger"));
    }
    Ok((tokens[at..end].to_vec(), body))
}

fn ends_condition(token: &Token) -> bool {
    matches!(token.kind, TokenKind::Comma | TokenKind::Stop) || is(token, "then")
}

/// Splits at the first of some phrases; the phrase itself is in neither side.
fn split_at(tokens: &[Token], phrases: &[&[&str]]) -> (Vec<Token>, Option<Vec<Token>>) {
    match find(tokens, phrases) {
        Some((at, length)) => (tokens[..at].to_vec(), Some(tokens[at + length..].to_vec())),
        None => (tokens.to_vec(), None),
    }
}

/// The first place where one of some phrases stands, with its length in tokens.
pub(super) fn find(tokens: &[Token], phrases: &[&[&str]]) -> Option<(usize, usize)> {
    (0..tokens.len()).find_map(|at| {
        let here = &tokens[at..];
        let phrase =
            phrases.iter().find(|p| p.len() <= here.len() && p.iter().zip(here).all(|(w, t)| is(t, w)))?;
        Some((at, phrase.len()))
    })
}

fn is(token: &Token, word: &str) -> bool {
    token.kind == TokenKind::Word && token.text == word
}

/// Splits what is done into clauses: at commas, stops and "then", and at "and" where a verb follows.
fn clauses(tokens: &[Token], is_verb: &dyn Fn(&Token) -> bool) -> Vec<Vec<Token>> {
    let mut out = vec![Vec::new()];
    for (at, token) in tokens.iter().enumerate() {
        let next =
            tokens[at + 1..].iter().find(|t| !matches!(t.text.as_str(), "then" | "also" | "just" | "please"));
        let splits = matches!(token.kind, TokenKind::Comma | TokenKind::Stop)
            || is(token, "then")
            || (is(token, "and") && next.is_some_and(is_verb));
        if splits {
            out.push(Vec::new());
        } else if let Some(last) = out.last_mut() {
            last.push(token.clone());
        }
    }
    // What only joins ("and", "also") is no clause.
    out.retain(|clause| clause.iter().any(|t| t.kind != TokenKind::Word || !super::text::is_filler(&t.text)));
    out
}
