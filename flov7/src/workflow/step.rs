//! Steps: action, data and condition, and the blocks that conditions hold.

use schemars::JsonSchema;
use serde::Serialize;

use super::{DurationText, Expression, Schema, Template};

/// One step: an id, exactly one of `action`, `data` and `condition`, and what holds for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{ "required": ["action"] }, { "required": ["data"] }, { "required": ["condition"] }]))]
pub struct Step {
    /// Unique in the whole document.
    #[schemars(with = "crate::id::Name")]
    pub id: String,
    /// Earlier steps of the same block that it waits for; without it all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<Vec<String>>,
    /// Asked once when the step is ready; false skips it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<Expression>,
    /// Does something in the world.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// Computes, with no effect.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Data>,
    /// Decides which steps run and how often.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<Condition>,
    /// From ready to settled, everything included.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<DurationText>,
    /// One call of the handler; 60 s without it. Only with `action`, not on `core.*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt_timeout: Option<DurationText>,
    /// How failed attempts are repeated. Only with `action`, not on `core.*`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// Takes the step's effect back when the execution fails or is cancelled. Only with `action`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undo: Option<Undo>,
    /// What happens when the step fails; the first match wins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on_error: Option<Vec<OnError>>,
    /// A remark for readers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// A call of a registered action or of a built-in one.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Action {
    /// The action's id in the catalogue.
    #[serde(rename = "use")]
    pub uses: String,
    /// The connection that it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Its input; evaluated once per activation.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Template>,
    /// Narrows its output; checked when it arrives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expect: Option<Schema>,
}

/// How failed attempts of an action are repeated: after `first × factor^n`, at most `max`, with seeded jitter.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// Attempts in all, the first included.
    #[schemars(range(min = 1, max = 10000))]
    pub attempts: u32,
    /// The delay before the second attempt; `1s` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<DurationText>,
    /// What each delay is multiplied with; 2 without it.
    #[serde(default, skip_serializing_if = "Option::is_none", serialize_with = "as_read")]
    #[schemars(range(min = 1.0, max = 100.0))]
    pub factor: Option<f64>,
    /// The longest delay; `1m` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<DurationText>,
}

/// Writes a whole factor as the integer that it was read as, so that the document keeps its digest.
fn as_read<S: serde::Serializer>(factor: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
    let number = factor.and_then(|factor| crate::json::Numeric::Double(factor).normalized().number());
    number.serialize(serializer)
}

/// The compensation of an action.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Undo {
    /// The action that takes the effect back.
    #[serde(rename = "use")]
    pub uses: String,
    /// The connection that it uses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<String>,
    /// Its input; resolved when the step's completion is journaled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Template>,
    /// Its own retry; 5 attempts without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
}

/// One rule for a failure.
#[derive(Clone, Debug, Default, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OnError {
    /// Failure codes, with a trailing `*` for a family; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<String>>,
    /// Steps inside this one whose failures it is for; all without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<Vec<String>>,
    /// The step's value instead; only with `then: continue`. Present null counts as a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<Template>,
    /// Whether entries for undo made inside are run although the failure is handled.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undo: bool,
    /// What happens then.
    pub then: Then,
}

/// What happens after a handled failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Then {
    /// The block goes on.
    Continue,
    /// The step fails all the same.
    #[default]
    Fail,
}

/// A computation: exactly one of its members.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Data {
    /// Any JSON with expressions.
    Set(Template),
    /// Text to a value.
    Parse(Parse),
    /// A value to text.
    Format(Format),
    /// A value held against a schema: the value with that type, else `contract.data`.
    Validate(Validate),
}

/// Text to a value.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parse {
    /// The text's format.
    pub format: TextFormat,
    /// The text.
    pub text: Template,
    /// What the value must conform to; gives it its type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// CSV: whether the first line names the columns; true without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub header: Option<bool>,
}

/// A value to text.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Format {
    /// The text's format.
    #[serde(rename = "as")]
    pub as_: TextFormat,
    /// The value.
    pub value: Template,
    /// CSV: the columns, in order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<Vec<String>>,
}

/// A value held against a schema.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Validate {
    /// The value.
    pub value: Template,
    /// What it must conform to.
    pub schema: Schema,
}

/// A format of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum TextFormat {
    /// JSON (RFC 8259).
    Json,
    /// Comma-separated values (RFC 4180).
    Csv,
}

/// A decision: which steps run and how often.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Condition {
    /// One of two blocks.
    If(If),
    /// One or all of several cases.
    Switch(SwitchCondition),
    /// Branches at the same time.
    Parallel(ParallelCondition),
    /// A block for each item of a list.
    ForEach(ForEachCondition),
    /// A block again and again, with a state.
    Loop(LoopCondition),
    /// Go on only if.
    Filter(Filter),
}

/// One of two blocks.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct If {
    /// The question.
    #[serde(rename = "if")]
    pub if_: Expression,
    /// What runs when it is true.
    pub then: Block,
    /// What runs when it is false.
    #[serde(rename = "else", default, skip_serializing_if = "Option::is_none")]
    pub else_: Option<Block>,
}

/// `{"switch": …}`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SwitchCondition {
    /// The cases.
    pub switch: Switch,
}

/// One or all of several cases.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Switch {
    /// Whether the first case that matches runs, or all that do; `first` without it.
    #[serde(rename = "match", default, skip_serializing_if = "Option::is_none")]
    pub match_: Option<Match>,
    /// The cases, asked in order.
    pub cases: Vec<Case>,
    /// What runs when none matches.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Block>,
}

/// Which matching cases run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Match {
    /// The first.
    #[default]
    First,
    /// All of them.
    All,
}

/// A case of a switch.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// Unique within its switch; not `default`.
    #[schemars(schema_with = "super::schema::case_schema")]
    pub id: String,
    /// The question.
    pub when: Expression,
    /// What runs.
    pub steps: Vec<Step>,
    /// The case's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
}

/// `{"parallel": …}`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParallelCondition {
    /// The branches.
    pub parallel: Parallel,
}

/// Branches at the same time.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Parallel {
    /// How many must win; `all` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wait: Option<Wait>,
    /// The branches.
    pub branches: Vec<Branch>,
}

/// How many branches must win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Wait {
    /// All or any.
    Word(WaitWord),
    /// This many.
    Count(u32),
}

/// All or any.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WaitWord {
    /// Every branch.
    All,
    /// The first to finish.
    Any,
}

/// A branch of `parallel`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Branch {
    /// Unique within its step.
    #[schemars(with = "crate::id::Name")]
    pub id: String,
    /// What runs.
    pub steps: Vec<Step>,
    /// The branch's value; null without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
}

/// `{"for_each": …}`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForEachCondition {
    /// The items and what is done with each.
    pub for_each: ForEach,
}

/// A block for each item of a list.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ForEach {
    /// The list.
    #[schemars(schema_with = "super::schema::items_schema")]
    pub items: Expression,
    /// A root that names the item beside `item`.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<crate::id::Name>")]
    pub as_: Option<String>,
    /// How many items at the same time; 1 without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1000))]
    pub concurrency: Option<u32>,
    /// What a failed item does; `fail` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub errors: Option<ItemErrors>,
    /// What runs for each.
    pub steps: Vec<Step>,
    /// The item's result; null without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
}

/// What a failed item of `for_each` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ItemErrors {
    /// The step fails.
    #[default]
    Fail,
    /// The error is the item's result.
    Collect,
}

/// `{"loop": …}`.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LoopCondition {
    /// The loop.
    #[serde(rename = "loop")]
    pub loop_: Loop,
}

/// A block again and again, with a state.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Loop {
    /// The first state.
    pub state: Template,
    /// The state's schema; without it the type of `state`, literals widened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Schema>,
    /// Asked before each round, and before `max`.
    #[serde(rename = "while")]
    pub while_: Expression,
    /// The greatest number of rounds.
    #[schemars(range(min = 1, max = 10000))]
    pub max: u32,
    /// What reaching `max` does; `fail` without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_max: Option<AtMax>,
    /// What runs in each round.
    pub steps: Vec<Step>,
    /// The next state.
    pub next: Template,
}

/// What reaching `max` does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtMax {
    /// Fails with `limit.iterations`.
    #[default]
    Fail,
    /// Ends the loop with the state it has.
    Stop,
}

/// Go on only if.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Filter {
    /// The question.
    pub filter: Expression,
}

/// Steps and the value that they give; a bare list is shorthand.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Block {
    /// Steps alone.
    Steps(Vec<Step>),
    /// Steps and the block's value.
    Full(FullBlock),
}

/// Steps and the block's value.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FullBlock {
    /// What runs; may be empty.
    pub steps: Vec<Step>,
    /// The block's value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Template>,
}

impl Block {
    /// The block's steps.
    pub fn steps(&self) -> &[Step] {
        match self {
            Block::Steps(steps) => steps,
            Block::Full(block) => &block.steps,
        }
    }

    /// The block's value, if it declares one.
    pub fn output(&self) -> Option<&Template> {
        match self {
            Block::Steps(_) => None,
            Block::Full(block) => block.output.as_ref(),
        }
    }
}
