//! One process executes; others look and post.

use std::sync::Arc;

use flov7::error::ErrorKind;
use flov7::id::{Namespace, WorkflowName};
use flov7::machine::Status;
use flov7::store::{
    Accepted, Claim, Created, ExecutionQuery, ExecutionStore, Expect, Head, Turn, TurnError, Which,
    WorkflowStore,
};
use flov7_sqlite::{Options, Owner, SqliteStore};

use crate::Directory;
use crate::directory::{body, bundle, id, new, signal};

fn ns() -> Namespace {
    Namespace::default()
}

fn open(directory: &Directory) -> SqliteStore {
    SqliteStore::open(directory.store(), Options::new()).unwrap()
}

fn attach(directory: &Directory) -> SqliteStore {
    SqliteStore::attach(directory.store(), Options::new()).unwrap()
}

#[test]
fn a_second_owner_is_refused_with_the_pid_of_the_first() {
    let directory = Directory::new();
    let path = directory.store();
    assert_eq!(SqliteStore::owner(&path).unwrap(), Owner::Nobody);
    let first = open(&directory);
    assert_eq!(SqliteStore::owner(&path).unwrap(), Owner::Process(std::process::id()));
    // By another name it is the same file.
    let roundabout = directory.path().join("..").join(directory.path().file_name().unwrap()).join("flov7.db");
    for path in [&path, &roundabout] {
        let error = SqliteStore::open(path, Options::new()).unwrap_err();
        assert_eq!((error.kind(), error.owner()), (ErrorKind::Locked, Some(std::process::id())));
        assert!(error.to_string().contains(&std::process::id().to_string()), "{error}");
    }
    drop(first);
    assert_eq!(SqliteStore::owner(&path).unwrap(), Owner::Nobody);
    // What is left of an owner that was killed says nothing.
    std::fs::write(directory.path().join("flov7.db.lock"), "1\n").unwrap();
    assert_eq!(SqliteStore::owner(&path).unwrap(), Owner::Nobody);
    drop(open(&directory));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_posts_and_the_owner_sees_it() {
    let directory = Directory::new();
    let (owner, guest) = (open(&directory), attach(&directory));
    for n in [1, 2] {
        let created = owner.create(&ns(), new(n).with_lease("me", 60_000)).await.unwrap();
        let Created::New(Some(lease)) = created else { panic!("{created:?}") };
        if n == 2 {
            let parking =
                Turn::new(ns(), id(n), lease).with_head(Head::new(Status::Waiting, None)).with_release();
            owner.commit(vec![parking]).await.pop().unwrap().unwrap();
        }
    }
    // Until something comes it knows by heart that there is nothing; from then on it does not.
    for n in [1, 2] {
        let mark = owner.changed(u64::MAX).await;
        let before = owner.arrived("me", 10).await.unwrap();
        let lapse = owner.next_due().await.unwrap().unwrap();
        assert_eq!(guest.post(&ns(), &id(n), signal("a")).await.unwrap(), Accepted::New);
        assert_ne!(owner.changed(mark).await, mark);
        let after = owner.arrived("me", 10).await.unwrap();
        let due = owner.next_due().await.unwrap().unwrap();
        if n == 1 {
            assert_eq!((before, after), (vec![], vec![(ns(), id(1), signal("a"))]));
            assert_eq!(due, lapse, "the lease of the first lapses");
        } else {
            assert!(due < lapse, "the second is parked: its message is to be read at once");
        }
    }
    assert_eq!(owner.post(&ns(), &id(1), signal("a")).await.unwrap(), Accepted::Duplicate);
    assert_eq!(guest.post(&ns(), &id(1), signal("a")).await.unwrap(), Accepted::Duplicate);
    let arrived = owner.arrived("me", 10).await.unwrap();
    assert_eq!(arrived, [(ns(), id(1), signal("a"))]);
    let claimed = owner.claim(&Claim::new("me", 60_000, 10)).await.unwrap();
    assert_eq!(claimed.iter().map(|claimed| claimed.execution.clone()).collect::<Vec<_>>(), [id(2)]);
    assert_eq!(guest.post(&ns(), &id(9), signal("a")).await.unwrap_err().kind(), ErrorKind::NotFound);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_sees_what_the_owner_commits() {
    let directory = Directory::new();
    let (owner, guest) = (open(&directory), attach(&directory));
    let mark = guest.changed(u64::MAX).await;
    let created = owner.create(&ns(), new(1).with_lease("me", 60_000)).await.unwrap();
    let Created::New(Some(lease)) = created else { panic!("{created:?}") };
    let mark = guest.changed(mark).await;
    assert_eq!(guest.restore(&ns(), &id(1)).await.unwrap().turns, [body(0, "first")]);
    owner
        .commit(vec![Turn::new(ns(), id(1), lease).with_body(body(1, "second"))])
        .await
        .pop()
        .unwrap()
        .unwrap();
    guest.changed(mark).await;
    assert_eq!(guest.turns(&ns(), &id(1), 1, 10).await.unwrap(), [body(1, "second")]);
    let listed = guest.executions(&ns(), &ExecutionQuery::new()).await.unwrap().executions;
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].lease, None, "a guest does not know the leases of another process");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_posts_while_nobody_executes() {
    let directory = Directory::new();
    let owner = open(&directory);
    let created = owner.create(&ns(), new(1).with_lease("me", 60_000)).await.unwrap();
    let Created::New(Some(lease)) = created else { panic!("{created:?}") };
    let parking = Turn::new(ns(), id(1), lease).with_head(Head::new(Status::Waiting, None)).with_release();
    owner.commit(vec![parking]).await.pop().unwrap().unwrap();
    drop(owner);
    let guest = attach(&directory);
    guest.post(&ns(), &id(1), signal("a")).await.unwrap();
    assert_eq!(guest.restore(&ns(), &id(1)).await.unwrap().inbox, [signal("a")]);
    // Also beside a guest that stays.
    let owner = open(&directory);
    assert_eq!(owner.claim(&Claim::new("me", 60_000, 10)).await.unwrap().len(), 1);
    assert_eq!(owner.arrived("me", 10).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_may_not_do_what_only_an_executor_may() {
    let directory = Directory::new();
    let owner = open(&directory);
    let created = owner.create(&ns(), new(1).with_lease("me", 60_000)).await.unwrap();
    let Created::New(Some(lease)) = created else { panic!("{created:?}") };
    owner.save(&ns(), bundle(), Expect::Any).await.unwrap();
    let guest = attach(&directory);
    let orders = WorkflowName::parse("orders").unwrap();
    let leases = [(ns(), id(1), lease.clone())];
    for (what, error) in [
        ("create", guest.create(&ns(), new(2)).await.err()),
        ("claim", guest.claim(&Claim::new("guest", 1, 1)).await.err()),
        ("renew", guest.renew(&leases, 1).await.err()),
        ("release", guest.release(&leases).await.err()),
        ("arrived", guest.arrived("me", 1).await.err()),
        ("save", guest.save(&ns(), bundle(), Expect::Any).await.err()),
        ("activate", guest.activate(&ns(), &orders, Some(1), Expect::Any).await.err()),
    ] {
        assert_eq!(error.map(|error| error.kind()), Some(ErrorKind::Denied), "{what}");
    }
    let answers = guest.commit(vec![Turn::new(ns(), id(1), lease).with_body(body(1, "x"))]).await;
    assert!(
        matches!(&answers[..], [Err(TurnError::Refused(error))] if error.kind() == ErrorKind::Denied),
        "{answers:?}"
    );
    assert_eq!(guest.load(&ns(), &orders, Which::Head).await.unwrap().revision, 1);
    assert_eq!(guest.workflows(&ns(), None, 10).await.unwrap().len(), 1);
    assert_eq!(guest.turns(&ns(), &id(1), 0, 10).await.unwrap().len(), 1, "the journal is as it was");
}

#[tokio::test(flavor = "multi_thread")]
async fn posts_of_several_processes_and_commits_do_not_disturb_each_other() {
    let directory = Directory::new();
    let owner = Arc::new(open(&directory));
    let created = owner.create(&ns(), new(1).with_lease("me", 600_000)).await.unwrap();
    let Created::New(Some(lease)) = created else { panic!("{created:?}") };
    let mut tasks = Vec::new();
    for g in 0..3 {
        let guest = attach(&directory);
        tasks.push(tokio::spawn(async move {
            for n in 0..30 {
                let accepted = guest.post(&ns(), &id(1), signal(&format!("{g}/{n}"))).await.unwrap();
                assert_eq!(accepted, Accepted::New);
            }
        }));
    }
    for seq in 1..60 {
        let turn = Turn::new(ns(), id(1), lease.clone()).with_body(body(seq, "x"));
        owner.commit(vec![turn]).await.pop().unwrap().unwrap();
    }
    for task in tasks {
        task.await.unwrap();
    }
    let loaded = owner.restore(&ns(), &id(1)).await.unwrap();
    assert_eq!((loaded.inbox.len(), loaded.turns.len()), (90, 60));
}
