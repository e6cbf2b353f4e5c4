//! Data steps.

use super::roots::{Known, Typed};
use super::{Flow, Place};
use crate::finding::{Code, Finding, ResidualKind};
use crate::json::below;
use crate::planted::{Bug, planted};
use crate::types::{Additional, Assign, Kind, Kinds, Lowered, Type, assign};
use crate::validate::outline::StepNo;
use crate::workflow::{Data, Format, Parse, TextFormat, Validate};

impl Flow<'_, '_> {
    pub(super) fn data(&mut self, place: &Place, no: StepNo, data: &Data, pointer: &str) -> Known {
        match data {
            Data::Set(template) => self.template(place, &template.0, &below(pointer, "/data/set")),
            Data::Parse(parse) => self.parse(place, no, parse, &below(pointer, "/data/parse")),
            Data::Format(format) => self.format(place, no, format, &below(pointer, "/data/format")),
            Data::Validate(validate) => self.validate(place, no, validate, &below(pointer, "/data/validate")),
        }
    }

    fn parse(&mut self, place: &Place, no: StepNo, parse: &Parse, pointer: &str) -> Known {
        let text = below(pointer, "/text");
        self.wanted(place, &parse.text.0, &text, Kinds::only(Kind::Text), "text", Code::NOT_ASSIGNABLE);
        if !planted(Bug::ParseNotListed) {
            self.remain(ResidualKind::Conversion, below(pointer, "/text"), Some(no));
        }
        self.remain(ResidualKind::Size, below(pointer, "/text"), Some(no));
        let rows = match (parse.format, parse.header) {
            (TextFormat::Csv, Some(false)) => Some(Type::list(Type::list(Type::text()))),
            (TextFormat::Csv, _) => Some(Type::list(Type::map::<&str>([], Additional::Of(Type::text())))),
            _ => None,
        };
        let Some(schema) = &parse.schema else {
            return Some(Typed::declared(rows.unwrap_or_else(Type::untyped)));
        };
        let schema = self.schema(schema, &below(pointer, "/schema"), Some(no))?;
        self.remain(ResidualKind::ContractData, pointer, Some(no));
        let Some(rows) = rows else { return Some(Typed::declared(schema.upper().clone())) };
        let both = schema.upper().intersect(&rows);
        if both.is_never() {
            let message = format!("CSV gives {rows}, which is never {}", schema.upper());
            self.note(Finding::new(Code::NOT_ASSIGNABLE, below(pointer, "/schema"), message), Some(no));
            return None;
        }
        Some(Typed::declared(both))
    }

    fn format(&mut self, place: &Place, no: StepNo, format: &Format, pointer: &str) -> Known {
        let pointer = below(pointer, "/value");
        let given = self.template(place, &format.value.0, &pointer);
        self.remain(ResidualKind::Size, pointer.clone(), Some(no));
        if format.as_ == TextFormat::Csv {
            let cell =
                Type::of_kinds(Kinds::only(Kind::Null).and(Kind::Bool).and(Kind::Number).and(Kind::Text));
            let row = Type::map::<&str>([], Additional::Of(cell.clone())).union(&Type::list(cell));
            let table = Lowered::declared(Type::list(row));
            match given.map(|given| (assign(&given.lowered(), &table), given.ty)) {
                None | Some((Assign::Yes, _)) => {}
                Some((Assign::No { witness }, given)) => {
                    let message = format!(
                        "CSV is written from a list of objects or lists of texts and numbers, found {given}"
                    );
                    let finding = Finding::new(Code::NOT_ASSIGNABLE, pointer, message).with_found(witness);
                    self.note(finding, Some(no));
                }
                Some(_) => self.remain(ResidualKind::Conversion, pointer, Some(no)),
            }
        }
        Some(Typed::computed(Type::text()))
    }

    fn validate(&mut self, place: &Place, no: StepNo, validate: &Validate, pointer: &str) -> Known {
        let given = self.template(place, &validate.value.0, &below(pointer, "/value"));
        let schema = self.schema(&validate.schema, &below(pointer, "/schema"), Some(no))?;
        let given = given?;
        match assign(&given.lowered(), &schema) {
            Assign::Yes => {}
            _ => self.remain(ResidualKind::ContractData, pointer, Some(no)),
        }
        let both = given.ty.intersect(schema.upper());
        if both.is_never() && !given.ty.is_never() {
            let (wanted, found) = (schema.upper().to_string(), given.ty.to_string());
            // Words say nothing of limits.
            let message = if wanted == found {
                format!("no value here is within the limits of the schema, though both are {found}")
            } else {
                format!("no value here is {wanted}: it is {found}")
            };
            self.note(Finding::new(Code::NOT_ASSIGNABLE, below(pointer, "/value"), message), Some(no));
            return None;
        }
        Some(Typed { ty: both, declared: given.declared })
    }
}
