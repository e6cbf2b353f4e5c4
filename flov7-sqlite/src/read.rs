//! What is read, on connections that only read.

use std::sync::Arc;

use flov7::error::{Error, ErrorKind};
use flov7::id::{Digest, ExecutionId, Namespace, Timestamp, WorkflowName};
use flov7::machine::Emission;
use flov7::store::{
    EmittedEvent, ExecutionPage, ExecutionQuery, ExecutionRow, Loaded, Message, StoredRevision, TurnBody,
    Which, WorkflowRow, page_rows,
};
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, params_from_iter};

use crate::bundles::Bundles;
use crate::ops::workflows::{no_revision, no_workflow};
use crate::rows::{
    self, MESSAGE_COLUMNS, ROW_COLUMNS, Read, TURN_COLUMNS, execution_row, instant, number, turn_body,
    unsigned,
};

/// All of an execution, as of one moment.
pub(crate) fn restore(
    connection: &Connection,
    bundles: &Bundles,
    namespace: &Namespace,
    execution: &ExecutionId,
) -> Read<Loaded> {
    let snapshot_of_file = connection.unchecked_transaction()?;
    let sql = format!(
        "SELECT {ROW_COLUMNS} FROM executions e JOIN bundles b ON b.id = e.bundle \
         WHERE e.namespace = ?1 AND e.execution = ?2"
    );
    let found = connection
        .prepare_cached(&sql)?
        .query_row((namespace.as_str(), execution.as_str()), |row| Ok(execution_row(row)))
        .optional()?
        .transpose()?;
    let (id, row) = found.ok_or_else(|| no_execution(namespace, execution))?;
    let bundle = bundles.get(connection, &row.bundle)?;

    let snapshot: Option<(i64, i64, Vec<u8>)> = connection
        .prepare_cached("SELECT next_turn, next_seq, body FROM snapshots WHERE execution = ?1")?
        .query_row([id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let from = snapshot.as_ref().map_or(0, |(_, next_seq, _)| *next_seq);
    let snapshot = match snapshot {
        Some((next_turn, _, body)) => Some((unsigned(next_turn)?, Arc::from(body))),
        None => None,
    };
    let turns = turns_from(connection, id, from, usize::MAX)?;
    let sql = format!(
        "SELECT {MESSAGE_COLUMNS} FROM inbox i WHERE i.execution = ?1 AND i.pending = 1 ORDER BY i.id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut messages = statement.query([id])?;
    let mut inbox = Vec::new();
    while let Some(row) = messages.next()? {
        inbox.push(rows::message(row, 0)?);
    }
    drop(messages);
    snapshot_of_file.finish()?;
    Ok(Loaded { row, bundle, snapshot, turns, inbox })
}

/// Turns from the one that holds an event on.
pub(crate) fn turns(
    connection: &Connection,
    namespace: &Namespace,
    execution: &ExecutionId,
    from_seq: u64,
    limit: usize,
) -> Read<Vec<TurnBody>> {
    let id: Option<i64> = connection
        .prepare_cached("SELECT id FROM executions WHERE namespace = ?1 AND execution = ?2")?
        .query_row((namespace.as_str(), execution.as_str()), |row| row.get(0))
        .optional()?;
    let id = id.ok_or_else(|| no_execution(namespace, execution))?;
    turns_from(connection, id, number(from_seq), limit)
}

fn turns_from(connection: &Connection, id: i64, from_seq: i64, limit: usize) -> Read<Vec<TurnBody>> {
    // The turn that holds the event begins at or before it; the ones after it begin after it.
    let sql = format!(
        "SELECT {TURN_COLUMNS} FROM turns WHERE execution = ?1 AND seq + count > ?2 AND seq >= coalesce( \
             (SELECT max(seq) FROM turns WHERE execution = ?1 AND seq <= ?2), 0) \
         ORDER BY seq LIMIT ?3"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query((id, from_seq, i64::try_from(limit).unwrap_or(i64::MAX)))?;
    let mut turns: Vec<TurnBody> = Vec::new();
    while let Some(row) = found.next()? {
        let turn = turn_body(row)?;
        if let Some(before) = turns.last()
            && before.next_seq() != turn.first_seq
        {
            return Err(crate::error::corrupt("a journal with a gap").into());
        }
        turns.push(turn);
    }
    Ok(turns)
}

/// Executions by query, newest first.
pub(crate) fn executions(
    connection: &Connection,
    namespace: &Namespace,
    query: &ExecutionQuery,
) -> Read<ExecutionPage> {
    let limit = page_rows(query.limit);
    // One query for each status walks an index in order; what they give is merged.
    let statuses: Vec<Option<String>> = match query.statuses.as_slice() {
        [] => vec![None],
        some => some.iter().map(|status| rows::status_text(*status).map(Some)).collect::<Result<_, _>>()?,
    };
    // As of one moment: one whose status changes meanwhile is in one of the queries.
    let snapshot_of_file = connection.unchecked_transaction()?;
    let mut executions: Vec<ExecutionRow> = Vec::new();
    for status in statuses {
        // One more than the page holds tells whether another page follows.
        executions.extend(listed(connection, namespace, query, status, limit + 1)?);
    }
    snapshot_of_file.finish()?;
    executions.sort_by(|a, b| b.execution.cmp(&a.execution));
    executions.dedup_by(|a, b| a.execution == b.execution);
    let more = executions.len() > limit;
    executions.truncate(limit);
    let next = executions.last().filter(|_| more).map(|row| row.execution.clone());
    Ok(ExecutionPage { executions, next })
}

fn listed(
    connection: &Connection,
    namespace: &Namespace,
    query: &ExecutionQuery,
    status: Option<String>,
    limit: usize,
) -> Read<Vec<ExecutionRow>> {
    // Where a tag is wanted, its index leads, in the order of the listing.
    let mut tags = query.tags.iter();
    let (mut sql, mut values, by) = match tags.next() {
        None => {
            let from = "FROM executions e JOIN bundles b ON b.id = e.bundle WHERE e.namespace = ?";
            (format!("SELECT {ROW_COLUMNS} {from}"), vec![Value::from(namespace.to_string())], "e")
        }
        Some((name, value)) => {
            let from = "FROM tags t CROSS JOIN executions e ON e.id = t.row JOIN bundles b ON b.id = e.bundle \
                        WHERE t.namespace = ? AND t.name = ? AND t.value = ?";
            let values = [namespace.to_string(), name.clone(), value.clone()];
            (format!("SELECT {ROW_COLUMNS} {from}"), values.map(Value::from).to_vec(), "t")
        }
    };
    for (name, value) in tags {
        sql.push_str(" AND EXISTS (SELECT 1 FROM tags o WHERE o.row = e.id AND o.name = ? AND o.value = ?)");
        values.extend([Value::from(name.clone()), Value::from(value.clone())]);
    }
    for (condition, at) in
        [(" AND e.started >= ?", query.started_after), (" AND e.started < ?", query.started_before)]
    {
        if let Some(at) = at {
            sql.push_str(condition);
            values.push(Value::from(at.ms()));
        }
    }
    let mut only = |condition: &str, value: Option<String>| {
        if let Some(value) = value {
            sql.push_str(condition);
            values.push(Value::from(value));
        }
    };
    only(" AND e.status = ?", status);
    only(" AND e.workflow = ?", query.workflow.as_ref().map(WorkflowName::to_string));
    only(&format!(" AND {by}.execution < ?"), query.after.as_ref().map(ExecutionId::to_string));
    sql.push_str(&format!(" ORDER BY {by}.execution DESC LIMIT ?"));
    values.push(Value::from(i64::try_from(limit).unwrap_or(i64::MAX)));

    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(params_from_iter(values))?;
    let mut listed = Vec::new();
    while let Some(row) = found.next()? {
        listed.push(execution_row(row)?.1);
    }
    Ok(listed)
}

/// Unconsumed messages to executions that are worked on.
pub(crate) struct Arrived {
    /// Those that were wanted, oldest first.
    pub(crate) messages: Vec<(Namespace, ExecutionId, Message)>,
    /// Whether there were any at all.
    pub(crate) any: bool,
}

/// Unconsumed messages to executions that are worked on, of those that `wanted` says.
pub(crate) fn arrived(
    connection: &Connection,
    limit: usize,
    wanted: impl Fn(&Namespace, &ExecutionId) -> bool,
) -> Read<Arrived> {
    let sql = format!(
        "SELECT e.namespace, e.execution, {MESSAGE_COLUMNS} FROM inbox i JOIN executions e ON e.id = i.execution \
         WHERE i.pending = 1 AND e.live = 1 ORDER BY i.id"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut found = statement.query(())?;
    let mut arrived = Arrived { messages: Vec::new(), any: limit == 0 };
    while arrived.messages.len() < limit
        && let Some(row) = found.next()?
    {
        arrived.any = true;
        let (namespace, execution) = (rows::namespace(row, 0)?, rows::execution(row, 1)?);
        if wanted(&namespace, &execution) {
            let message = rows::message(row, 2)?;
            arrived.messages.push((namespace, execution, message));
        }
    }
    Ok(arrived)
}

/// Events of a namespace's outbox after a cursor.
pub(crate) fn emitted(
    connection: &Connection,
    namespace: &Namespace,
    after: u64,
    limit: usize,
) -> Read<Vec<EmittedEvent>> {
    let mut statement = connection.prepare_cached(
        "SELECT id, execution, path, name, payload, depth, at FROM events \
         WHERE namespace = ?1 AND id > ?2 ORDER BY id LIMIT ?3",
    )?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut found = statement.query((namespace.as_str(), number(after), limit))?;
    let mut events = Vec::new();
    while let Some(row) = found.next()? {
        let payload: String = row.get(4)?;
        let event = Emission::new(
            rows::step_path(row, 2)?,
            row.get::<_, String>(3)?,
            Arc::new(rows::read(&payload)?),
            row.get(5)?,
        );
        let (cursor, at) = (unsigned(row.get(0)?)?, instant(row.get(6)?)?);
        events.push(EmittedEvent::new(namespace, &rows::execution(row, 1)?, event, cursor, at));
    }
    Ok(events)
}

/// When an execution that nobody works on becomes claimable next.
pub(crate) fn next_wake(connection: &Connection) -> Read<Option<Timestamp>> {
    let wake: Option<i64> = connection
        .prepare_cached("SELECT wake FROM executions WHERE wake IS NOT NULL ORDER BY wake LIMIT 1")?
        .query_row((), |row| row.get(0))
        .optional()?;
    Ok(wake.map(instant).transpose()?)
}

/// A revision.
pub(crate) fn load(
    connection: &Connection,
    bundles: &Bundles,
    namespace: &Namespace,
    name: &WorkflowName,
    which: Which,
) -> Read<StoredRevision> {
    let snapshot_of_file = connection.unchecked_transaction()?;
    let known: Option<(i64, i64, Option<i64>)> = connection
        .prepare_cached("SELECT id, head, active FROM workflows WHERE namespace = ?1 AND name = ?2")?
        .query_row((namespace.as_str(), name.as_str()), |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let (workflow, head, active) = known.ok_or_else(|| no_workflow(name))?;
    let revision = match which {
        Which::Head => head,
        Which::Active => active
            .ok_or_else(|| Error::new(ErrorKind::NotFound, format!("no revision of `{name}` is active")))?,
        Which::Revision(revision) => number(revision),
    };
    let found = connection
        .prepare_cached(
            "SELECT b.digest FROM revisions r JOIN bundles b ON b.id = r.bundle \
             WHERE r.workflow = ?1 AND r.revision = ?2",
        )?
        .query_row((workflow, revision), |row| row.get(0))
        .optional()?;
    let revision = unsigned(revision)?;
    let digest = Digest::from_bytes(found.ok_or_else(|| no_revision(name, revision))?);
    let bundle = bundles.get(connection, &digest)?;
    snapshot_of_file.finish()?;
    let active = active.map(unsigned).transpose()? == Some(revision);
    Ok(StoredRevision { revision, bundle, digest, active })
}

/// Workflows by name.
pub(crate) fn workflows(
    connection: &Connection,
    namespace: &Namespace,
    after: Option<&WorkflowName>,
    limit: usize,
) -> Read<Vec<WorkflowRow>> {
    let mut statement = connection.prepare_cached(
        "SELECT name, head, active FROM workflows WHERE namespace = ?1 AND name > ?2 ORDER BY name LIMIT ?3",
    )?;
    let limit = i64::try_from(page_rows(limit)).unwrap_or(i64::MAX);
    // No name is empty: all come after the empty text.
    let after = after.map_or("", |after| after.as_str());
    let mut found = statement.query((namespace.as_str(), after, limit))?;
    let mut listed = Vec::new();
    while let Some(row) = found.next()? {
        listed.push(WorkflowRow {
            name: rows::workflow_name(row, 0)?,
            head: unsigned(row.get(1)?)?,
            active: row.get::<_, Option<i64>>(2)?.map(unsigned).transpose()?,
        });
    }
    Ok(listed)
}

fn no_execution(namespace: &Namespace, execution: &ExecutionId) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no execution {execution} in `{namespace}`"))
}
