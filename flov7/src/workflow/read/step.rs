//! Steps, actions, and what holds for a step.

use serde_json::Value;

use super::condition::condition;
use super::data::data;
use super::document::id;
use super::reader::{Members, Reader, Zero, sort_members};
use crate::finding::Code;
use crate::workflow::{Action, OnError, Retry, Step, Then, Undo};

const MEMBERS: [&str; 12] = [
    "id",
    "after",
    "when",
    "action",
    "data",
    "condition",
    "timeout",
    "attempt_timeout",
    "retry",
    "undo",
    "on_error",
    "note",
];

/// The kinds of steps: a step is exactly one of them.
const BODIES: [&str; 3] = ["action", "data", "condition"];

/// The steps of one block. Those that cannot be read at all are left out; too deep a block is not entered.
pub(super) fn steps(reader: &mut Reader, value: &Value) -> Option<Vec<Step>> {
    let most = reader.limits.blocks;
    // The document's own steps are not nested in anything.
    if reader.blocks > most {
        reader.poison();
        reader.fault(Code::DOCUMENT_DEPTH, format!("blocks are nested deeper than {most}"));
        return None;
    }
    reader.blocks += 1;
    let steps = reader.list(value, "a list of steps", step);
    reader.blocks -= 1;
    steps
}

pub(super) fn step(reader: &mut Reader, value: &Value) -> Option<Step> {
    reader.steps += 1;
    let most = reader.limits.steps;
    if reader.steps > most {
        if reader.steps == most + 1 {
            reader.fault(Code::TOO_MANY_STEPS, format!("a workflow has at most {most} steps"));
        }
        return None;
    }
    let around = reader.step.take();
    let read = reader.owned(|reader| read_step(reader, value));
    reader.step = around;
    Some(read)
}

fn read_step(reader: &mut Reader, value: &Value) -> Step {
    let what = "a step";
    let Some(members) = value.as_object() else {
        reader.wrong_kind("a step (an object)", value);
        return Step::default();
    };
    let (found, all_known) = sort_members(members, &MEMBERS);
    let [named, after, when, does, computes, decides, timeout, attempt_timeout, repeats, undoes, rules, note] =
        found;
    reader.step = named.and_then(Value::as_str).map(str::to_owned);
    if !all_known {
        reader.unknown_members(members, what, &MEMBERS);
    }
    let id = reader.needed(members, named, what, "id", id);
    one_body(reader, members, [does, computes, decides], undoes.is_some());
    let mut step = Step {
        id: id.unwrap_or_default(),
        after: reader.known(after, "after", Reader::texts),
        when: reader.known(when, "when", Reader::condition),
        action: reader.known(does, "action", action),
        data: reader.known(computes, "data", data),
        condition: None,
        timeout: reader.known(timeout, "timeout", |reader, value| reader.duration(value, Zero::Refused)),
        attempt_timeout: reader
            .known(attempt_timeout, "attempt_timeout", |reader, value| reader.duration(value, Zero::Refused)),
        retry: reader.known(repeats, "retry", retry),
        undo: reader.known(undoes, "undo", undo),
        on_error: reader
            .known(rules, "on_error", |reader, value| reader.list(value, "a list of rules", on_error)),
        note: reader.known(note, "note", Reader::text),
    };
    step.condition = reader.known(decides, "condition", condition);
    step
}

/// Notes a step that is nothing, or more than one thing.
fn one_body(reader: &mut Reader, members: &Members, found: [Option<&Value>; 3], undoes: bool) {
    let there = BODIES.iter().zip(found).filter(|(_, value)| value.is_some());
    let mut bodies = there.map(|(name, _)| name);
    let Some(first) = bodies.next() else {
        reader.poison();
        if reader.has_slip(members, &BODIES) {
            return;
        }
        reader.fault(Code::MISSING_MEMBER, "a step has one of `action`, `data` and `condition`");
        return;
    };
    for other in bodies {
        reader.poison();
        reader.within(other, |reader| {
            let message = format!("a step with `{first}` cannot have `{other}` too");
            let help = "a step is exactly one of `action`, `data` and `condition`: make two steps of it";
            let finding = reader.about(Code::WRONG_KIND, message).about_name().with_help(help);
            reader.note(finding);
        });
    }
    if *first != "action" && undoes {
        reader.within("undo", |reader| {
            let message = format!("a step with `{first}` cannot have `undo`: only an action can be undone");
            let finding = reader.about(Code::WRONG_KIND, message).about_name();
            reader.note(finding);
        });
    }
}

fn action(reader: &mut Reader, value: &Value) -> Option<Action> {
    let what = "an action";
    let Some(members) = value.as_object() else {
        reader.wrong_kind("an action (an object)", value);
        return None;
    };
    let [uses, connection, with, expect] =
        reader.members(members, what, &["use", "connection", "with", "expect"]);
    let uses = reader.needed(members, uses, what, "use", Reader::text);
    let connection = reader.known(connection, "connection", Reader::text);
    let with = reader.known(with, "with", Reader::template);
    let expect = reader.known(expect, "expect", Reader::schema);
    Some(Action { uses: uses?, connection, with, expect })
}

fn retry(reader: &mut Reader, value: &Value) -> Option<Retry> {
    let what = "`retry`";
    let members = reader.object(value, what, &["attempts", "first", "factor", "max"])?;
    let attempts = reader.required(members, what, "attempts", |reader, value| reader.small(value, 1, 10_000));
    let first = reader.optional(members, "first", |reader, value| reader.duration(value, Zero::Allowed));
    let factor = reader.optional(members, "factor", |reader, value| reader.number(value, 1.0, 100.0));
    let max = reader.optional(members, "max", |reader, value| reader.duration(value, Zero::Allowed));
    Some(Retry { attempts: attempts?, first, factor, max })
}

fn undo(reader: &mut Reader, value: &Value) -> Option<Undo> {
    let what = "`undo`";
    let members = reader.object(value, what, &["use", "connection", "with", "retry"])?;
    let uses = reader.required(members, what, "use", Reader::text);
    let connection = reader.optional(members, "connection", Reader::text);
    let with = reader.optional(members, "with", Reader::template);
    let retry = reader.optional(members, "retry", retry);
    Some(Undo { uses: uses?, connection, with, retry })
}

fn on_error(reader: &mut Reader, value: &Value) -> Option<OnError> {
    let what = "a rule of `on_error`";
    let Some(members) = reader.object(value, what, &["codes", "steps", "value", "undo", "then"]) else {
        return Some(OnError::default());
    };
    Some(OnError {
        codes: reader.optional(members, "codes", Reader::texts),
        steps: reader.optional(members, "steps", Reader::texts),
        value: reader.optional(members, "value", Reader::template),
        undo: reader.optional(members, "undo", Reader::boolean).unwrap_or_default(),
        then: reader
            .required(members, what, "then", |reader, value| {
                reader.word(value, &[("continue", Then::Continue), ("fail", Then::Fail)])
            })
            .unwrap_or_default(),
    })
}
