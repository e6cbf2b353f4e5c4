//! Documents written in YAML 1.2, core schema, read into the same values and places as JSON.
//!
//! The structure comes from `saphyr-parser`; what its scalars mean is decided here, by the core schema of
//! YAML 1.2.2 (§10.3): `yes`, `on` and dates are text. Refused: anything but one document, names of members
//! that are not text, tags beyond the core ones, merge keys (`<<`, which belong to YAML 1.1), infinities and
//! not-a-number. Aliases are expanded, and count as if they had been written out.
//!
//! ```
//! use flov7::json::{ReadLimits, yaml};
//!
//! let document = yaml::read_document("greet: { hello: [world, 1.0] }\n", &ReadLimits::default()).unwrap();
//! assert_eq!(document.value, serde_json::json!({ "greet": { "hello": ["world", 1] } }));
//! assert_eq!(document.spans.of("/greet/hello/0").unwrap().start, 17);
//! ```

use std::collections::BTreeMap;
use std::ops::Range;

use saphyr_parser::{Event, Parser, ScalarStyle, ScanError, StrInput, Tag};
use serde_json::Value;

use super::build::{Builder, Complete, Places, Reading, Stop, quoted};
use super::{Document, Numeric, ReadError, ReadLimits, canonical_size};

/// Reads a document written in YAML, with an index of places; all faults that can be told apart, at most
/// [`Reading::MAX_FAULTS`].
///
/// Limits as for JSON: of text, of depth, of values. Aliases count towards depth and values with everything
/// they bring, and what they copy together (anchored values included) has at most as many bytes as the text may
/// have.
///
/// # Errors
/// `yaml-syntax`, and all but `json-syntax` of [`super::read_document`].
pub fn read_document(text: &str, limits: &ReadLimits) -> Result<Document, Vec<ReadError>> {
    examine(text, limits).into_result()
}

/// Reads a document written in YAML as far as it makes sense, as [`super::examine`] does for JSON.
#[must_use]
pub fn examine(text: &str, limits: &ReadLimits) -> Reading {
    let mut reader = Reader {
        text,
        offsets: Offsets::new(text),
        parser: Parser::new_from_str(text),
        builder: Builder::new(limits, Places::Kept),
        frames: Vec::new(),
        anchors: BTreeMap::new(),
        copied: 0,
        last_end: 0,
    };
    let root = reader.document();
    reader.builder.finish(text, root)
}

struct Reader<'t> {
    text: &'t str,
    offsets: Offsets<'t>,
    parser: Parser<'t, StrInput<'t>>,
    builder: Builder,
    /// What each open list or object was when it began.
    frames: Vec<Frame>,
    /// What each anchor stands for; none while its value is open, or when it is a fault.
    anchors: BTreeMap<usize, Option<Anchored>>,
    /// How many bytes anchors and aliases have copied.
    copied: usize,
    /// Where the last scalar or bracket ended: block lists and objects end there too.
    last_end: usize,
}

struct Frame {
    /// The anchor's id, or 0.
    anchor: usize,
    /// Values counted before it began.
    values_before: usize,
    /// The deepest level below it so far.
    height: usize,
}

#[derive(Clone)]
struct Anchored {
    complete: Complete,
    values: usize,
    height: usize,
    bytes: usize,
}

impl<'t> Reader<'t> {
    fn document(&mut self) -> Result<Complete, Stop> {
        self.builder.check_length(self.text)?;
        let mut root = None;
        let mut documents = 0;
        let mut values = 0;
        while let Some(event) = self.parser.next_event() {
            let (event, span) = match event {
                Ok(event) => event,
                Err(error) => return self.scan_error(&error),
            };
            let span = self.offsets.range(span);
            let complete = match event {
                Event::Nothing | Event::StreamStart | Event::DocumentEnd => continue,
                Event::StreamEnd => break,
                Event::DocumentStart(_) => {
                    documents += 1;
                    if documents > 1 {
                        return self.stop("a file holds one document, and here a second one starts", span);
                    }
                    continue;
                }
                Event::Scalar(text, style, anchor, tag) => {
                    if self.builder.wants_key() {
                        self.key(&text, style, tag.as_deref(), anchor, span)?;
                        continue;
                    }
                    self.builder.count(1, span.start)?;
                    values += 1;
                    self.last_end = span.end;
                    let value = self.scalar(&text, style, tag.as_deref(), &span)?;
                    let complete = self.builder.scalar(value, span.clone());
                    self.anchor(anchor, &complete, 1, 0, &span)?;
                    Some(complete)
                }
                Event::SequenceStart(anchor, tag) => {
                    self.collection(true, tag.as_deref(), anchor, &span, values)?;
                    values += 1;
                    None
                }
                Event::MappingStart(anchor, tag) => {
                    self.collection(false, tag.as_deref(), anchor, &span, values)?;
                    values += 1;
                    None
                }
                Event::SequenceEnd | Event::MappingEnd => Some(self.close(&span, values)?),
                Event::Alias(id) => {
                    let (complete, added) = self.alias(id, &span)?;
                    values += added;
                    Some(complete)
                }
            };
            if let Some(complete) = complete {
                if self.builder.depth() == 0 {
                    root = Some(complete);
                } else {
                    self.builder.put(complete);
                }
            }
        }
        match root {
            Some(root) => Ok(root),
            None => self.stop("there is no document in the text", self.text.len()..self.text.len()),
        }
    }

    fn collection(
        &mut self,
        list: bool,
        tag: Option<&Tag>,
        anchor: usize,
        span: &Range<usize>,
        values: usize,
    ) -> Result<(), Stop> {
        if self.builder.wants_key() {
            return self.stop("the name of a member is a text, not a list or an object", span.clone());
        }
        match (tag.map(core), list) {
            (None | Some(Some("seq")), true) | (None | Some(Some("map")), false) => {}
            _ => return self.bad_tag(tag, span),
        }
        self.builder.count(1, span.start)?;
        if list {
            self.builder.open_list(span.start)?
        } else {
            self.builder.open_object(span.start)?
        }
        self.last_end = span.end;
        self.frames.push(Frame { anchor, values_before: values, height: 0 });
        if anchor > 0 {
            self.anchors.insert(anchor, None);
        }
        Ok(())
    }

    fn close(&mut self, span: &Range<usize>, values: usize) -> Result<Complete, Stop> {
        // A list or object in brackets ends with its bracket. One in block style has no mark of its own: its
        // end event stands at whatever follows, so it ends with its last part.
        if matches!(self.text.as_bytes().get(span.start), Some(b']' | b'}')) {
            self.last_end = span.start + 1;
        }
        let end = self.last_end;
        let (Some(frame), Some(complete)) = (self.frames.pop(), self.builder.close(end)) else {
            // The parser's events are balanced.
            return self.stop("the lists and objects of the text do not fit together", span.clone());
        };
        let height = frame.height + 1;
        if let Some(around) = self.frames.last_mut() {
            around.height = around.height.max(height);
        }
        self.anchor(frame.anchor, &complete, values - frame.values_before, height, span)?;
        Ok(complete)
    }

    /// Remembers what an anchor stands for.
    fn anchor(
        &mut self,
        id: usize,
        complete: &Complete,
        values: usize,
        height: usize,
        span: &Range<usize>,
    ) -> Result<(), Stop> {
        if id > 0 {
            let bytes = canonical_size(&complete.value);
            self.copy(bytes, span)?;
            self.anchors.insert(id, Some(Anchored { complete: complete.clone(), values, height, bytes }));
        }
        Ok(())
    }

    fn alias(&mut self, id: usize, span: &Range<usize>) -> Result<(Complete, usize), Stop> {
        if self.builder.wants_key() {
            return self.stop("the name of a member is written out, not an alias", span.clone());
        }
        let Some(Some(anchored)) = self.anchors.get(&id) else {
            return self.stop("this alias stands inside what it names", span.clone());
        };
        let (bytes, values, height) = (anchored.bytes, anchored.values, anchored.height);
        self.copy(bytes, span)?;
        self.builder.count(values, span.start)?;
        self.builder.check_depth(height, span.start)?;
        if let Some(around) = self.frames.last_mut() {
            around.height = around.height.max(height);
        }
        self.last_end = span.end;
        // Looked up a second time because the checks above need the whole of `self`.
        match self.anchors.get(&id) {
            Some(Some(anchored)) => Ok((anchored.complete.clone(), values)),
            _ => self.stop("this alias names nothing", span.clone()),
        }
    }

    fn copy(&mut self, bytes: usize, span: &Range<usize>) -> Result<(), Stop> {
        self.copied = self.copied.saturating_add(bytes);
        let limit = self.builder.limits().bytes;
        if self.copied <= limit {
            return Ok(());
        }
        let message = format!("anchors and aliases copy more than the {limit} bytes that are allowed");
        self.builder.stop("document-size", message, span.clone())
    }

    fn key(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        anchor: usize,
        span: Range<usize>,
    ) -> Result<(), Stop> {
        if style == ScalarStyle::Plain && text == "<<" {
            return self.stop("merge keys belong to YAML 1.1; write the members out", span);
        }
        match self.scalar(text, style, tag, &span)? {
            Value::String(name) => {
                if anchor > 0 {
                    let complete = self.builder.scalar(Value::String(name.clone()), span.clone());
                    self.anchor(anchor, &complete, 1, 0, &span)?;
                }
                self.last_end = span.end;
                self.builder.key(name, span);
                Ok(())
            }
            _ if text.is_empty() => self.stop("the name of a member is missing", span),
            _ => {
                self.stop(format!("the name of a member is a text: write \"{}\" in quotes", clip(text)), span)
            }
        }
    }

    /// What a scalar means: by its tag, or by the core schema where it is plain.
    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: &Range<usize>,
    ) -> Result<Value, Stop> {
        let plain = style == ScalarStyle::Plain;
        let kind = match tag.map(core) {
            None if plain => resolve(text),
            None | Some(Some("str")) => return Ok(Value::String(text.to_owned())),
            Some(Some(wanted)) => {
                let kind = resolve(text);
                let fits = match wanted {
                    "null" => matches!(kind, Kind::Null),
                    "bool" => matches!(kind, Kind::Bool(_)),
                    "int" => matches!(kind, Kind::Integer(_) | Kind::Radix(..)),
                    "float" => matches!(kind, Kind::Integer(_) | Kind::Double(_) | Kind::NotFinite),
                    _ => return self.bad_tag(tag, span),
                };
                if !fits {
                    return self.stop(format!("{} is no {wanted}", quoted(text)), span.clone());
                }
                kind
            }
            Some(None) => return self.bad_tag(tag, span),
        };
        Ok(match kind {
            Kind::Null => Value::Null,
            Kind::Bool(truth) => Value::Bool(truth),
            Kind::Integer(digits) => self.builder.number(Numeric::read(digits), text, span.clone()),
            Kind::Radix(digits, radix) => {
                let number = u64::from_str_radix(digits, radix).ok().map(|n| Numeric::Integer(n.into()));
                self.builder.number(number, text, span.clone())
            }
            Kind::Double(literal) => {
                let number =
                    literal.parse().ok().filter(|double: &f64| double.is_finite()).map(Numeric::Double);
                self.builder.number(number, text, span.clone())
            }
            Kind::NotFinite => {
                self.builder.note(
                    "number-range",
                    format!("{} is no number of a document", quoted(text)),
                    span.clone(),
                );
                Value::Null
            }
            Kind::Text => Value::String(text.to_owned()),
        })
    }

    fn bad_tag<T>(&mut self, tag: Option<&Tag>, span: &Range<usize>) -> Result<T, Stop> {
        let name = tag.map(|tag| format!("{}{}", tag.handle, tag.suffix)).unwrap_or_default();
        self.stop(format!("the tag {} means nothing here", quoted(&name)), span.clone())
    }

    fn scan_error<T>(&mut self, error: &ScanError) -> Result<T, Stop> {
        let at = self.offsets.byte(error.marker().index());
        let length = self.text[at..].chars().next().map_or(0, char::len_utf8);
        let message: String = error.info().chars().map(super::build::visible).collect();
        self.stop(message, at..at + length)
    }

    fn stop<T>(&mut self, message: impl Into<String>, span: Range<usize>) -> Result<T, Stop> {
        self.builder.stop("yaml-syntax", message, span)
    }
}

/// The name of a core tag (`str` of `!!str`); none for any other tag. `!` alone makes a scalar text.
fn core(tag: &Tag) -> Option<&str> {
    const CORE: &str = "tag:yaml.org,2002:";
    match (tag.handle.as_str(), tag.suffix.as_str()) {
        (CORE, suffix) => Some(suffix),
        ("", "!") | ("!", "") => Some("str"),
        ("", verbatim) => verbatim.strip_prefix(CORE),
        _ => None,
    }
}

/// What a plain scalar is in the core schema (YAML 1.2.2, §10.3.2).
enum Kind<'t> {
    Null,
    Bool(bool),
    /// Decimal digits with an optional minus: what a JSON literal looks like, but for leading zeros.
    Integer(&'t str),
    /// Digits of that radix.
    Radix(&'t str, u32),
    /// What Rust reads as a double.
    Double(&'t str),
    NotFinite,
    Text,
}

fn resolve(text: &str) -> Kind<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Kind::Null,
        "true" | "True" | "TRUE" => return Kind::Bool(true),
        "false" | "False" | "FALSE" => return Kind::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Kind::NotFinite,
        _ => {}
    }
    let unsigned = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Kind::NotFinite;
    }
    let all = |digits: &str, radix| !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
    for (prefix, radix) in [("0o", 8), ("0x", 16)] {
        if let Some(digits) = text.strip_prefix(prefix).filter(|digits| all(digits, radix)) {
            return Kind::Radix(digits, radix);
        }
    }
    if all(unsigned, 10) {
        return Kind::Integer(text.strip_prefix('+').unwrap_or(text));
    }
    // [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent.strip_prefix(['-', '+']).unwrap_or(exponent))),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let number = digits(whole)
        && digits(fraction)
        && !(whole.is_empty() && fraction.is_empty())
        && exponent.is_none_or(|exponent| all(exponent, 10));
    if number { Kind::Double(text) } else { Kind::Text }
}

fn clip(text: &str) -> String {
    text.chars().take(40).flat_map(char::escape_debug).collect()
}

/// From characters, which the parser counts, to bytes.
struct Offsets<'t> {
    text: &'t str,
    /// The byte at which every [`STRIDE`]th character starts; empty for ASCII.
    marks: Vec<usize>,
}

const STRIDE: usize = 128;

impl<'t> Offsets<'t> {
    fn new(text: &'t str) -> Offsets<'t> {
        let marks = if text.is_ascii() {
            Vec::new()
        } else {
            text.char_indices().step_by(STRIDE).map(|(at, _)| at).collect()
        };
        Offsets { text, marks }
    }

    fn byte(&self, character: usize) -> usize {
        if self.marks.is_empty() {
            return character.min(self.text.len());
        }
        let Some(&mark) = self.marks.get(character / STRIDE) else { return self.text.len() };
        let rest = &self.text[mark..];
        rest.char_indices().nth(character % STRIDE).map_or(self.text.len(), |(at, _)| mark + at)
    }

    fn range(&self, span: saphyr_parser::Span) -> Range<usize> {
        let start = self.byte(span.start.index());
        start..self.byte(span.end.index()).max(start)
    }
}
