//! The door: what is held against a signal before it is posted, by any process (RULES, signal).

use super::SignalRequest;
use super::inspect::Inspection;
use crate::clock::Entropy;
use crate::error::{Error, ErrorKind};
use crate::finding::{Code, Finding, Report, nearest};
use crate::id::StepPath;
use crate::json;
use crate::machine::event::{ScheduledKind, SignalTo};
use crate::machine::{PAYLOAD_BYTES, Refusal, Waiting};
use crate::store::{Message, MessageBody};

/// A signal as the message that is posted, with its payload normalised and held against its schema.
///
/// To a name, the signal must be declared; it may come before anyone waits for it. To a token, someone must wait under
/// it: for a signal, an approval ([`crate::machine::approval`]) or an answer. A message to a token that brings no id of
/// its own takes one from the token, so that the first answer counts and a second one is a duplicate. What waits in the
/// inbox counts as taken: a wait that has its answer there, under whatever name, waits no more.
///
/// # Errors
/// `Closed` for an execution that ended; `NotFound` for a token that nobody waits under; `Invalid`, with a report, for a
/// name that is not declared or a payload that does not conform; `Newer` or `Defect` where this release cannot tell what
/// the execution is doing.
pub fn signal_message(
    found: &Inspection,
    signal: SignalRequest,
    entropy: &dyn Entropy,
) -> Result<Message, Error> {
    let ended = || {
        let message = format!("execution {} has ended", found.view.execution);
        Error::new(ErrorKind::Closed, message)
    };
    if found.view.status.is_ended() {
        return Err(ended());
    }
    let payload = json::enter(signal.payload, json::MAX_DEPTH, PAYLOAD_BYTES)
        .map_err(|fault| invalid(Code::INPUT_INVALID, &format!("the payload: {fault}"), None))?;
    if json::canonical_size(&payload) > PAYLOAD_BYTES {
        let message = format!("the payload has more than {PAYLOAD_BYTES} bytes");
        return Err(invalid(Code::INPUT_INVALID, &message, None));
    }
    let id = match (signal.id, &signal.to) {
        (Some(id), _) => id,
        // One answer for each wait, whoever gives it: a second one is told that it is a duplicate.
        (None, SignalTo::Token(token) | SignalTo::Wait { token, .. }) => format!("answer:{token}"),
        (None, SignalTo::Name { .. }) => format!("{:032x}", entropy.bits()),
    };
    let mut machine = found.machine()?;
    let answered = machine.accepts(&signal.to, &payload);
    // What waits in the inbox comes first: it may be the answer already, or end the wait. What is there under the same id
    // is this one, and the store says so.
    if answered.is_ok() && !found.inbox.iter().any(|message| message.id == id) {
        machine.keep(found.row.changed, found.inbox.iter().cloned().map(Into::into).collect());
    }
    match answered.and_then(|()| machine.accepts(&signal.to, &payload)) {
        Ok(()) => {}
        Err(Refusal::Ended) => return Err(ended()),
        Err(refusal @ Refusal::NoWaiter) => {
            return Err(Error::new(ErrorKind::NotFound, refusal.to_string()));
        }
        Err(refusal @ Refusal::Undeclared { .. }) => {
            let declared = found.bundle.document.signals.keys().map(String::as_str);
            let near = match &signal.to {
                SignalTo::Name { name, .. } => nearest(name, declared).into_iter().next(),
                SignalTo::Token(_) | SignalTo::Wait { .. } => None,
            };
            return Err(invalid(Code::UNKNOWN_SIGNAL, &refusal.to_string(), near));
        }
        Err(refusal) => return Err(invalid(Code::INPUT_INVALID, &refusal.to_string(), None)),
    }
    let to = match signal.to {
        SignalTo::Token(token) => to_wait(found, token),
        to => to,
    };
    Ok(Message { id, body: MessageBody::Signal { to, payload }, by: signal.by })
}

/// Where an answer to a token goes. Another answer may come between the door and the machine: one to a wait for a signal
/// stays a signal of its name.
fn to_wait(found: &Inspection, token: String) -> SignalTo {
    let wait = found.view.waiting.iter().find(|wait| wait.token.as_deref() == Some(token.as_str()));
    match wait.and_then(|wait| Some((wait.signal.clone()?, wait.key.clone()))) {
        Some((name, key)) => SignalTo::Wait { token, name, key },
        None => SignalTo::Token(token),
    }
}

/// The wait that an approval answers: that of a step, or the only one there is.
///
/// # Errors
/// `Closed` for an execution that ended; `NotFound` where no approval waits (at that step); `Conflict` where several
/// wait and no step is named.
pub fn waiting_approval<'a>(found: &'a Inspection, step: Option<&StepPath>) -> Result<&'a Waiting, Error> {
    if found.view.status.is_ended() {
        let message = format!("execution {} has ended", found.view.execution);
        return Err(Error::new(ErrorKind::Closed, message));
    }
    let approvals = || found.view.waiting.iter().filter(|wait| wait.kind == ScheduledKind::Approve);
    let mut open = approvals().filter(|wait| step.is_none_or(|step| *step == wait.path));
    match (open.next(), open.next()) {
        (Some(only), None) => Ok(only),
        (Some(_), Some(_)) => {
            let paths: Vec<_> = approvals().map(|wait| wait.path.as_str()).collect();
            let message = format!("several approvals wait: {}", paths.join(", "));
            Err(Error::new(ErrorKind::Conflict, message))
        }
        (None, _) => {
            let place = step.map_or_else(String::new, |step| format!(" at `{step}`"));
            Err(Error::new(ErrorKind::NotFound, format!("no approval waits{place}")))
        }
    }
}

fn invalid(code: Code, message: &str, near: Option<String>) -> Error {
    let mut finding = Finding::new(code, "", message);
    if let Some(near) = near {
        finding = finding.with_help(format!("did you mean `{near}`?"));
    }
    Error::invalid(Report::new(vec![finding], Vec::new()))
}
