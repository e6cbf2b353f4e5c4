//! Links: a value that goes where a schema waits for it (RULES, types.assign).

use serde_json::Value;

use crate::finding::{Code, Finding, nearest};
use crate::json::{canonical, escape};
use crate::types::{Assign, Lowered, MemberLookup, Presence, Type, assign};
use crate::workflow::read::shorten;

/// What became of a link.
pub(super) enum Link {
    /// Every value fits.
    Holds,
    /// Some value does not; why, part by part.
    Broken(Vec<Finding>),
    /// The run checks each value.
    Undecided,
}

/// What the parts of an object are called, and how they are reported.
#[derive(Clone, Copy)]
pub(super) enum Parts<'a> {
    /// Arguments of the action of that id: its own codes for those that are missing or not known.
    Arguments(&'a str),
    /// Members of an input that a trigger fills.
    Input,
    /// Nothing special.
    Members,
}

/// Decides whether values of `from` may go where `to` is asked for.
///
/// `written` is what stands in the document at `place`. Where it is an object, each member is looked at by itself,
/// so that the finding stands where the fault is.
pub(super) fn link(from: &Type, to: &Lowered, written: &Value, place: &str, parts: Parts<'_>) -> Link {
    let decided = assign(&lowered(from, Some(written)), to);
    if decided == Assign::Yes {
        return Link::Holds;
    }
    let mut findings = Vec::new();
    if let Value::Object(_) = written {
        members(from, to.upper(), written, place, parts, &mut findings, 0);
    }
    if !findings.is_empty() {
        return Link::Broken(findings);
    }
    match decided {
        Assign::No { witness } => Link::Broken(vec![broken(from, to.upper(), &witness, place, parts)]),
        _ => Link::Undecided,
    }
}

/// A type as a source of values: of what is written out every value comes, of what is computed perhaps not.
fn lowered(ty: &Type, written: Option<&Value>) -> Lowered {
    let mut open: Vec<&Value> = written.into_iter().collect();
    let mut literal = written.is_some();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) if text.contains("${") => literal = false,
            Value::Array(items) => open.extend(items),
            Value::Object(members) => open.extend(members.values()),
            _ => {}
        }
    }
    if literal { Lowered::declared(ty.clone()) } else { Lowered::computed(ty.clone()) }
}

/// Levels of objects within each other that are taken apart.
const LEVELS: usize = 16;

fn members(
    from: &Type,
    to: &Type,
    written: &Value,
    place: &str,
    parts: Parts<'_>,
    findings: &mut Vec<Finding>,
    level: usize,
) {
    let Some(written) = written.as_object().filter(|_| level < LEVELS) else { return };
    let given = from.members();
    // Where the other side also takes something else, no member of the object is to blame.
    if to.is_untyped() || !to.kinds().within(crate::types::Kinds::only(crate::types::Kind::Map)) {
        return;
    }
    for (name, wanted, presence) in to.members() {
        if presence == Presence::Required && !wanted.is_never() {
            let found = given.iter().find(|(given, ..)| *given == name);
            match found {
                None => findings.push(missing(&name, &wanted, place, parts, "is missing")),
                Some((_, _, Presence::Optional)) => {
                    findings.push(missing(&name, &wanted, place, parts, "may be absent"));
                }
                Some(_) => {}
            }
        }
    }
    for (name, ty, _) in &given {
        let below = format!("{place}/{}", escape(name));
        let wanted = match to.member(name) {
            MemberLookup::Required(wanted) | MemberLookup::Optional(wanted) => wanted,
            MemberLookup::Missing => {
                findings.push(unknown(name, to, &below, parts));
                continue;
            }
            _ => continue,
        };
        let Assign::No { witness } =
            assign(&lowered(ty, written.get(&**name)), &Lowered::declared(wanted.clone()))
        else {
            continue;
        };
        let before = findings.len();
        if let Some(written) = written.get(&**name).filter(|written| written.is_object()) {
            members(ty, &wanted, written, &below, Parts::Members, findings, level + 1);
        }
        if findings.len() == before {
            findings.push(broken(ty, &wanted, &witness, &below, parts));
        }
    }
}

/// The value of a type that shows that it does not fit, in words.
fn broken(from: &Type, to: &Type, witness: &Value, place: &str, parts: Parts<'_>) -> Finding {
    let code = match parts {
        Parts::Input => Code::TRIGGER_INPUT,
        _ => Code::NOT_ASSIGNABLE,
    };
    let witness_text = shorten(&canonical(witness));
    let finding = match Type::of_value(witness) == *from {
        true => Finding::new(code, place, format!("expected {to}, found {witness_text}")),
        false => Finding::new(code, place, format!("expected {to}, found {from}"))
            .with_help(format!("a value that does not fit: {witness_text}")),
    };
    finding.with_found(witness.clone()).with_allowed(to.to_string())
}

fn missing(name: &str, wanted: &Type, place: &str, parts: Parts<'_>, how: &str) -> Finding {
    let (code, message) = match parts {
        Parts::Arguments(action) => {
            (Code::MISSING_ARGUMENT, format!("`{action}` needs `{name}`, which {how}"))
        }
        Parts::Input => (Code::TRIGGER_INPUT, format!("the input needs `{name}`, which {how}")),
        Parts::Members => (Code::NOT_ASSIGNABLE, format!("`{name}` is needed here, and {how}")),
    };
    Finding::new(code, place, message).with_allowed(format!("{name}: {wanted}"))
}

fn unknown(name: &str, to: &Type, place: &str, parts: Parts<'_>) -> Finding {
    let names = to.member_names();
    let near = nearest(name, names.iter().map(AsRef::as_ref));
    let (code, message) = match parts {
        Parts::Arguments(action) => {
            (Code::UNKNOWN_ARGUMENT, format!("`{action}` takes no `{}`", shorten(name)))
        }
        Parts::Input => (Code::TRIGGER_INPUT, format!("the input has no `{}`", shorten(name))),
        Parts::Members => (Code::NOT_ASSIGNABLE, format!("`{}` is not known here", shorten(name))),
    };
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    let finding = Finding::new(code, place, message).about_name().with_allowed(names);
    match near.first() {
        Some(first) => finding.with_help(format!("did you mean `{first}`?")),
        None => finding,
    }
}
