//! What starts it: an event of the catalogue, a schedule, or someone by hand.

use serde_json::{Map, Value, json};

use super::build::Builder;
use super::clause::Fit;
use super::compare::{Comparison, Member, members, named, numeric, stated};
use super::rank::terms;
use super::schedule::{Rhythm, Spoken, day_fields, is_zone, schedule, time_of_day, zone_name};
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
    let said = if is_schedule(tokens) {
        schedule(tokens).map(Start::Schedule)
    } else {
        let (_, rest) = numeric(begin(tokens));
        find_event(builder, &rest).map(Start::Event)
    };
    match said.or_else(|| answered(builder)) {
        Some(Start::Schedule(spoken)) => {
            read_schedule(builder, tokens, spoken);
            None
        }
        Some(Start::Event(event)) => read_event(builder, tokens, &event),
        Some(Start::ByHand) => None,
        None => {
            ask(builder, tokens);
            None
        }
    }
}

/// What starts it.
enum Start {
    Schedule(Spoken),
    Event(EventDescriptor),
    ByHand,
}

fn is_schedule(tokens: &[Token]) -> bool {
    tokens.iter().any(|t| matches!(t.text.as_str(), "every" | "each"))
}

/// What an answer says of the start, where the words did not.
fn answered(builder: &mut Builder<'_>) -> Option<Start> {
    let answer = builder.answer("trigger")?;
    if answer == "by hand" {
        return Some(Start::ByHand);
    }
    if let Some(event) = builder.catalog().event(answer) {
        return Some(Start::Event(event.clone()));
    }
    schedule(&builder.tokens(answer)).map(Start::Schedule)
}

fn ask(builder: &mut Builder<'_>, tokens: &[Token]) {
    const FORM: &str = "the name of an event, a schedule such as “every day at 9:00 UTC”, or “by hand”";
    if is_schedule(tokens) {
        let text = format!("When shall it start, for “{}”?", builder.words(tokens));
        builder.ask("trigger", text, FORM, vec!["every day at 9:00 UTC".into(), "by hand".into()]);
        return;
    }
    let mut suggestions: Vec<String> = builder.catalog().events().take(3).map(|e| e.name.clone()).collect();
    suggestions.push("by hand".into());
    let text = format!("I know no event for “{}”. What starts it?", builder.words(tokens));
    builder.ask("trigger", text, FORM, suggestions);
}

fn read_schedule(builder: &mut Builder<'_>, tokens: &[Token], spoken: Spoken) {
    builder.leftover("trigger", "the schedule", &spoken.rest);
    let fields = match &spoken.rhythm {
        Rhythm::Every(every) => {
            declare_schedule(builder, tokens, Map::from_iter([("every".to_owned(), every.as_str().into())]));
            return;
        }
        Rhythm::Days(fields) => Some(fields.clone()),
        open @ (Rhythm::Month | Rhythm::Week) => {
            let fields = builder.answer("trigger.day").and_then(|answer| day_fields(open, answer));
            if fields.is_none() {
                let text = format!("On which day, for “{}”?", builder.words(tokens));
                let (form, suggestions) = match open {
                    Rhythm::Week => ("a day of the week", ["monday", "friday"]),
                    _ => ("a day of the month from 1 to 28", ["1", "15"]),
                };
                builder.ask("trigger.day", text, form, suggestions.map(str::to_owned).into());
            }
            fields
        }
    };
    let time =
        spoken.time.or_else(|| builder.answer("trigger.time").and_then(|answer| time_of_day(answer, None)));
    if time.is_none() {
        let text = format!("At what time, for “{}”?", builder.words(tokens));
        builder.ask("trigger.time", text, "a time of day such as 18:30", vec!["9:00".into(), "18:00".into()]);
    }
    let named = spoken.zone.or_else(|| {
        builder.answer("trigger.zone").filter(|zone| is_zone(&zone.trim().to_lowercase())).map(zone_name)
    });
    // A time of day without a zone means another instant to everyone: no default is right.
    if named.is_none() {
        let suggestions = ["UTC", "Europe/Berlin", "America/New_York"].map(str::to_owned).into();
        builder.ask(
            "trigger.zone",
            "In which time zone?".into(),
            "a zone such as Europe/Berlin",
            suggestions,
        );
    }
    if let (Some(fields), Some((hour, minute)), Some(zone)) = (fields, time, named) {
        let cron = format!("{minute} {hour} {fields}");
        let with = Map::from_iter([("cron".to_owned(), cron.into()), ("zone".to_owned(), zone.into())]);
        declare_schedule(builder, tokens, with);
    }
}

fn declare_schedule(builder: &mut Builder<'_>, tokens: &[Token], with: Map<String, Value>) {
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

/// What follows the words that only begin the clause.
fn begin(tokens: &[Token]) -> &[Token] {
    let opens = |t: &&Token| matches!(t.text.as_str(), "when" | "whenever" | "once" | "as" | "soon");
    &tokens[tokens.iter().take_while(opens).count()..]
}

fn read_event(
    builder: &mut Builder<'_>,
    tokens: &[Token],
    event: &EventDescriptor,
) -> Option<(String, Vec<Token>)> {
    let (comparison, rest) = numeric(begin(tokens));
    let subject = subject(event);
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
    let known = event_terms(event);
    left.retain(|token| token.kind != TokenKind::Word || !known.contains(&stem(&token.text)));
    left.retain(|token| !matches!(token.text.as_str(), "whose" | "where" | "worth"));
    builder.leftover("trigger", &event.title, &left);
    declare(builder, event, &subject, tokens);
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
    builder.document.input = Some(Schema::from(json!({
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
    let member = match (named(&numeric, rest), &subject.measure) {
        (Some((member, token)), _) => {
            words.push(token);
            member.clone()
        }
        (None, Some(measure)) => measure.clone(),
        (None, None) => {
            let answer = builder.answer("compare").map(str::trim);
            let is_meant = |member: &&Member| {
                answer.is_some_and(|a| a == member.path.join(".") || a == member.source(&subject.root()))
            };
            let Some(member) = numeric.iter().find(is_meant) else {
                let suggestions =
                    numeric.iter().take(3).map(|member| member.source(&subject.root())).collect();
                let text = format!("What shall be compared in “{}”?", builder.words(&comparison.words));
                builder.ask("compare", text, "a number that what started it carries", suggestions);
                return (None, words);
            };
            member.clone()
        }
    };
    if self::numeric(rest).0.is_some() {
        builder.refuse("rules do not do more than one comparison in a condition");
    }
    let root = subject.root();
    let plain = format!("{} {} {}", member.source(&root), comparison.operator, comparison.value);
    (Some(member.guarded(&root, &plain)), words)
}
