//! Conditions and the blocks inside them.

use serde_json::Value;

use super::document::id;
use super::reader::{Members, Reader};
use super::step::steps;
use crate::finding::Code;
use crate::workflow::{
    AtMax, Block, Branch, Case, Condition, Expression, Filter, ForEach, ForEachCondition, FullBlock, If,
    ItemErrors, Loop, LoopCondition, Match, Parallel, ParallelCondition, Step, Switch, SwitchCondition,
    Template, Wait, WaitWord,
};

const KINDS: [&str; 6] = ["if", "switch", "parallel", "for_each", "loop", "filter"];

/// A question that could not be read. Its step is poisoned, so that nobody looks at it.
fn unread(expression: Option<Expression>) -> Expression {
    expression.unwrap_or(Expression(Value::Null))
}

/// The condition as far as it can be read: the steps inside are kept whatever is wrong around them.
pub(super) fn condition(reader: &mut Reader, value: &Value) -> Option<Condition> {
    let Some(members) = value.as_object() else {
        reader.wrong_kind("a condition (an object)", value);
        return None;
    };
    let mut there = KINDS.iter().copied().filter(|kind| members.contains_key(*kind));
    let Some(kind) = there.next() else {
        reader.poison();
        reader.unknown_members(members, "a condition", &KINDS);
        if reader.has_slip(members, &KINDS) {
            return None;
        }
        reader.fault(Code::MISSING_MEMBER, format!("a condition has one of `{}`", KINDS.join("`, `")));
        return None;
    };
    let rest: Vec<&str> = there.collect();
    for other in &rest {
        reader.poison();
        reader.within(other, |reader| {
            let message = format!("a condition with `{kind}` cannot have `{other}` too");
            let help = "a step holds one condition: make two steps of it";
            let finding = reader.about(Code::WRONG_KIND, message).about_name().with_help(help);
            reader.note(finding);
        });
    }
    let own: &[&str] = if kind == "if" { &["if", "then", "else"] } else { &[kind] };
    if members.keys().any(|name| !own.contains(&name.as_str()) && !rest.contains(&name.as_str())) {
        let known: Vec<&str> = own.iter().copied().chain(rest).collect();
        reader.unknown_members(members, &format!("a condition with `{kind}`"), &known);
    }
    if kind == "if" {
        return Some(Condition::If(if_then(reader, members)));
    }
    let value = &members[kind];
    reader.within(kind, |reader| match kind {
        "switch" => switch(reader, value).map(|switch| Condition::Switch(SwitchCondition { switch })),
        "parallel" => {
            parallel(reader, value).map(|parallel| Condition::Parallel(ParallelCondition { parallel }))
        }
        "for_each" => {
            for_each(reader, value).map(|for_each| Condition::ForEach(ForEachCondition { for_each }))
        }
        "loop" => loop_(reader, value).map(|loop_| Condition::Loop(LoopCondition { loop_ })),
        _ => Some(Condition::Filter(Filter { filter: unread(reader.condition(value)) })),
    })
}

/// A list of steps, or steps with an output.
fn block(reader: &mut Reader, value: &Value) -> Option<Block> {
    if value.is_array() {
        return steps(reader, value).map(Block::Steps);
    }
    let what = "a block";
    if !value.is_object() {
        reader.wrong_kind("a block: a list of steps, or an object with `steps` and `output`", value);
        return None;
    }
    let members = reader.object(value, what, &["steps", "output"])?;
    let (steps, output) = steps_and_output(reader, members, what);
    Some(Block::Full(FullBlock { steps, output }))
}

fn steps_and_output(reader: &mut Reader, members: &Members, what: &str) -> (Vec<Step>, Option<Template>) {
    let steps = reader.required(members, what, "steps", steps).unwrap_or_default();
    (steps, reader.optional(members, "output", Reader::template))
}

fn if_then(reader: &mut Reader, members: &Members) -> If {
    let what = "a condition with `if`";
    If {
        if_: unread(reader.optional(members, "if", Reader::condition)),
        then: reader.required(members, what, "then", block).unwrap_or(Block::Steps(Vec::new())),
        else_: reader.optional(members, "else", block),
    }
}

fn switch(reader: &mut Reader, value: &Value) -> Option<Switch> {
    let what = "`switch`";
    let members = reader.object(value, what, &["match", "cases", "default"])?;
    Some(Switch {
        match_: reader.optional(members, "match", |reader, value| {
            reader.word(value, &[("first", Match::First), ("all", Match::All)])
        }),
        cases: reader
            .required(members, what, "cases", |reader, value| reader.list(value, "a list of cases", case))
            .unwrap_or_default(),
        default: reader.optional(members, "default", block),
    })
}

fn case(reader: &mut Reader, value: &Value) -> Option<Case> {
    let what = "a case";
    let Some(members) = reader.object(value, what, &["id", "when", "steps", "output"]) else {
        return Some(Case { id: String::new(), when: unread(None), steps: Vec::new(), output: None });
    };
    let id = reader.required(members, what, "id", |reader, value| {
        let id = id(reader, value)?;
        if id == "default" {
            let message = "`default` is the member of a switch for what no case matches, not a case";
            let finding = reader.about(Code::BAD_ID, message).with_found(id.as_str());
            reader.note(finding);
        }
        Some(id)
    });
    let when = reader.required(members, what, "when", Reader::condition);
    let (steps, output) = steps_and_output(reader, members, what);
    Some(Case { id: id.unwrap_or_default(), when: unread(when), steps, output })
}

fn parallel(reader: &mut Reader, value: &Value) -> Option<Parallel> {
    let what = "`parallel`";
    let members = reader.object(value, what, &["wait", "branches"])?;
    let branches = reader
        .required(members, what, "branches", |reader, value| reader.list(value, "a list of branches", branch))
        .unwrap_or_default();
    let count = members.get("branches").and_then(Value::as_array).map_or(1, Vec::len);
    let wait = reader.optional(members, "wait", |reader, value| wait(reader, value, count));
    Some(Parallel { wait, branches })
}

/// `all`, `any`, or how many of the branches.
fn wait(reader: &mut Reader, value: &Value, branches: usize) -> Option<Wait> {
    if value.is_number() {
        let most = u32::try_from(branches).unwrap_or(u32::MAX).max(1);
        return reader.small(value, 1, most).map(Wait::Count);
    }
    if value.as_str().is_none_or(|text| !["all", "any"].contains(&text)) {
        reader.wrong_kind("\"all\", \"any\" or a number of branches", value);
        return None;
    }
    let word = reader.word(value, &[("all", WaitWord::All), ("any", WaitWord::Any)])?;
    if word == WaitWord::Any && branches == 0 {
        reader.poison();
        reader.fault(Code::NUMBER_RANGE, "none of no branches can win: `any` needs a branch");
    }
    Some(Wait::Word(word))
}

fn branch(reader: &mut Reader, value: &Value) -> Option<Branch> {
    let what = "a branch";
    let Some(members) = reader.object(value, what, &["id", "steps", "output"]) else {
        return Some(Branch { id: String::new(), steps: Vec::new(), output: None });
    };
    let id = reader.required(members, what, "id", id);
    let (steps, output) = steps_and_output(reader, members, what);
    Some(Branch { id: id.unwrap_or_default(), steps, output })
}

fn for_each(reader: &mut Reader, value: &Value) -> Option<ForEach> {
    let what = "`for_each`";
    let known = ["items", "as", "concurrency", "errors", "steps", "output"];
    let members = reader.object(value, what, &known)?;
    let items = reader.required(members, what, "items", Reader::items);
    let as_ = reader.optional(members, "as", id);
    let concurrency = reader.optional(members, "concurrency", |reader, value| reader.small(value, 1, 1_000));
    let errors = reader.optional(members, "errors", |reader, value| {
        reader.word(value, &[("fail", ItemErrors::Fail), ("collect", ItemErrors::Collect)])
    });
    let (steps, output) = steps_and_output(reader, members, what);
    Some(ForEach { items: unread(items), as_, concurrency, errors, steps, output })
}

fn loop_(reader: &mut Reader, value: &Value) -> Option<Loop> {
    let what = "`loop`";
    let known = ["state", "schema", "while", "max", "at_max", "steps", "next"];
    let members = reader.object(value, what, &known)?;
    // What is missing poisons the step, so the values put in its place are never looked at.
    let template = |template: Option<Template>| template.unwrap_or(Template(Value::Null));
    Some(Loop {
        state: template(reader.required(members, what, "state", Reader::template)),
        schema: reader.optional(members, "schema", Reader::schema),
        while_: unread(reader.required(members, what, "while", Reader::condition)),
        max: reader
            .required(members, what, "max", |reader, value| reader.small(value, 1, 10_000))
            .unwrap_or(1),
        at_max: reader.optional(members, "at_max", |reader, value| {
            reader.word(value, &[("fail", AtMax::Fail), ("stop", AtMax::Stop)])
        }),
        steps: reader.required(members, what, "steps", steps).unwrap_or_default(),
        next: template(reader.required(members, what, "next", Reader::template)),
    })
}
