//! From the parts of a text to a document, with questions where words or slots stay open.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::clause::{Fit, Vocabulary, query};
use super::compare::{numeric, stated};
use super::number::{doubt, number};
use super::plan::{Parts, parts};
use super::schedule::duration;
use super::slot::{fill, names_member};
use super::text::{Token, TokenKind, is_filler, stem, tokens};
use super::trigger::{self, Subject};
use crate::catalog::{Catalog, ConnectorUse};
use crate::generate::{Because, Draft, DraftOutcome, GenerateRequest, Question, Refusal, RefusalReason};
use crate::id::{RESERVED_WORDS, ROOTS};
use crate::workflow::{
    Action, Block, Condition, Connection, Expression, FORMAT, If, Step, Template, Workflow,
};

/// What a draft is made by.
const ORIGIN: &str = "rules";

/// Makes a draft, or says what is missing or outside.
pub(super) fn draft(vocabulary: &Vocabulary, request: &GenerateRequest) -> Draft {
    if request.text.len() > super::RuleGenerator::MAX_BYTES {
        return refused("rules read at most 4 KiB of text".into());
    }
    let mut builder = Builder::new(vocabulary, request);
    let read = builder.tokens(&request.text);
    if read.iter().all(|token| token.kind != TokenKind::Word) {
        return refused("there are no words to make a workflow from".into());
    }
    let parts = match parts(&read, &|token| vocabulary.is_verb(token)) {
        Ok(parts) => parts,
        Err(outside) => return refused(format!("rules do not do {} (“{}”)", outside.why, outside.words)),
    };
    builder.parts(&parts);
    builder.finish()
}

fn refused(text: String) -> Draft {
    let outcome = DraftOutcome::Refused(Refusal { reason: RefusalReason::Outside, text });
    Draft { outcome, because: Vec::new(), unused: Vec::new(), origin: ORIGIN.into() }
}

/// What became of the words of a condition.
enum Reading {
    /// A comparison as CEL source, with the words that it took.
    Read(String, Vec<Token>),
    /// A comparison with something open that was asked about.
    Asked,
    /// No comparison.
    Unread,
}

/// A document in the making.
pub(super) struct Builder<'a> {
    pub(super) vocabulary: &'a Vocabulary,
    pub(super) document: Workflow,
    pub(super) subject: Subject,
    request: &'a GenerateRequest,
    questions: Vec<Question>,
    because: Vec<Because>,
    ids: BTreeSet<String>,
    /// Whether any part of the text was understood: a text of which nothing was is outside, not a row of questions.
    understood: bool,
    /// What turned out to be outside only while building.
    outside: Option<String>,
    /// The answers that a question asked for.
    taken: BTreeSet<&'a str>,
}

impl<'a> Builder<'a> {
    fn new(vocabulary: &'a Vocabulary, request: &'a GenerateRequest) -> Self {
        let document = Workflow {
            flov7: FORMAT,
            schema: None,
            name: "by_hand".into(),
            description: Some(request.text.trim().to_owned()),
            input: None,
            types: BTreeMap::new(),
            connections: Vec::new(),
            signals: BTreeMap::new(),
            triggers: Vec::new(),
            steps: Vec::new(),
            output: None,
            timeout: None,
            limits: None,
            concurrency: None,
            note: Some("Made by rules from a sentence.".into()),
        };
        Builder {
            vocabulary,
            document,
            subject: Subject::default(),
            request,
            questions: Vec::new(),
            because: Vec::new(),
            ids: BTreeSet::new(),
            understood: false,
            outside: None,
            taken: BTreeSet::new(),
        }
    }

    pub(super) fn catalog(&self) -> &'a Catalog {
        &self.vocabulary.catalog
    }

    /// The answer to a question that the words leave open.
    pub(super) fn answer(&mut self, question: &str) -> Option<&'a str> {
        let (id, answer) = self.request.answers.get_key_value(question)?;
        self.taken.insert(id);
        Some(answer)
    }

    /// Asks, once per question. Where it was answered before, the answer did not do: `form` says what would.
    pub(super) fn ask(&mut self, id: &str, text: String, form: &str, suggestions: Vec<String>) {
        let text = match self.answer(id) {
            Some(answer) => format!("“{answer}” does not answer this; it takes {form}. {text}"),
            None => text,
        };
        if self.questions.iter().all(|question| question.id != id) {
            self.questions.push(Question { id: id.to_owned(), text, suggestions });
        }
    }

    /// Says that something turned out to be outside; the first such thing counts.
    pub(super) fn refuse(&mut self, why: impl Into<String>) {
        self.outside.get_or_insert(why.into());
    }

    /// The tokens of a text, its numbers settled: what could mean two things is asked about, and stands for one of
    /// them meanwhile so that all other questions come at once.
    pub(super) fn tokens(&mut self, text: &str) -> Vec<Token> {
        let read = tokens(text);
        let mut out = Vec::with_capacity(read.len());
        let mut at = 0;
        while let Some(token) = read.get(at) {
            let mut token = token.clone();
            let Some(doubt) = doubt(&read[at..]) else {
                out.push(token);
                at += 1;
                continue;
            };
            let last = read.get(at + doubt.length - 1).unwrap_or(&token);
            token.span.end = last.span.end;
            let meant = self.answer(&doubt.id).map(str::trim).filter(|answer| number(answer).is_some());
            token.text = match meant {
                Some(meant) => meant.to_owned(),
                None => {
                    let words = text.get(token.span.clone()).unwrap_or("");
                    let question = format!("“{words}” {}. Which number is meant?", doubt.why);
                    let stand_in = doubt.suggestions.first().cloned().unwrap_or_else(|| "1".into());
                    self.ask(&doubt.id, question, "a plain number such as 1500 or 1.5", doubt.suggestions);
                    stand_in
                }
            };
            out.push(token);
            at += doubt.length;
        }
        out
    }

    /// The stretch of the text that some tokens span.
    pub(super) fn words(&self, tokens: &[Token]) -> &'a str {
        match (tokens.iter().map(|t| t.span.start).min(), tokens.iter().map(|t| t.span.end).max()) {
            (Some(start), Some(end)) => self.request.text.get(start..end).unwrap_or(""),
            _ => "",
        }
    }

    pub(super) fn because(&mut self, step: &str, tokens: &[Token]) {
        self.understood = true;
        let start = tokens.iter().map(|t| t.span.start).min().unwrap_or(0);
        let words = self.words(tokens).to_owned();
        self.because.push(Because { step: step.to_owned(), span: [start, start + words.len()], words });
    }

    /// An id that is legal and free, near to what is wanted.
    pub(super) fn id(&mut self, wanted: &str) -> String {
        let mut base: String =
            wanted.chars().filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_').collect();
        base.truncate(40);
        if !base.starts_with(|c: char| c.is_ascii_lowercase())
            || RESERVED_WORDS.contains(&base.as_str())
            || ROOTS.contains(&base.as_str())
        {
            base = format!("do_{base}");
        }
        let mut id = base.clone();
        let mut next = 2;
        while !self.ids.insert(id.clone()) {
            id = format!("{base}_{next}");
            next += 1;
        }
        id
    }

    /// Asks about words that no rule accounts for. Orders among them are refused: they stand where a condition or a
    /// trigger has no end, and without them something else would be done than was said.
    pub(super) fn leftover(&mut self, place: &str, what: &str, tokens: &[Token]) {
        let left: Vec<&Token> = tokens
            .iter()
            .filter(|t| t.kind != TokenKind::Word || !is_filler(&t.text))
            .filter(|t| !matches!(t.kind, TokenKind::Comma | TokenKind::Stop))
            .collect();
        if left.is_empty() {
            return;
        }
        let words = left.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ");
        if matches!(place, "trigger" | "condition") && left.iter().any(|t| self.vocabulary.is_verb(t)) {
            self.refuse(format!(
                "rules need a comma or “then” before what is done: “{words}” stands inside “{what}”"
            ));
            return;
        }
        const LEAVE: &str = "leave it out";
        let id = format!("words.{place}");
        if self.answer(&id).is_some_and(|answer| answer.trim().eq_ignore_ascii_case(LEAVE)) {
            return;
        }
        let text = format!("I do not know what to do with “{words}” in “{what}”. Shall I leave it out?");
        self.ask(&id, text, "“leave it out”; to say it otherwise, change the sentence", vec![LEAVE.into()]);
    }

    fn parts(&mut self, parts: &Parts) {
        let from_trigger = trigger::read(self, &parts.trigger);
        let mut steps = self.steps(&parts.before);
        let condition = if parts.condition.is_empty() { None } else { self.condition(&parts.condition) };
        let decided = match (from_trigger, condition) {
            (Some(_), Some(_)) => {
                self.refuse("rules do not do more than one decision");
                return;
            }
            (found, None) | (None, found) => found,
        };
        if decided.is_none() && parts.otherwise.is_some() && self.questions.is_empty() {
            self.refuse("“otherwise” has no condition before it that rules could read");
        }
        match decided {
            Some((source, words)) => {
                let id = self.id("check");
                self.because(&id, &words);
                let then = self.steps(&parts.then);
                let otherwise = parts.otherwise.as_ref().map(|clauses| self.steps(clauses));
                steps.push(decision(id, &source, then, otherwise));
            }
            None => {
                steps.extend(self.steps(&parts.then));
                if let Some(otherwise) = &parts.otherwise {
                    // Read all the same, so that all questions come at once.
                    self.steps(otherwise);
                }
            }
        }
        steps.extend(self.steps(&parts.after));
        if steps.is_empty()
            && let Some(more) = self.answer("steps")
        {
            // The words are the answer's, so there is no place in the text to point at.
            let (vocabulary, read) = (self.vocabulary, self.tokens(more));
            match super::plan::parts(&read, &|token| vocabulary.is_verb(token)) {
                Ok(Parts { trigger, condition, then, otherwise: None, before, after })
                    if before.is_empty()
                        && after.is_empty()
                        && trigger.is_empty()
                        && condition.is_empty() =>
                {
                    steps = self.steps(&then);
                }
                // Only what is done is asked for; anything else would be passed over.
                _ => {}
            }
        }
        self.document.steps = steps;
    }

    /// The condition of an "if": a comparison with a number, or a statement about a member of what started it.
    fn condition(&mut self, said: &[Token]) -> Option<(String, Vec<Token>)> {
        let subject = self.subject.clone();
        let (source, words, tokens) = match self.comparison(&subject, said) {
            Reading::Read(source, words) => (source, words, said.to_vec()),
            Reading::Asked => return None,
            // An answer stands in for the words that could not be read; the words still are the reason.
            Reading::Unread => {
                let answered = self.answer("condition").map(|answer| self.tokens(answer));
                let read = answered.map(|tokens| (self.comparison(&subject, &tokens), tokens));
                match read {
                    Some((Reading::Read(source, words), tokens)) => (source, words, tokens),
                    Some((Reading::Asked, _)) => return None,
                    Some((Reading::Unread, _)) | None => {
                        let root = subject.root();
                        let suggestions = subject.members.iter().take(3).map(|m| m.source(&root)).collect();
                        let words = self.words(said);
                        let text =
                            format!("I cannot turn “{words}” into a comparison. What shall be compared?");
                        self.ask(
                            "condition",
                            text,
                            "a comparison such as “the total is above 100”",
                            suggestions,
                        );
                        return None;
                    }
                }
            }
        };
        let left: Vec<Token> =
            tokens.iter().filter(|t| !words.contains(t) && !self.is_subject(t)).cloned().collect();
        if left.iter().any(|t| t.text == "not") {
            self.refuse("rules do not do “not” before a comparison; say the opposite comparison");
        }
        self.leftover("condition", "the condition", &left);
        if left.iter().any(|t| t.text == "and") {
            self.refuse("rules do not do conditions of several parts (“and”)");
        }
        Some((source, said.to_vec()))
    }

    /// What some words compare.
    fn comparison(&mut self, subject: &Subject, tokens: &[Token]) -> Reading {
        match numeric(tokens) {
            (Some(comparison), rest) => match trigger::compare(self, subject, &comparison, &rest) {
                (Some(source), words) => Reading::Read(source, words),
                (None, _) => Reading::Asked,
            },
            (None, _) => match stated(tokens, &subject.members, &subject.root()) {
                Some((source, words)) => Reading::Read(source, words),
                None => Reading::Unread,
            },
        }
    }

    /// Whether a word names what started it.
    fn is_subject(&self, token: &Token) -> bool {
        token.kind == TokenKind::Word && stem(&token.text) == stem(&self.subject.noun)
    }

    fn steps(&mut self, clauses: &[Vec<Token>]) -> Vec<Step> {
        clauses.iter().filter_map(|clause| self.step(clause)).collect()
    }

    fn step(&mut self, clause: &[Token]) -> Option<Step> {
        let stems = query(clause);
        let is_wait = matches!(stems.first().map(String::as_str), Some("wait" | "paus"));
        let is_approval =
            stems.iter().any(|stem| matches!(stem.as_str(), "approv" | "approval" | "permission"));
        match (is_wait, is_approval) {
            (true, _) => self.wait(clause),
            (_, true) => self.approval(clause),
            _ => self.call(clause),
        }
    }

    fn wait(&mut self, clause: &[Token]) -> Option<Step> {
        let id = self.id("wait");
        let spoken = duration(clause);
        let question = format!("{id}.for");
        let time = match &spoken {
            Some((time, _)) => Some(time.clone()),
            None => self.answer(&question).and_then(waiting_time),
        };
        let Some(time) = time else {
            let text = format!("How long, in “{}”?", self.words(clause));
            self.ask(&question, text, "a duration such as 90m or 2 days", vec!["1h".into(), "1d".into()]);
            return None;
        };
        // An answer is about the whole clause, and accounts for all of its words.
        if let Some((_, taken)) = spoken {
            let is_left = |t: &&Token| {
                !taken.contains(t) && !matches!(stem(&t.text).as_str(), "wait" | "paus" | "another")
            };
            let left: Vec<Token> = clause.iter().filter(is_left).cloned().collect();
            self.leftover(&id, self.words(clause), &left);
        }
        self.because(&id, clause);
        Some(action_step(id, "core.wait", None, json!({ "for": time })))
    }

    fn approval(&mut self, clause: &[Token]) -> Option<Step> {
        let id = self.id("approve");
        let people = self.catalog().people();
        let person =
            clause.iter().find_map(|token| people.iter().find(|person| stem(person) == stem(&token.text)));
        let question = format!("{id}.to");
        let to = match person {
            Some(person) => Some(person.clone()),
            None => self.answer(&question).map(str::trim).filter(|who| !who.is_empty()).map(str::to_owned),
        };
        let Some(to) = to else {
            let text = format!("Who approves, in “{}”?", self.words(clause));
            self.ask(&question, text, "a person's name", people.iter().take(3).cloned().collect());
            return None;
        };
        let said =
            ["ask", "someon", "somebody", "approv", "approval", "permission", "wait", "request", "giv"];
        let left: Vec<Token> = clause
            .iter()
            .filter(|t| {
                !said.contains(&stem(&t.text).as_str()) && stem(&t.text) != stem(&to) && !self.is_subject(t)
            })
            .cloned()
            .collect();
        self.leftover(&id, self.words(clause), &left);
        self.because(&id, clause);
        let with = json!({ "title": self.approval_title(), "to": to });
        Some(action_step(id, "core.approve", None, with))
    }

    /// What the person is shown: the thing with its id where it has one.
    fn approval_title(&self) -> String {
        let noun = self.subject.noun.replace('_', " ");
        let has_id = self.subject.members.iter().any(|member| member.path == ["id"] && member.is_sure());
        match (noun.is_empty(), has_id) {
            (true, _) => "Please approve".into(),
            (false, true) => format!("Please approve {noun} ${{ {}.id }}", self.subject.root()),
            (false, false) => format!("Please approve this {noun}"),
        }
    }

    fn call(&mut self, clause: &[Token]) -> Option<Step> {
        let question = format!("step.{}", query(clause).join("_"));
        let words = self.words(clause);
        let (text, near) = match self.vocabulary.action(clause) {
            Fit::One(id, matched) => return self.called(clause, &id, &matched),
            Fit::Several(ids) => {
                self.understood = true;
                (format!("Which action is meant by “{words}”?"), ids)
            }
            Fit::Nothing(near) => (format!("I know no action for “{words}”. Which one is meant?"), near),
        };
        let answer = self.answer(&question).map(str::trim);
        if let Some(id) = answer.filter(|id| self.catalog().action(id).is_some()) {
            return self.called(clause, id, &query(clause).into_iter().collect());
        }
        self.ask(&question, text, "the id of an action", near);
        None
    }

    /// The call of an action, by the stems of a clause that named it.
    fn called(&mut self, clause: &[Token], id: &str, matched: &BTreeSet<String>) -> Option<Step> {
        let action = self.catalog().action(id)?;
        let step = self.id(id.rsplit('.').next().unwrap_or("act"));
        let mut left: Vec<Token> = clause
            .iter()
            .filter(|t| t.kind != TokenKind::Word || !matched.contains(&stem(&t.text)))
            .filter(|t| !self.is_subject(t))
            .filter(|t| t.kind != TokenKind::Word || !names_member(action, &t.text))
            .cloned()
            .collect();
        let with = fill(self, action, &step, &mut left);
        self.leftover(&step, &action.title, &left);
        self.because(&step, clause);
        let connection = match &action.connector {
            Some(ConnectorUse::Required(connector)) => Some(self.connection(connector)),
            _ => None,
        };
        Some(action_step(step, id, connection, with))
    }

    /// The document's connection of a connector, declared at its first use.
    fn connection(&mut self, connector: &str) -> String {
        if let Some(found) = self.document.connections.iter().find(|c| c.connector == connector) {
            return found.id.clone();
        }
        let id: String = connector.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        self.document.connections.push(Connection {
            id: id.clone(),
            connector: connector.to_owned(),
            note: None,
        });
        id
    }

    fn finish(mut self) -> Draft {
        if let Some(text) = self.outside {
            return refused(text);
        }
        if !self.understood {
            let offers: Vec<&str> = self
                .vocabulary
                .catalog
                .actions()
                .filter(|a| !a.id.starts_with("core."))
                .take(5)
                .map(|a| a.title.as_str())
                .collect();
            let offers = if offers.is_empty() {
                "nothing but waits and approvals".to_owned()
            } else {
                offers.join(", ")
            };
            return refused(format!(
                "none of these words is something this application does; it offers: {offers}"
            ));
        }
        if self.questions.is_empty() && self.document.steps.is_empty() {
            let actions = self.vocabulary.catalog.actions().filter(|a| !a.id.starts_with("core."));
            let suggestions = actions.take(3).map(|a| a.title.clone()).collect();
            self.ask(
                "steps",
                "What shall be done?".into(),
                "what to do, without a trigger or a condition",
                suggestions,
            );
        }
        let answers = self.request.answers.keys();
        let unused = answers.filter(|id| !self.taken.contains(id.as_str())).cloned().collect();
        let outcome = if self.questions.is_empty() {
            DraftOutcome::Ready(Box::new(self.document))
        } else {
            DraftOutcome::NeedsAnswers(self.questions)
        };
        Draft { outcome, because: self.because, unused, origin: ORIGIN.into() }
    }
}

/// A duration as it is answered: as a document writes it, or in words.
fn waiting_time(answer: &str) -> Option<String> {
    let answer = answer.trim();
    match crate::workflow::parse_duration(answer) {
        Some(millis) => (millis > 0).then(|| answer.to_owned()),
        None => {
            let read = tokens(answer);
            duration(&read).filter(|(_, taken)| taken.len() == read.len()).map(|(time, _)| time)
        }
    }
}

fn bare(id: String) -> Step {
    Step {
        id,
        after: None,
        when: None,
        action: None,
        data: None,
        condition: None,
        timeout: None,
        attempt_timeout: None,
        retry: None,
        undo: None,
        on_error: None,
        note: None,
    }
}

fn action_step(id: String, uses: &str, connection: Option<String>, with: Value) -> Step {
    let with = Some(Template(with)).filter(|with| with.0 != Value::Object(Map::new()));
    Step { action: Some(Action { uses: uses.to_owned(), connection, with, expect: None }), ..bare(id) }
}

fn decision(id: String, source: &str, then: Vec<Step>, otherwise: Option<Vec<Step>>) -> Step {
    let condition = If {
        if_: Expression(json!(format!("${{ {source} }}"))),
        then: Block::Steps(then),
        else_: otherwise.map(Block::Steps),
    };
    Step { condition: Some(Condition::If(condition)), ..bare(id) }
}
