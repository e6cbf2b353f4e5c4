//! Columns and what they mean. Whatever is read back is checked: a file may be damaged, or someone may have edited it.

use std::collections::BTreeMap;
use std::sync::Arc;

use flov7::error::Error;
use flov7::id::{Digest, ExecutionId, Namespace, StepPath, Timestamp, WorkflowName};
use flov7::json::{self, ReadLimits};
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, Blocked, Control, Status};
use flov7::store::{ExecutionRow, Head, Lease, Message, MessageBody, TurnBody};
use rusqlite::Row;
use serde_json::Value;

use crate::error::corrupt;

/// A statement failed, or what it gave is not what we write.
#[derive(Debug)]
pub(crate) enum Failed {
    Sqlite(rusqlite::Error),
    Row(Error),
}

impl From<rusqlite::Error> for Failed {
    fn from(error: rusqlite::Error) -> Self {
        Failed::Sqlite(error)
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Failed::Row(error)
    }
}

pub(crate) type Read<T> = Result<T, Failed>;

/// A number as SQLite stores it, which has no unsigned ones; `TurnBody::check` holds those that count below 2^63.
pub(crate) fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number that was stored by [`number`].
pub(crate) fn unsigned(number: i64) -> Result<u64, Error> {
    u64::try_from(number).map_err(|_| corrupt("a negative number"))
}

/// The columns of [`execution_row`], of the table `executions` as `e` with its bundle as `b`.
pub(crate) const ROW_COLUMNS: &str = "e.execution, e.workflow, b.digest, e.status, e.due, e.buffered, \
     e.buffered_bytes, e.blocked, e.key, e.started, e.changed, e.id, e.tags";

/// An execution's row, without its lease; and its number in the file.
pub(crate) fn execution_row(row: &Row<'_>) -> Read<(i64, ExecutionRow)> {
    let execution = parse(&text(row, 0)?, ExecutionId::parse)?;
    let head = head(row, 3)?;
    let shown = ExecutionRow {
        execution,
        workflow: parse(&text(row, 1)?, WorkflowName::parse)?,
        bundle: Digest::from_bytes(row.get(2)?),
        head,
        key: row.get(8)?,
        tags: tags(row, 12)?,
        lease: None::<Lease>,
        started: instant(row.get(9)?)?,
        changed: instant(row.get(10)?)?,
    };
    Ok((row.get(11)?, shown))
}

/// A head of the five columns status, due, buffered, buffered_bytes and blocked.
pub(crate) fn head(row: &Row<'_>, first: usize) -> Read<Head> {
    let status = status(row.get_ref(first)?.as_str().map_err(|_| corrupt("a status that is no text"))?)?;
    let due = row.get::<_, Option<i64>>(first + 1)?.map(instant).transpose()?;
    let buffered = row.get::<_, u32>(first + 2)?;
    let mut head = Head::new(status, due).with_buffered(buffered, unsigned(row.get(first + 3)?)?);
    head.blocked = row.get::<_, Option<String>>(first + 4)?.map(|text| blocked(&text)).transpose()?;
    Ok(head)
}

/// Why an execution is blocked, as the file has it: JSON.
pub(crate) fn blocked_text(head: &Head) -> Result<Option<String>, Error> {
    let write = |why| serde_json::to_string(why).map_err(|_| Error::defect("a reason cannot be written"));
    head.blocked.as_ref().map(write).transpose()
}

fn blocked(text: &str) -> Result<Blocked, Error> {
    let value = json::read(text, &ReadLimits::default())
        .map_err(|error| corrupt(format_args!("a reason: {error}")))?;
    serde_json::from_value(value).map_err(|error| corrupt(format_args!("a reason: {error}")))
}

/// Tags as the file has them: JSON; nothing where there are none.
pub(crate) fn tags_text(tags: &BTreeMap<String, String>) -> Result<Option<String>, Error> {
    if tags.is_empty() {
        return Ok(None);
    }
    let text = serde_json::to_string(tags).map_err(|_| Error::defect("tags cannot be written"))?;
    Ok(Some(text))
}

fn tags(row: &Row<'_>, column: usize) -> Read<BTreeMap<String, String>> {
    let Some(text) = row.get::<_, Option<String>>(column)? else { return Ok(BTreeMap::new()) };
    serde_json::from_value(read(&text)?).map_err(|_| corrupt(format_args!("the tags {text:?}")).into())
}

/// A status as the file has it: its name in JSON.
pub(crate) fn status_text(status: Status) -> Result<String, Error> {
    match serde_json::to_value(status) {
        Ok(Value::String(text)) => Ok(text),
        _ => Err(Error::defect("a status has no name")),
    }
}

fn status(text: &str) -> Result<Status, Error> {
    serde_json::from_value(Value::String(text.to_owned()))
        .map_err(|_| corrupt(format_args!("the status {text:?}")))
}

/// The columns of [`turn_body`].
pub(crate) const TURN_COLUMNS: &str = "seq, count, turn, at, v, decided, body";

/// A turn, byte for byte.
pub(crate) fn turn_body(row: &Row<'_>) -> Read<TurnBody> {
    let body = row.get_ref(6)?.as_blob().map_err(|_| corrupt("a turn that is no blob"))?;
    Ok(TurnBody {
        first_seq: unsigned(row.get(0)?)?,
        count: row.get(1)?,
        turn: unsigned(row.get(2)?)?,
        at: instant(row.get(3)?)?,
        v: row.get(4)?,
        decided: row.get::<_, i64>(5)?.cast_unsigned(),
        body: Arc::from(body),
    })
}

/// The columns of [`message`].
pub(crate) const MESSAGE_COLUMNS: &str = "i.message, i.kind, i.target, i.payload, i.sender";

/// A message of the inbox.
pub(crate) fn message(row: &Row<'_>, first: usize) -> Read<Message> {
    let (kind, target) = (text(row, first + 1)?, text(row, first + 2)?);
    let body = match kind.as_str() {
        "signal" => {
            let payload: Option<String> = row.get(first + 3)?;
            let payload = payload.ok_or_else(|| corrupt("a signal without a payload"))?;
            let to: SignalTo = serde_json::from_value(read(&target)?)
                .map_err(|_| corrupt(format_args!("a signal to {target:?}")))?;
            MessageBody::Signal { to, payload: read(&payload)? }
        }
        "control" => {
            let control: Control = serde_json::from_value(Value::String(target.clone()))
                .map_err(|_| corrupt(format_args!("the control {target:?}")))?;
            MessageBody::Control(control)
        }
        "turn" => MessageBody::Turn,
        "child" => {
            let payload: Option<String> = row.get(first + 3)?;
            let payload = payload.ok_or_else(|| corrupt("an end without an outcome"))?;
            let strange = |_| corrupt(format_args!("the end of {target:?}"));
            let (path, execution) = serde_json::from_value(read(&target)?).map_err(strange)?;
            let outcome = serde_json::from_value(read(&payload)?).map_err(strange)?;
            MessageBody::Child { path, execution, outcome }
        }
        _ => return Err(corrupt(format_args!("a message of kind {kind:?}")).into()),
    };
    Ok(Message { id: text(row, first)?, body, by: Actor(text(row, first + 4)?) })
}

/// A message's kind, target and payload.
pub(crate) fn message_columns(body: &MessageBody) -> Result<(&'static str, String, Option<String>), Error> {
    let named =
        |value: Result<Value, serde_json::Error>| value.map_err(|_| Error::defect("a message has no JSON"));
    match body {
        MessageBody::Signal { to, payload } => {
            let target = json::canonical(&named(serde_json::to_value(to))?);
            Ok(("signal", target, Some(json::canonical(payload))))
        }
        MessageBody::Control(control) => match named(serde_json::to_value(control))? {
            Value::String(target) => Ok(("control", target, None)),
            _ => Err(Error::defect("a control has no name")),
        },
        MessageBody::Turn => Ok(("turn", String::new(), None)),
        MessageBody::Child { path, execution, outcome } => {
            let target = json::canonical(&named(serde_json::to_value((path, execution)))?);
            let outcome = json::canonical(&named(serde_json::to_value(outcome))?);
            Ok(("child", target, Some(outcome)))
        }
        _ => Err(Error::unsupported("this store does not know this kind of message")),
    }
}

pub(crate) fn namespace(row: &Row<'_>, column: usize) -> Read<Namespace> {
    Ok(parse(&text(row, column)?, Namespace::parse)?)
}

pub(crate) fn execution(row: &Row<'_>, column: usize) -> Read<ExecutionId> {
    Ok(parse(&text(row, column)?, ExecutionId::parse)?)
}

pub(crate) fn step_path(row: &Row<'_>, column: usize) -> Read<StepPath> {
    Ok(parse(&text(row, column)?, StepPath::parse)?)
}

pub(crate) fn workflow_name(row: &Row<'_>, column: usize) -> Read<WorkflowName> {
    Ok(parse(&text(row, column)?, WorkflowName::parse)?)
}

/// An instant of milliseconds.
pub(crate) fn instant(ms: i64) -> Result<Timestamp, Error> {
    let at = Timestamp::from_ms(ms);
    if at.ms() == ms { Ok(at) } else { Err(corrupt(format_args!("the instant {ms}"))) }
}

/// JSON through our own reader. What we wrote was within the limits when it was written.
pub(crate) fn read(text: &str) -> Result<Value, Error> {
    json::read(text, &limits())
        .map_err(|fault| corrupt("JSON that cannot be read").caused_by(fault.to_string()))
}

/// Limits of what a store reads back: nesting is bounded as everywhere, sizes by what was taken in.
pub(crate) fn limits() -> ReadLimits {
    ReadLimits::default().with_bytes(usize::MAX).with_values(usize::MAX).with_depth(json::MAX_STORED_DEPTH)
}

fn text(row: &Row<'_>, column: usize) -> Read<String> {
    Ok(row.get(column)?)
}

fn parse<T, E: std::fmt::Display>(text: &str, parse: impl Fn(&str) -> Result<T, E>) -> Result<T, Error> {
    parse(text).map_err(|error| corrupt(format_args!("a name that is none: {error}")))
}
