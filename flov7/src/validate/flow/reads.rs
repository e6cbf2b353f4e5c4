//! Whether what an expression starts from can be read where it stands.

use serde_json::Value;

use super::roots::{Known, Typed};
use super::{Flow, Place, StepValue};
use crate::expr::{Edit, RootName, Span};
use crate::finding::{Code, Finding, meter, nearest, slip};
use crate::json::{PatchOp, below};
use crate::types::Presence;
use crate::validate::order::Sight;
use crate::validate::outline::StepNo;

/// What a reference leads to.
pub(super) enum Read {
    /// A value of this type, there or maybe not.
    Of(Typed, Presence),
    /// Something that was found wrong already, here or elsewhere.
    Unknown,
}

/// What is wrong with a reference.
pub(super) struct Wrong {
    pub(super) code: Code,
    pub(super) message: String,
    pub(super) help: Option<String>,
    pub(super) allowed: Vec<String>,
    pub(super) fix: Option<Vec<PatchOp>>,
    /// The name that is read, and what should stand instead.
    pub(super) meant: Option<(String, String)>,
}

impl Wrong {
    fn new(code: Code, message: String) -> Wrong {
        Wrong { code, message, help: None, allowed: Vec::new(), fix: None, meant: None }
    }

    fn help(mut self, help: impl Into<String>) -> Wrong {
        self.help = Some(help.into());
        self
    }

    fn meant(mut self, name: &str, instead: impl Into<String>) -> Wrong {
        self.meant = Some((name.to_owned(), instead.into()));
        self
    }

    /// As a finding about a part of the string `text` at `pointer`.
    pub(super) fn finding(&self, pointer: &str, text: &Value, span: Span) -> Finding {
        let range = span.range();
        let mut finding =
            Finding::new(self.code, pointer, self.message.as_str()).with_expr_span(range.start, range.end);
        finding.help = self.help.clone();
        finding.fix = self.fix.clone();
        if let (Some((name, instead)), Some(text)) = (&self.meant, text.as_str()) {
            let mended = Edit::ending(span, name, instead.as_str()).apply(text);
            let path = pointer.to_owned();
            finding.fix = mended.map(|text| vec![PatchOp::Replace { path, value: text.into() }]);
        }
        if !self.allowed.is_empty() {
            finding = finding.with_allowed(self.allowed.clone());
        }
        finding
    }
}

impl Flow<'_, '_> {
    /// What `name` is at `place`, or why it cannot be read there.
    pub(super) fn read(&self, place: &Place, name: &RootName) -> Result<Read, Box<Wrong>> {
        match name {
            RootName::Root(root) => match place.roots.get(root) {
                Some(known) => Ok(known_read(known)),
                None => Err(self.unknown_root(place, root).into()),
            },
            RootName::Step(id) => self.read_step(place, id),
        }
    }

    /// The value of a step that a place can read, and whether it is surely there.
    pub(super) fn settled(&self, place: &Place, id: &str) -> Option<(&Typed, bool)> {
        let no = self.pass.outline.find(id)?;
        match (self.order.sight(&self.pass.outline, place.spot, no), &self.values[no.0]) {
            (Sight::Settled { sure }, StepValue::Of(typed)) => Some((typed, sure)),
            _ => None,
        }
    }

    fn unknown_root(&self, place: &Place, root: &str) -> Wrong {
        let wrong = Wrong::new(Code::UNKNOWN_ROOT, format!("expressions know no `{root}` here"));
        let elsewhere = match root {
            "item" | "index" => Some("`item` and `index` are there inside of `for_each`"),
            "state" => Some("`state` is there inside of `loop`"),
            "error" => Some("`error` is there inside of the rules of `on_error`"),
            "trigger" => {
                Some("`trigger` is read in the trigger's own `input`; steps read `input`, which it fills")
            }
            "input" | "execution" => {
                Some("a trigger is asked before there is an execution: it reads `trigger`")
            }
            "secrets" | "secret" | "env" => Some("secrets never leave the connection that uses them"),
            _ => None,
        };
        if let Some(help) = elsewhere {
            return wrong.help(help);
        }
        // People forget where a value comes from more often than they misspell a root.
        if let Some(Some(input)) = place.roots.get("input")
            && input.ty.member_names().iter().any(|name| **name == *root)
        {
            let meant = format!("input.{root}");
            return wrong.help(format!("did you mean `{meant}`?")).meant(root, meant);
        }
        if self.pass.outline.find(root).is_some() {
            let meant = format!("steps.{root}");
            return wrong.help(format!("did you mean `{meant}`?")).meant(root, meant);
        }
        let names = || place.roots.names().chain(["steps", "now"]);
        let near = nearest(root, names());
        let wrong = match slip(root, names()) {
            Some(meant) => wrong.meant(root, meant),
            None => wrong,
        };
        match near.first() {
            Some(first) => {
                let help = format!("did you mean `{first}`?");
                Wrong { allowed: near, ..wrong }.help(help)
            }
            None => wrong,
        }
    }

    fn read_step(&self, place: &Place, id: &str) -> Result<Read, Box<Wrong>> {
        let Some(no) = self.pass.outline.find(id) else { return self.unknown_step(id) };
        match self.order.sight(&self.pass.outline, place.spot, no) {
            Sight::Settled { sure } => match &self.values[no.0] {
                StepValue::Unknown => Ok(Read::Unknown),
                StepValue::None => {
                    Err(Wrong::new(Code::NO_VALUE, format!("`{id}` is a filter, which has no value"))
                        .help("read what it looked at")
                        .into())
                }
                StepValue::Of(ty) => {
                    let presence = if sure { Presence::Required } else { Presence::Optional };
                    Ok(Read::Of(ty.clone(), presence))
                }
            },
            // An order that could not be read may have been the right one.
            _ if self.pass.outline.step(no).poisoned => Ok(Read::Unknown),
            Sight::NotYet => Err(self.not_yet(place, no).into()),
            Sight::NotOrdered { reader, read } => Err(self.not_ordered(no, reader, read).into()),
            Sight::Elsewhere => {
                let message = format!(
                    "`{id}` stands in another branch: it does not run before this, if it runs at all"
                );
                Err(Wrong::new(Code::NOT_ORDERED, message)
                    .help("read it behind the step that holds both branches")
                    .into())
            }
            Sight::OtherIteration => {
                let around = self.iteration(no);
                let message =
                    format!("`{id}` runs inside of `{around}`, and can be seen within its iteration only");
                let help = format!(
                    "give it on as the `output` (or `next`) of `{around}`, and read `steps.{around}`"
                );
                Err(Wrong::new(Code::UNKNOWN_STEP, message).help(help).into())
            }
        }
    }

    fn unknown_step(&self, id: &str) -> Result<Read, Box<Wrong>> {
        meter::spend_len(1 + self.pass.outline.steps.len() / 16);
        // Steps that could not be read may have had any id.
        if self.pass.poisoned.iter().any(|pointer| pointer.is_empty() || pointer == "/steps")
            || self.pass.outline.steps.iter().any(|at| at.step.id.is_empty())
        {
            return Ok(Read::Unknown);
        }
        let near = nearest(id, self.pass.outline.ids());
        let meant = slip(id, self.pass.outline.ids());
        let wrong = Wrong::new(Code::UNKNOWN_STEP, format!("no step is called `{id}`"));
        let wrong = match &meant {
            Some(meant) => wrong.meant(id, meant.as_str()),
            None => wrong,
        };
        let wrong = match meant.as_ref().or(near.first()) {
            Some(first) => {
                let help = format!("did you mean `{first}`?");
                Wrong { allowed: near, ..wrong }.help(help)
            }
            None => {
                let some: Vec<&str> = self.pass.outline.ids().take(6).collect();
                let more = if self.pass.outline.ids().nth(6).is_some() { ", …" } else { "" };
                wrong.help(format!("there are `{}`{more}", some.join("`, `")))
            }
        };
        Err(wrong.into())
    }

    fn not_yet(&self, place: &Place, no: StepNo) -> Wrong {
        let id = &self.pass.outline.step(no).step.id;
        let own = place.step.is_some_and(|step| step == no);
        let around = place.step.is_some_and(|step| self.pass.outline.is_inside(step, no));
        let message = if place.step.is_none() {
            format!("`{id}` has not run: this is asked before any step")
        } else if own {
            format!("`{id}` is this step itself, which has no value yet")
        } else if around {
            format!("`{id}` is the step around this one, which has no value yet")
        } else {
            format!("`{id}` runs behind this step")
        };
        let wrong = Wrong::new(Code::NOT_ORDERED, message);
        if own || around || place.step.is_none() {
            wrong
        } else {
            wrong.help(format!("move this step behind `{id}`"))
        }
    }

    fn not_ordered(&self, no: StepNo, reader: StepNo, read: StepNo) -> Wrong {
        let id = &self.pass.outline.step(no).step.id;
        let named = &self.pass.outline.step(read).step.id;
        let at = self.pass.outline.step(reader);
        let who = &at.step.id;
        let message = format!("`{who}` does not wait for `{named}`, so `{id}` may not have run");
        let fix = PatchOp::Add { path: below(&at.pointer, "/after/-"), value: named.as_str().into() };
        let wrong =
            Wrong::new(Code::NOT_ORDERED, message).help(format!("add `{named}` to the `after` of `{who}`"));
        Wrong { fix: Some(vec![fix]), ..wrong }
    }

    /// The step whose iterations a step runs in.
    fn iteration(&self, no: StepNo) -> &str {
        let mut block = self.pass.outline.block_at(self.pass.outline.step(no).block);
        loop {
            let Some(owner) = block.owner else { return "a step" };
            if block.role.is_iteration() {
                return &self.pass.outline.step(owner).step.id;
            }
            block = self.pass.outline.block_at(self.pass.outline.step(owner).block);
        }
    }
}

fn known_read(known: &Known) -> Read {
    match known {
        Some(ty) => Read::Of(ty.clone(), Presence::Required),
        None => Read::Unknown,
    }
}
