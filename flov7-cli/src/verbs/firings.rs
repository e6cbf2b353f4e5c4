//! `firings`: when the schedules of a workflow fire next.

use flov7::clock::{Clock, SystemClock};
use flov7::id::Timestamp;
use flov7::trigger::Schedule;
use serde_json::{Value, json};

use super::validate::checked;
use super::{Answer, DONE};
use crate::args::{self, Common};
use crate::output::Output;

pub(crate) fn run(output: Output, common: &Common, args: &args::Firings) -> Answer {
    let checked = checked(output, common, &args.file)?;
    let after = args.after.unwrap_or_else(|| SystemClock.now());
    let triggers = checked.workflow.triggers.iter().filter(|trigger| trigger.uses == "schedule");
    let mut schedules: Vec<(&str, Vec<Timestamp>)> = Vec::new();
    for trigger in triggers {
        let settings = trigger.with.as_ref().map_or(&Value::Null, |with| &with.0);
        let count = usize::try_from(args.count).unwrap_or(usize::MAX);
        schedules.push((&trigger.id, Schedule::read(settings)?.firings(after).take(count).collect()));
    }
    output.either(
        || {
            let listed = schedules.iter().map(|(id, firings)| {
                let firings: Vec<String> = firings.iter().map(Timestamp::to_string).collect();
                json!({ "trigger": id, "firings": firings })
            });
            json!({ "schedules": listed.collect::<Vec<_>>() })
        },
        || text(&schedules),
    );
    Ok(DONE)
}

fn text(schedules: &[(&str, Vec<Timestamp>)]) -> String {
    if schedules.is_empty() {
        return "no trigger of this workflow is a schedule\n".to_owned();
    }
    let mut text = String::new();
    for (id, firings) in schedules {
        match firings.len() {
            0 => text.push_str(&format!("{id} never fires again\n")),
            _ => text.push_str(&format!("{id} fires next at\n")),
        }
        firings.iter().for_each(|at| text.push_str(&format!("  {at}\n")));
    }
    text
}
