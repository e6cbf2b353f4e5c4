//! From the document to dense numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::checker::Checker;
use super::reads::{Lives, Reader, Reads};
use super::template::Names;
use super::{Block, Condition, DEFAULT_STEPS, Handler, Program, Scope, Slot, Step, Template, order, slot};
use crate::error::{Error, ErrorKind};
use crate::expr::RootName;
use crate::id::StepPath;
use crate::types::Defs;
use crate::validate::Bundle;
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
    let mut build = Build {
        bundle,
        defs: Defs::new(document.types.iter().map(|(name, schema)| (name.as_str(), schema.0.clone()))),
        steps: Vec::new(),
        blocks: Vec::new(),
        scopes: Vec::new(),
        by_id: BTreeMap::new(),
        reads: Reads::default(),
        pointer: String::new(),
    };
    build.scopes.push(ScopeBuild {
        depth: 0,
        around: None,
        roots: vec![("input", slot::INPUT), ("execution", slot::EXECUTION)],
        first: slot::ROOTS,
        steps: Vec::new(),
        waits: Vec::new(),
        blocks: Vec::new(),
    });
    let body = Body { steps: &document.steps, output: document.output.as_ref(), pointer: "/steps" };
    build.block(body, None, 0, &mut Vec::new())?;
    build.finish()
}

/// A bundle that validation would not have made.
pub(super) fn invalid(what: impl std::fmt::Display) -> Error {
    Error::new(ErrorKind::Invalid, format!("the bundle was never validated: {what}"))
}

/// A count as a dense number.
pub(super) fn number(count: usize) -> Result<u32, Error> {
    u32::try_from(count).map_err(|_| invalid("it has too many parts"))
}

pub(super) fn millis(text: &DurationText) -> Result<i64, Error> {
    text.millis().map(|ms| ms.max(0)).ok_or_else(|| invalid(format!("`{}` is no duration", text.0)))
}

pub(super) struct Build<'a> {
    pub(super) bundle: &'a Bundle,
    pub(super) defs: Defs,
    steps: Vec<Option<Step>>,
    blocks: Vec<Option<Block>>,
    scopes: Vec<ScopeBuild<'a>>,
    by_id: BTreeMap<Box<str>, (u32, Slot)>,
    reads: Reads,
    /// JSON Pointer of what is being compiled.
    pointer: String,
}

struct ScopeBuild<'a> {
    depth: u32,
    /// The scope around it.
    around: Option<u32>,
    roots: Vec<(&'a str, usize)>,
    /// The slot of its first step.
    first: u32,
    steps: Vec<u32>,
    waits: Vec<u32>,
    blocks: Vec<u32>,
}

/// The steps of a block, its value, and the pointer from its step to its steps.
#[derive(Clone, Copy)]
pub(super) struct Body<'a, 'p> {
    pub(super) steps: &'a [workflow::Step],
    pub(super) output: Option<&'a workflow::Template>,
    pub(super) pointer: &'p str,
}

impl<'a, 'p> Body<'a, 'p> {
    /// A block that may be written as its bare steps.
    pub(super) fn of(block: &'a workflow::Block, bare: &'p str, whole: &'p str) -> Body<'a, 'p> {
        let pointer = match block {
            workflow::Block::Steps(_) => bare,
            workflow::Block::Full(_) => whole,
        };
        Body { steps: block.steps(), output: block.output(), pointer }
    }
}

/// Where in the document something is compiled.
#[derive(Clone, Copy)]
pub(super) struct Place {
    pub(super) reader: Reader,
    pub(super) scope: u32,
}

impl<'a> Build<'a> {
    /// Compiles a block and all that it holds; gives its number. `path` is the path to it inside its scope.
    fn block(
        &mut self,
        Body { steps, output, pointer }: Body<'a, '_>,
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
        let waits = order::waits(steps)?;
        let mut followers = vec![Vec::new(); steps.len()];
        let mut numbers = Vec::with_capacity(steps.len());
        let mut first = Vec::new();
        let around = self.pointer.len();
        for (at, (step, waits)) in steps.iter().zip(&waits).enumerate() {
            self.pointer.push_str(&format!("{pointer}/{at}"));
            let step_number = self.step(step, block, scope, waits, path)?;
            self.pointer.truncate(around);
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
        let place = Place { reader: Reader::Output(block), scope };
        self.blocks[block as usize] = Some(Block {
            holder,
            local,
            steps: number(steps.len())?,
            first: first.into(),
            output: output.map(|output| self.template(output, place)).transpose()?,
            releases: Box::default(),
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
        let local = number(in_scope.steps.len())?;
        in_scope.waits.push(number(waits.len())?);
        in_scope.steps.push(at);
        let (place, depth) = (in_scope.first.saturating_add(local), in_scope.depth);
        let own = slot::make(depth, place).ok_or_else(|| invalid("it has too many steps"))?;
        if self.by_id.insert(step.id.as_str().into(), (at, own)).is_some() {
            return Err(invalid(format!("`{}` names two steps", step.id)));
        }
        path.push(&step.id);
        let suffix: Box<str> = path.join("/").into();
        let whole = match depth {
            0 => Some(StepPath::parse(&suffix).map_err(invalid)?),
            _ => None,
        };
        let here = Place { reader: Reader::Step(at), scope };
        let when = step.when.as_ref().map(|when| self.condition(when, here)).transpose()?;
        let work = self.work(step, at, here, path)?;
        path.pop();
        let handlers = step.on_error.iter().flatten().enumerate();
        let handlers = handlers.map(|(rule, handler)| self.handler(step, rule, handler, here));
        self.steps[at as usize] = Some(Step {
            suffix,
            path: whole,
            block,
            local,
            slot: place,
            followers: Box::default(),
            releases: Box::default(),
            when,
            timeout: step.timeout.as_ref().map(millis).transpose()?,
            handlers: handlers.collect::<Result<_, _>>()?,
            work,
        });
        Ok(at)
    }

    fn handler(
        &mut self,
        step: &'a workflow::Step,
        rule: usize,
        handler: &'a workflow::OnError,
        place: Place,
    ) -> Result<Handler, Error> {
        let checked = self.is_checked(&format!("/on_error/{rule}/value"));
        let steps = handler.steps.as_ref().map(|ids| {
            let known = ids.iter().map(|id| match self.by_id.get(id.as_str()) {
                Some((step, _)) => Ok(*step),
                None => Err(invalid(format!("`on_error` names no step `{id}`"))),
            });
            known.collect::<Result<Box<[u32]>, Error>>()
        });
        let codes =
            handler.codes.as_ref().map(|codes| codes.iter().map(|code| code.as_str().into()).collect());
        Ok(Handler {
            codes,
            steps: steps.transpose()?,
            value: handler.value.as_ref().map(|value| self.template(value, place)).transpose()?,
            checkers: match &step.action {
                Some(action) if checked => self.output(action)?,
                _ => Box::default(),
            },
            goes_on: handler.then == workflow::Then::Continue,
        })
    }

    /// Whether the bundle asks for a check of what stands below the step that is being compiled.
    pub(super) fn is_checked(&self, below: &str) -> bool {
        !self.bundle.checks.is_empty() && self.bundle.checks.contains(&format!("{}{below}", self.pointer))
    }

    /// A block inside a step, in the step's own scope.
    pub(super) fn inner(
        &mut self,
        body: Body<'a, '_>,
        part: &'a str,
        holder: u32,
        scope: u32,
        path: &mut Vec<&'a str>,
    ) -> Result<u32, Error> {
        path.push(part);
        let number = self.block(body, Some(holder), scope, path)?;
        path.pop();
        Ok(number)
    }

    pub(super) fn template(
        &mut self,
        template: &workflow::Template,
        place: Place,
    ) -> Result<Template, Error> {
        self.names(place, |names| Template::compile(template, names))
    }

    pub(super) fn condition(
        &mut self,
        expression: &workflow::Expression,
        place: Place,
    ) -> Result<Condition, Error> {
        self.names(place, |names| Condition::compile(expression, names))
    }

    /// Compiles something with the names that are known in a place, and keeps what it read.
    fn names<T>(
        &mut self,
        place: Place,
        compile: impl FnOnce(&mut Names<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut reads = BTreeSet::new();
        let find = |name: &RootName| self.find(place.scope, name);
        let compiled = compile(&mut Names { find: &find, reads: &mut reads })?;
        self.reads.add(place.reader, reads);
        Ok(compiled)
    }

    fn find(&self, scope: u32, name: &RootName) -> Option<Slot> {
        let root = match name {
            RootName::Step(id) => return self.by_id.get(&**id).map(|(_, slot)| *slot),
            RootName::Root(root) if &**root == "error" => return Some(slot::ERROR),
            RootName::Root(root) => root,
        };
        let mut scope = &self.scopes[scope as usize];
        loop {
            if let Some((_, place)) = scope.roots.iter().find(|(name, _)| *name == &**root) {
                return slot::make(scope.depth, u32::try_from(*place).ok()?);
            }
            scope = &self.scopes[scope.around? as usize];
        }
    }

    fn finish(self) -> Result<Program, Error> {
        let document = &self.bundle.document;
        let missing = || invalid("a part was not compiled");
        let mut steps: Box<[Step]> = self.steps.into_iter().collect::<Option<_>>().ok_or_else(missing)?;
        let mut blocks: Box<[Block]> = self.blocks.into_iter().collect::<Option<_>>().ok_or_else(missing)?;
        let makers: BTreeMap<Slot, u32> = self.by_id.values().map(|(step, slot)| (*slot, *step)).collect();
        let Lives { releases, readers, ends } =
            self.reads.lives(&steps, &blocks, |slot| makers.get(&slot).copied());
        let places = |slots: Vec<Slot>| slots.into_iter().map(slot::place).collect();
        for (step, slots) in releases {
            steps[step as usize].releases = places(slots);
        }
        for (block, slots) in ends {
            blocks[block as usize].releases = places(slots);
        }
        let scopes = self.scopes.into_iter().map(|scope| {
            let roots = (0..scope.first).map(|_| u32::MAX);
            let values = scope.steps.iter().map(|step| {
                let slot = slot::make(scope.depth, steps[*step as usize].slot);
                slot.and_then(|slot| readers.get(&slot)).copied().unwrap_or(0)
            });
            Scope {
                depth: scope.depth,
                readers: roots.chain(values).collect(),
                steps: scope.steps.into(),
                waits: scope.waits.into(),
                blocks: scope.blocks.into(),
            }
        });
        let scopes = scopes.collect();
        let by_id = self.by_id.into_iter().map(|(id, (step, _))| (id, step)).collect();
        let signals = document
            .signals
            .iter()
            .map(|(name, schema)| Ok((name.as_str().into(), Checker::compile(&schema.0, &self.defs)?)));
        Ok(Program {
            signals: signals.collect::<Result<_, Error>>()?,
            steps,
            blocks,
            scopes,
            by_id,
            timeout: document.timeout.as_ref().map(millis).transpose()?,
            max_steps: document.limits.as_ref().and_then(|limits| limits.steps).unwrap_or(DEFAULT_STEPS),
        })
    }
}
