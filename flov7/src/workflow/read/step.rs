//! Steps, actions, and what holds for a step.

use serde_json::Value;

use super::condition::condition;
use super::data::data;
use super::document::id;
use super::reader::{Members, Reader, Zero};
use super::limits::{MAX_BLOCKS, MAX_STEPS};
use crate::workflow::{Action, OnError, Retry, Step, Then, Undo};

const MEMBERS: &[&str] = &[
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
    if reader.blocks >= MAX_BLOCKS {
        reader.poison();
        reader.fault("document-depth", format!("blocks are nested deeper than {MAX_BLOCKS}"));
        return None;
    }
    reader.blocks += 1;
    let steps = reader.list(value, "a list of steps", step);
    reader.blocks -= 1;
    steps
}

fn step(reader: &mut Reader, value: &Value) -> Option<Step> {
    reader.steps += 1;
    if reader.steps > MAX_STEPS {
        if reader.steps == MAX_STEPS + 1 {
            reader.fault("too-many-steps", format!("a workflow has at most {MAX_STEPS} steps"));
        }
        return None;
    }
    let around = reader.step.take();
    let read = reader.owned(|reader| read_step(reader, value));
    reader.step = around;
    read
}

fn read_step(reader: &mut Reader, value: &Value) -> Option<Step> {
    let what = "a step";
    reader.step = value.get("id").and_then(Value::as_str).map(str::to_owned);
    let members = reader.object(value, what, MEMBERS)?;
    let id = reader.required(members, what, "id", id);
    one_body(reader, members);
    let mut step = Step {
        id: id.unwrap_or_default(),
        after: reader.optional(members, "after", Reader::texts),
        when: reader.optional(members, "when", Reader::condition),
        action: reader.optional(members, "action", action),
        data: reader.optional(members, "data", data),
        condition: None,
        timeout: reader.optional(members, "timeout", |reader, value| reader.duration(value, Zero::Refused)),
        attempt_timeout: reader
            .optional(members, "attempt_timeout", |reader, value| reader.duration(value, Zero::Refused)),
        retry: reader.optional(members, "retry", retry),
        undo: reader.optional(members, "undo", undo),
        on_error: reader
            .optional(members, "on_error", |reader, value| reader.list(value, "a list of rules", on_error)),
        note: reader.optional(members, "note", Reader::text),
    };
    step.condition = reader.optional(members, "condition", condition);
    Some(step)
}

/// Notes a step that is nothing, or more than one thing.
fn one_body(reader: &mut Reader, members: &Members) {
    let mut bodies = BODIES.iter().filter(|name| members.contains_key(**name));
    let Some(first) = bodies.next() else {
        reader.poison();
        reader.fault("missing-member", "a step has one of `action`, `data` and `condition`");
        return;
    };
    for other in bodies {
        reader.poison();
        reader.within(other, |reader| {
            reader
                .fault("unknown-member", format!("a step with `{first}` cannot have `{other}` too"))
                .help("a step is exactly one of `action`, `data` and `condition`: make two steps of it");
        });
    }
    if *first != "action" && members.contains_key("undo") {
        reader.within("undo", |reader| {
            reader.fault("unknown-member", format!("only an action can be undone, not a `{first}` step"));
        });
    }
}

fn action(reader: &mut Reader, value: &Value) -> Option<Action> {
    let what = "an action";
    let members = reader.object(value, what, &["use", "connection", "with", "expect"])?;
    Some(Action {
        uses: reader.required(members, what, "use", Reader::text)?,
        connection: reader.optional(members, "connection", Reader::text),
        with: reader.optional(members, "with", Reader::template),
        expect: reader.optional(members, "expect", Reader::schema),
    })
}

fn retry(reader: &mut Reader, value: &Value) -> Option<Retry> {
    let what = "`retry`";
    let members = reader.object(value, what, &["attempts", "first", "factor", "max"])?;
    Some(Retry {
        attempts: reader
            .required(members, what, "attempts", |reader, value| reader.small(value, 1, 10_000))?,
        first: reader.optional(members, "first", |reader, value| reader.duration(value, Zero::Allowed)),
        factor: reader.optional(members, "factor", |reader, value| reader.number(value, 1.0, 100.0)),
        max: reader.optional(members, "max", |reader, value| reader.duration(value, Zero::Allowed)),
    })
}

fn undo(reader: &mut Reader, value: &Value) -> Option<Undo> {
    let what = "`undo`";
    let members = reader.object(value, what, &["use", "connection", "with", "retry"])?;
    Some(Undo {
        uses: reader.required(members, what, "use", Reader::text)?,
        connection: reader.optional(members, "connection", Reader::text),
        with: reader.optional(members, "with", Reader::template),
        retry: reader.optional(members, "retry", retry),
    })
}

fn on_error(reader: &mut Reader, value: &Value) -> Option<OnError> {
    let what = "a rule of `on_error`";
    let members = reader.object(value, what, &["codes", "steps", "value", "undo", "then"])?;
    let then = reader.required(members, what, "then", |reader, value| {
        reader.word(value, &[("continue", Then::Continue), ("fail", Then::Fail)])
    });
    Some(OnError {
        codes: reader.optional(members, "codes", Reader::texts),
        steps: reader.optional(members, "steps", Reader::texts),
        value: reader.optional(members, "value", Reader::template),
        undo: reader.optional(members, "undo", Reader::boolean).unwrap_or_default(),
        then: then?,
    })
}
