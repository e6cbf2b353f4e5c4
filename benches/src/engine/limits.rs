//! The limits: what the disk and the language cost without us.

use std::future::Future;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rusqlite::{Connection, params};
use serde_json::{Value, json};
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// A row as large as a small turn.
const ROW_BYTES: usize = 400;

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let connection = Connection::open(path)?;
    connection.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "wal_autocheckpoint", 1_000)?;
    connection.execute_batch("create table rows (id integer primary key, body blob not null)")?;
    Ok(connection)
}

fn insert(connection: &Connection, body: &[u8]) -> rusqlite::Result<()> {
    connection.prepare_cached("insert into rows (body) values (?)")?.execute(params![body]).map(drop)
}

/// C: one commit of one row.
pub(super) struct Commits {
    connection: Connection,
}

impl Commits {
    /// Opens a file and writes until its log has wrapped: until then each commit also pays for growing it.
    pub(super) fn open(dir: &Path) -> rusqlite::Result<Commits> {
        let connection = open(&dir.join("limit.db"))?;
        let commits = Commits { connection };
        commits.slice(1_200)?;
        Ok(commits)
    }

    /// The mean time of `count` commits.
    pub(super) fn slice(&self, count: u32) -> rusqlite::Result<Duration> {
        let body = [7; ROW_BYTES];
        let start = Instant::now();
        for _ in 0..count {
            insert(&self.connection, &body)?;
        }
        Ok(start.elapsed() / count.max(1))
    }
}

/// G: many writers that wait, one thread that commits for all of them.
pub(super) struct Group {
    queue: Option<Sender<oneshot::Sender<()>>>,
    writer: Option<JoinHandle<rusqlite::Result<()>>>,
}

impl Group {
    /// Opens a file and starts its writer.
    pub(super) fn open(dir: &Path) -> rusqlite::Result<Group> {
        let connection = open(&dir.join("group.db"))?;
        let (queue, waiting) = channel();
        let writer = std::thread::spawn(move || write(&connection, &waiting));
        Ok(Group { queue: Some(queue), writer: Some(writer) })
    }

    /// Acknowledgements per second of 64 writers that each write `rows` rows, one after the other.
    pub(super) fn slice(&self, runtime: &Runtime, rows: u32) -> f64 {
        let Some(queue) = &self.queue else { return 0.0 };
        let start = Instant::now();
        runtime.block_on(async {
            let writers: Vec<_> = (0..64)
                .map(|_| {
                    let queue = queue.clone();
                    tokio::spawn(async move {
                        for _ in 0..rows {
                            let (done, acknowledged) = oneshot::channel();
                            if queue.send(done).is_err() || acknowledged.await.is_err() {
                                return;
                            }
                        }
                    })
                })
                .collect();
            for writer in writers {
                // A writer that stopped early makes the limit smaller, never the measure better.
                let _ = writer.await;
            }
        });
        f64::from(64 * rows) / start.elapsed().as_secs_f64()
    }
}

fn write(connection: &Connection, waiting: &Receiver<oneshot::Sender<()>>) -> rusqlite::Result<()> {
    let body = [7; ROW_BYTES];
    while let Ok(first) = waiting.recv() {
        let batch: Vec<_> = std::iter::once(first).chain(waiting.try_iter()).take(512).collect();
        connection.execute_batch("begin immediate")?;
        for _ in &batch {
            insert(connection, &body)?;
        }
        connection.execute_batch("commit")?;
        for done in batch {
            let _ = done.send(());
        }
    }
    Ok(())
}

impl Drop for Group {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(writer) = self.writer.take() {
            let _ = writer.join();
        }
    }
}

type Step = Box<dyn Fn(Arc<Value>) -> Pin<Box<dyn Future<Output = Arc<Value>> + Send>> + Send + Sync>;

/// F: the mean time of one boxed asynchronous step over a JSON value, in sequences of ten that begin with a copy of it.
pub(super) fn boxed_step(runtime: &Runtime, sequences: u32) -> Duration {
    let step: Step = Box::new(|mut value| {
        Box::pin(async move {
            if let Some(n) = Arc::make_mut(&mut value).get_mut("n") {
                *n = json!(n.as_i64().unwrap_or(0) + 1);
            }
            value
        })
    });
    let original = json!({ "order": super::world::order(), "n": 0 });
    let start = Instant::now();
    let last = runtime.block_on(async {
        let mut last = Arc::new(Value::Null);
        for _ in 0..sequences {
            let mut value = Arc::new(original.clone());
            for _ in 0..10 {
                value = step(value).await;
            }
            last = value;
        }
        last
    });
    let time = start.elapsed() / (sequences.max(1) * 10);
    assert_eq!(last["n"], json!(10), "the steps did their work");
    time
}
