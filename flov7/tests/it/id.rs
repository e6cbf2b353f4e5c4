//! Identifiers: what is one, what is none, and the vectors that must not move.

use flov7::id::*;

fn check<T, E>(parse: fn(&str) -> Result<T, E>, good: &[&str], bad: &[&str]) {
    for text in good {
        assert!(parse(text).is_ok(), "{text:?} should be taken");
    }
    for text in bad {
        assert!(parse(text).is_err(), "{text:?} should be refused");
    }
}

#[test]
fn scope_ids_names() {
    let long = "a".repeat(48);
    let longer = "a".repeat(49);
    check(
        Name::parse,
        &["a", "send_invoice", "x1", "a__", "then", "default", &long],
        &["", "A", "1a", "_a", "a-b", "a.b", "ä", "aä", "a b", "a\n", "a\0", &longer],
    );
    for word in RESERVED_WORDS.iter().chain(ROOTS) {
        assert!(Name::parse(word).is_err(), "{word} is taken");
    }
    assert!(RESERVED_WORDS.is_sorted() && ROOTS.is_sorted());
}

#[test]
fn other_names() {
    let long = "a".repeat(128);
    let longer = "a".repeat(129);
    check(
        WorkflowName::parse,
        &["a", "big-order.v2", "input", "in", &long],
        &["", "A", "-a", ".a", "a/b", "a b", &longer],
    );
    let long = "n".repeat(63);
    let longer = "n".repeat(64);
    check(
        Namespace::parse,
        &["default", "tenant-7", "a_b", &long],
        &["", "Tenant", "7", "a.b", "-", &longer],
    );
    assert_eq!(Namespace::default().as_str(), "default");
    let long = "K".repeat(64);
    let longer = "K".repeat(65);
    check(
        SecretName::parse,
        &["K", "CRM_TOKEN", "A1", &long],
        &["", "crm", "_A", "1A", "A-B", "sk-live-123", &longer],
    );
}

#[test]
fn a_refused_secret_name_is_not_repeated() {
    let message = SecretName::parse("sk-live-4242").unwrap_err().to_string();
    assert!(!message.contains("4242"), "{message}");
}

#[test]
fn errors_quote_safely() {
    let message = Name::parse("a\u{1b}[31m").unwrap_err().to_string();
    assert!(!message.contains('\u{1b}'), "{message}");
    let message = Name::parse(&"z".repeat(100_000)).unwrap_err().to_string();
    assert!(message.len() < 200, "{message}");
}

#[test]
fn execution_ids() {
    let id = ExecutionId::new(1_700_000_000_000, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    assert_eq!(id.as_str(), "01hf7yat00000g40r40m30e209");
    assert_eq!(id.created_ms(), 1_700_000_000_000);
    assert_eq!(ExecutionId::parse(id.as_str()).unwrap(), id);
    assert_eq!(ExecutionId::new(0, [0; 10]).as_str(), "0".repeat(26));
    let last = ExecutionId::new(u64::MAX, [255; 10]);
    assert_eq!(last.as_str(), "7zzzzzzzzzzzzzzzzzzzzzzzzz");
    assert_eq!(last.created_ms(), (1 << 48) - 1);
    assert!(ExecutionId::new(1, [255; 10]) < ExecutionId::new(2, [0; 10]));
    let good = "7zzzzzzzzzzzzzzzzzzzzzzzzz";
    check(
        ExecutionId::parse,
        &[good],
        &[
            "",
            "8zzzzzzzzzzzzzzzzzzzzzzzzz",
            "7ZZZZZZZZZZZZZZZZZZZZZZZZZ",
            &good[1..],
            "7izzzzzzzzzzzzzzzzzzzzzzzz",
        ],
    );
}

#[test]
fn wait_tokens() {
    let token = WaitToken::new([0xAB; 16]);
    assert_eq!(token.as_str(), "5bnentqaxbnentqaxbnentqaxb");
    assert_eq!(WaitToken::parse(token.as_str()).unwrap(), token);
}

#[test]
fn digests() {
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(Digest::of("").to_string(), empty);
    assert_eq!(Digest::parse(empty).unwrap(), Digest::of(""));
    check(
        Digest::parse,
        &[empty],
        &["", &empty[1..], &empty.to_uppercase(), &format!("{empty}00"), &"g".repeat(64)],
    );
    assert_eq!(serde_json::to_string(&Digest::of("")).unwrap(), format!("\"{empty}\""));
}

#[test]
fn paths() {
    let at_limit = format!("a{}", "/a".repeat(255));
    let longer = "a".repeat(513);
    check(
        StepPath::parse,
        &[
            "a",
            "check/then/approve",
            "each[0]/x",
            "each[99999]/x/undo",
            "pick/default/x",
            "a[0]/b[1]/c",
            &at_limit,
        ],
        &[
            "",
            "/",
            "a/",
            "/a",
            "a//b",
            "A",
            "a[]",
            "a[01]",
            "a[-1]",
            "a[1",
            "a[1]b",
            "a]",
            "[1]",
            "a[1234567890]",
            "a b",
            &longer,
        ],
    );
    let path = StepPath::parse("each[17]/charge").unwrap();
    let segments: Vec<_> = path.segments().map(|segment| (segment.name, segment.index)).collect();
    assert_eq!(segments, [("each", Some(17)), ("charge", None)]);
    assert_eq!(path.without_indices(), "each/charge");
    assert_eq!(path.child("undo").unwrap().as_str(), "each[17]/charge/undo");
    assert!(path.child("no/[").is_err());
    assert_eq!(path.parent().unwrap().as_str(), "each[17]");
    assert_eq!(path.parent().unwrap().parent(), None);
    assert_eq!(path.parent().unwrap().at_index(18).unwrap().as_str(), "each[18]");
    assert_eq!(StepPath::parse("each").unwrap().at_index(0).unwrap().as_str(), "each[0]");
    assert_eq!(StepPath::parse("a[3]/b").unwrap().at_index(1).unwrap().as_str(), "a[3]/b[1]");
}

#[test]
fn timestamps() {
    let read = |text: &str| Timestamp::parse(text).map(|time| time.to_string()).ok();
    let cases = [
        ("2026-11-24T03:10:00Z", Some("2026-11-24T03:10:00.000Z")),
        ("2026-11-24t03:10:00z", Some("2026-11-24T03:10:00.000Z")),
        ("2026-11-24T03:10:00.5Z", Some("2026-11-24T03:10:00.500Z")),
        ("2026-11-24T03:10:00.123999999Z", Some("2026-11-24T03:10:00.123Z")),
        ("1969-12-31T23:59:59.9999Z", Some("1969-12-31T23:59:59.999Z")),
        ("2026-11-24T03:10:00+01:30", Some("2026-11-24T01:40:00.000Z")),
        ("0001-01-01T00:00:00Z", Some("0001-01-01T00:00:00.000Z")),
        ("9999-12-30T22:00:00.000Z", Some("9999-12-30T22:00:00.000Z")),
        ("0001-01-01T00:00:00+00:01", None),
        ("9999-12-30T22:00:01Z", None),
        ("0000-01-01T00:00:00Z", None),
        ("2026-02-30T00:00:00Z", None),
        ("2026-11-24T24:00:00Z", None),
        ("2026-11-24", None),
        ("2026-11-24T03:10:00", None),
        ("2026-11-24 03:10:00Z", None),
        ("2026-11-24T03:10Z", None),
        ("2026-11-24T03:10:00.Z", None),
        ("2026-11-24T03:10:00,5Z", None),
        ("2026-11-24T03:10:00+0130", None),
        ("2026-11-24T03:10:00+01:30[Europe/Berlin]", None),
        ("+002026-11-24T03:10:00Z", None),
        ("", None),
    ];
    for (text, expected) in cases {
        assert_eq!(read(text).as_deref(), expected, "{text}");
    }
}

#[test]
fn timestamps_saturate() {
    use std::time::Duration;
    assert_eq!(Timestamp::from_ms(i64::MAX), Timestamp::MAX);
    assert_eq!(Timestamp::from_ms(i64::MIN), Timestamp::MIN);
    assert_eq!(Timestamp::EPOCH.saturating_add(Duration::MAX), Timestamp::MAX);
    assert_eq!(Timestamp::EPOCH.saturating_sub(Duration::MAX), Timestamp::MIN);
    assert_eq!(Timestamp::EPOCH.saturating_add_ms(-1).to_string(), "1969-12-31T23:59:59.999Z");
    assert_eq!(Timestamp::from_ms(5).since(Timestamp::from_ms(2)), Duration::from_millis(3));
    assert_eq!(Timestamp::from_ms(2).since(Timestamp::from_ms(5)), Duration::ZERO);
}

#[test]
#[allow(clippy::disallowed_methods)] // texts without numbers, to reach serde's ways to hand over a string
fn serde_checks_on_the_way_in() {
    assert_eq!(serde_json::from_str::<Name>("\"charge\"").unwrap(), "charge");
    assert!(serde_json::from_str::<Name>("\"input\"").is_err());
    assert!(serde_json::from_str::<Name>("7").is_err());
    // Escaped text is not borrowed from the input.
    assert_eq!(serde_json::from_str::<Name>("\"\\u0061\"").unwrap(), "a");
    assert_eq!(serde_json::from_value::<StepPath>("a/b".into()).unwrap(), "a/b");
}

/// The key decides what the other side takes for a repeat: it never changes. The vectors were computed with
/// Python's hashlib and base64.
#[test]
fn effect_key_golden() {
    let namespace = Namespace::default();
    let execution = ExecutionId::new(1_700_000_000_000, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    let cases = [
        ("invoice", false, "sqyhwg7jqmuj6j27umxrpq4zpr"),
        ("invoice", true, "c66hsqs76sroacq2z5unloehin"),
        ("each[17]/charge", false, "hhhquo4ccwyscr65mjnxnelm6t"),
    ];
    for (path, undo, expected) in cases {
        let path = StepPath::parse(path).unwrap();
        assert_eq!(idempotency_key(&namespace, &execution, &path, undo), expected, "{path} {undo}");
    }
    let other = idempotency_key(
        &Namespace::parse("other").unwrap(),
        &execution,
        &StepPath::parse("invoice").unwrap(),
        false,
    );
    assert_ne!(other, cases[0].2);
}

/// What the published schema allows and what the type takes are the same texts.
#[test]
fn schemas_say_what_parse_takes() {
    fn agree<T: schemars::JsonSchema, E>(parse: fn(&str) -> Result<T, E>, texts: &[&str]) {
        let schema = schemars::schema_for!(T).to_value();
        let pattern = regex_lite::Regex::new(schema["pattern"].as_str().unwrap()).unwrap();
        let refused = |text: &str| {
            schema["not"]["enum"].as_array().is_some_and(|words| words.iter().any(|word| word == text))
        };
        let longest = schema["maxLength"].as_u64().unwrap_or(u64::MAX);
        for text in texts {
            let allowed =
                pattern.is_match(text) && !refused(text) && u64::try_from(text.len()).unwrap() <= longest;
            assert_eq!(parse(text).is_ok(), allowed, "{text:?} as {}", T::schema_name());
        }
    }
    let (a48, a49, a128, a129) = ("a".repeat(48), "a".repeat(49), "a".repeat(128), "a".repeat(129));
    let (a63, a64, a512, a513) = ("a".repeat(63), "a".repeat(64), "a".repeat(512), "a".repeat(513));
    let (k64, k65, hex) = ("K".repeat(64), "K".repeat(65), "0f".repeat(32));
    let long = [&a48, &a49, &a63, &a64, &a128, &a129, &a512, &a513, &k64, &k65, &hex].map(String::as_str);
    let short = [
        "",
        "a",
        "A",
        "7",
        "_",
        "a_1",
        "a-1",
        "a.1",
        "in",
        "input",
        "steps",
        "then",
        "a/b",
        "a[0]",
        "a[00]",
        "a[17]/b",
        "a[999999999]",
        "a[1000000000]",
        "a]",
        "/a",
        "a/",
        "KEY_1",
        "Key",
        "ä",
        "a\n",
        "7zzzzzzzzzzzzzzzzzzzzzzzzz",
        "8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "0123456789abcdefghjkmnpqrs",
        "0123456789abcdefghijklmnop",
    ];
    let texts: Vec<&str> = long.into_iter().chain(short).collect();
    agree(Name::parse, &texts);
    agree(WorkflowName::parse, &texts);
    agree(Namespace::parse, &texts);
    agree(SecretName::parse, &texts);
    agree(StepPath::parse, &texts);
    agree(ExecutionId::parse, &texts);
    agree(WaitToken::parse, &texts);
    agree(Digest::parse, &texts);
}
