//! Links: a value that goes where a schema waits for it (RULES, types.assign).

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::roots::Typed;
use crate::expr::has_mark;
use crate::finding::{Code, Finding, Misnamed, slip};
use crate::json::{PatchOp, ReadLimits, canonical, child};
use crate::types::{Assign, Kind, Kinds, Lowered, MemberLookup, Presence, Refusal, Type, assign};
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
pub(super) fn link(from: &Typed, to: &Lowered, written: &Value, place: &str, parts: Parts<'_>) -> Link {
    let decided = assign(&from.lowered(), to);
    if decided == Assign::Yes {
        return Link::Holds;
    }
    let mut findings = Vec::new();
    if let Value::Object(_) = written {
        members(from, to.upper(), written, place, parts, &mut findings, 0);
    }
    if let (Assign::No { witness }, true) = (&decided, findings.is_empty()) {
        findings.push(broken(&from.ty, to.upper(), witness, place, parts));
    }
    if findings.is_empty() {
        return Link::Undecided;
    }
    Link::Broken(findings)
}

/// Levels of objects within each other that are taken apart.
const LEVELS: usize = 16;

fn members(
    from: &Typed,
    to: &Type,
    written: &Value,
    place: &str,
    parts: Parts<'_>,
    findings: &mut Vec<Finding>,
    level: usize,
) {
    let Some(written) = written.as_object().filter(|_| level < LEVELS) else { return };
    let given = from.ty.members();
    let by_name: BTreeMap<&str, Presence> =
        given.iter().map(|(name, _, presence)| (&**name, *presence)).collect();
    // Where the other side also takes something else, no member of the object is to blame.
    if to.is_untyped() || !to.kinds().within(Kinds::only(Kind::Map)) {
        return;
    }
    for (name, wanted, presence) in to.members() {
        if presence == Presence::Required && !wanted.is_never() {
            match by_name.get(&*name) {
                // What is written with a slip of the pen is not missing too.
                None if given.iter().any(|(given, ..)| slip(given, [&*name]).is_some()) => {}
                None => findings.push(missing(&name, &wanted, place, parts, "is missing")),
                Some(Presence::Optional) => {
                    findings.push(missing(&name, &wanted, place, parts, "may be absent"));
                }
                Some(_) => {}
            }
        }
    }
    for (name, ty, _) in &given {
        let below = child(place, name);
        let wanted = match to.member(name) {
            MemberLookup::Required(wanted) | MemberLookup::Optional(wanted) => wanted,
            MemberLookup::Missing => {
                findings.push(unknown(name, to, written, &below, parts));
                continue;
            }
            _ => continue,
        };
        // What is written out comes as it is, whatever is computed beside it.
        let declared = from.declared || written.get(&**name).is_some_and(is_constant);
        let member = Typed { ty: ty.clone(), declared };
        let Assign::No { witness } = assign(&member.lowered(), &Lowered::declared(wanted.clone())) else {
            continue;
        };
        let before = findings.len();
        if let Some(written) = written.get(&**name).filter(|written| written.is_object()) {
            members(&member, &wanted, written, &below, Parts::Members, findings, level + 1);
        }
        if findings.len() == before {
            let mut finding = broken(ty, &wanted, &witness, &below, parts);
            finding.fix = written.get(&**name).and_then(|written| converted(written, ty, &wanted, &below));
            if let Some([PatchOp::Replace { value, .. }]) = finding.fix.as_deref() {
                finding.help = Some(format!(
                    "write `{}`",
                    shorten(&value.as_str().map_or_else(|| value.to_string(), str::to_owned))
                ));
            }
            findings.push(finding);
        }
    }
}

/// What can be said of a written object where some part of it is unclear: members that are not known, and needed ones
/// that are not written.
pub(super) fn misnamed(to: &Lowered, written: &Value, place: &str, parts: Parts<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    names(to.upper(), written, place, parts, &mut findings, 0);
    findings
}

fn names(
    to: &Type,
    written: &Value,
    place: &str,
    parts: Parts<'_>,
    findings: &mut Vec<Finding>,
    level: usize,
) {
    let Some(written) = written.as_object().filter(|_| level < LEVELS) else { return };
    if to.is_untyped() || !to.kinds().within(Kinds::only(Kind::Map)) {
        return;
    }
    for (name, wanted, presence) in to.members() {
        let slipped = || written.keys().any(|given| slip(given, [&*name]).is_some());
        let lacks = presence == Presence::Required && !wanted.is_never() && !written.contains_key(&*name);
        if lacks && !slipped() {
            findings.push(missing(&name, &wanted, place, parts, "is missing"));
        }
    }
    for (name, value) in written {
        let below = child(place, name);
        match to.member(name) {
            MemberLookup::Missing => findings.push(unknown(name, to, written, &below, parts)),
            MemberLookup::Required(wanted) | MemberLookup::Optional(wanted) => {
                names(&wanted, value, &below, Parts::Members, findings, level + 1);
            }
            _ => {}
        }
    }
}

/// Whether no expression stands in a template.
pub(super) fn is_constant(template: &Value) -> bool {
    // A document nests no deeper than its limit, so that recursion is safe.
    match template {
        Value::String(text) => !has_mark(text),
        Value::Array(items) => items.iter().all(is_constant),
        Value::Object(members) => members.values().all(is_constant),
        _ => true,
    }
}

/// The value of a type that shows that it does not fit, in words.
fn broken(from: &Type, to: &Type, witness: &Value, place: &str, parts: Parts<'_>) -> Finding {
    let code = match parts {
        Parts::Input => Code::TRIGGER_INPUT,
        _ => Code::NOT_ASSIGNABLE,
    };
    let witness_text = shorten(&canonical(witness));
    let (wanted, given) = (to.to_string(), from.to_string());
    let (text, number) = (Kinds::only(Kind::Text), Kinds::only(Kind::Number));
    let constant = Type::of_value(witness) == *from;
    // A limit: the words for both sides are the same, and say nothing.
    let limited = if constant { from.widen_literals().to_string() == wanted } else { wanted == given };
    // That text is wanted and a number found needs no second sentence.
    let said = format!("must be {wanted}");
    let why = to.refusal(witness).filter(|why| !why.pointer.is_empty() || !why.message.starts_with(&said));
    let message = match &why {
        Some(why) if limited => limit(why, constant),
        _ if constant => format!("expected {wanted}, found {witness_text}"),
        _ => format!("expected {wanted}, found {given}"),
    };
    let about = why.filter(|_| !limited).map(|why| match why.place() {
        Some(place) => format!("`{}` {}", shorten(&place), why.message),
        None => format!("it {}", why.message),
    });
    let help = match about {
        about if constant => about,
        _ if from.kinds().within(text) && to.kinds() == number => {
            Some("convert it inside of the expression: `int(…)` or `double(…)`".to_owned())
        }
        Some(about) => Some(format!("a value that does not fit: {witness_text}; {about}")),
        None => Some(format!("a value that does not fit: {witness_text}")),
    };
    let finding = Finding::new(code, place, message);
    let finding = match help {
        Some(help) => finding.with_help(help),
        None => finding,
    };
    finding.with_found(witness.clone()).with_allowed(to.to_string())
}

/// What is written as it should be, where that is certain: text is wanted of a number, or a literal number of text.
fn converted(written: &Value, from: &Type, to: &Type, place: &str) -> Option<Vec<PatchOp>> {
    let (text, number) = (Kinds::only(Kind::Text), Kinds::only(Kind::Number));
    let wanted = to.kinds();
    let value: Value = match written {
        Value::String(written) if wanted == text && from.kinds().within(number.and(Kind::Bool)) => {
            let inside = written.strip_prefix("${")?.strip_suffix('}')?.trim();
            format!("${{ string({inside}) }}").into()
        }
        Value::Number(number) if wanted == text => crate::json::number_text(number).into(),
        Value::String(written) if wanted == number && !written.contains("${") => {
            let number = crate::json::read(written, &ReadLimits::default().with_depth(0)).ok()?;
            number.is_number().then_some(number)?
        }
        _ => return None,
    };
    if let Value::String(mended) = &value {
        // `${ a } and ${ b }` begins and ends like one expression, and is none.
        crate::expr::Template::parse(&Value::String(mended.clone()), &crate::expr::Limits::default()).ok()?;
    } else if !matches!(
        assign(&Lowered::computed(Type::of_value(&value)), &Lowered::declared(to.clone())),
        Assign::Yes
    ) {
        return None;
    }
    Some(vec![PatchOp::Replace { path: place.to_owned(), value }])
}

/// The limit that the value breaks, or some of the values.
fn limit(why: &Refusal, constant: bool) -> String {
    let some =
        why.message.replacen(", and is ", ", and may be ", 1).replacen(", and has ", ", and may have ", 1);
    let broken = if constant { &why.message } else { &some };
    match why.place() {
        Some(place) => format!("`{}` of what comes here {broken}", shorten(&place)),
        None => format!("what comes here {broken}"),
    }
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

fn unknown(name: &str, to: &Type, written: &Map<String, Value>, place: &str, parts: Parts<'_>) -> Finding {
    let names = to.member_names();
    let (code, message) = match parts {
        Parts::Arguments(action) => {
            (Code::UNKNOWN_ARGUMENT, format!("`{action}` takes no `{}`", shorten(name)))
        }
        Parts::Input => (Code::TRIGGER_INPUT, format!("the input has no `{}`", shorten(name))),
        Parts::Members => (Code::NOT_ASSIGNABLE, format!("`{}` is not known here", shorten(name))),
    };
    let free = names.iter().map(AsRef::as_ref).filter(|name| !written.contains_key(*name));
    let mut finding = Finding::new(code, place, message).about_name();
    if written.contains_key(name) {
        finding = finding.with_names(name, free, Misnamed::Member);
    }
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    finding.with_allowed(names)
}
