//! The cases of the CEL specification that speak of JSON, and those of cel-go's parser and checker, held against ours.
//!
//! `make.mjs` says where they come from and what is left out. Where we depart from CEL, each case is listed in
//! `departures.txt` under its reason; a case that is listed and passes fails the test like one that is not and fails.

mod tree;
mod types;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use flov7::expr::{Checked, Duration, EvalError, Fuel, Limits, Named, Timestamp, TypeEnv, parse};
use flov7::finding::Severity;
use flov7::json::ReadLimits;
use flov7::types::Type;
use serde_json::{Map, Value};

const FILES: &[(&str, &str)] = &[
    ("conformance", include_str!("conformance.json")),
    ("parsing", include_str!("parsing.json")),
    ("checking", include_str!("checking.json")),
    ("comprehension", include_str!("comprehension.json")),
];
const DEPARTURES: &str = include_str!("departures.txt");
const OUTSIDE: &str = include_str!("outside.json");

/// What is asked of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Aspect {
    /// It parses, or is refused.
    Parse,
    /// It parses to that tree.
    Tree,
    /// It has that value, or fails.
    Value,
    /// It checks with that type, or is refused.
    Type,
}

impl Aspect {
    const ALL: [Aspect; 4] = [Aspect::Parse, Aspect::Tree, Aspect::Value, Aspect::Type];

    fn name(self) -> &'static str {
        match self {
            Aspect::Parse => "parse",
            Aspect::Tree => "tree",
            Aspect::Value => "value",
            Aspect::Type => "type",
        }
    }
}

/// What a case asked for, and what came instead where that differs.
type Outcome = BTreeMap<Aspect, Result<(), String>>;

fn cases(text: &str) -> Vec<Value> {
    // Our own reader: `serde_json` does not read every double to the nearest.
    match flov7::json::read(text, &ReadLimits::default()) {
        Ok(Value::Array(cases)) => cases,
        other => panic!("no list of cases: {other:?}"),
    }
}

/// A value of the fixtures as it leaves an expression of ours; nothing where JSON has none.
fn expected(value: &Value) -> Option<Value> {
    match value {
        Value::Array(items) => items.iter().map(expected).collect::<Option<Vec<_>>>().map(Value::Array),
        Value::Object(members) => match members.iter().next() {
            Some((mark, inner)) if mark.starts_with('$') => match mark.as_str() {
                "$type" => Some(inner.clone()),
                "$time" => Some(Timestamp::read(inner.as_str()?).ok()?.to_string().into()),
                "$duration" => {
                    let seconds: f64 = inner.as_str()?.strip_suffix('s')?.parse().ok()?;
                    Some(Duration::from_millis((seconds * 1_000.0).trunc() as i64)?.to_string().into())
                }
                // Bytes, infinities, and maps with other keys than texts.
                _ => None,
            },
            _ => {
                let members: Option<Map<String, Value>> =
                    members.iter().map(|(key, value)| Some((key.clone(), expected(value)?))).collect();
                members.map(Value::Object)
            }
        },
        plain => Some(plain.clone()),
    }
}

fn run(file: &str, case: &Value) -> Outcome {
    let mut outcome = Outcome::new();
    let source = case["expr"].as_str().unwrap();
    let fails = case["fails"] == true;
    let expr = match parse(source, &Limits::default()) {
        Ok(expr) => expr,
        Err(faults) => {
            let result =
                if fails { Ok(()) } else { Err(format!("{}: {}", faults[0].code, faults[0].message)) };
            outcome.insert(Aspect::Parse, result);
            return outcome;
        }
    };
    let refused = file == "parsing" && fails;
    outcome.insert(Aspect::Parse, if refused { Err("it parses".to_owned()) } else { Ok(()) });
    if let Some(wanted) = case["tree"].as_str() {
        let found = tree::tree(expr.ast(), expr.ast().root());
        // Two spellings of one macro.
        let same = found == wanted.replace(".existsOne ", ".exists_one ");
        outcome.insert(Aspect::Tree, if same { Ok(()) } else { Err(found) });
    }
    let vars = case["vars"].as_object().cloned().unwrap_or_default();
    let vars: Vec<(String, Option<Value>)> =
        vars.into_iter().map(|(name, value)| (name, expected(&value))).collect();
    let mut evaluated = None;
    if file == "conformance" && (fails || case.get("value").is_some()) {
        let env = vars.iter().fold(Named::new(), |env, (name, value)| match value {
            Some(value) => env.with_root(name, value.clone()),
            None => env,
        });
        evaluated = Some(expr.eval(&env, &mut Fuel::new()));
        let result = match (evaluated.clone().unwrap(), expected(&case["value"])) {
            (Err(_), _) if fails => Ok(()),
            (Ok(found), _) if fails => Err(format!("it is {found}")),
            (Ok(found), Some(wanted)) if flov7::json::equal(&found, &wanted) => Ok(()),
            (Ok(found), _) => Err(format!("it is {found}")),
            (Err(error), _) => Err(format!("{}: {}", error.code, error.message)),
        };
        outcome.insert(Aspect::Value, result);
    }
    let mut types = TypeEnv::new();
    for (name, value) in &vars {
        let ty = value.as_ref().map_or_else(Type::untyped, Type::of_value);
        types = types.with_root(name, ty);
    }
    for (name, ty) in case["types"].as_object().into_iter().flatten() {
        types = types.with_root(name, types::ours(ty.as_str().unwrap()));
    }
    let checked = expr.check(&types);
    let error = checked.findings.iter().find(|finding| finding.severity == Severity::Error);
    if let (Some(found), None) = (&evaluated, error)
        && let Err(why) = sound(found, &checked)
    {
        outcome.insert(Aspect::Type, Err(why));
        return outcome;
    }
    if file == "checking" && fails {
        let found = if error.is_some() { Ok(()) } else { Err(format!("it checks as {}", checked.ty)) };
        outcome.insert(Aspect::Type, found);
    } else if let (Some(wanted), false) = (case["type"].as_str(), fails) {
        let result = match error {
            Some(finding) => Err(format!("{}: {}", finding.code.name(), finding.message)),
            None if types::fits(wanted, &checked.ty) => Ok(()),
            None => Err(format!("it is {}, wanted is {wanted}", checked.ty)),
        };
        outcome.insert(Aspect::Type, result);
    }
    outcome
}

/// What checks without an error has a value of its type, or fails in a way that is listed.
fn sound(found: &Result<Value, EvalError>, checked: &Checked) -> Result<(), String> {
    match found {
        Ok(value) if checked.ty.contains(value) => Ok(()),
        Ok(value) => Err(format!("unsound: it is {value}, typed {}", checked.ty)),
        Err(error) if checked.residuals.iter().any(|(kind, _)| kind.to_string() == error.code) => Ok(()),
        Err(error) => Err(format!("unsound: {} is not listed: {}", error.code, error.message)),
    }
}

/// A reason, and what departs for it.
struct Reason {
    id: &'static str,
    why: &'static str,
    cases: Vec<(&'static str, &'static str)>,
}

fn departures() -> Vec<Reason> {
    let mut reasons: Vec<Reason> = Vec::new();
    for line in DEPARTURES.lines().filter(|line| !line.is_empty() && !line.starts_with("//")) {
        if let Some(heading) = line.strip_prefix("# ") {
            let (id, why) = heading.split_once(": ").expect("a reason has an id and words");
            assert!(why.len() > 20, "{id} says too little");
            reasons.push(Reason { id, why, cases: Vec::new() });
            continue;
        }
        let (aspect, case) = line.split_once(' ').unwrap();
        assert!(Aspect::ALL.iter().any(|known| known.name() == aspect), "{line}");
        reasons.last_mut().unwrap().cases.push((aspect, case));
    }
    reasons
}

/// The outcomes of one file, by the name of the case.
type ByName = Vec<(String, Outcome)>;

/// What every case of each file came to, by name; found out once for all tests.
fn outcomes() -> &'static [(&'static str, ByName)] {
    static ALL: OnceLock<Vec<(&str, ByName)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let of = |file: &str, text| {
            let named = |case: &Value| format!("{file}/{}", case["name"].as_str().unwrap());
            cases(text).iter().map(|case| (named(case), run(file, case))).collect()
        };
        FILES.iter().map(|(file, text)| (*file, of(file, text))).collect()
    })
}

/// What is wrong with the list, given what happens; and a row of counts for each file.
fn held(listed: &[Reason]) -> (Vec<String>, Vec<String>) {
    let mut open: BTreeMap<(String, String), &str> = BTreeMap::new();
    let (mut rows, mut wrong) = (Vec::new(), Vec::new());
    for reason in listed {
        for (aspect, case) in &reason.cases {
            if open.insert(((*aspect).to_owned(), (*case).to_owned()), reason.id).is_some() {
                wrong.push(format!("{aspect} {case} is listed twice"));
            }
        }
    }
    for (file, cases) in outcomes() {
        let (mut whole, mut asked, mut passed) = (0, 0, 0);
        for (name, outcome) in cases {
            whole += usize::from(outcome.values().all(Result::is_ok));
            for (aspect, result) in outcome {
                asked += 1;
                passed += usize::from(result.is_ok());
                let aspect = aspect.name();
                match (result, open.remove(&(aspect.to_owned(), name.clone()))) {
                    (Ok(()), None) | (Err(_), Some(_)) => {}
                    (Err(found), None) => wrong.push(format!("{aspect} {name} => {found}")),
                    (Ok(()), Some(id)) => {
                        wrong.push(format!("{aspect} {name} passes, and is listed under {id}"));
                    }
                }
            }
        }
        rows.push(format!("| {file} | {} | {whole} | {asked} | {passed} |", cases.len()));
    }
    wrong.extend(open.keys().map(|(aspect, case)| format!("{aspect} {case} is listed, and nothing asks it")));
    (rows, wrong)
}

#[test]
fn cases_of_the_specification_pass_or_are_listed() {
    let (rows, wrong) = held(&departures());
    assert!(wrong.is_empty(), "{}\n{} wrong:\n{}", rows.join("\n"), wrong.len(), wrong.join("\n"));
}

#[test]
fn the_list_of_departures_can_fail() {
    // One taken off the list, one put on it that passes, one that nothing asks.
    let mut listed = departures();
    let off = listed[0].cases.pop().unwrap();
    listed[1].cases.push(("value", "conformance/basic/self_eval_zeroish/self_eval_int_zero"));
    listed[1].cases.push(("value", "conformance/no/such/case"));
    let (_, wrong) = held(&listed);
    assert_eq!(wrong.len(), 3, "{wrong:?}");
    assert!(wrong.iter().any(|line| line.starts_with(&format!("{} {} => ", off.0, off.1))));
    assert!(wrong.iter().any(|line| line.contains("self_eval_int_zero passes, and is listed")));
    assert!(wrong.iter().any(|line| line.contains("no/such/case is listed, and nothing asks it")));
}

#[test]
fn the_guide_says_the_counts() {
    let page = super::guide::PAGE;
    let (mut lines, _) = held(&departures());
    lines.extend(
        departures()
            .iter()
            .map(|reason| format!("| {} | {} | {} |", reason.id, reason.cases.len(), reason.why)),
    );
    let outside = flov7::json::read(OUTSIDE, &ReadLimits::default()).unwrap();
    let left: u64 =
        outside["outside"].as_object().unwrap().values().map(|count| count.as_u64().unwrap()).sum();
    let all = outside["cases"].as_u64().unwrap();
    let kept: usize = FILES.iter().map(|(_, text)| cases(text).len()).sum();
    assert_eq!(u64::try_from(kept).unwrap() + left, all);
    lines.push(format!("The package has {all} cases; {kept} of them speak of JSON"));
    for line in lines {
        assert!(page.contains(&line), "the guide lacks: {line}");
    }
}
