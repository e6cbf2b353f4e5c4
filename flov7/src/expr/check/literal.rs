//! List and map literals.

use std::collections::BTreeMap;

use super::env::TypeEnv;
use super::found::ExprFinding;
use super::walk::{Checker, Seen};
use crate::expr::ast::{Element, Entry, NodeId};
use crate::finding::{Code, ResidualKind};
use crate::types::{Additional, Presence, Type};

impl Checker<'_> {
    pub(super) fn list(&mut self, env: &TypeEnv, elements: &[Element]) -> Seen {
        let mut items = Vec::with_capacity(elements.len());
        let (mut steps, mut declared, mut optionals) = (0_u64, true, 0_u64);
        for element in elements {
            let seen = self.node(env, element.value);
            steps = steps.saturating_add(seen.steps);
            declared &= seen.declared && !seen.unclear;
            if element.optional {
                optionals += 1;
                items.push(self.inside_optional(&seen, element.value).unwrap_or_else(Type::never));
            } else {
                items.push(held(seen));
            }
        }
        let most = u64::try_from(items.len()).unwrap_or(u64::MAX);
        let least = most - optionals;
        if optionals > 0 {
            // A member that is left out moves all that follow it.
            let all = items.iter().fold(Type::never(), |all, ty| all.union(ty));
            return Seen::of(Type::list_of(Vec::new(), all, least, Some(most)), steps);
        }
        Seen::of(Type::list_of(items, Type::never(), least, Some(most)), steps).declared(declared)
    }

    pub(super) fn map(&mut self, env: &TypeEnv, entries: &[Entry]) -> Seen {
        let mut members: BTreeMap<String, (Type, Presence)> = BTreeMap::new();
        let mut computed: Option<Type> = None;
        let (mut steps, mut declared) = (0_u64, true);
        for entry in entries {
            let key = self.node(env, entry.key);
            let seen = self.node(env, entry.value);
            steps = steps.saturating_add(key.steps).saturating_add(seen.steps);
            declared &= seen.declared && !seen.unclear;
            let (ty, presence) = if entry.optional {
                let inner = self.inside_optional(&seen, entry.value).unwrap_or_else(Type::never);
                (inner, Presence::Optional)
            } else {
                (held(seen), Presence::Required)
            };
            let Some(names) = self.want_string(&key, entry.key) else {
                declared = false;
                computed = Some(computed.map_or(ty.clone(), |all| all.union(&ty)));
                continue;
            };
            let constant = names.text_values().filter(|names| names.len() == 1);
            match constant.as_deref() {
                Some([name]) => {
                    let sure = presence == Presence::Required;
                    if let Some((before, there)) = members.get(&**name) {
                        if sure && *there == Presence::Required {
                            let message = format!("the key `{name}` is there twice");
                            let finding =
                                ExprFinding::new(Code::WRONG_ARGUMENTS, self.span(entry.key), message);
                            self.find(finding.help("leave one of them out, or give it another name"));
                        } else {
                            self.residual(ResidualKind::Key, entry.key);
                        }
                        let both = ty.union(before);
                        members.insert(name.to_string(), (both, presence));
                    } else {
                        members.insert(name.to_string(), (ty, presence));
                    }
                }
                _ => {
                    declared = false;
                    computed = Some(computed.map_or(ty.clone(), |all| all.union(&ty)));
                }
            }
        }
        if let Some(all) = &computed {
            if entries.len() > 1 {
                self.computed_keys(entries);
            }
            // A computed key may be any of the constant ones only by failing, so those keep their types.
            let additional = Additional::Of(all.clone());
            return Seen::of(made(members, additional), steps);
        }
        Seen::of(made(members, Additional::Closed), steps).declared(declared)
    }

    /// A computed key may turn out to be there already.
    fn computed_keys(&mut self, entries: &[Entry]) {
        let computed: Vec<NodeId> =
            entries.iter().map(|entry| entry.key).filter(|key| self.literal(*key).is_none()).collect();
        // Which of two equal keys fails depends on their order: each place is listed.
        for entry in entries {
            if !computed.is_empty() {
                self.residual(ResidualKind::Key, entry.key);
            }
        }
    }

    /// What is inside the optional of a `?` entry.
    fn inside_optional(&mut self, seen: &Seen, id: NodeId) -> Option<Type> {
        if seen.unclear {
            return None;
        }
        match seen.ty.optional_inner() {
            Some(inner) if seen.ty.kinds().is_empty() => Some(inner),
            _ => {
                let message =
                    format!("{} is {}, and behind `?` an optional is wanted", self.show(id), seen.ty);
                let finding = ExprFinding::new(Code::WRONG_TYPE, self.span(id), message);
                self.find(finding.help("read it with `.?`, or leave the `?` out"));
                None
            }
        }
    }
}

/// What a literal holds in one place. What is unclear has a finding of its own, or is never reached: a type without
/// values, unlike one of which nobody said anything, is not complained about a second time.
fn held(seen: Seen) -> Type {
    if seen.unclear { Type::never() } else { seen.ty }
}

fn made(members: BTreeMap<String, (Type, Presence)>, additional: Additional) -> Type {
    Type::map(members.into_iter().map(|(name, (ty, presence))| (name, ty, presence)), additional)
}
