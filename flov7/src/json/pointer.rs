//! JSON Pointers (RFC 6901): `/steps/0/action/with`.

use std::borrow::Cow;
use std::fmt;

use serde_json::Value;

/// A JSON Pointer under construction: push on the way in, pop on the way out.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pointer(String);

impl Pointer {
    /// The pointer to the whole document: the empty text.
    #[must_use]
    pub fn root() -> Pointer {
        Pointer::default()
    }

    /// Goes into the member `name`.
    pub fn push(&mut self, name: &str) {
        push_member(&mut self.0, name);
    }

    /// Goes into a member whose name has nothing to be escaped.
    pub(crate) fn push_known(&mut self, name: &str) {
        debug_assert!(!name.contains(['~', '/']), "{name}");
        self.0.push('/');
        self.0.push_str(name);
    }

    /// Goes into the item `index`.
    pub fn push_index(&mut self, index: usize) {
        push_index(&mut self.0, index);
    }

    /// Leaves the innermost value; nothing at the root.
    pub fn pop(&mut self) {
        let end = self.0.rfind('/').unwrap_or(0);
        self.0.truncate(end);
    }

    /// This pointer with the member `name` added.
    #[must_use]
    pub fn join(&self, name: &str) -> Pointer {
        let mut longer = self.clone();
        longer.push(name);
        longer
    }

    /// This pointer with the item `index` added.
    #[must_use]
    pub fn join_index(&self, index: usize) -> Pointer {
        let mut longer = self.clone();
        longer.push_index(index);
        longer
    }

    /// How many bytes the text has: to be given to [`Pointer::truncate`].
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True for the pointer to the whole document.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Goes back to where the pointer was `len` bytes long; nothing if it is shorter, or `len` is no such place.
    pub fn truncate(&mut self, len: usize) {
        if self.0.as_bytes().get(len) == Some(&b'/') {
            self.0.truncate(len);
        }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Pointer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for Pointer {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl From<Pointer> for String {
    fn from(pointer: Pointer) -> String {
        pointer.0
    }
}

impl From<&Pointer> for String {
    fn from(pointer: &Pointer) -> String {
        pointer.0.clone()
    }
}

/// A member name as one token of a pointer: `~` becomes `~0`, `/` becomes `~1`.
#[must_use]
pub fn escape(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte == b'~' || byte == b'/') {
        Cow::Owned(name.replace('~', "~0").replace('/', "~1"))
    } else {
        Cow::Borrowed(name)
    }
}

/// A pointer as the way to it, for walks that hardly ever need the text: each level holds its name or position.
#[derive(Clone, Copy)]
pub(crate) enum Trail<'t> {
    Root,
    Member(&'t Trail<'t>, &'t str),
    Item(&'t Trail<'t>, usize),
}

impl Trail<'_> {
    /// The text.
    pub(crate) fn pointer(&self) -> String {
        // Most are short.
        let mut text = String::with_capacity(if matches!(self, Trail::Root) { 0 } else { 24 });
        self.write(&mut text);
        text
    }

    fn write(&self, text: &mut String) {
        match self {
            Trail::Root => {}
            Trail::Member(above, name) => {
                above.write(text);
                push_member(text, name);
            }
            Trail::Item(above, index) => {
                above.write(text);
                push_index(text, *index);
            }
        }
    }
}

/// A pointer and what stands below it.
pub(crate) fn below(pointer: &str, rest: &str) -> String {
    let mut whole = String::with_capacity(pointer.len() + rest.len());
    whole.push_str(pointer);
    whole.push_str(rest);
    whole
}

/// The pointer to a member of what stands at `pointer`.
pub(crate) fn child(pointer: &str, name: &str) -> String {
    let mut whole = String::with_capacity(pointer.len() + 1 + name.len());
    whole.push_str(pointer);
    push_member(&mut whole, name);
    whole
}

/// Adds a member to a pointer.
pub(crate) fn push_member(pointer: &mut String, name: &str) {
    pointer.push('/');
    pointer.push_str(&escape(name));
}

/// Adds the position of an item to a pointer.
pub(crate) fn push_index(pointer: &mut String, index: usize) {
    pointer.push('/');
    push_digits(pointer, index);
}

fn push_digits(text: &mut String, number: usize) {
    if number >= 10 {
        push_digits(text, number / 10);
    }
    text.push(char::from(b'0' + (number % 10) as u8));
}

/// The member name that a token stands for.
#[must_use]
pub fn unescape(token: &str) -> Cow<'_, str> {
    if token.contains('~') {
        // In this order, so that `~01` becomes `~1` and not `/`.
        Cow::Owned(token.replace("~1", "/").replace("~0", "~"))
    } else {
        Cow::Borrowed(token)
    }
}

/// The names and indices of a pointer, unescaped. A text that does not start with `/` has none.
pub fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let rest = pointer.strip_prefix('/');
    rest.into_iter().flat_map(|rest| rest.split('/')).map(unescape)
}

/// The value at `pointer`; none if there is none, or the text is no pointer.
#[must_use]
pub fn get<'v>(value: &'v Value, pointer: &str) -> Option<&'v Value> {
    if !pointer.is_empty() && !pointer.starts_with('/') {
        return None;
    }
    tokens(pointer).try_fold(value, |value, token| match value {
        Value::Object(members) => members.get(&*token),
        Value::Array(items) => items.get(index(&token)?),
        _ => None,
    })
}

/// The index that a token stands for: digits without leading zeros.
pub(super) fn index(token: &str) -> Option<usize> {
    let plain = token == "0" || !token.starts_with('0') && token.bytes().all(|byte| byte.is_ascii_digit());
    if plain { token.parse().ok() } else { None }
}
