//! `purge`, `export`, `replay`: what becomes of executions once they are over.

use std::path::Path;

use flov7::execute::Export;
use flov7::json::{self, ReadLimits};
use flov7::store::{ExecutionStore, Purge};
use flov7_sqlite::{Options, SqliteStore};
use serde_json::json;

use super::execution::{Next, text, view_json};
use super::run::execution_id;
use super::{Answer, DONE, FAILED};
use crate::args::{self, Common};
use crate::engine::{attach, namespace, store_path};
use crate::failure::Failure;
use crate::files;
use crate::output::Output;

/// `purge`: takes away what ended long ago, of one namespace.
pub(crate) async fn purge(output: Output, common: &Common, args: &args::Purge) -> Answer {
    let namespace = namespace(common)?;
    let path = store_path(output, common);
    if !path.exists() {
        return Err(Failure::unreadable(format!("there is no store {}", path.display())));
    }
    let store = SqliteStore::open(path, Options::new())?;
    let age = u64::try_from(args.older_than.as_millis()).unwrap_or(u64::MAX);
    let purge = Purge::new(age).with_namespace(namespace);
    let (mut executions, mut events, mut bundles) = (0, 0, 0);
    loop {
        let purged = store.purge(&purge).await?;
        executions += purged.executions;
        events += purged.events;
        bundles += purged.bundles;
        if !purged.more {
            break;
        }
    }
    output.either(
        || json!({ "executions": executions, "events": events, "bundles": bundles }),
        || format!("taken away: {executions} executions, {events} events, {bundles} bundles\n"),
    );
    Ok(DONE)
}

/// `export`: one execution, in a file or on standard output.
pub(crate) async fn export(output: Output, common: &Common, args: &args::Export) -> Answer {
    let namespace = namespace(common)?;
    let id = execution_id(&args.id)?;
    let store = attach(output, common)?;
    let export = Export::of(&store, &namespace, &id).await?;
    let value = serde_json::to_value(&export)
        .map_err(|error| Failure::unreadable(format!("the execution cannot be written: {error}")))?;
    let file = format!("{}\n", json::canonical(&value));
    let Some(out) = &args.out else {
        output.document(&file);
        return Ok(DONE);
    };
    files::put(out, args.force, &file)?;
    for child in &export.children {
        output.note(&format!("it called {child}, which is a file of its own: flov7 export {child}"));
    }
    let turns = export.turns.len();
    output.either(
        || json!({ "execution": id, "file": out, "turns": turns, "children": export.children }),
        || format!("{}: {turns} turns; to see it again: flov7 replay {}\n", out.display(), out.display()),
    );
    Ok(DONE)
}

/// `replay`: makes an exported execution again, and holds it against what the file says.
pub(crate) fn replay(output: Output, args: &args::Replay) -> Answer {
    let (name, written) = whole(&args.file)?;
    let limits = ReadLimits::default()
        .with_bytes(usize::MAX)
        .with_values(usize::MAX)
        .with_depth(json::MAX_STORED_DEPTH);
    let value =
        json::read(&written, &limits).map_err(|fault| Failure::unreadable(format!("{name}: {fault}")))?;
    let export = Export::read(value)?;
    let replayed = export.replay().map_err(|error| Failure::from(error).with_exit(FAILED))?;
    let held = if export.state.is_some() { "as the file says" } else { "the file says of none" };
    output.either(
        || {
            let mut answer = view_json(&replayed.view, &[]);
            answer["state"] = json!(replayed.state);
            answer
        },
        || {
            let shown = text(output, &replayed.view, Next::Past);
            format!("{shown}replayed to state {}, {held}\n", replayed.state)
        },
    );
    Ok(DONE)
}

/// All of a file, or of standard input for `-`: a journal may be longer than any document.
fn whole(path: &Path) -> Result<(String, String), Failure> {
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let read = if path == Path::new("-") {
        std::io::read_to_string(std::io::stdin().lock())
    } else {
        std::fs::read_to_string(path)
    };
    let text = read.map_err(|error| Failure::unreadable(format!("{name}: {error}")))?;
    Ok((name, text))
}
