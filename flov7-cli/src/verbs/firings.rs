//! `firings`: when the schedules of a workflow fire next.

use flov7::clock::{Clock, SystemClock};
use flov7::id::Timestamp;
use flov7::trigger::Schedule;
use serde_json::{Value, json};

use super::validate::checked;
use super::{Answer, DONE};
use crate::args::{self, Common};
use crate::output::Output;

/// One schedule's next firings.
struct Firings<'a> {
    trigger: &'a str,
    zone: &'a str,
    firings: Vec<Firing>,
}

struct Firing {
    at: Timestamp,
    /// As the zone's clock shows it.
    local: String,
}

pub(crate) fn run(output: Output, common: &Common, args: &args::Firings) -> Answer {
    let checked = checked(output, common, &args.file)?;
    let after = args.after.unwrap_or_else(|| SystemClock.now());
    let count = usize::try_from(args.count).unwrap_or(usize::MAX);
    let mut schedules = Vec::new();
    for trigger in checked.workflow.triggers.iter().filter(|trigger| trigger.uses == "schedule") {
        let settings = trigger.with.as_ref().map_or(&Value::Null, |with| &with.0);
        let schedule = Schedule::read(settings)?;
        let zone = settings.get("zone").and_then(Value::as_str).unwrap_or("UTC");
        let firings: Vec<Firing> =
            schedule.firings(after).take(count).map(|at| Firing { at, local: schedule.local(at) }).collect();
        schedules.push(Firings { trigger: &trigger.id, zone, firings });
    }
    output.either(
        || {
            let listed = schedules.iter().map(|Firings { trigger, zone, firings }| {
                let listed = firings.iter().map(|firing| json!({ "at": firing.at, "local": firing.local }));
                json!({ "trigger": trigger, "zone": zone, "firings": listed.collect::<Vec<_>>() })
            });
            json!({ "schedules": listed.collect::<Vec<_>>() })
        },
        || text(&schedules),
    );
    Ok(DONE)
}

fn text(schedules: &[Firings<'_>]) -> String {
    if schedules.is_empty() {
        return "no trigger of this workflow is a schedule\n".to_owned();
    }
    let mut text = String::new();
    for Firings { trigger, zone, firings } in schedules {
        if firings.is_empty() {
            text.push_str(&format!("{trigger} never fires again\n"));
            continue;
        }
        text.push_str(&format!("{trigger} fires next at ({zone})\n"));
        for Firing { at, local } in firings {
            match *zone {
                "UTC" => text.push_str(&format!("  {at}\n")),
                _ => text.push_str(&format!("  {local}  {at}\n")),
            }
        }
    }
    text
}
