//! The type lattice and the checker against the crate `jsonschema`.
//!
//! Any number of cases: `FLOV7_CASES=1000000 cargo test --release -p flov7-benches --locked -- --nocapture schemas`.

mod make;
mod random;
mod relate;
mod shrink;
mod values;

use flov7::types::{Assign, Defs, SchemaChecker, assign, lower};
use jsonschema::{Draft, Validator};
use serde_json::Value;

use random::Random;
use values::Pool;

/// Cases of one test: as many as asked for, else few enough for a debug build.
fn cases() -> u64 {
    let asked = std::env::var("FLOV7_CASES").ok().and_then(|count| count.parse().ok());
    asked.unwrap_or(if cfg!(debug_assertions) { 4_000 } else { 100_000 })
}

fn peer(schema: &Value) -> Option<Validator> {
    jsonschema::options().with_draft(Draft::Draft202012).build(schema).ok()
}

/// Values of the source that are tried for each pair.
const TRIED: usize = 40;

fn candidates(random: &mut Random, from: &Value, to: &Value) -> Vec<Value> {
    let pool = Pool::of(&[from, to]);
    (0..TRIED)
        .map(|at| {
            if at % 4 == 3 {
                values::value(random, to, to, &pool, 0)
            } else {
                values::value(random, from, from, &pool, 0)
            }
        })
        .collect()
}

/// What is wrong with the verdict, held against the peer.
fn wrong(from: &Value, to: &Value, candidates: &[Value]) -> Option<String> {
    let (source, target) = (peer(from)?, peer(to)?);
    let (lowered, wanted) = (lower(from, &Defs::none()).ok()?, lower(to, &Defs::none()).ok()?);
    for value in candidates.iter().filter(|value| source.is_valid(value)) {
        if !lowered.upper().contains(value) {
            return Some(format!("{value} is allowed, and not in the upper bound {}", lowered.upper()));
        }
    }
    if lowered.is_exact() {
        for value in candidates.iter().filter(|value| !source.is_valid(value)) {
            if lowered.upper().contains(value) {
                return Some(format!("{value} is not allowed, and in the exact type {}", lowered.upper()));
            }
        }
    }
    match assign(&lowered, &wanted) {
        Assign::Yes => {
            let broken = candidates.iter().find(|value| source.is_valid(value) && !target.is_valid(value))?;
            Some(format!("yes, and {broken} goes wrong"))
        }
        Assign::No { witness } if !source.is_valid(&witness) => {
            Some(format!("no, and {witness} does not come from the source"))
        }
        Assign::No { witness } if target.is_valid(&witness) => {
            Some(format!("no, and the target takes {witness}"))
        }
        _ => None,
    }
}

#[test]
fn types_assign_agrees_with_a_peer() {
    let (mut yes, mut no, mut undecided, mut refuted, mut pairs) = (0_u64, 0_u64, 0_u64, 0_u64, 0_u64);
    let (mut allowed, mut exact) = (0_u64, 0_u64);
    let mut failures = Vec::new();
    let mut seed = 0_u64;
    while pairs < cases() {
        seed += 1;
        let mut random = Random::new(seed);
        let from = make::schema(&mut random);
        let to = relate::target(&mut random, &from);
        let (Ok(lowered), Ok(wanted)) = (lower(&from, &Defs::none()), lower(&to, &Defs::none())) else {
            continue;
        };
        let (Some(source), Some(target)) = (peer(&from), peer(&to)) else { continue };
        pairs += 1;
        exact += u64::from(lowered.is_exact());
        let candidates = candidates(&mut random, &from, &to);
        let from_source: Vec<&Value> = candidates.iter().filter(|value| source.is_valid(value)).collect();
        allowed += from_source.len() as u64;
        match assign(&lowered, &wanted) {
            Assign::Yes => yes += 1,
            Assign::No { .. } => no += 1,
            _ => {
                undecided += 1;
                refuted += u64::from(from_source.iter().any(|value| !target.is_valid(value)));
            }
        }
        if wrong(&from, &to, &candidates).is_some() && failures.len() < 8 {
            let fails = |case: &[Value]| wrong(&case[0], &case[1], &candidates).is_some();
            let case = shrink::shrink(vec![from, to], &fails);
            let why = wrong(&case[0], &case[1], &candidates).unwrap_or_default();
            failures.push(format!("seed {seed}: {} → {}: {why}", case[0], case[1]));
        }
    }
    say(&format!(
        "{{\"pairs\": {pairs}, \"yes\": {yes}, \"no\": {no}, \"undecided\": {undecided}, \
         \"undecided_refuted_by_sampling\": {refuted}, \"exact\": {exact}, \"values\": {allowed}, \"wrong\": {}}}",
        failures.len()
    ));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(yes * 5 > pairs, "too few pairs are related to say much: {yes} of {pairs}");
}

#[test]
fn the_checker_agrees_with_a_peer() {
    let (mut checked, mut accepted, mut schemas) = (0_u64, 0_u64, 0_u64);
    let mut failures = Vec::new();
    let mut seed = 1_000_000_000_u64;
    while schemas < cases() {
        seed += 1;
        let mut random = Random::new(seed);
        let schema = make::schema(&mut random);
        let Some(validator) = peer(&schema) else { continue };
        let Ok(checker) = SchemaChecker::compile(&schema, &Defs::none()) else { continue };
        schemas += 1;
        let pool = Pool::of(&[&schema]);
        for _ in 0..TRIED {
            let value = values::value(&mut random, &schema, &schema, &pool, 0);
            checked += 1;
            accepted += u64::from(validator.is_valid(&value));
            if checker.accepts(&value) != validator.is_valid(&value) && failures.len() < 8 {
                let differs = |case: &[Value]| {
                    let peer = peer(&case[0]).map(|validator| validator.is_valid(&case[1]));
                    let own = SchemaChecker::compile(&case[0], &Defs::none()).ok();
                    peer.zip(own.map(|own| own.accepts(&case[1]))).is_some_and(|(a, b)| a != b)
                };
                let case = shrink::shrink(vec![schema.clone(), value.clone()], &differs);
                let own = SchemaChecker::compile(&case[0], &Defs::none()).map(|own| own.check(&case[1]));
                failures.push(format!("seed {seed}: {} on {}: ours says {own:?}", case[0], case[1]));
            }
            if checker.accepts(&value) != checker.check(&value).is_ok() {
                failures.push(format!("seed {seed}: {schema} on {value}: check and accepts differ"));
            }
        }
    }
    say(&format!(
        "{{\"schemas\": {schemas}, \"values\": {checked}, \"accepted\": {accepted}, \"wrong\": {}}}",
        failures.len()
    ));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(
        accepted * 5 > checked && accepted * 10 < checked * 9,
        "one verdict only: {accepted} of {checked}"
    );
}

/// What a run counted; shown with `--nocapture`.
fn say(line: &str) {
    use std::io::Write;
    let _ = writeln!(std::io::stdout(), "{line}");
}
