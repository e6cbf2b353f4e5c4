//! Which action some words mean.

use std::collections::BTreeSet;

use super::rank::{Hit, Index, terms};
use super::text::{Token, TokenKind, is_filler, stem};
use crate::catalog::{CORE_PREFIX, Catalog};

/// How close the second best may come before it is a question which one is meant.
const CLOSE: f64 = 0.9;

/// A catalogue, ready to be searched by words.
#[derive(Debug)]
pub(super) struct Vocabulary {
    pub(super) catalog: Catalog,
    actions: Index,
    events: Index,
    verbs: BTreeSet<String>,
}

/// What some words mean.
#[derive(Debug, PartialEq)]
pub(super) enum Fit {
    /// This, by these stems.
    One(String, BTreeSet<String>),
    /// One of these; best first.
    Several(Vec<String>),
    /// Nothing that is known; the nearest, best first.
    Nothing(Vec<String>),
}

impl Vocabulary {
    pub(super) fn new(catalog: Catalog) -> Self {
        let (mut actions, mut events) = (Index::default(), Index::default());
        let mut verbs: BTreeSet<String> = ["ask", "wait", "get", "pause", "approv"].map(str::to_owned).into();
        for action in catalog.actions().filter(|action| !action.id.starts_with(CORE_PREFIX)) {
            let phrases = action.phrases.join(" ");
            actions.add(
                &action.id,
                &[(&action.title, 3), (&phrases, 2), (&action.description, 1), (&action.id, 1)],
            );
            for text in std::iter::once(&action.title).chain(&action.phrases) {
                verbs.extend(terms(text).into_iter().take(1));
            }
        }
        for event in catalog.events() {
            let phrases = event.phrases.join(" ");
            events.add(&event.name, &[(&event.title, 3), (&phrases, 2), (&event.name, 1)]);
        }
        Vocabulary { catalog, actions, events, verbs }
    }

    /// Whether a clause may begin with this word.
    pub(super) fn is_verb(&self, token: &Token) -> bool {
        token.kind == TokenKind::Word && self.verbs.contains(&stem(&token.text))
    }

    /// The action that a clause means. Its first word, the verb, must be among the action's own.
    pub(super) fn action(&self, tokens: &[Token]) -> Fit {
        let query = query(tokens);
        let hits = self.actions.search(&query);
        let Some(verb) = query.first() else { return Fit::Nothing(names(&hits)) };
        let able: Vec<Hit> =
            hits.iter().filter(|hit| self.verbs_of(&hit.key).contains(verb)).cloned().collect();
        choose(&able, &hits)
    }

    /// The event that a clause means: every word that the best holds is wanted, and no other comes close.
    pub(super) fn events(&self, query: &[String]) -> Fit {
        let hits = self.events.search(query);
        choose(&hits, &hits)
    }

    /// The words that an action's orders begin with: its title's and its phrases' first.
    fn verbs_of(&self, id: &str) -> BTreeSet<String> {
        let Some(action) = self.catalog.action(id) else { return BTreeSet::new() };
        std::iter::once(&action.title)
            .chain(&action.phrases)
            .filter_map(|text| terms(text).into_iter().next())
            .collect()
    }
}

/// The stems of a clause that carry something, in order.
pub(super) fn query(tokens: &[Token]) -> Vec<String> {
    let words = tokens.iter().filter(|t| t.kind == TokenKind::Word && !is_filler(&t.text));
    words.map(|t| stem(&t.text)).collect()
}

fn choose(able: &[Hit], all: &[Hit]) -> Fit {
    match able {
        [] => Fit::Nothing(names(all)),
        [best, second, ..]
            if second.score >= best.score * CLOSE && second.matched.len() >= best.matched.len() =>
        {
            Fit::Several(names(able))
        }
        [best, ..] => Fit::One(best.key.clone(), best.matched.clone()),
    }
}

fn names(hits: &[Hit]) -> Vec<String> {
    hits.iter().take(3).map(|hit| hit.key.clone()).collect()
}
