//! The table of sentences, and what follows from each.

use flov7::generate::DraftOutcome;

use super::{draft, outline};

/// Sentences with their outlines: one line each, the outline indented.
const TABLE: &str = include_str!("sentences.txt");

fn table() -> Vec<(&'static str, &'static str)> {
    let mut lines = TABLE.lines().filter(|line| !line.is_empty());
    let mut rows = Vec::new();
    while let Some(sentence) = lines.next() {
        let outline = lines.next().expect("each sentence has its outline");
        rows.push((sentence, outline.strip_prefix("    ").expect("an outline is indented")));
    }
    rows
}

#[test]
fn every_sentence_gives_its_outline() {
    let rows = table();
    assert!(rows.len() >= 40, "{}", rows.len());
    let not_ready =
        rows.iter().filter(|(_, outline)| outline.starts_with("needs ") || outline.starts_with("outside"));
    assert!(not_ready.count() >= 15);
    let wrong: Vec<String> = rows
        .iter()
        .filter_map(|(sentence, expected)| {
            let found = outline(&draft(sentence, &[]));
            (found != *expected).then(|| format!("{sentence}\n  expected {expected}\n  found    {found}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_words_behind_each_step_stand_where_it_is_said() {
    for (sentence, _) in table() {
        let made = draft(sentence, &[]);
        let DraftOutcome::Ready(workflow) = &made.outcome else { continue };
        for because in &made.because {
            assert_eq!(&sentence[because.span[0]..because.span[1]], because.words, "{sentence}");
        }
        let told: Vec<&str> = made.because.iter().map(|because| because.step.as_str()).collect();
        for step in &workflow.steps {
            assert!(told.contains(&step.id.as_str()), "{sentence}: nothing is said of {}", step.id);
        }
        for trigger in &workflow.triggers {
            assert!(told.contains(&trigger.id.as_str()), "{sentence}: nothing is said of {}", trigger.id);
        }
    }
}

#[test]
fn answers_close_questions() {
    type Answers<'a> = &'a [(&'a str, &'a str)];
    let cases: &[(&str, Answers<'_>, &str)] = &[
        (
            "Every day, close the shop",
            &[("trigger.time", "18:30"), ("trigger.zone", "europe/berlin")],
            "schedule cron=30 18 * * * zone=Europe/Berlin: shop.close()",
        ),
        (
            "Send the report",
            &[("report.to", "boss@example.org")],
            "by hand: mail.report(to=boss@example.org)",
        ),
        (
            "When an order arrives, delete the invoice",
            &[("step.delet_invoic", "shop.invoice")],
            "event name=order.received: shop.invoice(order=${ input.order.id }; total=${ input.order.total })",
        ),
        (
            "When a ticket above 500 is opened, close the ticket",
            &[("compare", "input.ticket.priority")],
            "event name=ticket.opened: if ${ input.ticket.priority > 500 } [ticket.close(ticket=${ input.ticket.id })]",
        ),
        (
            "When an order arrives, tell the customer in French",
            &[("words.tell", "leave it out")],
            "event name=order.received: mail.tell(email=${ input.order.email })",
        ),
        ("When a parcel arrives, close the shop", &[("trigger", "by hand")], "by hand: shop.close()"),
        (
            "When an order arrives, ask someone to approve it",
            &[("approve.to", "finance")],
            "event name=order.received: core.approve(title=Please approve order ${ input.order.id }; to=finance)",
        ),
        (
            "When an order arrives, if the customer is happy, create an invoice",
            &[("condition", "the total is above 100")],
            "event name=order.received: if ${ input.order.total > 100 } [shop.invoice(order=${ input.order.id }; total=${ input.order.total })]",
        ),
        (
            "When an order above 1.500 arrives, close the shop",
            &[("number.1.500", "1500")],
            "event name=order.received: if ${ input.order.total > 1500 } [shop.close()]",
        ),
        (
            "When an order over €1,000 arrives, close the shop",
            &[("number.1,000_euros", "1000")],
            "event name=order.received: if ${ input.order.total > 1000 } [shop.close()]",
        ),
        (
            "Every month, close the shop",
            &[("trigger.day", "15"), ("trigger.time", "9:00"), ("trigger.zone", "utc")],
            "schedule cron=0 9 15 * * zone=UTC: shop.close()",
        ),
        (
            "Every week, close the shop",
            &[("trigger.day", "Friday"), ("trigger.time", "6pm"), ("trigger.zone", "UTC")],
            "schedule cron=0 18 * * 5 zone=UTC: shop.close()",
        ),
        (
            "Every 1.5 hours, close the shop",
            &[("trigger", "every 90 minutes")],
            "schedule every=90m: shop.close()",
        ),
        (
            "Wait -2 days, then close the shop",
            &[("wait.for", "2 days")],
            "by hand: core.wait(for=2d), shop.close()",
        ),
        (
            "When an order arrives, tell the customer",
            &[("tell.text", "Hello")],
            "event name=order.received: mail.tell(email=${ input.order.email }; text=Hello)",
        ),
        ("When an order arrives", &[("steps", "close the shop")], "event name=order.received: shop.close()"),
    ];
    for (sentence, answers, expected) in cases {
        assert_eq!(outline(&draft(sentence, answers)), *expected, "{sentence}");
    }
}

#[test]
fn an_answer_that_does_not_answer_is_asked_again_and_told_why() {
    for (sentence, id, answer) in [
        ("When an order above 1.500 arrives, close the shop", "number.1.500", "1.500"),
        ("When an order above 1.500 arrives, close the shop", "number.1.500", "many"),
        ("Every day at 9:00, close the shop", "trigger.zone", "here"),
        ("Every day at UTC, close the shop", "trigger.time", "25:00"),
        ("Every month at 9:00 UTC, close the shop", "trigger.day", "31"),
        ("When a parcel arrives, close the shop", "trigger", "parcel.arrived"),
        ("Wait -2 days, then close the shop", "wait.for", "-2d"),
        ("Wait a bit, then close the shop", "wait.for", "a bit"),
        ("When an order arrives, ask someone to approve it", "approve.to", " "),
        ("When an order arrives, delete the invoice", "step.delet_invoic", "shop.destroy"),
        ("When an order arrives, tell the customer in French", "words.tell", "keep it"),
        ("When a ticket above 500 is opened, close the ticket", "compare", "input.ticket.size"),
        ("When a ticket is opened, assign the ticket", "assign.team", "nobody"),
        ("When an order arrives, if the customer is happy, create an invoice", "condition", "very happy"),
        ("When an order arrives", "steps", "if it is paid, close the shop"),
    ] {
        let made = draft(sentence, &[(id, answer)]);
        let DraftOutcome::NeedsAnswers(questions) = &made.outcome else { panic!("{sentence}: {made:?}") };
        let again = questions.iter().find(|question| question.id == id);
        let text = &again.unwrap_or_else(|| panic!("{sentence}: {questions:?}")).text;
        assert!(
            text.starts_with(&format!("“{answer}” does not answer this; it takes ")),
            "{sentence}: {text}"
        );
        assert_eq!(made.unused, Vec::<String>::new(), "{sentence}");
    }
}

#[test]
fn answers_that_nothing_asks_for_are_named() {
    for (sentence, answers, unused) in [
        ("Close the shop", &[("bogus", "1")][..], &["bogus"][..]),
        ("Wait 2 days, then close the shop", &[("wait.for", "3d")], &["wait.for"]),
        ("Every day at 9:00, close the shop", &[("trigger.time", "9:00")], &["trigger.time"]),
        ("Send the report", &[("report.to", "a@example.org")], &[]),
    ] {
        assert_eq!(draft(sentence, answers).unused, unused, "{sentence}");
    }
}

#[test]
fn text_from_the_sentence_stays_text() {
    let made = draft("When an order arrives, tell the customer \"${ input.order.id } is ${x}\"", &[]);
    let DraftOutcome::Ready(workflow) = made.outcome else { panic!("{:?}", made.outcome) };
    let with = &workflow.steps[0].action.as_ref().unwrap().with.as_ref().unwrap().0;
    assert_eq!(with["text"], "$${ input.order.id } is $${x}");
}

#[test]
fn hostile_text_is_refused_or_read_within_bounds() {
    for text in [
        "",
        " ",
        "\u{0}",
        "\"",
        "“",
        "when",
        "if if if",
        "and and and",
        "€",
        "1,2,3,,,",
        "when , then",
        "é”",
        "'s",
        "10k",
    ] {
        let _ = outline(&draft(text, &[]));
    }
    assert!(outline(&draft(&"close the shop, ".repeat(1000), &[])).starts_with("outside"));
    assert!(outline(&draft(&"a ".repeat(2000), &[])).starts_with("outside"));
    let many = "close the shop, ".repeat(90);
    assert!(outline(&draft(&many, &[])).starts_with("by hand: shop.close()"));
}

// Schedules are only judged where the feature that reads them is on.
#[cfg(feature = "schedule")]
#[test]
fn each_ready_draft_validates_and_runs_dry() {
    use flov7::execute::{DryRun, Mocks};
    use flov7::machine::Status;
    use flov7::validate::validate;
    use serde_json::json;

    use super::shop;

    let catalog = shop();
    let mocks = json!({ "core.approve": { "output": { "by": "ann", "at": "2026-01-01T00:00:00Z" } } });
    let mut ready = 0;
    for (sentence, outline) in table() {
        let DraftOutcome::Ready(workflow) = draft(sentence, &[]).outcome else { continue };
        ready += 1;
        let valid = validate(&workflow, &catalog)
            .unwrap_or_else(|report| panic!("{sentence}: {:#}", report.to_json()));
        let input = match &workflow.input {
            None => json!({}),
            // More than any sentence compares with, so that the first way is taken too.
            Some(_) if sentence.contains("ticket") => {
                json!({ "ticket": { "id": "t", "priority": 9, "age": 5000 } })
            }
            Some(_) => json!({ "order": { "id": "o", "total": 5000, "email": "a@example.org", "tier": "gold",
                "paid": true, "weight": 5000 } }),
        };
        let asks = outline.contains("core.approve");
        let mocks = if asks { Mocks::read(&mocks).unwrap() } else { Mocks::none() };
        let outcome = DryRun::new(&valid, input).with_mocks(mocks).with_sample(true).run().unwrap();
        assert_eq!(outcome.view.status, Status::Completed, "{sentence}: {outcome:#?}");
    }
    assert!(ready >= 20, "{ready}");
}
