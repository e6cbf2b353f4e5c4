//! Names and identifiers: small, checked, cheap to clone.
//!
//! Whoever holds one of these types holds a valid one: every way in (`parse`, `FromStr`, `TryFrom`, serde)
//! checks the same rule, and no way around it exists.
//!
//! ```
//! use flov7::id::{ExecutionId, Name, StepPath, Timestamp};
//!
//! assert!(Name::parse("send_invoice").is_ok());
//! assert!(Name::parse("input").is_err()); // a root of expressions
//! let path = StepPath::parse("each[17]/charge").unwrap();
//! assert_eq!(path.without_indices(), "each/charge");
//! let id = ExecutionId::new(1_700_000_000_000, [7; 10]);
//! assert_eq!(id.created_ms(), 1_700_000_000_000);
//! assert_eq!(Timestamp::from_ms(id.created_ms()).to_string(), "2023-11-14T22:13:20.000Z");
//! ```

mod digest;
mod key;
mod name;
mod path;
mod random;
mod time;

pub use digest::Digest;
pub use key::idempotency_key;
pub(crate) use name::is_reserved_word;
pub(crate) use name::named;
pub use name::{Name, Namespace, RESERVED_WORDS, ROOTS, SecretName, WorkflowName};
pub use path::{Segment, Segments, StepPath};
pub use random::{ExecutionId, WaitToken};
pub use time::Timestamp;

/// Why a text is not the identifier it was taken for.
///
/// `Display` is one lower-case sentence. It quotes the text (at most 64 characters of it, control characters
/// escaped), except for secret names, where the text may be the secret itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}{what}")]
pub struct IdError {
    /// The offending text in back quotes with a space after it, or empty.
    text: String,
    what: String,
}

impl IdError {
    /// The error of `text`, which is not what `what` asks for (`is not a …`, `is longer than …`).
    fn of(text: &str, what: impl Into<String>) -> IdError {
        let mut shown: String = text.chars().take(64).flat_map(char::escape_debug).collect();
        if text.chars().nth(64).is_some() {
            shown.push('…');
        }
        IdError { text: format!("`{shown}` "), what: what.into() }
    }

    /// An error that does not repeat the text.
    fn silent(what: impl Into<String>) -> IdError {
        IdError { text: String::new(), what: what.into() }
    }
}

/// The traits that every textual identifier has. The type is a tuple struct over `Arc<str>` with an inherent
/// `parse(&str) -> Result<Self, IdError>`.
macro_rules! text_id {
    ($name:ident, $schema:expr) => {
        impl $name {
            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::id::IdError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::id::IdError;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl TryFrom<&str> for $name {
            type Error = $crate::id::IdError;
            fn try_from(text: &str) -> Result<Self, Self::Error> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.as_str().to_owned()
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl ::std::borrow::Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }

        impl ::std::ops::Deref for $name {
            type Target = str;
            fn deref(&self) -> &str {
                &self.0
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                &*self.0 == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                &*self.0 == *other
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), &*self.0)
            }
        }

        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::id::deserialize_text(deserializer, stringify!($name), Self::parse)
            }
        }

        impl ::schemars::JsonSchema for $name {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> ::std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut ::schemars::SchemaGenerator) -> ::schemars::Schema {
                $schema
            }
        }
    };
}
use text_id;

/// Reads a string and checks it by `parse`; borrowed, owned and transient strings alike.
fn deserialize_text<'de, D: serde::Deserializer<'de>, T>(
    deserializer: D,
    what: &'static str,
    parse: fn(&str) -> Result<T, IdError>,
) -> Result<T, D::Error> {
    struct Visitor<T>(&'static str, fn(&str) -> Result<T, IdError>);
    impl<T> serde::de::Visitor<'_> for Visitor<T> {
        type Value = T;

        fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            write!(f, "a string that is a {}", self.0)
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<T, E> {
            (self.1)(text).map_err(E::custom)
        }
    }
    deserializer.deserialize_str(Visitor(what, parse))
}
