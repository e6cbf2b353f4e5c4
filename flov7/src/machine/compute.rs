//! Data steps: values from values, with no effect.

use std::sync::Arc;

use serde_json::Value;

use super::FailureClass;
use super::run::{Run, Trouble, defect};
use super::state::At;
use crate::json::{self, ReadLimits};
use crate::program::csv::{self, CsvFault};
use crate::program::{Checker, Work};
use crate::workflow::TextFormat;

/// The largest value or text that one data step makes, in bytes (FORMAT, size).
const RESULT_BYTES: usize = 1024 * 1024;

/// So many bytes that are read or written cost as much as one step of an expression.
const BYTES_PER_FUEL: usize = 64;

impl Run<'_> {
    /// The value of a data step.
    pub(super) fn compute(&mut self, at: At, work: &Work) -> Result<Arc<Value>, Trouble> {
        match work {
            Work::Parse { format, text, header, checker } => {
                let text = self.render(at, text)?;
                let Value::String(text) = &*text else {
                    let path = self.state.path(self.program, at);
                    return Err(Trouble::Defect(defect(&path, "`parse` was given something else than text")));
                };
                self.spend_bytes(text.len());
                let value = Arc::new(self.parse(at, *format, text, *header)?);
                if let Some(checker) = checker {
                    self.check_data(at, checker, &value)?;
                }
                Ok(value)
            }
            Work::Format { format, value, columns } => {
                let value = self.render(at, value)?;
                let text = match format {
                    TextFormat::Csv => {
                        let text = csv::write(&value, columns.as_deref(), RESULT_BYTES);
                        text.map_err(|fault| self.csv_failed(at, fault))?
                    }
                    _ => self.format_json(at, &value)?,
                };
                self.spend_bytes(text.len());
                Ok(Arc::new(Value::String(text)))
            }
            Work::Validate { value, checker } => {
                let value = self.render(at, value)?;
                self.check_data(at, checker, &value)?;
                Ok(value)
            }
            Work::Set(template) => self.render(at, template),
            _ => Err(Trouble::Defect(defect(&self.state.path(self.program, at), "this computes nothing"))),
        }
    }

    pub(super) fn spend_bytes(&mut self, bytes: usize) {
        self.tape.fuel.spend((bytes / BYTES_PER_FUEL) as u64);
    }

    fn parse(&self, at: At, format: TextFormat, text: &str, header: bool) -> Result<Value, Trouble> {
        if format == TextFormat::Csv {
            return csv::read(text, header, RESULT_BYTES).map_err(|fault| self.csv_failed(at, fault));
        }
        json::read(text, &ReadLimits::default()).map_err(|fault| {
            let code = match fault.code {
                "document-size" | "document-depth" => "data.size",
                _ => "data.conversion",
            };
            Trouble::Failed(self.failure(at, FailureClass::Data, code, fault.to_string()))
        })
    }

    fn format_json(&self, at: At, value: &Value) -> Result<String, Trouble> {
        let text = json::canonical(value);
        if text.len() > RESULT_BYTES {
            return Err(self.csv_failed(at, CsvFault::Size(RESULT_BYTES)));
        }
        Ok(text)
    }

    fn csv_failed(&self, at: At, fault: CsvFault) -> Trouble {
        let (code, message) = match fault {
            CsvFault::Form(what) => ("data.conversion", what),
            CsvFault::Size(limit) => ("data.size", format!("this makes more than {limit} bytes")),
        };
        Trouble::Failed(self.failure(at, FailureClass::Data, code, message))
    }

    fn check_data(&self, at: At, checker: &Checker, value: &Value) -> Result<(), Trouble> {
        checker.check(value).map_err(|violation| {
            Trouble::Failed(self.failure(at, FailureClass::Contract, "contract.data", violation))
        })
    }
}
