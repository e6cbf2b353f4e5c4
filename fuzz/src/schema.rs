//! Schemas: what can be used is within itself, and its sample fits it.

use flov7::json::{self, ReadLimits};
use flov7::types::{Assign, Defs, SchemaChecker, assign, lower, sample};

use crate::Target;

pub(crate) const TARGET: Target = Target { name: "schema", run, words: WORDS };

const WORDS: &[&str] = &[
    "\"type\"",
    "\"object\"",
    "\"array\"",
    "\"string\"",
    "\"number\"",
    "\"integer\"",
    "\"boolean\"",
    "\"null\"",
    "\"properties\"",
    "\"required\"",
    "\"additionalProperties\"",
    "\"patternProperties\"",
    "\"propertyNames\"",
    "\"items\"",
    "\"prefixItems\"",
    "\"contains\"",
    "\"minContains\"",
    "\"uniqueItems\"",
    "\"minItems\"",
    "\"maxItems\"",
    "\"enum\"",
    "\"const\"",
    "\"allOf\"",
    "\"anyOf\"",
    "\"oneOf\"",
    "\"not\"",
    "\"if\"",
    "\"then\"",
    "\"else\"",
    "\"$ref\"",
    "\"$defs\"",
    "\"#\"",
    "\"#/$defs/a\"",
    "\"#/types/order\"",
    "\"pattern\"",
    "\"^(a+)+$\"",
    "\"format\"",
    "\"minLength\"",
    "\"maxLength\"",
    "\"minimum\"",
    "\"maximum\"",
    "\"exclusiveMinimum\"",
    "\"multipleOf\"",
    "\"minProperties\"",
    "\"maxProperties\"",
    "\"dependentRequired\"",
    "\"dependentSchemas\"",
    "\"unevaluatedProperties\"",
    "\"default\"",
    "true",
    "false",
    "null",
    "0",
    "-1",
    "0.1",
    "1e308",
    "1e-320",
    "18446744073709551615",
    "[]",
    "{}",
    ",",
    ":",
];

fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    let Ok(schema) = json::read(&text, &ReadLimits::default()) else { return };
    let defs = Defs::none();
    let Ok(lowered) = lower(&schema, &defs) else { return };
    if let Assign::No { witness } = assign(&lowered, &lowered) {
        panic!("a schema goes where it goes, but for {witness}: {text}");
    }
    let checker = match SchemaChecker::compile(&schema, &defs) {
        Ok(checker) => checker,
        Err(faults) => panic!("what can be lowered can be checked: {faults:?}"),
    };
    if let Ok(value) = sample(&schema, &defs) {
        assert!(checker.accepts(&value), "the sample {value} fits {text}");
        assert!(lowered.upper().contains(&value), "the upper bound has the sample {value} of {text}");
    }
}
