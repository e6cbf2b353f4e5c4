//! Reading a store where nothing may be written.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use flov7::error::ErrorKind;
use flov7::id::Namespace;
use flov7::store::{ExecutionQuery, ExecutionStore};
use flov7_sqlite::{Options, SqliteStore};

use crate::Directory;
use crate::directory::{id, new, signal};

const STORE: &str = "FLOV7_SQLITE_READONLY_STORE";
const CASE: &str = "FLOV7_SQLITE_READONLY_CASE";
/// Whom the child runs as where the tests run as root, whom no permission stops.
const NOBODY: u32 = 65_534;

fn ns() -> Namespace {
    Namespace::default()
}

/// A store that may be read by everyone and written to by nobody but its owner.
struct Sealed(PathBuf);

impl Sealed {
    fn new(directory: &Path) -> Sealed {
        for entry in std::fs::read_dir(directory).unwrap() {
            set(&entry.unwrap().path(), 0o444);
        }
        set(directory, 0o555);
        Sealed(directory.to_path_buf())
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        set(&self.0, 0o755);
    }
}

fn set(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

/// Has a process without rights do what a case of [`child_without_rights`] says.
fn child(store: &Path, case: &str) {
    // Run from where anybody may run it.
    let home = Directory::new();
    let program = home.path().join("it");
    std::fs::copy(std::env::current_exe().unwrap(), &program).unwrap();
    let mut command = Command::new(&program);
    command
        .args(["--exact", "readonly::child_without_rights", "--nocapture"])
        .current_dir(home.path())
        .env(STORE, store)
        .env(CASE, case);
    if std::fs::metadata(home.path()).unwrap().uid() == 0 {
        command.uid(NOBODY).gid(NOBODY);
    }
    let output = command.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{case}: {said}");
    assert!(said.contains("1 passed"), "{case}: {said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_closed_store_is_read_where_nothing_may_be_written() {
    let directory = Directory::new();
    // A name that a URI would read otherwise.
    let store = directory.path().join("a store?x=1#50%20.db");
    let open = SqliteStore::open(&store, Options::new()).unwrap();
    open.create(&ns(), new(1)).await.unwrap();
    drop(open);
    let _sealed = Sealed::new(directory.path());
    child(&store, "read");
    child(&store, "no executor");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_store_is_read_where_nothing_may_be_written() {
    let directory = Directory::new();
    let open = SqliteStore::open(directory.store(), Options::new()).unwrap();
    // In the log alone.
    open.create(&ns(), new(1)).await.unwrap();
    let _sealed = Sealed::new(directory.path());
    child(&directory.store(), "read");
    assert_eq!(open.restore(&ns(), &id(1)).await.unwrap().inbox, [], "the post was refused");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_cannot_be_read_is_not_passed_over() {
    let (directory, copy) = (Directory::new(), Directory::new());
    let open = SqliteStore::open(directory.store(), Options::new()).unwrap();
    open.create(&ns(), new(1)).await.unwrap();
    for end in ["", "-wal"] {
        let name = format!("flov7.db{end}");
        std::fs::copy(directory.path().join(&name), copy.path().join(&name)).unwrap();
    }
    let _sealed = Sealed::new(copy.path());
    child(&copy.store(), "log");
}

/// Does nothing unless [`child`] started it.
#[tokio::test(flavor = "multi_thread")]
async fn child_without_rights() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let attached = SqliteStore::attach(&path, Options::new());
    match std::env::var(CASE).unwrap().as_str() {
        "read" => {
            let store = attached.unwrap();
            for _ in 0..2 {
                let page = store.executions(&ns(), &ExecutionQuery::new()).await.unwrap();
                assert_eq!(page.executions.len(), 1);
                assert_eq!(store.restore(&ns(), &id(1)).await.unwrap().turns.len(), 1);
            }
            let error = store.post(&ns(), &id(1), signal("a")).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.message()),
                (ErrorKind::Denied, "the store may not be written to")
            );
            // A refused post leaves the store readable.
            assert_eq!(store.restore(&ns(), &id(1)).await.unwrap().turns.len(), 1);
        }
        "no executor" => {
            let error = SqliteStore::open(&path, Options::new()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
        }
        "log" => {
            let error = attached.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
            assert!(error.message().starts_with("the store cannot be read here: part of it is in its log"));
        }
        other => panic!("there is no case {other:?}"),
    }
}
