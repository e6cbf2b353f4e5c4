//! What the command line takes. FORMAT §4 is the contract that scripts rely on.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use flov7::id::Timestamp;
use flov7::workflow::parse_duration;

/// A sentence becomes a workflow that is proven sound before it runs, and runs so that nothing is lost.
#[derive(Debug, Parser)]
#[command(name = "flov7", version, about, max_term_width = 100, arg_required_else_help = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) common: Common,
    #[command(subcommand)]
    pub(crate) verb: Verb,
}

/// What every verb takes.
#[derive(Clone, Debug, Args)]
pub(crate) struct Common {
    /// Print one JSON document on standard output; progress and prose go to standard error
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// The catalogue [default: flov7.catalog.json beside the workflow or here, else the built-in actions]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) catalog: Option<PathBuf>,
    /// Where workflows that others call lie, as NAME.json or NAME.yaml [default: beside the one that calls]
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) workflows: Option<PathBuf>,
    /// The store [default: $FLOV7_STORE, else flov7.db here]
    #[arg(long, global = true, value_name = "PATH")]
    pub(crate) store: Option<PathBuf>,
    /// The tenant's space
    #[arg(long, global = true, default_value = "default", value_name = "NAME")]
    pub(crate) namespace: String,
    /// The bindings of connections: which service, which secrets by name
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) bindings: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    /// Draft a workflow from a sentence, without any key
    New(New),
    /// Check workflows against the catalogue
    Validate(Validate),
    /// Say in plain English what a workflow does
    Explain(OneFile),
    /// Draw a workflow, as Mermaid text or as SVG
    Graph(Graph),
    /// Say what two revisions of a workflow differ in, in words or drawn over the newer one
    Diff(Diff),
    /// Say when the schedules of a workflow fire next
    Firings(Firings),
    /// List the actions of the catalogue
    Actions(Actions),
    /// Print the JSON Schema of workflow documents
    Schema,
    /// Explain a finding code, with a failing and a mended example
    ExplainCode(ExplainCode),
    /// Begin with a directory that holds a catalogue, bindings, a workflow, mocks and tests
    Init(Init),
    /// Hold dry runs of a workflow against what is expected of them
    Test(Test),
    /// Run a workflow on virtual time with mocked actions; nothing leaves this process
    DryRun(DryRun),
    /// Run a workflow durably until it ends or only waits for people and signals
    Run(Run),
    /// Go on with executions that were interrupted or that have news
    Resume(Resume),
    /// List executions
    Executions(Executions),
    /// Show an execution, step by step
    Show(Show),
    /// List emitted events, oldest first
    Events(Events),
    /// Send a signal, or answer a question by its token
    Signal(Signal),
    /// Answer an approval
    Approve(Approve),
    /// Cancel an execution in order; a second time stops it at once
    Cancel(Steer),
    /// Start nothing new in an execution, and in what it called
    Pause(Steer),
    /// Go on with an execution that was paused
    Unpause(Steer),
    /// Retry an execution that ended from a step: a new execution with its past
    Fork(Fork),
    /// Take away executions that ended long ago, and events as old
    Purge(Purge),
    /// Write an execution into a file that replays anywhere
    Export(Export),
    /// Replay an exported execution, without any store
    Replay(Replay),
    /// The whole way, from a sentence to a finished execution, against a service on this machine
    Demo(Demo),
}

#[derive(Debug, Args)]
pub(crate) struct OneFile {
    /// The workflow (JSON, or YAML by extension); - for standard input
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Graph {
    /// The workflow (JSON, or YAML by extension); - for standard input
    pub(crate) file: PathBuf,
    /// What it is drawn as
    #[arg(long, value_enum, default_value = "mermaid", value_name = "FORMAT")]
    pub(crate) format: Picture,
    /// Where the picture is written; standard output without it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file that --out names where there is one
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Diff {
    /// The older revision (JSON, or YAML by extension); - for standard input
    pub(crate) old: PathBuf,
    /// The newer revision
    pub(crate) new: PathBuf,
    /// Draw the newer revision with what is added, removed, changed and moved, in place of words
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<Picture>,
    /// Where the picture is written; standard output without it
    #[arg(long, value_name = "FILE", requires = "format")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file that --out names where there is one
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
}

/// What pictures are drawn as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Picture {
    /// Mermaid flowchart text
    Mermaid,
    /// An SVG document that stands alone, in light and dark
    Svg,
}

#[derive(Debug, Args)]
pub(crate) struct New {
    /// What you want, in a sentence; - for standard input
    pub(crate) text: String,
    /// Where the document is written; standard output without it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file that --out names where there is one
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
    /// An answer to a question of an earlier draft, as ID=ANSWER; may be repeated
    #[arg(long = "answer", value_name = "ID=ANSWER", value_parser = pair)]
    pub(crate) answers: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (id, answer) = text.split_once('=').ok_or("an answer is written ID=ANSWER")?;
    Ok((id.to_owned(), answer.to_owned()))
}

#[derive(Debug, Args)]
pub(crate) struct Validate {
    /// The workflows (JSON, or YAML by extension); - for standard input
    #[arg(required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Mend what can certainly be mended, in the file; a document from standard input is printed
    #[arg(long)]
    pub(crate) fix: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Actions {
    /// Only those that have this word
    pub(crate) word: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Firings {
    /// The workflow
    pub(crate) file: PathBuf,
    /// The instant after which they fire (RFC 3339); now without it
    #[arg(long, value_name = "INSTANT", value_parser = instant)]
    pub(crate) after: Option<Timestamp>,
    /// How many of each trigger
    #[arg(long, default_value_t = 5, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) count: u64,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainCode {
    /// The code, for example maybe-absent; all codes without
    pub(crate) code: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Init {
    /// The directory; it is made where it is not there, and no file in it is replaced
    #[arg(default_value = ".")]
    pub(crate) dir: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Test {
    /// The tests: {"flov7_tests": 1, "workflow": FILE, "cases": [{"input", "mocks", "expected"}]}
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct DryRun {
    /// The workflow
    pub(crate) file: PathBuf,
    /// The input as JSON, or @FILE
    #[arg(long, default_value = "{}", value_name = "JSON|@FILE")]
    pub(crate) input: String,
    /// What actions give, by step path or action id
    #[arg(long, value_name = "FILE")]
    pub(crate) mocks: Option<PathBuf>,
    /// Invent the smallest value that the schema allows where no mock says otherwise
    #[arg(long)]
    pub(crate) sample: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Run {
    /// The workflow
    pub(crate) file: PathBuf,
    /// The input as JSON, or @FILE
    #[arg(long, default_value = "{}", value_name = "JSON|@FILE")]
    pub(crate) input: String,
    /// The start key: the same key gives the same execution
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// Begin at this instant (RFC 3339)
    #[arg(long, value_name = "INSTANT", value_parser = instant, conflicts_with = "delay")]
    pub(crate) at: Option<Timestamp>,
    /// Begin so much later, for example 1h30m
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) delay: Option<Duration>,
    /// A tag to find it by; shown in listings, so nothing secret; may be repeated
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
}

fn tag(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("a tag is written NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

fn instant(text: &str) -> Result<Timestamp, String> {
    Timestamp::parse(text).map_err(|error| format!("{error}; an instant is written 2027-01-31T09:00:00Z"))
}

fn duration(text: &str) -> Result<Duration, String> {
    let millis = parse_duration(text).and_then(|ms| u64::try_from(ms).ok());
    millis.map(Duration::from_millis).ok_or_else(|| "a duration is written 30d, 1h30m or 500ms".to_owned())
}

/// An instant, or how long ago it was.
fn since(text: &str) -> Result<Since, String> {
    match (instant(text), duration(text)) {
        (Ok(at), _) => Ok(Since::At(at)),
        (_, Ok(ago)) => Ok(Since::Ago(ago)),
        _ => Err("write an instant (2027-01-31T09:00:00Z), or how long ago (24h)".to_owned()),
    }
}

/// An instant as it was written.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Since {
    /// The instant itself.
    At(Timestamp),
    /// So long ago.
    Ago(Duration),
}

#[derive(Debug, Args)]
pub(crate) struct Resume {
    /// The executions; all that are not ended without any
    pub(crate) ids: Vec<String>,
}

/// How many executions a page holds: a store gives no more at once.
const LIMIT: std::ops::RangeInclusive<u64> = 1..=1000;

#[derive(Debug, Args)]
pub(crate) struct Executions {
    /// Only those of this workflow
    #[arg(long, value_name = "NAME")]
    pub(crate) workflow: Option<String>,
    /// Only those with this status; may be repeated
    #[arg(long, value_name = "STATUS")]
    pub(crate) status: Vec<String>,
    /// Only those with this tag; may be repeated
    #[arg(long = "tag", value_name = "NAME=VALUE", value_parser = tag)]
    pub(crate) tags: Vec<(String, String)>,
    /// Only those that were started then or later: an instant (RFC 3339), or how long ago
    #[arg(long, value_name = "INSTANT|AGO", value_parser = since)]
    pub(crate) since: Option<Since>,
    /// Only those that were started before: an instant (RFC 3339), or how long ago
    #[arg(long, value_name = "INSTANT|AGO", value_parser = since)]
    pub(crate) until: Option<Since>,
    /// Go on after this execution
    #[arg(long, value_name = "ID")]
    pub(crate) after: Option<String>,
    /// At most this many
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u64).range(LIMIT))]
    pub(crate) limit: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Show {
    /// The execution
    pub(crate) id: String,
    /// Go on showing until it ends
    #[arg(long)]
    pub(crate) watch: bool,
    /// Draw its workflow with what became of each step, in place of the list
    #[arg(long, value_enum, value_name = "FORMAT", conflicts_with = "watch")]
    pub(crate) format: Option<Picture>,
    /// Where the picture is written; standard output without it
    #[arg(long, value_name = "FILE", requires = "format")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file that --out names where there is one
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Events {
    /// Only those after this cursor
    #[arg(long, default_value_t = 0, value_name = "CURSOR")]
    pub(crate) after: u64,
    /// At most this many
    #[arg(long, default_value_t = 100, value_name = "N", value_parser = clap::value_parser!(u64).range(LIMIT))]
    pub(crate) limit: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Signal {
    /// The execution
    pub(crate) id: String,
    /// The signal's name, or the token of a wait
    #[arg(value_name = "NAME|TOKEN")]
    pub(crate) to: String,
    /// The payload as JSON, or @FILE
    #[arg(default_value = "null", value_name = "JSON")]
    pub(crate) payload: String,
    /// Tells waiters of one name apart
    #[arg(long, value_name = "KEY")]
    pub(crate) key: Option<String>,
    /// The sender's id of this signal: the same id counts once
    #[arg(long = "id", value_name = "ID")]
    pub(crate) message_id: Option<String>,
    /// Who sends it
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Approve {
    /// The execution
    pub(crate) id: String,
    /// The waiting step, where several wait
    #[arg(long, value_name = "PATH")]
    pub(crate) step: Option<String>,
    /// Say no
    #[arg(long)]
    pub(crate) no: bool,
    /// A remark
    #[arg(long, value_name = "TEXT")]
    pub(crate) note: Option<String>,
    /// Who answers [default: the user of this shell]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Steer {
    /// The execution
    pub(crate) id: String,
    /// Who says so [default: the user of this shell]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Fork {
    /// The execution, which has ended
    pub(crate) id: String,
    /// The step to begin at; what was before it is kept
    #[arg(long, value_name = "PATH")]
    pub(crate) step: String,
    /// Who says so [default: the user of this shell]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Purge {
    /// How long ago they ended at least, for example 30d
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    pub(crate) older_than: Duration,
}

#[derive(Debug, Args)]
pub(crate) struct Export {
    /// The execution
    pub(crate) id: String,
    /// Where the file is written; standard output without it
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file that --out names where there is one
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// The file that was exported; - for standard input
    pub(crate) file: PathBuf,
}

#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// The demo's directory
    #[arg(long, default_value = "flov7-demo", value_name = "DIR")]
    pub(crate) dir: PathBuf,
    /// Approve without asking
    #[arg(long, conflicts_with = "no")]
    pub(crate) yes: bool,
    /// Refuse without asking
    #[arg(long)]
    pub(crate) no: bool,
    /// Serve the demo's service alone, and print its address
    #[arg(long, hide = true)]
    pub(crate) service_only: bool,
}
