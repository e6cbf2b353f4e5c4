//! A process that is killed in the midst of committing loses nothing that it acknowledged.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use flov7::error::ErrorKind;
use flov7::id::Namespace;
use flov7::store::{Claim, Created, ExecutionStore, Turn};
use flov7_sqlite::{Options, Owner, SqliteStore};

use crate::Directory;
use crate::directory::{body, id, new, signal};

const STORE: &str = "FLOV7_SQLITE_KILL_STORE";
const ROUND: &str = "FLOV7_SQLITE_KILL_ROUND";
const EXECUTIONS: u64 = 8;
const ROUNDS: u64 = 4;

fn ns() -> Namespace {
    Namespace::default()
}

fn child(store: &PathBuf, round: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::child_that_commits_until_it_is_killed", "--nocapture"])
        .env(STORE, store)
        .env(ROUND, round.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_by_a_kill() {
    let directory = Directory::new();
    let path = directory.store();
    // What was acknowledged: the last event of each execution, and its messages.
    let mut acknowledged: BTreeMap<u64, u64> = BTreeMap::new();
    let mut posted: Vec<(u64, String)> = Vec::new();
    for round in 0..ROUNDS {
        let mut child = child(&path, round);
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        for line in lines {
            let line = line.unwrap();
            let Some(said) = line.strip_prefix("child: ") else { continue };
            match said.split(' ').collect::<Vec<_>>()[..] {
                ["turn", n, seq] => {
                    acknowledged.insert(n.parse().unwrap(), seq.parse().unwrap());
                }
                ["post", n, message] => posted.push((n.parse().unwrap(), message.to_owned())),
                _ => panic!("the child said {line:?}"),
            }
            seen += 1;
            if seen == 100 {
                let error = SqliteStore::open(&path, Options::new()).unwrap_err();
                assert_eq!((error.kind(), error.owner()), (ErrorKind::Locked, Some(child.id())));
                assert_eq!(SqliteStore::owner(&path).unwrap(), Owner::Process(child.id()));
                let guest = SqliteStore::attach(&path, Options::new()).unwrap();
                let (n, message) = (round * EXECUTIONS, format!("guest-{round}"));
                guest.post(&ns(), &id(n), signal(&message)).await.unwrap();
                posted.push((n, message));
            }
            if seen == 300 + round * 57 {
                // What it acknowledged until then is still in the pipe, and is read to the end.
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();

        let store = SqliteStore::open(&path, Options::new()).unwrap();
        for (n, seq) in &acknowledged {
            let turns = store.restore(&ns(), &id(*n)).await.unwrap().turns;
            let seqs: Vec<_> = turns.iter().map(|turn| turn.first_seq).collect();
            let end = u64::try_from(seqs.len()).unwrap();
            assert_eq!(seqs, (0..end).collect::<Vec<_>>(), "execution {n} has a gap");
            assert!(end > *seq, "execution {n} lost event {seq}: it ends before {end}");
            assert!(end <= seq + 2, "execution {n} has more than the one turn that was in flight");
            for turn in &turns[1..] {
                assert_eq!(*turn, body(turn.first_seq, &format!("{n}/{}", turn.first_seq)));
            }
        }
        for (n, message) in &posted {
            let inbox = store.restore(&ns(), &id(*n)).await.unwrap().inbox;
            assert!(inbox.iter().any(|known| known.id == *message), "execution {n} lost message {message}");
        }
        // All that the child held may be claimed.
        let claimed = store.claim(&Claim::new("after", 600_000, 1_000)).await.unwrap();
        let known = store.executions(&ns(), &flov7::store::ExecutionQuery::new()).await.unwrap().executions;
        assert_eq!(claimed.len(), known.len(), "in round {round}");
    }
    assert_eq!(acknowledged.len(), usize::try_from(EXECUTIONS * ROUNDS).unwrap());
}

/// Does nothing unless [`nothing_acknowledged_is_lost_by_a_kill`] started it.
#[test]
#[allow(clippy::print_stdout)]
fn child_that_commits_until_it_is_killed() {
    let Some(path) = std::env::var_os(STORE) else { return };
    let round: u64 = std::env::var(ROUND).unwrap().parse().unwrap();
    // The harness wrote the beginning of a line.
    println!();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).build().unwrap();
    runtime.block_on(async {
        let store = Arc::new(SqliteStore::open(path, Options::new()).unwrap());
        let tasks: Vec<_> = (round * EXECUTIONS..(round + 1) * EXECUTIONS)
            .map(|n| {
                let store = Arc::clone(&store);
                tokio::spawn(async move {
                    let created = store.create(&ns(), new(n).with_lease("child", 600_000)).await.unwrap();
                    let Created::New(Some(lease)) = created else { panic!("{created:?}") };
                    println!("child: turn {n} 0");
                    // Ends by itself some time, should nobody kill it.
                    for seq in 1..100_000 {
                        let turn =
                            Turn::new(ns(), id(n), lease.clone()).with_body(body(seq, &format!("{n}/{seq}")));
                        store.commit(vec![turn]).await.pop().unwrap().unwrap();
                        println!("child: turn {n} {seq}");
                        if seq % 16 == 0 {
                            store.post(&ns(), &id(n), signal(&format!("m{seq}"))).await.unwrap();
                            println!("child: post {n} m{seq}");
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    });
}
