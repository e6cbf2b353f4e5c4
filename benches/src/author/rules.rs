//! What happens when a step fails.

use serde_json::{Value, json};

use super::fill::T;
use super::scope::Scope;
use super::step::{Kind, Made};
use super::{Author, E};
use crate::ty::{Member, Rest, Texts, Ty};

/// `error`, as rules and collected items have it.
pub(super) fn error() -> Ty {
    let member = |name: &str, ty| Member { name: name.to_owned(), ty, required: true };
    let members = vec![
        // Where a rule names one code, it is a text that never changes.
        member("code", Ty::Text(Texts { max: Some(100), ..Texts::default() })),
        member("class", Ty::texts(&["world", "contract", "data", "limit"])),
        member("message", Ty::text()),
        member("step", Ty::text().or_null()),
        member("attempt", Ty::int()),
        member("retryable", Ty::Bool),
        member("details", Ty::Any),
    ];
    Ty::object(members, Rest::Closed)
}

impl Author {
    /// Adds rules to a step. Gives the type of its value behind them, whether that is computed, whether the block goes on
    /// when it fails, and whether it then always has a value.
    pub(super) fn rules(&mut self, id: &str, s: &Scope, made: &mut Made) -> (Option<Ty>, bool, bool, bool) {
        // What always fails has no type but that of the values that stand in for it.
        let own = made.value.clone().filter(|_| made.kind != Kind::Fail);
        if matches!(made.kind, Kind::Filter | Kind::Guard) || !self.dice.chance(1, 4) {
            return (own, made.computed, false, true);
        }
        let mut s = s.clone();
        s.extend(&made.inside);
        s.forget("error");
        s.add("error", &error(), false, &[]);
        let (mut ty, mut computed, mut goes_on, mut always) = (own.clone(), made.computed, false, true);
        let mut rules = Vec::new();
        for last in [false, true] {
            if !last && self.dice.chance(1, 2) {
                continue;
            }
            let mut rule = json!({});
            if !last || self.dice.chance(1, 2) {
                self.count("on_error codes");
                rule["codes"] = json!([self.code(made)]);
            }
            if !made.ids.is_empty() && self.dice.chance(1, 4) {
                self.count("on_error steps");
                rule["steps"] = json!([self.dice.one(&made.ids).clone()]);
            }
            if self.dice.chance(1, 5) {
                self.count("on_error undo");
                rule["undo"] = json!(true);
            }
            if self.dice.chance(1, 4) {
                self.count("on_error fail");
                rule["then"] = json!("fail");
            } else {
                rule["then"] = json!("continue");
                goes_on = true;
                match self.stand_in(&s, made) {
                    Some(value) => {
                        self.count("on_error value");
                        rule["value"] = value.template;
                        if made.kind == Kind::Fail {
                            ty = Some(ty.map_or(value.ty.clone(), |ty| ty.join(&value.ty)));
                            computed |= value.computed;
                        } else if made.kind != Kind::Action {
                            // Whether the value surely is one of the step's own is for validation to find.
                            ty = ty.map(|ty| ty.join(&value.ty));
                        }
                    }
                    None => {
                        self.count("on_error continue");
                        always = false;
                    }
                }
            }
            rules.push(rule);
        }
        let _ = id;
        made.step["on_error"] = Value::Array(rules);
        (ty, computed, goes_on, always)
    }

    fn code(&mut self, made: &Made) -> String {
        if !made.codes.is_empty() && self.dice.chance(1, 2) {
            return self.dice.one(&made.codes).clone();
        }
        let ours = [
            "timeout",
            "data.*",
            "data.index",
            "data.overflow",
            "contract.*",
            "contract.link",
            "outcome_unknown",
            "limit.payload",
        ];
        (*self.dice.one(&ours)).to_owned()
    }

    /// A value in place of the step's own.
    fn stand_in(&mut self, s: &Scope, made: &Made) -> Option<T> {
        if self.dice.chance(2, 5) {
            return None;
        }
        let ty = made.value.clone()?;
        if made.kind == Kind::Action {
            return Some(self.template(s, &ty, 2));
        }
        if made.kind == Kind::Fail {
            let ty = Ty::random(&mut self.dice, 1);
            return Some(self.template(s, &ty, 1));
        }
        // Nothing says what a computed step gives but what it computes, so the value is computed, too.
        let e = match ty {
            Ty::Number(_) => {
                let e = self.number(s, true, 1);
                E::computed(format!("({} + 0)", e.text), Ty::int())
            }
            Ty::Text(_) => {
                let e = self.text(s, 1);
                E::computed(format!("({} + \"\")", e.text), Ty::text())
            }
            Ty::Bool => {
                let e = self.truth(s, 1);
                E::computed(format!("({} == true)", e.text), Ty::Bool)
            }
            _ => return None,
        };
        Some(T { template: self.marked(&e.text), ty: e.ty, computed: true })
    }
}
