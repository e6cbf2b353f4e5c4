//! One executor per file, whatever the file is called.

use std::os::unix::fs::symlink;
use std::path::Path;

use flov7::error::ErrorKind;
use flov7::id::Namespace;
use flov7::store::{ExecutionQuery, ExecutionStore};
use flov7_sqlite::{Options, Owner, SqliteStore};

use crate::Directory;
use crate::directory::new;

/// What `open` and `attach` answer, if they refuse.
fn refused(path: &Path) -> [Option<(ErrorKind, Option<u32>)>; 2] {
    [SqliteStore::open(path, Options::new()), SqliteStore::attach(path, Options::new())]
        .map(|answer| answer.err().map(|error| (error.kind(), error.owner())))
}

fn names(directory: &Directory) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(directory.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn symbolic_links_lead_to_the_same_lock() {
    let directory = Directory::new();
    let (store, me) = (directory.store(), Some(std::process::id()));
    // The first dangles until the store is made; the others lead to it by way of each other, and from elsewhere.
    let (link, second, below) = (
        directory.path().join("link.db"),
        directory.path().join("second.db"),
        directory.path().join("below/link.db"),
    );
    symlink("flov7.db", &link).unwrap();
    symlink(&link, &second).unwrap();
    std::fs::create_dir(directory.path().join("below")).unwrap();
    symlink("../second.db", &below).unwrap();
    for first in [&link, &second, &below, &store] {
        let open = SqliteStore::open(first, Options::new()).unwrap();
        assert_eq!(open.path(), store.canonicalize().unwrap());
        for other in [&link, &second, &below, &store] {
            assert_eq!(refused(other)[0], Some((ErrorKind::Locked, me)), "{first:?}, then {other:?}");
            assert_eq!(SqliteStore::owner(other).unwrap(), Owner::Process(std::process::id()));
        }
        drop(open);
        assert_eq!(names(&directory), ["below", "flov7.db", "flov7.db.lock", "link.db", "second.db"]);
        std::fs::remove_file(&store).unwrap();
    }
}

#[test]
fn links_that_lead_nowhere_are_refused_in_words() {
    let directory = Directory::new();
    let (a, b, lost) =
        (directory.path().join("a.db"), directory.path().join("b.db"), directory.path().join("lost.db"));
    symlink(&b, &a).unwrap();
    symlink(&a, &b).unwrap();
    symlink("nowhere/flov7.db", &lost).unwrap();
    assert_eq!(refused(&a), [Some((ErrorKind::Invalid, None)); 2]);
    assert_eq!(refused(&lost), [Some((ErrorKind::NotFound, None)); 2]);
    let error = SqliteStore::open(&a, Options::new()).unwrap_err();
    assert_eq!(error.message(), "the store's path leads from link to link without an end");
    assert_eq!(names(&directory), ["a.db", "b.db", "lost.db"], "nothing is made");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_name_of_the_file_opens_no_second_log() {
    let directory = Directory::new();
    let (store, hard) = (directory.store(), directory.path().join("hard.db"));
    let open = SqliteStore::open(&store, Options::new()).unwrap();
    open.create(&Namespace::default(), new(1)).await.unwrap();
    std::fs::hard_link(&store, &hard).unwrap();

    // While an executor works, its name is the right one and the other is not.
    assert_eq!(refused(&hard), [Some((ErrorKind::Unsupported, None)); 2]);
    assert_eq!(SqliteStore::owner(&hard).unwrap_err().kind(), ErrorKind::Unsupported);
    assert_eq!(refused(&store), [Some((ErrorKind::Locked, Some(std::process::id()))), None]);
    assert_eq!(SqliteStore::owner(&store).unwrap(), Owner::Process(std::process::id()));
    drop(open);

    // Once nobody does, both names are as good.
    for name in [&store, &hard] {
        assert_eq!(refused(name), [Some((ErrorKind::Unsupported, None)); 2], "{name:?}");
    }
    let error = SqliteStore::open(&hard, Options::new()).unwrap_err();
    assert!(error.message().starts_with("the store's file has 2 names (hard links)"), "{error}");
    assert_eq!(names(&directory), ["flov7.db", "flov7.db.lock", "hard.db"], "refusing makes nothing");

    std::fs::remove_file(&store).unwrap();
    let open = SqliteStore::open(&hard, Options::new()).unwrap();
    let page = open.executions(&Namespace::default(), &ExecutionQuery::new()).await.unwrap();
    assert_eq!(page.executions.len(), 1, "nothing was lost on the way");
}
