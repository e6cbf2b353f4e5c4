//! Whether what is read is there by then, and what it is.

use serde_json::{Value, json};

use super::support::{check, report};

/// A question whose answer nobody knows.
const SOME: &str = "${ input.n > 1 }";

fn set(id: &str, value: &str) -> Value {
    json!({ "id": id, "data": { "set": value } })
}

/// A document with an input of numbers and optional texts.
fn with_input(steps: Value) -> Value {
    json!({ "flov7": 1, "name": "x", "steps": steps, "input": { "type": "object", "additionalProperties": false,
        "required": ["n", "maybe_null", "lines"],
        "properties": { "n": { "type": "number" }, "email": { "type": "string" },
            "maybe_null": { "type": ["string", "null"] },
            "customer": { "type": "object", "properties": { "name": { "type": "string" } }, "additionalProperties": false },
            "lines": { "type": "array", "items": { "type": "object", "required": ["price"], "additionalProperties": false,
                "properties": { "price": { "type": "number" }, "note": { "type": "string" } } } } } } })
}

#[test]
fn order_barrier_a_step_reads_every_earlier_step_of_its_block() {
    check(
        with_input(json!([
            set("a", "${ input.n }"),
            set("b", "${ steps.a + 1 }"),
            set("c", "${ steps.a + steps.b }")
        ])),
        &[],
    );
    check(
        with_input(json!([set("a", "${ steps.b }"), set("b", "${ 1 }")])),
        &["not-ordered /steps/0/data/set"],
    );
    check(with_input(json!([set("a", "${ steps.a }")])), &["not-ordered /steps/0/data/set"]);
}

#[test]
fn order_read_needs_a_path_by_after() {
    let mut document = with_input(json!([
        set("a", "${ 1 }"),
        { "id": "b", "after": [], "data": { "set": "${ 2 }" } },
        { "id": "c", "after": ["b"], "data": { "set": "${ steps.a + steps.b }" } },
        { "id": "d", "after": ["c"], "data": { "set": "${ steps.b }" } },
        { "id": "e", "after": ["d"], "data": { "set": "${ steps.a }" } },
        set("f", "${ steps.a + steps.e }"),
    ]));
    check(document.clone(), &["not-ordered /steps/2/data/set", "not-ordered /steps/4/data/set"]);
    // The fix adds to `after`; after both fixes nothing is left.
    let (found, _) = report(&document);
    for finding in found.findings() {
        flov7::json::apply(&mut document, finding.fix.as_ref().unwrap()).unwrap();
    }
    assert_eq!(document["steps"][2]["after"], json!(["b", "a"]));
    check(document, &[]);
}

#[test]
fn order_read_a_step_that_may_be_skipped_is_maybe_absent() {
    let skipped = json!({ "id": "a", "when": SOME, "data": { "set": 1 } });
    check(with_input(json!([skipped, set("b", "${ steps.a }")])), &["maybe-absent /steps/1/data/set"]);
    check(with_input(json!([skipped, set("b", "${ has(steps.a) ? steps.a : 0 }")])), &[]);
    check(with_input(json!([skipped, set("b", "${ steps.?a.orValue(0) }")])), &[]);
    check(
        with_input(
            json!([skipped, { "id": "b", "when": "${ has(steps.a) }", "data": { "set": "${ steps.a + 1 }" } }]),
        ),
        &[],
    );
    check(
        with_input(json!([skipped, { "id": "b", "condition": { "if": "${ has(steps.a) }",
            "then": [set("c", "${ steps.a + 1 }")], "else": [set("d", "${ steps.a + 1 }")] } }])),
        &["maybe-absent /steps/1/condition/else/0/data/set"],
    );
}

#[test]
fn order_settle_skipping_does_not_cascade() {
    check(
        with_input(json!([
            { "id": "a", "when": SOME, "data": { "set": 1 } },
            { "id": "b", "after": ["a"], "data": { "set": 2 } },
            set("c", "${ steps.b }")])),
        &[],
    );
}

#[test]
fn fail_on_error_with_value_keeps_the_type_and_without_counts_as_absent() {
    let bill = |rules: Value| json!({ "id": "bill", "action": { "use": "crm.invoice", "with": { "amount": 1 } }, "on_error": rules });
    let read = set("b", "${ steps.bill.id }");
    check(with_input(json!([bill(json!([{ "then": "fail" }])), read])), &[]);
    check(with_input(json!([bill(json!([{ "then": "continue", "value": { "id": "none" } }])), read])), &[]);
    check(
        with_input(json!([bill(json!([{ "then": "continue" }])), read])),
        &["maybe-absent /steps/1/data/set"],
    );
    check(
        with_input(json!([
            bill(json!([{ "then": "continue" }])),
            set("b", "${ has(steps.bill) ? steps.bill.id : '' }")
        ])),
        &[],
    );
    check(
        with_input(json!([bill(json!([{ "then": "continue", "value": { "id": 5 } }])), read])),
        &["not-assignable /steps/0/on_error/0/value/id"],
    );
    check(
        with_input(json!([
            bill(json!([{ "then": "continue", "value": { "id": "${ error.message }" } }])),
            read
        ])),
        &[],
    );
    check(
        with_input(json!([
            bill(json!([{ "then": "continue", "value": { "id": "${ steps.bill.id }" } }])),
            read
        ])),
        &["not-ordered /steps/0/on_error/0/value/id"],
    );
}

#[test]
fn scope_block_inside_a_condition_is_maybe_absent_outside_and_order_holds_inside() {
    let branch = |then: Value| json!({ "id": "c", "condition": { "if": SOME, "then": then } });
    check(
        with_input(json!([branch(json!([set("a", "${ 1 }")])), set("b", "${ steps.a }")])),
        &["maybe-absent /steps/1/data/set"],
    );
    check(
        with_input(json!([branch(json!([set("a", "${ 1 }")])), set("b", "${ steps.?a.orValue(0) }")])),
        &[],
    );
    check(
        with_input(json!([
            set("z", "${ 1 }"),
            branch(json!([set("a", "${ steps.z }"), set("b", "${ steps.a }")]))
        ])),
        &[],
    );
    check(
        with_input(
            json!([{ "id": "c", "condition": { "if": SOME, "then": [set("a", "${ 1 }")], "else": [set("b", "${ steps.?a.orValue(1) }")] } }]),
        ),
        &["not-ordered /steps/0/condition/else/0/data/set"],
    );
    // Behind a step that does not wait for the condition nothing of it can be seen.
    check(
        with_input(
            json!([branch(json!([set("a", "${ 1 }")])), { "id": "b", "after": [], "data": { "set": "${ steps.?a.orValue(0) }" } }]),
        ),
        &["not-ordered /steps/1/data/set"],
    );
    // The question itself is asked before.
    check(
        with_input(
            json!([{ "id": "c", "condition": { "if": "${ has(steps.a) }", "then": [set("a", "${ 1 }")] } }]),
        ),
        &["not-ordered /steps/0/condition/if"],
    );
}

#[test]
fn scope_ids_of_iterations_are_seen_within_them_only() {
    let each = |more: Value| {
        let mut each = json!({ "items": "${ input.lines }", "steps": [set("inner", "${ item.price }"), set("twice", "${ steps.inner * 2 }")] });
        for (name, value) in more.as_object().unwrap() {
            each[name] = value.clone();
        }
        json!({ "id": "each", "condition": { "for_each": each } })
    };
    check(with_input(json!([each(json!({}))])), &[]);
    check(
        with_input(json!([
            each(json!({ "output": "${ steps.twice + index }" })),
            set("b", "${ steps.each.sum() }")
        ])),
        &[],
    );
    check(
        with_input(json!([each(json!({})), set("b", "${ steps.inner }")])),
        &["unknown-step /steps/1/data/set"],
    );
    check(with_input(json!([each(json!({ "as": "line", "output": "${ line.price + item.price }" }))])), &[]);
    check(
        with_input(json!([each(json!({ "output": "${ item.nope }" }))])),
        &["no-such-member /steps/0/condition/for_each/output"],
    );
    check(with_input(json!([each(json!({})), set("b", "${ item }")])), &["unknown-root /steps/1/data/set"]);
    // `errors: collect` gives objects with `ok` or `error`.
    check(
        with_input(json!([
            each(json!({ "errors": "collect", "output": "${ steps.twice }" })),
            set("b", "${ steps.each.filter(r, has(r.ok)).map(r, r.ok).sum() }"),
            set("c", "${ steps.each.filter(r, has(r.error)).map(r, r.error.code) }")
        ])),
        &[],
    );
    check(
        with_input(
            json!([{ "id": "each", "condition": { "for_each": { "items": "${ input.n }", "steps": [] } } }]),
        ),
        &["wrong-type /steps/0/condition/for_each/items"],
    );
}

#[test]
fn scope_trigger_is_read_in_its_trigger_only() {
    check(with_input(json!([set("a", "${ trigger.body }")])), &["unknown-root /steps/0/data/set"]);
    check(
        with_input(json!([set(
            "a",
            "${ execution.id + (execution.trigger == null ? '' : execution.trigger) }"
        )])),
        &[],
    );
    check(with_input(json!([set("a", "${ execution.trigger + '' }")])), &["maybe-null /steps/0/data/set"]);
}

#[test]
fn roots_exist_where_they_mean_something() {
    for root in ["item", "index", "state", "error", "name"] {
        check(with_input(json!([set("a", &format!("${{ {root} }}"))])), &["unknown-root /steps/0/data/set"]);
    }
    check(with_input(json!([set("a", "${ string(now) }"), set("b", "${ now }")])), &[]);
    let loops = |more: Value| {
        let mut round = json!({ "state": 0, "while": "${ state < 3 && index < 5 }", "max": 5, "steps": [set("in", "${ state + index }")],
            "next": "${ state + steps.in }" });
        for (name, value) in more.as_object().unwrap() {
            round[name] = value.clone();
        }
        json!({ "id": "again", "condition": { "loop": round } })
    };
    check(
        with_input(json!([
            loops(
                json!({ "steps": [set("inner", "${ state + index }")], "next": "${ state + steps.inner }" })
            ),
            set("b", "${ steps.again + 1 }")
        ])),
        &[],
    );
    check(
        with_input(json!([loops(json!({ "steps": [], "next": "${ string(state) }" }))])),
        &["loop-state-type /steps/0/condition/loop/next"],
    );
    check(
        with_input(json!([loops(
            json!({ "steps": [], "state": [], "while": "${ size(state) < 3 }", "next": "${ state + [index] }" })
        )])),
        &["loop-state-type /steps/0/condition/loop/state"],
    );
    check(
        with_input(json!([
            loops(
                json!({ "steps": [], "state": [], "schema": { "type": "array", "items": { "type": "number" } },
            "while": "${ size(state) < 3 }", "next": "${ state + [index] }" })
            ),
            set("b", "${ steps.again.sum() }")
        ])),
        &[],
    );
    check(
        with_input(json!([loops(
            json!({ "steps": [set("inner", "${ 1 }")], "while": "${ steps.inner < 3 }", "next": "${ state }" })
        )])),
        &["unknown-step /steps/0/condition/loop/while"],
    );
}

#[test]
fn order_when_narrows_its_own_step() {
    let email = "${ input.email.lower() }";
    check(with_input(json!([{ "id": "a", "when": "${ has(input.email) }", "data": { "set": email } }])), &[]);
    check(
        with_input(
            json!([{ "id": "a", "when": "${ has(input.email) }", "data": { "set": email } }, set("b", email)]),
        ),
        &["maybe-absent /steps/1/data/set"],
    );
    check(
        with_input(json!([{ "id": "a", "when": "${ !has(input.email) }", "data": { "set": email } }])),
        &["maybe-absent /steps/0/data/set"],
    );
    check(
        with_input(
            json!([{ "id": "a", "when": "${ has(input.email) && input.n > 3 }", "condition": { "if": "${ input.n > 5 }", "then": [set("b", email)], "else": [set("c", email)] } }]),
        ),
        &[],
    );
    check(
        with_input(
            json!([{ "id": "a", "when": "${ has(input.email) || input.n > 3 }", "data": { "set": email } }]),
        ),
        &["maybe-absent /steps/0/data/set"],
    );
}

#[test]
fn absent_and_null_are_different_things() {
    check(with_input(json!([set("a", "${ input.maybe_null.lower() }")])), &["maybe-null /steps/0/data/set"]);
    check(
        with_input(
            json!([{ "id": "a", "when": "${ input.maybe_null != null }", "data": { "set": "${ input.maybe_null.lower() }" } }]),
        ),
        &[],
    );
    check(
        with_input(
            json!([{ "id": "a", "when": "${ has(input.maybe_null) }", "data": { "set": "${ input.maybe_null.lower() }" } }]),
        ),
        &["maybe-null /steps/0/data/set", "constant-condition /steps/0/when"],
    );
    check(with_input(json!([set("a", "${ input.customer.name }")])), &["maybe-absent /steps/0/data/set"; 2]);
    check(
        with_input(json!([set("a", "${ has(input.customer.name) }")])),
        &["maybe-absent /steps/0/data/set"],
    );
    check(
        with_input(json!([set(
            "a",
            "${ has(input.customer) && has(input.customer.name) ? input.customer.name : '' }"
        )])),
        &[],
    );
    // A member that may be absent may be left out of an object by the template.
    check(
        with_input(
            json!([{ "id": "a", "data": { "set": { "email": "${ input.?email }" } } }, set("b", "${ has(steps.a.email) ? steps.a.email : '' }")]),
        ),
        &[],
    );
    check(
        with_input(
            json!([{ "id": "a", "data": { "set": { "email": "${ input.?email }" } } }, set("b", "${ steps.a.email }")]),
        ),
        &["maybe-absent /steps/1/data/set"],
    );
}

#[test]
fn if_narrows_its_blocks_and_what_follows_a_dead_end() {
    let email = "${ input.email.lower() }";
    check(
        with_input(
            json!([{ "id": "c", "condition": { "if": "${ !has(input.email) }", "then": [set("a", email)], "else": [set("b", email)] } }]),
        ),
        &["maybe-absent /steps/0/condition/then/0/data/set"],
    );
    let stop = json!({ "id": "stop", "action": { "use": "core.fail", "with": { "code": "no_email", "message": "m" } } });
    check(
        with_input(
            json!([{ "id": "c", "condition": { "if": "${ !has(input.email) }", "then": [stop] } }, set("b", email)]),
        ),
        &[],
    );
    check(
        with_input(
            json!([{ "id": "c", "condition": { "if": "${ !has(input.email) }", "then": [stop] }, "on_error": [{ "then": "continue" }] }, set("b", email)]),
        ),
        &["maybe-absent /steps/1/data/set"],
    );
    // Only what waits for the condition may rely on it.
    check(
        with_input(
            json!([{ "id": "c", "condition": { "if": "${ !has(input.email) }", "then": [stop] } }, { "id": "b", "after": [], "data": { "set": email } }]),
        ),
        &["maybe-absent /steps/1/data/set"],
    );
}

/// A filter lets only those with a mail pass, and a condition fails for all of these: what follows is never reached.
/// Nothing is said about what is read there, and nothing about what is made of it.
#[test]
fn where_questions_contradict_each_other_nothing_is_said() {
    let stop = json!({ "id": "stop", "action": { "use": "core.fail", "with": { "code": "no_email", "message": "m" } } });
    for read in ["${ [input.email, 'x'].join() }", "${ input.email.lower() }", "${ {'a': [input.email, 7]} }"]
    {
        check(
            with_input(json!([{ "id": "go", "condition": { "filter": "${ has(input.email) }" } },
                { "id": "c", "after": [], "condition": { "if": "${ has(input.email) }", "then": [stop] } },
                set("b", read), set("d", "${ steps.b + 1 }")])),
            &[],
        );
    }
}

/// The same where each question has heard the one before it: the last one counts, and what else is wrong is said.
#[test]
fn where_a_question_contradicts_those_before_it_counts() {
    let stop = |id: &str| json!({ "id": id, "action": { "use": "core.fail", "with": { "code": "no_email", "message": "m" } } });
    let dead = |step: Value| {
        with_input(json!([
            { "id": "c", "condition": { "if": "${ has(input.email) }", "then": [stop("s1")] } },
            { "id": "d", "condition": { "if": "${ !has(input.email) }", "then": [stop("s2")] } },
            step
        ]))
    };
    let asked = |read: &str| json!({ "id": "b", "when": "${ has(input.email) }", "data": { "set": read } });
    let checked = |read: &str, expected: &[&str]| {
        let first = ["constant-condition /steps/1/condition/if"; 2];
        check(dead(asked(read)), &[&first, expected, &["constant-condition /steps/2/when"]].concat());
    };
    checked("${ input.email.lower() }", &[]);
    checked("${ input.email + 1 }", &["wrong-type /steps/2/data/set"]);
    checked("${ input.mail }", &["no-such-member /steps/2/data/set"]);
}

/// No item ever comes out of a list that is empty: what is made of one has no type, and nothing is said about it.
#[test]
fn what_is_made_of_no_value_is_no_surprise() {
    let each = |read: &str| {
        json!([{ "id": "e", "condition": { "for_each": { "items": [], "steps": [
            { "id": "p", "data": { "parse": { "format": "csv", "text": read } } } ] } } }])
    };
    for read in [
        "${ 'id,name' + item }",
        "${ item.replace('a', 'b') }",
        "${ [item, ''][1] }",
        "${ toJson(item + input.n) }",
    ] {
        check(with_input(each(read)), &[]);
    }
    let lists = |read: &str| {
        json!([{ "id": "e", "condition": { "for_each": { "items": [], "steps": [
            { "id": "f", "condition": { "for_each": { "items": read, "steps": [] } } } ] } } }])
    };
    for read in ["${ [item, item].sortBy(v, 9).filter(v, true) }", "${ [item].map(v, v + 1) }"] {
        check(with_input(lists(read)), &[]);
    }
    // A macro over nothing has a result, and that has a type.
    check(with_input(json!([set("a", "${ [].filter(v, v > 3) + 1 }")])), &["wrong-type /steps/0/data/set"]);
    // What its type rules out is not there to be complained about.
    let guarded = json!({ "id": "b", "condition": { "if": "${ size(steps.none) > 0 }", "then": [set("c", "${ steps.none[0] }")] } });
    check(
        with_input(json!([{ "id": "none", "data": { "set": [] } }, guarded])),
        &["constant-condition /steps/1/condition/if", "unreachable-step /steps/1/condition/then/0"],
    );
}

/// What is unclear or wrong in a question is said once; what else it asks guards what stands behind it.
#[test]
fn a_question_with_a_fault_guards_with_the_rest() {
    let inside = |question: &str| {
        with_input(
            json!([{ "id": "c", "condition": { "if": question, "then": [set("a", "${ input.email.lower() }")] } }]),
        )
    };
    check(inside("${ has(input.email) && input.email > 1 }"), &["wrong-type /steps/0/condition/if"]);
    let mut unclear = inside("${ has(steps.bad) && has(input.email) }");
    let steps = unclear["steps"].as_array_mut().unwrap();
    steps.insert(0, json!({ "id": "bad", "when": "${ input.n > 1 }", "data": { "set": "${ 1 + 'a' }" } }));
    check(unclear, &["wrong-type /steps/0/data/set"]);
}

#[test]
fn switch_narrows_case_by_case() {
    let email = "${ input.email.lower() }";
    check(
        with_input(json!([{ "id": "c", "condition": { "switch": { "cases": [
            { "id": "none", "when": "${ !has(input.email) }", "steps": [] },
            { "id": "big", "when": "${ input.email.startsWith('b') }", "steps": [set("a", email)] }],
            "default": [set("b", email)] } } }])),
        &[],
    );
    check(
        with_input(json!([{ "id": "c", "condition": { "switch": { "cases": [
            { "id": "big", "when": SOME, "steps": [set("a", email)] }, { "id": "some", "when": "${ has(input.email) }", "steps": [] }],
            "default": [set("b", email)] } } }])),
        &[
            "maybe-absent /steps/0/condition/switch/cases/0/steps/0/data/set",
            "maybe-absent /steps/0/condition/switch/default/0/data/set",
        ],
    );
}

#[test]
fn filter_narrows_what_follows_it_and_skips_it_otherwise() {
    let email = "${ input.email.lower() }";
    let filter = json!({ "id": "go", "condition": { "filter": "${ has(input.email) }" } });
    check(with_input(json!([filter, set("a", email), set("b", "${ steps.a }")])), &[]);
    check(with_input(json!([filter, set("a", "${ steps.go }")])), &["no-value /steps/1/data/set"]);
    // A concurrent sibling goes on, and what it reads may have been skipped.
    check(
        with_input(json!([filter, { "id": "a", "after": ["go"], "data": { "set": email } },
            { "id": "b", "after": [], "data": { "set": email } }])),
        &["maybe-absent /steps/2/data/set"],
    );
    check(
        with_input(
            json!([{ "id": "c", "condition": { "if": SOME, "then": [{ "id": "go", "condition": { "filter": "${ has(input.email) }" } }] } }]),
        ),
        &["filter-place /steps/0/condition/then/0/condition/filter"],
    );
    check(
        with_input(
            json!([{ "id": "each", "condition": { "for_each": { "items": "${ input.lines }", "steps": [
            { "id": "go", "condition": { "filter": "${ has(item.note) }" } }], "output": "${ item.note.lower() }" } } }]),
        ),
        &[],
    );
}

#[test]
fn value_of_action_is_its_output_narrowed_by_expect() {
    let find = |expect: Value| {
        let mut step = json!({ "id": "who", "action": { "use": "crm.find", "with": { "email": "a@b" } } });
        if !expect.is_null() {
            step["action"]["expect"] = expect;
        }
        step
    };
    let named =
        json!({ "type": "object", "properties": { "name": { "type": "string" } }, "required": ["name"] });
    check(
        with_input(json!([find(json!(null)), set("a", "${ steps.who.name }")])),
        &["untyped-read /steps/1/data/set"],
    );
    check(with_input(json!([find(named), set("a", "${ steps.who.name.lower() }")])), &[]);
    // The whole of it can be passed on as it is.
    check(with_input(json!([find(json!(null)), set("a", "${ steps.who }")])), &[]);
    // An expect that no output can have is a slip.
    check(
        with_input(
            json!([{ "id": "bill", "action": { "use": "crm.invoice", "with": { "amount": 1 }, "expect": { "type": "string" } } }]),
        ),
        &["not-assignable /steps/0/action/expect"],
    );
    check(
        with_input(json!([{ "id": "bill", "action": { "use": "crm.invoice", "with": { "amount": 1 },
            "expect": { "properties": { "paid": true }, "required": ["paid"] } } }, set("a", "${ steps.bill.paid ? steps.bill.id : '' }")])),
        &[],
    );
}

#[test]
fn value_of_core_actions() {
    let mut document = with_input(json!([
        { "id": "pause", "action": { "use": "core.wait", "with": { "for": "1s" } } },
        { "id": "yes", "action": { "use": "core.approve", "with": { "title": "?" } } },
        { "id": "how", "action": { "use": "core.ask", "with": { "title": "?" }, "expect": { "type": "number" } } },
        { "id": "paid", "action": { "use": "core.wait_for", "with": { "signal": "paid" } } },
        set("a", "${ steps.yes.by + steps.yes.at + string(steps.how + steps.paid.amount) }"),
        set("b", "${ steps.pause }"),
    ]));
    document["signals"] = json!({ "paid": { "type": "object", "properties": { "amount": { "type": "number" } }, "required": ["amount"] } });
    let (found, _) = report(&document);
    assert!(found.is_valid(), "{:?}", found.findings());
    document["steps"][4]["data"]["set"] = "${ steps.yes.note + steps.paid.amout }".into();
    check(document, &["maybe-absent /steps/4/data/set", "no-such-member /steps/4/data/set"]);
}

#[test]
fn value_of_if_and_switch_is_the_output_of_the_block_that_ran() {
    let branches = |then: Value, otherwise: Value| {
        let mut condition = json!({ "if": SOME, "then": { "steps": [], "output": then } });
        if !otherwise.is_null() {
            condition["else"] = json!({ "steps": [], "output": otherwise });
        }
        json!({ "id": "c", "condition": condition })
    };
    check(with_input(json!([branches(json!("a"), json!("b")), set("s", "${ steps.c.upper() }")])), &[]);
    check(
        with_input(json!([branches(json!("a"), json!(null)), set("s", "${ steps.c.upper() }")])),
        &["maybe-null /steps/1/data/set"],
    );
    check(
        with_input(json!([branches(json!("a"), json!(1)), set("s", "${ steps.c.upper() }")])),
        &["wrong-type /steps/1/data/set"],
    );
    // A branch that always fails gives no value.
    let stop =
        json!({ "id": "stop", "action": { "use": "core.fail", "with": { "code": "no", "message": "m" } } });
    check(
        with_input(
            json!([{ "id": "c", "condition": { "if": SOME, "then": { "steps": [], "output": "a" }, "else": [stop] } }, set("s", "${ steps.c.upper() }")]),
        ),
        &[],
    );
    let switch = |default: Value| {
        let mut switch = json!({ "cases": [{ "id": "one", "when": SOME, "steps": [], "output": "a" }] });
        if !default.is_null() {
            switch["default"] = default;
        }
        json!({ "id": "c", "condition": { "switch": switch } })
    };
    check(
        with_input(json!([switch(json!({ "steps": [], "output": "b" })), set("s", "${ steps.c.upper() }")])),
        &[],
    );
    check(
        with_input(json!([switch(json!(null)), set("s", "${ steps.c.upper() }")])),
        &["maybe-null /steps/1/data/set"],
    );
}

#[test]
fn value_of_switch_all_and_parallel_is_an_object_by_id() {
    let branches = json!([{ "id": "one", "steps": [set("x", "${ 1 }")], "output": "${ steps.x }" }, { "id": "two", "steps": [] }]);
    let parallel = |wait: Value| json!({ "id": "c", "condition": { "parallel": { "wait": wait, "branches": branches } } });
    check(
        with_input(json!([
            parallel(json!("all")),
            set("s", "${ steps.c.one + 1 }"),
            set("t", "${ steps.c.two }")
        ])),
        &[],
    );
    check(
        with_input(json!([parallel(json!("all")), set("s", "${ steps.x }")])),
        &["maybe-absent /steps/1/data/set"],
    );
    check(
        with_input(json!([
            parallel(json!("any")),
            set("s", "${ steps.c.winners[0].upper() }"),
            set("t", "${ steps.c.outputs.?one.orValue(0) + 1 }")
        ])),
        &[],
    );
    check(
        with_input(json!([parallel(json!(1)), set("t", "${ steps.c.outputs.one }")])),
        &["maybe-absent /steps/1/data/set"],
    );
    let switch = json!({ "id": "c", "condition": { "switch": { "match": "all", "cases": [
        { "id": "one", "when": SOME, "steps": [], "output": "a" }, { "id": "two", "when": SOME, "steps": [] }],
        "default": { "steps": [], "output": 5 } } } });
    check(
        with_input(json!([
            switch,
            set("s", "${ has(steps.c.one) ? steps.c.one.upper() : '' }"),
            set("t", "${ steps.c.?default.orValue(0) + 1 }")
        ])),
        &[],
    );
    check(with_input(json!([switch, set("s", "${ steps.c.one }")])), &["maybe-absent /steps/1/data/set"]);
}

#[test]
fn value_of_data_steps() {
    let data = |data: Value| json!({ "id": "d", "data": data });
    check(
        with_input(json!([
            data(json!({ "set": { "a": [1, "${ input.n }"], "b": null } })),
            set("s", "${ steps.d.a[1] + 1 }")
        ])),
        &[],
    );
    check(
        with_input(json!([data(json!({ "set": { "a": 1 } })), set("s", "${ steps.d.b }")])),
        &["no-such-member /steps/1/data/set"],
    );
    check(
        with_input(json!([
            data(json!({ "parse": { "format": "json", "text": "[1]" } })),
            set("s", "${ steps.d[0].x }")
        ])),
        &["untyped-read /steps/1/data/set"],
    );
    check(
        with_input(json!([
            data(
                json!({ "parse": { "format": "json", "text": "[1]", "schema": { "type": "array", "items": { "type": "number" } } } })
            ),
            set("s", "${ steps.d.sum() }")
        ])),
        &[],
    );
    check(
        with_input(json!([
            data(json!({ "parse": { "format": "csv", "text": "a\n1" } })),
            set("s", "${ steps.d.map(row, row.?a.orValue('').upper()) }")
        ])),
        &[],
    );
    check(
        with_input(json!([
            data(json!({ "parse": { "format": "csv", "text": "a\n1", "header": false } })),
            set("s", "${ steps.d.map(row, row[0].upper()) }")
        ])),
        &[],
    );
    check(
        with_input(json!([data(json!({ "parse": { "format": "json", "text": "${ input.n }" } }))])),
        &["not-assignable /steps/0/data/parse/text"],
    );
    check(
        with_input(json!([
            data(json!({ "format": { "as": "json", "value": "${ input }" } })),
            set("s", "${ steps.d.upper() }")
        ])),
        &[],
    );
    check(
        with_input(json!([
            data(json!({ "format": { "as": "csv", "value": "${ input.lines }", "columns": ["price"] } })),
            set("s", "${ steps.d.upper() }")
        ])),
        &[],
    );
    check(
        with_input(json!([data(json!({ "format": { "as": "csv", "value": "${ input.n }" } }))])),
        &["not-assignable /steps/0/data/format/value"],
    );
    check(
        with_input(json!([
            data(
                json!({ "validate": { "value": "${ input }", "schema": { "type": "object", "properties": { "email": { "type": "string" } }, "required": ["email"] } } })
            ),
            set("s", "${ steps.d.email.upper() + string(steps.d.n) }")
        ])),
        &[],
    );
}

#[test]
fn a_value_that_no_schema_takes_is_told_with_the_limits_where_words_are_the_same() {
    let document = |schema: Value| {
        let input = json!({ "type": "object", "required": ["n"], "properties": { "n": { "type": "integer", "multipleOf": 5 } } });
        json!({ "flov7": 1, "name": "x", "input": input,
            "steps": [{ "id": "v", "data": { "validate": { "value": "${ input.n }", "schema": schema } } }] })
    };
    let between = |least, most| json!({ "type": "integer", "minimum": least, "maximum": most });
    let message = |schema| report(&document(schema)).0.findings().first().map(|found| found.message.clone());
    let words = "no value here is within the limits of the schema, though both are a whole number";
    assert_eq!(message(between(2, 3)).as_deref(), Some(words));
    assert_eq!(
        message(json!({ "type": "string" })).as_deref(),
        Some("no value here is text: it is a whole number")
    );
    assert_eq!(message(between(2, 5)), None);
}
