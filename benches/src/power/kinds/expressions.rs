//! Expressions: what is misspelt, left out, mixed up or read too early in each of them.

use serde_json::json;

use crate::power::site::Site;

pub(super) fn mutate(site: &mut Site<'_>) {
    for (pointer, text) in site.strings() {
        misspelt(site, &pointer, &text);
        broken(site, &pointer, &text);
        unguarded(site, &pointer, &text);
    }
    // What people write at the end of a workflow when they mean something else.
    let computed = [
        ("a number and a text", "${ size(execution.id) + execution.id }"),
        ("a text that is compared with a number", "${ execution.id > 3 }"),
        ("an item where there is none", "${ item }"),
        ("a state where there is none", "${ state + 1 }"),
        ("null inside of a text", "started by ${ execution.trigger }"),
        ("a list inside of a text", "all of ${ [1, 2] }"),
        ("a division by nothing", "${ 7 / 0 }"),
        ("a quotient as a position", "${ [1, 2, 3][7 / 2] }"),
        ("a position behind the end", "${ [1, 2][2] }"),
        ("a zone by its name", "${ now.getHours(\"Europe/Berlin\") }"),
        ("a broken pattern", "${ execution.id.matches(\"(\") }"),
        ("a text that is no number", "${ int(\"seven\") }"),
        ("a text that is no time", "${ timestamp(\"tomorrow\") }"),
        ("the least of nothing", "${ [].min() }"),
        ("a question mark too early", "${ execution?.id }"),
        ("a secret", "${ secrets.token }"),
        ("a comparison that never holds", "${ execution.id == 3 }"),
    ];
    for (kind, template) in computed {
        site.compute(kind, "/steps", template);
    }
}

fn misspelt(site: &mut Site<'_>, pointer: &str, text: &str) {
    let words = [
        ("input.", "inputs."),
        ("steps.", "step."),
        ("item.", "itm."),
        ("error.", "err."),
        ("state.", "stat."),
    ];
    for (right, wrong) in words {
        if let Some(at) = word(text, right) {
            let changed = format!("{}{wrong}{}", &text[..at], &text[at + right.len()..]);
            site.set("a misspelt root", pointer, json!(changed));
        }
    }
    // The last member of a path that is read, where nothing asks whether it is there.
    if !text.contains("has(")
        && !text.contains(".?")
        && let Some(end) = member_end(text)
    {
        site.set("a misspelt member", pointer, json!(format!("{}zz{}", &text[..end], &text[end..])));
    }
    for (right, wrong) in [
        ("size(", "sise("),
        (".map(", ".mapp("),
        (".sum(", ".summ("),
        ("string(", "str("),
        (".filter(", ".fliter("),
    ] {
        if text.contains(right) {
            site.set("a misspelt function", pointer, json!(text.replacen(right, wrong, 1)));
        }
    }
}

fn broken(site: &mut Site<'_>, pointer: &str, text: &str) {
    site.set("an operator at the end", pointer, json!(text.replacen(" }", " + }", 1)));
    site.set("a parenthesis that is never closed", pointer, json!(text.replacen("${ ", "${ (", 1)));
    if let Some(open) = text.rfind('}') {
        let cut = &text[..open];
        // Another mark behind it would close this one.
        if !cut.contains('}') {
            site.set("a mark that is never closed", pointer, json!(cut));
        }
    }
    for (right, wrong) in [(" == ", " = "), (" && ", " and "), (" || ", " or ")] {
        if text.contains(right) {
            site.set("an operator of another language", pointer, json!(text.replacen(right, wrong, 1)));
        }
    }
}

/// Without the question whether something is there.
fn unguarded(site: &mut Site<'_>, pointer: &str, text: &str) {
    let Some(start) = text.find("has(") else { return };
    let Some(end) = text[start..].find(')').map(|end| start + end) else { return };
    let path = &text[start + 4..end];
    let rest = &text[end + 1..];
    // `has(p) && …` and `has(p) ? p : …`, where what is asked for is read behind the question.
    if let Some(behind) = rest.strip_prefix(" && ").filter(|behind| behind.contains(path)) {
        site.set("a question that is not asked", pointer, json!(format!("{}{behind}", &text[..start])));
    }
    if let Some(behind) = rest.strip_prefix(" ? ").filter(|behind| behind.starts_with(path)) {
        site.set(
            "a question that is not asked",
            pointer,
            json!(format!("{}true ? {behind}", &text[..start])),
        );
    }
}

/// Where a word stands that nothing stands before.
fn word(text: &str, word: &str) -> Option<usize> {
    text.match_indices(word).map(|(at, _)| at).find(|at| {
        !text[..*at]
            .ends_with(|before: char| before.is_ascii_alphanumeric() || before == '_' || before == '.')
    })
}

/// The end of the last name of the first path that starts at a root or a step.
fn member_end(text: &str) -> Option<usize> {
    let start = ["input.", "steps.", "item."].iter().filter_map(|root| word(text, root)).min()?;
    let names = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == '.';
    let length = text[start..].find(|character| !names(character)).unwrap_or(text.len() - start);
    let end = start + length;
    // What is called is a function.
    let path = &text[start..end];
    let path = if text[end..].starts_with('(') { &path[..path.rfind('.')?] } else { path };
    path.contains('.').then_some(start + path.len())
}
