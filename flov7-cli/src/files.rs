//! What verbs read: documents, catalogues, bindings, inputs.

use std::fs::File;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use flov7::action::Registry;
use flov7::catalog::Catalog;
use flov7::connect::Bindings;
use flov7::id::WorkflowName;
use flov7::json::{self, ReadLimits};
use flov7::validate::calls;
use flov7::workflow::{Syntax, read_text};
use serde_json::Value;

use crate::args::Common;
use crate::failure::Failure;

/// The name under which a catalogue is found without being named.
pub(crate) const CATALOG: &str = "flov7.catalog.json";

/// A text with where it came from.
#[derive(Debug)]
pub(crate) struct Text {
    /// The file's name as it was given, or `standard input`.
    pub(crate) name: String,
    /// The text.
    pub(crate) text: String,
    /// JSON, or YAML by extension.
    pub(crate) syntax: Syntax,
}

/// Reads a file, or standard input for `-`. Never more than one byte over the document limit: what is larger is
/// refused by the reader, with a finding.
pub(crate) fn text(path: &Path) -> Result<Text, Failure> {
    let limit = ReadLimits::default().bytes as u64 + 1;
    let mut bytes = Vec::new();
    let name = if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() };
    let read = if path == Path::new("-") {
        std::io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::unreadable(format!("{name}: {error}")))?;
    if bytes.len() as u64 == limit {
        // Cut inside a character perhaps; the reader refuses by size before it looks at any.
        let text = String::from_utf8_lossy(&bytes).into_owned();
        return Ok(Text { syntax: Syntax::of_file(&name), name, text });
    }
    let text = String::from_utf8(bytes).map_err(|_| Failure::unreadable(format!("{name}: not UTF-8")))?;
    Ok(Text { syntax: Syntax::of_file(&name), name, text })
}

/// Writes a new file; one that is there already is left as it is.
pub(crate) fn create(path: &Path, text: &str) -> Result<(), Failure> {
    let written = File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|error| {
        let hint = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "it is there already; --force replaces it".to_owned(),
            _ => error.to_string(),
        };
        Failure::unreadable(format!("{}: {hint}", path.display()))
    })
}

/// Writes a file that `--out` names; with `--force` in the place of one that is there.
pub(crate) fn put(path: &Path, force: bool, text: &str) -> Result<(), Failure> {
    if force && path.exists() { replace(path, text) } else { create(path, text) }
}

/// Puts a text in the place of a file's: wholly or not at all, whatever happens meanwhile. What a link leads to is
/// replaced, not the link; permissions stay.
pub(crate) fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    let fault = |error: std::io::Error| Failure::unreadable(format!("{}: {error}", path.display()));
    let target = path.canonicalize().map_err(fault)?;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    // Beside it, for a file moves at once within one directory alone.
    let beside = target.with_file_name(format!(".{name}.{}", std::process::id()));
    let written = write_beside(&beside, &target, text);
    if written.is_err() {
        let _ = std::fs::remove_file(&beside);
    }
    written.map_err(fault)
}

fn write_beside(beside: &Path, target: &Path, text: &str) -> std::io::Result<()> {
    let mut file = File::create_new(beside)?;
    file.write_all(text.as_bytes())?;
    file.set_permissions(target.metadata()?.permissions())?;
    file.sync_all()?;
    std::fs::rename(beside, target)
}

/// Reads a JSON file; what is wrong with it is refused with its place.
pub(crate) fn value(path: &Path) -> Result<Value, Failure> {
    let read = text(path)?;
    parse(&read.text, &read.name)
}

/// An argument that is JSON, or `@FILE`.
pub(crate) fn argument(text: &str, what: &str) -> Result<Value, Failure> {
    match text.strip_prefix('@') {
        Some(file) => value(Path::new(file)),
        None => parse(text, what),
    }
}

fn parse(text: &str, name: &str) -> Result<Value, Failure> {
    json::read(text, &ReadLimits::default()).map_err(|error| {
        Failure::unreadable(format!(
            "{name}, line {}, column {}: {}",
            error.line, error.column, error.message
        ))
    })
}

/// What is known for a workflow: the catalogue that was named, else the one beside it or here, else the built-in
/// actions; with the handlers of this command line.
pub(crate) fn registry(common: &Common, beside: Option<&Path>) -> Result<Registry, Failure> {
    let own = match catalog(common, beside) {
        None => Catalog::new(),
        Some(path) => {
            let name = path.display().to_string();
            let sound = |findings| Failure::refused(format!("{name} is no sound catalogue"), findings);
            Catalog::read(&value(&path)?).map_err(sound)?
        }
    };
    Ok(flov7_connect::register(Registry::new(), own)?)
}

/// A catalogue with the workflows that one calls, and that those call: `NAME.json`, `NAME.yaml` or `NAME.yml` in the
/// directory that was named, else beside the caller. One that is not there is left for validation to find.
pub(crate) fn with_callees(
    common: &Common,
    caller: &Path,
    document: &Text,
    mut catalog: Catalog,
) -> Result<Catalog, Failure> {
    let beside = || match caller.parent().filter(|_| caller != Path::new("-")) {
        Some(dir) => dir.to_owned(),
        None => PathBuf::new(),
    };
    let dir = common.workflows.clone().unwrap_or_else(beside);
    let mut wanted = called(document);
    while let Some(name) = wanted.pop() {
        // Names are no paths: what is no name of a workflow is looked for nowhere.
        if catalog.workflow(&name).is_some() || WorkflowName::parse(&name).is_err() {
            continue;
        }
        let mut files =
            ["json", "yaml", "yml"].into_iter().map(|ending| dir.join(format!("{name}.{ending}")));
        let Some(file) = files.find(|file| file.is_file()) else { continue };
        if same(&file, caller) {
            continue;
        }
        let read = text(&file)?;
        let (callee, _) = read_text(&read.text, read.syntax).map_err(|findings| {
            Failure::refused(format!("{}, which is called, is no workflow", file.display()), findings)
        })?;
        if callee.name != name {
            let message =
                format!("{}, which is called, holds the workflow `{}`", file.display(), callee.name);
            return Err(Failure::unreadable(message));
        }
        wanted.extend(calls(&callee).into_iter().map(str::to_owned));
        catalog = catalog.with_workflow(callee);
    }
    Ok(catalog)
}

/// Whether two paths lead to one file.
fn same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// The workflows that a document calls; also where not all of it can be read, so that no name is called unknown for that.
fn called(document: &Text) -> Vec<String> {
    if let Ok((workflow, _)) = read_text(&document.text, document.syntax) {
        return calls(&workflow).into_iter().map(str::to_owned).collect();
    }
    let Ok(value) = json::read(&document.text, &ReadLimits::default()) else { return Vec::new() };
    let (mut names, mut open) = (Vec::new(), vec![&value]);
    while let Some(value) = open.pop() {
        if value.get("use").is_some_and(|name| name == "core.call") {
            names.extend(value.pointer("/with/workflow").and_then(Value::as_str).map(str::to_owned));
        }
        match value {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => open.extend(members.values()),
            _ => {}
        }
    }
    names
}

/// The catalogue's file: the one that was named, else the one beside the workflow or here.
pub(crate) fn catalog(common: &Common, beside: Option<&Path>) -> Option<PathBuf> {
    common.catalog.clone().or_else(|| found(beside))
}

/// The bindings that were named; none without.
pub(crate) fn bindings(common: &Common) -> Result<Bindings, Failure> {
    let Some(path) = &common.bindings else { return Ok(Bindings::default()) };
    flov7_connect::bindings::read(&value(path)?).map_err(|faults| {
        let faults = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        Failure::unreadable(format!("{}: {faults}", path.display()))
    })
}

fn found(beside: Option<&Path>) -> Option<PathBuf> {
    let near =
        beside.filter(|path| *path != Path::new("-")).and_then(Path::parent).map(|dir| dir.join(CATALOG));
    near.into_iter().chain([PathBuf::from(CATALOG)]).find(|path| path.is_file())
}
