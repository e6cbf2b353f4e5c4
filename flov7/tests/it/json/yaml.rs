//! YAML: what plain words mean, what is refused, and where things stand.

use flov7::json::{self, ReadLimits, yaml};

fn fault(text: &str) -> json::ReadError {
    match yaml::read_document(text, &ReadLimits::default()) {
        Ok(document) => panic!("{text:?} was taken as {}", document.value),
        Err(faults) => faults.into_iter().next().unwrap(),
    }
}

#[test]
fn core_schema() {
    // YAML text, canonical JSON
    let cases = [
        ("a", r#""a""#),
        ("'7'", r#""7""#),
        ("\"7\"", r#""7""#),
        ("7", "7"),
        ("+7", "7"),
        ("-7", "-7"),
        ("007", "7"),
        ("-0", "0"),
        ("0o17", "15"),
        ("0xfF", "255"),
        ("-0x1", r#""-0x1""#),
        ("0o8", r#""0o8""#),
        ("1.0", "1"),
        ("1.", "1"),
        (".5", "0.5"),
        ("-.5", "-0.5"),
        ("+1.5e3", "1500"),
        ("1e3", "1000"),
        ("1e-7", "1e-7"),
        ("1e17", "1e17"),
        (".", r#"".""#),
        (".e3", r#"".e3""#),
        ("1e", r#""1e""#),
        ("1_000", r#""1_000""#),
        ("1:30", r#""1:30""#),
        ("2026-11-24", r#""2026-11-24""#),
        ("true", "true"),
        ("True", "true"),
        ("FALSE", "false"),
        ("yes", r#""yes""#),
        ("on", r#""on""#),
        ("null", "null"),
        ("~", "null"),
        ("Null", "null"),
        ("[null, , ]", ""),
        ("!!str 7", r#""7""#),
        ("! 7", r#""7""#),
        ("!!int '7'", "7"),
        ("!!float 7", "7"),
        ("!!null ''", "null"),
        ("!!bool 'true'", "true"),
        ("!!seq [1]", "[1]"),
        ("!!map {a: 1}", r#"{"a":1}"#),
        ("!<tag:yaml.org,2002:str> 7", r#""7""#),
        ("18446744073709551615", "18446744073709551615"),
        ("a:\n  - 1\n  - b: 2\n    c: ~\nd:\n", r#"{"a":[1,{"b":2,"c":null}],"d":null}"#),
        ("- - 1\n  - 2\n- []\n- {}\n", "[[1,2],[],{}]"),
        ("{a: [1, {b: c}], \"d\": 'e'}", r#"{"a":[1,{"b":"c"}],"d":"e"}"#),
        ("a: |\n  x\n  y\nb: >-\n  x\n  y\n", r#"{"a":"x\ny\n","b":"x y"}"#),
        ("---\na: 1\n...\n", r#"{"a":1}"#),
        ("%YAML 1.2\n---\na: 1\n", r#"{"a":1}"#),
        ("# only a comment around\na: 1 # here\n", r#"{"a":1}"#),
        ("a: &x [1, 2]\nb: *x\nc: *x\n", r#"{"a":[1,2],"b":[1,2],"c":[1,2]}"#),
        ("a: &x 1\nb: &x 2\nc: *x\n", r#"{"a":1,"b":2,"c":2}"#),
        ("\u{FEFF}a: é😀\n", r#"{"a":"é😀"}"#),
        ("on: push\n", r#"{"on":"push"}"#),
        ("\"1\": a\n", r#"{"1":"a"}"#),
        ("\"<<\": a\n", r#"{"<<":"a"}"#),
        ("set: ${ input.a + 1 }\n", r#"{"set":"${ input.a + 1 }"}"#),
        (r#"a: "\x41\u00e9\U0001F600\n""#, r#"{"a":"Aé😀\n"}"#),
    ];
    for (text, expected) in cases {
        match yaml::read_document(text, &ReadLimits::default()) {
            Ok(document) => assert_eq!(json::canonical(&document.value), expected, "{text}"),
            Err(faults) => assert_eq!("", expected, "{text}: {}", faults[0]),
        }
    }
}

#[test]
fn refuses_with_the_place() {
    let cases = [
        ("", "yaml-syntax", 1, 1, "no document"),
        ("# nothing\n", "yaml-syntax", 2, 1, "no document"),
        ("a: 1\n---\nb: 2\n", "yaml-syntax", 2, 1, "one document"),
        ("a: [1\nb: 2\n", "yaml-syntax", 2, 2, ""),
        ("a: 1\n b: 2\n", "yaml-syntax", 2, 3, ""),
        ("a: \"x\n", "yaml-syntax", 1, 4, ""),
        ("a:\n\tb: 1\n", "yaml-syntax", 2, 2, "tabs"),
        ("a: 1\na: 2\n", "duplicate-member", 2, 1, "second time"),
        ("a: 1\n\"a\": 2\n", "duplicate-member", 2, 1, "line 1, column 1"),
        ("1: a\n", "yaml-syntax", 1, 1, "quotes"),
        ("true: a\n", "yaml-syntax", 1, 1, "quotes"),
        ("~: a\n", "yaml-syntax", 1, 1, "quotes"),
        (": a\n", "yaml-syntax", 1, 1, "missing"),
        ("? [a]\n: b\n", "yaml-syntax", 1, 3, "not a list"),
        ("{[a]: b}", "yaml-syntax", 1, 2, "not a list"),
        ("a: &x b\n*x : c\n", "yaml-syntax", 2, 1, "alias"),
        ("<<: {a: 1}\n", "yaml-syntax", 1, 1, "1.1"),
        ("a: !!binary aGk=\n", "yaml-syntax", 1, 4, "tag"),
        ("a: !local b\n", "yaml-syntax", 1, 4, "tag"),
        ("a: !!set {b}\n", "yaml-syntax", 1, 4, "tag"),
        ("a: !!int x\n", "yaml-syntax", 1, 4, "no int"),
        ("a: !!seq {}\n", "yaml-syntax", 1, 4, "tag"),
        ("a: !!str [b]\n", "yaml-syntax", 1, 4, "tag"),
        ("a: *nowhere\n", "yaml-syntax", 1, 4, "anchor"),
        ("a: &x [*x]\n", "yaml-syntax", 1, 8, "inside"),
        ("é: .inf\n", "number-range", 1, 4, "no number"),
        ("a: .nan\n", "number-range", 1, 4, "no number"),
        ("a: 18446744073709551616\n", "number-range", 1, 4, "18446744073709551616"),
        ("a: 0xfffffffffffffffff\n", "number-range", 1, 4, "0xf"),
        ("a: 1e999\n", "number-range", 1, 4, "1e999"),
        ("a: \u{0}\n", "yaml-syntax", 1, 4, ""),
    ];
    for (text, code, line, column, word) in cases {
        let fault = fault(text);
        assert_eq!(fault.code, code, "{text:?}: {fault}");
        assert_eq!((fault.line, fault.column), (line, column), "{text:?}: {fault}");
        assert!(fault.message.contains(word), "{text:?}: {fault}");
    }
}

#[test]
fn places() {
    let text = "é: 1\nlist:\n  - a b  # note\n  - {k: [1, 2], m: 'x'}\n\nblock:\n  deep: \"q\"\n\nalias: &x {y: z}\nagain: *x\n";
    let document = yaml::read_document(text, &ReadLimits::default()).unwrap();
    let of = |pointer: &str| document.spans.of(pointer).map(|span| &text[span.range()]);
    let key_of = |pointer: &str| document.spans.key_of(pointer).map(|span| &text[span.range()]);
    assert_eq!(of("/é"), Some("1"));
    assert_eq!(key_of("/é"), Some("é"));
    assert_eq!(of("/list/0"), Some("a b"));
    assert_eq!(of("/list/1"), Some("{k: [1, 2], m: 'x'}"));
    assert_eq!(of("/list/1/k"), Some("[1, 2]"));
    assert_eq!(of("/list/1/m"), Some("'x'"));
    assert_eq!(of("/list"), Some("- a b  # note\n  - {k: [1, 2], m: 'x'}"));
    assert_eq!(of("/block"), Some("deep: \"q\""));
    assert_eq!(of("/again/y"), Some("z"), "an alias shows what it names");
    assert_eq!(of(""), Some(text.trim_end()));
}

#[test]
fn aliases_count_for_what_they_bring() {
    let laughs = "a: &a [l, l, l, l, l, l, l, l, l]\n".to_owned()
        + &('b'..='i').map(|c| {
            let before = char::from(u8::try_from(c).unwrap() - 1);
            format!("{c}: &{c} [*{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}, *{before}]\n")
        }).collect::<String>();
    assert_eq!(fault(&laughs).code, "document-size");
    // A long text instead of many values.
    let copies = format!("a: &a {}\nb: [{}]\n", "x".repeat(1_000), "*a, ".repeat(100));
    let small = ReadLimits::default().with_bytes(10_000);
    assert_eq!(yaml::read_document(&copies, &small).unwrap_err()[0].code, "document-size");
    assert!(yaml::read_document(&copies, &small.with_bytes(101_201)).is_err());
    assert!(yaml::read_document(&copies, &small.with_bytes(101_202)).is_ok());
    // Depth, one level more with each alias.
    let mut deep = "a0: &a0 [x]\n".to_owned();
    for i in 1..=300 {
        deep.push_str(&format!("a{i}: &a{i} [*a{}]\n", i - 1));
    }
    assert_eq!(fault(&deep).code, "document-depth");
    let limits = ReadLimits::default().with_values(6);
    assert!(yaml::read_document("a: &a [1]\nb: [*a]\n", &limits).is_ok());
    assert_eq!(yaml::read_document("a: &a [1]\nb: [*a, 1]\n", &limits).unwrap_err()[0].code, "document-size");
}

#[test]
fn hostile_texts() {
    let limits = ReadLimits::default();
    for text in ["[".repeat(100_000), "- ".repeat(100_000), "{a: ".repeat(100_000), "? ".repeat(100_000)] {
        let faults = yaml::read_document(&text, &limits).unwrap_err();
        assert!(matches!(faults[0].code, "document-depth" | "yaml-syntax"), "{}", faults[0]);
    }
    let indented: String = (0..2_000).map(|i| format!("{}a:\n", " ".repeat(i))).collect();
    assert_eq!(fault(&indented).code, "document-depth");
    assert_eq!(fault(&"x".repeat(5 << 20)).code, "document-size");
    assert_eq!(fault(&format!("[{}]", "1,".repeat(1_000_001))).code, "document-size");
}

/// Whatever comes, the reader answers, with places inside the text.
#[test]
fn mutated_texts() {
    let seeds = [
        "flov7: 1\nname: hello\nsteps:\n  - id: greet\n    data: { set: \"hi ${ x }\" }\n  - id: é😀\n    note: |\n      a\n      b\n",
        "a: &x [1, 'two', \"thr\\u00e9e\", {b: c}]\nd: *x\n? e\n: !!str 5\nf: >-\n  folded\n  text\n--- \n...\n",
        "%YAML 1.2\n%TAG ! tag:x,2000:\n---\n!a\n- - - x\n    # c\n  -\n- ? k\n  : v\n",
    ];
    let pool: Vec<char> =
        "{}[]\",:\\'|>-?&*!%#@`~<=0e.\t\r\n  a é😀\u{0}\u{FEFF}\u{85}\u{2028}".chars().collect();
    let mut state = 4711u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % 1_000_003).unwrap() % below
    };
    for _ in 0..8_000 {
        let mut text: Vec<char> = seeds[next(3)].chars().collect();
        for _ in 0..=next(5) {
            let at = next(text.len());
            match next(4) {
                0 => text[at] = pool[next(pool.len())],
                1 => text.insert(at, pool[next(pool.len())]),
                2 => text.truncate(at.max(1)),
                _ => {
                    text.remove(at);
                }
            }
            if text.is_empty() {
                text.push('a');
            }
        }
        let text: String = text.into_iter().collect();
        let reading = yaml::examine(&text, &ReadLimits::default());
        assert!(reading.document.is_some() || !reading.faults.is_empty(), "{text:?}");
        for fault in &reading.faults {
            assert!(
                fault.span.start <= fault.span.end && text.get(fault.span.clone()).is_some(),
                "{text:?}: {fault:?}"
            );
        }
        if let Some(document) = reading.document {
            let text_of_it = json::canonical(&document.value);
            assert!(json::equal(&document.value, &super::value(&text_of_it)), "{text:?}");
        }
    }
}
