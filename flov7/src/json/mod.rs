//! Being built.

/// Placeholder until the reader lands: SHA-256 of the value's text.
pub fn digest(value: &serde_json::Value) -> crate::id::Digest {
    crate::id::Digest::of(value.to_string())
}
