//! One value against compiled rules.

use serde_json::{Map, Value};

use crate::json;

use super::super::facet::length;
use super::super::lattice::{Kind, Kinds};
use super::super::number::Num;
use super::super::profile::sorted;
use super::compile::{Condition, Contains, ListRules, MapRules, NumberRules, Rule, RuleId, TextRules};
use super::{MAX_VIOLATIONS, Violation};

/// Alternatives within alternatives (`anyOf`, `oneOf`, `not`, `if`, `contains`), which cost thread stack; everything
/// else is walked with a stack of its own, however deep the value is.
const MAX_NESTING: usize = 128;
/// Alternatives within each other that are taken apart to say what is wrong; each level looks at its parts again.
const MAX_EXPLAINED: usize = 8;
/// Rules applied and values compared for one check; alternatives within alternatives can multiply.
const FUEL: u64 = 4_000_000;

pub(super) fn check(rules: &[Rule], value: &Value) -> Result<(), Vec<Violation>> {
    // Nearly all do: nothing is noted then of where they are.
    if accepts(rules, value) {
        return Ok(());
    }
    let mut run = Run::new(rules, FUEL, 0);
    let ok = run.holds(0, value, ROOT);
    if let (Some(why), Some(rule)) = (run.gave_up, rules.first()) {
        run.broken(rule, "", ROOT, || why.to_owned());
        return Err(run.violations);
    }
    if ok { Ok(()) } else { Err(run.violations) }
}

pub(super) fn accepts(rules: &[Rule], value: &Value) -> bool {
    let mut run = Run::new(rules, FUEL, 1);
    run.holds(0, value, ROOT) && run.gave_up.is_none()
}

/// Whether the value conforms, as far as `fuel` goes, which is spent; `None` where that does not tell.
pub(super) fn verdict(rules: &[Rule], value: &Value, fuel: &mut u64) -> Option<bool> {
    let mut run = Run::new(rules, *fuel, 1);
    let holds = run.holds(0, value, ROOT);
    *fuel = run.fuel;
    run.gave_up.is_none().then_some(holds)
}

/// A place in the value: a position in [`Run::places`], or [`ROOT`].
type Place = usize;
const ROOT: Place = usize::MAX;

#[derive(Clone, Copy)]
enum Step<'v> {
    Member(&'v str),
    Item(usize),
}

/// One rule still to be held against one part of the value.
struct Task<'v> {
    rule: RuleId,
    value: &'v Value,
    place: Place,
}

struct Run<'r, 'v> {
    rules: &'r [Rule],
    fuel: u64,
    /// Above zero only the verdict counts: inside alternatives, `not`, `if` and `contains`.
    quiet: usize,
    /// Alternatives within each other whose own violations are being noted.
    explaining: usize,
    /// Why the check could not be finished. Then the value does not conform, whatever the verdicts inside: a `not`
    /// would make a yes of "cannot tell".
    gave_up: Option<&'static str>,
    violations: Vec<Violation>,
    /// The places that a violation may have to name, each with the place around it.
    places: Vec<(Place, Step<'v>)>,
    tasks: Vec<Task<'v>>,
}

impl<'r, 'v> Run<'r, 'v> {
    fn new(rules: &'r [Rule], fuel: u64, quiet: usize) -> Run<'r, 'v> {
        Run {
            rules,
            fuel,
            quiet,
            explaining: 0,
            gave_up: None,
            violations: Vec::new(),
            places: Vec::new(),
            tasks: Vec::new(),
        }
    }

    /// Notes a violation; false, so that a caller can return it.
    fn broken(&mut self, rule: &Rule, keyword: &str, place: Place, message: impl FnOnce() -> String) -> bool {
        if self.quiet == 0 && self.violations.len() < MAX_VIOLATIONS {
            let schema_pointer =
                if keyword.is_empty() { rule.pointer.clone() } else { format!("{}/{keyword}", rule.pointer) };
            self.violations.push(Violation {
                pointer: self.pointer(place),
                schema_pointer,
                message: message(),
            });
        }
        false
    }

    fn pointer(&self, place: Place) -> String {
        let mut tokens = Vec::new();
        let mut here = place;
        while let Some((outer, step)) = self.places.get(here) {
            tokens.push(match step {
                Step::Member(name) => json::escape(name).into_owned(),
                Step::Item(index) => index.to_string(),
            });
            here = *outer;
        }
        tokens.iter().rev().fold(String::new(), |pointer, token| pointer + "/" + token)
    }

    /// A place below; where nothing will be said, places need no names.
    fn below(&mut self, place: Place, step: Step<'v>) -> Place {
        if self.quiet > 0 {
            return place;
        }
        self.places.push((place, step));
        self.places.len() - 1
    }

    /// Whether it is no use to look on: the verdict is known, or as much was noted as will be said.
    fn done(&self, ok: bool) -> bool {
        self.gave_up.is_some() || (!ok && (self.quiet > 0 || self.violations.len() >= MAX_VIOLATIONS))
    }

    fn spend(&mut self, amount: usize) -> bool {
        self.fuel = self.fuel.saturating_sub(u64::try_from(amount).unwrap_or(u64::MAX));
        if self.fuel == 0 {
            self.gave_up = Some("costs too much work to be checked");
        }
        self.fuel > 0
    }

    fn later(&mut self, rule: RuleId, value: &'v Value, place: Place) {
        self.tasks.push(Task { rule, value, place });
    }

    /// Whether the value conforms to the rule and everything that it leads to.
    fn holds(&mut self, rule: RuleId, value: &'v Value, place: Place) -> bool {
        let base = self.tasks.len();
        self.later(rule, value, place);
        let mut ok = true;
        while self.tasks.len() > base && !self.done(ok) {
            let Some(task) = self.tasks.pop() else { break };
            let from = self.tasks.len();
            ok &= self.apply(&task);
            // The last in is the first out: keep the order of the schema.
            if let Some(added) = self.tasks.get_mut(from..) {
                added.reverse();
            }
        }
        self.tasks.truncate(base);
        ok && self.gave_up.is_none()
    }

    /// What the rule says about this part of the value; parts below become tasks.
    fn apply(&mut self, task: &Task<'v>) -> bool {
        let Task { rule, value, place } = *task;
        let Some(rule) = self.rules.get(rule) else { return false };
        if !self.spend(1) {
            return false;
        }
        if rule.never {
            return self.broken(rule, "", place, || "must not be there".to_owned());
        }
        if !self.itself(rule, value, place) {
            // A value of another kind breaks the rest too; saying so once is enough.
            return false;
        }
        let mut ok = match value {
            Value::Number(number) => match &rule.number {
                Some(rules) => self.number(rule, rules, number, place),
                None => true,
            },
            Value::String(text) => match &rule.text {
                Some(rules) => self.text(rule, rules, text, place),
                None => true,
            },
            Value::Array(items) => match &rule.list {
                Some(rules) => self.list(rule, rules, items, place),
                None => true,
            },
            Value::Object(members) => match &rule.map {
                Some(rules) => self.map(rule, rules, value, members, place),
                None => true,
            },
            Value::Null | Value::Bool(_) => true,
        };
        for part in rule.reference.iter().chain(&rule.all_of) {
            self.later(*part, value, place);
        }
        if combines(rule) && !self.done(ok) {
            ok &= self.combined(rule, value, place);
        }
        ok
    }

    /// `type`, `const`, `enum`.
    fn itself(&mut self, rule: &Rule, value: &Value, place: Place) -> bool {
        if let Some(allowed) = &rule.kinds {
            let kind = kind(value);
            let whole = || value.as_number().and_then(Num::read).is_some_and(Num::is_whole);
            if !allowed.kinds.has(kind) || (allowed.whole && kind == Kind::Number && !whole()) {
                let said = wanted(allowed.kinds, allowed.whole);
                let found = if allowed.kinds.has(kind) { "is not" } else { is_a(kind) };
                return self.broken(rule, "type", place, || format!("must be {said}, and {found}"));
            }
        }
        if let Some(only) = &rule.constant
            && !(self.spend(1) && json::equal(only, value))
        {
            return self.broken(rule, "const", place, || format!("must be {}", shown(only)));
        }
        if let Some(values) = &rule.values
            && !(self.spend(values.len()) && values.iter().any(|allowed| json::equal(allowed, value)))
        {
            return self.broken(rule, "enum", place, || {
                let mut said: Vec<String> = values.iter().take(5).map(shown).collect();
                if values.len() > 5 {
                    said.push("…".to_owned());
                }
                format!("must be one of {}", said.join(", "))
            });
        }
        true
    }

    fn number(
        &mut self,
        rule: &Rule,
        rules: &NumberRules,
        number: &serde_json::Number,
        place: Place,
    ) -> bool {
        let Some(number) = Num::read(number) else {
            return self.broken(rule, "", place, || "is a number that no double holds".to_owned());
        };
        let mut ok = true;
        for (keyword, end) in &rules.lower {
            if !end.below(number) {
                let word = if end.exclusive { "greater than" } else { "at least" };
                ok = self.broken(rule, keyword, place, || format!("must be {word} {}", end.at));
            }
        }
        for (keyword, end) in &rules.upper {
            if !end.above(number) {
                let word = if end.exclusive { "less than" } else { "at most" };
                ok = self.broken(rule, keyword, place, || format!("must be {word} {}", end.at));
            }
        }
        if let Some(step) = rules.multiple_of
            && !number.is_multiple_of(step)
        {
            ok = self.broken(rule, "multipleOf", place, || format!("must be a multiple of {step}"));
        }
        ok
    }

    fn text(&mut self, rule: &Rule, rules: &TextRules, text: &str, place: Place) -> bool {
        let mut ok = true;
        if rules.min.is_some() || rules.max.is_some() {
            let length = length(text);
            if let Some(min) = rules.min.filter(|min| length < *min) {
                let said = counted(min, "character");
                ok = self.broken(rule, "minLength", place, || {
                    format!("must have at least {said}, and has {length}")
                });
            }
            if let Some(max) = rules.max.filter(|max| length > *max) {
                let said = counted(max, "character");
                ok = self.broken(rule, "maxLength", place, || {
                    format!("must have at most {said}, and has {length}")
                });
            }
        }
        if let Some((pattern, source)) = &rules.pattern
            && !(self.spend(1 + text.len() / 64) && pattern.matches(text))
        {
            ok = self.broken(rule, "pattern", place, || format!("must match the pattern `{source}`"));
        }
        ok
    }

    fn list(&mut self, rule: &Rule, rules: &ListRules, items: &'v [Value], place: Place) -> bool {
        let mut ok = true;
        let length = u64::try_from(items.len()).unwrap_or(u64::MAX);
        if let Some(min) = rules.min.filter(|min| length < *min) {
            let said = counted(min, "item");
            ok = self
                .broken(rule, "minItems", place, || format!("must have at least {said}, and has {length}"));
        }
        if let Some(max) = rules.max.filter(|max| length > *max) {
            let said = counted(max, "item");
            ok = self
                .broken(rule, "maxItems", place, || format!("must have at most {said}, and has {length}"));
        }
        for (index, item) in items.iter().enumerate() {
            let Some(id) = rules.prefix.get(index).copied().or(rules.items) else { break };
            let here = self.below(place, Step::Item(index));
            self.later(id, item, here);
        }
        if rules.unique
            && let Some((first, second)) = self.repeated(items)
        {
            ok = self.broken(rule, "uniqueItems", place, || {
                format!("must have no item twice, and items {first} and {second} are the same")
            });
        }
        if let Some(contains) = &rules.contains {
            ok &= self.contains(rule, contains, items, place);
        }
        ok
    }

    /// Two equal items, found by comparing their canonical text: equal values have equal text.
    fn repeated(&mut self, items: &[Value]) -> Option<(usize, usize)> {
        self.spend(items.len());
        let mut texts: Vec<(String, usize)> =
            items.iter().enumerate().map(|(index, item)| (json::canonical(item), index)).collect();
        texts.sort_unstable();
        let pairs = texts.windows(2).filter_map(|pair| match pair {
            [(one, first), (other, second)] if one == other => Some((*first, *second)),
            _ => None,
        });
        pairs.min_by_key(|(_, second)| *second)
    }

    fn contains(&mut self, rule: &Rule, contains: &Contains, items: &'v [Value], place: Place) -> bool {
        let mut found: u64 = 0;
        for item in items {
            found += u64::from(self.quietly(contains.rule, item));
        }
        if found < contains.min {
            let said = counted(contains.min, "item");
            return self
                .broken(rule, "contains", place, || format!("must have at least {said} of the asked kind"));
        }
        if let Some(max) = contains.max.filter(|max| found > *max) {
            let said = counted(max, "item");
            return self
                .broken(rule, "maxContains", place, || format!("must have at most {said} of that kind"));
        }
        true
    }

    fn map(
        &mut self,
        rule: &Rule,
        rules: &MapRules,
        whole: &'v Value,
        members: &'v Map<String, Value>,
        place: Place,
    ) -> bool {
        let mut ok = true;
        for name in &rules.required {
            if !members.contains_key(&**name) {
                ok = self.broken(rule, "required", place, || format!("must have the member `{name}`"));
            }
        }
        let length = u64::try_from(members.len()).unwrap_or(u64::MAX);
        if let Some(min) = rules.min.filter(|min| length < *min) {
            let said = counted(min, "member");
            ok = self.broken(rule, "minProperties", place, || {
                format!("must have at least {said}, and has {length}")
            });
        }
        if let Some(max) = rules.max.filter(|max| length > *max) {
            let said = counted(max, "member");
            ok = self.broken(rule, "maxProperties", place, || {
                format!("must have at most {said}, and has {length}")
            });
        }
        for (name, names) in &rules.dependent_required {
            if members.contains_key(&**name) {
                for missing in names.iter().filter(|other| !members.contains_key(&***other)) {
                    ok = self.broken(rule, "dependentRequired", place, || {
                        format!("must have the member `{missing}` beside `{name}`")
                    });
                }
            }
        }
        if !self.done(ok) && each_member(rules) {
            ok &= self.each(rule, rules, members, place);
        }
        for (name, id) in &rules.dependent {
            if members.contains_key(&**name) {
                self.later(*id, whole, place);
            }
        }
        ok
    }

    /// `properties`, `patternProperties`, `additionalProperties`, `propertyNames`.
    fn each(&mut self, rule: &Rule, rules: &MapRules, members: &'v Map<String, Value>, place: Place) -> bool {
        // Sorted already unless another crate turned on `preserve_order`.
        if members.keys().is_sorted() {
            return self.each_of(rule, rules, members.iter(), place);
        }
        self.each_of(rule, rules, sorted(members).into_iter(), place)
    }

    fn each_of(
        &mut self,
        rule: &Rule,
        rules: &MapRules,
        members: impl Iterator<Item = (&'v String, &'v Value)>,
        place: Place,
    ) -> bool {
        let mut ok = true;
        for (name, value) in members {
            let here = self.below(place, Step::Member(name));
            let mut declared = false;
            if let Some(id) = rules.properties.get(name.as_str()) {
                declared = true;
                self.later(*id, value, here);
            }
            for (pattern, id) in &rules.patterns {
                if self.spend(1) && pattern.matches(name) {
                    declared = true;
                    self.later(*id, value, here);
                }
            }
            if let (false, Some(id)) = (declared, rules.additional) {
                if self.rules.get(id).is_some_and(|additional| additional.never) {
                    let message = || format!("has the member `{name}`, which is not allowed");
                    ok = self.broken(rule, "additionalProperties", place, message);
                } else {
                    self.later(id, value, here);
                }
            }
            if let Some(id) = rules.names
                && !self.name_holds(id, name)
            {
                let message = || format!("has the member `{name}`, whose name is not allowed");
                ok = self.broken(rule, "propertyNames", place, message);
            }
            if self.done(ok) {
                return false;
            }
        }
        ok
    }

    /// Holds the name of a member against a rule.
    fn name_holds(&mut self, id: RuleId, name: &str) -> bool {
        let name = Value::from(name);
        let mut run = Run::new(self.rules, self.fuel, self.quiet + 1);
        let ok = run.holds(id, &name, ROOT);
        (self.fuel, self.gave_up) = (run.fuel, self.gave_up.or(run.gave_up));
        ok
    }

    /// The verdict alone.
    fn quietly(&mut self, id: RuleId, value: &'v Value) -> bool {
        if self.quiet >= MAX_NESTING {
            self.gave_up = Some("is nested too deeply to be checked");
            return false;
        }
        self.quiet += 1;
        let ok = self.holds(id, value, ROOT);
        self.quiet -= 1;
        ok
    }

    /// `anyOf`, `oneOf`, `not`, `if`.
    fn combined(&mut self, rule: &Rule, value: &'v Value, place: Place) -> bool {
        let mut ok = true;
        if !rule.any_of.is_empty() && !rule.any_of.iter().any(|id| self.quietly(*id, value)) {
            ok = self.none_of(rule, "anyOf", &rule.any_of, value, place);
        }
        if !rule.one_of.is_empty() && !self.done(ok) {
            let mut matching = 0;
            for id in &rule.one_of {
                matching += usize::from(self.quietly(*id, value));
            }
            if matching == 0 {
                ok = self.none_of(rule, "oneOf", &rule.one_of, value, place);
            } else if matching > 1 {
                ok = self.broken(rule, "oneOf", place, || {
                    format!(
                        "must match exactly one of {} alternatives, and matches {matching}",
                        rule.one_of.len()
                    )
                });
            }
        }
        if let Some(id) = rule.not
            && self.quietly(id, value)
        {
            ok = self.broken(rule, "not", place, || "must not match the schema under `not`".to_owned());
        }
        if let Some(Condition { when, then, otherwise }) = &rule.condition {
            let branch = if self.quietly(*when, value) { then } else { otherwise };
            if let Some(id) = branch {
                self.later(*id, value, place);
            }
        }
        ok
    }

    /// Says why no alternative matches. With a single one whose kind fits, its own violations say more.
    fn none_of(
        &mut self,
        rule: &Rule,
        keyword: &'static str,
        alternatives: &[RuleId],
        value: &'v Value,
        place: Place,
    ) -> bool {
        if self.quiet > 0 || self.done(false) {
            return false;
        }
        let fitting: Vec<RuleId> =
            alternatives.iter().copied().filter(|id| self.takes(*id, kind(value))).collect();
        if let ([only], true) = (fitting.as_slice(), self.explaining < MAX_EXPLAINED) {
            let before = self.violations.len();
            self.explaining += 1;
            self.holds(*only, value, place);
            self.explaining -= 1;
            if self.violations.len() > before {
                return false;
            }
        }
        self.broken(rule, keyword, place, || format!("must match one of {} alternatives", alternatives.len()))
    }

    /// Whether the schema's `type` admits the kind, as far as one look tells.
    fn takes(&self, id: RuleId, kind: Kind) -> bool {
        let Some(rule) = self.rules.get(id) else { return false };
        let rule = rule.reference.and_then(|id| self.rules.get(id)).unwrap_or(rule);
        !rule.never && rule.kinds.as_ref().is_none_or(|allowed| allowed.kinds.has(kind))
    }
}

fn combines(rule: &Rule) -> bool {
    !rule.any_of.is_empty() || !rule.one_of.is_empty() || rule.not.is_some() || rule.condition.is_some()
}

fn each_member(rules: &MapRules) -> bool {
    !rules.properties.is_empty()
        || !rules.patterns.is_empty()
        || rules.additional.is_some()
        || rules.names.is_some()
}

fn kind(value: &Value) -> Kind {
    match value {
        Value::Null => Kind::Null,
        Value::Bool(_) => Kind::Bool,
        Value::Number(_) => Kind::Number,
        Value::String(_) => Kind::Text,
        Value::Array(_) => Kind::List,
        Value::Object(_) => Kind::Map,
    }
}

fn is_a(kind: Kind) -> &'static str {
    match kind {
        Kind::Null => "is null",
        Kind::Bool => "is true or false",
        Kind::Number => "is a number",
        Kind::Text => "is text",
        Kind::List => "is a list",
        Kind::Map => "is an object",
        Kind::Timestamp | Kind::Duration => "is a time",
    }
}

fn wanted(kinds: Kinds, whole: bool) -> String {
    let words: Vec<&str> = kinds
        .iter()
        .map(|kind| match kind {
            Kind::Null => "null",
            Kind::Bool => "true or false",
            Kind::Number if whole => "a whole number",
            Kind::Number => "a number",
            Kind::Text => "text",
            Kind::List => "a list",
            Kind::Map => "an object",
            Kind::Timestamp | Kind::Duration => "a time",
        })
        .collect();
    words.join(" or ")
}

fn counted(count: u64, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A value in a sentence: short.
fn shown(value: &Value) -> String {
    const LETTERS: usize = 40;
    let text = json::canonical(value);
    if text.chars().count() <= LETTERS {
        return text;
    }
    text.chars().take(LETTERS).chain("…".chars()).collect()
}
