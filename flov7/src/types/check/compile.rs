//! From a schema to rules in one flat list: references become positions, patterns are compiled.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::super::lattice::{Kind, Kinds};
use super::super::number::{Bound, Num};
use super::super::pattern::Pattern;
use super::super::profile::{SchemaFault, SchemaFaultKind, child, kind_of_type, sorted};
use super::super::scope::Target;

/// The position of a rule. The first is the root.
pub(super) type RuleId = usize;

/// What one schema asks. Absent keywords ask nothing.
#[derive(Debug, Default)]
pub(super) struct Rule {
    /// Where the schema stands; below `/types/NAME` for a named type.
    pub(super) pointer: String,
    /// The schema `false`.
    pub(super) never: bool,
    pub(super) reference: Option<RuleId>,
    pub(super) kinds: Option<Allowed>,
    pub(super) constant: Option<Value>,
    pub(super) values: Option<Vec<Value>>,
    pub(super) number: Option<Box<NumberRules>>,
    pub(super) text: Option<Box<TextRules>>,
    pub(super) list: Option<Box<ListRules>>,
    pub(super) map: Option<Box<MapRules>>,
    pub(super) all_of: Vec<RuleId>,
    pub(super) any_of: Vec<RuleId>,
    pub(super) one_of: Vec<RuleId>,
    pub(super) not: Option<RuleId>,
    pub(super) condition: Option<Condition>,
}

/// `type`.
#[derive(Debug)]
pub(super) struct Allowed {
    pub(super) kinds: Kinds,
    /// Numbers must be whole.
    pub(super) whole: bool,
}

#[derive(Debug)]
pub(super) struct Condition {
    pub(super) when: RuleId,
    pub(super) then: Option<RuleId>,
    pub(super) otherwise: Option<RuleId>,
}

#[derive(Debug, Default)]
pub(super) struct NumberRules {
    /// Keyword, bound.
    pub(super) lower: Vec<(&'static str, Bound)>,
    pub(super) upper: Vec<(&'static str, Bound)>,
    pub(super) multiple_of: Option<Num>,
}

#[derive(Debug, Default)]
pub(super) struct TextRules {
    pub(super) min: Option<u64>,
    pub(super) max: Option<u64>,
    pub(super) pattern: Option<(Pattern, Box<str>)>,
}

#[derive(Debug, Default)]
pub(super) struct ListRules {
    pub(super) prefix: Vec<RuleId>,
    pub(super) items: Option<RuleId>,
    pub(super) min: Option<u64>,
    pub(super) max: Option<u64>,
    pub(super) unique: bool,
    pub(super) contains: Option<Contains>,
}

#[derive(Debug)]
pub(super) struct Contains {
    pub(super) rule: RuleId,
    pub(super) min: u64,
    pub(super) max: Option<u64>,
}

#[derive(Debug, Default)]
pub(super) struct MapRules {
    pub(super) properties: BTreeMap<Box<str>, RuleId>,
    pub(super) patterns: Vec<(Pattern, RuleId)>,
    pub(super) additional: Option<RuleId>,
    pub(super) required: Vec<Box<str>>,
    pub(super) names: Option<RuleId>,
    pub(super) min: Option<u64>,
    pub(super) max: Option<u64>,
    pub(super) dependent_required: Vec<(Box<str>, Vec<Box<str>>)>,
    pub(super) dependent: Vec<(Box<str>, RuleId)>,
}

/// Which schema: the name of the type that it stands in, and the pointer inside.
type Key = (Option<Arc<str>>, Arc<str>);

struct Compiler {
    rules: Vec<Rule>,
    /// Where each schema's rule is; looked up, never walked.
    known: BTreeMap<Key, RuleId>,
    /// Rules still to be filled.
    open: Vec<(RuleId, Target)>,
}

/// Compiles the schema at `target`, or only the given keywords of it, with everything they lead to.
pub(super) fn compile(target: &Target, only: Option<&[Box<str>]>) -> Result<Vec<Rule>, SchemaFault> {
    let mut compiler = Compiler { rules: Vec::new(), known: BTreeMap::new(), open: Vec::new() };
    if only.is_some() {
        // The part of a schema has no key: a reference to the whole schema is another rule.
        compiler.rules.push(Rule::default());
        compiler.fill(0, target, only)?;
    } else {
        compiler.rule(target.clone());
    }
    while let Some((id, target)) = compiler.open.pop() {
        compiler.fill(id, &target, None)?;
    }
    Ok(compiler.rules)
}

impl Compiler {
    /// The position of the rule for a schema, which may still have to be filled.
    fn rule(&mut self, target: Target) -> RuleId {
        let key = (target.scope.name.clone(), Arc::clone(&target.pointer));
        if let Some(id) = self.known.get(&key) {
            return *id;
        }
        let id = self.rules.len();
        self.rules.push(Rule::default());
        self.known.insert(key, id);
        self.open.push((id, target));
        id
    }

    fn fill(&mut self, id: RuleId, target: &Target, only: Option<&[Box<str>]>) -> Result<(), SchemaFault> {
        let mut rule = Rule { pointer: shown(target), ..Rule::default() };
        match target.schema() {
            Some(Value::Bool(truth)) => rule.never = !truth,
            Some(Value::Object(members)) => {
                let kept: Map<String, Value>;
                let members = match only {
                    None => members,
                    Some(names) => {
                        let wanted = |name: &str| names.iter().any(|kept| &**kept == name);
                        kept = members
                            .iter()
                            .filter(|(name, _)| wanted(name))
                            .map(|(name, value)| (name.clone(), value.clone()))
                            .collect();
                        &kept
                    }
                };
                Schema { compiler: self, target, members }.fill(&mut rule)?;
            }
            _ => return Err(bad(target, "", "is no schema")),
        }
        if let Some(place) = self.rules.get_mut(id) {
            *place = rule;
        }
        Ok(())
    }
}

fn shown(target: &Target) -> String {
    match &target.scope.name {
        Some(name) => format!("{}{}", child("/types", name), target.pointer),
        None => target.pointer.to_string(),
    }
}

fn bad(target: &Target, keyword: &str, message: &str) -> SchemaFault {
    let pointer = if keyword.is_empty() { shown(target) } else { child(&shown(target), keyword) };
    SchemaFault { kind: SchemaFaultKind::Bad, pointer, message: message.to_owned() }
}

/// One schema object while its rule is made.
struct Schema<'a> {
    compiler: &'a mut Compiler,
    target: &'a Target,
    members: &'a Map<String, Value>,
}

impl Schema<'_> {
    fn fill(&mut self, rule: &mut Rule) -> Result<(), SchemaFault> {
        if let Some(reference) = self.members.get("$ref").and_then(Value::as_str) {
            let found = self.target.scope.resolve(reference);
            let found = found.map_err(|_| bad(self.target, "$ref", "leads nowhere"))?;
            rule.reference = Some(self.compiler.rule(found));
        }
        rule.kinds = self.kinds();
        rule.constant = self.members.get("const").cloned();
        rule.values = self.members.get("enum").and_then(Value::as_array).cloned();
        rule.number = self.number();
        rule.text = self.text()?;
        rule.list = self.list();
        rule.map = self.map()?;
        rule.all_of = self.schemas("allOf");
        rule.any_of = self.schemas("anyOf");
        rule.one_of = self.schemas("oneOf");
        rule.not = self.schema("not");
        rule.condition = self.schema("if").map(|when| Condition {
            when,
            then: self.schema("then"),
            otherwise: self.schema("else"),
        });
        Ok(())
    }

    fn below(&mut self, pointer: String) -> RuleId {
        self.compiler.rule(Target { scope: self.target.scope.clone(), pointer: Arc::from(pointer) })
    }

    fn schema(&mut self, name: &str) -> Option<RuleId> {
        self.members.get(name)?;
        Some(self.below(child(&self.target.pointer, name)))
    }

    fn schemas(&mut self, name: &str) -> Vec<RuleId> {
        let count = self.members.get(name).and_then(Value::as_array).map_or(0, Vec::len);
        let base = child(&self.target.pointer, name);
        (0..count).map(|at| self.below(child(&base, &at.to_string()))).collect()
    }

    fn named(&mut self, name: &str) -> Vec<(Box<str>, RuleId)> {
        let Some(Value::Object(schemas)) = self.members.get(name) else { return Vec::new() };
        let base = child(&self.target.pointer, name);
        let named = sorted(schemas);
        named.into_iter().map(|(key, _)| (Box::from(key.as_str()), self.below(child(&base, key)))).collect()
    }

    fn kinds(&self) -> Option<Allowed> {
        let names: Vec<&str> = match self.members.get("type")? {
            Value::Array(names) => names.iter().filter_map(Value::as_str).collect(),
            one => one.as_str().into_iter().collect(),
        };
        let kinds = names.iter().filter_map(|name| kind_of_type(name)).fold(Kinds::NONE, Kinds::and);
        let whole = names.contains(&"integer") && !names.contains(&"number");
        Some(Allowed { kinds, whole: whole && kinds.has(Kind::Number) })
    }

    fn count(&self, name: &str) -> Option<u64> {
        let number = self.members.get(name)?.as_number().and_then(Num::read)?;
        Some(u64::try_from(number.floor()).unwrap_or(u64::MAX))
    }

    fn number(&self) -> Option<Box<NumberRules>> {
        let read = |name: &str| self.members.get(name).and_then(Value::as_number).and_then(Num::read);
        let lower =
            [("minimum", Bound::inclusive as fn(Num) -> Bound), ("exclusiveMinimum", Bound::exclusive)];
        let upper =
            [("maximum", Bound::inclusive as fn(Num) -> Bound), ("exclusiveMaximum", Bound::exclusive)];
        let rules = NumberRules {
            lower: lower.into_iter().filter_map(|(name, end)| Some((name, end(read(name)?)))).collect(),
            upper: upper.into_iter().filter_map(|(name, end)| Some((name, end(read(name)?)))).collect(),
            multiple_of: read("multipleOf"),
        };
        let asks = !rules.lower.is_empty() || !rules.upper.is_empty() || rules.multiple_of.is_some();
        asks.then(|| Box::new(rules))
    }

    fn text(&self) -> Result<Option<Box<TextRules>>, SchemaFault> {
        let pattern = match self.members.get("pattern").and_then(Value::as_str) {
            Some(source) => Some((self.pattern("pattern", source)?, Box::from(source))),
            None => None,
        };
        let rules = TextRules { min: self.count("minLength"), max: self.count("maxLength"), pattern };
        let asks = rules.min.is_some() || rules.max.is_some() || rules.pattern.is_some();
        Ok(asks.then(|| Box::new(rules)))
    }

    fn pattern(&self, keyword: &str, source: &str) -> Result<Pattern, SchemaFault> {
        Pattern::compile(source)
            .map_err(|why| bad(self.target, keyword, &format!("the pattern cannot be used: {why}")))
    }

    fn list(&mut self) -> Option<Box<ListRules>> {
        let contains = self.schema("contains").map(|rule| Contains {
            rule,
            min: self.count("minContains").unwrap_or(1),
            max: self.count("maxContains"),
        });
        let rules = ListRules {
            prefix: self.schemas("prefixItems"),
            items: self.schema("items"),
            min: self.count("minItems"),
            max: self.count("maxItems"),
            unique: self.members.get("uniqueItems") == Some(&Value::Bool(true)),
            contains,
        };
        let asks = !rules.prefix.is_empty()
            || rules.items.is_some()
            || rules.min.is_some()
            || rules.max.is_some()
            || rules.unique
            || rules.contains.is_some();
        asks.then(|| Box::new(rules))
    }

    fn map(&mut self) -> Result<Option<Box<MapRules>>, SchemaFault> {
        let mut patterns = Vec::new();
        for (source, id) in self.named("patternProperties") {
            patterns.push((self.pattern("patternProperties", &source)?, id));
        }
        let dependent_required = match self.members.get("dependentRequired") {
            Some(Value::Object(members)) => {
                let members = sorted(members).into_iter();
                members.map(|(name, names)| (Box::from(name.as_str()), texts(Some(names)))).collect()
            }
            _ => Vec::new(),
        };
        let rules = MapRules {
            properties: self.named("properties").into_iter().collect(),
            patterns,
            additional: self.schema("additionalProperties"),
            required: texts(self.members.get("required")),
            names: self.schema("propertyNames"),
            min: self.count("minProperties"),
            max: self.count("maxProperties"),
            dependent_required,
            dependent: self.named("dependentSchemas"),
        };
        let asks = !rules.properties.is_empty()
            || !rules.patterns.is_empty()
            || rules.additional.is_some()
            || !rules.required.is_empty()
            || rules.names.is_some()
            || rules.min.is_some()
            || rules.max.is_some()
            || !rules.dependent_required.is_empty()
            || !rules.dependent.is_empty();
        Ok(asks.then(|| Box::new(rules)))
    }
}

fn texts(value: Option<&Value>) -> Vec<Box<str>> {
    let names = value.and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).map(Box::from).collect()
}
