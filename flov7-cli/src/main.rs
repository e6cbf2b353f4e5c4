//! The command line of flov7.
//!
//! FORMAT §4 is its contract: verbs, JSON, exit codes. A verb gives an exit code or a [`failure::Failure`]; only
//! [`output::Output`] writes.

mod args;
mod demo;
mod engine;
mod failure;
mod files;
mod hint;
mod output;
mod progress;
mod stop;
mod verbs;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Verb};
use flov7::machine::Control;
use output::Output;

fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misused(&error),
    };
    let output = Output::new(cli.json());
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let answer = match runtime {
        Ok(runtime) => runtime.block_on(dispatch(output, &cli)),
        Err(error) => Err(failure::Failure::unreadable(format!("no runtime: {error}"))),
    };
    match answer {
        Ok(code) => ExitCode::from(code),
        Err(failure) => {
            failure.tell(output);
            ExitCode::from(failure.exit)
        }
    }
}

/// Tells how the command line is used, where that was wanted or wrong; as JSON where JSON was wanted.
fn misused(error: &clap::Error) -> ExitCode {
    // Nothing was parsed: whether JSON is wanted can only be seen from the words themselves.
    let json = std::env::args_os().take_while(|word| word != "--").any(|word| word == "--json");
    if !json || !error.use_stderr() {
        // Exits with 0 for help and 2 for a wrong use.
        error.exit();
    }
    let text = error.render().to_string();
    let message = text.trim().trim_start_matches("error: ").to_owned();
    let failure = failure::Failure { kind: Some("usage"), ..failure::Failure::unreadable(message) };
    failure.tell(Output::new(json));
    ExitCode::from(failure.exit)
}

async fn dispatch(output: Output, cli: &Cli) -> verbs::Answer {
    let common = &cli.common;
    match &cli.verb {
        Verb::New(args) => verbs::new::run(output, common, args),
        Verb::Validate(args) => verbs::validate::run(output, common, args),
        Verb::Explain(args) => verbs::look::explain(output, common, &args.file),
        Verb::Graph(args) => verbs::look::graph(output, common, args),
        Verb::Diff(args) => verbs::look::diff(output, common, args),
        Verb::Actions(args) => verbs::actions::run(output, common, args.word.as_deref()),
        Verb::Schema => verbs::schema(output),
        Verb::Init(args) => verbs::init::run(output, args),
        Verb::Test(args) => verbs::test::run(output, common, args),
        Verb::Firings(args) => verbs::firings::run(output, common, args),
        Verb::ExplainCode(args) => verbs::explain_code::run(output, args.code.as_deref()),
        Verb::DryRun(args) => verbs::run::dry(output, common, args),
        Verb::Run(args) => verbs::run::run(output, common, args).await,
        Verb::Resume(args) => verbs::run::resume(output, common, args).await,
        Verb::Executions(args) => verbs::post::executions(output, common, args).await,
        Verb::Show(args) => verbs::post::show(output, common, args).await,
        Verb::Events(args) => verbs::post::events(output, common, args).await,
        Verb::Signal(args) => verbs::post::signal(output, common, args).await,
        Verb::Approve(args) => verbs::post::approve(output, common, args).await,
        Verb::Cancel(args) => verbs::post::steer(output, common, args, Control::Cancel).await,
        Verb::Pause(args) => verbs::post::steer(output, common, args, Control::Pause).await,
        Verb::Unpause(args) => verbs::post::steer(output, common, args, Control::Unpause).await,
        Verb::Fork(args) => verbs::run::fork(output, common, args).await,
        Verb::Purge(args) => verbs::keep::purge(output, common, args).await,
        Verb::Export(args) => verbs::keep::export(output, common, args).await,
        Verb::Replay(args) => verbs::keep::replay(output, args),
        Verb::Demo(args) => demo::run(output, common, args).await,
    }
}

impl Cli {
    fn json(&self) -> bool {
        self.common.json
    }
}
