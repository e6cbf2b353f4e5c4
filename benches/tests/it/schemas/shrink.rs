//! Making a failing case small: members and items are taken away as long as it goes on failing.

use serde_json::Value;

/// Smaller and smaller cases for which `fails` goes on saying yes.
pub(super) fn shrink(case: Vec<Value>, fails: &dyn Fn(&[Value]) -> bool) -> Vec<Value> {
    let mut best = case;
    let mut tries = 4_000;
    loop {
        let mut better = None;
        'search: for at in 0..best.len() {
            for smaller in smaller(&best[at]) {
                let mut other = best.clone();
                other[at] = smaller;
                tries -= 1;
                if fails(&other) {
                    better = Some(other);
                    break 'search;
                }
                if tries == 0 {
                    return best;
                }
            }
        }
        match better {
            Some(better) => best = better,
            None => return best,
        }
    }
}

/// The value with one part less, the larger parts first.
fn smaller(value: &Value) -> Vec<Value> {
    let mut all = Vec::new();
    match value {
        Value::Object(members) => {
            all.extend(members.values().filter(|inner| inner.is_object()).cloned());
            for name in members.keys() {
                let mut fewer = members.clone();
                fewer.remove(name);
                all.push(Value::Object(fewer));
            }
            for (name, inner) in members {
                for inner in smaller(inner) {
                    let mut other = members.clone();
                    other.insert(name.clone(), inner);
                    all.push(Value::Object(other));
                }
            }
        }
        Value::Array(items) => {
            for at in 0..items.len() {
                let mut fewer = items.clone();
                fewer.remove(at);
                all.push(Value::Array(fewer));
            }
            for (at, inner) in items.iter().enumerate() {
                for inner in smaller(inner) {
                    let mut other = items.clone();
                    other[at] = inner;
                    all.push(Value::Array(other));
                }
            }
        }
        _ => {}
    }
    all
}
