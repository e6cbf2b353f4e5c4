//! Journals replay to the same states in every process.

use std::path::Path;
use std::process::Command;

use flov7::id::{ExecutionId, Namespace};
use flov7::machine::Machine;
use flov7::machine::event::decode_turn;
use flov7::program::Program;
use flov7::store::ExecutionStore;
use flov7_sqlite::{Options, SqliteStore};

use crate::world::{Dir, Shop, finish, real_cases, run, start};

/// Where the child of this test finds what to replay: `STORE EXECUTION`.
const CHILD: &str = "FLOV7_REPLAY";

/// The digest of the state after each turn of a journal, replayed from its beginning each time.
fn digests(store: &Path, execution: &str) -> Vec<u64> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let loaded = runtime.block_on(async {
        let store = SqliteStore::attach(store, Options::new()).unwrap();
        store.restore(&Namespace::default(), &ExecutionId::parse(execution).unwrap()).await.unwrap()
    });
    let mut next = 0;
    for turn in &loaded.turns {
        for event in decode_turn(turn).unwrap() {
            assert_eq!(event.seq, next, "the journal has no gap");
            next += 1;
        }
    }
    let program = Program::compile(&loaded.bundle).unwrap();
    (1..=loaded.turns.len())
        .map(|count| Machine::replay(program.clone(), &loaded.turns[..count]).unwrap().0.state_digest())
        .collect()
}

#[test]
fn every_journal_replays_to_the_same_states_in_another_process() {
    let mut journals = 0;
    for case in real_cases() {
        let dir = Dir::new();
        let shop = Shop::start(dir.path());
        let bindings = shop.bindings(&dir);
        let view = finish(&dir, &bindings, &case, run(start(&dir, &bindings, &case)).json());
        let (store, execution) = (dir.path().join("flov7.db"), view["execution"].as_str().unwrap());
        let here = digests(&store, execution);
        let child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "replay::in_another_process", "--nocapture"])
            .env(CHILD, format!("{} {execution}", store.display()))
            .output()
            .unwrap();
        let text = String::from_utf8(child.stdout).unwrap();
        let there =
            text.lines().find_map(|line| line.strip_prefix("digests ")).unwrap_or_else(|| panic!("{text}"));
        assert_eq!(there, format!("{here:?}"), "{}", case.name);
        assert!(
            !here.is_empty() && here.windows(2).all(|pair| pair[0] != pair[1]),
            "{}: {here:?}",
            case.name
        );
        journals += 1;
    }
    assert!(journals >= 15, "{journals}");
}

/// The other process of the test above; without its variable there is nothing to replay.
#[test]
#[expect(clippy::print_stdout, reason = "the process that started this one reads the digests there")]
fn in_another_process() {
    if let Ok(wanted) = std::env::var(CHILD) {
        let (store, execution) = wanted.rsplit_once(' ').unwrap();
        println!("digests {:?}", digests(Path::new(store), execution));
    }
}
