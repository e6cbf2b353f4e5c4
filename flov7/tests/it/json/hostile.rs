//! Texts that are made to hurt end in a fault, in time and memory that the limits bound.

use flov7::json::{self, ReadLimits};
use serde_json::Value;

fn fault(text: &str, limits: &ReadLimits) -> (&'static str, usize) {
    let fault = json::read(text, limits).unwrap_err();
    let all = json::read_document(text, limits).unwrap_err();
    assert_eq!(all.first().map(|fault| fault.code), Some(fault.code));
    (fault.code, fault.span.start)
}

#[test]
fn nesting() {
    let limits = ReadLimits::default();
    assert_eq!(fault(&"[".repeat(100_000), &limits), ("document-depth", 256));
    assert_eq!(fault(&"{\"a\":".repeat(100_000), &limits), ("document-depth", 256 * 5));
    assert_eq!(fault(&"[{\"a\":".repeat(100_000), &limits), ("document-depth", 128 * 6));
    let full = "[".repeat(256) + &"]".repeat(256);
    assert!(json::read(&full, &limits).is_ok());
    // More than the maximum cannot be asked for.
    let more = ReadLimits::default().with_depth(100_000);
    let most = json::MAX_STORED_DEPTH;
    assert_eq!(fault(&"[".repeat(100_000), &more), ("document-depth", most));
    assert!(most > json::MAX_DEPTH && json::read(&("[".repeat(most) + &"]".repeat(most)), &more).is_ok());
    let less = ReadLimits::default().with_depth(1);
    assert_eq!(fault("[[]]", &less), ("document-depth", 1));
    assert!(json::read("[1]", &less).is_ok());
    assert_eq!(fault("[]", &ReadLimits::default().with_depth(0)), ("document-depth", 0));
    assert!(json::read("7", &ReadLimits::default().with_depth(0)).is_ok());
}

#[test]
fn size() {
    let limits = ReadLimits::default();
    let text = format!("\"{}\"", "x".repeat(100 << 20));
    assert_eq!(fault(&text, &limits), ("document-size", 0));
    let exact = ReadLimits::default().with_bytes(4);
    assert!(json::read("1234", &exact).is_ok());
    assert_eq!(fault("12345", &exact), ("document-size", 0));
}

#[test]
fn count_of_values() {
    let limits = ReadLimits::default().with_values(4);
    assert!(json::read("[1,[2]]", &limits).is_ok());
    assert_eq!(fault("[1,[2],3]", &limits), ("document-size", 7));
    assert!(json::read(r#"{"a":1,"b":[2]}"#, &limits).is_ok());
    let many = format!("[{}0]", "0,".repeat(1_000_000));
    assert_eq!(fault(&many, &ReadLimits::default()).0, "document-size");
}

#[test]
fn many_faults_are_counted_once_and_kept_a_hundred() {
    let members = "\"a\":1e999,".repeat(50_000);
    let reading = json::examine(&format!("{{{members}\"a\":0}}"), &ReadLimits::default());
    assert_eq!(reading.faults.len(), json::Reading::MAX_FAULTS);
    assert!(reading.document.is_some());
    // A fault that ends the reading is told all the same.
    let reading = json::examine(&format!("{{{members}"), &ReadLimits::default());
    assert_eq!(reading.faults.len(), json::Reading::MAX_FAULTS + 1);
    assert_eq!(reading.faults.last().unwrap().code, "json-syntax");
}

#[test]
fn distinct_names_then_repeats() {
    let names: String = (0..60_000).map(|i| format!("\"k{i}\":0,")).collect();
    let repeats = "\"k59999\":0,".repeat(60_000);
    let reading = json::examine(&format!("{{{names}{repeats}\"z\":0}}"), &ReadLimits::default());
    assert_eq!(reading.faults.len(), json::Reading::MAX_FAULTS);
}

#[test]
fn long_literals() {
    let digits = "7".repeat(1 << 20);
    assert_eq!(fault(&digits, &ReadLimits::default()), ("number-range", 0));
    assert!(json::read(&format!("0.{digits}"), &ReadLimits::default()).is_ok());
    assert!(json::read(&format!("0e{digits}"), &ReadLimits::default()).is_ok());
    assert_eq!(fault(&format!("1e{digits}"), &ReadLimits::default()), ("number-range", 0));
}

/// Whatever bytes come, the reader answers, its faults have places inside the text, and what it takes is what
/// another reader takes.
#[test]
#[allow(clippy::disallowed_methods)] // the other reader
fn mutated_texts() {
    let seeds = [
        r#"{"flov7":1,"steps":[{"id":"a","data":{"set":"${ 1 + 2 }"}},{"id":"é😀","n":-1.5e+3,"x":null}]}"#,
        r#"[true,false,null,"\u00e9\ud83d\ude00\n\\\"",0,-0.0,1e17,[[[]]],{"a":{"b":{}}}]"#,
    ];
    let pool: Vec<char> = "{}[]\",:\\u0123456789eE+-.tfn aé😀\u{0}\u{FEFF}\n\t".chars().collect();
    let mut state = 42u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % 1_000_003).unwrap() % below
    };
    let (mut taken, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let mut text: Vec<char> = seeds[next(2)].chars().collect();
        for _ in 0..=next(3) {
            let at = next(text.len());
            match next(3) {
                0 => text[at] = pool[next(pool.len())],
                1 => text.insert(at, pool[next(pool.len())]),
                _ => {
                    text.remove(at);
                }
            }
        }
        let text: String = text.into_iter().collect();
        let reading = json::examine(&text, &ReadLimits::default());
        let other = serde_json::from_str::<Value>(text.strip_prefix('\u{FEFF}').unwrap_or(&text));
        for fault in &reading.faults {
            assert!(
                text.is_char_boundary(fault.span.start) && text.is_char_boundary(fault.span.end),
                "{text:?}"
            );
            assert!(fault.span.start <= fault.span.end, "{text:?}");
        }
        match (reading.document, reading.faults.is_empty()) {
            (Some(document), true) => {
                taken += 1;
                let other = other.unwrap_or_else(|error| panic!("{text:?} is not JSON: {error}"));
                assert!(alike(&document.value, &other), "{text:?}");
            }
            _ => {
                refused += 1;
                let strict = reading.faults.iter().all(|fault| fault.code != "json-syntax");
                assert!(other.is_err() || strict, "{text:?} is JSON: {:?}", reading.faults);
            }
        }
    }
    assert!(taken > 500 && refused > 5_000, "{taken} {refused}");
}

/// Equal but for the last bits of doubles: `serde_json` does not round correctly unless told to.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(x), Value::Number(y)) => {
            let (x, y) = (x.as_f64().unwrap(), y.as_f64().unwrap());
            (x - y).abs() <= x.abs() * 1e-14
        }
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| alike(a, b)))
        }
        _ => a == b,
    }
}
