//! Files that are not what they should be are refused in words, and nothing panics.

use std::path::Path;

use flov7::error::{Error, ErrorKind};
use flov7::id::{Namespace, WorkflowName};
use flov7::store::{Created, ExecutionQuery, ExecutionStore, Expect, Turn, Which, WorkflowStore};
use flov7_sqlite::{Options, SqliteStore};
use rusqlite::Connection;

use crate::Directory;
use crate::directory::{body, bundle, id, new, signal};

fn ns() -> Namespace {
    Namespace::default()
}

/// What opening and attaching say.
fn refused(path: &Path) -> [(ErrorKind, String); 2] {
    let told = |answer: Result<SqliteStore, Error>| {
        let error = answer.unwrap_err();
        (error.kind(), error.message().to_owned())
    };
    [told(SqliteStore::open(path, Options::new())), told(SqliteStore::attach(path, Options::new()))]
}

#[test]
fn what_is_no_store_is_refused_in_words() {
    let directory = Directory::new();
    let [open, attach] = refused(directory.path());
    assert_eq!(open, (ErrorKind::Invalid, "a store is a file, and this is a directory".to_owned()));
    assert_eq!(attach, open);

    let [open, attach] = refused(&directory.path().join("nowhere/flov7.db"));
    assert_eq!(open, (ErrorKind::NotFound, "the store's directory cannot be opened".to_owned()));
    assert_eq!(attach, open);

    let missing = SqliteStore::attach(directory.store(), Options::new()).unwrap_err();
    assert_eq!((missing.kind(), missing.message()), (ErrorKind::NotFound, "there is no store"));
    assert!(!directory.store().exists(), "attaching makes nothing");

    for text in ["hello", &"x".repeat(100_000)] {
        std::fs::write(directory.store(), text).unwrap();
        for answer in refused(&directory.store()) {
            assert_eq!(
                answer,
                (ErrorKind::Corrupt, "this is no store, but a file of another kind".to_owned())
            );
        }
        assert_eq!(std::fs::read_to_string(directory.store()).unwrap(), text, "it is left as it was");
    }
}

#[test]
fn the_file_of_another_application_is_left_alone() {
    let directory = Directory::new();
    let other = Connection::open(directory.store()).unwrap();
    other.execute_batch("CREATE TABLE theirs (x); PRAGMA user_version = 1").unwrap();
    drop(other);
    let before = std::fs::read(directory.store()).unwrap();
    for answer in refused(&directory.store()) {
        assert_eq!(answer, (ErrorKind::Corrupt, "this is the SQLite file of another application".to_owned()));
    }
    assert_eq!(std::fs::read(directory.store()).unwrap(), before);
}

#[test]
fn what_a_newer_release_wrote_is_refused_as_newer() {
    let directory = Directory::new();
    drop(SqliteStore::open(directory.store(), Options::new()).unwrap());
    let raw = Connection::open(directory.store()).unwrap();
    let version: i64 = raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    raw.pragma_update(None, "user_version", version + 1).unwrap();
    drop(raw);
    for (kind, message) in refused(&directory.store()) {
        assert_eq!(kind, ErrorKind::Newer);
        assert!(message.starts_with("a newer flov7 wrote the store"), "{message}");
    }
}

#[test]
fn a_guest_does_not_set_up_a_store() {
    let directory = Directory::new();
    std::fs::write(directory.store(), "").unwrap();
    let error = SqliteStore::attach(directory.store(), Options::new()).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (ErrorKind::Unavailable, "no executor has set up the store yet")
    );
    drop(SqliteStore::open(directory.store(), Options::new()).unwrap());
    drop(SqliteStore::attach(directory.store(), Options::new()).unwrap());
}

#[test]
fn a_closed_store_is_one_file_beside_its_lock() {
    let directory = Directory::new();
    drop(SqliteStore::open(directory.store(), Options::new()).unwrap());
    let mut names: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["flov7.db", "flov7.db.lock"]);
}

/// Makes a store with something of everything in it.
async fn filled(path: &Path) {
    let store = SqliteStore::open(path, Options::new()).unwrap();
    for n in 0..20 {
        let created =
            store.create(&ns(), new(n).with_key(n.to_string()).with_lease("me", 60_000)).await.unwrap();
        let Created::New(Some(lease)) = created else { panic!("{created:?}") };
        store.post(&ns(), &id(n), signal("a")).await.unwrap();
        let turns =
            (1..20).map(|seq| Turn::new(ns(), id(n), lease.clone()).with_body(body(seq, &"x".repeat(300))));
        assert!(store.commit(turns.collect()).await.iter().all(Result::is_ok));
        let snapshot =
            Turn::new(ns(), id(n), lease).with_body(body(20, "x")).with_snapshot([7; 900].as_slice().into());
        store.commit(vec![snapshot]).await.pop().unwrap().unwrap();
    }
    store.save(&ns(), bundle(), Expect::Any).await.unwrap();
}

/// Reads everything that is in a store; gives the first error.
async fn all_of(path: &Path) -> Result<(), Error> {
    let store = SqliteStore::open(path, Options::new())?;
    store.executions(&ns(), &ExecutionQuery::new()).await?;
    for n in 0..20 {
        store.restore(&ns(), &id(n)).await?;
        store.turns(&ns(), &id(n), 0, usize::MAX).await?;
    }
    store.workflows(&ns(), None, 10).await?;
    store.load(&ns(), &WorkflowName::parse("orders").unwrap(), Which::Head).await?;
    let claimed = store.claim(&flov7::store::Claim::new("me", 1_000, 100)).await?;
    store.arrived("me", 100).await?;
    for claimed in claimed {
        let turn = Turn::new(claimed.namespace, claimed.execution, claimed.lease).with_body(body(21, "x"));
        if let Some(Err(flov7::store::TurnError::Refused(error) | flov7::store::TurnError::Unknown(error))) =
            store.commit(vec![turn]).await.pop()
        {
            return Err(error);
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_page_is_corrupt_and_nothing_panics() {
    let directory = Directory::new();
    filled(&directory.store()).await;
    let whole = std::fs::read(directory.store()).unwrap();
    let (damaged, mut noticed) = (directory.path().join("damaged.db"), 0);
    for page in 0..whole.len() / 4_096 {
        for filling in [0x00, 0xa5, 0xff] {
            let mut bytes = whole.clone();
            bytes[page * 4_096..][..4_096].fill(filling);
            std::fs::write(&damaged, &bytes).unwrap();
            for end in ["-wal", "-shm"] {
                let _ = std::fs::remove_file(format!("{}{end}", damaged.display()));
            }
            match all_of(&damaged).await {
                Ok(()) => {}
                Err(error) if matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::NotFound) => {
                    noticed += 1
                }
                // A root page of zeros is an empty index to SQLite, where a row is missing that must be there.
                Err(error) => panic!("page {page} full of {filling}: {error:?}"),
            }
        }
    }
    assert!(noticed > whole.len() / 4_096, "only {noticed} were noticed");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_we_did_not_write_are_corrupt() {
    for damage in [
        "UPDATE executions SET status = 'asleep'",
        "UPDATE executions SET execution = 'nobody' || id",
        "UPDATE executions SET workflow = 'No Name'",
        "UPDATE executions SET buffered = -1",
        "UPDATE executions SET due = 9223372036854775807",
        "UPDATE bundles SET body = '{}'",
        "UPDATE bundles SET digest = x'00'",
        "UPDATE bundles SET digest = zeroblob(32)",
        "DELETE FROM turns WHERE seq = 7",
        "UPDATE turns SET count = -1 WHERE seq = 9",
        "UPDATE turns SET v = 70000",
        "UPDATE turns SET at = -9223372036854775807",
        "UPDATE inbox SET payload = '{\"a\": 1, \"a\": 2}'",
        "UPDATE inbox SET payload = NULL",
        "UPDATE inbox SET kind = 'rumour'",
        "UPDATE inbox SET target = 'nowhere'",
        "UPDATE snapshots SET next_turn = -1",
        "UPDATE workflows SET name = ''",
    ] {
        let directory = Directory::new();
        filled(&directory.store()).await;
        let raw = Connection::open(directory.store()).unwrap();
        raw.execute_batch(damage).unwrap();
        drop(raw);
        match all_of(&directory.store()).await {
            // A name that no longer is the one that we ask for is not there.
            Err(error) if damage.contains("= ''") && error.kind() == ErrorKind::NotFound => {}
            Err(error) => assert_eq!(error.kind(), ErrorKind::Corrupt, "{damage}: {error:?}"),
            Ok(()) => panic!("{damage}: not noticed"),
        }
    }
}
