//! Reports as people see them.

use flov7::finding::{Code, Finding, Report, Residual, ResidualKind, Source, Style, render};
use flov7::json::{self, ReadLimits};

fn drawn(text: &str, findings: Vec<Finding>, residuals: Vec<Residual>) -> String {
    let document = json::read_document(text, &ReadLimits::default()).unwrap();
    let report = Report::new(findings, residuals).locate(&document, text);
    render(&report, Some(Source { name: "order.json", text }), Style::Plain)
}

#[test]
fn with_the_source() {
    let text = "{ \"name\": \"order\",\n  \"steps\": [ { \"id\": \"show\", \"data\": { \"set\": \"${ steps.totl }\" } } ] }";
    let findings = vec![
        Finding::new(Code::UNKNOWN_STEP, "/steps/0/data/set", "no step is called `totl`")
            .with_step("show")
            .with_expr_span(9, 13)
            .with_help("did you mean `total`?")
            .with_fix(Vec::new()),
        Finding::new(Code::WRONG_TYPE, "/name", "follows").with_cause(0),
    ];
    let residuals = vec![
        Residual::new(ResidualKind::Index, "/steps/0/data/set"),
        Residual::new(ResidualKind::Index, "/steps/0/data"),
        Residual::new(ResidualKind::ContractOutput, "/steps/0"),
    ];
    let expected = "\
error[unknown-step]: no step is called `totl`
 --> order.json:2:57 (step show)
  |
2 |   \"steps\": [ { \"id\": \"show\", \"data\": { \"set\": \"${ steps.totl }\" } } ] }
  |                                                         ^^^^
  help: did you mean `total`?
  this can be mended automatically

error[wrong-type]: follows
 --> order.json:1:11
  |
1 | { \"name\": \"order\",
  |           ^^^^^^^
  follows from: unknown-step: no step is called `totl`

2 errors
only the run can tell: data.index 2, contract.output 1
";
    assert_eq!(drawn(text, findings, residuals), expected);
}

#[test]
fn without_the_source() {
    let findings = vec![
        Finding::new(Code::UNUSED_SIGNAL, "/signals/paid", "no step waits for this signal"),
        Finding::new(Code::TIMEOUT_SHORT, "/steps/0/timeout", "too short").with_step("call"),
    ];
    let report = Report::new(findings, Vec::new());
    assert_eq!(
        render(&report, None, Style::Plain),
        "warning[unused-signal]: no step waits for this signal\n  at /signals/paid\n\n\
         hint[timeout-short]: too short\n  at /steps/0/timeout (step call)\n\n1 warning, 1 hint\n"
    );
    assert_eq!(render(&Report::default(), None, Style::Ansi), "");
}

#[test]
fn long_lines_are_cut_around_the_mark() {
    let text = format!("{{\"a\":\"{}\",\"b\":7,\"c\":\"{}\"}}", "é".repeat(5000), "z".repeat(5000));
    let out = drawn(
        &text,
        vec![Finding::new(Code::WRONG_KIND, "/b", "b"), Finding::new(Code::WRONG_KIND, "", "all")],
        vec![],
    );
    let lines: Vec<&str> = out.lines().collect();
    assert!(lines.iter().all(|line| line.chars().count() < 120), "{out}");
    let at = lines.iter().position(|line| line.contains("\"b\":7")).unwrap();
    let under: String =
        lines[at].chars().skip(lines[at + 1].chars().position(|c| c == '^').unwrap()).take(1).collect();
    assert_eq!(under, "7");
}

#[test]
fn nothing_from_a_document_steers_the_terminal() {
    let hostile = "\u{1b}]0;x\u{7}\u{1b}[31m\u{202e}evil\u{200b}\n\r\t\u{9b}2J";
    let text = "{\"a\u{202e}\u{9b}b\": 7}";
    let document = json::read_document(text, &ReadLimits::default()).unwrap();
    let findings = vec![
        Finding::new(Code::WRONG_KIND, format!("/{hostile}"), hostile).with_step(hostile).with_help(hostile),
    ];
    let report = Report::new(findings, Vec::new());
    let bare = render(&report, None, Style::Plain);
    let placed = render(&report.locate(&document, text), Some(Source { name: hostile, text }), Style::Plain);
    for out in [bare, placed] {
        assert!(!out.chars().any(|c| c.is_control() && c != '\n'), "{out:?}");
        assert!(!out.contains(['\u{202e}', '\u{200b}']), "{out:?}");
    }
}

#[test]
fn colours_only_when_asked() {
    let report = Report::new(vec![Finding::new(Code::WRONG_KIND, "/a", "x")], Vec::new());
    assert!(!render(&report, None, Style::Plain).contains('\u{1b}'));
    assert!(render(&report, None, Style::Ansi).starts_with("\u{1b}[1;31merror[wrong-kind]\u{1b}[0m: x"));
}

#[test]
fn places_of_another_text_do_no_harm() {
    let document = json::read_document("[1, [2, 3]]", &ReadLimits::default()).unwrap();
    let findings = ["", "/0", "/1/1"].map(|pointer| Finding::new(Code::WRONG_KIND, pointer, "x"));
    let mut report = Report::new(findings.into(), Vec::new()).locate(&document, "[1, [2, 3]]").to_json();
    report["findings"][0]["span"] = serde_json::json!({ "line": 2, "column": 9, "start": 1, "end": 0 });
    report["findings"][1]["span"] = serde_json::json!({ "line": 0, "column": 0, "start": 999, "end": 7 });
    let report: Report = serde_json::from_value(report).unwrap();
    for text in ["", "é", "a\nbc\n", "\n\n\né"] {
        assert!(render(&report, Some(Source { name: "x", text }), Style::Plain).ends_with("3 errors\n"));
    }
}
