//! What a workflow does, in plain English.

use std::collections::BTreeSet;
use std::fmt::Write;

use serde_json::Value;

use super::graph::trigger_label;
use super::words::{duration, line, plain, question, sentence, template_text};
use crate::catalog::{ActionDescriptor, Catalog, Effect, EffectOf};
use crate::workflow::{
    Action, AtMax, Block, ConcurrencyPolicy, Condition, Data, ItemErrors, Match, OnError, Retry, Step,
    Template, Then, Wait, WaitWord, Workflow,
};

/// Explains a workflow to the people who will rely on it: what starts it, what it does step by step, what it changes
/// outside, who is asked, and which connections it needs.
///
/// The text is made from the document and the catalogue's titles alone; it has no markup and ends with a line break.
pub fn explain(workflow: &Workflow, catalog: &Catalog) -> String {
    let mut writer = Writer { out: String::new(), catalog, facts: Facts::default(), depth: 0 };
    writer.head(workflow);
    writer.block(&workflow.steps, "", 1);
    writer.tail(workflow);
    writer.out
}

/// What is summed up at the end.
#[derive(Default)]
struct Facts {
    changes: BTreeSet<String>,
    reads: BTreeSet<String>,
    people: BTreeSet<String>,
}

struct Writer<'a> {
    out: String,
    catalog: &'a Catalog,
    facts: Facts,
    depth: usize,
}

// `writeln!` to a string cannot fail, so its results are dropped throughout.
impl Writer<'_> {
    fn head(&mut self, workflow: &Workflow) {
        let _ = match &workflow.description {
            Some(description) => writeln!(self.out, "{}: {}", line(&workflow.name), sentence(description)),
            None => writeln!(self.out, "{}", line(&workflow.name)),
        };
        if workflow.triggers.is_empty() {
            let _ = writeln!(self.out, "\nStarts when someone starts it by hand.");
        } else {
            let _ = writeln!(self.out, "\nStarts (or by hand):");
            for trigger in &workflow.triggers {
                let _ = writeln!(self.out, "  - {}", trigger_label(trigger, self.catalog));
            }
        }
        let inputs = input_names(workflow);
        if !inputs.is_empty() {
            let _ = writeln!(self.out, "Takes: {}.", inputs.join(", "));
        }
        if let Some(timeout) = &workflow.timeout {
            let _ = writeln!(self.out, "Ends by itself after {}.", duration(&timeout.0));
        }
        if let Some(limits) = &workflow.limits {
            let parts: Vec<String> = [
                limits.steps.map(|steps| format!("{steps} steps")),
                limits.tokens.map(|tokens| format!("{tokens} tokens of models")),
                limits.money.as_ref().map(|sum| format!("{} {}", line(&sum.amount), line(&sum.currency))),
            ]
            .into_iter()
            .flatten()
            .collect();
            if !parts.is_empty() {
                let _ = writeln!(self.out, "Costs at most: {}. Beyond that it fails.", parts.join(", "));
            }
        }
        if let Some(one) = &workflow.concurrency {
            let others = match one.policy {
                ConcurrencyPolicy::Queue => "others wait for their turn",
                ConcurrencyPolicy::Reject => "others are refused meanwhile",
                ConcurrencyPolicy::Replace => "a newer one cancels those before it",
            };
            let key = template_text(&one.key.0);
            let _ = writeln!(self.out, "Runs one at a time for each key {key}: {others}.");
        }
        let _ = writeln!(self.out, "\nSteps:");
    }

    fn tail(&mut self, workflow: &Workflow) {
        if let Some(output) = &workflow.output {
            let names = match &output.0 {
                Value::Object(members) => members.keys().map(|name| line(name)).collect::<BTreeSet<_>>(),
                other => BTreeSet::from([template_text(other)]),
            };
            let _ = writeln!(self.out, "\nGives back: {}.", list(&names));
        }
        let facts = std::mem::take(&mut self.facts);
        let changes = if facts.changes.is_empty() { "nothing".to_owned() } else { list(&facts.changes) };
        let _ = writeln!(self.out, "\nChanges outside: {changes}.");
        if !facts.reads.is_empty() {
            let _ = writeln!(self.out, "Only reads: {}.", list(&facts.reads));
        }
        if !facts.people.is_empty() {
            let _ = writeln!(self.out, "Asks: {}.", list(&facts.people));
        }
        if !workflow.connections.is_empty() {
            let names =
                workflow.connections.iter().map(|c| format!("{} ({})", line(&c.id), line(&c.connector)));
            let _ = writeln!(self.out, "Needs connections: {}.", names.collect::<Vec<_>>().join(", "));
        }
    }

    /// Explains the steps of a block, numbered on from `first`; gives the number after the last.
    fn block(&mut self, steps: &[Step], number: &str, first: usize) -> usize {
        // As in the graph: what was not validated must not exhaust the stack.
        if self.depth >= 64 {
            return first;
        }
        self.depth += 1;
        for (step, place) in steps.iter().zip(first..) {
            let number = if number.is_empty() { place.to_string() } else { format!("{number}.{place}") };
            self.step(step, &number);
        }
        self.depth -= 1;
        first + steps.len()
    }

    fn say(&mut self, number: &str, text: &str) {
        let pad = "  ".repeat(self.depth);
        let _ = writeln!(self.out, "{pad}{number}. {text}");
    }

    fn more(&mut self, text: &str) {
        let pad = "  ".repeat(self.depth);
        let _ = writeln!(self.out, "{pad}   {text}");
    }

    fn step(&mut self, step: &Step, number: &str) {
        let mut lead = String::new();
        if let Some(after) = &step.after {
            lead = if after.is_empty() {
                "At the start: ".into()
            } else {
                format!("After {}: ", line(&after.join(" and ")))
            };
        }
        if let Some(when) = &step.when {
            let _ = write!(lead, "Only if {}: ", question(&when.0));
        }
        match (&step.action, &step.data, &step.condition) {
            (Some(action), _, _) => self.action(step, action, number, &lead),
            (_, Some(data), _) => {
                let text = data_text(&step.id, data);
                self.say(number, &format!("{lead}{text} [{}]", line(&step.id)));
            }
            (_, _, Some(condition)) => self.condition(condition, number, &lead),
            _ => self.say(number, &format!("{lead}{}", line(&step.id))),
        }
        if let Some(timeout) = &step.timeout {
            self.more(&format!("It may take at most {}.", duration(&timeout.0)));
        }
        for rule in step.on_error.iter().flatten() {
            let text = rule_text(rule);
            self.more(&text);
        }
    }

    fn action(&mut self, step: &Step, action: &Action, number: &str, lead: &str) {
        let member = |name: &str| action.with.as_ref().and_then(|with| with.0.get(name)).map(template_text);
        let text = match action.uses.as_str() {
            "core.wait" => match (member("for"), member("until")) {
                (Some(time), _) => format!("Wait {}", duration(&time)),
                (_, until) => format!("Wait until {}", until.unwrap_or_default()),
            },
            "core.wait_for" => format!("Wait for the signal {}", member("signal").unwrap_or_default()),
            "core.approve" | "core.ask" => {
                let whom = member("to").unwrap_or_else(|| "someone".into());
                let what = member("title").unwrap_or_default();
                self.facts.people.insert(whom.clone());
                if action.uses == "core.ask" {
                    format!("Ask {whom}: {what}")
                } else {
                    format!("Ask {whom} to approve: {what}. A no fails this step")
                }
            }
            "core.fail" => {
                let code = member("code").unwrap_or_default();
                format!("Fail with {code}: {}", member("message").unwrap_or_default())
            }
            "core.emit" => {
                let event = format!("the event {}", member("event").unwrap_or_default());
                self.facts.changes.insert(event.clone());
                format!("Emit {event}, for whoever listens")
            }
            "core.call" => {
                let called = format!("the workflow {}", member("workflow").unwrap_or_default());
                self.facts.changes.insert(format!("whatever {called} does"));
                format!("Run {called} and wait for its end; its failure is a failure of this step")
            }
            other => self.outside(other, action),
        };
        self.say(number, &format!("{lead}{text}. [{}]", line(&step.id)));
        if let Some(retry) = &step.retry {
            self.more(&retry_text(retry));
        }
        if let Some(undo) = &step.undo {
            let title =
                self.catalog.action(&undo.uses).map_or(undo.uses.as_str(), |found| found.title.as_str());
            self.more(&format!("If the workflow fails later, this is taken back: {}.", line(title)));
        }
    }

    /// An action of the application: its title, the connection, and what it does to the world.
    fn outside(&mut self, id: &str, action: &Action) -> String {
        let descriptor = self.catalog.action(id);
        let title = match descriptor {
            Some(found) if id != "http.request" => line(&found.title),
            _ => {
                let member =
                    |name: &str| action.with.as_ref().and_then(|with| with.0.get(name)).map(template_text);
                match member("path").or_else(|| member("url")) {
                    Some(place) => {
                        line(&format!("{} {place}", member("method").unwrap_or_else(|| "GET".into())))
                    }
                    None => line(id),
                }
            }
        };
        let through = match &action.connection {
            Some(connection) => format!(" through {}", line(connection)),
            None => String::new(),
        };
        let effect = descriptor.map_or(Effect::Once, |found| static_effect(found, action.with.as_ref()));
        let named = format!("{title}{through}");
        match effect {
            Effect::None => {
                self.facts.reads.insert(named.clone());
                named
            }
            Effect::Once => {
                self.facts.changes.insert(named.clone());
                format!("{named} (never repeated when its outcome is unknown)")
            }
            _ => {
                self.facts.changes.insert(named.clone());
                named
            }
        }
    }

    fn condition(&mut self, condition: &Condition, number: &str, lead: &str) {
        match condition {
            Condition::If(choice) => {
                let asked = question(&choice.if_.0);
                self.say(number, &format!("{lead}If {asked}:"));
                let next = self.block(choice.then.steps(), number, 1);
                if let Some(otherwise) =
                    choice.else_.as_ref().map(Block::steps).filter(|steps| !steps.is_empty())
                {
                    self.more("Otherwise:");
                    self.block(otherwise, number, next);
                }
            }
            Condition::Switch(switch) => {
                let switch = &switch.switch;
                let which = match switch.match_.unwrap_or_default() {
                    Match::First => "The first of these that is true",
                    Match::All => "Each of these that is true",
                };
                self.say(number, &format!("{lead}{which}:"));
                let mut next = 1;
                for case in &switch.cases {
                    self.more(&format!("If {}:", question(&case.when.0)));
                    if case.steps.is_empty() {
                        self.more("  nothing more is done");
                    }
                    next = self.block(&case.steps, number, next);
                }
                if let Some(default) = switch.default.as_ref().filter(|block| !block.steps().is_empty()) {
                    self.more("Otherwise:");
                    self.block(default.steps(), number, next);
                }
            }
            Condition::Parallel(parallel) => {
                let parallel = &parallel.parallel;
                let until = match parallel.wait {
                    None | Some(Wait::Word(WaitWord::All)) => "until all are done".to_owned(),
                    Some(Wait::Word(WaitWord::Any)) => {
                        "until the first is done; the others are cancelled".to_owned()
                    }
                    Some(Wait::Count(count)) => format!("until {count} are done; the others are cancelled"),
                };
                self.say(number, &format!("{lead}At the same time, {until}:"));
                let mut next = 1;
                for branch in &parallel.branches {
                    self.more(&format!("{}:", line(&branch.id)));
                    next = self.block(&branch.steps, number, next);
                }
            }
            Condition::ForEach(each) => {
                let each = &each.for_each;
                let width = match each.concurrency.unwrap_or(1) {
                    1 => "one at a time".to_owned(),
                    width => format!("{width} at a time"),
                };
                self.say(number, &format!("{lead}For each of {}, {width}:", question(&each.items.0)));
                self.block(&each.steps, number, 1);
                if each.errors == Some(ItemErrors::Collect) {
                    self.more("What fails is listed, and the others go on.");
                }
            }
            Condition::Loop(repeat) => {
                let repeat = &repeat.loop_;
                let asked = question(&repeat.while_.0);
                self.say(
                    number,
                    &format!("{lead}Again and again while {asked}, at most {} times:", repeat.max),
                );
                self.block(&repeat.steps, number, 1);
                if repeat.at_max == Some(AtMax::Stop) {
                    self.more("After that many times it goes on with what there is.");
                }
            }
            Condition::Filter(filter) => {
                let asked = question(&filter.filter.0);
                self.say(number, &format!("{lead}Go on only if {asked}."));
            }
        }
    }
}

fn static_effect(action: &ActionDescriptor, with: Option<&Template>) -> Effect {
    let empty = Value::Object(serde_json::Map::new());
    let input = with.map_or(&empty, |with| &with.0);
    match &action.effect {
        EffectOf::Kind(effect) => *effect,
        by => by.resolve(input, &action.input.0, false),
    }
}

fn data_text(id: &str, data: &Data) -> String {
    let name = id.replace('_', " ");
    match data {
        Data::Set(Template(Value::String(text))) => match super::words::source(text) {
            Some(source) => format!("Work out {name}: {}.", plain(source)),
            None => format!("Set {name} to {}.", template_text(&Value::String(text.clone()))),
        },
        Data::Set(_) => format!("Work out {name}."),
        Data::Parse(_) => format!("Read {name} from text."),
        Data::Format(_) => format!("Write {name} as text."),
        Data::Validate(_) => format!("Check that {name} has the right shape."),
    }
}

fn retry_text(retry: &Retry) -> String {
    let first = retry.first.as_ref().map_or("1s", |first| first.0.as_str());
    match retry.attempts {
        0 | 1 => "It is tried once.".into(),
        attempts => format!("It is tried up to {attempts} times, the second time after {}.", duration(first)),
    }
}

fn rule_text(rule: &OnError) -> String {
    let what = match &rule.codes {
        Some(codes) => format!("If it fails with {}", line(&codes.join(" or "))),
        None => "If it fails".to_owned(),
    };
    let text = match (rule.then, &rule.value) {
        (Then::Continue, Some(value)) => {
            format!("{what}, its value is {} and the rest goes on.", template_text(&value.0))
        }
        (Then::Continue, None) => format!("{what}, the rest goes on."),
        (Then::Fail, _) => format!("{what}, the failure stands."),
    };
    match rule.undo {
        true => format!("{text} What was done inside is taken back first."),
        false => text,
    }
}

fn input_names(workflow: &Workflow) -> Vec<String> {
    let Some(schema) = &workflow.input else { return Vec::new() };
    let required: BTreeSet<&str> = schema
        .0
        .get("required")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let Some(properties) = schema.0.get("properties").and_then(Value::as_object) else { return Vec::new() };
    // Sorted here: another crate may have turned on ordered maps.
    let names: BTreeSet<&String> = properties.keys().collect();
    names
        .into_iter()
        .map(
            |name| {
                if required.contains(name.as_str()) {
                    line(name)
                } else {
                    format!("{} (optional)", line(name))
                }
            },
        )
        .collect()
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}
