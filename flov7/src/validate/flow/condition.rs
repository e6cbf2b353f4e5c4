//! Conditions: which blocks run with what knowledge, and what the whole of it gives.

use serde_json::Value;

use super::expressions::Answer;
use super::facts::Facts;
use super::roots::{Known, Typed};
use super::{Flow, Outcome, Place, StepValue};
use crate::finding::{Code, Finding, ResidualKind};
use crate::json::below;
use crate::types::{Additional, Assign, Kind, Kinds, Lowered, Presence, Type, assign};
use crate::validate::order::Spot;
use crate::validate::outline::{BlockNo, Role, StepNo};
use crate::workflow::{Condition, ForEach, If, ItemErrors, Loop, Match, Parallel, Switch, Wait, WaitWord};

impl Flow<'_, '_> {
    pub(super) fn condition(
        &mut self,
        place: &Place,
        no: StepNo,
        condition: &Condition,
        pointer: &str,
    ) -> StepValue {
        match condition {
            Condition::If(condition) => {
                self.if_then(place, no, condition, &below(pointer, "/condition/if")).into()
            }
            Condition::Switch(condition) => {
                self.switch(place, no, &condition.switch, &below(pointer, "/condition/switch")).into()
            }
            Condition::Parallel(condition) => self.parallel(place, no, &condition.parallel).into(),
            Condition::ForEach(condition) => {
                self.for_each(place, no, &condition.for_each, &below(pointer, "/condition/for_each")).into()
            }
            Condition::Loop(condition) => {
                self.loop_(place, no, &condition.loop_, &below(pointer, "/condition/loop")).into()
            }
            Condition::Filter(filter) => {
                let pointer = below(pointer, "/condition/filter");
                let answer = self.question(place, &filter.filter, &pointer);
                self.constant(&answer, no, &pointer, None);
                self.filter_place(no, &pointer);
                self.guards[no.0] = Some(answer.yes());
                StepValue::None
            }
        }
    }

    /// The blocks of a step that cannot be read itself: all that is known about them is what is known around them.
    pub(super) fn inside(&mut self, no: StepNo, place: &Place) {
        for block in self.pass.outline.step(no).blocks.clone() {
            let role = self.pass.outline.block_at(block).role;
            let mut inner = place.clone();
            let names: &[&str] = match role {
                Role::Each => &["item", "index"],
                Role::Round => &["state", "index"],
                _ => &[],
            };
            for name in names {
                inner = inner.with_root(name, None);
            }
            if let Some(Condition::ForEach(condition)) = &self.pass.outline.step(no).step.condition
                && let Some(name) = &condition.for_each.as_
            {
                inner = inner.with_root(name, None);
            }
            self.block(block, &inner.roots, &inner.facts);
        }
    }

    /// The blocks of a step, by what they are to it.
    fn block_of(&self, no: StepNo, role: Role) -> Option<BlockNo> {
        let blocks = &self.pass.outline.step(no).blocks;
        blocks.iter().copied().find(|block| self.pass.outline.block_at(*block).role == role)
    }

    fn run(&mut self, block: Option<BlockNo>, place: &Place, facts: &Facts) -> Outcome {
        match block {
            Some(block) => self.block(block, &place.roots, &place.facts.and(facts)),
            None => Outcome::Value(Some(Typed::declared(Type::null()))),
        }
    }

    /// Warns of an answer that is always the same, and of the block that therefore never runs.
    pub(super) fn constant(&mut self, answer: &Answer, no: StepNo, pointer: &str, never: Option<BlockNo>) {
        let Some(always) = answer.always else { return };
        let said = |finding: &Finding| finding.code == Code::CONSTANT_CONDITION && finding.pointer == pointer;
        let cause = match self.pass.findings.iter().rposition(said) {
            Some(cause) if answer.said => cause,
            _ => {
                let message = format!("the answer is always {always}");
                self.note(Finding::new(Code::CONSTANT_CONDITION, pointer, message), Some(no));
                self.pass.findings.len() - 1
            }
        };
        let first = never.and_then(|block| self.pass.outline.block_at(block).steps.first().copied());
        if let Some(first) = first {
            let at = self.pass.outline.step(first).pointer.clone();
            let message = "this step never runs: the condition around it is always the same";
            self.note(Finding::new(Code::UNREACHABLE_STEP, at, message).with_cause(cause), Some(first));
        }
    }

    fn if_then(&mut self, place: &Place, no: StepNo, condition: &If, asked: &str) -> Known {
        let answer = self.question(place, &condition.if_, asked);
        let (then, otherwise) = (self.block_of(no, Role::Then), self.block_of(no, Role::Else));
        let never = match answer.always {
            Some(true) => otherwise,
            Some(false) => then,
            None => None,
        };
        self.constant(&answer, no, asked, never);
        let so = if then.is_some() { answer.yes() } else { Facts::default() };
        let yes = self.run(then, place, &so);
        let not = if otherwise.is_some() { answer.no() } else { Facts::default() };
        let no_value = self.run(otherwise, place, &not);
        // Who comes behind a branch that always fails, came through the other.
        match (&yes, &no_value) {
            (Outcome::Never, Outcome::Never) => self.ends[no.0] = true,
            (Outcome::Never, Outcome::Value(_)) => self.guards[no.0] = Some(answer.no()),
            (Outcome::Value(_), Outcome::Never) => self.guards[no.0] = Some(answer.yes()),
            _ => {}
        }
        either([yes, no_value])
    }

    fn switch(&mut self, place: &Place, no: StepNo, switch: &Switch, pointer: &str) -> Known {
        let all = switch.match_ == Some(Match::All);
        let mut before = Facts::default();
        let mut outcomes = Vec::new();
        let last = switch.cases.len().saturating_sub(1);
        for (index, case) in switch.cases.iter().enumerate() {
            let asked = Place { facts: place.facts.and(&before), ..place.clone() };
            let pointer = format!("{pointer}/cases/{index}/when");
            let answer = self.question(&asked, &case.when, &pointer);
            let block = self.block_of(no, Role::Case(index));
            // A last case that is always true says "otherwise".
            let meant = answer.always == Some(true) && index == last && switch.default.is_none();
            if !meant {
                let never = block.filter(|_| answer.always == Some(false));
                self.constant(&answer, no, &pointer, never);
            }
            outcomes.push(self.run(block, &asked, &answer.yes()));
            // The next case is asked only where this one did not match, unless all are.
            if !all {
                before = before.and(&answer.no());
            }
            if meant {
                return if all { self.by_id(switch, outcomes, None) } else { self.first(no, outcomes) };
            }
        }
        let default = self.block_of(no, Role::Default);
        if all {
            let default = default.map(|block| self.run(Some(block), place, &Facts::default()));
            return self.by_id(switch, outcomes, default);
        }
        let asked = Place { facts: place.facts.and(&before), ..place.clone() };
        outcomes.push(self.run(default, &asked, &Facts::default()));
        self.first(no, outcomes)
    }

    fn first(&mut self, no: StepNo, outcomes: Vec<Outcome>) -> Known {
        if outcomes.iter().all(|outcome| matches!(outcome, Outcome::Never)) {
            self.ends[no.0] = true;
        }
        either(outcomes)
    }

    /// The value of `switch` with `match: all`: an object of the cases that matched.
    fn by_id(&mut self, switch: &Switch, outcomes: Vec<Outcome>, default: Option<Outcome>) -> Known {
        let ids = switch.cases.iter().map(|case| case.id.as_str());
        let default = default.map(|outcome| ("default", outcome));
        let mut members = Vec::new();
        for (id, outcome) in ids.zip(outcomes).chain(default) {
            if let Outcome::Value(value) = outcome {
                members.push((id, value?.ty, Presence::Optional));
            }
        }
        Some(Typed::computed(Type::map(members, Additional::Closed)))
    }

    fn parallel(&mut self, place: &Place, no: StepNo, parallel: &Parallel) -> Known {
        let mut ids = Vec::new();
        let mut outcomes = Vec::new();
        for (index, branch) in parallel.branches.iter().enumerate() {
            ids.push(branch.id.as_str());
            let block = self.block_of(no, Role::Branch(index));
            outcomes.push(self.run(block, place, &Facts::default()));
        }
        let waits_for_all = matches!(parallel.wait, None | Some(Wait::Word(WaitWord::All)));
        let failing = outcomes.iter().filter(|outcome| matches!(outcome, Outcome::Never)).count();
        let needed = match parallel.wait {
            Some(Wait::Word(WaitWord::Any)) => 1,
            Some(Wait::Count(count)) => usize::try_from(count).unwrap_or(usize::MAX),
            _ => ids.len(),
        };
        if ids.len() - failing < needed {
            self.ends[no.0] = true;
        }
        let presence = if waits_for_all { Presence::Required } else { Presence::Optional };
        let mut members = Vec::new();
        for (id, outcome) in ids.iter().zip(outcomes) {
            members.push(match outcome {
                Outcome::Value(value) => (*id, value?.ty, presence),
                Outcome::Never if waits_for_all => (*id, Type::never(), presence),
                Outcome::Never => continue,
            });
        }
        let outputs = Type::map(members, Additional::Closed);
        if waits_for_all {
            return Some(Typed::computed(outputs));
        }
        // As many as are needed, and more where several win in the same turn.
        let (least, most) = (u64::try_from(needed).unwrap_or(u64::MAX), u64::try_from(ids.len()).ok());
        let winners = Type::list_of(Vec::new(), Type::texts(ids), least, most);
        Some(Typed::computed(Type::map(
            [("winners", winners, Presence::Required), ("outputs", outputs, Presence::Required)],
            Additional::Closed,
        )))
    }

    fn for_each(&mut self, place: &Place, no: StepNo, each: &ForEach, pointer: &str) -> Known {
        let items = self.items(place, &each.items, &below(pointer, "/items"));
        let item = items.and_then(|items| {
            let declared = items.declared && items.ty.has_one_element_type();
            Some(Typed { ty: items.ty.element()?, declared })
        });
        let mut inner =
            place.with_root("item", item.clone()).with_root("index", Some(Typed::declared(Type::index())));
        if let Some(name) = &each.as_ {
            inner = inner.with_root(name, item);
        }
        let outcome = self.run(self.block_of(no, Role::Each), &inner, &Facts::default());
        let result = match outcome {
            Outcome::Never => Some(Typed::declared(Type::never())),
            Outcome::Value(value) => value,
        }?;
        let ty = match each.errors {
            Some(ItemErrors::Collect) => {
                // Read as one object with both members optional (FORMAT 2).
                let error = Type::error(&[]);
                let members = [("ok", result.ty, Presence::Optional), ("error", error, Presence::Optional)];
                Type::map(members, Additional::Closed)
            }
            _ => result.ty,
        };
        Some(Typed::computed(Type::list(ty)))
    }

    fn loop_(&mut self, place: &Place, no: StepNo, round: &Loop, pointer: &str) -> Known {
        let first = self.template(place, &round.state.0, &below(pointer, "/state"));
        let schema =
            round.schema.as_ref().map(|schema| self.schema(schema, &below(pointer, "/schema"), Some(no)));
        let state: Known = match (&schema, first) {
            (Some(schema), first) => {
                if let (Some(schema), Some(first)) = (schema, &first) {
                    self.state_fits(no, first, schema, &below(pointer, "/state"));
                }
                schema.as_ref().map(|schema| Typed::declared(schema.upper().clone()))
            }
            (None, None) => None,
            (None, Some(first)) if says_too_little(&first.ty) => {
                let message =
                    format!("a state that starts as {} says too little about what it becomes", first.ty);
                let finding = Finding::new(Code::LOOP_STATE_TYPE, below(pointer, "/state"), message)
                    .with_help("say with `schema` what the state is");
                self.note(finding, Some(no));
                None
            }
            (None, Some(first)) => Some(Typed::computed(first.ty.widen_literals())),
        };
        // What follows the first state may be a fraction where that was whole: then the state is any number.
        let marks = self.marks();
        let next = self.round(place, no, round, state.clone(), pointer);
        let (Some(state), Some(next)) = (state, next) else { return None };
        match schema {
            Some(schema) => {
                self.state_fits(no, &next, &schema?, &below(pointer, "/next"));
                Some(state)
            }
            None => {
                if next.ty.is_within(&state.ty) {
                    return Some(state);
                }
                let wide = state.ty.widen_numbers();
                if wide != state.ty && self.retries < MOST_RETRIES {
                    self.retries += 1;
                    self.back(marks);
                    let next = self.round(place, no, round, Some(Typed::computed(wide.clone())), pointer)?;
                    if next.ty.is_within(&wide) {
                        return Some(Typed::computed(wide));
                    }
                    self.other_state(no, &next.ty, &wide, pointer);
                    return None;
                }
                self.other_state(no, &next.ty, &state.ty, pointer);
                None
            }
        }
    }

    fn other_state(&mut self, no: StepNo, next: &Type, state: &Type, pointer: &str) {
        let message = format!("the state is {state}, and the next one would be {next}");
        let finding = Finding::new(Code::LOOP_STATE_TYPE, below(pointer, "/next"), message)
            .with_allowed(state.to_string())
            .with_help("make `next` of the same type, or say with `schema` what the state is");
        self.note(finding, Some(no));
    }

    /// One round: its question, its steps, its next state.
    fn round(&mut self, place: &Place, no: StepNo, round: &Loop, state: Known, pointer: &str) -> Known {
        let inner = place.with_root("state", state).with_root("index", Some(Typed::declared(Type::index())));
        let answer = self.question(&inner, &round.while_, &below(pointer, "/while"));
        // `while: true` is bounded by `max`: that is a way to say "this often".
        if answer.always == Some(false) {
            self.constant(&answer, no, &below(pointer, "/while"), self.block_of(no, Role::Round));
        }
        let block = self.block_of(no, Role::Round)?;
        let facts = inner.facts.and(&answer.yes());
        let (facts, _) = self.steps_of(block, &inner.roots, &facts);
        let end = Place { facts, ..inner.at(Spot::End(block)) };
        self.template(&end, &round.next.0, &below(pointer, "/next"))
    }

    fn state_fits(&mut self, no: StepNo, given: &Typed, schema: &Lowered, pointer: &str) {
        match assign(&given.lowered(), schema) {
            Assign::Yes => {}
            Assign::No { witness } => {
                let message = format!("the state is {}, and this is {}", schema.upper(), given.ty);
                let finding = Finding::new(Code::LOOP_STATE_TYPE, pointer, message)
                    .with_found(witness)
                    .with_allowed(schema.upper().to_string());
                self.note(finding, Some(no));
            }
            _ => {
                self.remain(ResidualKind::ContractLink, pointer, Some(no));
                self.pass.checks.push(pointer.to_owned());
            }
        }
    }

    /// A filter ends the execution, or one item; elsewhere it is not clear what it would end.
    fn filter_place(&mut self, no: StepNo, pointer: &str) {
        let role = self.pass.outline.block_at(self.pass.outline.step(no).block).role;
        if !matches!(role, Role::Top | Role::Each) {
            let message =
                "a filter stands at the top level or in `for_each`: it is not clear what it would end here";
            let finding = Finding::new(Code::FILTER_PLACE, pointer, message)
                .with_help("put the steps that follow into the `then` of an `if`");
            self.note(finding, Some(no));
        }
    }
}

/// Loops inside of each other could be walked twice each; so many second walks are made in a document.
const MOST_RETRIES: u32 = 16;

/// One of several blocks ran: those that always fail give nothing.
fn either(outcomes: impl IntoIterator<Item = Outcome>) -> Known {
    let mut all = Typed::declared(Type::never());
    for outcome in outcomes {
        if let Outcome::Value(value) = outcome {
            all = all.or(&value?);
        }
    }
    Some(all)
}

/// Whether a first state leaves open what comes later: null, or a list without items.
fn says_too_little(first: &Type) -> bool {
    let kinds = first.kinds();
    kinds == Kinds::only(Kind::Null)
        || kinds == Kinds::only(Kind::List) && first.item_count().is_some_and(|(_, most)| most == Some(0))
        || *first == Type::of_value(&Value::Null)
}
