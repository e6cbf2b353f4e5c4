//! Sentences and what rules make of them: a draft, questions, or a refusal; never a silent guess.

use flov7::catalog::{ActionDescriptor, Catalog, Effect, EventDescriptor};
use flov7::generate::{Draft, DraftOutcome, GenerateRequest};
use flov7::rules::RuleGenerator;
use flov7::workflow::{Condition, Schema, Step};
use serde_json::{Value, json};

mod sentences;

/// A shop with an event and a handful of actions.
pub(crate) fn shop() -> Catalog {
    let object = |required: &[&str], properties: Value| json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false });
    let id = json!({ "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] });
    let action = |id_: &str, title: &str, phrases: &[&str], input: Value| {
        ActionDescriptor::new(id_, title, input, id.clone())
            .with_phrases(phrases.iter().copied())
            .with_effect(Effect::Keyed)
    };
    let text = json!({ "type": "string" });
    let number = json!({ "type": "number" });
    let event =
        |name: &str, title: &str, phrases: &[&str], payload: Value, measure: Option<&str>| EventDescriptor {
            name: name.into(),
            title: title.into(),
            phrases: phrases.iter().map(|p| (*p).to_owned()).collect(),
            payload: Schema::from(payload),
            measure: measure.map(str::to_owned),
        };
    let order = object(
        &["id", "total", "email", "tier", "paid"],
        json!({ "id": text, "total": number, "email": text, "tier": { "enum": ["gold", "silver"] },
            "paid": { "type": "boolean" }, "weight": number }),
    );
    let ticket = object(&["id", "priority", "age"], json!({ "id": text, "priority": number, "age": number }));
    Catalog::new()
        .with_event(event(
            "order.received",
            "An order arrives",
            &["a new order is placed"],
            order,
            Some("/total"),
        ))
        .with_event(event("ticket.opened", "A ticket is opened", &["someone opens a ticket"], ticket, None))
        .with_action(action(
            "shop.invoice",
            "Create an invoice",
            &["bill the customer", "write an invoice"],
            object(&["order", "total"], json!({ "order": text, "total": number })),
        ))
        .with_action(action(
            "mail.tell",
            "Tell the customer",
            &["notify the customer", "inform the customer"],
            object(&["email"], json!({ "email": text, "text": text })),
        ))
        .with_action(action(
            "mail.report",
            "Send the report",
            &["mail the report"],
            object(&["to"], json!({ "to": text })),
        ))
        .with_action(action("shop.close", "Close the shop", &["shut the shop"], json!({ "type": "object" })))
        .with_action(action(
            "ticket.close",
            "Close the ticket",
            &[],
            object(&["ticket"], json!({ "ticket": text })),
        ))
        .with_action(action(
            "ticket.assign",
            "Assign the ticket",
            &[],
            object(
                &["ticket", "team"],
                json!({ "ticket": text, "team": { "enum": ["support", "billing"] } }),
            ),
        ))
        .with_action(action(
            "crm.page",
            "Fetch a page",
            &[],
            object(&["url"], json!({ "url": { "type": "string", "format": "uri" } })),
        ))
        .with_person("manager")
        .with_person("finance")
}

fn draft(text: &str, answers: &[(&str, &str)]) -> Draft {
    let request = answers
        .iter()
        .fold(GenerateRequest::new(text), |request, (id, answer)| request.with_answer(*id, *answer));
    RuleGenerator::new(shop()).draft(&request)
}

/// A draft in one line: what a table can hold.
fn outline(draft: &Draft) -> String {
    match &draft.outcome {
        DraftOutcome::Ready(workflow) => {
            let trigger = workflow.triggers.first().map_or_else(
                || "by hand".to_owned(),
                |trigger| {
                    let with = &trigger.with.as_ref().unwrap().0;
                    let mut members: Vec<String> = with
                        .as_object()
                        .unwrap()
                        .iter()
                        .map(|(k, v)| format!("{k}={}", v.as_str().unwrap()))
                        .collect();
                    members.sort();
                    format!("{} {}", trigger.uses, members.join(" "))
                },
            );
            format!("{trigger}: {}", steps(&workflow.steps))
        }
        DraftOutcome::NeedsAnswers(questions) => {
            let mut ids: Vec<&str> = questions.iter().map(|q| q.id.as_str()).collect();
            ids.sort_unstable();
            format!("needs {}", ids.join(" "))
        }
        DraftOutcome::Refused(refusal) => format!("outside: {}", refusal.text),
        other => panic!("{other:?}"),
    }
}

fn steps(list: &[Step]) -> String {
    list.iter().map(step).collect::<Vec<_>>().join(", ")
}

fn step(step: &Step) -> String {
    if let Some(action) = &step.action {
        let with = action.with.as_ref().map_or(String::new(), |with| {
            let mut members: Vec<String> = with
                .0
                .as_object()
                .unwrap()
                .iter()
                .map(|(k, v)| format!("{k}={}", v.as_str().map_or_else(|| v.to_string(), str::to_owned)))
                .collect();
            members.sort();
            members.join("; ")
        });
        return format!("{}({with})", action.uses);
    }
    let Some(Condition::If(choice)) = &step.condition else { panic!("rules make actions and ifs") };
    let otherwise =
        choice.else_.as_ref().map_or(String::new(), |block| format!(" else [{}]", steps(block.steps())));
    format!("if {} [{}]{otherwise}", choice.if_.0.as_str().unwrap(), steps(choice.then.steps()))
}
