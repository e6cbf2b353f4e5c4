//! `executions`, `show`, `signal`, `approve`, `cancel`, `pause`, `unpause`: looking at a store, and posting to it, beside its executor.

use std::time::Duration;

use flov7::clock::{Clock, Entropy, SystemClock, SystemEntropy};
use flov7::error::{Error, ErrorKind};
use flov7::execute::{Inspection, SignalRequest, signal_message, waiting_approval};
use flov7::id::{StepPath, WorkflowName};
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, Control, Status};
use flov7::store::{Accepted, ExecutionQuery, ExecutionStore, Message, MessageBody, PAGE_ROWS};
use flov7_sqlite::SqliteStore;
use serde_json::{Value, json};

use super::execution::{Next, exit_of, text, view_json, word};
use super::run::{execution_id, tell};
use super::{Answer, DONE, FAILED};
use crate::args::{self, Common, Since};
use crate::engine::{attach, is_owned, namespace};
use crate::failure::Failure;
use crate::files;
use crate::hint::{Again, quoted};
use crate::output::{Output, clean};

/// All that an execution can be doing.
const STATUSES: [Status; 8] = [
    Status::Running,
    Status::Waiting,
    Status::Paused,
    Status::Blocked,
    Status::Completed,
    Status::Failed,
    Status::Cancelled,
    Status::Terminated,
];

/// `executions`: a page of them, newest first.
pub(crate) async fn executions(output: Output, common: &Common, args: &args::Executions) -> Answer {
    let namespace = namespace(common)?;
    let mut query = ExecutionQuery::default();
    query.limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    for status in &args.status {
        let parsed: Result<Status, _> = serde_json::from_value(Value::String(status.clone()));
        let unknown = |_| {
            Failure::unreadable(format!("{status:?} is no status; one is {}", STATUSES.map(word).join(", ")))
        };
        query.statuses.push(parsed.map_err(unknown)?);
    }
    if let Some(name) = &args.workflow {
        let parsed = WorkflowName::parse(name);
        query.workflow = Some(parsed.map_err(|error| Failure::unreadable(format!("{name:?}: {error}")))?);
    }
    query.tags = args.tags.iter().cloned().collect();
    let now = SystemClock.now();
    let at = |since: Since| match since {
        Since::At(at) => at,
        Since::Ago(ago) => {
            now.saturating_add_ms(i64::try_from(ago.as_millis()).unwrap_or(i64::MAX).saturating_neg())
        }
    };
    (query.started_after, query.started_before) = (args.since.map(at), args.until.map(at));
    query.after = args.after.as_deref().map(execution_id).transpose()?;
    let store = match attach(output, common) {
        Ok(store) => store,
        // A store that does not exist yet holds nothing.
        Err(failure) if failure.kind == Some(ErrorKind::NotFound.as_str()) => {
            output.either(|| json!({ "executions": [] }), || "no executions\n".into());
            return Ok(DONE);
        }
        Err(failure) => return Err(failure),
    };
    let page = store.executions(&namespace, &query).await?;
    output.either(
        || {
            let rows: Vec<Value> = page
                .executions
                .iter()
                .map(|row| {
                    let mut shown = json!({ "execution": row.execution, "workflow": row.workflow,
                        "status": row.head.status, "started": row.started, "changed": row.changed });
                    if !row.tags.is_empty() {
                        shown["tags"] = json!(row.tags);
                    }
                    shown
                })
                .collect();
            let mut answer = json!({ "executions": rows });
            if let Some(next) = &page.next {
                answer["next"] = json!(next);
            }
            answer
        },
        || {
            let rows = page.executions.iter().map(|row| {
                let tags = row.tags.iter().map(|(name, value)| format!("  {name}={}", clean(value)));
                format!(
                    "{}  {:<10}  {}  {}{}\n",
                    row.execution,
                    word(row.head.status),
                    row.started,
                    row.workflow,
                    tags.collect::<String>()
                )
            });
            let mut out: String = rows.collect();
            if let Some(next) = &page.next {
                let mut command = format!("executions --after {next} --limit {}", args.limit);
                for status in &args.status {
                    command.push_str(&format!(" --status {}", quoted(status)));
                }
                if let Some(name) = &args.workflow {
                    command.push_str(&format!(" --workflow {}", quoted(name)));
                }
                for (name, value) in &args.tags {
                    command.push_str(&format!(" --tag {}", quoted(&format!("{name}={value}"))));
                }
                for (option, at) in [("--since", query.started_after), ("--until", query.started_before)] {
                    if let Some(at) = at {
                        command.push_str(&format!(" {option} {at}"));
                    }
                }
                out.push_str(&format!("more: {}\n", Again::new(common).posting(&command)));
            }
            if out.is_empty() { "no executions\n".into() } else { out }
        },
    );
    Ok(DONE)
}

/// `events`: a page of the outbox, oldest first.
pub(crate) async fn events(output: Output, common: &Common, args: &args::Events) -> Answer {
    let namespace = namespace(common)?;
    let store = attach(output, common)?;
    let events =
        store.emitted(&namespace, args.after, usize::try_from(args.limit).unwrap_or(PAGE_ROWS)).await?;
    output.either(
        || {
            let next = events.last().map_or(args.after, |event| event.cursor);
            json!({ "events": events, "next": next })
        },
        || {
            let rows = events.iter().map(|event| {
                let name = crate::output::clean(&event.name);
                let payload = super::execution::short(&event.payload, 160);
                format!(
                    "{}  {}  {}  {}  {name} {payload}\n",
                    event.cursor, event.at, event.execution, event.path
                )
            });
            let out: String = rows.collect();
            if out.is_empty() { "no events\n".into() } else { out }
        },
    );
    Ok(DONE)
}

/// `show`: one execution, once or until it ends.
pub(crate) async fn show(output: Output, common: &Common, args: &args::Show) -> Answer {
    let namespace = namespace(common)?;
    let id = execution_id(&args.id)?;
    let store = attach(output, common)?;
    let again = Again::new(common);
    let mut found = Inspection::of(&store, &namespace, &id).await?;
    let mut mark = 0;
    while args.watch && !found.view.status.is_ended() {
        if !output.json {
            output.say(&text(output, &found.view, Next::Commands(&again, &found.inbox)));
        }
        let before = view_json(&found.view, &found.inbox);
        while view_json(&found.view, &found.inbox) == before {
            // A hint comes when something is written; without one a look each second is enough for a person.
            tokio::select! {
                seen = store.changed(mark) => mark = seen,
                () = tokio::time::sleep(Duration::from_secs(1)) => {}
            }
            found = Inspection::of(&store, &namespace, &id).await?;
        }
    }
    let Some(format) = args.format else { return tell(output, &found.view, &again, &found.inbox) };
    // The document is the execution's own; a catalogue that is at hand gives titles.
    let registry = files::registry(common, None)?;
    let mut graph = flov7::view::graph(&found.bundle.document, registry.catalog());
    flov7::view::mark_execution(&mut graph, &found.view);
    let said = view_json(&found.view, &found.inbox);
    super::look::draw(output, &graph, format, args.out.as_deref(), args.force, said)?;
    Ok(exit_of(found.view.status))
}

/// `signal`: to a declared name, or to the token of a wait.
pub(crate) async fn signal(output: Output, common: &Common, args: &args::Signal) -> Answer {
    let payload = files::argument(&args.payload, "the payload")?;
    let desk = Desk::open(output, common, &args.id).await?;
    let is_token = desk.found.view.waiting.iter().any(|wait| wait.token.as_deref() == Some(args.to.as_str()));
    if is_token && args.message_id.is_some() {
        let message = "--id is for signals by name: a wait takes one answer to its token, whatever its id";
        return Err(Failure::unreadable(message));
    }
    if is_token && args.key.is_some() {
        return Err(Failure::unreadable("--key is for signals by name: a token says which wait is meant"));
    }
    let to = if is_token {
        SignalTo::Token(args.to.clone())
    } else {
        SignalTo::Name { name: args.to.clone(), key: args.key.clone() }
    };
    let mut request = SignalRequest::new(to, payload, Actor::new(user(args.by.as_deref())));
    if let Some(id) = &args.message_id {
        request = request.with_id(id);
    }
    let message = signal_message(&desk.found, request, &SystemEntropy);
    desk.post(message).await
}

/// `approve`: yes, or no, to the approval that waits.
pub(crate) async fn approve(output: Output, common: &Common, args: &args::Approve) -> Answer {
    let step = args.step.as_deref().map(StepPath::parse).transpose();
    let step = step.map_err(|error| Failure::unreadable(format!("--step: {error}")))?;
    let desk = Desk::open(output, common, &args.id).await?;
    let wait = waiting_approval(&desk.found, step.as_ref()).map_err(|error| match error.kind() {
        ErrorKind::Conflict => {
            Error::new(ErrorKind::Conflict, format!("{error}; say which with --step PATH"))
        }
        _ => error,
    });
    let message = wait.and_then(|wait| {
        let token = wait.token.clone().unwrap_or_default();
        let mut payload = json!({ "approved": !args.no });
        if let Some(note) = &args.note {
            payload["note"] = json!(note);
        }
        let by = Actor::new(user(args.by.as_deref()));
        let request = SignalRequest::new(SignalTo::Token(token), payload, by);
        signal_message(&desk.found, request, &SystemEntropy)
    });
    desk.post(message).await
}

/// `cancel`, in order, where what was cancelled already is stopped at once; `pause` and `unpause`.
pub(crate) async fn steer(output: Output, common: &Common, args: &args::Steer, control: Control) -> Answer {
    let desk = Desk::open(output, common, &args.id).await?;
    let message = Message {
        id: format!("{:032x}", SystemEntropy.bits()),
        body: MessageBody::Control(control),
        by: Actor::new(user(args.by.as_deref())),
    };
    desk.post(Ok(message)).await
}

/// Who uses this shell.
pub(crate) fn user(named: Option<&str>) -> String {
    let from = |name: &str| std::env::var(name).ok().filter(|user| !user.is_empty());
    named
        .map(str::to_owned)
        .or_else(|| from("USER"))
        .or_else(|| from("USERNAME"))
        .unwrap_or_else(|| "shell".into())
}

/// Where messages to one execution are posted.
struct Desk<'a> {
    output: Output,
    common: &'a Common,
    store: SqliteStore,
    found: Inspection,
}

impl<'a> Desk<'a> {
    async fn open(output: Output, common: &'a Common, id: &str) -> Result<Desk<'a>, Failure> {
        let namespace = namespace(common)?;
        let id = execution_id(id)?;
        let store = attach(output, common)?;
        let found = Inspection::of(&store, &namespace, &id).await?;
        Ok(Desk { output, common, store, found })
    }

    /// Posts what passed the door; what did not is refused with exit 1.
    async fn post(self, message: Result<Message, Error>) -> Answer {
        let refused = |error: Error| Failure::from(error).with_exit(FAILED);
        let message = message.map_err(refused)?;
        let namespace = namespace(self.common)?;
        let id = &self.found.row.execution;
        let accepted = self.store.post(&namespace, id, message).await.map_err(refused)?;
        let duplicate = accepted == Accepted::Duplicate;
        if !is_owned(self.common) {
            let resume = Again::new(self.common).executing(&format!("resume {id}"));
            self.output.note(&format!("nobody runs it now; to go on: {resume}"));
        }
        self.output.either(
            || json!({ "accepted": true, "duplicate": duplicate }),
            || {
                if duplicate {
                    "there is an answer or message with this id already: the first one counts\n".into()
                } else {
                    "accepted\n".into()
                }
            },
        );
        Ok(DONE)
    }
}
