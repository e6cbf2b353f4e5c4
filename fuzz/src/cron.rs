//! Cron expressions and zones: a finding or none, whatever the text; the first line is the expression, the second a
//! zone.

use flov7::json;
use flov7::validate::validate_text;
use flov7::workflow::{DocumentLimits, Syntax};
use serde_json::json;

use crate::{Target, document};

pub(crate) const TARGET: Target = Target { name: "cron", run, words: WORDS };

const WORDS: &[&str] = &[
    "*",
    "?",
    "L",
    "W",
    "#",
    "/",
    "-",
    ",",
    "0",
    "59",
    "60",
    "31",
    "12",
    "7",
    "99999999999",
    "mon",
    "SUN",
    "jan",
    "LW",
    "5L",
    "1#2",
    "1#6",
    "*/15",
    "*/0",
    "0-0",
    "9-5",
    "@daily",
    "@reboot",
    "+",
    " ",
    "\t",
    "\n",
    "UTC",
    "Europe/Berlin",
    "America/New_York",
    "Etc/GMT+5",
    "../etc/passwd",
    "\u{0}",
    "２",
];

fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    let (cron, zone) = text.split_once('\n').unwrap_or((&text, "UTC"));
    let value = json!({ "flov7": 1, "name": "x",
        "triggers": [{ "id": "t", "use": "schedule", "with": { "cron": cron, "zone": zone } }],
        "steps": [{ "id": "a", "data": { "set": 1 } }] });
    let text = json::canonical(&value);
    let checked = validate_text(&text, Syntax::Json, document::catalog(), &DocumentLimits::default());
    document::hold(&text, &checked);
    for finding in checked.report.findings() {
        let name = finding.code.name();
        assert!(["bad-schedule", "trigger-idle"].contains(&name), "nothing else is wrong with it: {name}");
    }
}
