//! What a data step computes.

use serde_json::Value;

use super::reader::Reader;
use crate::finding::Code;
use crate::workflow::{Data, Format, Parse, TextFormat, Validate};

const KINDS: [&str; 4] = ["set", "parse", "format", "validate"];

pub(super) fn data(reader: &mut Reader, value: &Value) -> Option<Data> {
    let members = reader.object(value, "`data`", &KINDS)?;
    let mut there = KINDS.iter().copied().filter(|kind| members.contains_key(*kind));
    let Some(kind) = there.next() else {
        reader.poison();
        if reader.has_slip(members, &KINDS) {
            return None;
        }
        reader.fault(Code::MISSING_MEMBER, "`data` has one of `set`, `parse`, `format` and `validate`");
        return None;
    };
    for other in there {
        reader.poison();
        reader.within(other, |reader| {
            let message = format!("`data` with `{kind}` cannot have `{other}` too");
            let help = "a data step does one thing: make two steps of it";
            let finding = reader.about(Code::WRONG_KIND, message).about_name().with_help(help);
            reader.note(finding);
        });
    }
    let value = &members[kind];
    reader.within(kind, |reader| match kind {
        "set" => reader.template(value).map(Data::Set),
        "parse" => parse(reader, value).map(Data::Parse),
        "format" => format_step(reader, value).map(Data::Format),
        _ => validate(reader, value).map(Data::Validate),
    })
}

fn text_format(reader: &mut Reader, value: &Value) -> Option<TextFormat> {
    reader.word(value, &[("json", TextFormat::Json), ("csv", TextFormat::Csv)])
}

fn parse(reader: &mut Reader, value: &Value) -> Option<Parse> {
    let what = "`parse`";
    let members = reader.object(value, what, &["format", "text", "schema", "header"])?;
    let format = reader.required(members, what, "format", text_format);
    let text = reader.required(members, what, "text", Reader::template);
    let schema = reader.optional(members, "schema", Reader::schema);
    let header = reader.optional(members, "header", Reader::boolean);
    if header.is_some() && format == Some(TextFormat::Json) {
        reader.within("header", |reader| {
            let finding = reader.about(Code::UNKNOWN_MEMBER, "`header` is for CSV alone").about_name();
            reader.note(finding);
        });
    }
    Some(Parse { format: format?, text: text?, schema, header })
}

fn format_step(reader: &mut Reader, value: &Value) -> Option<Format> {
    let what = "`format`";
    let members = reader.object(value, what, &["as", "value", "columns"])?;
    let as_ = reader.required(members, what, "as", text_format);
    let value = reader.required(members, what, "value", Reader::template);
    let columns = reader.optional(members, "columns", Reader::texts);
    if columns.is_some() && as_ == Some(TextFormat::Json) {
        reader.within("columns", |reader| {
            let finding = reader.about(Code::UNKNOWN_MEMBER, "`columns` is for CSV alone").about_name();
            reader.note(finding);
        });
    }
    Some(Format { as_: as_?, value: value?, columns })
}

fn validate(reader: &mut Reader, value: &Value) -> Option<Validate> {
    let what = "`validate`";
    let members = reader.object(value, what, &["value", "schema"])?;
    let value = reader.required(members, what, "value", Reader::template);
    let schema = reader.required(members, what, "schema", Reader::schema);
    Some(Validate { value: value?, schema: schema? })
}
