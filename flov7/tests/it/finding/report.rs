//! Reports: order, repeats, causes, places, and the JSON that scripts read.

use flov7::error::{Error, ErrorKind};
use flov7::finding::{Code, Finding, Report, Residual, ResidualKind, Severity};
use flov7::json::{self, PatchOp, ReadLimits};
use serde_json::json;

fn finding(pointer: &str, message: &str) -> Finding {
    Finding::new(Code::WRONG_TYPE, pointer, message)
}

fn messages(report: &Report) -> Vec<&str> {
    report.findings().iter().map(|finding| finding.message.as_str()).collect()
}

#[test]
fn order_is_that_of_the_document() {
    let pointers = [
        "/output/a",
        "/steps/10/id",
        "/steps/2/when",
        "/steps/2",
        "",
        "/triggers/0",
        "/input",
        "/zzz",
        "/name",
        "/steps/2/action",
    ];
    let report = Report::new(pointers.iter().map(|pointer| finding(pointer, pointer)).collect(), Vec::new());
    assert_eq!(
        messages(&report),
        [
            "",
            "/name",
            "/input",
            "/triggers/0",
            "/steps/2",
            "/steps/2/action",
            "/steps/2/when",
            "/steps/10/id",
            "/output/a",
            "/zzz"
        ]
    );
}

#[test]
fn roots_come_before_what_follows_from_them() {
    let findings = vec![
        finding("/steps/0", "follows").with_cause(2),
        finding("/steps/1", "root"),
        finding("/steps/9", "late root"),
        finding("/steps/0/a", "follows from what follows").with_cause(0),
        finding("/steps/3", "caused by nothing that exists").with_cause(99),
    ];
    let report = Report::new(findings, Vec::new());
    assert_eq!(
        messages(&report),
        ["root", "caused by nothing that exists", "late root", "follows", "follows from what follows"]
    );
    let causes: Vec<_> = report.findings().iter().map(|finding| finding.cause).collect();
    assert_eq!(causes, [None, None, None, Some(2), Some(3)]);
}

#[test]
fn circles_of_causes_are_cut() {
    let findings = vec![
        finding("/a", "a").with_cause(1),
        finding("/b", "b").with_cause(0),
        finding("/c", "c").with_cause(2),
    ];
    let report = Report::new(findings, Vec::new());
    let causes: Vec<_> =
        report.findings().iter().map(|finding| (finding.message.as_str(), finding.cause)).collect();
    assert_eq!(causes, [("b", None), ("c", None), ("a", Some(0))]);
}

#[test]
fn repeats_are_dropped_and_their_consequences_kept() {
    let findings = vec![
        finding("/a", "same").with_expr_span(1, 2),
        finding("/b", "follows").with_cause(3),
        finding("/a", "same").with_expr_span(4, 5),
        finding("/a", "same").with_expr_span(1, 2).with_help("the second is dropped"),
    ];
    let report = Report::new(findings, Vec::new());
    assert_eq!(messages(&report), ["same", "same", "follows"]);
    assert_eq!(report.findings()[2].cause, Some(0));
    assert_eq!(report.findings()[0].help, None);
}

#[test]
fn only_errors_make_it_invalid() {
    let warning = Finding::new(Code::UNUSED_SIGNAL, "/signals/paid", "no step waits for it");
    assert_eq!(warning.severity, Severity::Warning);
    let valid = Report::new(vec![warning.clone()], Vec::new());
    assert!(valid.is_valid() && valid.count(Severity::Warning) == 1);
    let strict = Report::new(vec![warning.with_severity(Severity::Error)], Vec::new());
    assert!(!strict.is_valid());
    assert!(Report::default().is_valid());
}

#[test]
fn fail_residual_json_is_what_scripts_read() {
    let findings = vec![
        Finding::new(Code::UNKNOWN_STEP, "/steps/1/data/set", "no step is called `totl`")
            .with_step("show")
            .with_help("did you mean `total`?")
            .with_expr_span(9, 13)
            .with_found("totl")
            .with_allowed(json!(["total"]))
            .with_fix(vec![PatchOp::Replace {
                path: "/steps/1/data/set".into(),
                value: json!("${ steps.total }"),
            }]),
        Finding::new(Code::UNUSED_SIGNAL, "/signals/paid", "no step waits for it"),
    ];
    let residuals = vec![
        Residual::new(ResidualKind::ContractOutput, "/steps/10/action").with_step("call"),
        Residual::new(ResidualKind::Index, "/steps/2/data/set").with_step("pick"),
        Residual::new(ResidualKind::Index, "/steps/2/data/set").with_step("pick"),
    ];
    let report = Report::new(findings, residuals);
    assert_eq!(
        report.to_json(),
        json!({
            "valid": false,
            "findings": [
                { "code": "unused-signal", "severity": "warning", "pointer": "/signals/paid", "step": null,
                  "message": "no step waits for it", "help": null },
                { "code": "unknown-step", "severity": "error", "pointer": "/steps/1/data/set", "step": "show",
                  "message": "no step is called `totl`", "help": "did you mean `total`?", "expr_span": [9, 13],
                  "found": "totl", "allowed": ["total"],
                  "fix": [{ "op": "replace", "path": "/steps/1/data/set", "value": "${ steps.total }" }] }
            ],
            "residuals": [
                { "step": "pick", "pointer": "/steps/2/data/set", "kind": "data.index" },
                { "step": "call", "pointer": "/steps/10/action", "kind": "contract.output" }
            ]
        })
    );
    let again: Report = serde_json::from_value(report.to_json()).unwrap();
    assert_eq!(again, report);
}

#[test]
fn residual_kinds_have_their_codes() {
    for kind in ResidualKind::ALL {
        assert_eq!(ResidualKind::from_code(kind.as_str()), Some(*kind));
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.as_str()));
    }
    assert_eq!(ResidualKind::from_code("timeout"), None);
}

#[test]
fn locating_points_into_the_text() {
    let text = "{ \"steps\": [ { \"id\": \"a\",\n    \"data\": { \"set\": \"\\u00e9\\\"${ stepz.x }\" } },\n  { \"idd\": 1 } ],\n  \"name\": 7 }";
    let document = json::read_document(text, &ReadLimits::default()).unwrap();
    let value = json::get(&document.value, "/steps/0/data/set").unwrap().as_str().unwrap();
    let start = value.find("stepz").unwrap();
    let findings = vec![
        Finding::new(Code::WRONG_KIND, "/name", "name"),
        Finding::new(Code::UNKNOWN_MEMBER, "/steps/1/idd", "member").about_name(),
        Finding::new(Code::MISSING_MEMBER, "/steps/1/id", "missing"),
        Finding::new(Code::UNKNOWN_ROOT, "/steps/0/data/set", "root").with_expr_span(start, start + 5),
        Finding::new(Code::WRONG_TYPE, "/steps/0/data/set", "whole").with_expr_span(0, value.len()),
        Finding::new(Code::WRONG_TYPE, "/steps/0/data/set", "outside").with_expr_span(500, 600),
    ];
    let report = Report::new(findings, Vec::new()).locate(&document, text);
    let shown: Vec<_> = report
        .findings()
        .iter()
        .map(|finding| {
            let span = finding.span.unwrap();
            (finding.message.as_str(), span.line, span.column, &text[span.start..span.end])
        })
        .collect();
    assert_eq!(
        shown,
        [
            ("outside", 2, 22, "\"\\u00e9\\\"${ stepz.x }\""),
            ("whole", 2, 23, "\\u00e9\\\"${ stepz.x }"),
            ("root", 2, 34, "stepz"),
            ("missing", 3, 3, "{ \"idd\": 1 }"),
            ("member", 3, 5, "\"idd\""),
            ("name", 4, 11, "7"),
        ]
    );
}

#[test]
fn places_are_whole_characters_inside_the_text() {
    for (text, offsets) in [("[\"é😀 a\"]", 0..12), ("[\"\\ud83d\\ude00é\\n\\\\x\"]", 0..12)] {
        let document = json::read_document(text, &ReadLimits::default()).unwrap();
        for start in offsets.clone() {
            for end in offsets.clone() {
                let finding = Finding::new(Code::WRONG_TYPE, "/0", "x").with_expr_span(start, end);
                let report = Report::new(vec![finding], Vec::new()).locate(&document, text);
                let span = report.findings()[0].span.unwrap();
                assert!(text.get(span.start..span.end).is_some(), "{text} {start} {end}: {span:?}");
            }
        }
    }
}

#[cfg(feature = "yaml")]
#[test]
fn locating_points_into_yaml() {
    let text = "plain: ${ stepz.x }\nsingle: 'it''s ${ stepz.x }'\ndouble: \"\\u00e9 ${ stepz.x }\"\nfolded: >\n  é\n  ${ stepz.x }\nliteral: |\n    a\n\n      ${ stepz.x }\n    b\nwrapped: \"a\n  ${ stepz.x }\"\n";
    let document = json::yaml::read_document(text, &ReadLimits::default()).unwrap();
    let findings = ["plain", "single", "double", "folded", "literal", "wrapped"].iter().map(|name| {
        let pointer = format!("/{name}");
        let start = json::get(&document.value, &pointer).unwrap().as_str().unwrap().find("stepz").unwrap();
        Finding::new(Code::UNKNOWN_ROOT, pointer, *name).with_expr_span(start, start + 5)
    });
    let report = Report::new(findings.collect(), Vec::new()).locate(&document, text);
    let shown: Vec<_> =
        report.findings().iter().map(|f| f.span.unwrap()).map(|span| &text[span.start..span.end]).collect();
    assert_eq!(shown[..5], ["stepz"; 5]);
    assert_eq!(shown[5], "\"a\n  ${ stepz.x }\"", "a text in quotes over several lines is shown whole");
}

#[test]
fn errors_speak_for_their_own_level() {
    let report = Report::new(vec![finding("/a", "a is wrong"), finding("/b", "b is wrong")], Vec::new());
    let invalid = Error::invalid(report);
    assert_eq!(invalid.kind(), ErrorKind::Invalid);
    assert_eq!(invalid.to_string(), "a is wrong (and 1 more)");
    assert_eq!(invalid.report().map(|report| report.findings().len()), Some(2));

    let cause = std::io::Error::other("disk is full");
    let error = Error::new(ErrorKind::Unavailable, "the store cannot be written")
        .with("path", "x.db")
        .with("tries", 3)
        .caused_by(cause);
    assert_eq!(error.to_string(), "the store cannot be written (path: x.db, tries: 3)");
    let source = std::error::Error::source(&error).unwrap();
    assert_eq!(source.to_string(), "disk is full");
    assert_eq!(error.clone().context().collect::<Vec<_>>(), [("path", "x.db"), ("tries", "3")]);

    let locked = Error::locked(Some(4711), "another executor has the file open");
    assert_eq!((locked.kind(), locked.owner()), (ErrorKind::Locked, Some(4711)));
    assert_eq!(locked.to_string(), "another executor has the file open (pid: 4711)");
}

#[test]
fn names_that_begin_with_digits_have_one_order() {
    // `9` before `10` by size, `10` before `1a` and `1a` before `9` by bytes would be a circle.
    let ordered = ["", "/9", "/10", "/10/a", "/010", "/1a", "/a~0", "/a~1b", "/b"];
    let residuals: Vec<Residual> =
        ordered.iter().map(|below| Residual::new(ResidualKind::Index, format!("/steps/0{below}"))).collect();
    for turn in 0..residuals.len() {
        let mut shuffled = residuals.clone();
        shuffled.rotate_left(turn);
        if turn % 2 == 1 {
            shuffled.reverse();
        }
        let report = Report::new(Vec::new(), shuffled);
        let got: Vec<&str> = report.residuals().iter().map(|residual| &residual.pointer[8..]).collect();
        assert_eq!(got, ["", "/9", "/010", "/10", "/10/a", "/1a", "/a~1b", "/a~0", "/b"], "turn {turn}");
    }
}

#[test]
fn residuals_come_in_the_order_of_the_document_however_far_out_of_place_they_were() {
    let pointer = |at: usize| format!("/steps/{}/action/{}", at / 2, ["expect", "with"][at % 2]);
    let ordered: Vec<Residual> =
        (0..600).map(|at| Residual::new(ResidualKind::Index, pointer(at)).with_step("a")).collect();
    let mut reversed = ordered.clone();
    reversed.reverse();
    let mut neighbours = ordered.clone();
    neighbours.chunks_mut(3).for_each(<[Residual]>::reverse);
    let mut twice = reversed.clone();
    twice.extend(ordered.clone());
    for (name, given) in [("reversed", reversed), ("neighbours", neighbours), ("twice", twice)] {
        let report = Report::new(Vec::new(), given);
        assert_eq!(report.residuals(), ordered, "{name}");
    }
}
