//! The macros: one table of names, variables and parts, read by the parser, the checker and the evaluator alike.

/// The macros with a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum MacroKind {
    /// `range.all(x, condition)`, `range.all(i, x, condition)`.
    All,
    /// `range.exists(x, condition)`, `range.exists(i, x, condition)`.
    Exists,
    /// `range.exists_one(x, condition)`, `range.exists_one(i, x, condition)`.
    ExistsOne,
    /// `range.map(x, result)` and `range.map(x, condition, result)`.
    Map,
    /// `range.filter(x, condition)`.
    Filter,
    /// `range.sortBy(x, key)`: ascending, equal keys keep their order.
    SortBy,
    /// `range.groupBy(x, key)`: a map from text keys to lists.
    GroupBy,
    /// `range.transformList(i, x, result)` and `range.transformList(i, x, condition, result)`.
    TransformList,
    /// `map.transformMap(k, x, result)` and `map.transformMap(k, x, condition, result)`: the same keys.
    TransformMap,
    /// `range.transformMapEntry(i, x, {key: value})`, with a condition too: a map of all entries.
    TransformMapEntry,
    /// `optional.optMap(x, result)`: none stays none.
    OptMap,
    /// `optional.optFlatMap(x, optional)`: none stays none.
    OptFlatMap,
    /// `cel.bind(x, value, result)`: a name for a value.
    Bind,
}

impl MacroKind {
    /// All of them.
    pub const ALL: &[MacroKind] = &[
        MacroKind::All,
        MacroKind::Exists,
        MacroKind::ExistsOne,
        MacroKind::Map,
        MacroKind::Filter,
        MacroKind::SortBy,
        MacroKind::GroupBy,
        MacroKind::TransformList,
        MacroKind::TransformMap,
        MacroKind::TransformMapEntry,
        MacroKind::OptMap,
        MacroKind::OptFlatMap,
        MacroKind::Bind,
    ];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            MacroKind::All => "all",
            MacroKind::Exists => "exists",
            MacroKind::ExistsOne => "exists_one",
            MacroKind::Map => "map",
            MacroKind::Filter => "filter",
            MacroKind::SortBy => "sortBy",
            MacroKind::GroupBy => "groupBy",
            MacroKind::TransformList => "transformList",
            MacroKind::TransformMap => "transformMap",
            MacroKind::TransformMapEntry => "transformMapEntry",
            MacroKind::OptMap => "optMap",
            MacroKind::OptFlatMap => "optFlatMap",
            MacroKind::Bind => "cel.bind",
        }
    }

    /// The macro of that name. CEL writes `exists_one` with one variable and `existsOne` with two; both are read.
    #[must_use]
    pub fn from_name(name: &str) -> Option<MacroKind> {
        match name {
            "existsOne" => Some(MacroKind::ExistsOne),
            _ => MacroKind::ALL.iter().copied().find(|kind| kind.name() == name),
        }
    }

    /// The fewest and the most variables that it names.
    #[must_use]
    pub fn variables(self) -> (usize, usize) {
        match self {
            MacroKind::All | MacroKind::Exists | MacroKind::ExistsOne => (1, 2),
            MacroKind::TransformList | MacroKind::TransformMap | MacroKind::TransformMapEntry => (2, 2),
            _ => (1, 1),
        }
    }

    /// Whether a condition may stand before its result.
    #[must_use]
    pub fn may_filter(self) -> bool {
        matches!(
            self,
            MacroKind::Map
                | MacroKind::TransformList
                | MacroKind::TransformMap
                | MacroKind::TransformMapEntry
        )
    }
}
