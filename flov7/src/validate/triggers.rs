//! Triggers: their kind, their settings, their connection. What they give to the input is a matter of types.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::connections::{WEBHOOK, declared, missing};
use super::{Pass, schedules};
use crate::finding::{Code, Finding, Misnamed, slip};
use crate::json::{PatchOp, below};
use crate::workflow::Trigger;
use crate::workflow::read::{describe, excerpt, shorten};

/// The kinds of format 1, with the members that their `with` takes.
const KINDS: &[(&str, &[&str])] = &[
    ("manual", &[]),
    ("schedule", SCHEDULE),
    ("webhook", &["path", "method", "unsigned"]),
    ("event", &["name", "filter"]),
];

const SCHEDULE: &[&str] = &["cron", "every", "at", "zone", "missed"];

/// The methods that a webhook can be called with.
const METHODS: &[&str] = &["POST", "PUT", "PATCH", "GET", "DELETE"];

/// The kind of a trigger, if it is one of format 1.
pub(super) fn kind(trigger: &Trigger) -> Option<&'static str> {
    KINDS.iter().map(|(kind, _)| *kind).find(|kind| *kind == trigger.uses)
}

pub(super) fn check(pass: &mut Pass<'_>) {
    let mut findings = Vec::new();
    let mut addresses: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (index, trigger) in pass.workflow.triggers.iter().enumerate() {
        let pointer = format!("/triggers/{index}");
        if pass.poisoned.contains(&pointer) {
            continue;
        }
        let mut one = One { pass, trigger, pointer, findings: &mut findings };
        one.check(index, &mut addresses);
    }
    pass.findings.append(&mut findings);
}

struct One<'p, 'w> {
    pass: &'p Pass<'w>,
    trigger: &'p Trigger,
    pointer: String,
    findings: &'p mut Vec<Finding>,
}

impl One<'_, '_> {
    fn note(&mut self, code: Code, below: &str, message: impl Into<String>) -> &mut Finding {
        let at = self.findings.len();
        self.findings.push(Finding::new(code, format!("{}{below}", self.pointer), message));
        &mut self.findings[at]
    }

    fn check(&mut self, index: usize, addresses: &mut BTreeMap<(String, String), usize>) {
        let Some(kind) = kind(self.trigger) else {
            self.unknown_kind();
            return;
        };
        let none = Map::new();
        let with = match self.trigger.with.as_ref().map(|with| &with.0) {
            None => &none,
            Some(Value::Object(with)) => with,
            Some(other) => {
                let message = format!("the settings of a trigger are an object, found {}", describe(other));
                self.note(Code::WRONG_KIND, "/with", message).found = Some(excerpt(other));
                return;
            }
        };
        self.members(kind, with);
        match kind {
            "schedule" => self.schedule(with),
            "webhook" => self.webhook(with, index, addresses),
            "event" => self.event(with),
            _ => {}
        }
        if kind != "webhook" && self.trigger.connection.is_some() {
            let message = format!("a trigger of the kind `{kind}` uses no connection");
            self.note(Code::UNKNOWN_CONNECTOR, "/connection", message);
        }
        if kind != "manual" {
            let message = format!("nothing fires triggers of the kind `{kind}` yet");
            self.note(Code::TRIGGER_IDLE, "/use", message).help =
                Some("start the workflow by hand; the declaration is kept for when it is".to_owned());
        }
    }

    fn unknown_kind(&mut self) {
        let uses = shorten(&self.trigger.uses);
        if self.trigger.uses.contains('.') {
            let finding = self.note(
                Code::NOT_BUILT_YET,
                "/use",
                format!("this release has no triggers that connectors offer, such as `{uses}`"),
            );
            finding.help = Some("let the application start the workflow when it happens".to_owned());
            return;
        }
        let kinds: Vec<&str> = KINDS.iter().map(|(kind, _)| *kind).collect();
        let message = format!("there is no kind of trigger `{uses}`: it is one of `{}`", kinds.join("`, `"));
        let mut finding = Finding::new(Code::WRONG_KIND, below(&self.pointer, "/use"), message)
            .with_found(uses)
            .with_names(&self.trigger.uses, kinds.iter().copied(), Misnamed::Value)
            .with_allowed(kinds);
        // Whether that is the kind that was meant, only its settings could tell.
        finding.fix = None;
        self.findings.push(finding);
    }

    fn members(&mut self, kind: &str, with: &Map<String, Value>) {
        let known = KINDS.iter().find(|(name, _)| *name == kind).map_or(&[][..], |(_, known)| *known);
        let mut unknown: Vec<&str> =
            with.keys().map(String::as_str).filter(|name| !known.contains(name)).collect();
        unknown.sort_unstable();
        for name in unknown {
            let below = format!("/with/{}", crate::json::escape(name));
            let message = format!("a trigger of the kind `{kind}` has no setting `{}`", shorten(name));
            let finding = Finding::new(Code::UNKNOWN_MEMBER, format!("{}{below}", self.pointer), message)
                .with_allowed(known)
                .about_name();
            let free = known.iter().copied().filter(|known| !with.contains_key(*known));
            self.findings.push(finding.with_names(name, free, Misnamed::Member));
        }
    }

    fn schedule(&mut self, with: &Map<String, Value>) {
        let slipped = with
            .keys()
            .any(|name| !SCHEDULE.contains(&name.as_str()) && slip(name, ["cron", "every", "at"]).is_some());
        let faults = schedules::check(with).into_iter();
        for fault in faults.filter(|fault| !(slipped && fault.below.is_empty())) {
            let finding = self.note(Code::BAD_SCHEDULE, &format!("/with{}", fault.below), fault.message);
            finding.help = fault.help;
        }
        let missed =
            with.get("missed").filter(|missed| !["skip", "once", "all"].iter().any(|word| *missed == word));
        if let Some(missed) = missed {
            let message = format!("`missed` is \"skip\", \"once\" or \"all\", found {}", describe(missed));
            self.note(Code::WRONG_KIND, "/with/missed", message).found = Some(excerpt(missed));
        }
    }

    fn webhook(
        &mut self,
        with: &Map<String, Value>,
        index: usize,
        addresses: &mut BTreeMap<(String, String), usize>,
    ) {
        let unsigned = match with.get("unsigned") {
            None => false,
            Some(Value::Bool(unsigned)) => *unsigned,
            Some(other) => {
                let message = format!("`unsigned` is true or false, found {}", describe(other));
                self.note(Code::WRONG_KIND, "/with/unsigned", message).found = Some(excerpt(other));
                true
            }
        };
        if unsigned {
            self.note(
                Code::UNSIGNED_WEBHOOK,
                "/with/unsigned",
                "anybody who finds the address can start this workflow",
            );
        }
        match self.trigger.connection.as_deref() {
            None if unsigned => {}
            None => {
                let finding = missing(self.pass, "webhook", WEBHOOK, &self.pointer);
                self.findings.push(finding);
            }
            Some(id) => match declared(self.pass, id, &|| below(&self.pointer, "/connection")) {
                Err(finding) => self.findings.push(*finding),
                Ok(Some(connection))
                    if connection.connector != WEBHOOK && !connection.connector.is_empty() =>
                {
                    let message = format!(
                        "a webhook works with a connection of `{WEBHOOK}`, and `{id}` is one of `{}`",
                        connection.connector
                    );
                    self.note(Code::UNKNOWN_CONNECTOR, "/connection", message).allowed = Some(WEBHOOK.into());
                }
                Ok(_) => {}
            },
        }
        let method = match with.get("method") {
            None => "POST",
            Some(Value::String(method)) if METHODS.contains(&method.as_str()) => method,
            Some(other) => {
                let message = format!(
                    "`method` is a method in capital letters such as \"POST\", found {}",
                    describe(other)
                );
                let path = below(&self.pointer, "/with/method");
                let finding = self.note(Code::WRONG_KIND, "/with/method", message);
                finding.found = Some(excerpt(other));
                // In small letters it is the same method.
                let capital = other.as_str().map(str::to_uppercase);
                finding.fix = capital
                    .filter(|method| METHODS.contains(&method.as_str()))
                    .map(|method| vec![PatchOp::Replace { path, value: method.into() }]);
                return;
            }
        };
        let Some(path) = with.get("path") else {
            self.note(Code::MISSING_MEMBER, "/with", "a webhook needs the setting `path`");
            return;
        };
        let fits = |path: &&str| {
            let letter = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
            path.len() <= 256
                && path.split('/').all(|part| !matches!(part, "" | "." | "..") && part.bytes().all(letter))
        };
        let Some(path) = path.as_str().filter(fits) else {
            let message = format!(
                "`path` is words with `/` between them, such as \"orders/new\", found {}",
                describe(path)
            );
            self.note(Code::WRONG_KIND, "/with/path", message).found = Some(excerpt(path));
            return;
        };
        let address = (method.to_owned(), path.to_owned());
        match addresses.get(&address) {
            None => {
                addresses.insert(address, index);
            }
            Some(first) => {
                let other = &self.pass.workflow.triggers[*first].id;
                let message = format!("`{other}` has the same address: {method} {path}");
                self.note(Code::DUPLICATE_PATH, "/with/path", message);
            }
        }
    }

    fn event(&mut self, with: &Map<String, Value>) {
        match with.get("name") {
            None => {
                self.note(Code::MISSING_MEMBER, "/with", "an event trigger needs the setting `name`");
            }
            Some(Value::String(name)) if !name.is_empty() && !name.contains("${") => {}
            Some(other) => {
                let message =
                    format!("`name` is the name of an event, written out; found {}", describe(other));
                self.note(Code::WRONG_KIND, "/with/name", message).found = Some(excerpt(other));
            }
        }
    }
}
