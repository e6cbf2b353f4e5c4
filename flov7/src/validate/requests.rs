//! `http.request`: a path with a connection, a url without one, neither leads where the binding does not, and no
//! header lies.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Pass;
use crate::catalog::{Filled, character_fault, filled, header_fault, path_fault, url_path_fault};
use crate::expr::{Limits, Template};
use crate::finding::{Code, Finding};
use crate::json::{PatchOp, below, child, escape};
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
                let place = child(&at.pointer, member);
                let found = request(connection.is_some(), with.as_ref(), &place).into_iter();
                let found = found.chain(headers(connection.is_some(), with.as_ref(), &place));
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
                below(place, "/with"),
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
    let pointer = || format!("{place}/with/{wanted}");
    let found = if connected { path(text, pointer) } else { url(text, pointer) };
    // A text that is no template has another fault, which is found elsewhere.
    found.filter(|_| Template::parse(value, &Limits::default()).is_ok())
}

/// What is written is judged here; what expressions fill in, when the request is made.
fn path(written: &str, pointer: impl Fn() -> String) -> Option<Finding> {
    let filled = filled(written)?;
    let (text, computed) = (filled.text.as_str(), filled.is_computed());
    let path = text.split_once('?').map_or(text, |(path, _)| path);
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'-' | b'_');
    let words = !path.is_empty() && path.bytes().all(plain) && !path.contains("//");
    if !computed && words && !path.starts_with('/') {
        // Words with `/` between them are a path, and name no host.
        let fix = vec![PatchOp::Replace { path: pointer(), value: format!("/{written}").into() }];
        let message = format!("a path starts with `/`, found `{}`", shorten(written));
        let finding = Finding::new(Code::PATH_OR_URL, pointer(), message);
        return Some(finding.with_help("write `/` before it").with_fix(fix));
    }
    let message = if computed || !path.starts_with('/') {
        "a path starts with `/`: each `${ … }` in it becomes one segment".to_owned()
    } else if path.starts_with("//") {
        "a path that starts with `//` names another host".to_owned()
    } else if path.contains("//") {
        "a path has no empty segment".to_owned()
    } else if text.contains('\\') || text.chars().any(char::is_control) {
        "a path holds no `\\` and no control characters".to_owned()
    } else if path.split('/').any(|segment| matches!(segment, "." | "..")) {
        "a path goes down only: it holds no segment `.` or `..`".to_owned()
    } else {
        path_fault(text)?
    };
    Some(Finding::new(Code::PATH_OR_URL, pointer(), message))
}

fn url(text: &str, pointer: impl Fn() -> String) -> Option<Finding> {
    let filled = filled(text)?;
    if filled.is_computed() {
        // Which host it is, is judged when it is known.
        return None;
    }
    let text = filled.text.as_str();
    let lower = text.to_ascii_lowercase();
    let message = if !(lower.starts_with("https://") || lower.starts_with("http://")) {
        "a url starts with `https://` or `http://`".to_owned()
    } else if text.contains('\\') || text.chars().any(char::is_control) {
        "a url holds no `\\` and no control characters".to_owned()
    } else {
        host_fault(&filled).or_else(|| url_fault(&filled))?
    };
    Some(Finding::new(Code::PATH_OR_URL, pointer(), message))
}

/// What follows `//`, and where the host ends in it.
fn authority(text: &str) -> (&str, usize) {
    let rest = text.split_once("//").map_or("", |(_, rest)| rest);
    (rest, rest.find(['/', '?', '#']).unwrap_or(rest.len()))
}

/// What is wrong with the host of a url, where all of it is written out.
fn host_fault(filled: &Filled) -> Option<String> {
    let (rest, end) = authority(&filled.text);
    let before = filled.text.len() - rest.len();
    if filled.first.is_some_and(|first| first <= before + end) {
        return None;
    }
    let host = &rest[..end];
    if host.is_empty() {
        return Some("a url names a host: nothing stands behind `//`".to_owned());
    }
    if host.contains('@') {
        return Some("a url names no user: credentials belong into a connection's binding".to_owned());
    }
    if let Some(wrong) = host.chars().find(|c| c.is_whitespace() || *c == '%') {
        return Some(format!("the host of a url holds no {wrong:?}"));
    }
    let port = host.rsplit_once(':').filter(|_| !host.ends_with(']')).map(|(_, port)| port);
    let wrong = port.filter(|port| !port.is_empty() && port.parse::<u16>().is_err());
    wrong.map(|port| format!("the port of a url is a number up to 65535, found `{}`", shorten(port)))
}

/// What is wrong with the rest of a url. Values are filled into it as they are, so a segment is judged only if nothing
/// stands before it that could hold a `?`.
fn url_fault(filled: &Filled) -> Option<String> {
    let (rest, end) = authority(&filled.text);
    let before = filled.text.len() - rest.len();
    let Some(first) = filled.first else { return url_path_fault(&rest[end..]) };
    let written = filled.text.get(before + end..first).unwrap_or_default();
    let whole = written.rfind('/').map_or("", |slash| &written[..slash]);
    character_fault(&rest[end..]).map(|fault| format!("the url {fault}")).or_else(|| url_path_fault(whole))
}

/// Headers that no request of a step can have: their names are never computed.
fn headers(connected: bool, with: Option<&workflow::Template>, place: &str) -> Vec<Finding> {
    let headers = with.and_then(|with| with.0.get("headers")).and_then(Value::as_object);
    let mut findings = Vec::new();
    let mut names = BTreeMap::new();
    for (name, value) in sorted(headers) {
        let pointer = format!("{place}/with/headers/{}", escape(name));
        let written = value.as_str().and_then(filled).filter(|value| value.first.is_none());
        if let Some(fault) = header_fault(name, None, connected) {
            findings.push(Finding::new(Code::BAD_HEADER, pointer, fault).about_name());
        } else if let Some(fault) = written.and_then(|value| header_fault(name, Some(&value.text), connected))
        {
            findings.push(Finding::new(Code::BAD_HEADER, pointer, fault));
        } else if let Some(first) = names.insert(name.to_ascii_lowercase(), name) {
            let message = format!("`{name}` and `{first}` are one header: upper and lower case are the same");
            findings.push(Finding::new(Code::BAD_HEADER, pointer, message).about_name());
        }
    }
    findings
}

/// Members in the order of their names, also where another crate turned on ordered maps.
fn sorted(members: Option<&serde_json::Map<String, Value>>) -> Vec<(&String, &Value)> {
    let mut members: Vec<_> = members.into_iter().flatten().collect();
    members.sort_unstable_by_key(|(name, _)| *name);
    members
}
