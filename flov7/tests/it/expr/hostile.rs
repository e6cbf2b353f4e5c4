//! Limits and hostile input: refused or stopped, within counted work.

use std::fmt::Write;

use flov7::expr::{Fuel, Limits, Named, Template, parse};
use serde_json::{Value, json};

use super::{check_failures, env, faults, value};

/// The steps of an evaluation, and its failure's code.
fn spent(source: &str) -> (u64, Option<&'static str>) {
    let mut fuel = Fuel::new();
    let expr = parse(source, &Limits::default()).unwrap_or_else(|e| panic!("{source}: {e:?}"));
    let result = expr.eval(&env(), &mut fuel);
    (fuel.used(), result.err().map(|error| error.code))
}

#[test]
fn limits_of_the_source() {
    let cases = [
        ("1".repeat(8_193), "expression-size"),
        (vec!["1"; 1_000].join("+"), "expression-size"),
        (format!("{}1{}", "(".repeat(64), ")".repeat(64)), "expression-size"),
        (format!("{}1{}", "[".repeat(65), "]".repeat(65)), "expression-size"),
        (format!("{}a", "!".repeat(64)), "expression-size"),
        (format!("{}a", "- ".repeat(64)), "expression-size"),
        (format!("a{}", ".b".repeat(64)), "expression-size"),
        (format!("a{}", "[0]".repeat(64)), "expression-size"),
        (format!("{}c", "a ? b : ".repeat(64)), "expression-size"),
        (format!("a{}", " == a".repeat(64)), "expression-size"),
        (format!("{}1{}", "{\"a\":".repeat(100), "}".repeat(100)), "expression-size"),
        ("a.map(a, a.map(b, a.map(c, a.map(d, a.map(e, e)))))".to_owned(), "expression-size"),
        ("(".repeat(8_000), "expression-size"),
        ("[".repeat(8_000), "expression-size"),
        ("!".repeat(8_000), "expression-size"),
        ("-".repeat(8_000), "expression-size"),
        ("{".repeat(8_000), "expression-size"),
        ("a[".repeat(4_000), "expression-size"),
        ("a?".repeat(4_000), "expression-size"),
        ("a.b(".repeat(2_000), "expression-size"),
        ("1?1:".repeat(2_000), "expression-size"),
        ("?.".repeat(4_000), "expression-syntax"),
        ("\\".repeat(8_000), "expression-syntax"),
        ("'".repeat(8_001), "expression-syntax"),
        ("a.?".repeat(2_000), "expression-size"),
    ];
    for (source, code) in cases {
        assert_eq!(faults(&source).last().map(|f| f.code), Some(code), "{}", &source[..20.min(source.len())]);
    }
}

#[test]
fn limits_go_down_only() {
    let small = Limits::default().with_depth(3).with_nodes(5).with_source_bytes(20).with_macros(1);
    for source in ["[[[1]]]", "1+1+1+1+1", "1         +         1", "[].map(a, a.map(b, b))"] {
        assert_eq!(parse(source, &small).unwrap_err()[0].code, "expression-size", "{source}");
    }
    parse("1+1+1", &small).unwrap();
    let large = Limits::default().with_depth(100_000).with_macros(100);
    assert_eq!(large, Limits::default());
    let steps = Limits::default().with_steps(10);
    let error = parse("range(5).map(x, x)", &steps).unwrap().eval(&env(), &mut Fuel::new()).unwrap_err();
    assert_eq!(error.code, "data.size");
    let bytes = Limits::default().with_result_bytes(8);
    let error = parse("\"12345678\" + \"9\"", &bytes).unwrap().eval(&env(), &mut Fuel::new()).unwrap_err();
    assert_eq!(error.code, "data.size");
}

#[test]
fn long_chains_need_no_stack() {
    // As long as the limits of the source allow, on the stack of a small thread.
    let worker = std::thread::Builder::new().stack_size(256 << 10).spawn(|| {
        let sum = vec!["1"; 999].join("+");
        assert_eq!(value(&sum).unwrap(), json!(999));
        let sum = vec!["\"ab\""; 999].join("+");
        assert_eq!(value(&sum).unwrap(), json!("ab".repeat(999)));
        let all = vec!["true"; 999].join("&&");
        assert_eq!(value(&all).unwrap(), json!(true));
        let any = vec!["false"; 999].join("||");
        assert_eq!(value(&any).unwrap(), json!(false));
    });
    worker.unwrap().join().unwrap();
}

#[test]
fn deepest_input_needs_little_stack() {
    let worker = std::thread::Builder::new().stack_size(1 << 20).spawn(|| {
        let nested = format!("{}1{}", "[".repeat(62), "]".repeat(62));
        let twice = format!("{nested} == {nested}");
        assert_eq!(value(&twice).unwrap(), json!(true));
        let calls = format!("{}1{}", "math.abs(-".repeat(31), ")".repeat(31));
        assert_eq!(value(&calls).unwrap(), json!(1));
        let mut deep = json!(1);
        for _ in 0..250 {
            deep = json!({"a": [deep]});
        }
        let env = Named::new().with_root("input", deep);
        for source in ["input == input", "toJson(input)", "[input, input].distinct()", "{\"a\": input}"] {
            parse(source, &Limits::default()).unwrap().eval(&env, &mut Fuel::new()).unwrap();
        }
        let parentheses = format!("{}1{}", "(".repeat(63), ")".repeat(63));
        assert_eq!(value(&parentheses).unwrap(), json!(1));
    });
    worker.unwrap().join().unwrap();
}

#[test]
fn values_that_are_too_deep_are_refused() {
    let mut deep = json!(1);
    for _ in 0..600 {
        deep = json!([deep]);
    }
    let env = Named::new().with_root("input", deep);
    for source in ["input == input", "toJson(input)", "input.distinct()", "[input]"] {
        let error = parse(source, &Limits::default()).unwrap().eval(&env, &mut Fuel::new()).unwrap_err();
        assert_eq!(error.code, "data.size", "{source}");
    }
}

#[test]
fn doubling_is_stopped_while_it_builds() {
    // 308 bytes that would make 2^24 × 16 bytes.
    let mut text = "[\"0123456789abcdef\"]".to_owned();
    for _ in 0..24 {
        text.push_str(".map(s, s + s)");
    }
    let (steps, code) = spent(&text);
    assert_eq!(code, Some("data.size"));
    assert!(steps < 100_000, "{steps}");
    let mut list = "[[1]]".to_owned();
    for _ in 0..24 {
        list.push_str(".map(s, s + s)");
    }
    assert_eq!(spent(&list), (100_000, Some("data.size")));
    // Shared members: small inside, huge on the way out.
    let mut shared = "[1]".to_owned();
    for _ in 0..19 {
        shared = format!("[{shared}].map(s, [s, s])[0]");
    }
    for source in [
        shared.clone(),
        format!("toJson({shared})"),
        format!("{shared} == {shared}"),
        format!("[{shared}].distinct()"),
        format!("\"%s\".format([{shared}])"),
    ] {
        assert_eq!(spent(&source).1, Some("data.size"), "{}", &source[..20]);
    }
}

#[test]
fn work_is_counted_everywhere() {
    let long = "x".repeat(4_000);
    let replaced = format!("\"{long}\".replace(\"x\", \"{}\")", "y".repeat(4_000));
    let mut cases = vec![
        replaced,
        format!("range(300).map(i, range(300).map(j, i * j))"),
        format!("range(50000).map(i, \"{long}\" + \"!\")"),
        format!("range(50000).exists(i, \"{long}\" == \"{long}!\")"),
        format!("range(50000).filter(i, \"{long}\".contains(\"z\"))"),
        format!("range(50000).filter(i, \"{long}\".matches(\"(x+x+)+y\"))"),
        format!("range(50000).map(i, \"{long}\".split(\"\"))"),
        format!("range(50000).map(i, toJson(\"{long}\"))"),
        format!("range(50000).map(i, \"{long}\".lower())"),
        format!("range(50000).map(i, size(\"{long}\"))"),
        format!("range(50000).map(i, \"{long}\").sort()"),
        format!("range(50000).map(i, \"{long}\").distinct()"),
        format!("range(50000).map(i, \"{long}\").join(\"\")"),
        format!("range(20000).map(i, \"{long}\")"),
        "range(9000).map(i, range(9000).sum())".to_owned(),
        "range(9000).map(i, range(9000).reverse())".to_owned(),
        "range(9000).map(i, i in range(9000))".to_owned(),
        "range(3000).sort().map(i, range(3000).sort())".to_owned(),
        "range(60000).sort()".to_owned(),
        "range(9000).map(i, input == input)".to_owned(),
        "range(9000).map(i, [range(9000)].flatten())".to_owned(),
        "range(9000).map(i, range(9000).chunk(1))".to_owned(),
        "range(9000).map(i, input.map.merge(input.map))".to_owned(),
        "range(9000).map(i, range(9000).transformList(j, x, x))".to_owned(),
        "range(9000).map(i, range(100).transformMapEntry(j, x, {string(x): x}))".to_owned(),
        "range(30000).map(i, input.map.transformMap(k, x, x))".to_owned(),
        "range(90000).map(i, cel.bind(x, i, x))".to_owned(),
        "range(90000).map(i, optional.of(i).optMap(x, x))".to_owned(),
        "range(90000).map(i, math.bitXor(i, 1))".to_owned(),
        format!("range(50000).map(i, \"%s\".format([\"{long}\"]))"),
        format!("range(50000).map(i, \"{long}\".format([]))"),
        format!("range(50000).map(i, \"%x\".format([\"{long}\"]))"),
        format!("range(50000).map(i, \"%s\".format([input]))"),
        format!("range(50000).map(i, strings.quote(\"{long}\"))"),
    ];
    let mut keys = String::from("range(9000).map(i, {");
    for i in 0..150 {
        let _ = write!(keys, "\"{i}\": i, ");
    }
    keys.push_str("}.map(k, k))");
    cases.push(keys);
    for source in cases {
        let (steps, code) = spent(&source);
        assert_eq!(code, Some("data.size"), "{}", &source[..40]);
        assert!(steps <= 100_000);
    }
}

#[test]
fn work_is_counted_in_proportion() {
    let long = "x".repeat(6_400);
    let plain = spent(&format!("size(\"{long}\")")).0;
    assert_eq!(plain, 2 + 100);
    // A search costs the pattern too.
    let short = spent(&format!("\"{long}\".matches(\"y\")")).0;
    let wide = spent(&format!("\"{long}\".matches(\"y{{1,500}}\")")).0;
    assert!(short > plain && wide > 50 * short, "{plain} {short} {wide}");
    // A sort costs its comparisons, and each of them its texts.
    let made = spent("range(2000)").0;
    let sorted = spent("range(2000).sort()").0;
    assert!(sorted > made + 2_000 * 11 / 4, "{made} {sorted}");
    let long = "x".repeat(640);
    let texts = spent(&format!("size(range(2000).map(i, \"{long}\"))")).0;
    let sorted = spent(&format!("size(range(2000).map(i, \"{long}\").sort())")).0;
    assert!(sorted > texts + 2_000 * 11 * 10 / 4, "{texts} {sorted}");
}

#[test]
fn a_text_is_refused_before_it_is_made() {
    // A terabyte, were it made.
    let env = Named::new().with_root("input", json!("x".repeat(1 << 20)));
    for source in [
        "input.replace(\"x\", input)",
        "input + input",
        "[input, input].join()",
        "[input].map(t, t + t)",
        "\"%s%s\".format([input, input])",
        "\"%x\".format([input])",
        "strings.quote(input)",
        "cel.bind(t, input, t + t)",
    ] {
        let error = parse(source, &Limits::default()).unwrap().eval(&env, &mut Fuel::new()).unwrap_err();
        assert_eq!(error.code, "data.size", "{source}");
        // And nothing absorbs that.
        for whole in [format!("{source} == 1 || true"), format!("[1].exists(i, {source} == i || true)")] {
            let error = parse(&whole, &Limits::default()).unwrap().eval(&env, &mut Fuel::new()).unwrap_err();
            assert_eq!(error.code, "data.size", "{whole}");
        }
    }
}

#[test]
fn a_template_is_limited_as_a_whole() {
    let row = json!({"a": "${ range(2000).map(x, x) }"});
    let template = Template::parse(&Value::Array(vec![row; 100]), &Limits::default()).unwrap();
    let mut fuel = Fuel::new();
    assert_eq!(template.render(&env(), &mut fuel).unwrap_err().code, "data.size");
    assert!(fuel.used() <= 100_000);
    let constant = json!({"a": "x".repeat(300_000), "b": "${ 1 }"});
    let template = Template::parse(&Value::Array(vec![constant; 4]), &Limits::default()).unwrap();
    assert_eq!(template.render(&env(), &mut fuel).unwrap_err().code, "data.size");
    let text = json!(format!("{}${{ input.name }}", "x".repeat(1 << 20)));
    let template = Template::parse(&text, &Limits::default()).unwrap();
    assert_eq!(template.render(&env(), &mut fuel).unwrap_err().code, "data.size");
    let mut deep = json!("${ 1 }");
    for _ in 0..300 {
        deep = json!([deep]);
    }
    assert_eq!(Template::parse(&deep, &Limits::default()).unwrap_err()[0].error.code, "expression-size");
}

#[test]
fn fuel_adds_up() {
    let mut fuel = Fuel::new();
    let expr = parse("1 + 2", &Limits::default()).unwrap();
    expr.eval(&env(), &mut fuel).unwrap();
    assert_eq!(fuel.used(), 3);
    expr.eval(&env(), &mut fuel).unwrap();
    assert_eq!(fuel.used(), 6);
    let failing = parse("1 / 0", &Limits::default()).unwrap();
    failing.eval(&env(), &mut fuel).unwrap_err();
    assert_eq!(fuel.used(), 9);
}

#[test]
fn nothing_panics() {
    // Every expression of this folder, cut and changed at every place: whatever comes, an answer comes.
    let sources = [include_str!("operators.rs"), include_str!("functions.rs"), include_str!("syntax.rs")];
    let env = env();
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = |most: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        usize::try_from(seed % most as u64).unwrap()
    };
    let alphabet: Vec<char> = "()[]{}.?:,\"'`\\/$&|=<>!+-*%0123456789axuäe \n".chars().collect();
    for line in sources.iter().flat_map(|text| text.lines()) {
        let Some(start) = line.find('"') else { continue };
        let line: Vec<char> = line[start + 1..].replace("\\\"", "\"").chars().take(120).collect();
        for _ in 0..12 {
            let mut changed = line.clone();
            changed.truncate(random(line.len() + 1));
            for _ in 0..random(3) {
                let at = random(changed.len() + 1);
                changed.insert(at, alphabet[random(alphabet.len())]);
            }
            let source: String = changed.into_iter().collect();
            if let Ok(expr) = parse(&source, &Limits::default()) {
                let _ = expr.eval(&env, &mut Fuel::new());
                let again = parse(&expr.to_string(), &Limits::default());
                let again = again.unwrap_or_else(|e| panic!("{source} became {expr}: {e:?}"));
                assert_eq!(again.to_string(), expr.to_string(), "{source}");
            }
            let template = json!(format!("${{{source}}}"));
            if let Ok(template) = Template::parse(&template, &Limits::default()) {
                let _ = template.render(&env, &mut Fuel::new());
            }
        }
    }
    check_failures(&[("1 / 0", "data.division")]);
}
