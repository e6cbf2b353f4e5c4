//! `http.request`: a path with a connection, a url without one, and neither leads where the binding does not.

use serde_json::Value;

use super::Pass;
use crate::expr::{Limits, Part, Piece, Template};
use crate::finding::{Code, Finding};
use crate::json::PatchOp;
use crate::workflow;
use crate::workflow::read::shorten;

/// The action whose `path` and `url` are looked at.
pub(super) const REQUEST: &str = "http.request";

pub(super) fn check(pass: &mut Pass<'_>) {
    let mut findings = Vec::new();
    for at in pass.steps().iter().filter(|at| !at.poisoned) {
        let uses = [
            at.step.action.as_ref().map(|action| ("action", &action.uses, &action.connection, &action.with)),
            at.step.undo.as_ref().map(|undo| ("undo", &undo.uses, &undo.connection, &undo.with)),
        ];
        for (member, uses, connection, with) in uses.into_iter().flatten() {
            if uses == REQUEST && pass.catalog.action(REQUEST).is_some() {
                let place = format!("{}/{member}", at.pointer);
                let found = request(connection.is_some(), with.as_ref(), &place);
                findings.extend(found.map(|finding| finding.with_step(&at.step.id)));
            }
        }
    }
    pass.findings.append(&mut findings);
}

fn request(connected: bool, with: Option<&workflow::Template>, place: &str) -> Option<Finding> {
    let refused = |pointer: String, message: &str| Some(Finding::new(Code::PATH_OR_URL, pointer, message));
    let (wanted, other) = if connected { ("path", "url") } else { ("url", "path") };
    let with = match with.map(|with| &with.0) {
        None => &Value::Null,
        // Which host is called must be seen before it runs.
        Some(Value::String(_)) => {
            return refused(
                format!("{place}/with"),
                &format!("`with` is written out here, so that its `{wanted}` can be checked"),
            );
        }
        Some(with) => with,
    };
    if with.get(other).is_some() {
        let message = if connected {
            "with a connection a request takes a `path`: the binding says which host is called"
        } else {
            "without a connection a request takes a whole `url`"
        };
        return refused(format!("{place}/with/{other}"), message).map(Finding::about_name);
    }
    let Some(value) = with.get(wanted) else {
        return refused(place.to_owned(), &format!("the request needs a `{wanted}`"));
    };
    let text = value.as_str()?;
    let pointer = format!("{place}/with/{wanted}");
    if connected { path(text, pointer) } else { url(text, pointer) }
}

/// The text with a letter in place of each expression, and whether it starts with one; nothing where it is no
/// template, which is found elsewhere.
fn filled(text: &str) -> Option<(String, bool)> {
    let template = Template::parse(&Value::from(text), &Limits::default()).ok()?;
    match template.root() {
        Part::Constant(value) => Some((value.as_str()?.to_owned(), false)),
        Part::Expr(_) => Some((FILLING.to_owned(), true)),
        Part::Text { pieces, .. } => {
            let texts = pieces.iter().map(|piece| match piece {
                Piece::Literal(text) => text,
                Piece::Expr(_) => FILLING,
            });
            Some((texts.collect(), matches!(pieces.first(), Some(Piece::Expr(_)))))
        }
        _ => None,
    }
}

/// What stands for a value that is not known yet.
const FILLING: &str = "x";

/// What is written is judged here; what expressions fill in, when the request is made.
fn path(written: &str, pointer: String) -> Option<Finding> {
    let (text, computed) = filled(written)?;
    let path = text.split_once('?').map_or(text.as_str(), |(path, _)| path);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_');
    let words = !path.is_empty() && path.bytes().all(plain) && !path.contains("//");
    if !computed && words && !path.starts_with('/') {
        // Words with `/` between them are a path, and name no host.
        let fix = vec![PatchOp::Replace { path: pointer.clone(), value: format!("/{written}").into() }];
        let message = format!("a path starts with `/`, found `{}`", shorten(written));
        let finding = Finding::new(Code::PATH_OR_URL, pointer, message);
        return Some(finding.with_help("write `/` before it").with_fix(fix));
    }
    let message = if computed || !path.starts_with('/') {
        "a path starts with `/`: each `${ … }` in it becomes one segment"
    } else if path.starts_with("//") {
        "a path that starts with `//` names another host"
    } else if path.contains("//") {
        "a path has no empty segment"
    } else if text.contains('\\') || text.chars().any(char::is_control) {
        "a path holds no `\\` and no control characters"
    } else if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        "a path goes down only: it holds no segment `.` or `..`"
    } else {
        return None;
    };
    Some(Finding::new(Code::PATH_OR_URL, pointer, message))
}

fn url(text: &str, pointer: String) -> Option<Finding> {
    let (text, computed) = filled(text)?;
    if computed {
        // Which host it is, is judged when it is known.
        return None;
    }
    let lower = text.to_ascii_lowercase();
    let message = if !(lower.starts_with("https://") || lower.starts_with("http://")) {
        "a url starts with `https://` or `http://`"
    } else if text.contains('\\') || text.chars().any(char::is_control) {
        "a url holds no `\\` and no control characters"
    } else {
        return None;
    };
    Some(Finding::new(Code::PATH_OR_URL, pointer, message))
}
