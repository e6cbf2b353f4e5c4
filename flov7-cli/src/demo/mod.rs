//! `demo`: the whole way, from a sentence to a finished execution, against a service on this machine.
//!
//! Its directory holds everything: catalogue, bindings, workflow, store, and the service's ledger. Killed anywhere and
//! started again with the same directory, it goes on where it was: what is there is used, what is missing is made.

mod files;
mod service;

use std::io::{BufRead, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use flov7::clock::SystemEntropy;
use flov7::error::ErrorKind;
use flov7::execute::{
    DryRun, Executor, Inspection, Mocks, SignalRequest, StartOptions, signal_message, waiting_approval,
};
use flov7::generate::{DraftOutcome, GenerateRequest};
use flov7::id::ExecutionId;
use flov7::machine::event::SignalTo;
use flov7::machine::{Actor, ExecutionView, Status};
use flov7::observe::Observer;
use flov7::rules::RuleGenerator;
use flov7::store::{Accepted, ExecutionStore};
use flov7::validate::ValidWorkflow;
use flov7::view;
use flov7_sqlite::{Owner, SqliteStore};
use serde_json::json;

use crate::args::{Common, Demo};
use crate::engine::Engine;
use crate::failure::Failure;
use crate::hint::{Again, quoted};
use crate::output::{Colour, Output};
use crate::progress::Progress;
use crate::verbs::execution::{Next, exit_of, text, view_json};
use crate::verbs::new::{because_text, document_text};
use crate::verbs::validate::checked;
use crate::verbs::{Answer, DONE};

/// The start key of the demo's one execution.
const KEY: &str = "demo";

pub(crate) async fn run(output: Output, common: &Common, args: &Demo) -> Answer {
    let place = Place::new(&args.dir)?;
    if !args.service_only {
        // Before anything there is touched: whoever holds it goes on with it.
        place.is_free()?;
    }
    let address = service::start(&place.file("service.jsonl"))
        .await
        .map_err(|error| Failure::unreadable(format!("the demo's service: {error}")))?;
    if args.service_only {
        output.say(&format!("http://{address}\n"));
        // Until whoever started it ends it.
        std::future::pending::<()>().await;
    }
    place.write("flov7.catalog.json", files::CATALOG)?;
    let common = place.common(common);
    let registry = crate::files::registry(&common, None)?;
    let stage = Stage { output, place: &place };

    let workflow_file = place.file("workflow.json");
    if workflow_file.is_file() {
        stage.title("Going on", &format!("{} is there already", workflow_file.display()));
    } else {
        stage.draft(&registry, &workflow_file)?;
    }
    let checked = checked(output, &common, &workflow_file)?;
    stage.look(&checked.workflow, registry.catalog(), &checked.valid)?;

    let text_of_bindings = files::bindings(&address.to_string());
    let bindings = files::read(&text_of_bindings)?;
    let progress: Option<Arc<dyn Observer>> = (!output.json).then(|| Progress::always(output));
    stage.title("For real", &format!("on {}, against http://{address}", place.file("flov7.db").display()));
    let engine = Engine::open(output, &common, checked.registry, bindings, progress)?;
    // Only now, as the one who holds the store: another demo's service has another address.
    let written = place.write("flov7.bindings.json", &text_of_bindings);
    let again = Again::new(&common);
    let answer = match written {
        Ok(()) => engine.unless_stopped(execute(&stage, &engine, &checked.valid, args, &again)).await,
        Err(failure) => Err(failure),
    };
    engine.close().await;
    let (view, fresh) = answer?;
    output.either(|| view_json(&view, &[]), || text(output, &view, Next::Commands(&again, &[])));
    let dir = quoted(&args.dir.to_string_lossy());
    if view.status.is_ended() && !fresh {
        stage.say(&format!("This demo is finished; to start anew, remove {dir}\n"));
    }
    if view.status == Status::Waiting {
        stage.say(&format!("To answer here, or to go on after an answer: flov7 demo --dir {dir}\n"));
    }
    Ok(exit_of(view.status))
}

/// Starts the demo's execution, or finds it, and stays with it to its end. Says whether anything was left to do.
async fn execute(
    stage: &Stage<'_>,
    engine: &Engine,
    valid: &ValidWorkflow,
    args: &Demo,
    again: &Again<'_>,
) -> Result<(ExecutionView, bool), Failure> {
    let options = StartOptions::default().with_key(KEY).with_actor(Actor::new("demo"));
    let input = json!({ "order": { "id": "o-1001", "total": 750, "email": "ann@example.org" } });
    let started = engine.executor.start(&engine.namespace, valid, input, options).await?;
    let id = &started.execution;
    if started.existing {
        let found = engine.executor.describe(&engine.namespace, id).await?;
        if found.status.is_ended() {
            return Ok((found, false));
        }
        stage.say(&format!("  going on with execution {id}\n"));
        engine.executor.resume(&engine.namespace, id).await?;
    }
    loop {
        let view = engine.executor.wait(&engine.namespace, id).await?;
        if view.status != Status::Waiting {
            return Ok((view, true));
        }
        match answer(stage, engine, id, args, again).await? {
            Answered::Here | Answered::Elsewhere => {}
            Answered::Not => return Ok((engine.executor.describe(&engine.namespace, id).await?, true)),
        }
    }
}

/// What became of the approval that waited.
enum Answered {
    /// It was answered here.
    Here,
    /// It waits no more, by someone else's doing.
    Elsewhere,
    /// Nobody was there to answer.
    Not,
}

/// Answers the approval that waits: as `--yes` or `--no` say, else as the person at the terminal does, unless someone
/// answers it elsewhere meanwhile.
async fn answer(
    stage: &Stage<'_>,
    engine: &Engine,
    id: &ExecutionId,
    args: &Demo,
    again: &Again<'_>,
) -> Result<Answered, Failure> {
    let found = Inspection::of(&*engine.store, &engine.namespace, id).await?;
    if found.view.status != Status::Waiting {
        return Ok(Answered::Elsewhere);
    }
    let wait = waiting_approval(&found, None)?;
    let title = crate::output::clean(wait.title.as_deref().unwrap_or("approval"));
    let yes = match (args.yes, args.no) {
        (true, _) => true,
        (_, true) => false,
        _ => {
            let other = again.posting(&format!("approve {id}"));
            stage.output.note(&format!("\nFrom another terminal: {other}"));
            // Dropped with what it waits for, when someone else was faster: a thread that reads a terminal cannot be
            // stopped, and ends with the process.
            tokio::select! {
                asked = stage.ask(&title) => match asked {
                    Some(yes) => yes,
                    None => return Ok(Answered::Not),
                },
                over = over(engine, id, &wait.token) => {
                    over?;
                    return Ok(stage.elsewhere());
                }
            }
        }
    };
    let to = SignalTo::Token(wait.token.clone().unwrap_or_default());
    let request =
        SignalRequest::new(to, json!({ "approved": yes }), Actor::new(crate::verbs::post::user(None)));
    let message = signal_message(&found, request, &SystemEntropy)?;
    match engine.store.post(&engine.namespace, id, message).await {
        Ok(Accepted::New) => {
            stage.say(&format!("  {title}: {}\n", if yes { "yes" } else { "no" }));
            Ok(Answered::Here)
        }
        // Someone was faster, by an answer or by ending it: theirs counts.
        Ok(Accepted::Duplicate) => Ok(stage.elsewhere()),
        Err(error) if error.kind() == ErrorKind::Closed => Ok(stage.elsewhere()),
        Err(error) => Err(error.into()),
    }
}

/// Returns when an approval waits no more: it was answered from another terminal, or its time is over.
async fn over(engine: &Engine, id: &ExecutionId, token: &Option<String>) -> Result<(), Failure> {
    let mut mark = 0;
    loop {
        let found = Inspection::of(&*engine.store, &engine.namespace, id).await?;
        if found.view.status.is_ended() || found.view.waiting.iter().all(|wait| wait.token != *token) {
            return Ok(());
        }
        // A hint comes when something is written; without one a look each second is enough for a person.
        tokio::select! {
            seen = engine.store.changed(mark) => mark = seen,
            () = tokio::time::sleep(Duration::from_secs(1)) => {}
        }
    }
}

/// The demo's directory.
struct Place(PathBuf);

impl Place {
    fn new(dir: &Path) -> Result<Place, Failure> {
        let failed = |error| Failure::unreadable(format!("{}: {error}", dir.display()));
        std::fs::create_dir_all(dir).map_err(failed)?;
        Ok(Place(dir.to_owned()))
    }

    /// Refuses a directory whose store another process holds.
    fn is_free(&self) -> Result<(), Failure> {
        let who = match SqliteStore::owner(self.file("flov7.db"))? {
            Owner::Nobody => return Ok(()),
            Owner::Process(pid) => format!("process {pid}"),
            Owner::Unnamed => "another process".to_owned(),
        };
        let message = format!("{who} executes in {} already", self.0.display());
        Err(Failure { kind: Some(ErrorKind::Locked.as_str()), ..Failure::unreadable(message) })
    }

    fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Writes a file whole or not at all: a kill in the middle leaves the old one.
    fn write(&self, name: &str, text: &str) -> Result<(), Failure> {
        let (whole, part) = (self.file(name), self.file(&format!("{name}.part")));
        let failed = |error| Failure::unreadable(format!("{}: {error}", whole.display()));
        std::fs::write(&part, text).and_then(|()| std::fs::rename(&part, &whole)).map_err(failed)
    }

    /// The verbs' settings for this directory.
    fn common(&self, common: &Common) -> Common {
        Common {
            catalog: Some(self.file("flov7.catalog.json")),
            bindings: Some(self.file("flov7.bindings.json")),
            store: Some(self.file("flov7.db")),
            ..common.clone()
        }
    }
}

/// Tells the demo's story; silent where JSON is wanted.
struct Stage<'a> {
    output: Output,
    place: &'a Place,
}

impl Stage<'_> {
    fn say(&self, text: &str) {
        self.output.say(text);
    }

    fn title(&self, title: &str, more: &str) {
        let title = self.output.paint(Colour::Bold, &format!("── {title} "));
        self.say(&format!("\n{title}{more}\n"));
    }

    /// From the sentence to a document in the directory.
    fn draft(&self, registry: &flov7::action::Registry, file: &Path) -> Result<(), Failure> {
        self.title("A sentence", "");
        self.say(&format!("“{}”\n", files::SENTENCE));
        let draft =
            RuleGenerator::new(registry.catalog().clone()).draft(&GenerateRequest::new(files::SENTENCE));
        let DraftOutcome::Ready(workflow) = &draft.outcome else {
            return Err(Failure::unreadable(format!(
                "the demo's sentence gave no draft: {:?}",
                draft.outcome
            )));
        };
        self.title("A draft by rules", "and the words behind each step");
        self.say(&format!("{}\n", because_text(self.output, &draft.because)));
        let name = file.file_name().and_then(|name| name.to_str()).unwrap_or("workflow.json");
        self.place.write(name, &document_text(workflow))?;
        self.say(&format!("  written to {}\n", file.display()));
        Ok(())
    }

    /// What was checked, in words, as a picture, and dry.
    fn look(
        &self,
        workflow: &flov7::workflow::Workflow,
        catalog: &flov7::catalog::Catalog,
        valid: &ValidWorkflow,
    ) -> Result<(), Failure> {
        self.title("Checked", "against what the application offers");
        let remarks =
            valid.remarks().iter().map(|f| format!("  {}: {}\n", f.code, crate::output::clean(&f.message)));
        self.say(&format!("  valid\n{}", remarks.collect::<String>()));
        self.title("In plain English", "");
        self.say(&view::explain(workflow, catalog));
        self.title("As Mermaid text", "");
        self.say(&view::mermaid(&view::graph(workflow, catalog)));
        self.title("A dry run", "with mocked actions; nothing leaves this process");
        let mocks = Mocks::read(&files::mocks())
            .map_err(|report| Failure::refused("the demo's mocks do not hold", report.into_parts().0))?;
        let input = json!({ "order": { "id": "o-1001", "total": 750, "email": "ann@example.org" } });
        let outcome = DryRun::new(valid, input).with_mocks(mocks).run()?;
        self.say(&text(self.output, &outcome.view, Next::Mocks));
        if outcome.view.status != Status::Completed {
            return Err(Failure::unreadable("the dry run of the demo did not complete").with_exit(DONE + 1));
        }
        Ok(())
    }

    /// Says that the answer came from elsewhere.
    fn elsewhere(&self) -> Answered {
        // Behind a question that nobody answers any more.
        self.output.note("\n  answered elsewhere");
        Answered::Elsewhere
    }

    /// Asks the person at the terminal; nothing when nobody is there to answer.
    async fn ask(&self, title: &str) -> Option<bool> {
        let title = title.to_owned();
        let (answer, asked) = tokio::sync::oneshot::channel();
        // Not on the runtime's own threads: it waits for those when it ends, and this one may wait for a key for ever.
        std::thread::spawn(move || answer.send(prompt(&title)));
        asked.await.unwrap_or(None)
    }
}

/// Asks until the answer is yes or no, three times at most.
fn prompt(title: &str) -> Option<bool> {
    let mut line = String::new();
    for _ in 0..3 {
        let _ = write!(std::io::stderr(), "{title} [y/n] ");
        line.clear();
        if std::io::stdin().lock().read_line(&mut line).unwrap_or(0) == 0 {
            return None;
        }
        match line.trim().to_lowercase().as_str() {
            "y" | "yes" => return Some(true),
            "n" | "no" => return Some(false),
            _ => {}
        }
    }
    None
}
