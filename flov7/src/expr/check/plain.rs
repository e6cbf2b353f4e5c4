//! Plain paths, and templates of nothing but constants, plain paths and texts with plain paths in them, as most are. Where
//! nothing is to be said about them they are typed straight from what is written, without a tree; everything else is left to
//! the checker of expressions, whose answers these are.

use serde_json::{Map, Value};

use super::env::{StepType, TypeEnv};
use super::walk::{Place, Weight};
use super::want::text_of;
use crate::expr::ast::ExprKind;
use crate::expr::parse::{PlainPath, plain_path};
use crate::expr::{Expr, Limits};
use crate::json::Trail;
use crate::types::{Additional, MAX_TEXT, Presence, Type, length};

/// What is known of a plain path once it has left.
pub(super) struct Left {
    pub(super) ty: Type,
    pub(super) weight: Weight,
    /// It may be larger than one evaluation allows.
    pub(super) too_large: bool,
}

/// The type and the weight of what a plain path of so many parts reads. Nothing where anything is to be said about it.
fn leave(ty: &Type, parts: usize, place: Place, most_steps: u64, most_bytes: usize) -> Option<Left> {
    let (ty, bytes) = match place {
        Place::Condition => return None,
        Place::Text => {
            let text = ty.surely_printed().then(|| text_of(ty))?;
            let bytes = Some(text.text_bytes()).filter(|bytes| *bytes < MAX_TEXT);
            (text, bytes)
        }
        Place::Value | Place::Item | Place::Member => {
            if ty.optional_inner().is_some() {
                return None;
            }
            let left = ty.leaving();
            if left.holds_optional() {
                return None;
            }
            // A slot's value itself is shared and not copied.
            let shared = place == Place::Value && parts == 1;
            let bytes = if shared { Some(0) } else { left.extent_of_values().bytes };
            (left, bytes)
        }
    };
    let weighs = bytes.unwrap_or(u64::MAX);
    let steps = u64::try_from(parts).unwrap_or(u64::MAX).saturating_add(weighs / 64);
    let too_large = steps > most_steps || weighs > u64::try_from(most_bytes).unwrap_or(u64::MAX);
    Some(Left { ty, weight: Weight { steps, bytes }, too_large })
}

/// A plain path that was compiled already.
pub(super) fn compiled(expr: &Expr, env: &TypeEnv, place: Place) -> Option<Left> {
    let ast = expr.ast();
    let (first, rest) = ast.nodes().split_first()?;
    let ExprKind::Reference { reference, optional: false } = &first.kind else { return None };
    if ast.root().index() != rest.len() {
        return None;
    }
    let StepType::Done(read) = env.name(ast.reference(*reference).name())? else { return None };
    let mut ty = read;
    for (before, node) in rest.iter().enumerate() {
        match &node.kind {
            ExprKind::Select { base, member, optional: false } if base.index() == before => {
                ty = ty.sure_member(member)?;
            }
            _ => return None,
        }
    }
    leave(ty, ast.nodes().len(), place, expr.steps, expr.bytes)
}

/// What a template of plain paths gives.
pub(crate) enum Given<'t> {
    /// A value of this type.
    Value(Type),
    /// An object of just these members.
    Members(Members<'t>),
}

impl Given<'_> {
    pub(crate) fn into_type(self) -> Type {
        match self {
            Given::Value(ty) => ty,
            Given::Members(members) => Type::map(members, Additional::Closed),
        }
    }
}

/// A template of plain paths.
pub(crate) struct PlainTemplate<'t> {
    pub(crate) given: Given<'t>,
    /// Whether every value of the type may come.
    pub(crate) declared: bool,
    /// Pointers, from its root, of what may be larger than one evaluation allows.
    pub(crate) too_large: Vec<String>,
    /// Parts of its expressions, and the names that they start from.
    pub(crate) parts: usize,
}

/// What a name is in its place: its type, and whether every value of it may come. Nothing where it cannot be read there, or
/// may be absent.
pub(crate) type ReadPlain<'r, 'k> = &'r mut dyn FnMut(&str, bool) -> Option<(&'k Type, bool)>;

/// A template of plain paths, of which nothing else is to be said. `read` is asked for what each path starts from, and whether
/// that is a step.
pub(crate) fn check_plain<'t>(
    template: &'t Value,
    limits: &Limits,
    read: ReadPlain<'_, '_>,
) -> Option<PlainTemplate<'t>> {
    let found = Found { declared: true, too_large: Vec::new(), parts: 0 };
    let mut walk = Walk { read, limits, found, total: Weight { steps: 0, bytes: Some(0) } };
    let given = match template {
        Value::Object(members) => walk.members(members, 0, &Trail::Root)?.map(Given::Members),
        _ => match walk.part(template, 0, Place::Value, &Trail::Root)? {
            Part::Constant => None,
            Part::Typed(ty) => Some(Given::Value(ty)),
        },
    };
    let given = given.unwrap_or_else(|| Given::Value(Type::of_value(template)));
    let (total, mut found) = (walk.total, walk.found);
    let bytes = u64::try_from(limits.result_bytes).unwrap_or(u64::MAX);
    let over = total.steps > limits.steps || total.bytes.is_none_or(|total| total > bytes);
    if over && found.too_large.is_empty() {
        found.too_large.push(String::new());
    }
    let Found { declared, too_large, parts } = found;
    Some(PlainTemplate { given, declared, too_large, parts })
}

/// Whether a text is one plain path in its marks: an expression of which the compiler has nothing to say.
pub(crate) fn is_plain_mark(text: &str, limits: &Limits) -> bool {
    let inner = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
    inner.and_then(|inner| plain_path(inner, limits)).is_some_and(|mut path| {
        while let Some(name) = path.member() {
            if name.is_none() {
                return false;
            }
        }
        true
    })
}

enum Part {
    /// Nothing is computed in it.
    Constant,
    Typed(Type),
}

/// Deeper templates are left to the compiler, which knows how deep one may be.
const DEPTH: usize = 32;

/// What was found so far, beside types.
struct Found {
    declared: bool,
    too_large: Vec<String>,
    parts: usize,
}

/// Members of an object, all of them there.
type Members<'t> = Vec<(&'t str, Type, Presence)>;

struct Walk<'w, 'r, 'k> {
    read: ReadPlain<'r, 'k>,
    limits: &'w Limits,
    found: Found,
    total: Weight,
}

impl Walk<'_, '_, '_> {
    fn part(&mut self, value: &Value, depth: usize, place: Place, at: &Trail<'_>) -> Option<Part> {
        if depth > DEPTH {
            return None;
        }
        match value {
            Value::String(text) if text.contains('$') => self.string(text, place, at).map(Part::Typed),
            Value::Array(items) => {
                let mut parts = Vec::with_capacity(items.len());
                for (index, item) in items.iter().enumerate() {
                    parts.push(self.part(item, depth + 1, Place::Item, &Trail::Item(at, index))?);
                }
                if parts.iter().all(|part| matches!(part, Part::Constant)) {
                    return Some(Part::Constant);
                }
                self.total.add(0, Some(2));
                let mut types = Vec::with_capacity(items.len());
                for (item, part) in items.iter().zip(parts) {
                    self.total.add(0, Some(1));
                    types.push(self.typed(item, part));
                }
                let count = u64::try_from(types.len()).unwrap_or(u64::MAX);
                Some(Part::Typed(Type::list_of(types, Type::never(), count, Some(count))))
            }
            Value::Object(members) => Some(match self.members(members, depth, at)? {
                None => Part::Constant,
                Some(types) => Part::Typed(Type::map(types, Additional::Closed)),
            }),
            _ => Some(Part::Constant),
        }
    }

    /// The members of an object; nothing inside where nothing is computed in it.
    fn members<'t>(
        &mut self,
        members: &'t Map<String, Value>,
        depth: usize,
        at: &Trail<'_>,
    ) -> Option<Option<Members<'t>>> {
        let mut parts = Vec::with_capacity(members.len());
        for (name, member) in members {
            parts.push(self.part(member, depth + 1, Place::Member, &Trail::Member(at, name))?);
        }
        if parts.iter().all(|part| matches!(part, Part::Constant)) {
            return Some(None);
        }
        self.total.add(0, Some(2));
        let mut types = Vec::with_capacity(members.len());
        for ((name, member), part) in members.iter().zip(parts) {
            self.total.add(0, u64::try_from(name.len() + 4).ok());
            types.push((name.as_str(), self.typed(member, part), Presence::Required));
        }
        Some(Some(types))
    }

    /// The type of a part of something that is computed.
    fn typed(&mut self, value: &Value, part: Part) -> Type {
        match part {
            Part::Typed(ty) => ty,
            Part::Constant => {
                let size = u64::try_from(crate::json::canonical_size(value)).ok();
                self.total.add(0, size.map(|size| size.saturating_mul(5)));
                Type::of_value(value)
            }
        }
    }

    fn string(&mut self, text: &str, place: Place, at: &Trail<'_>) -> Option<Type> {
        let mut too_large = false;
        let whole = text.strip_prefix("${").and_then(|text| text.strip_suffix('}'));
        let ty = match whole.and_then(|inner| plain_path(inner, self.limits)) {
            Some(path) => self.path(path, place, &mut too_large)?,
            None => self.text(text, &mut too_large)?,
        };
        if too_large {
            self.found.too_large.push(at.pointer());
        }
        Some(ty)
    }

    fn text(&mut self, text: &str, too_large: &mut bool) -> Option<Type> {
        self.found.declared = false;
        let mut all = Joined::Nothing;
        let mut rest = text;
        while let Some(dollar) = rest.find('$') {
            let (literal, marked) = rest.split_at(dollar);
            if !literal.is_empty() {
                self.total.add(1, u64::try_from(literal.len()).ok());
                all = all.and_literal(literal);
            }
            // What stands for `${` itself is left to the compiler.
            let (inner, behind) = marked.strip_prefix("${")?.split_once('}')?;
            all = all.and(&self.path(plain_path(inner, self.limits)?, Place::Text, too_large)?);
            rest = behind;
        }
        if !rest.is_empty() {
            self.total.add(1, u64::try_from(rest.len()).ok());
            all = all.and_literal(rest);
        }
        Some(all.into_type())
    }

    fn path(&mut self, mut path: PlainPath<'_>, place: Place, too_large: &mut bool) -> Option<Type> {
        let (mut ty, declared) = (self.read)(path.root, path.is_step)?;
        let mut parts = 1;
        while let Some(name) = path.member() {
            ty = ty.sure_member(name?)?;
            parts += 1;
        }
        let left = leave(ty, parts, place, self.limits.steps, self.limits.result_bytes)?;
        self.total.add(left.weight.steps, left.weight.bytes);
        self.found.declared &= declared;
        self.found.parts += parts + 1;
        *too_large |= left.too_large;
        Some(left.ty)
    }
}

/// The pieces of a text so far. Most often one of them is any text, and then only lengths count: literals need no type.
pub(super) enum Joined<'t> {
    Nothing,
    Literal(&'t str),
    Few(Type),
    Length(u64, Option<u64>),
}

/// Bytes of a literal that stays one when it is joined to others.
const LISTED: usize = 4_096;

impl<'t> Joined<'t> {
    pub(super) fn and_literal(self, literal: &'t str) -> Joined<'t> {
        match self {
            Joined::Nothing if literal.len() <= LISTED => Joined::Literal(literal),
            Joined::Length(least, most) => {
                let own = length(literal);
                Joined::Length(least.saturating_add(own), most.and_then(|most| most.checked_add(own)))
            }
            before => before.and(&Type::texts([literal])),
        }
    }

    pub(super) fn and(self, ty: &Type) -> Joined<'t> {
        if ty.has_listed_texts() && !matches!(self, Joined::Length(..)) {
            return Joined::Few(self.into_type().concatenated(ty));
        }
        let (least, most) = match self {
            Joined::Nothing => (0, Some(0)),
            Joined::Literal(literal) => (length(literal), Some(length(literal))),
            Joined::Few(ty) => ty.text_length().unwrap_or((0, None)),
            Joined::Length(least, most) => (least, most),
        };
        let (own_least, own_most) = ty.text_length().unwrap_or((0, None));
        let most = most.zip(own_most).and_then(|(most, own)| most.checked_add(own));
        Joined::Length(least.saturating_add(own_least), most)
    }

    pub(super) fn into_type(self) -> Type {
        match self {
            Joined::Nothing => Type::texts([""]),
            Joined::Literal(literal) => Type::texts([literal]),
            Joined::Few(ty) => ty,
            Joined::Length(least, most) => Type::text_of(least, most),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::walk::Checker;
    use super::*;
    use crate::expr::Template;
    use crate::finding::ResidualKind;
    use crate::types::{Defs, lower};

    const PLACES: [&str; 16] = [
        "${ input.order.id }",
        "${input.order}",
        "${ input }",
        "${ steps.total }",
        "${ steps.total.sum }",
        "${ steps.level }",
        "${ steps.open.anything }",
        "${ input.order.note }",
        "Order ${ input.order.id } of ${ steps.level }",
        "${ steps.level }${ steps.level }",
        "${ steps.level }, ${ steps.flag } and ${ steps.total.sum }",
        "for ${ input.order }",
        "$${ no } ${ steps.level }",
        "${ steps.level ",
        "$5",
        "${ size(input.order.id) }",
    ];

    fn env() -> Vec<(&'static str, bool, Type)> {
        let schema = |schema: Value| lower(&schema, &Defs::none()).unwrap().upper().clone();
        let order = json!({ "type": "object", "required": ["order"], "properties": { "order": {
            "type": "object", "required": ["id"], "additionalProperties": false, "properties": {
                "id": { "type": "string", "maxLength": 40 }, "note": { "type": "string" } } } } });
        let total =
            json!({ "type": "object", "required": ["sum"], "properties": { "sum": { "type": "number" } } });
        vec![
            ("input", false, schema(order)),
            ("total", true, schema(total)),
            ("level", true, schema(json!({ "enum": ["new", "gold"] }))),
            ("flag", true, Type::boolean()),
            ("open", true, Type::untyped()),
        ]
    }

    /// Whether it was known at once; then it is what the compiled template is.
    fn same(template: &Value) -> bool {
        let limits = Limits::default();
        let names = env();
        let found = check_plain(template, &limits, &mut |name, is_step| {
            let known = names.iter().find(|(own, step, _)| *own == name && *step == is_step);
            known.map(|(_, _, ty)| (ty, true))
        });
        let Some(found) = found else { return false };
        let types = names.into_iter().fold(TypeEnv::new(), |types, (name, is_step, ty)| match is_step {
            true => types.with_step(name, StepType::Done(ty)),
            false => types.with_root(name, ty),
        });
        let compiled = Template::parse(template, &limits).unwrap();
        let checked = compiled.check(&types);
        assert!(checked.findings.is_empty() && checked.untyped.is_empty(), "{template}");
        assert_eq!((found.given.into_type(), found.declared), (checked.ty, checked.declared), "{template}");
        assert!(checked.residuals.iter().all(|(_, kind, _)| *kind == ResidualKind::Size), "{template}");
        let mut large: Vec<&str> = checked.residuals.iter().map(|(at, ..)| at.as_str()).collect();
        // In which order members are walked is the map's; a report sorts.
        large.sort_unstable();
        large.dedup();
        let mut too_large = found.too_large;
        too_large.sort_unstable();
        assert_eq!(too_large, large, "{template}");
        let exprs = compiled.expressions();
        let parts = exprs.iter().map(|expr| expr.ast().nodes().len() + expr.references().len());
        assert_eq!(found.parts, parts.sum::<usize>(), "{template}");
        true
    }

    #[test]
    fn a_template_of_plain_paths_is_what_the_compiled_one_is() {
        let known: Vec<bool> = PLACES.iter().map(|text| same(&json!(text))).collect();
        let at_once = [true, true, true, true, true, true, false, false, true, true, true];
        assert_eq!(known[..11], at_once);
        assert_eq!(known[11..], [false; 5]);
        for (at, one) in PLACES.iter().enumerate() {
            for (other_at, other) in PLACES.iter().enumerate() {
                let both = known[at] && known[other_at];
                let template =
                    json!({ "b": [one, 1, { "c": "constant" }], "a": other, "d": { "e": [null] } });
                assert_eq!(same(&template), both, "{template}");
            }
        }
        assert!(same(&json!({ "a": ["nothing", 2.5, { "b": true }] })) && same(&json!("plain")));
    }

    #[test]
    fn a_plain_path_is_what_the_checker_says_of_it() {
        let types = env().into_iter().fold(TypeEnv::new(), |types, (name, is_step, ty)| match is_step {
            true => types.with_step(name, StepType::Done(ty)),
            false => types.with_root(name, ty),
        });
        let types = types.with_step("skipped", StepType::MaybeAbsent(Type::text()));
        let mut known = 0;
        for source in [
            "input",
            "input.order",
            "input.order.id",
            "input.order.note",
            "input.order.other",
            "steps.total.sum",
            "steps.level",
            "steps.level.x",
            "steps.flag",
            "steps.open",
            "steps.open.x",
            "steps.skipped",
            "steps.?level",
            "nothing",
            "now",
            "-1",
        ] {
            let expr = crate::expr::parse(source, &Limits::default()).unwrap();
            for place in [Place::Value, Place::Item, Place::Member, Place::Text] {
                let (checked, weight) = Checker::new(&expr).check_weighed(&types, place);
                let Some(left) = compiled(&expr, &types, place) else { continue };
                known += 1;
                assert!(checked.findings.is_empty() && checked.untyped.is_empty(), "{source}");
                assert_eq!((left.ty, place != Place::Text), (checked.ty, checked.declared), "{source}");
                assert_eq!((left.weight.steps, left.weight.bytes), (weight.steps, weight.bytes), "{source}");
                assert_eq!(left.too_large, !checked.residuals.is_empty(), "{source}");
                assert!(checked.residuals.iter().all(|(kind, _)| *kind == ResidualKind::Size), "{source}");
            }
        }
        // Six that are there, in each place where they have a text or need none; and what nobody described as a value.
        assert_eq!(known, 4 * 4 + 2 * 3 + 3);
    }

    #[test]
    fn texts_that_are_too_many_or_too_long_are_known_by_their_length() {
        let long = "x".repeat(LISTED + 1);
        for text in [
            format!("{long}${{ steps.level }}"),
            format!("${{ steps.level }}{long}"),
            "${ steps.level }".repeat(9),
            format!("{}{long}${{ input.order.id }}", "${ steps.level }".repeat(9)),
        ] {
            assert!(same(&json!(text)), "{text}");
        }
    }
}
