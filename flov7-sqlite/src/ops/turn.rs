//! Committing one turn.

use flov7::error::ErrorKind;
use flov7::id::Timestamp;
use flov7::json;
use flov7::machine::Emission;
use flov7::store::{Created, Head, Turn, TurnError};
use rusqlite::OptionalExtension;

use super::Tx;
use crate::leases::Held;
use crate::rows::{Failed, Read, blocked_text, instant, number, status_text};

impl Tx<'_> {
    pub(crate) fn commit(&mut self, turn: &Turn) -> Read<Result<(), TurnError>> {
        let workflows = turn.check_children(self.capabilities);
        let held =
            self.leases.get(&turn.namespace, &turn.execution).filter(|held| held.is_under(&turn.lease));
        let Some(mut held) = held.cloned() else { return Ok(Err(TurnError::Fenced)) };
        if let Some(body) = &turn.body {
            if let Err(error) = body.check(self.capabilities) {
                return Ok(Err(TurnError::Refused(error)));
            }
            if body.first_seq != held.next_seq {
                return Ok(Err(TurnError::Conflict(held.next_seq)));
            }
        }
        let workflows = match workflows {
            Ok(workflows) => workflows,
            Err(error) => return Ok(Err(TurnError::Refused(error))),
        };
        // Nothing is refused from here on.
        if let Some(body) = &turn.body {
            self.append(held.row, body)?;
            held.next_seq = body.next_seq();
            held.next_turn = body.turn.saturating_add(1);
        }
        for id in &turn.consumed {
            self.consume(held.row, id)?;
        }
        if let Some(snapshot) = &turn.snapshot {
            self.connection
                .prepare_cached(
                    "INSERT OR REPLACE INTO snapshots (execution, next_turn, next_seq, body) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute((held.row, number(held.next_turn), number(held.next_seq), &**snapshot))?;
        }
        for (workflow, child) in workflows.iter().zip(&turn.children) {
            match self.create(&turn.namespace, workflow, child) {
                // One that is known is passed over: nothing of it was written.
                Err(Failed::Row(error)) if error.kind() == ErrorKind::Conflict => {}
                created => {
                    let refused = child.line.as_ref().and_then(|place| place.refused.as_ref());
                    if let (Created::Refused(_), Some(message)) = (created?, refused) {
                        self.pass_on(&turn.namespace, &turn.execution, message)?;
                    }
                }
            }
        }
        for event in &turn.emitted {
            self.emit(turn, event)?;
        }
        for (to, message) in &turn.posts {
            self.pass_on(&turn.namespace, to, message)?;
        }
        let changed = turn.head.as_ref().filter(|head| **head != held.head);
        if changed.is_some() || turn.release {
            self.write_head(&held, changed, turn.release)?;
        }
        if changed.is_some_and(|head| head.status.is_ended()) {
            self.leave_line(&turn.namespace, &held)?;
        }
        if let Some(head) = changed {
            held.head = head.clone();
        }
        self.notable |= turn.release;
        self.leases.set(&turn.namespace, &turn.execution, (!turn.release).then_some(held));
        Ok(Ok(()))
    }

    /// Puts an event into the outbox.
    fn emit(&mut self, turn: &Turn, event: &Emission) -> Read<()> {
        self.connection
            .prepare_cached(
                "INSERT INTO events (namespace, execution, path, name, payload, depth, at) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                turn.namespace.as_str(),
                turn.execution.as_str(),
                event.path.as_str(),
                &event.event,
                json::canonical(&event.payload),
                event.depth,
                self.now.ms(),
            ))?;
        self.notable = true;
        Ok(())
    }

    /// Writes the head where it changed, and lets go of the execution where its owner does.
    fn write_head(&mut self, held: &Held, changed: Option<&Head>, release: bool) -> Read<()> {
        let head = changed.unwrap_or(&held.head);
        let ended = head.status.is_ended();
        if ended {
            self.close_inbox(held.row)?;
        }
        let live = !release && !ended;
        let wake = if live || ended { None } else { self.parked_until(held.row, head)? };
        if let Some(wake) = wake {
            self.news.wakes(wake);
        }
        let wake = wake.map(|wake| wake.ms());
        let Some(head) = changed else {
            self.connection
                .prepare_cached("UPDATE executions SET live = ?2, wake = ?3 WHERE id = ?1")?
                .execute((held.row, live, wake))?;
            return Ok(());
        };
        self.connection
            .prepare_cached(
                "UPDATE executions SET status = ?2, due = ?3, buffered = ?4, buffered_bytes = ?5, live = ?6, \
                 wake = ?7, changed = ?8, blocked = ?9 WHERE id = ?1",
            )?
            .execute((
                held.row,
                status_text(head.status)?,
                head.due.map(|due| due.ms()),
                head.buffered,
                number(head.buffered_bytes),
                live,
                wake,
                self.now.ms(),
                blocked_text(head)?,
            ))?;
        Ok(())
    }

    /// When a parked execution may be claimed: when it is due, or since its oldest message; a blocked one only when it is
    /// due, for its messages would find it blocked again.
    fn parked_until(&self, row: i64, head: &Head) -> Read<Option<Timestamp>> {
        if head.blocked.is_some() {
            return Ok(head.due);
        }
        let mail: Option<i64> = self
            .connection
            .prepare_cached("SELECT at FROM inbox WHERE execution = ?1 AND pending = 1 ORDER BY id LIMIT 1")?
            .query_row([row], |row| row.get(0))
            .optional()?;
        Ok(head.due.into_iter().chain(mail.map(instant).transpose()?).min())
    }
}
