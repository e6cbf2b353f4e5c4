//! A file that an older release wrote is brought up to date when its executor opens it.

use flov7::error::ErrorKind;
use flov7::id::{ExecutionId, Namespace};
use flov7::machine::{Machine, Status};
use flov7::program::Program;
use flov7::store::{ExecutionQuery, ExecutionStore, NewExecution, Purge, Purged};
use flov7_sqlite::{Options, SqliteStore};

use crate::Directory;
use crate::directory::{id, new};

/// What release wrote which version of the schema: all that is ever to be opened. Never changed, only added to.
const VERSION_2: &str = include_str!("version-2.sql");
const VERSION_3: &str = include_str!("version-3.sql");

/// What this release writes.
const NEWEST: i64 = 4;

fn older(directory: &Directory, version: &str) -> rusqlite::Connection {
    let raw = rusqlite::Connection::open(directory.store()).unwrap();
    raw.execute_batch(version).unwrap();
    raw
}

fn version(raw: &rusqlite::Connection) -> i64 {
    raw.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_version_2_opens_with_all_that_it_holds() {
    let directory = Directory::new();
    drop(older(&directory, VERSION_2));
    let ns = Namespace::default();
    // Who only looks changes nothing.
    let error = SqliteStore::attach(directory.store(), Options::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);

    let store = SqliteStore::open(directory.store(), Options::new()).unwrap();
    let listed = store.executions(&ns, &ExecutionQuery::new()).await.unwrap().executions;
    assert_eq!(listed.len(), 2);
    assert!(listed.iter().all(|row| row.head.status == Status::Waiting && row.tags.is_empty()));
    let first: ExecutionId = listed[1].execution.clone();
    let loaded = store.restore(&ns, &first).await.unwrap();
    assert_eq!(loaded.row.key.as_deref(), Some("first"));
    assert_eq!(loaded.inbox.iter().map(|message| message.id.as_str()).collect::<Vec<_>>(), ["one"]);
    // Its journal is replayed, and it goes on from there.
    let (machine, _) = Machine::replay(Program::compile(&loaded.bundle).unwrap(), &loaded.turns).unwrap();
    assert_eq!(machine.head().status, Status::Waiting);
    assert_eq!(store.emitted(&ns, 0, 10).await.unwrap().len(), 2);
    // And takes what only the newest version has a place for.
    let tagged: NewExecution = new(1).with_tags([("a".to_owned(), "b".to_owned())].into());
    store.create(&ns, tagged).await.unwrap();
    let found = store.executions(&ns, &ExecutionQuery::new().with_tag("a", "b")).await.unwrap();
    assert_eq!(found.executions[0].execution, id(1));
    drop(store);

    let raw = rusqlite::Connection::open(directory.store()).unwrap();
    assert_eq!(version(&raw), NEWEST);
    drop(raw);
    assert!(SqliteStore::open(directory.store(), Options::new()).is_ok(), "it opens again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_version_3_opens_with_all_that_it_holds() {
    let directory = Directory::new();
    drop(older(&directory, VERSION_3));
    let ns = Namespace::default();
    let error = SqliteStore::attach(directory.store(), Options::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);

    let store = SqliteStore::open(directory.store(), Options::new()).unwrap();
    let listed = async |status: Status, tag: &str| {
        let query = ExecutionQuery::new().with_statuses([status]).with_tag("customer", tag);
        store.executions(&ns, &query).await.unwrap().executions
    };
    assert_eq!(listed(Status::Completed, "c1").await.len(), 1);
    let waiting = listed(Status::Waiting, "c2").await;
    assert_eq!(waiting.len(), 2, "one waits for a signal, one for its turn");
    for row in &waiting {
        let loaded = store.restore(&ns, &row.execution).await.unwrap();
        let (machine, _) = Machine::replay(Program::compile(&loaded.bundle).unwrap(), &loaded.turns).unwrap();
        assert_eq!(machine.head().status, Status::Waiting);
    }
    // What had ended is found by its end, and goes; the others stay.
    assert_eq!(store.purge(&Purge::new(0)).await.unwrap(), Purged::new(2, 0, 1, Purge::LIMIT));
    assert_eq!(store.executions(&ns, &ExecutionQuery::new()).await.unwrap().executions.len(), 2);
    drop(store);
    let raw = rusqlite::Connection::open(directory.store()).unwrap();
    assert_eq!(version(&raw), NEWEST);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_migration_that_fails_leaves_the_file_as_it_was() {
    let directory = Directory::new();
    let raw = older(&directory, VERSION_2);
    // The last statement of the step has no room for its index.
    raw.execute_batch("CREATE TABLE tags_by_row (x)").unwrap();
    drop(raw);
    assert!(SqliteStore::open(directory.store(), Options::new()).is_err());
    let raw = rusqlite::Connection::open(directory.store()).unwrap();
    assert_eq!(version(&raw), 2);
    let columns: i64 = raw
        .query_row("SELECT count(*) FROM pragma_table_info('executions') WHERE name = 'tags'", (), |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(columns, 0, "nothing of the step is there");
    raw.execute_batch("DROP TABLE tags_by_row").unwrap();
    drop(raw);
    assert!(SqliteStore::open(directory.store(), Options::new()).is_ok());
}
