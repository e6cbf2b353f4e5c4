//! `dry-run`, `run`, `resume`: executions, on virtual and on real time.

use flov7::clock::{Clock, SystemClock};
use flov7::execute::Executor;
use flov7::execute::{DryRun, ForkAt, Mocks, StartOptions};
use flov7::finding::{Report, Style, render};
use flov7::id::{ExecutionId, StepPath};
use flov7::machine::{Actor, ExecutionView, Status};
use flov7::store::{ExecutionQuery, ExecutionStore, Message};
use serde_json::{Value, json};

use super::execution::{Next, exit_of, text, view_json};
use super::validate::checked;
use super::{Answer, DONE, FAILED};
use crate::args::{self, Common};
use crate::engine::{Engine, namespace, unbound};
use crate::failure::Failure;
use crate::files;
use crate::hint::Again;
use crate::output::Output;
use crate::progress::Progress;

/// `dry-run`: nothing leaves this process.
pub(crate) fn dry(output: Output, common: &Common, args: &args::DryRun) -> Answer {
    let checked = checked(output, common, &args.file)?;
    let input = files::argument(&args.input, "--input")?;
    let mocks = match &args.mocks {
        None => Mocks::none(),
        Some(path) => Mocks::read(&files::value(path)?).map_err(|report| {
            Failure::refused(format!("{} holds no sound mocks", path.display()), report.into_parts().0)
        })?,
    };
    let outcome = DryRun::new(&checked.valid, input).with_mocks(mocks).with_sample(args.sample).run()?;
    let mut answer = view_json(&outcome.view, &[]);
    if let Value::Object(members) = &mut answer {
        members.insert("findings".into(), json!(&outcome.findings));
        members.insert("sampled".into(), json!(outcome.sampled));
    }
    let stopped = outcome.findings.iter().any(|finding| finding.code == "mock-missing");
    output.either(
        || answer,
        || {
            let mut out = text(output, &outcome.view, Next::Mocks);
            let style = if output.colour { Style::Ansi } else { Style::Plain };
            out.push_str(&render(&Report::new(outcome.findings, Vec::new()), None, style));
            if !outcome.sampled.is_empty() {
                let paths: Vec<&str> = outcome.sampled.iter().map(|path| path.as_str()).collect();
                out.push_str(&format!("invented by --sample: {}\n", paths.join(", ")));
            }
            out
        },
    );
    Ok(if stopped { FAILED } else { exit_of(outcome.view.status) })
}

/// `run`: starts an execution and stays with it.
pub(crate) async fn run(output: Output, common: &Common, args: &args::Run) -> Answer {
    let checked = checked(output, common, &args.file)?;
    let input = files::argument(&args.input, "--input")?;
    let bindings = files::bindings(common)?;
    let missing = unbound(checked.valid.bundle(), &checked.registry, &bindings);
    if !missing.is_empty() {
        return Err(Failure::refused("a connection has no binding", missing));
    }
    let progress = Some(Progress::observer(output));
    let engine = Engine::open(output, common, checked.registry, bindings, progress)?;
    let mut options = StartOptions::default().with_actor(Actor::new(super::post::user(None)));
    if let Some(key) = &args.key {
        options = options.with_key(key);
    }
    options = match (args.at, args.delay) {
        (Some(at), _) => options.with_begin_at(at),
        (_, Some(delay)) => options.with_delay(delay),
        _ => options,
    };
    for (name, value) in &args.tags {
        options = options.with_tag(name, value);
    }
    let started = match engine.executor.start(&engine.namespace, &checked.valid, input, options).await {
        Ok(started) => started,
        Err(error) => {
            engine.close().await;
            return Err(error.into());
        }
    };
    if started.existing {
        output.note(&format!("execution {} has this key", started.execution));
    } else if args.at.is_some_and(|at| at > SystemClock.now())
        || args.delay.is_some_and(|delay| !delay.is_zero())
    {
        // What it is called is needed before it begins: to look at it, and to cancel it.
        let id = &started.execution;
        output.note(&format!("execution {id} begins later; it is kept where this command is stopped"));
    }
    let view = engine.finish(&started.execution).await?;
    tell(output, &view, &Again::beside(common, &args.file), &[])
}

/// `fork`: retries an execution that ended from a step, and stays with the new one.
pub(crate) async fn fork(output: Output, common: &Common, args: &args::Fork) -> Answer {
    let id = execution_id(&args.id)?;
    let step =
        StepPath::parse(&args.step).map_err(|error| Failure::unreadable(format!("--step: {error}")))?;
    let registry = files::registry(common, None)?;
    let bindings = files::bindings(common)?;
    let engine = Engine::open(output, common, registry, bindings, Some(Progress::observer(output)))?;
    let by = Actor::new(super::post::user(args.by.as_deref()));
    let forked = engine.executor.fork(&engine.namespace, &id, ForkAt::Step(step), by).await;
    let forked = match forked {
        Ok(forked) => forked,
        Err(error) => {
            engine.close().await;
            return Err(Failure::from(error).with_exit(FAILED));
        }
    };
    let view = engine.finish(&forked.execution).await?;
    tell(output, &view, &Again::new(common), &[])
}

/// Prints an execution; gives its exit code.
pub(crate) fn tell(output: Output, view: &ExecutionView, again: &Again<'_>, inbox: &[Message]) -> Answer {
    output.either(|| view_json(view, inbox), || text(output, view, Next::Commands(again, inbox)));
    Ok(exit_of(view.status))
}

/// `resume`: goes on with executions until each ends or only waits for someone outside.
pub(crate) async fn resume(output: Output, common: &Common, args: &args::Resume) -> Answer {
    let registry = files::registry(common, None)?;
    let bindings = files::bindings(common)?;
    let mut wanted = Vec::new();
    for id in &args.ids {
        let id = execution_id(id)?;
        if !wanted.contains(&id) {
            wanted.push(id);
        }
    }
    namespace(common)?;
    let engine = Engine::open(output, common, registry, bindings, Some(Progress::observer(output)))?;
    let answer = engine.unless_stopped(resume_all(&engine, wanted)).await;
    engine.close().await;
    let views = answer?;
    // What an execution called is part of it: only those that were named count by themselves.
    let counts = |view: &&ExecutionView| !args.ids.is_empty() || view.parent.is_none();
    let exit = views.iter().filter(counts).map(|view| exit_of(view.status)).max().unwrap_or(DONE);
    output.either(
        || json!({ "executions": views.iter().map(|view| view_json(view, &[])).collect::<Vec<_>>() }),
        || match views.as_slice() {
            [] => "nothing to resume\n".to_owned(),
            views => {
                let again = Again::new(common);
                views.iter().map(|view| text(output, view, Next::Commands(&again, &[]))).collect()
            }
        },
    );
    Ok(exit)
}

async fn resume_all(engine: &Engine, wanted: Vec<ExecutionId>) -> Result<Vec<ExecutionView>, Failure> {
    let ids = if wanted.is_empty() { open_executions(engine).await? } else { wanted };
    let mut views = Vec::new();
    for id in &ids {
        // Due or not: what kept it may have been mended.
        engine.executor.resume(&engine.namespace, id).await?;
    }
    for id in &ids {
        views.push(engine.wait(id).await?);
    }
    Ok(views)
}

/// All executions that have not ended, oldest first.
async fn open_executions(engine: &Engine) -> Result<Vec<ExecutionId>, Failure> {
    let mut found = Vec::new();
    let mut query = ExecutionQuery::default();
    query.statuses = vec![Status::Running, Status::Waiting, Status::Paused, Status::Blocked];
    loop {
        let page = engine.store.executions(&engine.namespace, &query).await?;
        found.extend(page.executions.into_iter().map(|row| row.execution));
        match page.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    found.reverse();
    Ok(found)
}

/// An execution's id as it was typed.
pub(crate) fn execution_id(text: &str) -> Result<ExecutionId, Failure> {
    ExecutionId::parse(text)
        .map_err(|error| Failure::unreadable(format!("{text:?} is no execution id: {error}")))
}
