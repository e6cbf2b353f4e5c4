//! What steps do, compiled.

use super::build::{Body, Build, Place, invalid};
use super::checker::{self, Checker};
use super::{Case, ForEach, Loop, Parallel, Work, slot};
use crate::error::Error;
use crate::workflow;

impl<'a> Build<'a> {
    pub(super) fn work(
        &mut self,
        step: &'a workflow::Step,
        at: u32,
        place: Place,
        path: &mut Vec<&'a str>,
    ) -> Result<Work, Error> {
        match (&step.action, &step.data, &step.condition) {
            (Some(action), None, None) => self.action(step, action, place),
            (None, Some(data), None) => self.data(data, place),
            (None, None, Some(condition)) => self.decision(condition, at, place, path),
            _ => Err(invalid(format!("`{}` is not exactly one of action, data and condition", step.id))),
        }
    }

    fn data(&mut self, data: &'a workflow::Data, place: Place) -> Result<Work, Error> {
        Ok(match data {
            workflow::Data::Set(template) => Work::Set(self.template(template, place)?),
            workflow::Data::Parse(parse) => {
                let schema = parse.schema.as_ref();
                Work::Parse {
                    format: parse.format,
                    text: self.template(&parse.text, place)?,
                    header: parse.header.unwrap_or(true),
                    checker: schema.map(|schema| Checker::compile(&schema.0, &self.defs)).transpose()?,
                }
            }
            workflow::Data::Format(format) => Work::Format {
                format: format.as_,
                value: self.template(&format.value, place)?,
                columns: format.columns.clone().map(Into::into),
            },
            workflow::Data::Validate(validate) => Work::Validate {
                value: self.template(&validate.value, place)?,
                checker: Checker::compile(&validate.schema.0, &self.defs)?,
            },
        })
    }

    fn decision(
        &mut self,
        condition: &'a workflow::Condition,
        at: u32,
        place: Place,
        path: &mut Vec<&'a str>,
    ) -> Result<Work, Error> {
        match condition {
            workflow::Condition::If(choice) => {
                let condition = self.condition(&choice.if_, place)?;
                let then = Body::of(&choice.then, "/condition/then", "/condition/then/steps");
                let then = self.inner(then, "then", at, place.scope, path)?;
                let otherwise = choice.else_.as_ref().map(|block| {
                    let body = Body::of(block, "/condition/else", "/condition/else/steps");
                    self.inner(body, "else", at, place.scope, path)
                });
                Ok(Work::If { condition, then, otherwise: otherwise.transpose()? })
            }
            workflow::Condition::Switch(switch) => self.switch(&switch.switch, at, place, path),
            workflow::Condition::Parallel(parallel) => self.parallel(&parallel.parallel, at, place, path),
            workflow::Condition::ForEach(each) => self.for_each(&each.for_each, at, place, path),
            workflow::Condition::Loop(repeat) => self.repeat(&repeat.loop_, at, place, path),
            workflow::Condition::Filter(filter) => Ok(Work::Filter(self.condition(&filter.filter, place)?)),
        }
    }

    fn switch(
        &mut self,
        switch: &'a workflow::Switch,
        at: u32,
        place: Place,
        path: &mut Vec<&'a str>,
    ) -> Result<Work, Error> {
        let mut cases = Vec::with_capacity(switch.cases.len());
        for (part, case) in switch.cases.iter().enumerate() {
            let when = self.condition(&case.when, place)?;
            let pointer = format!("/condition/switch/cases/{part}/steps");
            let body = Body { steps: &case.steps, output: case.output.as_ref(), pointer: &pointer };
            let block = self.inner(body, &case.id, at, place.scope, path)?;
            cases.push(Case { id: case.id.as_str().into(), when, block });
        }
        let otherwise = switch.default.as_ref().map(|block| {
            let body = Body::of(block, "/condition/switch/default", "/condition/switch/default/steps");
            self.inner(body, "default", at, place.scope, path)
        });
        let otherwise = otherwise.transpose()?;
        if switch.match_ == Some(workflow::Match::All) {
            return Ok(Work::Every { cases: cases.into(), otherwise });
        }
        let cases = cases.into_iter().map(|case| (case.when, case.block)).collect();
        Ok(Work::First { cases, otherwise })
    }

    fn parallel(
        &mut self,
        parallel: &'a workflow::Parallel,
        at: u32,
        place: Place,
        path: &mut Vec<&'a str>,
    ) -> Result<Work, Error> {
        let mut branches = Vec::with_capacity(parallel.branches.len());
        for (part, branch) in parallel.branches.iter().enumerate() {
            let pointer = format!("/condition/parallel/branches/{part}/steps");
            let body = Body { steps: &branch.steps, output: branch.output.as_ref(), pointer: &pointer };
            let block = self.inner(body, &branch.id, at, place.scope, path)?;
            branches.push((branch.id.as_str().into(), block));
        }
        let need = match parallel.wait {
            None | Some(workflow::Wait::Word(workflow::WaitWord::All)) => None,
            Some(workflow::Wait::Word(workflow::WaitWord::Any)) => Some(1),
            Some(workflow::Wait::Count(count)) => Some(count),
        };
        Ok(Work::Parallel(Box::new(Parallel { branches: branches.into(), need })))
    }

    fn for_each(
        &mut self,
        each: &'a workflow::ForEach,
        at: u32,
        place: Place,
        path: &mut Vec<&'a str>,
    ) -> Result<Work, Error> {
        let items = self.template_of(&each.items.0, place)?;
        let mut roots = vec![("item", slot::ITEM), ("index", slot::INDEX)];
        roots.extend(each.as_.as_deref().map(|name| (name, slot::ITEM)));
        let body =
            Body { steps: &each.steps, output: each.output.as_ref(), pointer: "/condition/for_each/steps" };
        let (scope, block) = self.nested(body, roots, at, place.scope, path)?;
        Ok(Work::ForEach(Box::new(ForEach {
            items,
            scope,
            block,
            concurrency: each.concurrency.map_or(1, |count| count.max(1) as usize),
            collect: each.errors == Some(workflow::ItemErrors::Collect),
        })))
    }

    fn repeat(
        &mut self,
        repeat: &'a workflow::Loop,
        at: u32,
        place: Place,
        path: &mut Vec<&'a str>,
    ) -> Result<Work, Error> {
        let state = self.template(&repeat.state, place)?;
        let body =
            Body { steps: &repeat.steps, output: Some(&repeat.next), pointer: "/condition/loop/steps" };
        let roots = vec![("state", slot::STATE), ("index", slot::INDEX)];
        let (scope, block) = self.nested(body, roots, at, place.scope, path)?;
        let goes_on = self.condition(&repeat.while_, Place { scope, ..place })?;
        let check = |build: &Build<'_>, member: &str| match &repeat.schema {
            Some(schema) if build.is_checked(member) => checker::all(&[(&schema.0, &build.defs)]),
            _ => Ok(Box::default()),
        };
        Ok(Work::Loop(Box::new(Loop {
            state,
            first: check(self, "/condition/loop/state")?,
            next: check(self, "/condition/loop/next")?,
            goes_on,
            max: repeat.max,
            stops: repeat.at_max == Some(workflow::AtMax::Stop),
            scope,
            block,
        })))
    }
}
