//! A directory of its own, the shop as a process of its own, and the binary.

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

use flov7::id::Namespace;
use flov7::store::{ExecutionQuery, ExecutionStore};
use flov7_sqlite::{Options, SqliteStore};
use serde_json::{Value, json};

/// The reference workflows.
pub(crate) fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/workflows").canonicalize().unwrap()
}

/// Their catalogue, for verbs that are given no workflow.
pub(crate) fn catalog() -> String {
    examples().join("flov7.catalog.json").to_str().unwrap().to_owned()
}

/// A fresh directory that goes away with it.
pub(crate) struct Dir(PathBuf);

impl Dir {
    pub(crate) fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("flov7-cli-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Dir(path)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What a run of the binary gave.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; nothing when a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// Standard output as the one JSON document that it must be.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:#?}"))
    }
}

/// Runs the binary in a directory.
pub(crate) fn flov7(dir: &Path, args: &[&str]) -> Ran {
    run(command(dir, args))
}

/// The binary in a directory, without anything of the environment that it reads.
pub(crate) fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_flov7"));
    command.args(args).current_dir(dir).stdin(Stdio::null());
    command.env_remove("FLOV7_STORE").env_remove("FLOV7_FAULT").env("NO_COLOR", "1");
    command
}

pub(crate) fn run(mut command: Command) -> Ran {
    let out = command.output().unwrap();
    Ran {
        code: out.status.code(),
        stdout: String::from_utf8(out.stdout).unwrap(),
        stderr: String::from_utf8_lossy(&out.stderr).into_owned(),
    }
}

/// The demo's shop, as a process of its own with its ledger in a directory.
pub(crate) struct Shop {
    child: Child,
    address: String,
}

impl Shop {
    pub(crate) fn start(dir: &Path) -> Self {
        let mut command = command(dir, &["demo", "--service-only", "--dir"]);
        let mut child = command.arg(dir).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address =
            line.trim().strip_prefix("http://").unwrap_or_else(|| panic!("no address: {line:?}")).to_owned();
        Shop { child, address }
    }

    /// Bindings of the connections that the reference workflows use: a shop that deduplicates, a bank that does not.
    pub(crate) fn bindings(&self, dir: &Dir) -> PathBuf {
        let binding = |header: Option<&str>| {
            let mut binding = json!({ "connector": "http", "base_url": format!("http://{}", self.address),
                "allow_internal": [self.address] });
            if let Some(header) = header {
                binding["idempotency_header"] = json!(header);
            }
            binding
        };
        let bindings = json!({ "flov7_bindings": 1,
            "connections": { "shop": binding(Some("idempotency-key")), "bank": binding(None) } });
        dir.write("bindings.json", &bindings.to_string())
    }
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One case of a reference workflow.
#[derive(Clone)]
pub(crate) struct Case {
    /// The workflow's name and the case's number.
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    pub(crate) case: Value,
}

/// All cases of all reference workflows, in order.
pub(crate) fn cases() -> Vec<Case> {
    let dir = examples();
    let mut names: Vec<String> = fs::read_dir(dir.join("cases"))
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
        .iter()
        .flat_map(|name| {
            let text = fs::read_to_string(dir.join("cases").join(format!("{name}.json"))).unwrap();
            let value: Value = serde_json::from_str(&text).unwrap();
            let file = dir.join(format!("{name}.json"));
            let list = value["cases"].as_array().unwrap().clone();
            list.into_iter().enumerate().map(move |(index, case)| Case {
                name: format!("{name}#{index}"),
                file: file.clone(),
                case,
            })
        })
        .collect()
}

/// The cases that run for real too.
pub(crate) fn real_cases() -> Vec<Case> {
    cases().into_iter().filter(|case| case.case["dry_only"] != true).collect()
}

/// The command that starts a case.
pub(crate) fn start(dir: &Dir, bindings: &Path, case: &Case) -> Command {
    let (file, input) = (case.file.to_str().unwrap(), case.case["input"].to_string());
    command(dir.path(), &["run", file, "--input", &input, "--bindings", bindings.to_str().unwrap(), "--json"])
}

/// Step paths with how they settled.
pub(crate) fn settled(view: &Value) -> Value {
    let steps = view["steps"].as_array().unwrap_or_else(|| panic!("no steps: {view}"));
    Value::Object(
        steps.iter().map(|s| (s["path"].as_str().unwrap().to_owned(), s["settled"].clone())).collect(),
    )
}

/// Holds a view against what a case expects.
pub(crate) fn assert_view(name: &str, view: &Value, expect: &Value) {
    assert_eq!(view["status"], expect["status"], "{name}: {view:#}");
    assert_eq!(settled(view), expect["settled"], "{name}: {view:#}");
    if let Some(output) = expect.get("output") {
        assert_eq!(&view["output"], output, "{name}: {view:#}");
    }
    if let Some(undo) = expect.get("undo") {
        assert_eq!(&view["undo"], undo, "{name}: {view:#}");
    }
    if let Some(error) = expect.get("error") {
        assert_eq!(view["error"]["code"], error["code"], "{name}: {view:#}");
        assert_eq!(view["error"]["step"], error["step"], "{name}: {view:#}");
    }
}

/// The executions of a directory that no other one called.
pub(crate) fn roots(dir: &Dir) -> Vec<String> {
    let path = dir.path().join("flov7.db");
    if !path.exists() {
        return Vec::new();
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let page = runtime.block_on(async {
        let store = SqliteStore::attach(path, Options::new()).ok()?;
        Some(store.executions(&Namespace::default(), &ExecutionQuery::new()).await.unwrap())
    });
    let called = |key: &Option<String>| key.as_deref().is_some_and(|key| key.starts_with("child:"));
    let rows = page.into_iter().flat_map(|page| page.executions);
    rows.filter(|row| !called(&row.key)).map(|row| row.execution.to_string()).collect()
}

/// The exit code that belongs to a status.
pub(crate) fn exit_of(status: &Value) -> i32 {
    match status.as_str().unwrap() {
        "completed" => 0,
        "failed" => 1,
        "waiting" => 5,
        "cancelled" => 6,
        other => panic!("no case ends {other}"),
    }
}

/// Goes on from what a start gave, to the end. Gives the last view.
pub(crate) fn finish(dir: &Dir, bindings: &Path, case: &Case, view: Value) -> Value {
    if view["status"] != "waiting" {
        return view;
    }
    answer(dir, case, view["execution"].as_str().unwrap(), &view);
    drive(dir, bindings, case)
}

/// Drives an execution to its end: resumes it and gives the case's answers when it waits. Gives the last view.
pub(crate) fn drive(dir: &Dir, bindings: &Path, case: &Case) -> Value {
    let catalog = catalog();
    let args = ["resume", "--json", "--bindings", bindings.to_str().unwrap(), "--catalog", &catalog];
    // An answer, a resume after it, and one more after a kill in between: a case needs few rounds.
    for _ in 0..12 {
        let ran = flov7(dir.path(), &args);
        let roots = roots(dir);
        let execution = roots.first().unwrap_or_else(|| panic!("{}: none: {ran:#?}", case.name)).to_owned();
        let view = flov7(dir.path(), &["show", &execution, "--json"]).json();
        match view["status"].as_str().unwrap() {
            "completed" | "failed" | "cancelled" | "terminated" => return view,
            "waiting" => answer(dir, case, &execution, &view),
            "running" => {}
            other => panic!("{}: {other}: {view:#} {ran:#?}", case.name),
        }
    }
    panic!("{}: does not end", case.name)
}

/// Gives the answer that a case has for what is waiting.
pub(crate) fn answer(dir: &Dir, case: &Case, execution: &str, view: &Value) {
    let none = Vec::new();
    let answers = case.case["answers"].as_array().unwrap_or(&none);
    for waiting in view["waiting"].as_array().unwrap() {
        let path = waiting["path"].as_str().unwrap();
        if waiting["kind"] == "child" {
            // What a called execution waits for is answered there.
            let child = waiting["execution"].as_str().unwrap();
            let view = flov7(dir.path(), &["show", child, "--json"]).json();
            answer(dir, case, child, &view);
            continue;
        }
        // A second cancel would stop it at once.
        let told = dir.path().join("cancelled");
        if answers.iter().any(|a| a["skip"] == path || (a["cancel"] == path && told.exists())) {
            continue;
        }
        let ran = if answers.iter().any(|a| a["cancel"] == path) {
            fs::write(&told, "").unwrap();
            flov7(dir.path(), &["cancel", execution, "--json", "--by", "ann"])
        } else if let Some(found) = answers.iter().find(|a| a["approve"] == path) {
            let mut args = vec!["approve", execution, "--json", "--step", path, "--by", "ann"];
            if found["no"] == true {
                args.push("--no");
            }
            flov7(dir.path(), &args)
        } else if let Some(found) = answers.iter().find(|a| a["ask"] == path) {
            let token = waiting["token"].as_str().unwrap();
            flov7(
                dir.path(),
                &["signal", execution, token, &found["payload"].to_string(), "--json", "--by", "ann"],
            )
        } else if let Some(found) = answers
            .iter()
            .find(|a| a["signal"] == waiting["signal"] && a.get("at").is_none_or(|at| at == path))
        {
            let name = waiting["signal"].as_str().unwrap();
            let payload = found["payload"].to_string();
            let id = format!("answer-{path}");
            let mut args = vec!["signal", execution, name, &payload, "--id", &id, "--json", "--by", "ann"];
            if let Some(key) = found["key"].as_str() {
                args.extend(["--key", key]);
            }
            flov7(dir.path(), &args)
        } else {
            panic!("{}: nobody answers {waiting}", case.name)
        };
        assert_eq!(ran.code, Some(0), "{}: {ran:#?}", case.name);
        assert_eq!(ran.json()["accepted"], true, "{}: {ran:#?}", case.name);
    }
}
