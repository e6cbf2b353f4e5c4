//! What only the inside can bring about: commits that fail, and batches of a known size.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use flov7::error::ErrorKind;
use flov7::id::{ExecutionId, Namespace, Timestamp};
use flov7::machine::Status;
use flov7::store::{
    Claim, Created, ExecutionQuery, ExecutionStore, Head, Lease, NewExecution, Turn, TurnBody, TurnError,
};
use serde_json::json;

use crate::{Options, SqliteStore};

struct File(PathBuf);

impl File {
    fn new() -> File {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("flov7-sqlite-inside-{}-{}.db", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        File(std::env::temp_dir().join(name))
    }

    fn open(&self) -> SqliteStore {
        SqliteStore::open(&self.0, Options::new()).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        for end in ["", "-wal", "-shm", ".lock"] {
            let _ = std::fs::remove_file(format!("{}{end}", self.0.display()));
        }
    }
}

fn ns() -> Namespace {
    Namespace::default()
}

fn id(n: u64) -> ExecutionId {
    ExecutionId::new(n, [5; 10])
}

fn body(seq: u64, bytes: usize) -> TurnBody {
    let body = vec![7; bytes].into();
    TurnBody { first_seq: seq, count: 1, turn: seq, at: Timestamp::EPOCH, v: 1, decided: 0, body }
}

async fn start(store: &SqliteStore, n: u64) -> Lease {
    let document = json!({ "flov7": 1, "name": "orders", "steps": [{ "id": "a", "data": { "set": 1 } }] });
    let bundle: flov7::validate::Bundle =
        serde_json::from_value(json!({ "document": document, "interfaces": {}, "rules": 1 })).unwrap();
    let digest = bundle.digest();
    let head = Head::new(Status::Running, None);
    let new = NewExecution::new(id(n), Arc::new(bundle), digest, body(0, 1), head).with_lease("me", 60_000);
    match store.create(&ns(), new).await.unwrap() {
        Created::New(Some(lease)) => lease,
        other => panic!("{other:?}"),
    }
}

fn turn(n: u64, lease: &Lease, seq: u64, bytes: usize) -> Turn {
    Turn::new(ns(), id(n), lease.clone()).with_body(body(seq, bytes))
}

async fn commit(store: &SqliteStore, turn: Turn) -> Result<(), TurnError> {
    store.commit(vec![turn]).await.pop().unwrap()
}

fn failure(code: i32) -> rusqlite::Error {
    rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_that_the_disk_fails_closes_the_store_and_is_unknown() {
    let file = File::new();
    let store = file.open();
    let lease = start(&store, 1).await;
    commit(&store, turn(1, &lease, 1, 10)).await.unwrap();
    let mark = store.changed(u64::MAX).await;
    store.shared.core().fail = Some(failure(rusqlite::ffi::SQLITE_IOERR_FSYNC));
    match commit(&store, turn(1, &lease, 2, 10)).await {
        Err(TurnError::Unknown(error)) => {
            assert_eq!(error.message(), "the disk failed while the store was read or written");
        }
        other => panic!("{other:?}"),
    }
    assert_ne!(store.changed(mark).await, mark, "whoever waits is woken to see it");
    // Nothing is tried again on a file of which nobody knows what it holds.
    match commit(&store, turn(1, &lease, 2, 10)).await {
        Err(TurnError::Refused(error)) => assert_eq!(error.kind(), ErrorKind::Unavailable),
        other => panic!("{other:?}"),
    }
    assert_eq!(store.restore(&ns(), &id(1)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(store.renew(&[(ns(), id(1), lease)], 1).await.unwrap_err().kind(), ErrorKind::Unavailable);
    drop(store);
    // Opening it again tells: this one was not written.
    let store = file.open();
    assert_eq!(store.restore(&ns(), &id(1)).await.unwrap().turns.len(), 2);
    let claimed = store.claim(&Claim::new("me", 60_000, 1)).await.unwrap();
    commit(&store, turn(1, &claimed[0].lease, 2, 10)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_turns_until_there_is_space() {
    let file = File::new();
    let store = file.open();
    let lease = start(&store, 1).await;
    let pages = |most: i64| {
        let core = store.shared.core();
        let limit: i64 =
            core.connection.pragma_update_and_check(None, "max_page_count", most, |row| row.get(0)).unwrap();
        limit
    };
    let now = pages(1);
    match commit(&store, turn(1, &lease, 1, 1_000_000)).await {
        Err(TurnError::Refused(error)) => {
            assert_eq!(error.kind(), ErrorKind::Unavailable);
            assert_eq!(error.message(), "there is no space left for the store");
        }
        other => panic!("{other:?} with {now} pages"),
    }
    assert_eq!(store.restore(&ns(), &id(1)).await.unwrap().turns.len(), 1, "it goes on being read");
    pages(1_000_000);
    // The lease and the journal's end are what they were before the turn that was refused.
    commit(&store, turn(1, &lease, 1, 1_000_000)).await.unwrap();
    assert_eq!(store.restore(&ns(), &id(1)).await.unwrap().turns.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_that_is_not_written_leaves_no_lease_behind() {
    let file = File::new();
    let store = file.open();
    let lease = start(&store, 1).await;
    let busy = || Some(failure(rusqlite::ffi::SQLITE_BUSY));
    // A turn that released its lease, one that appended, and a claim: all as if they had never been.
    store.shared.core().fail = busy();
    let parking = turn(1, &lease, 1, 1).with_head(Head::new(Status::Waiting, None)).with_release();
    assert!(matches!(commit(&store, parking).await, Err(TurnError::Refused(_))));
    store.shared.core().fail = busy();
    assert!(matches!(commit(&store, turn(1, &lease, 1, 1)).await, Err(TurnError::Refused(_))));
    commit(&store, turn(1, &lease, 1, 1)).await.unwrap();

    store.release(&[(ns(), id(1), lease.clone())]).await.unwrap();
    store.shared.core().fail = busy();
    assert_eq!(store.claim(&Claim::new("me", 1, 1)).await.unwrap_err().kind(), ErrorKind::Unavailable);
    let claimed = store.claim(&Claim::new("me", 60_000, 1)).await.unwrap();
    assert_eq!(claimed.len(), 1);
    assert!(matches!(commit(&store, turn(1, &lease, 2, 1)).await, Err(TurnError::Fenced)));
    commit(&store, turn(1, &claimed[0].lease, 2, 1)).await.unwrap();
}

#[tokio::test]
async fn what_waits_shares_one_commit() {
    const EXECUTIONS: u64 = 40;
    let file = File::new();
    let store = Arc::new(file.open());
    let mut leases = Vec::new();
    for n in 0..EXECUTIONS {
        leases.push(start(&store, n).await);
    }
    let (busy, free) = std::sync::mpsc::channel::<()>();
    let (held, holds) = tokio::sync::oneshot::channel();
    // Someone writes for so long that all others queue.
    let writing = Arc::clone(&store);
    let writer = std::thread::spawn(move || {
        let core = writing.shared.core();
        let _ = held.send(());
        let _ = free.recv();
        drop(core);
    });
    holds.await.unwrap();
    let tasks: Vec<_> = (0..)
        .zip(leases)
        .map(|(n, lease)| {
            let store = Arc::clone(&store);
            tokio::spawn(async move { commit(&store, turn(n, &lease, 1, 10)).await })
        })
        .collect();
    while store.shared.queue.len() < tasks.len() {
        tokio::task::yield_now().await;
    }
    drop(busy);
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    writer.join().unwrap();
    assert_eq!(store.shared.queue.last_took(), 40, "how many jobs the last commit took");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_acknowledged_is_synced_and_a_lease_is_not() {
    let file = File::new();
    let store = file.open();
    let level = || {
        let core = store.shared.core();
        let level: i64 = core.connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(core.synced, level == 2);
        level
    };
    let lease = start(&store, 1).await;
    assert_eq!(level(), 2, "FULL after a create");
    store.release(&[(ns(), id(1), lease)]).await.unwrap();
    let claimed = store.claim(&Claim::new("me", 60_000, 1)).await.unwrap();
    assert_eq!(level(), 1, "NORMAL after a claim alone");
    commit(&store, turn(1, &claimed[0].lease, 1, 10)).await.unwrap();
    assert_eq!(level(), 2, "FULL after a turn");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_validates_is_kept_however_deep_it_nests() {
    // The deepest document that there is: 256 levels, five of them around the value.
    let deep = (0..flov7::json::MAX_DEPTH - 4).fold(json!(1), |inner, _| json!([inner]));
    let document = json!({ "flov7": 1, "name": "deep", "steps": [{ "id": "a", "data": { "set": deep } }] });
    let workflow = flov7::workflow::read(&document).unwrap();
    let valid = flov7::validate::validate(&workflow, &flov7::catalog::Catalog::new()).unwrap();
    let file = File::new();
    let store = file.open();
    let head = Head::new(Status::Running, None);
    let new = NewExecution::new(id(1), valid.bundle().clone(), *valid.digest(), body(0, 1), head);
    assert!(matches!(store.create(&ns(), new).await, Ok(Created::New(_))));
    drop(store);
    let loaded = file.open().restore(&ns(), &id(1)).await.unwrap();
    assert_eq!(loaded.bundle.digest(), *valid.digest());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_listing_by_status_misses_none_whose_status_changes() {
    let file = File::new();
    let store = Arc::new(file.open());
    let lease = start(&store, 1).await;
    let writer = {
        let store = store.clone();
        tokio::spawn(async move {
            for n in 1..=1_000 {
                let status = if n % 2 == 0 { Status::Running } else { Status::Waiting };
                let mut turn = Turn::new(ns(), id(1), lease.clone());
                turn.head = Some(Head::new(status, None));
                assert!(store.commit(vec![turn]).await.remove(0).is_ok());
            }
        })
    };
    for statuses in [[Status::Running, Status::Waiting], [Status::Waiting, Status::Running]].iter().cycle() {
        let mut query = ExecutionQuery::new();
        query.statuses = statuses.to_vec();
        let page = store.executions(&ns(), &query).await.unwrap();
        assert_eq!(page.executions.len(), 1, "it is running or waiting at any time");
        if writer.is_finished() {
            break;
        }
    }
    writer.await.unwrap();
}

#[test]
fn what_ended_is_found_by_its_end() {
    let file = File::new();
    let store = file.open();
    let core = store.shared.core();
    let sql = format!(
        "EXPLAIN QUERY PLAN SELECT id FROM executions WHERE {} AND changed <= 1 ORDER BY changed, id LIMIT 5",
        crate::schema::HAS_ENDED
    );
    let plan: String = core.connection.query_row(&sql, (), |row| row.get("detail")).unwrap();
    assert!(plan.contains("executions_by_end"), "{plan}");
}
