//! Bugs on purpose, switched on one at a time by the proof (crate `benches`), which must catch each.
//!
//! Without the feature `planted`, which nothing but that crate turns on, the question at each spot is answered no while
//! it is compiled, and nothing of this is left.

/// A bug, named after what is wrong with it on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(not(feature = "planted"), allow(dead_code, unreachable_pub))] // Then the module is private, and no bug is ever made.
#[non_exhaustive]
pub enum Bug {
    /// Whole numbers leave an expression as doubles.
    WholeNumberAsDouble,
    /// `has` says yes to what is not there.
    HasSaysYes,
    /// `? :` takes the other side.
    OtherSideOfConditional,
    /// `list[i]` reads the next one.
    IndexReadsNext,
    /// The sum of nothing is null.
    SumOfNothingIsNull,
    /// The least of nothing is null and no failure.
    LeastOfNothingIsNull,
    /// `int` keeps a fraction.
    IntKeepsFraction,
    /// An empty optional is null where it should be left out.
    EmptyOptionalIsNull,
    /// `&&` and `||` fail with whatever operand fails.
    LogicAbsorbsNothing,
    /// A number may be too great for a link.
    LinkIgnoresMaximum,
    /// A fraction may go where a whole number is asked for.
    LinkIgnoresWhole,
    /// A member that may be absent fills one that is required.
    LinkIgnoresRequired,
    /// Members that are not declared go into a closed object.
    LinkIgnoresClosed,
    /// A list may be too short or too long for a link.
    LinkIgnoresLength,
    /// Patterns, `not` and the like hold of everything.
    LinkIgnoresConditions,
    /// The null of the second type is lost in a union.
    UnionForgetsNull,
    /// What `a || b` teaches is taken from both.
    NarrowOrLikeAnd,
    /// `!` teaches what is behind it.
    NarrowIgnoresNot,
    /// What a comparison teaches holds where it does not hold, too.
    NarrowIgnoresAnswer,
    /// The steps inside of a condition are surely done.
    InsideIsSure,
    /// A step with `when` is surely done.
    WhenIsSure,
    /// A step whose failure is passed over is surely done.
    FailureIsSure,
    /// The steps of an item can be seen from outside.
    ItemsAreVisible,
    /// A step that names `after` can read all before it.
    AfterSeesAll,
    /// A division by what may be zero is not listed.
    DivisionNotListed,
    /// A position that may not be there is not listed.
    IndexNotListed,
    /// A number that may become too great is not listed.
    OverflowNotListed,
    /// A text that may be unreadable is not listed.
    ParseNotListed,
    /// A check of a link is not listed.
    LinkNotListed,
    /// `expect` says nothing.
    ExpectIgnored,
    /// A value in place of a step's own may be anything.
    OnErrorValueUntyped,
    /// A next state is not held against its schema.
    NextStateUnchecked,
    /// A collected failure is null.
    CollectForgetsError,
    /// A case that did not match is null and not absent.
    UnmatchedCaseIsNull,
    /// A false filter skips nothing.
    FilterSkipsNothing,
    /// A join waits for the first of its steps only.
    JoinWaitsForFirst,
    /// A skipped step holds up those that wait for it.
    SkippedHoldsUp,
    /// A filtered item gives null.
    FilteredItemIsNull,
    /// Effects inside of items are not taken back.
    UndoForgetsItems,
    /// What losers of a race did is never taken back.
    LosersKeepEffects,
    /// A value that stands in for a failed one is not held against its schema.
    OnErrorValueUnchecked,
}

#[cfg(feature = "planted")]
mod switch {
    use std::cell::Cell;

    use super::Bug;

    thread_local! {
        static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
    }

    impl Bug {
        /// All of them.
        pub const ALL: &[Bug] = &[
            Bug::WholeNumberAsDouble,
            Bug::HasSaysYes,
            Bug::OtherSideOfConditional,
            Bug::IndexReadsNext,
            Bug::SumOfNothingIsNull,
            Bug::LeastOfNothingIsNull,
            Bug::IntKeepsFraction,
            Bug::EmptyOptionalIsNull,
            Bug::LogicAbsorbsNothing,
            Bug::LinkIgnoresMaximum,
            Bug::LinkIgnoresWhole,
            Bug::LinkIgnoresRequired,
            Bug::LinkIgnoresClosed,
            Bug::LinkIgnoresLength,
            Bug::LinkIgnoresConditions,
            Bug::UnionForgetsNull,
            Bug::NarrowOrLikeAnd,
            Bug::NarrowIgnoresNot,
            Bug::NarrowIgnoresAnswer,
            Bug::InsideIsSure,
            Bug::WhenIsSure,
            Bug::FailureIsSure,
            Bug::ItemsAreVisible,
            Bug::AfterSeesAll,
            Bug::DivisionNotListed,
            Bug::IndexNotListed,
            Bug::OverflowNotListed,
            Bug::ParseNotListed,
            Bug::LinkNotListed,
            Bug::ExpectIgnored,
            Bug::OnErrorValueUntyped,
            Bug::NextStateUnchecked,
            Bug::CollectForgetsError,
            Bug::UnmatchedCaseIsNull,
            Bug::FilterSkipsNothing,
            Bug::JoinWaitsForFirst,
            Bug::SkippedHoldsUp,
            Bug::FilteredItemIsNull,
            Bug::UndoForgetsItems,
            Bug::LosersKeepEffects,
            Bug::OnErrorValueUnchecked,
        ];
    }

    /// Switches one bug on in this thread, or all off.
    pub fn plant(bug: Option<Bug>) {
        PLANTED.set(bug);
    }

    pub(crate) fn planted(bug: Bug) -> bool {
        PLANTED.get() == Some(bug)
    }
}

#[cfg(feature = "planted")]
pub use switch::plant;
#[cfg(feature = "planted")]
pub(crate) use switch::planted;

/// No bug is planted.
#[cfg(not(feature = "planted"))]
#[inline(always)]
pub(crate) const fn planted(_: Bug) -> bool {
    false
}
