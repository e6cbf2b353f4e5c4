//! Writing workflows in Rust.

use serde_json::Value;

use super::{
    Action, Block, Case, Concurrency, Condition, Connection, Data, DurationText, Expression, FORMAT, Filter,
    FullBlock, If, Limits, OnError, Retry, Schema, Step, Switch, SwitchCondition, Template, Then, Trigger,
    Undo, Validate, Workflow,
};

impl Workflow {
    /// Starts a workflow of that name.
    ///
    /// Nothing is checked here: [`crate::validate::validate`] looks at a built workflow exactly as at a read one.
    ///
    /// ```
    /// use flov7::catalog::Catalog;
    /// use flov7::validate::validate;
    /// use flov7::workflow::{OnError, Step, Workflow};
    /// use serde_json::json;
    ///
    /// let workflow = Workflow::builder("big_order")
    ///     .input(json!({ "type": "object", "properties": { "total": { "type": "number" } }, "required": ["total"] }))
    ///     .step(
    ///         Step::condition("check", "input.total > 500", [
    ///             Step::action("approve", "core.approve").with(json!({ "title": "An order of ${ input.total }" }))
    ///                 .timeout("24h")
    ///                 .on_error(OnError::go_on().codes(["timeout"]).value(json!({ "by": "nobody", "at": "never" }))),
    ///         ])
    ///         .otherwise([Step::set("note", json!("small"))]),
    ///     )
    ///     .output(json!("${ input.total }"))
    ///     .build();
    /// assert!(validate(&workflow, &Catalog::new()).is_ok());
    /// ```
    pub fn builder(name: impl Into<String>) -> WorkflowBuilder {
        WorkflowBuilder { workflow: Workflow { flov7: FORMAT, name: name.into(), ..Workflow::default() } }
    }
}

/// A workflow under construction; made by [`Workflow::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct WorkflowBuilder {
    workflow: Workflow,
}

impl WorkflowBuilder {
    /// Says what it is for.
    pub fn description(mut self, text: impl Into<String>) -> Self {
        self.workflow.description = Some(text.into());
        self
    }

    /// Gives the schema of its input.
    pub fn input(mut self, schema: Value) -> Self {
        self.workflow.input = Some(Schema::from(schema));
        self
    }

    /// Names a schema, for `"$ref": "#/types/NAME"`.
    pub fn named_type(mut self, name: impl Into<String>, schema: Value) -> Self {
        self.workflow.types.insert(name.into(), Schema::from(schema));
        self
    }

    /// Declares a connection.
    pub fn connection(mut self, id: impl Into<String>, connector: impl Into<String>) -> Self {
        self.workflow.connections.push(Connection { id: id.into(), connector: connector.into(), note: None });
        self
    }

    /// Declares a signal with the schema of its payload.
    pub fn signal(mut self, name: impl Into<String>, schema: Value) -> Self {
        self.workflow.signals.insert(name.into(), Schema::from(schema));
        self
    }

    /// Adds a trigger.
    pub fn trigger(mut self, trigger: Trigger) -> Self {
        self.workflow.triggers.push(trigger);
        self
    }

    /// Adds a step.
    pub fn step(mut self, step: Step) -> Self {
        self.workflow.steps.push(step);
        self
    }

    /// Adds steps.
    pub fn steps(mut self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.workflow.steps.extend(steps);
        self
    }

    /// Says what it gives back.
    pub fn output(mut self, template: Value) -> Self {
        self.workflow.output = Some(Template(template));
        self
    }

    /// Limits how long an execution may take in all.
    pub fn timeout(mut self, duration: impl Into<DurationText>) -> Self {
        self.workflow.timeout = Some(duration.into());
        self
    }

    /// Limits what an execution may use.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.workflow.limits = Some(limits);
        self
    }

    /// Says which executions may not run at the same time.
    pub fn concurrency(mut self, concurrency: Concurrency) -> Self {
        self.workflow.concurrency = Some(concurrency);
        self
    }

    /// Remarks something for readers.
    pub fn note(mut self, text: impl Into<String>) -> Self {
        self.workflow.note = Some(text.into());
        self
    }

    /// The workflow.
    pub fn build(self) -> Workflow {
        self.workflow
    }
}

impl Trigger {
    /// A trigger of a kind: `manual`, `schedule`, `webhook` or `event`.
    #[must_use]
    pub fn new(id: impl Into<String>, uses: impl Into<String>) -> Trigger {
        Trigger { id: id.into(), uses: uses.into(), ..Trigger::default() }
    }

    /// Gives the kind's settings.
    #[must_use]
    pub fn with(mut self, settings: Value) -> Trigger {
        self.with = Some(Template(settings));
        self
    }

    /// Names the connection that the kind needs.
    #[must_use]
    pub fn connection(mut self, id: impl Into<String>) -> Trigger {
        self.connection = Some(id.into());
        self
    }

    /// Narrows what `trigger` is.
    #[must_use]
    pub fn expect(mut self, schema: Value) -> Trigger {
        self.expect = Some(Schema::from(schema));
        self
    }

    /// Makes the execution's input from `trigger`.
    #[must_use]
    pub fn input(mut self, template: Value) -> Trigger {
        self.input = Some(Template(template));
        self
    }
}

impl Step {
    fn new(id: impl Into<String>) -> Step {
        Step { id: id.into(), ..Step::default() }
    }

    /// A step that runs an action.
    #[must_use]
    pub fn action(id: impl Into<String>, uses: impl Into<String>) -> Step {
        let action = Action { uses: uses.into(), connection: None, with: None, expect: None };
        Step { action: Some(action), ..Step::new(id) }
    }

    /// A step that computes a value.
    #[must_use]
    pub fn set(id: impl Into<String>, value: Value) -> Step {
        Step::data(id, Data::Set(Template(value)))
    }

    /// A step that holds a value against a schema.
    #[must_use]
    pub fn validate(id: impl Into<String>, value: Value, schema: Value) -> Step {
        Step::data(id, Data::Validate(Validate { value: Template(value), schema: Schema::from(schema) }))
    }

    /// A step that computes.
    #[must_use]
    pub fn data(id: impl Into<String>, data: Data) -> Step {
        Step { data: Some(data), ..Step::new(id) }
    }

    /// A step that runs others if the answer is true; see [`Step::otherwise`].
    #[must_use]
    pub fn condition(
        id: impl Into<String>,
        question: impl Into<Expression>,
        then: impl IntoIterator<Item = Step>,
    ) -> Step {
        let condition =
            If { if_: question.into(), then: Block::Steps(then.into_iter().collect()), else_: None };
        Step { condition: Some(Condition::If(condition)), ..Step::new(id) }
    }

    /// A step that runs the first case that matches; see [`Step::otherwise`].
    #[must_use]
    pub fn switch(id: impl Into<String>, cases: impl IntoIterator<Item = Case>) -> Step {
        let switch = Switch { match_: None, cases: cases.into_iter().collect(), default: None };
        Step { condition: Some(Condition::Switch(SwitchCondition { switch })), ..Step::new(id) }
    }

    /// A step that lets its block go on only if the answer is true.
    #[must_use]
    pub fn filter(id: impl Into<String>, question: impl Into<Expression>) -> Step {
        Step { condition: Some(Condition::Filter(Filter { filter: question.into() })), ..Step::new(id) }
    }

    /// What runs when the answer of [`Step::condition`] is false, or no case of [`Step::switch`] matches. Other steps
    /// stay as they are.
    #[must_use]
    pub fn otherwise(mut self, steps: impl IntoIterator<Item = Step>) -> Step {
        let block = Block::Steps(steps.into_iter().collect());
        match &mut self.condition {
            Some(Condition::If(condition)) => condition.else_ = Some(block),
            Some(Condition::Switch(condition)) => condition.switch.default = Some(block),
            _ => {}
        }
        self
    }

    /// Waits for exactly these earlier steps of its block.
    #[must_use]
    pub fn after<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> Step {
        self.after = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Runs only if the answer is true.
    #[must_use]
    pub fn when(mut self, question: impl Into<Expression>) -> Step {
        self.when = Some(question.into());
        self
    }

    /// Gives the action's input. Steps without an action stay as they are.
    #[must_use]
    pub fn with(mut self, template: Value) -> Step {
        if let Some(action) = &mut self.action {
            action.with = Some(Template(template));
        }
        self
    }

    /// Names the action's connection. Steps without an action stay as they are.
    #[must_use]
    pub fn connection(mut self, id: impl Into<String>) -> Step {
        if let Some(action) = &mut self.action {
            action.connection = Some(id.into());
        }
        self
    }

    /// Narrows the action's output. Steps without an action stay as they are.
    #[must_use]
    pub fn expect(mut self, schema: Value) -> Step {
        if let Some(action) = &mut self.action {
            action.expect = Some(Schema::from(schema));
        }
        self
    }

    /// Limits the time from ready to settled.
    #[must_use]
    pub fn timeout(mut self, duration: impl Into<DurationText>) -> Step {
        self.timeout = Some(duration.into());
        self
    }

    /// Limits one call of the handler.
    #[must_use]
    pub fn attempt_timeout(mut self, duration: impl Into<DurationText>) -> Step {
        self.attempt_timeout = Some(duration.into());
        self
    }

    /// Repeats failed attempts.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Step {
        self.retry = Some(retry);
        self
    }

    /// Says how the effect is taken back.
    #[must_use]
    pub fn undo(mut self, undo: Undo) -> Step {
        self.undo = Some(undo);
        self
    }

    /// Adds a rule for failures, behind those that are there.
    #[must_use]
    pub fn on_error(mut self, rule: OnError) -> Step {
        self.on_error.get_or_insert_default().push(rule);
        self
    }

    /// Remarks something for readers.
    #[must_use]
    pub fn note(mut self, text: impl Into<String>) -> Step {
        self.note = Some(text.into());
        self
    }
}

impl Case {
    /// A case of a switch.
    #[must_use]
    pub fn new(
        id: impl Into<String>,
        question: impl Into<Expression>,
        steps: impl IntoIterator<Item = Step>,
    ) -> Case {
        Case { id: id.into(), when: question.into(), steps: steps.into_iter().collect(), output: None }
    }

    /// Gives the case a value.
    #[must_use]
    pub fn output(mut self, template: Value) -> Case {
        self.output = Some(Template(template));
        self
    }
}

impl Block {
    /// Steps with a value.
    #[must_use]
    pub fn with_output(steps: impl IntoIterator<Item = Step>, output: Value) -> Block {
        Block::Full(FullBlock { steps: steps.into_iter().collect(), output: Some(Template(output)) })
    }
}

impl Retry {
    /// So many attempts in all, with the usual delays: 1 s, doubled each time, at most 1 min.
    #[must_use]
    pub fn new(attempts: u32) -> Retry {
        Retry { attempts, first: None, factor: None, max: None }
    }

    /// With these delays: the first, and the longest.
    #[must_use]
    pub fn delays(mut self, first: impl Into<DurationText>, max: impl Into<DurationText>) -> Retry {
        self.first = Some(first.into());
        self.max = Some(max.into());
        self
    }
}

impl OnError {
    /// A rule after which the block goes on.
    #[must_use]
    pub fn go_on() -> OnError {
        OnError { then: Then::Continue, ..OnError::default() }
    }

    /// A rule after which the step fails all the same: later rules are not asked.
    #[must_use]
    pub fn fail() -> OnError {
        OnError { then: Then::Fail, ..OnError::default() }
    }

    /// For these failures only.
    #[must_use]
    pub fn codes<T: Into<String>>(mut self, codes: impl IntoIterator<Item = T>) -> OnError {
        self.codes = Some(codes.into_iter().map(Into::into).collect());
        self
    }

    /// For failures of these steps inside only.
    #[must_use]
    pub fn steps<T: Into<String>>(mut self, ids: impl IntoIterator<Item = T>) -> OnError {
        self.steps = Some(ids.into_iter().map(Into::into).collect());
        self
    }

    /// Gives the step this value.
    #[must_use]
    pub fn value(mut self, template: Value) -> OnError {
        self.value = Some(Template(template));
        self
    }
}

impl From<&str> for Expression {
    /// The expression; marks are put around it where it has none.
    fn from(text: &str) -> Expression {
        let marked = text.starts_with("${") && text.ends_with('}');
        Expression(Value::String(if marked { text.to_owned() } else { format!("${{ {text} }}") }))
    }
}

impl From<bool> for Expression {
    fn from(answer: bool) -> Expression {
        Expression(Value::Bool(answer))
    }
}

impl From<&str> for DurationText {
    fn from(text: &str) -> DurationText {
        DurationText(text.to_owned())
    }
}
