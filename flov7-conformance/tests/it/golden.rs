//! Golden journals: what each release wrote is kept as files (`tests/golden/VERSION`), and replays for as long as its rules
//! are known. What this release writes is written again, and compared byte for byte.
//!
//! After a change that is meant: `FLOV7_BLESS=1 cargo test -p flov7-conformance --all-features --test it golden`, which
//! writes the folder of the current version and no other.

mod file;
mod made;
mod tampered;
mod wasm;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use flov7::machine::event::{Event, decode_turn};

use crate::reference::drive::play;
use crate::reference::references;
use file::Golden;

/// All files together; whoever adds a case sees what it costs.
const MOST_BYTES: usize = 1_000_000;

/// All that is run for them, as it comes out now; written first where that was asked for.
static ANEW: LazyLock<BTreeMap<String, String>> = LazyLock::new(|| {
    let anew = anew();
    if std::env::var_os("FLOV7_BLESS").is_some() {
        bless(&anew);
    }
    anew
});

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// That of the current version.
fn current() -> PathBuf {
    folder().join(env!("CARGO_PKG_VERSION"))
}

fn bless(anew: &BTreeMap<String, String>) {
    let folder = current();
    fs::create_dir_all(&folder).unwrap();
    for name in kept(&folder).keys().filter(|name| !anew.contains_key(*name)) {
        fs::remove_file(folder.join(format!("{name}.json"))).unwrap();
    }
    for (name, text) in anew {
        fs::write(folder.join(format!("{name}.json")), text).unwrap();
    }
}

/// The files of one folder, by name.
fn kept(folder: &Path) -> BTreeMap<String, String> {
    let entries =
        fs::read_dir(folder).unwrap_or_else(|error| panic!("no golden journals in {folder:?}: {error}"));
    let named = entries.map(|entry| {
        let path = entry.unwrap().path();
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap().to_owned();
        (name, fs::read_to_string(path).unwrap())
    });
    named.collect()
}

/// The files of all releases.
fn all_kept() -> Vec<(String, Golden)> {
    let versions: BTreeSet<PathBuf> =
        fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    let files = versions.iter().flat_map(|version| {
        let of = version.file_name().unwrap().to_string_lossy().into_owned();
        kept(version).into_iter().map(move |(name, text)| {
            let name = format!("{of}/{name}");
            let golden = Golden::read(&text).unwrap_or_else(|error| panic!("{name}: {error:?}"));
            (name, golden)
        })
    });
    files.collect()
}

fn anew() -> BTreeMap<String, String> {
    let reference = references().into_iter().map(|reference| {
        let disk = play(&reference, None).disk;
        (reference.name.replace('#', "_"), Golden::of(&disk).text())
    });
    let made = made::ALL.iter().map(|(name, make)| ((*name).to_owned(), Golden::of(&make()).text()));
    reference.chain(made).collect()
}

#[test]
fn golden_journals_are_written_the_same_again() {
    let (anew, kept) = (&*ANEW, kept(&current()));
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&kept), names(anew), "the files, and what is run for them");
    let changed: Vec<String> = anew
        .iter()
        .filter(|(name, text)| kept[*name] != **text)
        .map(|(name, text)| format!("{name}: {}", file::difference(&kept[name], text)))
        .collect();
    assert!(changed.is_empty(), "journals are not written as before:\n{}", changed.join("\n"));
    let bytes: usize = kept.values().map(String::len).sum();
    assert!(bytes <= MOST_BYTES, "{bytes} bytes");
}

#[test]
#[expect(clippy::print_stdout, reason = "how many there are is told to whoever asks with --nocapture")]
fn golden_journals_replay_to_the_same_state() {
    let (mut executions, mut turns, mut snapshots) = (0, 0, 0);
    let (mut forks, mut keys, mut delays) = (0, 0, 0);
    if std::env::var_os("FLOV7_BLESS").is_some() {
        LazyLock::force(&ANEW);
    }
    let all = all_kept();
    for (name, golden) in &all {
        let replayed = golden.replay().unwrap_or_else(|error| panic!("{name}: {error:?}"));
        assert!(golden.whole, "{name} was tampered with");
        executions += replayed.len();
        snapshots += golden.snapshots.len();
        for export in &golden.executions {
            turns += export.turns.len();
            let first = decode_turn(&export.turns[0].body().unwrap()).unwrap().remove(0).event;
            let (Event::Started(started) | Event::Forked { started, .. }) = &first else {
                panic!("{name}: it begins with {first:?}")
            };
            forks += usize::from(matches!(first, Event::Forked { .. }));
            keys += usize::from(!started.lines.is_empty());
            delays += usize::from(started.not_before.is_some());
        }
    }
    println!(
        "golden: {} files, {executions} executions, {turns} turns, {snapshots} snapshots; {forks} forks, {keys} with a \
         concurrency key, {delays} delayed",
        all.len()
    );
    println!("golden: wasm32 skipped, {}", wasm::skipped());
    assert!(forks > 0 && keys > 0 && delays > 0 && snapshots > 0, "every kind of beginning");
}
