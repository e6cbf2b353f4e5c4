//! The process that is killed. It tells its parent, line by line: `started N ID`, `signalled ID MESSAGE`, `ended ID`, `waits`, and
//! `call NUMBER JSON`, which the parent writes down before it answers `NUMBER COUNT`.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use flov7::action::{Action, ActionContext, ActionError, ActionOutput, Registry};
use flov7::catalog::{ActionDescriptor, CORE_PREFIX};
use flov7::clock::Clock;
use flov7::embedded::{EmbeddedExecutor, Options};
use flov7::error::Error;
use flov7::execute::{Executor, StartOptions};
use flov7_conformance::script::{Answer, Script};
use flov7_sqlite::SqliteStore;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{EXECUTIONS, Fast};
use crate::author::World;
use crate::dice::Dice;
use crate::simulate::case_of;
use crate::simulate::stage::{answer_of, here, input_of, reply};

/// The line to the parent.
#[derive(Default)]
struct Line {
    next: AtomicU64,
    waiting: Mutex<BTreeMap<u64, oneshot::Sender<usize>>>,
}

fn say(text: &str) {
    let mut out = io::stdout().lock();
    // Nobody to hear it: the parent is gone, and so is this process soon.
    let _ = writeln!(out, "{text}");
    let _ = out.flush();
}

struct Asking {
    descriptor: ActionDescriptor,
    world: Arc<World>,
    line: Arc<Line>,
    clock: Arc<dyn Clock>,
}

#[async_trait]
impl Action for Asking {
    fn descriptor(&self) -> &ActionDescriptor {
        &self.descriptor
    }

    async fn call(&self, cx: &ActionContext, input: Arc<Value>) -> Result<ActionOutput, ActionError> {
        let number = self.line.next.fetch_add(1, Ordering::Relaxed);
        let (sender, answer) = oneshot::channel();
        self.line.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(number, sender);
        let told = json!({ "execution": cx.execution, "path": cx.path, "attempt": cx.attempt,
            "action": self.descriptor.id, "key": cx.idempotency_key(), "input": &*input });
        say(&format!("call {number} {told}"));
        let gone = || ActionError::unknown("gone", "the other side is gone");
        let count = answer.await.map_err(|_| gone())?;
        let (_, mut answer) = answer_of(&self.world, &self.descriptor.id, &cx.path, count);
        loop {
            match answer {
                Answer::Output(value) => return Ok(ActionOutput::new(value)),
                Answer::Fail(error) => return Err(error),
                Answer::After(delay, later) => {
                    self.clock.sleep_until(self.clock.now().saturating_add(delay)).await;
                    answer = *later;
                }
                _ => {
                    cx.cancellation.cancelled().await;
                    return Err(gone());
                }
            }
        }
    }
}

/// Runs until all executions have ended, or until it is killed.
///
/// # Errors
/// Where the store or a start fails.
pub fn child(store: &str, seed: u64, origin: i64) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(run(store, seed, origin)).map_err(|error| io::Error::other(format!("{error:?}")))
}

async fn run(path: &str, seed: u64, origin: i64) -> Result<(), Error> {
    let Some((case, workflow)) = case_of(seed) else { return Ok(()) };
    let clock: Arc<dyn Clock> = Arc::new(Fast { origin });
    let (world, line) = (Arc::new(case.world.clone()), Arc::new(Line::default()));
    // Connectors and the rest of the catalogue; each action is replaced.
    let mut registry: Registry = Script::new().registry(&case.catalog);
    for descriptor in case.catalog.actions().filter(|action| !action.id.starts_with(CORE_PREFIX)) {
        registry.insert(Arc::new(Asking {
            descriptor: descriptor.clone(),
            world: world.clone(),
            line: line.clone(),
            clock: clock.clone(),
        }));
    }
    let heard = line.clone();
    std::thread::spawn(move || {
        for text in io::stdin().lines().map_while(Result::ok) {
            let mut words = text.split(' ').filter_map(|word| word.parse::<u64>().ok());
            if let (Some(number), Some(count)) = (words.next(), words.next()) {
                let sender = heard.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&number);
                // The attempt may have been given up.
                let _ = sender.map(|sender| sender.send(usize::try_from(count).unwrap_or(0)));
            }
        }
    });
    let store = Arc::new(SqliteStore::open(path, flov7_sqlite::Options::new().with_clock(clock.clone()))?);
    let executor = EmbeddedExecutor::builder(store, Arc::new(registry))
        .with_clock(clock.clone())
        .with_bindings(here(), Script::bindings(workflow.bundle()))
        .with_options(
            Options::default().with_lease(Duration::from_secs(20_000)).with_look(Duration::from_secs(20)),
        )
        .open()?;
    say("open");
    let mut open = Vec::new();
    for number in 0..EXECUTIONS {
        let input = input_of(&case.world, &mut Dice::new(seed * 31 + number));
        let options = StartOptions::default().with_key(format!("k{number}"));
        let started = executor.start(&here(), &workflow, input, options).await?;
        say(&format!("started k{number} {}", started.execution));
        open.push(started.execution);
    }
    let (mut answered, mut rounds) = (BTreeSet::new(), 0u64);
    while !open.is_empty() {
        let (mut still, mut waiting) = (Vec::new(), 0);
        for id in open {
            let view = executor.describe(&here(), &id).await?;
            if view.status.is_ended() {
                say(&format!("ended {id}"));
                continue;
            }
            // Its instant has not come: it waits as it should.
            waiting +=
                usize::from(view.waiting.iter().any(|wait| wait.due.is_some_and(|due| due > clock.now())));
            for wait in &view.waiting {
                if let Some((token, signal)) = reply(&case.world, wait)
                    && !answered.contains(&token)
                    && executor.signal(&here(), &id, signal).await.is_ok()
                {
                    say(&format!("signalled {id} answer:{token}"));
                    answered.insert(token);
                }
            }
            still.push(id);
        }
        open = still;
        if waiting > 0 && waiting == open.len() && u64::is_multiple_of(rounds, 200) {
            say("waits");
        }
        rounds += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    say("over");
    executor.shutdown(Duration::ZERO).await;
    Ok(())
}
