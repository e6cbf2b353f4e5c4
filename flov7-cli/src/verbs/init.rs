//! `init`: a directory with a catalogue, bindings, a workflow, mocks and tests, to begin with.

use std::path::Path;

use serde_json::json;

use super::{Answer, DONE};
use crate::args;
use crate::failure::Failure;
use crate::files;
use crate::hint::quoted;
use crate::output::Output;

/// What it writes. The catalogue is the demo's.
const FILES: [(&str, &str); 5] = [
    ("flov7.catalog.json", include_str!("../demo/catalog.json")),
    ("flov7.bindings.json", include_str!("../init/flov7.bindings.json")),
    ("order.json", include_str!("../init/order.json")),
    ("order.mocks.json", include_str!("../init/order.mocks.json")),
    ("order.tests.json", include_str!("../init/order.tests.json")),
];

pub(crate) fn run(output: Output, args: &args::Init) -> Answer {
    let dir = &args.dir;
    std::fs::create_dir_all(dir)
        .map_err(|error| Failure::unreadable(format!("{}: {error}", dir.display())))?;
    let there: Vec<&str> = FILES
        .iter()
        .map(|(name, _)| *name)
        .filter(|name| dir.join(name).symlink_metadata().is_ok())
        .collect();
    if !there.is_empty() {
        let message = format!("{} has {} already; nothing was written", dir.display(), there.join(", "));
        return Err(Failure::unreadable(message));
    }
    for (name, content) in FILES {
        files::create(&dir.join(name), content)?;
    }
    let names = FILES.map(|(name, _)| name);
    output.either(|| json!({ "dir": dir.display().to_string(), "files": names }), || text(dir));
    Ok(DONE)
}

fn text(dir: &Path) -> String {
    let enter = match dir.to_str() {
        Some(".") => String::new(),
        _ => format!("  cd {}\n", quoted(&dir.display().to_string())),
    };
    format!(
        "{} holds a catalogue, bindings, a workflow, mocks and tests. Try:\n{enter}  \
         flov7 test order.tests.json\n  \
         flov7 explain order.json\n  \
         flov7 dry-run order.json --mocks order.mocks.json --input \
         '{{\"id\":\"o-1\",\"email\":\"ada@example.org\",\"total\":900}}'\n\
         `flov7 run order.json --bindings flov7.bindings.json --input …` asks the service that the bindings name.\n",
        dir.display()
    )
}
