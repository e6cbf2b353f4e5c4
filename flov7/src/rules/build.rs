//! From the parts of a text to a document, with questions where words or slots stay open.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::clause::{Fit, Vocabulary, query};
use super::compare::{numeric, stated};
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
    let read = tokens(&request.text);
    if read.iter().all(|token| token.kind != TokenKind::Word) {
        return refused("there are no words to make a workflow from".into());
    }
    let parts = match parts(&read, &|token| vocabulary.is_verb(token)) {
        Ok(parts) => parts,
        Err(outside) => return refused(format!("rules do not do {} (“{}”)", outside.why, outside.words)),
    };
    let mut builder = Builder::new(vocabulary, request);
    builder.parts(&parts);
    builder.finish()
}

fn refused(text: String) -> Draft {
    let outcome = DraftOutcome::Refused(Refusal { reason: RefusalReason::Outside, text });
    Draft { outcome, because: Vec::new(), origin: ORIGIN.into() }
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
        }
    }

    pub(super) fn catalog(&self) -> &'a Catalog {
        &self.vocabulary.catalog
    }

    pub(super) fn answer(&self, question: &str) -> Option<&'a str> {
        self.request.answers.get(question).map(String::as_str)
    }

    /// Asks, once per question.
    pub(super) fn ask(&mut self, id: &str, text: String, suggestions: Vec<String>) {
        if self.questions.iter().all(|question| question.id != id) {
            self.questions.push(Question { id: id.to_owned(), text, suggestions });
        }
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

    /// Asks about words that no rule accounts for.
    pub(super) fn leftover(&mut self, place: &str, what: &str, tokens: &[Token]) {
        let left: Vec<&Token> = tokens
            .iter()
            .filter(|t| {
                matches!(t.kind, TokenKind::Number | TokenKind::Quoted | TokenKind::Address)
                    || !is_filler(&t.text)
            })
            .filter(|t| !matches!(t.kind, TokenKind::Comma | TokenKind::Stop))
            .collect();
        let id = format!("words.{place}");
        if left.is_empty() || self.answer(&id).is_some() {
            return;
        }
        let words = left.iter().map(|t| t.text.as_str()).collect::<Vec<_>>().join(" ");
        let text = format!("I do not know what to do with “{words}” in “{what}”. Shall I leave it out?");
        self.ask(&id, text, vec!["leave it out".into()]);
    }

    fn parts(&mut self, parts: &Parts) {
        let from_trigger = trigger::read(self, &parts.trigger);
        let mut steps = self.steps(&parts.before);
        let condition = if parts.condition.is_empty() { None } else { self.condition(&parts.condition) };
        let decided = match (from_trigger, condition) {
            (Some(_), Some(_)) => {
                self.outside = Some("rules do not do more than one decision".into());
                return;
            }
            (found, None) | (None, found) => found,
        };
        if decided.is_none() && parts.otherwise.is_some() && self.questions.is_empty() {
            self.outside = Some("“otherwise” has no condition before it that rules could read".into());
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
        if let Some(more) = self.answer("steps").filter(|_| steps.is_empty()) {
            // The words are the answer's, so there is no place in the text to point at.
            let vocabulary = self.vocabulary;
            if let Ok(parts) = super::plan::parts(&tokens(more), &|token| vocabulary.is_verb(token)) {
                steps = self.steps(&parts.then);
            }
        }
        self.document.steps = steps;
    }

    /// The condition of an "if": a comparison with a number, or a statement about a member of what started it.
    fn condition(&mut self, said: &[Token]) -> Option<(String, Vec<Token>)> {
        let subject = self.subject.clone();
        // An answer stands in for the words that could not be read; the words still are the reason.
        let answered = self.answer("condition").map(tokens);
        let tokens = answered.as_deref().unwrap_or(said);
        let (comparison, rest) = numeric(tokens);
        let (source, words) = match comparison {
            Some(comparison) => {
                let (source, words) = trigger::compare(self, &subject, &comparison, &rest);
                (source?, words)
            }
            None => match stated(tokens, &subject.members, &subject.root()) {
                Some(found) => found,
                None => {
                    let suggestions =
                        subject.members.iter().take(3).map(|m| m.source(&subject.root())).collect();
                    let text = format!(
                        "I cannot turn “{}” into a comparison. What shall be compared?",
                        self.words(tokens)
                    );
                    self.ask("condition", text, suggestions);
                    return None;
                }
            },
        };
        let left: Vec<Token> =
            tokens.iter().filter(|t| !words.contains(t) && !self.is_subject(t)).cloned().collect();
        self.leftover("condition", "the condition", &left);
        Some((source, tokens.to_vec()))
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
        let time = match (&spoken, self.answer(&format!("{id}.for"))) {
            (Some((time, _)), _) => time.clone(),
            (None, Some(answer)) if crate::workflow::parse_duration(answer).is_some() => answer.to_owned(),
            _ => {
                let text = format!("How long, in “{}”?", self.words(clause));
                self.ask(&format!("{id}.for"), text, vec!["1h".into(), "1d".into()]);
                return None;
            }
        };
        let taken = spoken.map(|(_, taken)| taken).unwrap_or_default();
        let left: Vec<Token> = clause
            .iter()
            .filter(|t| !taken.contains(t) && !matches!(stem(&t.text).as_str(), "wait" | "paus" | "another"))
            .cloned()
            .collect();
        self.leftover(&id, self.words(clause), &left);
        self.because(&id, clause);
        Some(action_step(id, "core.wait", None, json!({ "for": time })))
    }

    fn approval(&mut self, clause: &[Token]) -> Option<Step> {
        let id = self.id("approve");
        let people = self.catalog().people();
        let person =
            clause.iter().find_map(|token| people.iter().find(|person| stem(person) == stem(&token.text)));
        let to = match (person, self.answer(&format!("{id}.to"))) {
            (Some(person), _) => person.clone(),
            (None, Some(answer)) => answer.to_owned(),
            (None, None) => {
                let text = format!("Who approves, in “{}”?", self.words(clause));
                self.ask(&format!("{id}.to"), text, people.iter().take(3).cloned().collect());
                return None;
            }
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
        let answered = self.answer(&question).filter(|id| self.catalog().action(id).is_some());
        let (id, matched) = match (answered, self.vocabulary.action(clause)) {
            (Some(id), _) => (id.to_owned(), query(clause).into_iter().collect()),
            (None, Fit::One(id, matched)) => (id, matched),
            (None, Fit::Several(ids)) => {
                self.understood = true;
                self.ask(&question, format!("Which action is meant by “{}”?", self.words(clause)), ids);
                return None;
            }
            (None, Fit::Nothing(near)) => {
                let text = format!("I know no action for “{}”. Which one is meant?", self.words(clause));
                self.ask(&question, text, near);
                return None;
            }
        };
        let action = self.catalog().action(&id)?;
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
        Some(action_step(step, &id, connection, with))
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

    fn finish(self) -> Draft {
        let because = self.because;
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
        let outcome = if !self.questions.is_empty() {
            DraftOutcome::NeedsAnswers(self.questions)
        } else if self.document.steps.is_empty() {
            DraftOutcome::NeedsAnswers(vec![Question {
                id: "steps".into(),
                text: "What shall be done?".into(),
                suggestions: self
                    .vocabulary
                    .catalog
                    .actions()
                    .filter(|a| !a.id.starts_with("core."))
                    .take(3)
                    .map(|a| a.title.clone())
                    .collect(),
            }])
        } else {
            DraftOutcome::Ready(Box::new(self.document))
        };
        Draft { outcome, because, origin: ORIGIN.into() }
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
