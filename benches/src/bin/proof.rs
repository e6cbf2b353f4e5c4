//! Runs the proof.

use std::collections::BTreeMap;

use flov7_benches::proof::typed_case;

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let get = |name: &str, default: u64| {
        args.iter()
            .position(|arg| arg == name)
            .and_then(|at| args.get(at + 1)?.parse().ok())
            .unwrap_or(default)
    };
    let (cases, seed) = (get("--cases", 100), get("--seed", 0));
    let verbose = args.iter().any(|arg| arg == "-v");
    let mut kinds: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut ended: BTreeMap<String, u64> = BTreeMap::new();
    let mut wrong = 0;
    for seed in seed..seed + cases {
        let (case, outcome) = typed_case(seed);
        for (k, n) in &outcome.ended {
            *ended.entry(k.clone()).or_default() += n;
        }
        if !outcome.wrong.is_empty() {
            wrong += 1;
            let first = outcome.wrong[0].clone();
            let key: String = first.split(" at ").next().unwrap_or("").chars().take(60).collect();
            let entry = kinds.entry(key).or_insert((0, seed));
            entry.0 += 1;
            if verbose || entry.0 == 1 {
                println!("seed {seed}: {first}");
                if verbose && let Some(case) = case {
                    println!("{}", serde_json::to_string_pretty(&case.document).unwrap_or_default());
                    for action in case.catalog.actions().filter(|action| !action.id.starts_with("core.")) {
                        println!("{} {} -> {}", action.id, action.input.0, action.output.0);
                    }
                }
            }
        }
    }
    println!("{kinds:#?} {ended:?} wrong {wrong}");
}
