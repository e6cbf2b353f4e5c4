//! What steps do, compiled.

use super::Work;
use super::build::{Body, Build, Place, invalid};
use super::checker::Checker;
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
                let then = self.inner(
                    Body::of(&choice.then, "/condition/then", "/condition/then/steps"),
                    "then",
                    at,
                    place.scope,
                    path,
                )?;
                let otherwise = match &choice.else_ {
                    Some(block) => Some(self.inner(
                        Body::of(block, "/condition/else", "/condition/else/steps"),
                        "else",
                        at,
                        place.scope,
                        path,
                    )?),
                    None => None,
                };
                Ok(Work::If { condition, then, otherwise })
            }
            workflow::Condition::Switch(switch) => {
                let switch = &switch.switch;
                if switch.match_ == Some(workflow::Match::All) {
                    return Err(Error::unsupported("`switch` of all cases is not built yet"));
                }
                let mut cases = Vec::with_capacity(switch.cases.len());
                for (place_of, case) in switch.cases.iter().enumerate() {
                    let when = self.condition(&case.when, place)?;
                    let pointer = format!("/condition/switch/cases/{place_of}/steps");
                    let body = Body { steps: &case.steps, output: case.output.as_ref(), pointer: &pointer };
                    cases.push((when, self.inner(body, &case.id, at, place.scope, path)?));
                }
                let otherwise = match &switch.default {
                    Some(block) => Some(self.inner(
                        Body::of(block, "/condition/switch/default", "/condition/switch/default/steps"),
                        "default",
                        at,
                        place.scope,
                        path,
                    )?),
                    None => None,
                };
                Ok(Work::First { cases: cases.into(), otherwise })
            }
            workflow::Condition::Parallel(_) => Err(Error::unsupported("`parallel` is not built yet")),
            workflow::Condition::ForEach(_) => Err(Error::unsupported("`for_each` is not built yet")),
            workflow::Condition::Loop(_) => Err(Error::unsupported("`loop` is not built yet")),
            workflow::Condition::Filter(_) => Err(Error::unsupported("`filter` is not built yet")),
        }
    }
}
