//! Whether values fit where they go, what the run has to check, and what remains.

use flov7::catalog::Catalog;
use flov7::finding::{ResidualKind, Severity};
use flov7::validate::validate_text;
use flov7::workflow::{DocumentLimits, Syntax};
use serde_json::{Value, json};

use super::support::{check, report, steps};

fn with_input(input: Value, steps: Value) -> Value {
    json!({ "flov7": 1, "name": "x", "input": input, "steps": steps })
}

fn object(properties: Value) -> Value {
    let required: Vec<&String> = properties.as_object().unwrap().keys().collect();
    json!({ "type": "object", "required": required, "properties": properties, "additionalProperties": false })
}

fn invoice(with: Value) -> Value {
    json!({ "id": "bill", "action": { "use": "crm.invoice", "with": with } })
}

/// The residuals of a sound document, as `kind pointer`.
#[track_caller]
fn remains(document: &Value) -> Vec<String> {
    let (report, valid) = report(document);
    assert!(valid.is_some(), "{:#?}", report.findings());
    report.residuals().iter().map(|residual| format!("{} {}", residual.kind, residual.pointer)).collect()
}

#[test]
fn arguments_are_held_against_what_the_action_takes() {
    check(steps(json!([invoice(json!({ "amount": 1, "note": "n" }))])), &[]);
    check(steps(json!([invoice(json!({}))])), &["missing-argument /steps/0/action/with"]);
    check(
        steps(json!([{ "id": "bill", "action": { "use": "crm.invoice" } }])),
        &["missing-argument /steps/0/action"],
    );
    check(steps(json!([invoice(json!({ "amout": 1 }))])), &["unknown-argument /steps/0/action/with/amout"]);
    // A part that is unclear hides no name.
    check(
        steps(json!([invoice(json!({ "amount": "${ 1 + 'a' }", "amuont": 1 }))])),
        &["wrong-type /steps/0/action/with/amount", "unknown-argument /steps/0/action/with/amuont"],
    );
    check(
        steps(json!([invoice(json!({ "note": "${ 1 + 'a' }" }))])),
        &["missing-argument /steps/0/action/with", "wrong-type /steps/0/action/with/note"],
    );
    check(
        steps(json!([invoice(json!({ "amount": "ten" }))])),
        &["not-assignable /steps/0/action/with/amount"],
    );
    check(
        steps(json!([invoice(json!({ "amount": null }))])),
        &["not-assignable /steps/0/action/with/amount"],
    );
    check(steps(json!([invoice(json!({ "amount": "${ 1 + 1 }" }))])), &[]);
    check(
        steps(json!([invoice(json!({ "amount": "sum: ${ 1 + 1 }" }))])),
        &["not-assignable /steps/0/action/with/amount"],
    );
    check(steps(json!([invoice(json!("${ 5 }"))])), &["not-assignable /steps/0/action/with"]);
    let input = object(
        json!({ "n": { "type": "number" }, "text": { "type": "string" }, "order": object(json!({ "amount": { "type": "number" } })) }),
    );
    check(with_input(input.clone(), json!([invoice(json!({ "amount": "${ input.n }" }))])), &[]);
    check(
        with_input(input.clone(), json!([invoice(json!({ "amount": "${ input.text }" }))])),
        &["not-assignable /steps/0/action/with/amount"],
    );
    check(with_input(input.clone(), json!([invoice(json!("${ input.order }"))])), &[]);
    check(with_input(input, json!([invoice(json!("${ input }"))])), &["not-assignable /steps/0/action/with"]);
}

#[test]
fn findings_show_what_was_found_and_what_is_allowed() {
    let (report, _) = report(&steps(json!([invoice(json!({ "amout": "ten" }))])));
    let finding = &report.findings()[0];
    assert_eq!(finding.message, "`crm.invoice` takes no `amout`");
    assert_eq!(finding.help.as_deref(), Some("did you mean `amount`?"));
    assert_eq!(finding.step.as_deref(), Some("bill"));
}

#[test]
fn types_assign_an_optional_member_does_not_fill_a_required_one() {
    let input = json!({ "type": "object", "properties": { "n": { "type": "number" } }, "additionalProperties": false });
    check(
        with_input(input.clone(), json!([invoice(json!({ "amount": "${ input.?n }" }))])),
        &["missing-argument /steps/0/action/with"],
    );
    check(
        with_input(input.clone(), json!([invoice(json!({ "amount": "${ input.n }" }))])),
        &["maybe-absent /steps/0/action/with/amount"],
    );
    check(with_input(input.clone(), json!([invoice(json!({ "amount": "${ input.?n.orValue(0) }" }))])), &[]);
    // A member that need not be there may be left out.
    let input = json!({ "type": "object", "properties": { "note": { "type": "string" } }, "additionalProperties": false });
    check(with_input(input, json!([invoice(json!({ "amount": 1, "note": "${ input.?note }" }))])), &[]);
}

#[test]
fn types_assign_what_is_undecided_is_checked_by_the_run() {
    let mail = |to: &str, schema: Value| {
        let mut document = with_input(
            object(json!({ "to": schema })),
            json!([{ "id": "mail", "action": { "use": "mail.send", "connection": "post", "with": { "to": to, "text": "hi" } } }]),
        );
        document["connections"] = json!([{ "id": "post", "connector": "smtp" }]);
        document
    };
    let text = json!({ "type": "string" });
    let link = "contract.link /steps/0/action/with".to_owned();
    // `to` has at least three letters; whether a part of a text has, nobody can say.
    let document = mail("${ input.to.lower().trim() }", text.clone());
    assert!(remains(&document).contains(&link));
    let (_, valid) = report(&document);
    let checks: Vec<String> = valid.unwrap().bundle().checks.iter().cloned().collect();
    assert_eq!(checks, ["/steps/0/action/with"]);
    // Said, proven, and neither listed nor checked.
    let document = mail("${ input.to }", json!({ "type": "string", "minLength": 5 }));
    assert!(!remains(&document).contains(&link));
    assert!(report(&document).1.unwrap().bundle().checks.is_empty());
    // A schema that allows what the other side refuses is an error, with a value that shows it.
    check(mail("${ input.to }", text.clone()), &["not-assignable /steps/0/action/with/to"]);
    let (found, _) = report(&mail("${ input.to }", text.clone()));
    assert_eq!(found.findings()[0].found, Some(json!("")));
    assert!(
        found.findings()[0].message.starts_with("what comes here must"),
        "{}",
        found.findings()[0].message
    );
    // A literal is decided.
    check(mail("a", text.clone()), &["not-assignable /steps/0/action/with/to"]);
    assert!(!remains(&mail("ann", text)).contains(&link));
    // What nobody described may be anything.
    let document = mail("${ input.to }", json!(true));
    assert!(remains(&document).contains(&link));
}

#[test]
fn fail_residual_lists_every_contract() {
    let document = with_input(
        object(json!({ "text": { "type": "string" }, "n": { "type": "number" } })),
        json!([
            invoice(json!({ "amount": 1 })),
            { "id": "found", "action": { "use": "crm.find", "with": { "email": "a@b" } } },
            { "id": "narrowed", "action": { "use": "crm.find", "with": { "email": "a@b" }, "expect": { "type": "object" } } },
            { "id": "parsed", "data": { "parse": { "format": "json", "text": "${ input.text }", "schema": { "type": "number" } } } },
            { "id": "held", "data": { "validate": { "value": "${ input.n }", "schema": { "type": "integer" } } } },
            { "id": "proven", "data": { "validate": { "value": "${ input.n }", "schema": { "type": "number" } } } },
            { "id": "pause", "action": { "use": "core.wait", "with": { "for": "${ input.text }" } } },
        ]),
    );
    assert_eq!(
        remains(&document),
        [
            "contract.output /steps/0/action",
            "contract.output /steps/2/action",
            "contract.data /steps/3/data/parse",
            "data.conversion /steps/3/data/parse/text",
            "data.size /steps/3/data/parse/text",
            "contract.data /steps/4/data/validate",
            "data.conversion /steps/6/action/with",
            // The text is as long as it is, and is copied into the arguments.
            "data.size /steps/6/action/with/for",
        ]
    );
}

#[test]
fn fail_residual_lists_what_an_expression_can_still_do() {
    let input = object(
        json!({ "n": { "type": "integer" }, "small": { "type": "integer", "minimum": 0, "maximum": 9 },
        "list": { "type": "array", "items": { "type": "integer" } }, "full": { "type": "array", "minItems": 1, "items": { "type": "integer" } },
        "text": { "type": "string" }, "map": { "type": "object", "additionalProperties": { "type": "number" } } }),
    );
    let of = |expression: &str| {
        remains(&with_input(
            input.clone(),
            json!([{ "id": "a", "data": { "set": format!("${{ {expression} }}") } }]),
        ))
        .iter()
        .map(|residual| residual.split(' ').next().unwrap().to_owned())
        .collect::<Vec<_>>()
    };
    assert_eq!(of("input.n + 1"), ["data.overflow"]);
    assert_eq!(of("input.small + 1"), [""; 0]);
    assert!(of("1 / (input.small - 1)").contains(&"data.division".to_owned()));
    assert_eq!(of("input.small / 3"), [""; 0]);
    assert_eq!(of("input.list[0]"), ["data.index"]);
    assert_eq!(of("input.full[0]"), [""; 0]);
    assert_eq!(of("int(input.text)"), ["data.conversion"]);
    assert_eq!(of("input.map[input.text]"), ["data.key"]);
    // The text may be as long as an input may be.
    assert_eq!(of("input.text.upper()"), ["data.size"]);
    assert_eq!(of("input.text.startsWith('a')"), [""; 0]);
}

#[test]
fn fail_residual_lists_a_path_that_values_are_filled_into() {
    let catalog =
        Catalog::read(&json!({ "flov7_catalog": 1, "actions": [{ "id": "files.get", "title": "Get a file",
        "input": { "type": "object", "properties": { "at": { "type": "string", "format": "uri-path" },
            "note": { "type": "string" } } } }] }))
        .unwrap();
    for (with, residual) in [
        (json!({ "at": "/a/${ input.n }" }), true),
        (json!({ "at": "/a/b" }), false),
        (json!({ "note": "/a/${ input.n }" }), false),
    ] {
        let input = object(json!({ "n": { "type": "integer" } }));
        let steps = json!([{ "id": "a", "action": { "use": "files.get", "with": with } }]);
        let text = with_input(input, steps).to_string();
        let report = validate_text(&text, Syntax::Json, &catalog, &DocumentLimits::default()).report;
        let listed = report.residuals().iter().any(|residual| residual.kind == ResidualKind::ContractInput);
        assert_eq!((report.findings(), listed), (&[][..], residual), "{with}");
    }
}

#[test]
fn fail_residual_what_reads_nothing_fails_certainly_or_never() {
    let found = |expression: &str| {
        let (report, _) =
            report(&steps(json!([{ "id": "a", "data": { "set": format!("${{ {expression} }}") } }])));
        let findings = report.findings().iter();
        findings.map(|finding| (finding.code.name(), finding.severity)).collect::<Vec<_>>()
    };
    let certain = [("wrong-arguments", Severity::Error)];
    assert_eq!(found("1e308 * 10"), certain);
    assert_eq!(found("-1e308 - 1e308"), certain);
    assert_eq!(found("18446744073709551615 + 1"), certain);
    assert_eq!(found("[1, 2].map(x, x * 1e308 * 10)"), certain);
    assert_eq!(found("int(1e300)"), certain);
    assert_eq!(found("math.sqrt(-1)"), certain);
    assert_eq!(found("timestamp('9999-12-31T23:59:59Z') + duration('1s')"), certain);
    for fine in ["1e308 * 1", "int('7')", "18446744073709551615 - 1", "[1, 2].map(x, x * 2)"] {
        assert_eq!(found(fine), [], "{fine}");
    }
}

#[test]
fn triggers_fill_the_input() {
    let input = object(json!({ "total": { "type": "number" } }));
    let with = |trigger: Value| {
        let mut document =
            with_input(input.clone(), json!([{ "id": "a", "data": { "set": "${ input.total }" } }]));
        document["connections"] = json!([{ "id": "shop", "connector": "webhook" }]);
        document["triggers"] = json!([trigger]);
        document
    };
    let idle = "trigger-idle /triggers/0/use";
    let event = |input: Value| {
        let mut trigger = json!({ "id": "t", "use": "event", "with": { "name": "order.received" } });
        if !input.is_null() {
            trigger["input"] = input;
        }
        with(trigger)
    };
    check(event(json!({ "total": "${ trigger.payload.total }" })), &[idle]);
    check(event(json!("${ trigger.payload }")), &[idle]);
    check(event(json!(null)), &["trigger-input /triggers/0", idle]);
    check(event(json!({})), &["trigger-input /triggers/0/input", idle]);
    check(event(json!({ "total": "much" })), &["trigger-input /triggers/0/input/total", idle]);
    check(event(json!({ "total": 1, "more": 2 })), &["trigger-input /triggers/0/input/more", idle]);
    check(
        event(json!({ "total": "${ trigger.payload.totl }" })),
        &["no-such-member /triggers/0/input/total", idle],
    );
    check(event(json!({ "total": "${ input.total }" })), &["unknown-root /triggers/0/input/total", idle]);
    check(event(json!({ "total": "${ steps.a }" })), &["not-ordered /triggers/0/input/total", idle]);
    // What may only be too small is found out when it fires.
    let mut limited = event(json!("${ trigger.payload }"));
    limited["input"]["properties"]["total"]["minimum"] = json!(0);
    check(limited, &[idle]);
    // A manual start brings the input as it is.
    check(with(json!({ "id": "t", "use": "manual" })), &[]);
    // The body of a webhook is what `expect` says.
    let hook = |expect: Value| {
        let mut trigger = json!({ "id": "t", "use": "webhook", "connection": "shop", "with": { "path": "p" },
            "input": { "total": "${ trigger.body.total }" } });
        if !expect.is_null() {
            trigger["expect"] = expect;
        }
        with(trigger)
    };
    check(
        hook(
            json!({ "type": "object", "properties": { "body": object(json!({ "total": { "type": "number" } })) } }),
        ),
        &[idle],
    );
    let (found, _) = report(&hook(json!(null)));
    assert_eq!(found.findings()[0].code.name(), "untyped-read");
    // A filter is a question over what arrived.
    let filtered = |filter: &str| {
        with(json!({ "id": "t", "use": "event", "with": { "name": "order.received", "filter": filter },
            "input": { "total": "${ trigger.payload.total }" } }))
    };
    check(filtered("${ trigger.payload.total > 5 }"), &[idle]);
    check(filtered("${ trigger.payload.total }"), &[idle, "wrong-type /triggers/0/with/filter"]);
    check(filtered("trigger.payload.total > 5"), &[idle, "expression-marks /triggers/0/with/filter"]);
}

#[test]
fn schemas_are_checked_where_they_stand() {
    let bad = json!({ "type": "strng" });
    let mut document = steps(json!([{ "id": "a", "data": { "validate": { "value": 1, "schema": bad } } },
        { "id": "b", "action": { "use": "crm.find", "with": { "email": "a" }, "expect": bad } },
        { "id": "c", "data": { "parse": { "format": "json", "text": "1", "schema": bad } } },
        { "id": "d", "data": { "set": ["${ steps.a.x }", "${ steps.b.x }", "${ steps.c.x }", "${ input.x }"] } }]));
    document["input"] = bad.clone();
    document["signals"] = json!({ "s": bad });
    document["triggers"] = json!([{ "id": "t", "use": "manual", "expect": bad }]);
    // What is read from them is not looked at.
    check(
        document,
        &[
            "bad-schema /input/type",
            "unused-signal /signals/s",
            "bad-schema /signals/s/type",
            "bad-schema /triggers/0/expect/type",
            "bad-schema /steps/0/data/validate/schema/type",
            "bad-schema /steps/1/action/expect/type",
            "bad-schema /steps/2/data/parse/schema/type",
        ],
    );
    let mut document = steps(json!([{ "id": "a", "data": { "set": "${ input.order.id }" } }]));
    document["types"] = json!({ "order": object(json!({ "id": { "type": "string" } })) });
    document["input"] = object(json!({ "order": { "$ref": "#/types/order" } }));
    check(document.clone(), &[]);
    document["input"] = object(json!({ "order": { "$ref": "#/types/oder" } }));
    check(document.clone(), &["unknown-type /input/properties/order/$ref"]);
    document["input"] = object(json!({ "order": { "$ref": "https://a.example/order.json" } }));
    check(document.clone(), &["remote-schema /input/properties/order/$ref"]);
    document["types"] = json!({ "order": bad });
    document["input"] = object(json!({ "order": { "$ref": "#/types/order" } }));
    check(document, &["bad-schema /types/order/type"]);
}

#[test]
fn types_read_the_fix_is_an_expect_inferred_from_the_uses() {
    let mut document = steps(json!([
        { "id": "who", "action": { "use": "crm.find", "with": { "email": "a@b" } } },
        { "id": "a", "data": { "set": "Dear ${ steps.who.name }, you owe ${ steps.who.account.balance + 1 }" } },
        { "id": "b", "when": "${ has(steps.who.vip) && steps.who.vip }", "data": { "set": 1 } },
    ]));
    let (found, _) = report(&document);
    let reads: Vec<_> = found.findings().iter().filter(|f| f.code.name() == "untyped-read").collect();
    assert!(!reads.is_empty());
    flov7::json::apply(&mut document, reads[0].fix.as_ref().unwrap()).unwrap();
    let expect = &document["steps"][0]["action"]["expect"];
    assert_eq!(expect["properties"]["account"]["properties"]["balance"], json!({ "type": "number" }));
    check(document, &[]);
    // Where part of the output is described, the fix says more about the rest.
    let mut document = steps(json!([
        { "id": "call", "action": { "use": "http.request", "with": { "url": "https://a.example" }, "expect": { "properties": { "status": { "const": 200 } } } } },
        { "id": "a", "data": { "set": "${ steps.call.body.items.map(i, i.price * 2).sum() }" } },
    ]));
    let (found, _) = report(&document);
    assert_eq!(found.findings()[0].code.name(), "untyped-read");
    flov7::json::apply(&mut document, found.findings()[0].fix.as_ref().unwrap()).unwrap();
    assert_eq!(document["steps"][0]["action"]["expect"]["properties"]["status"], json!({ "const": 200 }));
    check(document, &[]);
}
