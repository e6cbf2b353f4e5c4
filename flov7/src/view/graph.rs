//! The graph behind every picture: steps as nodes, order and decisions as edges.

use std::collections::BTreeMap;

use serde_json::Value;

use super::mark::Mark;
use super::words::{duration, line, question, template_text};
use crate::catalog::Catalog;
use crate::workflow::{Block, Condition, Data, Step, Template, Trigger, Wait, WaitWord, Workflow};

/// Above this many ends a condition gets a joining node, so that edges stay linear in the document's size.
const FAN: usize = 4;

/// A workflow as a graph.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Graph {
    /// The workflow's name: one line, not escaped.
    pub title: String,
    /// The nodes, in document order; an edge names them by index.
    pub nodes: Vec<Node>,
    /// The edges, in document order.
    pub edges: Vec<Edge>,
    /// Frames around the steps of each condition.
    pub groups: Vec<Group>,
}

/// One node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What it stands for.
    pub kind: NodeKind,
    /// One line for people; not escaped.
    pub label: String,
    /// The step or trigger that it stands for.
    pub id: Option<String>,
    /// The innermost frame that holds it, by index.
    pub group: Option<usize>,
    /// What is drawn over it: nothing but for an execution or a difference.
    pub mark: Option<Mark>,
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeKind {
    /// A trigger, or the manual start.
    Trigger,
    /// Something done in the world.
    Action,
    /// A person is asked.
    Person,
    /// Time passes, or a signal is awaited.
    Wait,
    /// A computation.
    Data,
    /// A decision.
    Decision,
    /// Several ways come together.
    Join,
    /// The end.
    End,
}

/// One edge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// From this node.
    pub from: usize,
    /// To this node.
    pub to: usize,
    /// When it is taken; empty for always.
    pub label: String,
}

/// A frame around nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// What is said of it.
    pub label: String,
    /// The frame around it, by index.
    pub parent: Option<usize>,
}

/// A place that the next step's edges leave from.
type Exit = (usize, String);

/// Projects a workflow to its graph. The catalogue gives titles; what it does not know keeps its id.
///
/// Work and size are linear in the document, but for `after` lists, which cost an edge per name.
pub fn graph(workflow: &Workflow, catalog: &Catalog) -> Graph {
    let mut builder = Builder { graph: Graph::default(), catalog, group: None, depth: 0 };
    let mut starts = Vec::new();
    for trigger in &workflow.triggers {
        let node = builder.node(NodeKind::Trigger, trigger_label(trigger, catalog), Some(&trigger.id));
        starts.push((node, String::new()));
    }
    if starts.is_empty() {
        starts.push((builder.node(NodeKind::Trigger, "Started by hand".into(), None), String::new()));
    }
    builder.graph.title = line(&workflow.name);
    let exits = builder.block(&workflow.steps, starts);
    let end = builder.node(NodeKind::End, "End".into(), None);
    builder.connect(exits, end);
    builder.graph
}

/// What a trigger waits for, in words.
pub(super) fn trigger_label(trigger: &Trigger, catalog: &Catalog) -> String {
    let with = |name: &str| trigger.with.as_ref().and_then(|with| with.0.get(name)).and_then(Value::as_str);
    match trigger.uses.as_str() {
        "manual" => "Started by hand".into(),
        "schedule" => match (with("cron"), with("every"), with("at")) {
            (Some(cron), _, _) => {
                let zone = with("zone").unwrap_or("UTC");
                line(&format!("On schedule {cron} ({zone})"))
            }
            (_, Some(every), _) => format!("Every {}", duration(every)),
            (_, _, Some(at)) => line(&format!("At {at}")),
            _ => "On a schedule".into(),
        },
        "webhook" => {
            let method = with("method").unwrap_or("POST");
            line(&format!("Webhook {method} /{}", with("path").unwrap_or("").trim_start_matches('/')))
        }
        "event" => {
            let name = with("name").unwrap_or("an event");
            let title =
                catalog.event(name).map_or_else(|| format!("Event {name}"), |event| event.title.clone());
            let filter = trigger.with.as_ref().and_then(|with| with.0.get("filter"));
            match filter {
                Some(filter) => line(&format!("{title}, if {}", question(filter))),
                None => line(&title),
            }
        }
        other => line(other),
    }
}

struct Builder<'a> {
    graph: Graph,
    catalog: &'a Catalog,
    group: Option<usize>,
    depth: usize,
}

impl Builder<'_> {
    fn node(&mut self, kind: NodeKind, label: String, id: Option<&str>) -> usize {
        let id = id.map(str::to_owned);
        self.graph.nodes.push(Node { kind, label, id, group: self.group, mark: None });
        self.graph.nodes.len() - 1
    }

    fn connect(&mut self, exits: Vec<Exit>, to: usize) {
        self.graph.edges.extend(exits.into_iter().map(|(from, label)| Edge { from, to, label }));
    }

    /// Adds a block's steps; gives where what follows it leaves from.
    fn block(&mut self, steps: &[Step], entry: Vec<Exit>) -> Vec<Exit> {
        // Validation bounds nesting at 32; a document that was not validated must not exhaust the stack either.
        if self.depth >= 64 {
            return entry;
        }
        self.depth += 1;
        let mut ids: BTreeMap<&str, usize> = BTreeMap::new();
        let mut exits: Vec<Vec<Exit>> = Vec::new();
        // Earlier steps that nothing in the block follows yet: what a step without `after` waits for.
        let mut open: Vec<usize> = Vec::new();
        for step in steps {
            let before: Vec<usize> = match &step.after {
                None => std::mem::take(&mut open),
                Some(after) => after.iter().filter_map(|id| ids.get(id.as_str()).copied()).collect(),
            };
            if step.after.is_some() {
                open.retain(|earlier| !before.contains(earlier));
            }
            let from: Vec<Exit> = if before.is_empty() {
                entry.clone()
            } else {
                before.iter().flat_map(|earlier| exits[*earlier].clone()).collect()
            };
            let leaves = self.step(step, from);
            ids.insert(&step.id, exits.len());
            open.push(exits.len());
            exits.push(leaves);
        }
        self.depth -= 1;
        if steps.is_empty() { entry } else { open.into_iter().flat_map(|last| exits[last].clone()).collect() }
    }

    /// Adds one step; gives its ends.
    fn step(&mut self, step: &Step, mut from: Vec<Exit>) -> Vec<Exit> {
        let mut passed_by = Vec::new();
        if let Some(when) = &step.when {
            let asked = self.node(NodeKind::Decision, format!("{}?", question(&when.0)), Some(&step.id));
            self.connect(from, asked);
            passed_by.push((asked, "no".to_owned()));
            from = vec![(asked, "yes".to_owned())];
        }
        let mut ends = match (&step.action, &step.data, &step.condition) {
            (Some(action), _, _) => {
                let (kind, label) = self.action(&action.uses, action.with.as_ref());
                self.leaf(kind, label, step, from)
            }
            (_, Some(data), _) => self.leaf(NodeKind::Data, data_label(&step.id, data), step, from),
            (_, _, Some(condition)) => self.condition(step, condition, from),
            _ => self.leaf(NodeKind::Data, line(&step.id), step, from),
        };
        ends.extend(passed_by);
        if ends.len() > FAN {
            let join = self.node(NodeKind::Join, String::new(), None);
            self.connect(ends, join);
            ends = vec![(join, String::new())];
        }
        ends
    }

    fn leaf(&mut self, kind: NodeKind, label: String, step: &Step, from: Vec<Exit>) -> Vec<Exit> {
        let node = self.node(kind, label, Some(&step.id));
        self.connect(from, node);
        vec![(node, String::new())]
    }

    fn action(&self, uses: &str, with: Option<&Template>) -> (NodeKind, String) {
        let member = |name: &str| with.and_then(|with| with.0.get(name));
        let text = |name: &str| member(name).map(template_text);
        let kind = match uses {
            "core.wait" | "core.wait_for" => NodeKind::Wait,
            "core.approve" | "core.ask" => NodeKind::Person,
            _ => NodeKind::Action,
        };
        let label = match uses {
            "core.wait" => match (member("for").and_then(Value::as_str), text("until")) {
                (Some(text), _) if !text.contains("${") => format!("Wait {}", duration(text)),
                (Some(_), _) => format!("Wait {}", text("for").unwrap_or_default()),
                (_, Some(until)) => format!("Wait until {until}"),
                _ => "Wait".into(),
            },
            "core.wait_for" => format!("Wait for {}", text("signal").unwrap_or_default()),
            "core.approve" | "core.ask" => {
                let whom = text("to").unwrap_or_else(|| "someone".into());
                let verb = if uses == "core.ask" { "Ask" } else { "Approval by" };
                format!("{verb} {whom}: {}", text("title").unwrap_or_default())
            }
            "core.fail" => format!("Fail with {}", text("code").unwrap_or_default()),
            "core.emit" => format!("Emit {}", text("event").unwrap_or_default()),
            "core.call" => format!("Run {}", text("workflow").unwrap_or_default()),
            "http.request" => {
                let method = text("method").unwrap_or_else(|| "GET".into());
                format!("{method} {}", text("path").or_else(|| text("url")).unwrap_or_default())
            }
            other => {
                self.catalog.action(other).map_or_else(|| other.to_owned(), |action| action.title.clone())
            }
        };
        (kind, line(&label))
    }

    fn condition(&mut self, step: &Step, condition: &Condition, from: Vec<Exit>) -> Vec<Exit> {
        match condition {
            Condition::If(choice) => {
                let asked =
                    self.node(NodeKind::Decision, format!("{}?", question(&choice.if_.0)), Some(&step.id));
                self.connect(from, asked);
                self.grouped(line(&step.id), |builder| {
                    let mut ends = builder.block(choice.then.steps(), vec![(asked, "yes".into())]);
                    let otherwise = choice.else_.as_ref().map_or(&[][..], Block::steps);
                    ends.extend(builder.block(otherwise, vec![(asked, "no".into())]));
                    ends
                })
            }
            Condition::Switch(switch) => {
                let switch = &switch.switch;
                let asked = self.node(NodeKind::Decision, line(&step.id), Some(&step.id));
                self.connect(from, asked);
                self.grouped(line(&step.id), |builder| {
                    let mut ends = Vec::new();
                    for case in &switch.cases {
                        ends.extend(builder.block(&case.steps, vec![(asked, question(&case.when.0))]));
                    }
                    let default = switch.default.as_ref().map_or(&[][..], Block::steps);
                    ends.extend(builder.block(default, vec![(asked, "otherwise".into())]));
                    ends
                })
            }
            Condition::Parallel(parallel) => {
                let parallel = &parallel.parallel;
                let wait = match parallel.wait {
                    None | Some(Wait::Word(WaitWord::All)) => "all of them".to_owned(),
                    Some(Wait::Word(WaitWord::Any)) => "the first of them".to_owned(),
                    Some(Wait::Count(count)) => format!("the first {count} of them"),
                };
                let fork = self.node(NodeKind::Join, String::new(), Some(&step.id));
                self.connect(from, fork);
                let branches = parallel.branches.iter();
                self.grouped(format!("{}: at the same time, until {wait}", step.id), |builder| {
                    branches
                        .flat_map(|branch| builder.block(&branch.steps, vec![(fork, line(&branch.id))]))
                        .collect()
                })
            }
            Condition::ForEach(each) => {
                let each = &each.for_each;
                let head = format!("For each of {}", question(&each.items.0));
                self.repeated(step, line(&head), &each.steps, from, "next item", "done")
            }
            Condition::Loop(repeat) => {
                let repeat = &repeat.loop_;
                let head = format!("While {} (at most {} times)", question(&repeat.while_.0), repeat.max);
                self.repeated(step, line(&head), &repeat.steps, from, "again", "done")
            }
            Condition::Filter(filter) => {
                let label = format!("Only if {}", question(&filter.filter.0));
                let asked = self.node(NodeKind::Decision, label, Some(&step.id));
                self.connect(from, asked);
                vec![(asked, "yes".into())]
            }
        }
    }

    fn repeated(
        &mut self,
        step: &Step,
        head: String,
        steps: &[Step],
        from: Vec<Exit>,
        again: &str,
        done: &str,
    ) -> Vec<Exit> {
        let asked = self.node(NodeKind::Decision, head, Some(&step.id));
        self.connect(from, asked);
        let ends =
            self.grouped(line(&step.id), |builder| builder.block(steps, vec![(asked, again.to_owned())]));
        // An empty body leaves from its own entry: an edge from the node to itself says nothing.
        self.connect(ends.into_iter().filter(|(node, _)| *node != asked).collect(), asked);
        vec![(asked, done.to_owned())]
    }

    fn grouped(&mut self, label: String, build: impl FnOnce(&mut Self) -> Vec<Exit>) -> Vec<Exit> {
        let outer = self.group;
        let (frame, first) = (self.graph.groups.len(), self.graph.nodes.len());
        self.graph.groups.push(Group { label: line(&label), parent: outer });
        self.group = Some(frame);
        let exits = build(self);
        self.group = outer;
        if self.graph.nodes.len() == first {
            // A frame around nothing says nothing.
            self.graph.groups.truncate(frame);
        }
        exits
    }
}

fn data_label(id: &str, data: &Data) -> String {
    match data {
        Data::Set(_) => format!("Work out {}", id.replace('_', " ")),
        Data::Parse(_) => format!("Read {}", id.replace('_', " ")),
        Data::Format(_) => format!("Write {}", id.replace('_', " ")),
        Data::Validate(_) => format!("Check {}", id.replace('_', " ")),
    }
}
