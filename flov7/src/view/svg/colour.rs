//! The colours of pictures, in light and in dark, as a style sheet. Classes stand below `flov7-graph`: in a page they
//! touch nothing else.

use std::fmt::Write;

use crate::view::MarkKind;

/// What one class is filled and drawn with.
struct Paint {
    class: &'static str,
    light: (&'static str, &'static str),
    dark: (&'static str, &'static str),
}

const fn paint(
    class: &'static str,
    light: (&'static str, &'static str),
    dark: (&'static str, &'static str),
) -> Paint {
    Paint { class, light, dark }
}

const TEXT: (&str, &str) = ("#1f2328", "#f0f6fc");
const GREEN: [(&str, &str); 2] = [("#dafbe1", "#1a7f37"), ("#12261e", "#3fb950")];
const RED: [(&str, &str); 2] = [("#ffebe9", "#cf222e"), ("#3c1618", "#f85149")];
const BLUE: [(&str, &str); 2] = [("#ddf4ff", "#0969da"), ("#0c2d6b", "#4493f8")];
const YELLOW: [(&str, &str); 2] = [("#fff8c5", "#9a6700"), ("#3b2300", "#d29922")];
const PURPLE: [(&str, &str); 2] = [("#fbefff", "#8250df"), ("#2b1f4d", "#ab7df8")];
const GREY: [(&str, &str); 2] = [("#f6f8fa", "#59636e"), ("#151b23", "#9198a1")];
const PLAIN: [(&str, &str); 2] = [("#ffffff", "#59636e"), ("#0d1117", "#9198a1")];

/// In the order of the sheet: a mark's colours come after those of kinds, and win.
const PAINTS: [Paint; 22] = [
    paint("page", ("#ffffff", "none"), ("#0d1117", "none")),
    paint("label", ("#ffffff", "none"), ("#0d1117", "none")),
    paint("caption", ("#ffffff", "none"), ("#0d1117", "none")),
    paint("trigger", BLUE[0], BLUE[1]),
    paint("end", BLUE[0], BLUE[1]),
    paint("action", GREY[0], GREY[1]),
    paint("person", YELLOW[0], YELLOW[1]),
    paint("wait", PURPLE[0], PURPLE[1]),
    paint("data", PLAIN[0], PLAIN[1]),
    paint("decision", ("#eaeef2", "#1f2328"), ("#262c36", "#d1d7e0")),
    paint("join", GREY[0], GREY[1]),
    paint("done", GREEN[0], GREEN[1]),
    paint("failed", RED[0], RED[1]),
    paint("running", BLUE[0], BLUE[1]),
    paint("waiting", YELLOW[0], YELLOW[1]),
    paint("skipped", PLAIN[0], PLAIN[1]),
    paint("cancelled", PLAIN[0], PLAIN[1]),
    paint("unknown", PURPLE[0], PURPLE[1]),
    paint("added", GREEN[0], GREEN[1]),
    paint("removed", RED[0], RED[1]),
    paint("changed", YELLOW[0], YELLOW[1]),
    paint("moved", BLUE[0], BLUE[1]),
];

/// A mark's fill, stroke and text in light.
pub(in crate::view) fn light(kind: MarkKind) -> (&'static str, &'static str, &'static str) {
    let paint = PAINTS.iter().find(|paint| paint.class == kind.as_str());
    let (fill, stroke) = paint.map_or(PLAIN[0], |paint| paint.light);
    (fill, stroke, TEXT.0)
}

/// The style sheet.
pub(super) fn style() -> String {
    const FONT: &str = "12px system-ui,-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,sans-serif";
    const THICK: &str = "done failed running waiting unknown added removed changed moved";
    const BROKEN: &str = "skipped cancelled removed";
    let mut out = String::new();
    // `write!` to a string cannot fail, so its results are dropped.
    let _ = writeln!(out, ".flov7-graph text{{font:{FONT};text-anchor:middle;stroke:none}}");
    let _ = writeln!(out, ".flov7-graph .line{{fill:none;stroke-width:1.5}}");
    let _ = writeln!(out, ".flov7-graph .frame{{fill:none;stroke-dasharray:2 3}}");
    let all = |classes: &str| {
        let all = classes.split(' ').map(|class| format!(".flov7-graph .{class}"));
        all.collect::<Vec<_>>().join(",")
    };
    let _ = writeln!(out, "{}{{stroke-width:2}}", all(THICK));
    let _ = writeln!(out, "{}{{stroke-dasharray:5 3}}", all(BROKEN));
    push_scheme(&mut out, TEXT.0, GREY[0].1, |paint| paint.light);
    out.push_str("@media (prefers-color-scheme:dark){\n");
    push_scheme(&mut out, TEXT.1, GREY[1].1, |paint| paint.dark);
    out.push_str("}\n");
    out
}

fn push_scheme(
    out: &mut String,
    text: &str,
    line: &str,
    of: impl Fn(&Paint) -> (&'static str, &'static str),
) {
    let _ = writeln!(out, ".flov7-graph text{{fill:{text}}}");
    let _ = writeln!(out, ".flov7-graph .line{{stroke:{line}}}");
    let _ = writeln!(out, ".flov7-graph .frame{{stroke:{line}}}");
    let _ = writeln!(out, ".flov7-graph .head{{fill:{line}}}");
    for paint in &PAINTS {
        let (fill, stroke) = of(paint);
        let _ = writeln!(out, ".flov7-graph .{}{{fill:{fill};stroke:{stroke}}}", paint.class);
    }
}
