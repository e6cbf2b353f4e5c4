//! Steps that hold blocks: how their blocks start, and what their ends mean.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::cells::{BlockEnding, OpenBranches, OpenEach, OpenLoop, OpenWork};
use super::run::{Run, Tag, Trouble};
use super::settle::Outcome;
use super::state::{At, Unit};
use super::undo::Then;
use super::{Blocked, Failure, FailureClass, Settled};
use crate::json::weight;
use crate::planted::{Bug, planted};
use crate::program::{Case, ForEach, Loop, Parallel, Work, slot};

/// The most items of a `for_each` (RULES, engine.parity).
const ITEMS: usize = 100_000;

impl Run<'_> {
    /// Runs one block of a step; a step without a block to run is done with null.
    pub(super) fn begin_block(&mut self, at: At, block: Option<u32>) {
        self.activate(at);
        let path = self.state.path(self.program, at);
        self.decide(Tag::Branch, &path, &[block.map_or(0, |block| u64::from(block) + 1)]);
        match block {
            None => self.settle(at, Settled::Done, Some(Arc::new(Value::Null)), None),
            Some(block) => {
                self.open(at, OpenWork::Block { block, ending: None });
                self.start_block(at.scope, block);
            }
        }
    }

    /// Runs the cases that hold, at the same time.
    pub(super) fn begin_every(
        &mut self,
        at: At,
        cases: &[Case],
        otherwise: Option<u32>,
    ) -> Result<(), Trouble> {
        let mut blocks = Vec::new();
        for case in cases {
            if self.holds(at, &case.when)? {
                blocks.push(case.block);
            }
        }
        if blocks.is_empty() {
            blocks.extend(otherwise);
        }
        self.begin_branches(at, blocks);
        Ok(())
    }

    pub(super) fn begin_branches(&mut self, at: At, blocks: Vec<u32>) {
        self.activate(at);
        let path = self.state.path(self.program, at);
        let chosen: Vec<u64> = blocks.iter().map(|block| u64::from(*block) + 1).collect();
        self.decide(Tag::Branch, &path, &chosen);
        let branches = OpenBranches {
            left: u32::try_from(blocks.len()).unwrap_or(u32::MAX),
            blocks: blocks.clone(),
            won: Vec::new(),
            weight: 0,
            failures: Vec::new(),
            ending: None,
        };
        self.open(at, OpenWork::Branches(Box::new(branches)));
        for block in &blocks {
            self.start_block(at.scope, *block);
        }
        if blocks.is_empty() {
            self.branches_ended(at);
        }
    }

    /// Opens a `for_each`; its items begin one after the other.
    pub(super) fn begin_each(&mut self, at: At, each: &ForEach) -> Result<(), Trouble> {
        let items = match Arc::unwrap_or_clone(self.render(at, &each.items)?) {
            Value::Array(items) => items,
            _ => return Err(self.no_list(at)),
        };
        if items.len() > ITEMS {
            let message = format!("{} items are more than {ITEMS}", items.len());
            return Err(Trouble::Failed(self.failure(at, FailureClass::Limit, "limit.width", message)));
        }
        self.activate(at);
        let weight = items.iter().map(weight).sum();
        self.state.live += weight;
        self.open(
            at,
            OpenWork::Each(Box::new(OpenEach {
                items,
                next: 0,
                running: BTreeMap::new(),
                results: BTreeMap::new(),
                weight,
                failures: Vec::new(),
                ending: None,
            })),
        );
        self.state.urgent.push_back(Unit::Next(at));
        Ok(())
    }

    fn no_list(&self, at: At) -> Trouble {
        let path = self.state.path(self.program, at);
        Trouble::Defect(super::run::defect(&path, "`items` gave something else than a list"))
    }

    /// Opens a `loop` before its first round.
    pub(super) fn begin_loop(&mut self, at: At, plan: &Loop) -> Result<(), Trouble> {
        let state = self.render(at, &plan.state)?;
        self.check_link(at, &plan.first, &state)?;
        self.activate(at);
        let scope = self.enter_round(at, plan, 0, &state);
        self.open(at, OpenWork::Loop(Box::new(OpenLoop { round: 0, scope, state, ending: None })));
        self.state.urgent.push_back(Unit::Next(at));
        Ok(())
    }

    fn enter_round(&mut self, at: At, plan: &Loop, round: u32, state: &Arc<Value>) -> u32 {
        let scope = self.state.enter(self.program, plan.scope, at, round);
        self.state.fill(scope, slot::STATE, Arc::clone(state));
        self.state.fill(scope, slot::INDEX, Arc::new(Value::from(round)));
        scope
    }

    /// A `for_each` begins its next item, a `loop` asks whether there is another round.
    pub(super) fn next(&mut self, at: At) -> Result<(), Blocked> {
        match (
            &self.program.steps[at.step as usize].work,
            self.state.open(self.program, at).map(|open| &open.work),
        ) {
            (Work::ForEach(plan), Some(OpenWork::Each(_))) => {
                self.next_item(at, plan);
                Ok(())
            }
            (Work::Loop(plan), Some(OpenWork::Loop(_))) => self.next_round(at, plan),
            _ => Ok(()),
        }
    }

    fn each(&mut self, at: At) -> Option<&mut OpenEach> {
        match &mut self.state.open_mut(self.program, at)?.work {
            OpenWork::Each(each) => Some(each),
            _ => None,
        }
    }

    fn next_item(&mut self, at: At, plan: &ForEach) {
        let Some(each) = self.each(at) else { return };
        if each.ending.is_some() || each.running.len() >= plan.concurrency {
            return;
        }
        let index = each.next;
        let Some(item) = each.items.get_mut(index as usize).map(std::mem::take) else {
            if each.running.is_empty() {
                self.items_ended(at);
            }
            return;
        };
        each.next += 1;
        let room = each.running.len() + 1 < plan.concurrency && (each.next as usize) < each.items.len();
        let lighter = weight(&item);
        let scope = self.state.enter(self.program, plan.scope, at, index);
        if let Some(each) = self.each(at) {
            each.running.insert(index, scope);
            each.weight = each.weight.saturating_sub(lighter);
        }
        self.state.live = self.state.live.saturating_sub(lighter);
        self.state.fill(scope, slot::ITEM, Arc::new(item));
        self.state.fill(scope, slot::INDEX, Arc::new(Value::from(index)));
        self.start_block(scope, plan.block);
        if room {
            self.state.urgent.push_back(Unit::Next(at));
        }
    }

    fn next_round(&mut self, at: At, plan: &Loop) -> Result<(), Blocked> {
        let Some(OpenWork::Loop(repeat)) = self.state.open(self.program, at).map(|open| &open.work) else {
            return Ok(());
        };
        let (round, scope, state, ending) =
            (repeat.round, repeat.scope, Arc::clone(&repeat.state), repeat.ending);
        if ending.is_some() {
            // It was stopped between two rounds.
            self.state.leave(scope);
            self.block_ending(at, ending, Outcome::Cancelled);
            return Ok(());
        }
        match self.holds_in(scope, at, &plan.goes_on) {
            Ok(true) if round < plan.max => {
                let path = self.state.path(self.program, at);
                self.decide(Tag::Branch, &path, &[u64::from(round) + 1]);
                self.start_block(scope, plan.block);
            }
            Ok(true) if !plan.stops => {
                self.state.leave(scope);
                let message = format!("it would go on after {} rounds", plan.max);
                let failure = self.failure(at, FailureClass::Limit, "limit.iterations", message);
                self.close(at);
                self.state.urgent.push_back(Unit::Fail(at, failure));
            }
            Ok(_) => {
                self.state.leave(scope);
                self.settle(at, Settled::Done, Some(state), None);
            }
            Err(Trouble::Failed(failure)) => {
                self.state.leave(scope);
                self.close(at);
                self.state.urgent.push_back(Unit::Fail(at, failure));
            }
            Err(Trouble::Defect(blocked)) => return Err(blocked),
        }
        Ok(())
    }

    /// A block of a step has ended.
    pub(super) fn block_done(&mut self, at: At, scope: u32, block: u32, outcome: Outcome) {
        match self.state.open(self.program, at).map(|open| &open.work) {
            Some(OpenWork::Block { ending, .. }) => {
                let ending = *ending;
                self.block_ending(at, ending, outcome);
            }
            Some(OpenWork::Branches(_)) => self.branch_done(at, block, outcome),
            Some(OpenWork::Each(_)) => self.item_done(at, scope, outcome),
            Some(OpenWork::Loop(_)) => self.round_done(at, scope, outcome),
            _ => {}
        }
    }

    /// The step's end is decided.
    pub(super) fn close(&mut self, at: At) {
        if let Some(open) = self.state.open_mut(self.program, at) {
            open.closed = true;
        }
    }

    /// The step that held blocks ends, all of them having ended.
    fn block_ending(&mut self, at: At, ending: Option<BlockEnding>, outcome: Outcome) {
        self.close(at);
        match (ending, outcome) {
            (Some(BlockEnding::TimedOut), _) => {
                let failure = self.failure(at, FailureClass::World, "timeout", super::timer::TIMED_OUT);
                let under = [self.state.path(self.program, at).to_string()];
                self.take_back(Some(&under), Then::Fail(at, failure));
            }
            (Some(BlockEnding::Cancelled), _) | (_, Outcome::Cancelled) => {
                self.settle(at, Settled::Cancelled, None, None);
            }
            (_, Outcome::Value(value)) => self.settle(at, Settled::Done, Some(value), None),
            // Validation lets a filter stand where it has a meaning.
            (_, Outcome::Filtered) => self.settle(at, Settled::Done, Some(Arc::new(Value::Null)), None),
            (_, Outcome::Failed(failure, _)) => self.state.urgent.push_back(Unit::Fail(at, failure)),
        }
    }

    fn branches(&mut self, at: At) -> Option<&mut OpenBranches> {
        match &mut self.state.open_mut(self.program, at)?.work {
            OpenWork::Branches(branches) => Some(branches),
            _ => None,
        }
    }

    fn branch_done(&mut self, at: At, block: u32, outcome: Outcome) {
        let need = match &self.program.steps[at.step as usize].work {
            Work::Parallel(parallel) => parallel.need,
            _ => None,
        };
        let Some(branches) = self.branches(at) else { return };
        branches.left = branches.left.saturating_sub(1);
        let mut heavier = 0;
        match outcome {
            Outcome::Value(value) => {
                heavier = weight(&value);
                branches.weight += heavier;
                branches.won.push((block, value));
            }
            Outcome::Filtered => branches.won.push((block, Arc::new(Value::Null))),
            Outcome::Failed(failure, came) => branches.failures.push((came, *failure)),
            Outcome::Cancelled => {}
        }
        let (won, left) = (branches.won.len(), branches.left as usize);
        let need = need.map_or(branches.blocks.len(), |need| need as usize);
        let ending = branches.ending;
        self.state.live += heavier;
        if left == 0 {
            return self.branches_ended(at);
        }
        if ending.is_some() {
            return;
        }
        // Every branch is needed: the first failure decides. Else the first that makes it certain.
        if won >= need {
            self.end_branches(at, BlockEnding::Won);
        } else if won + left < need {
            self.end_branches(at, BlockEnding::Failed);
        }
    }

    /// Stops the branches that still run.
    pub(super) fn end_branches(&mut self, at: At, why: BlockEnding) {
        let Some(branches) = self.branches(at) else { return };
        branches.ending.get_or_insert(why);
        let blocks = branches.blocks.clone();
        self.tape.fuel.spend(blocks.len() as u64);
        for block in blocks {
            self.cancel_block(at.scope, block);
        }
    }

    fn branches_ended(&mut self, at: At) {
        let Some(branches) = self.branches(at) else { return };
        let ending = branches.ending;
        let won = std::mem::take(&mut branches.won);
        let failures = std::mem::take(&mut branches.failures);
        match ending {
            Some(BlockEnding::Cancelled | BlockEnding::TimedOut) => {
                return self.block_ending(at, ending, Outcome::Cancelled);
            }
            Some(BlockEnding::Won | BlockEnding::Failed) | None => {}
        }
        let program = self.program;
        match &program.steps[at.step as usize].work {
            Work::Parallel(plan) => self.race_ended(at, plan, won, failures),
            Work::Every { cases, .. } => {
                if let Some(failed) = first(failures) {
                    return self.block_ending(at, None, failed);
                }
                let named = won.into_iter().map(|(block, value)| {
                    let case = cases.iter().find(|case| case.block == block);
                    let name = case.map_or("default", |case| &case.id);
                    (name.to_owned(), Arc::unwrap_or_clone(value))
                });
                let mut named: Map<String, Value> = named.collect();
                if planted(Bug::UnmatchedCaseIsNull) {
                    for case in cases.iter() {
                        named.entry(&*case.id).or_insert(Value::Null);
                    }
                }
                self.block_ending(at, None, Outcome::Value(Arc::new(Value::Object(named))));
            }
            _ => {}
        }
    }

    fn race_ended(
        &mut self,
        at: At,
        plan: &Parallel,
        won: Vec<(u32, Arc<Value>)>,
        failures: Vec<(u64, Failure)>,
    ) {
        let id =
            |block: u32| plan.branches.iter().find(|(_, known)| *known == block).map_or("", |(id, _)| id);
        let need = plan.need.map_or(plan.branches.len(), |need| need as usize);
        if won.len() < need {
            return self.block_ending(at, None, first(failures).unwrap_or(Outcome::Cancelled));
        }
        if plan.need.is_none() {
            let named =
                won.into_iter().map(|(block, value)| (id(block).to_owned(), Arc::unwrap_or_clone(value)));
            let value = Value::Object(named.collect());
            return self.block_ending(at, None, Outcome::Value(Arc::new(value)));
        }
        let winners: Vec<&str> = won.iter().map(|(block, _)| id(*block)).collect();
        let path = self.state.path(self.program, at);
        let losers = plan.branches.iter().filter(|(id, _)| !winners.contains(&&**id));
        let losers = losers.filter(|_| !planted(Bug::LosersKeepEffects));
        let under: Vec<String> = losers.map(|(id, _)| format!("{path}/{id}")).collect();
        let winners = json!(winners);
        let outputs =
            won.into_iter().map(|(block, value)| (id(block).to_owned(), Arc::unwrap_or_clone(value)));
        let outputs: Map<String, Value> = outputs.collect();
        let value = Arc::new(json!({ "winners": winners, "outputs": outputs }));
        self.close(at);
        // Losers take back what they did before the step settles.
        self.take_back(
            Some(&under),
            Then::Settle { at, how: Settled::Done, value: Some(value), failure: None },
        );
    }

    fn item_done(&mut self, at: At, scope: u32, outcome: Outcome) {
        let Work::ForEach(plan) = &self.program.steps[at.step as usize].work else { return };
        let index = self.state.scope(scope).index;
        self.state.leave(scope);
        let Some(each) = self.each(at) else { return };
        each.running.remove(&index);
        let mut heavier = 0;
        match outcome {
            Outcome::Value(value) => {
                let result = match plan.collect {
                    true => Arc::new(json!({ "ok": *value })),
                    false => value,
                };
                heavier = weight(&result);
                each.weight += heavier;
                each.results.insert(index, result);
            }
            Outcome::Failed(failure, _) if plan.collect && each.ending.is_none() => {
                let error = if planted(Bug::CollectForgetsError) { Value::Null } else { failure.as_root() };
                let result = Arc::new(json!({ "error": error }));
                heavier = weight(&result);
                each.weight += heavier;
                each.results.insert(index, result);
            }
            Outcome::Failed(failure, came) => {
                each.failures.push((came, *failure));
                if each.ending.is_none() {
                    self.end_items(at, BlockEnding::Failed);
                }
            }
            Outcome::Filtered if planted(Bug::FilteredItemIsNull) => {
                each.results.insert(index, Arc::new(Value::Null));
            }
            Outcome::Filtered | Outcome::Cancelled => {}
        }
        self.state.live += heavier;
        let Some(each) = self.each(at) else { return };
        match each.ending {
            Some(_) if each.running.is_empty() => self.items_ended(at),
            Some(_) => {}
            None => self.state.urgent.push_back(Unit::Next(at)),
        }
    }

    /// Stops the items that still run; none begins.
    pub(super) fn end_items(&mut self, at: At, why: BlockEnding) {
        let Work::ForEach(plan) = &self.program.steps[at.step as usize].work else { return };
        let Some(each) = self.each(at) else { return };
        each.ending.get_or_insert(why);
        let running: Vec<u32> = each.running.values().copied().collect();
        self.tape.fuel.spend(running.len() as u64);
        for scope in &running {
            self.cancel_block(*scope, plan.block);
        }
        if running.is_empty() && why != BlockEnding::Failed {
            self.items_ended(at);
        }
    }

    fn items_ended(&mut self, at: At) {
        let Some(each) = self.each(at) else { return };
        let (ending, failures) = (each.ending, std::mem::take(&mut each.failures));
        let results = std::mem::take(&mut each.results);
        let outcome = first(failures).unwrap_or_else(|| {
            let values = results.into_values().map(Arc::unwrap_or_clone);
            Outcome::Value(Arc::new(Value::Array(values.collect())))
        });
        self.block_ending(at, ending, outcome);
    }

    fn round_done(&mut self, at: At, scope: u32, outcome: Outcome) {
        let Work::Loop(plan) = &self.program.steps[at.step as usize].work else { return };
        let Some(OpenWork::Loop(repeat)) = self.state.open(self.program, at).map(|open| &open.work) else {
            return;
        };
        let (round, ending) = (repeat.round, repeat.ending);
        self.state.leave(scope);
        let state = match outcome {
            Outcome::Value(state) if ending.is_none() => state,
            other => return self.block_ending(at, ending, other),
        };
        if let Err(Trouble::Failed(failure)) = self.check_link(at, &plan.next, &state)
            && !planted(Bug::NextStateUnchecked)
        {
            self.close(at);
            return self.state.urgent.push_back(Unit::Fail(at, failure));
        }
        let scope = self.enter_round(at, plan, round + 1, &state);
        if let Some(open) = self.state.open_mut(self.program, at)
            && let OpenWork::Loop(repeat) = &mut open.work
        {
            (repeat.round, repeat.scope, repeat.state) = (round + 1, scope, state);
        }
        self.state.urgent.push_back(Unit::Next(at));
    }

    /// Stops the round of a `loop`.
    pub(super) fn end_round(&mut self, at: At, why: BlockEnding) {
        let Work::Loop(plan) = &self.program.steps[at.step as usize].work else { return };
        let Some(open) = self.state.open_mut(self.program, at) else { return };
        let OpenWork::Loop(repeat) = &mut open.work else { return };
        repeat.ending.get_or_insert(why);
        let scope = repeat.scope;
        // Between two rounds no block runs: the next unit sees that it was stopped.
        if self.state.block(self.program, scope, plan.block).started {
            self.cancel_block(scope, plan.block);
        }
    }
}

/// The failure that came first, with the others beside it.
fn first(mut failures: Vec<(u64, Failure)>) -> Option<Outcome> {
    failures.sort_by_key(|(came, _)| *came);
    let mut failures = failures.into_iter();
    let (came, mut first) = failures.next()?;
    failures.for_each(|(_, other)| first.add(other));
    Some(Outcome::Failed(Box::new(first), came))
}
