//! What starts it: an event of the catalogue, a schedule, or someone by hand.

use serde_json::{Map, Value, json};

use super::build::Builder;
use super::clause::Fit;
use super::compare::{Comparison, Member, members, named, numeric, stated};
use super::rank::terms;
use super::schedule::{Schedule, schedule, zone_name};
use super::text::{Token, TokenKind, is_filler, stem};
use crate::catalog::EventDescriptor;
use crate::workflow::{Schema, Template, Trigger};

/// What the steps may read of what started them.
#[derive(Clone, Debug, Default)]
pub(super) struct Subject {
    /// The member of `input` that holds it, for example `order`; empty where nothing is passed.
    pub(super) noun: String,
    /// Its scalar members.
    pub(super) members: Vec<Member>,
    /// The member that "above 500" means.
    pub(super) measure: Option<Member>,
}

impl Subject {
    /// The CEL root that its members stand below.
    pub(super) fn root(&self) -> String {
        format!("input.{}", self.noun)
    }
}

/// Reads the trigger clause: fills in the document's trigger and input, and gives the decision that it holds
/// ("an order above 500"), as CEL source with its words.
pub(super) fn read(builder: &mut Builder<'_>, tokens: &[Token]) -> Option<(String, Vec<Token>)> {
    if tokens.is_empty() {
        return None;
    }
    if tokens.iter().any(|t| matches!(t.text.as_str(), "every" | "each")) {
        read_schedule(builder, tokens);
        return None;
    }
    read_event(builder, tokens)
}

fn read_schedule(builder: &mut Builder<'_>, tokens: &[Token]) {
    let answered = builder.answer("trigger.time").map(str::to_owned);
    let Some(spoken) = schedule(tokens, answered.as_deref()) else {
        builder.ask(
            "trigger",
            "When shall it start?".into(),
            vec!["every day at 9:00 UTC".into(), "by hand".into()],
        );
        return;
    };
    builder.leftover("trigger", "the schedule", &spoken.rest);
    let mut with = Map::new();
    match spoken.schedule {
        None => {
            let text = format!("At what time, for “{}”?", builder.words(tokens));
            builder.ask("trigger.time", text, vec!["9:00".into(), "18:00".into()]);
            return;
        }
        Some(Schedule::Every(every)) => {
            with.insert("every".into(), every.into());
        }
        Some(Schedule::Cron(cron)) => {
            with.insert("cron".into(), cron.into());
            match spoken.zone.or_else(|| builder.answer("trigger.zone").map(zone_name)) {
                Some(zone) => {
                    with.insert("zone".into(), zone.into());
                }
                // A time of day without a zone means another instant to everyone: no default is right.
                None => builder.ask(
                    "trigger.zone",
                    "In which time zone?".into(),
                    vec!["UTC".into(), "Europe/Berlin".into(), "America/New_York".into()],
                ),
            }
        }
    }
    let id = builder.id("schedule");
    builder.because(&id, tokens);
    builder.document.name = "on_schedule".into();
    builder.document.triggers.push(trigger(id, "schedule", with, None));
}

fn trigger(id: String, uses: &str, with: Map<String, Value>, input: Option<Value>) -> Trigger {
    Trigger {
        id,
        uses: uses.into(),
        with: Some(Template(Value::Object(with))),
        connection: None,
        expect: None,
        input: input.map(Template),
        note: None,
    }
}

fn read_event(builder: &mut Builder<'_>, tokens: &[Token]) -> Option<(String, Vec<Token>)> {
    let start = tokens
        .iter()
        .take_while(|t| matches!(t.text.as_str(), "when" | "whenever" | "once" | "as" | "soon"))
        .count();
    let (comparison, rest) = numeric(&tokens[start..]);
    let event = match builder.answer("trigger").map(str::to_owned) {
        Some(answer) if answer == "by hand" => {
            builder.document.name = "by_hand".into();
            return None;
        }
        Some(answer) => builder.catalog().event(&answer).cloned(),
        None => find_event(builder, &rest),
    };
    let Some(event) = event else {
        let mut suggestions: Vec<String> =
            builder.catalog().events().take(3).map(|e| e.name.clone()).collect();
        suggestions.push("by hand".into());
        let text = format!("I know no event for “{}”. What starts it?", builder.words(tokens));
        builder.ask("trigger", text, suggestions);
        return None;
    };
    let subject = subject(&event);
    let root = subject.root();
    let mut left = rest.clone();
    let decision = match comparison {
        Some(comparison) => {
            let (found, words) = compare(builder, &subject, &comparison, &rest);
            left.retain(|token| !words.contains(token));
            found.map(|source| (source, words))
        }
        None => match stated(&rest, &subject.members, &root) {
            Some((source, words)) => {
                left.retain(|token| !words.contains(token));
                Some((source, words))
            }
            None => None,
        },
    };
    let known = event_terms(&event);
    left.retain(|token| token.kind != TokenKind::Word || !known.contains(&stem(&token.text)));
    left.retain(|token| !matches!(token.text.as_str(), "whose" | "where" | "worth"));
    builder.leftover("trigger", &event.title, &left);
    declare(builder, &event, &subject, tokens);
    decision
}

fn find_event(builder: &Builder<'_>, rest: &[Token]) -> Option<EventDescriptor> {
    let query: Vec<String> = rest
        .iter()
        .filter(|t| t.kind == TokenKind::Word && !is_filler(&t.text))
        .map(|t| stem(&t.text))
        .collect();
    let Fit::One(name, matched) = builder.vocabulary.events(&query) else { return None };
    // "A parcel arrives" shares a word with "an order arrives" and is about something else.
    let noun = stem(name.split('.').next().unwrap_or(""));
    let about = matched.contains(&noun) || query.iter().all(|word| matched.contains(word));
    builder.catalog().event(&name).filter(|_| about).cloned()
}

fn event_terms(event: &EventDescriptor) -> Vec<String> {
    std::iter::once(&event.title)
        .chain(&event.phrases)
        .chain([&event.name])
        .flat_map(|text| terms(text))
        .collect()
}

fn subject(event: &EventDescriptor) -> Subject {
    // `order.received` is about an order; the grammar of event names has the thing first.
    let noun = event.name.split('.').next().unwrap_or("event").to_owned();
    let noun = if crate::id::Name::parse(&noun).is_ok() { noun } else { "event".to_owned() };
    let members = members(&event.payload.0);
    let path = event
        .measure
        .as_deref()
        .map(|pointer| pointer.trim_start_matches('/').split('/').collect::<Vec<_>>());
    let measure = path.and_then(|path| members.iter().find(|member| member.path == path).cloned());
    Subject { noun, members, measure }
}

fn declare(builder: &mut Builder<'_>, event: &EventDescriptor, subject: &Subject, tokens: &[Token]) {
    let id = builder.id(event.name.rsplit('.').next().unwrap_or("event"));
    builder.because(&id, tokens);
    let with = Map::from_iter([("name".to_owned(), Value::String(event.name.clone()))]);
    let input = json!({ &subject.noun: "${ trigger.payload }" });
    builder.document.triggers.push(trigger(id, "event", with, Some(input)));
    builder.document.name = event.name.replace('.', "_");
    builder.document.input = Some(Schema(json!({
        "type": "object",
        "properties": { &subject.noun: event.payload },
        "required": [&subject.noun]
    })));
    builder.subject = subject.clone();
}

/// A comparison with a number: of the member that the words name, else of the event's measure, else a question.
/// Gives the source, and the words that it took.
pub(super) fn compare(
    builder: &mut Builder<'_>,
    subject: &Subject,
    comparison: &Comparison,
    rest: &[Token],
) -> (Option<String>, Vec<Token>) {
    let numeric: Vec<Member> = subject.members.iter().filter(|member| member.is_numeric()).cloned().collect();
    let mut words = comparison.words.clone();
    let answered = builder.answer("compare").and_then(|answer| {
        numeric.iter().find(|member| {
            answer.ends_with(&member.path.join(".")) || answer == member.source(&subject.root())
        })
    });
    let member = match (named(&numeric, rest), answered, &subject.measure) {
        (Some((member, token)), _, _) => {
            words.push(token);
            member.clone()
        }
        (None, Some(member), _) => member.clone(),
        (None, None, Some(measure)) => measure.clone(),
        (None, None, None) => {
            let suggestions = numeric.iter().take(3).map(|member| member.source(&subject.root())).collect();
            let text = format!("What shall be compared in “{}”?", builder.words(&comparison.words));
            builder.ask("compare", text, suggestions);
            return (None, words);
        }
    };
    let root = subject.root();
    let plain = format!("{} {} {}", member.source(&root), comparison.operator, comparison.value);
    (Some(member.guarded(&root, &plain)), words)
}
