//! Which document fits some words: BM25 (Robertson and Zaragoza, 2009) over a small catalogue.

use std::collections::{BTreeMap, BTreeSet};

use super::text::{TokenKind, is_filler, stem, tokens};

/// Term-frequency saturation and length normalisation, at their customary values.
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// An index over documents that are told apart by a key.
#[derive(Debug, Default)]
pub(super) struct Index {
    documents: Vec<Document>,
    holding: BTreeMap<String, usize>,
}

#[derive(Debug)]
struct Document {
    key: String,
    terms: BTreeMap<String, u32>,
    length: u32,
}

/// A document that shares words with a query.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Hit {
    /// The document's key.
    pub(super) key: String,
    /// The score; only differences mean something.
    pub(super) score: f64,
    /// The query's stems that it holds.
    pub(super) matched: BTreeSet<String>,
}

/// The stems of a text that carry something.
pub(super) fn terms(text: &str) -> Vec<String> {
    let clean = text.replace(['.', '_', '-', '/'], " ");
    let read = tokens(&clean);
    let carries = |token: &&super::text::Token| token.kind != TokenKind::Symbol && !is_filler(&token.text);
    read.iter().filter(carries).map(|token| stem(&token.text)).collect()
}

impl Index {
    /// Adds a document: texts with how often each counts.
    pub(super) fn add(&mut self, key: &str, texts: &[(&str, u32)]) {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        for (text, weight) in texts {
            for term in terms(text) {
                *counts.entry(term).or_default() += weight;
            }
        }
        for term in counts.keys() {
            *self.holding.entry(term.clone()).or_default() += 1;
        }
        let length = counts.values().sum();
        self.documents.push(Document { key: key.to_owned(), terms: counts, length });
    }

    /// Documents that share a word with the query, best first; equal scores stand in key order.
    pub(super) fn search(&self, query: &[String]) -> Vec<Hit> {
        let count = self.documents.len() as f64;
        let average = self.documents.iter().map(|d| f64::from(d.length)).sum::<f64>() / count.max(1.0);
        let wanted: BTreeSet<&String> = query.iter().collect();
        let mut hits = Vec::new();
        for document in &self.documents {
            let mut score = 0.0;
            let mut matched = BTreeSet::new();
            for term in &wanted {
                let Some(frequency) = document.terms.get(*term) else { continue };
                let holding = self.holding.get(*term).copied().unwrap_or(0) as f64;
                let rarity = ((count - holding + 0.5) / (holding + 0.5) + 1.0).ln();
                let frequency = f64::from(*frequency);
                let length = f64::from(document.length) / average.max(1.0);
                score += rarity * frequency * (K1 + 1.0) / (frequency + K1 * (1.0 - B + B * length));
                matched.insert((*term).clone());
            }
            if !matched.is_empty() {
                hits.push(Hit { key: document.key.clone(), score, matched });
            }
        }
        hits.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.key.cmp(&b.key)));
        hits
    }
}
