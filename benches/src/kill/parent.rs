//! The process that kills, keeps the ledger, and looks at what is left.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

use flov7::id::{ExecutionId, StepPath};
use flov7::machine::CallErrorKind;
use flov7::machine::event::Event;
use flov7::store::{ExecutionQuery, ExecutionStore};
use flov7_sqlite::{Options, SqliteStore};
use serde_json::{Value, json};

use super::real_ms;
use crate::author::Case;
use crate::dice::Dice;
use crate::simulate::case_of;
use crate::simulate::invariants::{asked, events, journal};
use crate::simulate::stage::{Asked, Given, answer_of, here};

/// How long nothing may happen after a child was started.
const STUCK: Duration = Duration::from_secs(5);

/// How long all executions of a file may do nothing but wait for instants to come, before the file is judged as it is:
/// what waits for a month says nothing more.
const IDLE: Duration = Duration::from_secs(3);

/// The most kills of one file.
const KILLS: u64 = 10;

/// What was seen.
#[derive(Debug, Default)]
pub struct Totals {
    /// Kills.
    pub kills: u64,
    /// Executions that ended.
    pub executions: u64,
    /// Calls in the ledger.
    pub calls: u64,
    /// What was acknowledged and is not there.
    pub lost: u64,
    /// Effects that were repeated and must not be.
    pub repeated: u64,
    /// Files whose executions did not go on.
    pub stuck: u64,
    /// All of these in words.
    pub complaints: Vec<String>,
}

impl Totals {
    /// The last line.
    #[must_use]
    pub fn line(&self) -> Value {
        json!({ "kills": self.kills, "executions": self.executions, "calls": self.calls, "lost": self.lost,
            "repeated": self.repeated, "stuck": self.stuck })
    }
}

/// What one file's children acknowledged, and what they asked.
#[derive(Default)]
struct Told {
    started: BTreeMap<String, String>,
    signalled: BTreeSet<(String, String)>,
    ended: BTreeSet<String>,
    asked: Asked,
    wrong: Vec<String>,
}

/// How a child came to its end.
#[derive(PartialEq)]
enum End {
    Killed,
    Over,
    Stuck,
}

/// Kills so many children.
///
/// # Errors
/// Where no process can be started or a file cannot be read.
pub fn parent(kills: u64, seed: u64) -> io::Result<Totals> {
    let mut totals = Totals::default();
    let mut seed = seed;
    while totals.kills < kills {
        if let Some((case, _)) = case_of(seed) {
            one_file(seed, &case, kills, &mut totals)?;
        }
        seed += 1;
    }
    Ok(totals)
}

fn one_file(seed: u64, case: &Case, kills: u64, totals: &mut Totals) -> io::Result<()> {
    let directory = std::env::temp_dir().join(format!("flov7-kill-{}-{seed}", std::process::id()));
    std::fs::create_dir_all(&directory)?;
    let (file, origin) = (directory.join("flov7.db"), real_ms());
    let (mut dice, mut told, mut own) = (Dice::new(seed ^ 0x6b69), Told::default(), 0);
    loop {
        let fatal = own < KILLS && totals.kills < kills;
        // After so many lines, or after so long where fewer come.
        let mercy = fatal.then(|| (dice.between(1, 14), Duration::from_micros(dice.between(500, 25_000))));
        match live(&file, seed, origin, case, mercy, &mut told)? {
            End::Killed => {
                own += 1;
                totals.kills += 1;
            }
            End::Over => break,
            End::Stuck => {
                totals.stuck += 1;
                totals.complaints.push(format!("seed {seed}: stuck after kill {own}"));
                break;
            }
        }
    }
    totals.calls += told.asked.values().map(|given| given.len() as u64).sum::<u64>();
    totals.executions += told.ended.len() as u64;
    let (lost, repeated) = judge(&file, case, &told)?;
    totals.lost += lost.len() as u64;
    totals.repeated += repeated.len() as u64;
    totals.complaints.extend(lost.into_iter().chain(repeated).map(|what| format!("seed {seed}: {what}")));
    std::fs::remove_dir_all(&directory)
}

/// One child, from its start to its end.
fn live(
    file: &Path,
    seed: u64,
    origin: i64,
    case: &Case,
    mercy: Option<(u64, Duration)>,
    told: &mut Told,
) -> io::Result<End> {
    let mut child = Command::new(std::env::current_exe()?)
        .arg("--child")
        .arg(file)
        .args([seed.to_string(), origin.to_string()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let (sender, lines) = mpsc::channel();
    let out = child.stdout.take().map(BufReader::new);
    let reader = std::thread::spawn(move || {
        for line in out.into_iter().flat_map(BufRead::lines).map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    let end = attend(&mut child, &lines, case, mercy, told);
    // SIGKILL: nothing is flushed, no destructor runs.
    let _ = child.kill();
    child.wait()?;
    // What it said before it died counts.
    for line in lines.iter() {
        hear(&line, case, told);
    }
    let _ = reader.join();
    end
}

fn attend(
    child: &mut Child,
    lines: &mpsc::Receiver<String>,
    case: &Case,
    mercy: Option<(u64, Duration)>,
    told: &mut Told,
) -> io::Result<End> {
    let mut heard = 0;
    let mut last = Instant::now();
    let mut moved = last;
    let mut opened: Option<Instant> = None;
    loop {
        let left = match (mercy, opened) {
            (Some((_, after)), Some(opened)) => after.saturating_sub(opened.elapsed()),
            // Before it has opened its file it is killed too, now and then: by the number of lines alone.
            _ => STUCK.saturating_sub(last.elapsed()),
        };
        match lines.recv_timeout(left) {
            Ok(line) => {
                last = Instant::now();
                heard += 1;
                if line != "waits" {
                    moved = last;
                }
                if line == "over" || (mercy.is_none() && moved.elapsed() > IDLE) {
                    return Ok(End::Over);
                }
                if line == "open" {
                    opened = Some(last);
                }
                if let Some((number, count)) = hear(&line, case, told)
                    // Killed between the ledger and the answer, as often as anywhere.
                    && mercy.is_none_or(|(most, _)| heard < most)
                    && let Some(stdin) = &mut child.stdin
                {
                    writeln!(stdin, "{number} {count}")?;
                    stdin.flush()?;
                }
                if mercy.is_some_and(|(most, _)| heard >= most) {
                    return Ok(End::Killed);
                }
            }
            Err(RecvTimeoutError::Timeout) if mercy.is_some() && opened.is_some() => return Ok(End::Killed),
            Err(RecvTimeoutError::Timeout) => return Ok(End::Stuck),
            Err(RecvTimeoutError::Disconnected) => {
                told.wrong.push(format!("a child ended by itself: {:?}", child.wait()?));
                return Ok(End::Stuck);
            }
        }
    }
}

/// Takes in one line; gives what is to be answered.
fn hear(line: &str, case: &Case, told: &mut Told) -> Option<(u64, usize)> {
    let mut words = line.splitn(3, ' ');
    let (kind, first, rest) = (words.next()?, words.next()?, words.next().unwrap_or_default());
    match kind {
        "started" => {
            let before = told.started.insert(first.to_owned(), rest.to_owned());
            if before.as_deref().is_some_and(|before| before != rest) {
                told.wrong.push(format!("`{first}` was started twice: {before:?} and {rest}"));
            }
            None
        }
        "signalled" => {
            told.signalled.insert((first.to_owned(), rest.to_owned()));
            None
        }
        "ended" => {
            told.ended.insert(first.to_owned());
            None
        }
        "call" => {
            let call: Value = flov7::json::read(rest, &flov7::json::ReadLimits::default()).ok()?;
            let text = |name: &str| call[name].as_str().unwrap_or_default().to_owned();
            let path = StepPath::parse(&text("path")).ok()?;
            let given = told.asked.entry((text("execution"), text("path"))).or_default();
            let count = given.len();
            let (failed, _): (Option<CallErrorKind>, _) =
                answer_of(&case.world, &text("action"), &path, count);
            given.push(Given {
                action: text("action"),
                attempt: call["attempt"]
                    .as_u64()
                    .and_then(|attempt| u32::try_from(attempt).ok())
                    .unwrap_or(0),
                key: text("key"),
                input: call["input"].clone(),
                failed,
            });
            Some((first.parse().ok()?, count))
        }
        _ => None,
    }
}

/// What was lost, and what was repeated.
fn judge(file: &Path, case: &Case, told: &Told) -> io::Result<(Vec<String>, Vec<String>)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let failed = |error: flov7::error::Error| io::Error::other(format!("{error:?}"));
    runtime.block_on(async {
        let store = SqliteStore::open(file, Options::new()).map_err(failed)?;
        let mut lost = told.wrong.clone();
        let mut journals: BTreeMap<ExecutionId, _> = BTreeMap::new();
        let page =
            store.executions(&here(), &ExecutionQuery::new().with_limit(1_000)).await.map_err(failed)?;
        for row in page.executions {
            let turns = store.turns(&here(), &row.execution, 0, 100_000).await.map_err(failed)?;
            lost.extend(journal(&row.execution, &turns));
            let id = row.execution.to_string();
            if told.ended.contains(&id) && !row.head.status.is_ended() {
                lost.push(format!("{id} had ended, and has not"));
            }
            let signals: BTreeSet<String> = events(&turns)
                .into_iter()
                .filter_map(|recorded| match recorded.event {
                    Event::Signal(signal) => Some(signal.id),
                    _ => None,
                })
                .collect();
            // What came for a wait that ended otherwise in the same moment has nothing to be journaled for.
            let ended = row.head.status.is_ended();
            for (_, message) in told.signalled.iter().filter(|(of, _)| *of == id) {
                if !ended && !signals.contains(message) {
                    lost.push(format!("{id}: `{message}` was acknowledged and is lost"));
                }
            }
            journals.insert(row.execution, events(&turns));
        }
        for id in told.started.values() {
            if !journals.keys().any(|own| own.to_string() == *id) {
                lost.push(format!("{id} was acknowledged and is lost"));
            }
        }
        Ok((lost, asked(case, &told.asked, &journals)))
    })
}
