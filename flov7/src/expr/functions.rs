//! The functions of the profile: one table of names, forms and numbers of arguments, read by the parser, the
//! checker and the evaluator alike.
//!
//! Functions over lists are written `v.f()` or `f(v)`; functions over texts and times as members, as in CEL;
//! conversions as `f(x)`. A name with a namespace (`math.round`) is written in full.

use super::ast::Form;

macro_rules! functions {
    ($( $(#[doc = $doc:literal])+ $variant:ident = $name:literal, $forms:ident, $min:literal ..= $max:literal; )+) => {
        /// A function of the profile. The receiver of a member call is its first argument.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Function { $( $(#[doc = $doc])+ $variant, )+ }

        impl Function {
            /// All of them, in the order of the documentation.
            pub const ALL: &[Function] = &[ $( Function::$variant, )+ ];

            /// Name, forms, and how many arguments it takes, the receiver included.
            #[must_use]
            pub fn signature(self) -> Signature {
                match self {
                    $( Function::$variant => Signature { name: $name, forms: Forms::$forms, min: $min, max: $max }, )+
                }
            }

            fn named(name: &str) -> Option<Function> {
                match name {
                    $( $name => Some(Function::$variant), )+
                    _ => None,
                }
            }
        }
    };
}

functions! {
    /// `size(v)`: code points of a text, members of a list or map.
    Size = "size", Both, 1..=1;
    /// `text.contains(part)`.
    Contains = "contains", Member, 2..=2;
    /// `text.startsWith(part)`.
    StartsWith = "startsWith", Member, 2..=2;
    /// `text.endsWith(part)`.
    EndsWith = "endsWith", Member, 2..=2;
    /// `text.matches(pattern)`: whether the pattern, a literal, is found anywhere in the text.
    Matches = "matches", Both, 2..=2;
    /// `text.lower()`.
    Lower = "lower", Member, 1..=1;
    /// `text.upper()`.
    Upper = "upper", Member, 1..=1;
    /// `text.lowerAscii()`: A to Z alone.
    LowerAscii = "lowerAscii", Member, 1..=1;
    /// `text.upperAscii()`: a to z alone.
    UpperAscii = "upperAscii", Member, 1..=1;
    /// `text.trim()`: without white space at both ends.
    Trim = "trim", Member, 1..=1;
    /// `text.split(separator, limit?)`: at most `limit` parts; an empty separator gives the code points.
    Split = "split", Member, 2..=3;
    /// `list.join(separator?)` of texts.
    Join = "join", Both, 1..=2;
    /// `text.replace(old, new, limit?)`: all places, or the first `limit`.
    Replace = "replace", Member, 3..=4;
    /// `text.substring(start, end?)` in code points; `data.index` outside the text.
    Substring = "substring", Member, 2..=3;
    /// `text.indexOf(part, from?)` in code points; -1 where it is not.
    IndexOf = "indexOf", Member, 2..=3;
    /// `text.lastIndexOf(part, from?)` in code points; -1 where it is not.
    LastIndexOf = "lastIndexOf", Member, 2..=3;
    /// `text.charAt(i)`: one code point; the empty text at the end; `data.index` beyond.
    CharAt = "charAt", Member, 2..=2;
    /// `format.format(list)`: a text with `%s`, `%d`, `%f`, `%e`, `%b`, `%o`, `%x`, `%X` filled in, `%%` a percent sign.
    Format = "format", Member, 2..=2;
    /// `strings.quote(text)`: in double quotes, with escapes, as a literal.
    StringsQuote = "strings.quote", Global, 1..=1;
    /// `string(x)`: the text of a number, bool, time, duration or text.
    String = "string", Global, 1..=1;
    /// `int(x)`: a number cut to whole, a text of digits read, a time in whole seconds since 1970.
    Int = "int", Global, 1..=1;
    /// `double(x)`: a number as the nearest double, a text read.
    Double = "double", Global, 1..=1;
    /// `bool(x)`: a bool, or one of the texts that mean one.
    Bool = "bool", Global, 1..=1;
    /// `type(x)`: `null`, `bool`, `number`, `string`, `list`, `map`, `timestamp` or `duration`.
    Type = "type", Global, 1..=1;
    /// `dyn(x)`: x itself; CEL needs it where kinds mix, and there is nothing to do here.
    Dyn = "dyn", Global, 1..=1;
    /// `timestamp(x)`: an RFC 3339 text, or seconds since 1970.
    Timestamp = "timestamp", Global, 1..=1;
    /// `duration(x)`: `1h30m` or `PT1H30M`.
    Duration = "duration", Global, 1..=1;
    /// `toJson(x)`: canonical JSON text.
    ToJson = "toJson", Both, 1..=1;
    /// `time.getFullYear(offset?)`.
    GetFullYear = "getFullYear", Member, 1..=2;
    /// `time.getMonth(offset?)`: 0 to 11.
    GetMonth = "getMonth", Member, 1..=2;
    /// `time.getDate(offset?)`: the day of the month, 1 to 31.
    GetDate = "getDate", Member, 1..=2;
    /// `time.getDayOfMonth(offset?)`: 0 to 30.
    GetDayOfMonth = "getDayOfMonth", Member, 1..=2;
    /// `time.getDayOfWeek(offset?)`: 0 for Sunday to 6.
    GetDayOfWeek = "getDayOfWeek", Member, 1..=2;
    /// `time.getDayOfYear(offset?)`: 0 to 365.
    GetDayOfYear = "getDayOfYear", Member, 1..=2;
    /// `time.getHours(offset?)`: 0 to 23; of a duration, all its whole hours.
    GetHours = "getHours", Member, 1..=2;
    /// `time.getMinutes(offset?)`: 0 to 59; of a duration, all its whole minutes.
    GetMinutes = "getMinutes", Member, 1..=2;
    /// `time.getSeconds(offset?)`: 0 to 59; of a duration, all its whole seconds.
    GetSeconds = "getSeconds", Member, 1..=2;
    /// `time.getMilliseconds(offset?)`: 0 to 999, of a duration too.
    GetMilliseconds = "getMilliseconds", Member, 1..=2;
    /// `sum(list)` of numbers; 0 for none.
    Sum = "sum", Both, 1..=1;
    /// `min(list)` of what `<` compares; `data.index` for none.
    Min = "min", Both, 1..=1;
    /// `max(list)` of what `<` compares; `data.index` for none.
    Max = "max", Both, 1..=1;
    /// `sort(list)`: ascending.
    Sort = "sort", Both, 1..=1;
    /// `reverse(v)`: a list or a text backwards.
    Reverse = "reverse", Both, 1..=1;
    /// `distinct(list)`: the first of each equal member.
    Distinct = "distinct", Both, 1..=1;
    /// `flatten(list)`: members that are lists are replaced by their members, one level deep.
    Flatten = "flatten", Both, 1..=1;
    /// `slice(list, start, end)`; `data.index` outside the list.
    Slice = "slice", Both, 3..=3;
    /// `first(list)`; `data.index` for none.
    First = "first", Both, 1..=1;
    /// `last(list)`; `data.index` for none.
    Last = "last", Both, 1..=1;
    /// `chunk(list, n)`: lists of `n` members, the last may be shorter.
    Chunk = "chunk", Both, 2..=2;
    /// `range(n)`: 0 to n - 1.
    Range = "range", Global, 1..=1;
    /// `merge(map, map)`: shallow, the right one wins.
    Merge = "merge", Both, 2..=2;
    /// `math.round(x, digits?)`: half away from zero, on the shortest decimal text.
    MathRound = "math.round", Global, 1..=2;
    /// `math.quot(a, b)`: the quotient cut to whole.
    MathQuot = "math.quot", Global, 2..=2;
    /// `math.abs(x)`.
    MathAbs = "math.abs", Global, 1..=1;
    /// `math.ceil(x)`.
    MathCeil = "math.ceil", Global, 1..=1;
    /// `math.floor(x)`.
    MathFloor = "math.floor", Global, 1..=1;
    /// `math.trunc(x)`: cut to whole.
    MathTrunc = "math.trunc", Global, 1..=1;
    /// `math.sign(x)`: -1, 0 or 1.
    MathSign = "math.sign", Global, 1..=1;
    /// `math.sqrt(x)`: the square root; `data.overflow` of what is below 0.
    MathSqrt = "math.sqrt", Global, 1..=1;
    /// `math.bitAnd(a, b)` of whole numbers of 64 bits, in two's complement.
    MathBitAnd = "math.bitAnd", Global, 2..=2;
    /// `math.bitOr(a, b)`.
    MathBitOr = "math.bitOr", Global, 2..=2;
    /// `math.bitXor(a, b)`.
    MathBitXor = "math.bitXor", Global, 2..=2;
    /// `math.bitNot(a)`.
    MathBitNot = "math.bitNot", Global, 1..=1;
    /// `math.bitShiftLeft(a, n)`: bits that leave 64 are lost; `data.index` for n below 0.
    MathBitShiftLeft = "math.bitShiftLeft", Global, 2..=2;
    /// `math.bitShiftRight(a, n)`: zeros come in from the left; `data.index` for n below 0.
    MathBitShiftRight = "math.bitShiftRight", Global, 2..=2;
    /// `math.greatest(a, …)` of numbers, or of one list of them.
    MathGreatest = "math.greatest", Global, 1..=64;
    /// `math.least(a, …)` of numbers, or of one list of them.
    MathLeast = "math.least", Global, 1..=64;
    /// `base64.encode(text)`: of its UTF-8, padded.
    Base64Encode = "base64.encode", Global, 1..=1;
    /// `base64.decode(text)`: `data.conversion` where that is no UTF-8 text.
    Base64Decode = "base64.decode", Global, 1..=1;
    /// `url.encode(text)`: percent-encoded as one segment.
    UrlEncode = "url.encode", Global, 1..=1;
    /// `url.decode(text)`: `data.conversion` where that is no UTF-8 text.
    UrlDecode = "url.decode", Global, 1..=1;
    /// `optional.of(x)`.
    OptionalOf = "optional.of", Global, 1..=1;
    /// `optional.none()`.
    OptionalNone = "optional.none", Global, 0..=0;
    /// `optional.ofNonZeroValue(x)`: none for null, false, 0, and empty texts, lists and maps.
    OptionalOfNonZeroValue = "optional.ofNonZeroValue", Global, 1..=1;
    /// `optional.hasValue()`.
    HasValue = "hasValue", Member, 1..=1;
    /// `optional.value()`; `data.key` for none.
    Value = "value", Member, 1..=1;
    /// `optional.orValue(x)`.
    OrValue = "orValue", Member, 2..=2;
    /// `optional.or(optional)`.
    Or = "or", Member, 2..=2;
}

/// How a function is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Signature {
    /// Its name, the namespace included: `size`, `math.round`.
    pub name: &'static str,
    /// Which forms are legal.
    pub forms: Forms,
    /// The fewest arguments, the receiver included.
    pub min: usize,
    /// The most arguments, the receiver included.
    pub max: usize,
}

/// Which forms of a call are legal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forms {
    /// `f(a, b)`.
    Global,
    /// `a.f(b)`.
    Member,
    /// Either.
    Both,
}

impl Forms {
    /// Whether `form` is legal.
    #[must_use]
    pub fn allow(self, form: Form) -> bool {
        matches!(
            (self, form),
            (Forms::Both, _) | (Forms::Global, Form::Global) | (Forms::Member, Form::Member)
        )
    }
}

impl Function {
    /// The function's name, the namespace included: `size`, `math.round`.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.signature().name
    }

    /// The function of that name, the namespace included.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Function> {
        Function::named(name)
    }
}

/// The words before a dot that are part of a function's name and never a value.
pub const NAMESPACES: &[&str] = &["math", "strings", "base64", "url", "optional"];
