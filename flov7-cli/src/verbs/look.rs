//! `explain`, `graph` and `diff`: what a workflow does, and what two revisions differ in, in words and as a picture.

use std::path::Path;

use flov7::view::{self, Graph};
use flov7::workflow::{Workflow, read_text};
use serde_json::{Value, json};

use super::validate::checked;
use super::{Answer, DONE};
use crate::args::{self, Common, Picture};
use crate::failure::Failure;
use crate::files;
use crate::output::Output;

pub(crate) fn explain(output: Output, common: &Common, file: &Path) -> Answer {
    let checked = checked(output, common, file)?;
    let text = view::explain(&checked.workflow, checked.registry.catalog());
    output.either(|| json!({ "text": text }), || text.clone());
    Ok(DONE)
}

pub(crate) fn graph(output: Output, common: &Common, args: &args::Graph) -> Answer {
    let checked = checked(output, common, &args.file)?;
    let graph = view::graph(&checked.workflow, checked.registry.catalog());
    draw(output, &graph, args.format, args.out.as_deref(), args.force, json!({}))?;
    Ok(DONE)
}

/// `diff`: neither revision has to be valid, for a review comes before the last fault is mended.
pub(crate) fn diff(output: Output, common: &Common, args: &args::Diff) -> Answer {
    let (old, new) = (read(&args.old)?, read(&args.new)?);
    let difference = view::difference(&old, &new);
    let words = difference.words();
    let mut said = json!(difference);
    said["same"] = json!(difference.is_empty());
    said["text"] = json!(words);
    match args.format {
        None => output.either(|| said, || words),
        Some(format) => {
            let registry = files::registry(common, Some(&args.new))?;
            let graph = view::difference_graph(&old, &new, registry.catalog());
            draw(output, &graph, format, args.out.as_deref(), args.force, said)?;
        }
    }
    Ok(DONE)
}

/// A workflow as it is written.
fn read(path: &Path) -> Result<Workflow, Failure> {
    let text = files::text(path)?;
    let read = read_text(&text.text, text.syntax);
    let (workflow, _) =
        read.map_err(|findings| Failure::refused(format!("{} is no workflow", text.name), findings))?;
    Ok(workflow)
}

/// Gives a picture: into a file, or on standard output; as JSON both forms beside what is said of it already.
pub(super) fn draw(
    output: Output,
    graph: &Graph,
    format: Picture,
    out: Option<&Path>,
    force: bool,
    mut said: Value,
) -> Result<(), Failure> {
    let mermaid = view::mermaid(graph);
    let svg = || view::svg(graph, &view::layout(graph));
    let picture = match format {
        Picture::Mermaid => mermaid.clone(),
        Picture::Svg => svg(),
    };
    if let Some(path) = out {
        files::put(path, force, &picture)?;
        output.note(&format!("written to {}", path.display()));
    }
    if output.json {
        said["svg"] = if format == Picture::Svg { json!(picture) } else { json!(svg()) };
        said["mermaid"] = json!(mermaid);
        if let Some(path) = out {
            said["file"] = json!(path);
        }
        output.answer(&said);
    } else if out.is_none() {
        output.document(&picture);
    }
    Ok(())
}
