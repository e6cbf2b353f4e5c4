//! From the document to dense numbers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::action::attempt_timeout;
use super::{Block, Call, Condition, DEFAULT_STEPS, Program, Retry, Scope, Step, Template, Work, order};
use crate::error::{Error, ErrorKind};
use crate::id::StepPath;
use crate::validate::{Bundle, Interface};
use crate::workflow::{self, DurationText, RULES};

/// Blocks nest at most this deep (FORMAT, size); the recursion below is bounded by it.
const MAX_DEPTH: usize = 32;

pub(super) fn compile(bundle: &Bundle) -> Result<Program, Error> {
    if bundle.rules > RULES {
        return Err(Error::new(
            ErrorKind::Newer,
            format!("written by a newer flov7: rules {}, and this release knows {RULES}", bundle.rules),
        ));
    }
    let document = &bundle.document;
    let mut build = Build { bundle, steps: Vec::new(), blocks: Vec::new(), scopes: Vec::new() };
    build.scopes.push(ScopeBuild::default());
    build.block(&document.steps, document.output.as_ref(), None, 0, &mut Vec::new())?;
    build.finish(document)
}

/// A bundle that validation would not have made.
pub(super) fn invalid(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Invalid, format!("the bundle was never validated: {what}"))
}

/// A count as a dense number.
pub(super) fn number(count: usize) -> Result<u32, Error> {
    u32::try_from(count).map_err(|_| invalid("it has too many parts"))
}

struct Build<'a> {
    bundle: &'a Bundle,
    steps: Vec<Option<Step>>,
    blocks: Vec<Option<Block>>,
    scopes: Vec<ScopeBuild>,
}

#[derive(Default)]
struct ScopeBuild {
    depth: u32,
    waits: Vec<u32>,
    steps: Vec<u32>,
    blocks: Vec<u32>,
}

impl<'a> Build<'a> {
    /// Compiles a block and all that it holds; gives its number. `path` is the path to it inside its scope.
    fn block(
        &mut self,
        steps: &'a [workflow::Step],
        output: Option<&'a workflow::Template>,
        holder: Option<u32>,
        scope: u32,
        path: &mut Vec<&'a str>,
    ) -> Result<u32, Error> {
        if path.len() > 2 * MAX_DEPTH {
            return Err(invalid(format!("blocks nest more than {MAX_DEPTH} deep")));
        }
        let block = number(self.blocks.len())?;
        self.blocks.push(None);
        let in_scope = &mut self.scopes[scope as usize];
        let local = number(in_scope.blocks.len())?;
        in_scope.blocks.push(block);
        // All steps of the block are numbered before what they hold: followers and paths need the numbers.
        let waits = order::waits(steps)?;
        let mut followers = vec![Vec::new(); steps.len()];
        let mut numbers = Vec::with_capacity(steps.len());
        let mut first = Vec::new();
        for (at, (step, waits)) in steps.iter().zip(&waits).enumerate() {
            let step_number = self.step(step, block, scope, waits, path)?;
            numbers.push(step_number);
            if waits.is_empty() {
                first.push(step_number);
            }
            for wait in waits {
                followers[*wait as usize].push(at);
            }
        }
        for (at, followers) in followers.into_iter().enumerate() {
            if let Some(step) = &mut self.steps[numbers[at] as usize] {
                step.followers = followers.into_iter().map(|at| numbers[at]).collect();
            }
        }
        self.blocks[block as usize] = Some(Block {
            holder,
            scope,
            local,
            steps: number(steps.len())?,
            first: first.into(),
            output: output.map(Template::compile).transpose()?,
        });
        Ok(block)
    }

    fn step(
        &mut self,
        step: &'a workflow::Step,
        block: u32,
        scope: u32,
        waits: &[u32],
        path: &mut Vec<&'a str>,
    ) -> Result<u32, Error> {
        let at = number(self.steps.len())?;
        self.steps.push(None);
        let in_scope = &mut self.scopes[scope as usize];
        let local = number(in_scope.waits.len())?;
        in_scope.waits.push(number(waits.len())?);
        in_scope.steps.push(at);
        path.push(&step.id);
        let suffix: Box<str> = path.join("/").into();
        let whole = if in_scope.depth == 0 {
            Some(StepPath::parse(&suffix).map_err(|error| invalid(error))?)
        } else {
            None
        };
        let when = step.when.as_ref().map(Condition::compile).transpose()?;
        let work = self.work(step, at, scope, path)?;
        path.pop();
        self.steps[at as usize] = Some(Step {
            id: step.id.as_str().into(),
            suffix,
            path: whole,
            scope,
            block,
            local,
            followers: Box::default(),
            when,
            timeout: step.timeout.as_ref().map(|text| millis(text)).transpose()?,
            work,
        });
        Ok(at)
    }

    fn work(
        &mut self,
        step: &'a workflow::Step,
        at: u32,
        scope: u32,
        path: &mut Vec<&'a str>,
    ) -> Result<Work, Error> {
        match (&step.action, &step.data, &step.condition) {
            (Some(action), None, None) => self.action(step, action),
            (None, Some(data), None) => self.data(data),
            (None, None, Some(condition)) => self.condition(condition, at, scope, path),
            _ => Err(invalid(format!("`{}` is not exactly one of action, data and condition", step.id))),
        }
    }

    fn action(&self, step: &'a workflow::Step, action: &'a workflow::Action) -> Result<Work, Error> {
        let interface = self.interface(&action.uses)?;
        Ok(Work::Call(Box::new(Call {
            action: action.uses.as_str().into(),
            connection: action.connection.as_deref().or(interface.connection.as_deref()).map(Arc::from),
            with: action.with.as_ref().map(Template::compile).transpose()?,
            input_schema: interface.input.clone(),
            effect: interface.effect.clone(),
            attempt_timeout: attempt_timeout(
                step.attempt_timeout.as_ref(),
                interface.attempt_timeout.as_ref(),
            ),
            retry: Retry::of(step.retry.as_ref()),
        })))
    }

    fn data(&self, data: &'a workflow::Data) -> Result<Work, Error> {
        match data {
            workflow::Data::Set(template) => Ok(Work::Set(Template::compile(template)?)),
            _ => Err(Error::unsupported("this data step is not built yet")),
        }
    }

    fn condition(
        &mut self,
        condition: &'a workflow::Condition,
        at: u32,
        scope: u32,
        path: &mut Vec<&'a str>,
    ) -> Result<Work, Error> {
        match condition {
            workflow::Condition::If(choice) => {
                let condition = Condition::compile(&choice.if_)?;
                let then = self.inner(&choice.then, "then", at, scope, path)?;
                let otherwise = match &choice.else_ {
                    Some(block) => Some(self.inner(block, "else", at, scope, path)?),
                    None => None,
                };
                Ok(Work::If { condition, then, otherwise })
            }
            _ => Err(Error::unsupported("this condition is not built yet")),
        }
    }

    fn inner(
        &mut self,
        block: &'a workflow::Block,
        part: &'a str,
        holder: u32,
        scope: u32,
        path: &mut Vec<&'a str>,
    ) -> Result<u32, Error> {
        path.push(part);
        let number = self.block(block.steps(), block.output(), Some(holder), scope, path)?;
        path.pop();
        Ok(number)
    }

    fn interface(&self, action: &str) -> Result<&'a Interface, Error> {
        let found = self.bundle.interfaces.get(action);
        found.ok_or_else(|| invalid(format!("it has no interface of `{action}`")))
    }

    fn finish(self, document: &workflow::Workflow) -> Result<Program, Error> {
        let missing = || invalid("a part was not compiled");
        let steps: Box<[Step]> = self.steps.into_iter().collect::<Option<_>>().ok_or_else(missing)?;
        let blocks: Box<[Block]> = self.blocks.into_iter().collect::<Option<_>>().ok_or_else(missing)?;
        let scopes = self.scopes.into_iter().map(|scope| {
            Ok(Scope {
                depth: scope.depth,
                slots: number(scope.waits.len() + 2)?,
                waits: scope.waits.into(),
                steps: scope.steps.into(),
                blocks: scope.blocks.into(),
            })
        });
        let scopes: Box<[Scope]> = scopes.collect::<Result<_, Error>>()?;
        let mut by_id = BTreeMap::new();
        for (at, step) in steps.iter().enumerate() {
            if by_id.insert(step.id.clone(), number(at)?).is_some() {
                return Err(invalid(format!("`{}` names two steps", step.id)));
            }
        }
        let input = scopes_waits(&scopes);
        Ok(Program {
            input,
            execution: input + 1,
            steps,
            blocks,
            scopes,
            by_id,
            timeout: document.timeout.as_ref().map(|text| millis(text)).transpose()?,
            max_steps: document.limits.as_ref().and_then(|limits| limits.steps).unwrap_or(DEFAULT_STEPS),
        })
    }
}

/// The first slot after those of the outermost scope's steps.
fn scopes_waits(scopes: &[Scope]) -> usize {
    scopes.first().map_or(0, |scope| scope.waits.len())
}

fn millis(text: &DurationText) -> Result<i64, Error> {
    text.millis().map(|ms| ms.max(0)).ok_or_else(|| invalid(format!("`{}` is no duration", text.0)))
}
