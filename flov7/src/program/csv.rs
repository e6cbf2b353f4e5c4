//! Comma-separated values (RFC 4180), read and written.
//!
//! Read: records end with CRLF, LF or CR; a field in quotes may hold commas, line ends and doubled quotes; a byte order
//! mark at the start is skipped; empty lines are. Every field is text. With a header the records are objects by its
//! names, else lists. Written: records end with CRLF, fields are quoted where they must be.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::json::number_text;

/// Why text and value do not become each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum CsvFault {
    /// It is not CSV, or cannot be: in a sentence.
    Form(String),
    /// It would be larger than the limit, in bytes.
    Size(usize),
}

impl From<String> for CsvFault {
    fn from(what: String) -> CsvFault {
        CsvFault::Form(what)
    }
}

/// Reads CSV text, to a value of at most so many bytes.
///
/// # Errors
/// A quote that is never closed or not followed by a comma, a header that names a column twice, a record whose number
/// of fields is not the header's (without one: the first record's); a value that would be too large.
pub(crate) fn read(text: &str, header: bool, limit: usize) -> Result<Value, CsvFault> {
    let mut left = limit;
    // What it takes as JSON, about: names repeat in each record, so that a small text can make a large value.
    let mut spend = |bytes: usize| {
        left = left.checked_sub(bytes).ok_or(CsvFault::Size(limit))?;
        Ok::<(), CsvFault>(())
    };
    let mut records = records(text)?.into_iter();
    if !header {
        let mut width = None;
        let mut lists = Vec::new();
        for (line, fields) in records {
            check_width(line, fields.len(), *width.get_or_insert(fields.len()))?;
            spend(fields.iter().map(|field| field.len() + 3).sum::<usize>() + 3)?;
            lists.push(Value::Array(fields.into_iter().map(Value::String).collect()));
        }
        return Ok(Value::Array(lists));
    }
    let Some((_, names)) = records.next() else { return Ok(Value::Array(Vec::new())) };
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    if let Some(pair) = sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        return Err(CsvFault::Form(format!("the header names the column `{}` twice", pair[0])));
    }
    let header_bytes = names.iter().map(|name| name.len() + 3).sum::<usize>() + 3;
    let mut objects = Vec::new();
    for (line, fields) in records {
        check_width(line, fields.len(), names.len())?;
        spend(fields.iter().map(|field| field.len() + 3).sum::<usize>() + header_bytes)?;
        let members: Map<String, Value> =
            names.iter().cloned().zip(fields.into_iter().map(Value::String)).collect();
        objects.push(Value::Object(members));
    }
    Ok(Value::Array(objects))
}

fn check_width(line: usize, fields: usize, wanted: usize) -> Result<(), String> {
    if fields == wanted {
        return Ok(());
    }
    Err(format!("the record at line {line} has {fields} fields where {wanted} are wanted"))
}

/// The records, each with the line that it begins on.
fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, String> {
    let mut chars = text.strip_prefix('\u{feff}').unwrap_or(text).chars().peekable();
    let mut records = Vec::new();
    let (mut line, mut began) = (1, 1);
    let mut fields = Vec::new();
    let mut field = String::new();
    loop {
        let quoted = chars.next_if_eq(&'"').is_some();
        if quoted {
            let opened = line;
            loop {
                match chars.next() {
                    None => return Err(format!("the quote that opens at line {opened} is never closed")),
                    Some('"') if chars.next_if_eq(&'"').is_some() => field.push('"'),
                    Some('"') => break,
                    Some(other) => {
                        line += usize::from(other == '\n');
                        field.push(other);
                    }
                }
            }
        } else {
            while let Some(other) = chars.next_if(|other| !matches!(other, ',' | '\r' | '\n')) {
                if other == '"' {
                    return Err(format!("a quote stands inside a field at line {line}"));
                }
                field.push(other);
            }
        }
        let next = chars.next();
        if next == Some(',') {
            fields.push(std::mem::take(&mut field));
            continue;
        }
        if quoted && !matches!(next, None | Some('\r' | '\n')) {
            return Err(format!(
                "a closing quote at line {line} is followed by neither a comma nor a line's end"
            ));
        }
        // An empty line is no record; a record of one empty field is written `""`.
        if quoted || !fields.is_empty() || !field.is_empty() {
            fields.push(std::mem::take(&mut field));
            records.push((began, std::mem::take(&mut fields)));
        }
        match next {
            None => return Ok(records),
            Some('\r') => drop(chars.next_if_eq(&'\n')),
            Some(_) => {}
        }
        line += 1;
        began = line;
    }
}

/// Writes a list of objects (a header first) or of lists (a header only with `columns`) as text of at most so many
/// bytes. `columns` says which members of the objects are written, in which order; without it those of all objects,
/// sorted. Absent members and nulls are empty fields.
///
/// # Errors
/// Not a list, objects and lists mixed, a field that is an object or a list; text that would be too large.
pub(crate) fn write(value: &Value, columns: Option<&[String]>, limit: usize) -> Result<String, CsvFault> {
    let Value::Array(rows) = value else { return Err(form("only a list can be written as CSV")) };
    let mut out = Text { text: String::new(), limit };
    let given = columns.map(|columns| columns.iter().map(String::as_str).collect::<Vec<_>>());
    match rows.first() {
        None => {
            if let Some(names) = given {
                out.header(&names)?;
            }
        }
        Some(Value::Object(_)) => {
            let names = given.unwrap_or_else(|| {
                let all = rows.iter().filter_map(Value::as_object).flat_map(Map::keys);
                all.map(String::as_str).collect::<BTreeSet<_>>().into_iter().collect()
            });
            out.header(&names)?;
            for row in rows {
                let Value::Object(members) = row else { return Err(form(MIXED)) };
                out.record(names.iter().map(|name| members.get(*name).unwrap_or(&Value::Null)))?;
            }
        }
        Some(Value::Array(_)) => {
            if let Some(names) = given {
                out.header(&names)?;
            }
            for row in rows {
                let Value::Array(fields) = row else { return Err(form(MIXED)) };
                out.record(fields.iter())?;
            }
        }
        Some(_) => return Err(form("the rows of CSV are objects or lists")),
    }
    Ok(out.text)
}

const MIXED: &str = "the rows of CSV are all objects or all lists";

fn form(what: &str) -> CsvFault {
    CsvFault::Form(what.to_owned())
}

struct Text {
    text: String,
    limit: usize,
}

impl Text {
    fn header(&mut self, names: &[&str]) -> Result<(), CsvFault> {
        let names: Vec<Value> = names.iter().map(|name| Value::from(*name)).collect();
        self.record(names.iter())
    }

    fn record<'v>(&mut self, fields: impl Iterator<Item = &'v Value>) -> Result<(), CsvFault> {
        let begin = self.text.len();
        for (at, field) in fields.enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            self.field(field)?;
            if self.text.len() > self.limit {
                return Err(CsvFault::Size(self.limit));
            }
        }
        // A record of one empty field would read as no record at all.
        if self.text.len() == begin {
            self.text.push_str("\"\"");
        }
        self.text.push_str("\r\n");
        Ok(())
    }

    fn field(&mut self, value: &Value) -> Result<(), CsvFault> {
        match value {
            Value::Null => {}
            Value::Bool(flag) => self.text.push_str(if *flag { "true" } else { "false" }),
            Value::Number(number) => self.text.push_str(&number_text(number)),
            Value::String(text) if text.contains([',', '"', '\r', '\n']) => {
                self.text.push('"');
                self.text.push_str(&text.replace('"', "\"\""));
                self.text.push('"');
            }
            Value::String(text) => self.text.push_str(text),
            Value::Array(_) | Value::Object(_) => {
                return Err(form("a field of CSV cannot hold a list or an object"));
            }
        }
        Ok(())
    }
}
