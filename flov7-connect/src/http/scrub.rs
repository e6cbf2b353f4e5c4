//! Takes secret values out of whatever a call gives back.

use std::fmt;

use flov7::action::ActionError;
use flov7::json::number_text;
use serde_json::Value;

use super::target::push_encoded;

/// What stands where a secret stood.
const MARK: &str = "[secret]";

/// The texts that must not leave: the secret values that a call used, and the forms in which another side echoes them.
#[derive(Clone, Default)]
pub(crate) struct Scrub {
    /// Longest first, so that a secret inside another form goes with it.
    needles: Vec<String>,
}

impl fmt::Debug for Scrub {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrub(…)")
    }
}

impl Scrub {
    /// Scrubs these values, and each also percent-encoded, as base64, and as the inside of a JSON string and of one
    /// inside that.
    pub(crate) fn new<'a>(values: impl IntoIterator<Item = &'a str>) -> Self {
        let mut needles = Vec::new();
        for value in values.into_iter().filter(|value| !value.is_empty()) {
            let mut percent = String::new();
            push_encoded(&mut percent, value);
            let quoted = quote(value);
            needles.push(quote(&quoted));
            needles.push(quoted);
            needles.push(percent);
            needles.push(base64(value.as_bytes()));
            needles.push(value.to_owned());
        }
        needles.sort_unstable_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        needles.dedup();
        Scrub { needles }
    }

    /// The bytes of the longest text that must not leave.
    pub(crate) fn longest(&self) -> usize {
        self.needles.first().map_or(0, String::len)
    }

    /// The text without secrets.
    pub(crate) fn text(&self, text: &mut String) {
        for needle in &self.needles {
            if text.contains(needle.as_str()) {
                *text = text.replace(needle.as_str(), MARK);
            }
        }
    }

    /// The value without secrets: in texts, in names of members, and as a number's digits.
    pub(crate) fn value(&self, value: &mut Value) {
        if self.needles.is_empty() {
            return;
        }
        // An explicit stack: the depth of a value costs heap, not stack.
        let mut stack = vec![value];
        while let Some(value) = stack.pop() {
            match value {
                Value::String(text) => self.text(text),
                Value::Number(number) => {
                    if self.needles.contains(&number_text(number)) {
                        *value = Value::from(MARK);
                    }
                }
                Value::Array(items) => stack.extend(items),
                Value::Object(members) => {
                    if members.keys().any(|name| self.needles.iter().any(|needle| name.contains(needle))) {
                        let old = std::mem::take(members);
                        *members = old.into_iter().map(|(name, value)| (self.name(name), value)).collect();
                    }
                    stack.extend(members.values_mut());
                }
                Value::Null | Value::Bool(_) => {}
            }
        }
    }

    /// The error without secrets.
    pub(crate) fn error(&self, mut error: ActionError) -> ActionError {
        self.text(&mut error.message);
        self.value(&mut error.details);
        error
    }

    fn name(&self, mut name: String) -> String {
        self.text(&mut name);
        name
    }
}

/// The inside of a JSON string.
fn quote(text: &str) -> String {
    let quoted = Value::from(text).to_string();
    quoted[1..quoted.len() - 1].to_owned()
}

/// Base64 with padding (RFC 4648 §4).
pub(crate) fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for at in 0..4 {
            if at > chunk.len() {
                text.push('=');
            } else {
                // Six bits index 64 digits.
                text.push(char::from(DIGITS[(bits >> (18 - 6 * at) & 63) as usize]));
            }
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::base64;

    #[test]
    fn base64_of_the_rfc() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("Aladdin:open sesame", "QWxhZGRpbjpvcGVuIHNlc2FtZQ=="),
        ];
        for (plain, encoded) in cases {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }
}
