//! From the document to dense numbers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::checker::Checker;
use super::reads::{Lives, Reader, Reads};
use super::taken;
use super::template::{Names, Source};
use super::{
    BY_BLOCK, Block, Condition, DEFAULT_STEPS, Handler, Program, Scope, Slot, Step, Template, order, slot,
};
use crate::error::{Error, ErrorKind};
use crate::expr::RootName;
use crate::id::StepPath;
use crate::types::Defs;
use crate::validate::Bundle;
use crate::workflow::{self, ConcurrencyPolicy, DurationText, RULES};

/// Blocks nest at most this deep (FORMAT, size); the recursion below is bounded by it.
const MAX_DEPTH: usize = 32;

/// The longest index of an item in a path, and what an undo appends.
const INDEX: &str = "[99999]";
const UNDO: &str = "/undo";

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
        nesting: 0,
        posts: false,
    };
    build.scopes.push(ScopeBuild {
        holder: None,
        depth: 0,
        around: None,
        roots: vec![("input", slot::INPUT), ("execution", slot::EXECUTION)],
        first: slot::ROOTS,
        longest: 0,
        steps: Vec::new(),
        waits: Vec::new(),
        blocks: Vec::new(),
    });
    let body = Body { steps: &document.steps, output: document.output.as_ref(), pointer: "/steps" };
    build.block(body, None, 0, &mut Vec::new())?;
    // Evaluated before the first turn: it reads no step, so nothing is read for longer because of it.
    let place = Place { reader: Reader::Output(0), scope: 0 };
    let concurrency = document.concurrency.as_ref();
    let concurrency = concurrency.map(|one| Ok::<_, Error>((build.template(&one.key, place)?, one.policy)));
    let concurrency = concurrency.transpose()?;
    build.finish(concurrency)
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
    by_id: BTreeMap<Box<str>, Known>,
    reads: Reads,
    /// JSON Pointer of what is being compiled.
    pointer: String,
    /// How many blocks are being compiled.
    nesting: usize,
    /// Whether a step calls a workflow or emits an event.
    pub(super) posts: bool,
}

/// A step that has a name.
struct Known {
    step: u32,
    slot: Slot,
    scope: u32,
}

struct ScopeBuild<'a> {
    holder: Option<u32>,
    depth: u32,
    /// The scope around it.
    around: Option<u32>,
    roots: Vec<(&'a str, usize)>,
    /// The slot of its first step.
    first: u32,
    /// The longest path that leads to it, in bytes, the slash after it included.
    longest: usize,
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
        // One more than the document's depth: the outermost block counts here.
        if self.nesting > MAX_DEPTH {
            return Err(invalid(format!("blocks nest more than {MAX_DEPTH} deep")));
        }
        self.nesting += 1;
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
        self.nesting -= 1;
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
        if self.by_id.insert(step.id.as_str().into(), Known { step: at, slot: own, scope }).is_some() {
            return Err(invalid(format!("`{}` names two steps", step.id)));
        }
        path.push(&step.id);
        let suffix: Box<str> = path.join("/").into();
        let length = self.scopes[scope as usize].longest + suffix.len();
        if length + UNDO.len() > StepPath::MAX_BYTES {
            return Err(invalid(format!(
                "the path of `{}` may be longer than {} bytes",
                step.id,
                StepPath::MAX_BYTES
            )));
        }
        let whole = match depth {
            0 => Some(StepPath::parse(&suffix).map_err(invalid)?),
            _ => None,
        };
        let here = Place { reader: Reader::Step(at), scope };
        let when = step.when.as_ref().map(|when| self.condition(when, here)).transpose()?;
        let work = self.work(step, at, here, path)?;
        path.pop();
        let undo = step.undo.as_ref().map(|undo| self.undo(undo, here)).transpose()?;
        let handlers = step.on_error.iter().flatten().enumerate();
        let handlers = handlers.map(|(rule, handler)| self.handler(step, rule, handler, here));
        self.steps[at as usize] = Some(Step {
            suffix,
            path: whole,
            scope,
            block,
            local,
            slot: place,
            own,
            followers: Box::default(),
            releases: Box::default(),
            when,
            timeout: step.timeout.as_ref().map(millis).transpose()?,
            handlers: handlers.collect::<Result<_, _>>()?,
            undo: undo.map(Box::new),
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
                Some(known) => Ok(known.step),
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
            undo: handler.undo,
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
        name: &'a str,
        holder: u32,
        scope: u32,
        path: &mut Vec<&'a str>,
    ) -> Result<u32, Error> {
        path.push(name);
        let number = self.block(body, Some(holder), scope, path)?;
        path.pop();
        Ok(number)
    }

    /// A scope inside a step, with its roots: gives its number and that of its block.
    pub(super) fn nested(
        &mut self,
        body: Body<'a, '_>,
        roots: Vec<(&'a str, usize)>,
        holder: u32,
        around: u32,
        path: &[&'a str],
    ) -> Result<(u32, u32), Error> {
        let scope = number(self.scopes.len())?;
        let places = roots.iter().map(|(_, place)| place + 1).max().unwrap_or(0);
        let outer = &self.scopes[around as usize];
        let own: usize = path.iter().map(|part| part.len() + 1).sum();
        self.scopes.push(ScopeBuild {
            holder: Some(holder),
            depth: outer.depth + 1,
            around: Some(around),
            longest: outer.longest + own + INDEX.len(),
            roots,
            first: number(places)?,
            steps: Vec::new(),
            waits: Vec::new(),
            blocks: Vec::new(),
        });
        let block = self.block(body, Some(holder), scope, &mut Vec::new())?;
        Ok((scope, block))
    }

    pub(super) fn template(
        &mut self,
        template: &workflow::Template,
        place: Place,
    ) -> Result<Template, Error> {
        self.names(place, |names| Template::compile(template, names))
    }

    /// As [`Build::template`], for what is written as plain JSON.
    pub(super) fn template_of(
        &mut self,
        template: &serde_json::Value,
        place: Place,
    ) -> Result<Template, Error> {
        self.names(place, |names| Template::of(template, names))
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

    fn find(&self, scope: u32, name: &RootName) -> Option<Source> {
        let root = match name {
            RootName::Step(id) => {
                let known = self.by_id.get(&**id).filter(|known| self.sees(scope, known.scope));
                return known.map(|known| Source { slot: known.slot, maker: Some(known.step) });
            }
            RootName::Root(root) if &**root == "error" => {
                return Some(Source { slot: slot::ERROR, maker: None });
            }
            RootName::Root(root) => root,
        };
        let mut scope = &self.scopes[scope as usize];
        loop {
            if let Some((_, place)) = scope.roots.iter().find(|(name, _)| *name == &**root) {
                let slot = slot::make(scope.depth, u32::try_from(*place).ok()?)?;
                return Some(Source { slot, maker: None });
            }
            scope = &self.scopes[scope.around? as usize];
        }
    }

    /// Whether what stands in one scope is seen from another: that scope or one inside it.
    fn sees(&self, mut from: u32, scope: u32) -> bool {
        while from != scope {
            match self.scopes[from as usize].around {
                Some(around) => from = around,
                None => return false,
            }
        }
        true
    }

    fn finish(self, concurrency: Option<(Template, ConcurrencyPolicy)>) -> Result<Program, Error> {
        let document = &self.bundle.document;
        let missing = || invalid("a part was not compiled");
        let mut steps: Box<[Step]> = self.steps.into_iter().collect::<Option<_>>().ok_or_else(missing)?;
        let mut blocks: Box<[Block]> = self.blocks.into_iter().collect::<Option<_>>().ok_or_else(missing)?;
        let Lives { releases, readers, ends } = self.reads.lives(&steps, &blocks);
        let places = |steps: &[Step], makers: Vec<u32>| -> Box<[usize]> {
            makers.into_iter().map(|maker| steps[maker as usize].slot as usize).collect()
        };
        for (step, makers) in releases {
            let lone = makers.iter().filter(|maker| readers.get(maker) == Some(&1));
            let lone = lone.map(|maker| steps[*maker as usize].own).collect();
            taken::of_step(&mut steps[step as usize], &lone);
            steps[step as usize].releases = places(&steps, makers);
        }
        for (block, makers) in ends {
            blocks[block as usize].releases = places(&steps, makers);
        }
        let scopes = self.scopes.into_iter().map(|scope| {
            let roots = (0..scope.first).map(|_| BY_BLOCK);
            let values = scope.steps.iter().map(|step| readers.get(step).copied().unwrap_or(0));
            Scope {
                holder: scope.holder,
                depth: scope.depth,
                readers: roots.chain(values).collect(),
                steps: scope.steps.into(),
                waits: scope.waits.into(),
                blocks: scope.blocks.into(),
            }
        });
        let scopes = scopes.collect();
        let by_id = self.by_id.into_iter().map(|(id, known)| (id, known.step)).collect();
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
            posts: self.posts,
            nothing: Arc::default(),
            concurrency,
            name: document.name.as_str().into(),
            timeout: document.timeout.as_ref().map(millis).transpose()?,
            max_steps: document.limits.as_ref().and_then(|limits| limits.steps).unwrap_or(DEFAULT_STEPS),
        })
    }
}
