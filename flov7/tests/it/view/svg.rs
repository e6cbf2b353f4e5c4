//! SVG pictures: as they were, well-formed, legible, and nothing in them but ours.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use flov7::catalog::Catalog;
use flov7::view::{graph, layout, svg};
use flov7::workflow::Workflow;
use roxmltree::{Document, NodeType};

use super::{ATTACKS, attacked, catalog, references};

fn drawn(workflow: &Workflow, catalog: &Catalog) -> String {
    let graph = graph(workflow, catalog);
    svg(&graph, &layout(&graph))
}

fn golden(name: &str, ending: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/view/golden").join(format!("{name}.{ending}"))
}

/// Every reference workflow looks as it did. After a change that is meant: `FLOV7_BLESS=1 cargo test -p flov7
/// --all-features --test it -- view::`, and a look at what changed.
#[test]
fn the_pictures_of_the_reference_workflows_are_as_they_were() {
    let mut wrong = Vec::new();
    let mut known = Vec::new();
    for (name, workflow) in references() {
        let graph = graph(&workflow, &catalog());
        let texts = [("svg", svg(&graph, &layout(&graph))), ("mmd", flov7::view::mermaid(&graph))];
        for (ending, text) in texts {
            let path = golden(&name, ending);
            if std::env::var_os("FLOV7_BLESS").is_some() {
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(&path, &text).unwrap();
            }
            if fs::read_to_string(&path).ok().as_deref() != Some(text.as_str()) {
                wrong.push(format!("{name}.{ending}"));
            }
            known.push(path);
        }
    }
    assert!(wrong.is_empty(), "FLOV7_BLESS=1 writes them anew: {wrong:?}");
    for entry in fs::read_dir(golden("x", "svg").parent().unwrap()).unwrap() {
        let path = entry.unwrap().path();
        assert!(known.contains(&path), "{} is of no reference workflow", path.display());
    }
}

/// Holds a picture against what all of them are: elements and attributes of a short list, no text in an attribute.
pub(super) fn assert_ours(text: &str) {
    let document = Document::parse(text).unwrap_or_else(|error| panic!("{error}:\n{text}"));
    for node in document.descendants() {
        match node.node_type() {
            NodeType::Element => {
                let name = node.tag_name().name();
                assert_eq!(node.tag_name().namespace(), Some("http://www.w3.org/2000/svg"), "{name}");
                let known = ["svg", "title", "desc", "style", "rect", "path", "polygon", "g", "text"];
                assert!(known.contains(&name), "<{name}>");
                for attribute in node.attributes() {
                    let (key, value) = (attribute.name(), attribute.value());
                    let numbers = |extra: &str| {
                        value.chars().all(|c| c.is_ascii_digit() || " -".contains(c) || extra.contains(c))
                    };
                    let sound = match key {
                        "x" | "y" | "width" | "height" | "rx" | "viewBox" => numbers(""),
                        "points" => numbers(","),
                        "d" => numbers("MVCLZ"),
                        "class" => value.chars().all(|c| c.is_ascii_lowercase() || " -7".contains(c)),
                        "id" | "aria-labelledby" => {
                            value.chars().all(|c| c.is_ascii_hexdigit() || " td".contains(c))
                        }
                        "role" => value == "img",
                        _ => false,
                    };
                    assert!(sound, "{key}={value:?} on <{name}>");
                }
            }
            NodeType::Comment | NodeType::PI => panic!("{:?}", node.text()),
            _ => {}
        }
    }
    assert!(!text.chars().any(|c| c != '\n' && flov7::finding::is_hidden(c)), "{text}");
    for outside in ["url(", "@import", "href", "<!", "<?"] {
        let style = document.descendants().find(|node| node.has_tag_name("style")).unwrap().text().unwrap();
        assert!(!style.contains(outside), "{style}");
    }
    assert!(!text.contains("<!") && !text.contains("<?"), "{text}");
    // A screen reader finds the title and the description by the ids that the root names.
    let root = document.root_element();
    let named: Vec<&str> = root.attribute("aria-labelledby").unwrap().split(' ').collect();
    for (id, tag) in named.into_iter().zip(["title", "desc"]) {
        let found = root.children().find(|node| node.attribute("id") == Some(id)).unwrap();
        assert!(found.has_tag_name(tag) && !found.text().unwrap_or("").is_empty(), "{tag}");
    }
}

#[test]
fn every_picture_is_one_accessible_image_that_stands_alone() {
    for (name, workflow) in references() {
        let text = drawn(&workflow, &catalog());
        assert_ours(&text);
        let document = Document::parse(&text).unwrap();
        let root = document.root_element();
        assert_eq!(root.attribute("role"), Some("img"), "{name}");
        let said =
            |tag| root.children().find(|node| node.has_tag_name(tag)).unwrap().text().unwrap().to_owned();
        assert_eq!(said("title"), name);
        for node in graph(&workflow, &catalog()).nodes.iter().filter(|node| !node.label.is_empty()) {
            assert!(said("desc").contains(&node.label), "{name}: {:?} is not described", node.label);
        }
    }
}

#[test]
fn nothing_from_a_document_is_active_in_an_svg_picture() {
    let shape = |text: &str| -> Vec<String> {
        let document = Document::parse(text).unwrap();
        let elements = document.descendants().filter(|node| node.is_element());
        elements.map(|node| node.tag_name().name().to_owned()).filter(|name| name != "text").collect()
    };
    let plain = shape(&drawn(&attacked("harmless"), &Catalog::new()));
    for attack in ATTACKS {
        let text = drawn(&attacked(attack), &Catalog::new());
        assert_ours(&text);
        assert_eq!(shape(&text), plain, "{attack:?} makes elements of its own:\n{text}");
    }
}

#[test]
fn what_a_graph_made_by_hand_holds_is_text_too() {
    for attack in ATTACKS.iter().copied().chain(["\u{0}\u{1}\u{b}\u{fffe}\u{ffff}\u{7f}\u{85}"]) {
        let mut graph = graph(&attacked("harmless"), &Catalog::new());
        graph.title = attack.into();
        for node in &mut graph.nodes {
            node.label = attack.into();
            node.id = Some(attack.into());
            node.mark = Some(flov7::view::Mark::new(flov7::view::MarkKind::Done, attack));
        }
        graph.edges.iter_mut().for_each(|edge| edge.label = attack.into());
        graph.groups.iter_mut().for_each(|group| group.label = attack.into());
        assert_ours(&svg(&graph, &layout(&graph)));
    }
}

/// The relative luminance of `#rrggbb` (WCAG 2).
fn luminance(colour: &str) -> f64 {
    let part = |at: usize| {
        let value = f64::from(u8::from_str_radix(&colour[at..at + 2], 16).unwrap()) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    0.2126 * part(1) + 0.7152 * part(3) + 0.0722 * part(5)
}

fn contrast(one: &str, other: &str) -> f64 {
    let (one, other) = (luminance(one), luminance(other));
    (one.max(other) + 0.05) / (one.min(other) + 0.05)
}

#[test]
fn text_and_shapes_have_the_contrast_of_wcag_aa_in_light_and_dark() {
    assert!((contrast("#000000", "#ffffff") - 21.0).abs() < 0.01, "the ratio is computed");
    let text = drawn(&references()[0].1, &catalog());
    let document = Document::parse(&text).unwrap();
    let sheet = document.descendants().find(|node| node.has_tag_name("style")).unwrap().text().unwrap();
    // The layout counts one font's characters: nothing may be in another, or bolder.
    assert_eq!(sheet.matches("font").count(), 1, "{sheet}");
    let (light, dark) = sheet.split_once("@media (prefers-color-scheme:dark){").unwrap();
    for (scheme, sheet) in [("light", light), ("dark", dark)] {
        let mut rules: BTreeMap<(&str, &str), &str> = BTreeMap::new();
        for line in sheet.lines().filter_map(|line| line.strip_prefix(".flov7-graph ")) {
            let (class, rest) = line.trim_end_matches('}').split_once('{').unwrap();
            for (key, value) in rest.split(';').filter_map(|pair| pair.split_once(':')) {
                if value.starts_with('#') {
                    rules.insert((class, key), value);
                }
            }
        }
        let (ink, page) = (rules[&("text", "fill")], rules[&(".page", "fill")]);
        let mut pairs = 0;
        for ((class, key), colour) in &rules {
            let (least, ground) = match (*class, *key) {
                ("text", _) | (".page", _) => continue,
                (".head", "fill") => (3.0, page),
                // Text stands on what is filled; what is drawn stands on the page.
                (_, "fill") => (4.5, ink),
                _ => (3.0, page),
            };
            pairs += 1;
            let ratio = contrast(colour, ground);
            assert!(ratio >= least, "{scheme}: {class} {key} {colour}: {ratio:.2}");
        }
        assert!(pairs > 40, "{scheme}: {rules:?}");
        for kind in flov7::view::MarkKind::ALL {
            assert!(rules.contains_key(&(&*format!(".{}", kind.as_str()), "fill")), "{scheme}: {kind:?}");
        }
    }
}
