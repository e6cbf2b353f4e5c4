//! The settings of a binding: what is right, and what is said of what is wrong.

use flov7::connect::{Binding, Connector};
use flov7::error::ErrorKind;
use flov7_connect::HttpConnector;
use serde_json::{Value, json};

fn check(settings: Value) -> Result<flov7::connect::BindingFacts, flov7::error::Error> {
    let settings = settings.as_object().unwrap().clone();
    HttpConnector::new().check(&Binding { connector: "http".into(), settings })
}

#[test]
fn right_settings_say_what_they_want() {
    for (settings, secrets, keyed, concurrent) in [
        (json!({ "base_url": "https://crm.example" }), vec![], false, 8),
        (
            json!({ "base_url": "http://127.0.0.1:8123/api/", "allow_internal": ["127.0.0.1:8123"] }),
            vec![],
            false,
            8,
        ),
        (json!({ "base_url": "https://crm.example", "auth": { "bearer": "T" } }), vec!["T"], false, 8),
        (
            json!({ "base_url": "https://crm.example", "auth": { "header": { "name": "X-Api-Key", "secret": "K_1" } },
                "idempotency_header": "Idempotency-Key", "limits": { "concurrent": 1000 } }),
            vec!["K_1"],
            true,
            1000,
        ),
        (
            json!({ "base_url": "https://crm.example:8443/api", "hosts": ["crm.example:8443", "files.example", "[2001:4860::1]:443"],
                "auth": { "basic": { "user": "", "secret": "P" } }, "headers": { "x-tenant": "7", "accept": "text/csv" },
                "limits": { "concurrent": 1, "response_bytes": 16_777_216, "timeout": "1h" } }),
            vec!["P"],
            false,
            1,
        ),
        (json!({ "base_url": "https://crm.example", "hosts": ["CRM.example."] }), vec![], false, 8),
        (
            json!({ "base_url": "http://[::1]:80/", "hosts": ["::1"], "allow_internal": ["[::1]:80"] }),
            vec![],
            false,
            8,
        ),
    ] {
        let facts = check(settings.clone()).unwrap_or_else(|error| panic!("{settings}: {error}"));
        assert_eq!(
            (facts.secrets, facts.keyed, facts.concurrent),
            (secrets.iter().map(ToString::to_string).collect(), keyed, Some(concurrent)),
            "{settings}"
        );
    }
}

/// Values that are pasted where they do not belong; no message repeats them.
const PASTED: &[&str] = &["sk-live-PASTED", "PASTED_but_lower", "Bearer PASTED", "ghp_PASTED"];

#[test]
fn wrong_settings_are_named_and_told_what_would_be_right() {
    let cases = [
        (json!({}), "base_url: is missing"),
        (json!({ "base_url": 7 }), "base_url: must be"),
        (json!({ "base_url": "crm.example" }), "base_url: is no URL"),
        (json!({ "base_url": "" }), "base_url: is no URL"),
        (json!({ "base_url": "ftp://crm.example" }), "base_url: has another scheme"),
        (json!({ "base_url": "file:///etc" }), "base_url: has another scheme"),
        (json!({ "base_url": "https://u:PASTED@crm.example" }), "base_url: holds a user"),
        (json!({ "base_url": "https://PASTED@crm.example" }), "base_url: holds a user"),
        (json!({ "base_url": "https://crm.example/?key=PASTED" }), "base_url: holds a query"),
        (json!({ "base_url": "https://crm.example/#PASTED" }), "base_url: holds a query"),
        (json!({ "base_url": "https://crm.example/a/../b" }), "base_url: holds spaces"),
        (json!({ "base_url": "https:\\\\crm.example" }), "base_url: holds spaces"),
        (json!({ "base_url": " https://crm.example" }), "base_url: holds spaces"),
        (json!({ "base_url": "https:crm.example" }), "base_url: holds spaces"),
        (json!({ "base_url": "https://m\u{fc}nchen.example" }), "base_url: holds spaces"),
        (json!({ "base_url": "https://c.example", "hosts": "c.example" }), "hosts: must be a list"),
        (json!({ "base_url": "https://c.example", "hosts": [7] }), "hosts.0: must be one of"),
        (json!({ "base_url": "https://c.example", "hosts": [] }), "hosts: must list the host of base_url"),
        (json!({ "base_url": "https://c.example", "hosts": ["d.example"] }), "\"c.example:443\""),
        (json!({ "base_url": "https://c.example", "hosts": ["c.example:8443"] }), "hosts: must list"),
        (
            json!({ "base_url": "https://c.example", "hosts": ["c.example", "*.c.example"] }),
            "hosts.1: is no host",
        ),
        (
            json!({ "base_url": "https://c.example", "hosts": ["c.example", "https://d.example"] }),
            "hosts.1: is no host",
        ),
        (
            json!({ "base_url": "https://c.example", "hosts": ["c.example", "d.example/x"] }),
            "hosts.1: is no host",
        ),
        (
            json!({ "base_url": "https://c.example", "hosts": ["c.example", "d.example:0"] }),
            "hosts.1: is no host",
        ),
        (
            json!({ "base_url": "https://c.example", "hosts": ["c.example", "d.example:99999"] }),
            "hosts.1: is no host",
        ),
        (
            json!({ "base_url": "https://c.example", "hosts": ["c.example", "d.example:"] }),
            "hosts.1: is no host",
        ),
        (json!({ "base_url": "https://c.example", "hosts": ["c.example", ""] }), "hosts.1: is no host"),
        (
            json!({ "base_url": "https://c.example", "allow_internal": true }),
            "allow_internal: must be a list",
        ),
        (
            json!({ "base_url": "https://c.example", "allow_internal": ["127.0.0.1"] }),
            "allow_internal.0: needs the port",
        ),
        (
            json!({ "base_url": "https://c.example", "allow_internal": ["::1"] }),
            "allow_internal.0: needs the port",
        ),
        (
            json!({ "base_url": "https://c.example", "allow_internal": ["10.0.0.0/8"] }),
            "allow_internal.0: is no host",
        ),
        (
            json!({ "base_url": "https://c.example", "allow_internal": ["*:80"] }),
            "allow_internal.0: is no host",
        ),
        (json!({ "base_url": "https://c.example", "auth": "PASTED" }), "auth: must be one of"),
        (json!({ "base_url": "https://c.example", "auth": {} }), "auth: must be one of"),
        (
            json!({ "base_url": "https://c.example", "auth": { "bearer": "A", "basic": {} } }),
            "auth: must be one of",
        ),
        (json!({ "base_url": "https://c.example", "auth": { "oauth": "A" } }), "auth: must be one of"),
        (
            json!({ "base_url": "https://c.example", "auth": { "bearer": 7 } }),
            "auth.bearer: must be the name",
        ),
        (json!({ "base_url": "https://c.example", "auth": { "bearer": "" } }), "auth.bearer: not the name"),
        (
            json!({ "base_url": "https://c.example", "auth": { "bearer": "A".repeat(65) } }),
            "auth.bearer: not the name",
        ),
        (json!({ "base_url": "https://c.example", "auth": { "header": "A" } }), "auth: must be one of"),
        (
            json!({ "base_url": "https://c.example", "auth": { "header": { "secret": "A" } } }),
            "auth.header.name: is missing",
        ),
        (
            json!({ "base_url": "https://c.example", "auth": { "header": { "name": "x y", "secret": "A" } } }),
            "auth.header.name: is no header",
        ),
        (
            json!({ "base_url": "https://c.example", "auth": { "header": { "name": "host", "secret": "A" } } }),
            "auth.header.name: cannot be `host`",
        ),
        (
            json!({ "base_url": "https://c.example", "auth": { "header": { "name": "x", "value": "PASTED" } } }),
            "auth.header.value: no such setting",
        ),
        (
            json!({ "base_url": "https://c.example", "auth": { "basic": { "user": "a:b", "secret": "A" } } }),
            "auth.basic.user: must not hold",
        ),
        (
            json!({ "base_url": "https://c.example", "auth": { "basic": { "user": "a", "password": "PASTED" } } }),
            "auth.basic.password: no such setting",
        ),
        (json!({ "base_url": "https://c.example", "headers": [] }), "headers: must be an object"),
        (json!({ "base_url": "https://c.example", "headers": { "x": 7 } }), "headers.x: must be a text"),
        (
            json!({ "base_url": "https://c.example", "headers": { "x": "a\nb" } }),
            "headers.x: must be visible ASCII",
        ),
        (
            json!({ "base_url": "https://c.example", "headers": { "X": "a", "x": "b" } }),
            "headers.x: is the same header",
        ),
        (json!({ "base_url": "https://c.example", "headers": { "host": "a" } }), "headers.host: cannot be"),
        (
            json!({ "base_url": "https://c.example", "headers": { "connection": "close" } }),
            "headers.connection: cannot be",
        ),
        (
            json!({ "base_url": "https://c.example", "headers": { "authorization": "Bearer PASTED" } }),
            "headers.authorization: carries a credential",
        ),
        (
            json!({ "base_url": "https://c.example", "headers": { "X-Api-Key": "PASTED" } }),
            "headers.X-Api-Key: carries a credential",
        ),
        (
            json!({ "base_url": "https://c.example", "headers": { "x-my": "Bearer PASTED" } }),
            "headers.x-my: looks like a credential",
        ),
        (
            json!({ "base_url": "https://c.example", "headers": { "x-k": "a" }, "auth": { "header": { "name": "X-K", "secret": "A" } } }),
            "headers.x-k: carries a credential",
        ),
        (
            json!({ "base_url": "https://c.example", "idempotency_header": "content-length" }),
            "idempotency_header: cannot be",
        ),
        (
            json!({ "base_url": "https://c.example", "idempotency_header": "authorization" }),
            "idempotency_header: is the header of the credential",
        ),
        (
            json!({ "base_url": "https://c.example", "idempotency_header": true }),
            "idempotency_header: must be",
        ),
        (json!({ "base_url": "https://c.example", "limits": 7 }), "limits: must be an object"),
        (
            json!({ "base_url": "https://c.example", "limits": { "concurrent": 0 } }),
            "limits.concurrent: must be a whole number from 1 to 1000",
        ),
        (
            json!({ "base_url": "https://c.example", "limits": { "concurrent": 1001 } }),
            "limits.concurrent: must be",
        ),
        (
            json!({ "base_url": "https://c.example", "limits": { "concurrent": 1.5 } }),
            "limits.concurrent: must be",
        ),
        (
            json!({ "base_url": "https://c.example", "limits": { "response_bytes": 16_777_217 } }),
            "limits.response_bytes: must be",
        ),
        (
            json!({ "base_url": "https://c.example", "limits": { "timeout": 30 } }),
            "limits.timeout: must be a duration",
        ),
        (
            json!({ "base_url": "https://c.example", "limits": { "timeout": "0s" } }),
            "limits.timeout: must be a duration",
        ),
        (
            json!({ "base_url": "https://c.example", "limits": { "timeout": "-1s" } }),
            "limits.timeout: must be a duration",
        ),
        (
            json!({ "base_url": "https://c.example", "limits": { "timeout": "61m" } }),
            "limits.timeout: must be a duration",
        ),
        (
            json!({ "base_url": "https://c.example", "limits": { "retries": 3 } }),
            "limits.retries: no such setting",
        ),
        (
            json!({ "base_url": "https://c.example", "insecure": true }),
            "insecure: no such setting; there are base_url",
        ),
    ];
    for (settings, part) in cases {
        let error = check(settings.clone()).expect_err(&settings.to_string());
        assert_eq!(error.kind(), ErrorKind::Invalid);
        assert!(error.to_string().contains(part), "{settings}: {error}");
        assert!(!error.to_string().contains("PASTED"), "{settings}: {error}");
    }
    for value in PASTED {
        for auth in [
            json!({ "bearer": value }),
            json!({ "header": { "name": "x-key", "secret": value } }),
            json!({ "basic": { "user": "a", "secret": value } }),
        ] {
            let error = check(json!({ "base_url": "https://c.example", "auth": auth })).unwrap_err();
            assert!(error.to_string().contains("not the name of a secret"), "{error}");
            assert!(!format!("{error} {error:?}").contains("PASTED"), "{error:?}");
        }
    }
}

#[test]
fn all_faults_are_told_at_once() {
    let error = check(json!({
        "base_url": "nowhere", "hosts": ["*"], "allow_internal": ["x"], "auth": { "bearer": "pasted" },
        "headers": { "host": "x" }, "idempotency_header": "a b", "limits": { "timeout": "soon" }, "extra": 1
    }))
    .unwrap_err()
    .to_string();
    for member in [
        "base_url: ",
        "hosts.0: ",
        "allow_internal.0: ",
        "auth.bearer: ",
        "headers.host: ",
        "idempotency_header: ",
        "limits.timeout: ",
        "extra: ",
    ] {
        assert!(error.contains(member), "{member} in {error}");
    }
}
