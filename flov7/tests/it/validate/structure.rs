//! Names, order, connections, triggers, rules for failures, places and lengths.

use serde_json::{Value, json};

use super::support::{check, report, steps};

fn set(id: &str) -> Value {
    json!({ "id": id, "data": { "set": 1 } })
}

fn with_triggers(triggers: Value) -> Value {
    let mut document = steps(json!([set("a")]));
    document["connections"] =
        json!([{ "id": "shop", "connector": "webhook" }, { "id": "crm", "connector": "http" }]);
    document["triggers"] = triggers;
    document
}

fn invoice(more: Value) -> Value {
    let mut step = json!({ "id": "bill", "action": { "use": "crm.invoice", "with": { "amount": 1 } } });
    for (name, value) in more.as_object().unwrap() {
        step[name] = value.clone();
    }
    step
}

fn request(with: Value, connection: Option<&str>) -> Value {
    let mut step = json!({ "id": "call", "action": { "use": "http.request", "with": with } });
    if let Some(connection) = connection {
        step["action"]["connection"] = connection.into();
    }
    let mut document = steps(json!([step]));
    document["connections"] = json!([{ "id": "crm", "connector": "http" }]);
    document
}

#[test]
fn ids_are_unique_each_among_their_kind() {
    check(steps(json!([set("a"), set("a")])), &["duplicate-id /steps/1/id"]);
    // Steps are unique in the whole document, wherever they stand.
    check(
        steps(
            json!([set("a"), { "id": "c", "condition": { "if": "${ now > timestamp('2027-01-01T00:00:00Z') }",
            "then": [set("a")], "else": [set("b")] } }]),
        ),
        &["duplicate-id /steps/1/condition/then/0/id"],
    );
    check(
        steps(json!([{ "id": "c", "condition": { "switch": { "cases": [
            { "id": "x", "when": "${ now > timestamp('2027-01-01T00:00:00Z') }", "steps": [] },
            { "id": "x", "when": "${ now > timestamp('2026-01-01T00:00:00Z') }", "steps": [] }] } } }])),
        &["duplicate-id /steps/0/condition/switch/cases/1/id"],
    );
    let mut document = with_triggers(json!([{ "id": "t", "use": "manual" }, { "id": "t", "use": "manual" }]));
    document["connections"] = json!([{ "id": "a", "connector": "http" }, { "id": "a", "connector": "http" }]);
    check(document, &["duplicate-id /connections/1/id", "duplicate-id /triggers/1/id"]);
}

#[test]
fn order_barrier_after_names_earlier_steps_of_the_same_block() {
    check(steps(json!([set("a"), { "id": "b", "after": ["a"], "data": { "set": 1 } }])), &[]);
    check(
        steps(json!([{ "id": "a", "after": ["b"], "data": { "set": 1 } }, set("b")])),
        &["bad-after /steps/0/after/0"],
    );
    check(
        steps(json!([{ "id": "a", "after": ["a"], "data": { "set": 1 } }])),
        &["bad-after /steps/0/after/0"],
    );
    let document = steps(json!([
        { "id": "c", "condition": { "if": "${ now > timestamp('2027-01-01T00:00:00Z') }", "then": [set("inner")] } },
        { "id": "b", "after": ["inner", "nobody"], "data": { "set": 1 } }
    ]));
    let (report, _) = report(&document);
    let all: Vec<_> = report.findings().iter().map(|f| (f.code.name(), f.help.as_deref())).collect();
    assert_eq!(
        all,
        [
            ("bad-after", Some("wait for `c`, which it stands in")),
            ("unknown-step", Some("earlier steps of this block: `c`"))
        ]
    );
}

#[test]
fn actions_and_connections_exist_and_fit() {
    check(
        steps(json!([{ "id": "a", "action": { "use": "crm.invoce" } }])),
        &["unknown-action /steps/0/action/use"],
    );
    check(request(json!({ "path": "/x" }), Some("cmr")), &["unknown-connection /steps/0/action/connection"]);
    let mut document = request(json!({ "path": "/x" }), Some("crm"));
    document["connections"] = json!([{ "id": "crm", "connector": "htpp" }]);
    check(document, &["unknown-connector /connections/0/connector"]);
    let mail = |connection: Value| {
        let mut document = steps(json!([{ "id": "a", "action": { "use": "mail.send",
            "with": { "to": "ann@example", "text": "hi" } } }]));
        if !connection.is_null() {
            document["steps"][0]["action"]["connection"] = connection;
        }
        document["connections"] =
            json!([{ "id": "crm", "connector": "http" }, { "id": "post", "connector": "smtp" }]);
        document
    };
    check(mail(json!("post")), &[]);
    check(mail(json!("crm")), &["unknown-connector /steps/0/action/connection"]);
    check(mail(json!(null)), &["connection-missing /steps/0/action"]);
    // An action that works through no connection is given none.
    let mut document = steps(json!([invoice(json!({}))]));
    document["steps"][0]["action"]["connection"] = json!("crm");
    document["connections"] = json!([{ "id": "crm", "connector": "http" }]);
    check(document, &["unknown-connector /steps/0/action/connection"]);
}

#[test]
fn a_missing_connection_is_named_where_only_one_fits() {
    let mut document = steps(json!([{ "id": "a", "action": { "use": "mail.send",
        "with": { "to": "ann@example", "text": "hi" } } }]));
    document["connections"] = json!([{ "id": "post", "connector": "smtp" }]);
    let (found, _) = report(&document);
    flov7::json::apply(&mut document, found.findings()[0].fix.as_ref().unwrap()).unwrap();
    assert_eq!(document["steps"][0]["action"]["connection"], "post");
    check(document, &[]);
}

#[test]
fn requests_take_a_path_with_a_connection_and_a_url_without() {
    for (with, connection, below) in [
        (json!({ "path": "/x/${ input.id }" }), Some("crm"), None),
        (json!({ "path": "/x?status=open" }), Some("crm"), None),
        (json!({ "url": "https://a.example/x" }), None, None),
        (json!({ "url": "${ input.id }" }), None, None),
        (json!({ "url": "https://a.example/" }), Some("crm"), Some("/with/url")),
        (json!({ "path": "/x" }), None, Some("/with/path")),
        (json!({ "method": "GET" }), Some("crm"), Some("")),
        (json!({}), None, Some("")),
        (json!({ "path": "x" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "//evil.example/x" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "/x//y" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "/x/../y" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "/x\\y" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "/x\r\ny" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "${ input.id }" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "${ input.id }/x" }), Some("crm"), Some("/with/path")),
        (json!({ "url": "ftp://a.example" }), None, Some("/with/url")),
        (json!({ "path": "/a#b" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "/x?a#b" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "/%zz" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "/${ input.id }/x%2" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "/a/%2e%2e/b" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "/a/..;/b" }), Some("crm"), Some("/with/path")),
        (json!({ "path": "/a/%2e%2E%3bx=1/b" }), Some("crm"), Some("/with/path")),
        // What a value may make good of is judged when it is known.
        (json!({ "path": "/a/..${ input.id }/%${ input.id }/b;.." }), Some("crm"), None),
        (json!({ "path": "/a/%2F?x=${ input.id }/../" }), Some("crm"), None),
        (json!({ "url": "http://" }), None, Some("/with/url")),
        (json!({ "url": "https:///x" }), None, Some("/with/url")),
        (json!({ "url": "https://?x" }), None, Some("/with/url")),
        (json!({ "url": "http://user:pw@h.example/" }), None, Some("/with/url")),
        (json!({ "url": "http://h.example:99999/" }), None, Some("/with/url")),
        (json!({ "url": "http://h .example/" }), None, Some("/with/url")),
        (json!({ "url": "http://h.example/a#b" }), None, Some("/with/url")),
        (json!({ "url": "http://h.example/%2e%2e/b" }), None, Some("/with/url")),
        (json!({ "url": "http://h.example/../${ input.id }" }), None, Some("/with/url")),
        (json!({ "url": "http://h.example/${ input.id }#b" }), None, Some("/with/url")),
        (json!({ "url": "http://[2001:db8::1]:8080/a//b?c=%20" }), None, None),
        (json!({ "url": "http://${ input.id }@h.example/" }), None, None),
        (json!({ "url": "http://h.example/..${ input.id }/../x" }), None, None),
        (json!("${ input.request }"), Some("crm"), Some("/with")),
    ] {
        let mut document = request(with, connection);
        document["input"] = json!({ "type": "object", "required": ["id", "request"], "properties": {
            "id": { "type": "string" }, "request": { "type": "object", "additionalProperties": false,
                "required": ["path"], "properties": { "path": { "type": "string" } } } } });
        let expected: Vec<String> =
            below.into_iter().map(|below| format!("path-or-url /steps/0/action{below}")).collect();
        let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
        check(document, &expected);
    }
}

#[test]
fn a_header_that_no_request_can_have_is_found() {
    for (headers, connection, found) in [
        (json!({ "Authorization": "Bearer x", "X-Tenant": "${ input.id }" }), Some("crm"), vec![]),
        (json!({ "ACCEPT": "text/plain" }), None, vec![]),
        (json!({ "Host": "x" }), Some("crm"), vec!["Host"]),
        (json!({ "Content-Length": "${ input.id }" }), Some("crm"), vec!["Content-Length"]),
        (json!({ "a b": "x", "": "x" }), Some("crm"), vec!["", "a b"]),
        (json!({ "Cookie": "x" }), None, vec!["Cookie"]),
        (json!({ "x-a": "one\ntwo", "x-b": "ä", "x-c": "${ input.id }\n" }), None, vec!["x-a", "x-b"]),
        (json!({ "x-a": "1", "X-A": "2" }), None, vec!["x-a"]),
        (json!("${ input.headers }"), None, vec![]),
    ] {
        let with = match connection {
            Some(_) => json!({ "path": "/", "headers": headers }),
            None => json!({ "url": "https://a.example", "headers": headers }),
        };
        let mut document = request(with, connection);
        document["input"] = json!({ "type": "object", "required": ["id", "headers"], "properties": {
            "id": { "type": "string" },
            "headers": { "type": "object", "additionalProperties": { "type": "string" } } } });
        let expected: Vec<String> =
            found.into_iter().map(|name| format!("bad-header /steps/0/action/with/headers/{name}")).collect();
        check(document, &expected.iter().map(String::as_str).collect::<Vec<_>>());
    }
}

#[test]
fn retry_place_is_the_call_of_a_handler() {
    check(steps(json!([invoice(json!({ "retry": { "attempts": 3 }, "attempt_timeout": "5s" }))])), &[]);
    let retry = json!({ "attempts": 3 });
    check(
        steps(json!([{ "id": "a", "data": { "set": 1 }, "retry": retry, "attempt_timeout": "5s" }])),
        &["retry-place /steps/0/attempt_timeout", "retry-place /steps/0/retry"],
    );
    check(
        steps(
            json!([{ "id": "a", "action": { "use": "core.wait", "with": { "for": "1s" } }, "retry": retry }]),
        ),
        &["retry-place /steps/0/retry"],
    );
    check(
        steps(
            json!([{ "id": "a", "retry": retry, "condition": { "if": "${ now > timestamp('2027-01-01T00:00:00Z') }", "then": [set("b")] } }]),
        ),
        &["retry-place /steps/0/retry"],
    );
}

#[test]
fn time_out_hints_where_attempts_do_not_fit() {
    let with = |timeout: &str, attempt: Option<&str>| {
        let mut step =
            invoice(json!({ "timeout": timeout, "retry": { "attempts": 3, "first": "1s", "factor": 2 } }));
        if let Some(attempt) = attempt {
            step["attempt_timeout"] = attempt.into();
        }
        steps(json!([step]))
    };
    // Three attempts of 10 s, delays of 1 s and 2 s.
    check(with("33s", Some("10s")), &[]);
    check(with("32s", Some("10s")), &["timeout-short /steps/0/timeout"]);
    // An attempt takes up to a minute where nobody says otherwise.
    check(with("3m", None), &["timeout-short /steps/0/timeout"]);
    let (report, valid) = report(&with("32s", Some("10s")));
    assert_eq!(report.findings()[0].message, "3 attempts can take 33s, but the step is given 32s");
    assert_eq!(valid.unwrap().remarks().len(), 1);
}

#[test]
fn path_length_counts_indices_as_five_digits() {
    // `aaa…[00000]/bbb…` is 48 + 8 + 48 bytes; nine levels of it do not fit into 512.
    let long = |c: char, i: usize| format!("{}{i}", c.to_string().repeat(46));
    let mut inner = json!([set(&long('z', 0))]);
    for i in 0..9 {
        inner =
            json!([{ "id": long('y', i), "condition": { "for_each": { "items": [1], "steps": inner } } }]);
    }
    let (report, _) = report(&steps(inner));
    let found: Vec<_> = report.findings().iter().filter(|f| f.code.name() == "path-length").collect();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].found, Some(json!(9 * 47 + 9 * 8 + 47)));
}

#[test]
fn fail_on_error_codes_are_those_that_can_occur() {
    let rules = |rules: Value| steps(json!([invoice(json!({ "on_error": rules }))]));
    let continues = |codes: Value| rules(json!([{ "codes": codes, "then": "continue" }]));
    check(
        continues(json!(["crm.conflict", "crm.*", "timeout", "data.*", "contract.input", "outcome_unknown"])),
        &[],
    );
    check(continues(json!(["crm.conflct"])), &["unknown-code /steps/0/on_error/0/codes/0"]);
    check(continues(json!(["rejected"])), &["unknown-code /steps/0/on_error/0/codes/0"]);
    check(continues(json!(["http.404"])), &["unknown-code /steps/0/on_error/0/codes/0"]);
    for code in ["cancelled", "limit.time", "limit.steps", "blocked"] {
        check(continues(json!([code])), &["uncatchable /steps/0/on_error/0/codes/0"]);
    }
    check(
        rules(json!([{ "then": "fail", "value": { "id": "x" } }])),
        &["value-with-fail /steps/0/on_error/0/value"],
    );
    check(
        rules(json!([{ "then": "continue", "steps": ["bill"] }])),
        &["unknown-step /steps/0/on_error/0/steps/0"],
    );
    // A condition declares the union of what stands inside.
    check(
        steps(json!([{ "id": "c", "condition": { "if": "${ now > timestamp('2027-01-01T00:00:00Z') }",
            "then": [invoice(json!({})), { "id": "ask", "action": { "use": "core.approve", "with": { "title": "?" } } },
                { "id": "stop", "action": { "use": "core.fail", "with": { "code": "too_late", "message": "m" } } }] },
            "on_error": [{ "codes": ["crm.conflict", "rejected", "too_late"], "steps": ["bill", "ask"], "then": "continue" },
                { "codes": ["too_early"], "then": "continue" }] }])),
        &["unknown-code /steps/0/on_error/1/codes/0"],
    );
}

#[test]
fn built_in_actions_are_given_what_must_be_written_out() {
    let action =
        |uses: &str, with: Value| steps(json!([{ "id": "a", "action": { "use": uses, "with": with } }]));
    check(action("core.wait", json!({ "for": "1h" })), &[]);
    check(action("core.wait", json!({ "until": "2027-01-01T00:00:00Z" })), &[]);
    check(action("core.wait", json!({})), &["missing-argument /steps/0/action"]);
    check(
        action("core.wait", json!({ "for": "1h", "until": "x" })),
        &["unknown-argument /steps/0/action/with/until"],
    );
    check(action("core.wait", json!({ "for": "soon" })), &["not-assignable /steps/0/action/with/for"]);
    check(
        action("core.wait", json!({ "until": "tomorrow" })),
        &["not-assignable /steps/0/action/with/until"],
    );
    check(action("core.ask", json!({ "title": "?" })), &["missing-member /steps/0/action"]);
    check(action("core.fail", json!({ "code": "too_late", "message": "m" })), &[]);
    for code in ["crm.late", "Late", "timeout", "cancelled", ""] {
        check(
            action("core.fail", json!({ "code": code, "message": "m" })),
            &["bad-id /steps/0/action/with/code"],
        );
    }
    check(
        action("core.fail", json!({ "code": "${ 'x' }", "message": "m" })),
        &["wrong-kind /steps/0/action/with/code"],
    );
}

#[test]
fn signals_are_declared_and_used() {
    let mut document =
        steps(json!([{ "id": "a", "action": { "use": "core.wait_for", "with": { "signal": "payed" } } }]));
    document["signals"] = json!({ "paid": { "type": "object" }, "other": { "type": "object" } });
    check(
        document.clone(),
        &[
            // Which of the two was meant is not known, so neither is unused.
            "unknown-signal /steps/0/action/with/signal",
        ],
    );
    document["steps"][0]["action"]["with"]["signal"] = "paid".into();
    check(document.clone(), &["unused-signal /signals/other"]);
    document["steps"][0]["action"]["with"]["signal"] = "${ 'paid' }".into();
    check(document, &["wrong-kind /steps/0/action/with/signal"]);
}

#[test]
fn triggers_have_a_kind_with_its_settings() {
    let idle = "trigger-idle /triggers/0/use";
    let event = json!({ "name": "order.received" });
    let trigger = |uses: &str, with: Value| with_triggers(json!([{ "id": "t", "use": uses, "with": with }]));
    check(with_triggers(json!([{ "id": "t", "use": "manual" }])), &[]);
    check(trigger("event", event), &[idle]);
    check(trigger("manual", json!({ "x": 1 })), &["unknown-member /triggers/0/with/x"]);
    check(trigger("manul", json!({})), &["wrong-kind /triggers/0/use"]);
    check(trigger("mail.received", json!({})), &["not-built-yet /triggers/0/use"]);
    check(trigger("event", json!({})), &[idle, "missing-member /triggers/0/with"]);
    check(trigger("event", json!({ "name": "${ 'x' }" })), &[idle, "wrong-kind /triggers/0/with/name"]);
    check(trigger("schedule", json!([])), &["wrong-kind /triggers/0/with"]);
    check(
        with_triggers(json!([{ "id": "t", "use": "manual", "connection": "shop" }])),
        &["unknown-connector /triggers/0/connection"],
    );
}

#[test]
fn webhooks_have_a_signed_address_of_their_own() {
    let idle = "trigger-idle /triggers/0/use";
    let hook = |with: Value, connection: Value| {
        let mut trigger = json!({ "id": "t", "use": "webhook", "with": with });
        if !connection.is_null() {
            trigger["connection"] = connection;
        }
        with_triggers(json!([trigger]))
    };
    check(hook(json!({ "path": "orders/new" }), json!("shop")), &[idle]);
    check(hook(json!({ "path": "orders" }), json!(null)), &["connection-missing /triggers/0", idle]);
    check(
        hook(json!({ "path": "orders" }), json!("crm")),
        &["unknown-connector /triggers/0/connection", idle],
    );
    check(
        hook(json!({ "path": "orders" }), json!("shp")),
        &["unknown-connection /triggers/0/connection", idle],
    );
    check(
        hook(json!({ "path": "orders", "unsigned": true }), json!(null)),
        &[idle, "unsigned-webhook /triggers/0/with/unsigned"],
    );
    check(hook(json!({}), json!("shop")), &[idle, "missing-member /triggers/0/with"]);
    check(
        hook(json!({ "path": "orders", "method": "post" }), json!("shop")),
        &[idle, "wrong-kind /triggers/0/with/method"],
    );
    for path in ["/orders", "a//b", "a/../b", "a b", ""] {
        check(hook(json!({ "path": path }), json!("shop")), &[idle, "wrong-kind /triggers/0/with/path"]);
    }
    let two = |method: &str| {
        with_triggers(json!([
            { "id": "t", "use": "webhook", "connection": "shop", "with": { "path": "orders" } },
            { "id": "u", "use": "webhook", "connection": "shop", "with": { "path": "orders", "method": method } }]))
    };
    check(two("PUT"), &[idle, "trigger-idle /triggers/1/use"]);
    check(two("POST"), &[idle, "trigger-idle /triggers/1/use", "duplicate-path /triggers/1/with/path"]);
}

#[test]
fn schedules_can_be_kept() {
    let idle = "trigger-idle /triggers/0/use";
    let schedule = |with: Value| with_triggers(json!([{ "id": "t", "use": "schedule", "with": with }]));
    check(schedule(json!({ "every": "15m", "missed": "once" })), &[idle]);
    check(schedule(json!({ "at": "2027-02-28T09:00:00+01:00" })), &[idle]);
    check(schedule(json!({ "at": ["2027-02-28T09:00:00Z", "2028-02-29T09:00:00Z"] })), &[idle]);
    for (with, below) in [
        (json!({}), ""),
        (json!({ "every": "1h", "at": "2027-02-28T09:00:00Z" }), ""),
        (json!({ "every": "0s" }), "/every"),
        (json!({ "every": "daily" }), "/every"),
        (json!({ "at": "2027-02-30T09:00:00Z" }), "/at"),
        (json!({ "at": [] }), "/at"),
        (json!({ "at": ["2027-02-28T09:00:00Z", "x"] }), "/at"),
        (json!({ "every": "1h", "zone": "Europe/Berlin" }), "/zone"),
        (json!({ "cron": 5 }), "/cron"),
    ] {
        check(schedule(with), &[idle, &format!("bad-schedule /triggers/0/with{below}")]);
    }
    check(
        schedule(json!({ "every": "1h", "missed": "some" })),
        &[idle, "wrong-kind /triggers/0/with/missed"],
    );
}

#[cfg(feature = "schedule")]
#[test]
fn cron_expressions_are_read_and_their_next_firing_is_looked_for() {
    let idle = "trigger-idle /triggers/0/use";
    let cron = |cron: &str, zone: &str| {
        with_triggers(json!([{ "id": "t", "use": "schedule", "with": { "cron": cron, "zone": zone } }]))
    };
    for text in ["0 9 * * MON-FRI", "*/15 * * * *", "0 0 L * *", "0 0 29 2 *", "@daily", "0 9 * * 1#1"] {
        check(cron(text, "Europe/Berlin"), &[idle]);
    }
    for text in
        ["0 0 31 2 *", "0 0 31 4,6,9,11 *", "61 * * * *", "* * * *", "*/0 * * * *", "0 0 0 1 1 *", "", "soon"]
    {
        check(cron(text, "UTC"), &[idle, "bad-schedule /triggers/0/with/cron"]);
    }
    check(cron("0 9 * * *", "Europe/Berlim"), &[idle, "bad-schedule /triggers/0/with/zone"]);
}

#[cfg(not(feature = "schedule"))]
#[test]
fn cron_expressions_are_refused_where_they_cannot_be_read() {
    let document = with_triggers(
        json!([{ "id": "t", "use": "schedule", "with": { "cron": "0 9 * * *", "zone": "Europe/Berlin" } }]),
    );
    let (report, _) = report(&document);
    let finding = report.findings().iter().find(|finding| finding.code.name() == "bad-schedule").unwrap();
    assert_eq!(finding.message, "this build of flov7 reads no cron expressions");
}

#[test]
fn what_is_not_built_yet_says_what_to_use_instead() {
    let mut document = steps(json!([
        { "id": "tell", "data": { "set": 1 } },
    ]));
    document["limits"] = json!({ "steps": 5, "tokens": 1, "money": { "amount": "1", "currency": "EUR" } });
    check(document.clone(), &["not-built-yet /limits/money", "not-built-yet /limits/tokens"]);
    let (report, _) = report(&document);
    assert!(report.findings().iter().all(|finding| finding.help.is_some()));
}

#[test]
fn what_cannot_be_read_has_no_consequences() {
    // The action is misspelt: what it lacks, and what its output would be, is not the fault of anyone else.
    check(
        steps(json!([
            { "id": "a", "action": { "use": "crm.invoice", "wiht": { "amount": 1 } } },
            { "id": "b", "data": { "set": "${ steps.a.id.nonsense }" } }])),
        &["unknown-member /steps/0/action/wiht"],
    );
    check(
        json!({ "flov7": 1, "name": "x", "inptu": {}, "steps": [{ "id": "a", "data": { "set": "${ input.x }" } }] }),
        &["unknown-member /inptu"],
    );
    let mut document = with_triggers(
        json!([{ "id": "t", "use": "webhook", "with": { "path": "p" }, "connection": "shop" }]),
    );
    document["connections"] = json!(7);
    check(document, &["wrong-kind /connections", "trigger-idle /triggers/0/use"]);
}

#[test]
fn bundles_hold_what_executions_are_bound_to() {
    let (_, valid) = report(&{
        let mut document = steps(json!([
            invoice(json!({})),
            { "id": "wait", "action": { "use": "core.wait", "with": { "for": "1s" } } },
            { "id": "c", "condition": { "if": "${ now > timestamp('2027-01-01T00:00:00Z') }", "then": [
                { "id": "call", "action": { "use": "http.request", "connection": "crm", "with": { "path": "/" } } }] } }]));
        document["connections"] = json!([{ "id": "crm", "connector": "http" }]);
        document
    });
    let valid = valid.unwrap();
    let bundle = valid.bundle();
    let used: Vec<&str> = bundle.interfaces.keys().map(String::as_str).collect();
    assert_eq!(used, ["core.wait", "crm.invoice", "http.request"]);
    assert_eq!(bundle.connections["crm"], "http");
    assert_eq!(bundle.rules, flov7::workflow::RULES);
    assert_eq!(*valid.digest(), bundle.digest());
    // Stored and read again it is the same, to the digest.
    let again: flov7::validate::Bundle =
        serde_json::from_value(serde_json::to_value(&**bundle).unwrap()).unwrap();
    assert_eq!((again.digest(), &again), (bundle.digest(), &**bundle));
}
