//! The cases by name, once for programs and once for `#[test]`.

use std::fmt;

use super::cases::*;
use super::{Fixture, Outcome, Pending};

/// One promise and how it is tried.
pub struct Case {
    /// The promise, as a test is named after it.
    pub name: &'static str,
    pub(super) test: for<'a> fn(&'a mut Fixture) -> Pending<'a, Outcome>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({})", self.name)
    }
}

/// All cases, in the order of the trait's documentation.
pub fn cases() -> &'static [Case] {
    CASES
}

macro_rules! table {
    (() $($name:ident)*) => {
        const CASES: &[Case] = &[$(Case { name: stringify!($name), test: |fixture| Box::pin($name(fixture)) }),*];
    };
}

/// Hands the names of all cases to a macro: the one list of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __store_cases {
    ($then:path, $arguments:tt) => {
        $then! { $arguments
            create_shows_row_bundle_and_first_turn_at_once
            create_with_a_known_key_gives_existing
            create_with_the_key_of_an_ended_execution_gives_existing
            create_keys_are_per_workflow
            create_with_a_taken_id_is_conflict
            create_refuses_bad_keys_and_first_turns
            create_with_a_lease_is_owned_from_the_start
            create_without_a_lease_is_claimable_at_once
            create_at_once_with_one_key_makes_one
            create_writes_the_turns_that_follow_at_once
            create_of_one_that_rests_waits_until_it_is_due
            create_keeps_tags

            lines_tell_the_first_at_once
            lines_go_on_in_the_order_of_creation
            lines_reject_while_an_earlier_one_lives
            lines_replace_cancels_those_before
            lines_are_per_key_and_workflow
            lines_are_per_namespace
            lines_come_after_start_keys
            lines_refuse_children_and_tell_the_caller
            lines_refuse_bad_keys

            commit_appends_in_order
            commit_of_a_gap_is_conflict
            commit_of_a_repetition_is_conflict
            commit_under_an_old_lease_is_fenced
            commit_under_a_foreign_lease_is_fenced
            commit_after_release_is_fenced
            commit_holds_past_the_lapse_until_claimed
            commit_turns_of_a_batch_do_not_touch_each_other
            commit_applies_a_batch_in_order
            commit_writes_all_parts_of_a_turn
            commit_that_fails_writes_no_part_of_the_turn
            commit_without_a_body_changes_the_head_alone
            commit_passes_over_what_nobody_takes
            commit_posts_are_deduplicated
            commit_posts_are_never_busy
            commit_refuses_empty_and_oversized_bodies
            commit_creates_children_with_the_turn
            commit_creates_children_before_it_posts
            commit_passes_over_children_that_are_known
            commit_emits_events_with_the_turn
            commit_that_fails_creates_and_emits_nothing
            commit_at_once_keeps_every_journal_whole

            post_is_in_the_inbox_at_once
            post_keeps_order_and_content
            post_same_id_is_duplicate
            post_same_id_is_duplicate_after_consumption
            post_same_id_is_duplicate_after_the_end
            post_ids_are_per_execution
            post_to_an_ended_execution_is_closed
            post_to_nobody_is_not_found
            post_refuses_bad_ids
            post_past_a_thousand_signals_is_busy
            post_past_a_mebibyte_is_busy
            post_counts_what_the_machine_holds
            post_of_a_control_is_never_busy
            post_of_a_childs_end_keeps_it_whole
            arrived_gives_messages_of_owned_executions
            arrived_repeats_until_consumed
            arrived_keeps_its_limit

            claim_gives_due_executions_by_the_stores_clock
            claim_gives_executions_with_messages
            claim_gives_parked_executions_whose_message_was_left
            claim_gives_lapsed_leases
            claim_leaves_resting_executions_alone
            claim_never_gives_ended_executions
            claim_gives_the_first_claimable_first
            claim_keeps_its_limit
            claim_of_one_gives_it_although_it_rests
            claim_leaves_out_namespaces
            claim_keeps_to_those_it_names
            claim_leaves_blocked_executions_until_they_are_due
            claim_raises_epochs
            claim_at_once_gives_each_execution_once
            renew_extends_leases_that_hold
            renew_says_which_leases_hold
            release_makes_claimable_at_once
            release_passes_over_lost_leases
            next_due_is_the_earliest

            restore_gives_exact_bytes
            restore_begins_at_the_newest_snapshot
            restore_of_nobody_is_not_found
            turns_begin_with_the_one_that_holds_the_event
            turns_page_without_gaps
            emitted_pages_in_order
            emitted_is_per_namespace
            executions_are_newest_first
            executions_filter_by_workflow_and_status
            executions_filter_by_tags
            executions_filter_by_start
            executions_page_without_gaps
            executions_tell_when_they_changed
            changed_returns_after_a_message
            changed_returns_after_a_start_and_a_release
            changed_waits_while_nothing_comes

            purge_takes_what_ended_long_ago
            purge_keeps_its_limit_and_namespace
            purge_frees_start_keys
            purge_takes_bundles_that_nothing_has
            purge_takes_old_events

            namespaces_see_no_execution_of_each_other
            namespaces_cannot_touch_each_others_executions
            namespaces_keep_equal_ids_and_keys_apart
            namespaces_keep_workflows_apart

            save_numbers_revisions_from_one
            save_of_the_heads_bundle_writes_nothing
            save_holds_expectations
            load_gives_what_was_saved
            load_of_nothing_is_not_found
            activate_chooses_one_revision
            activate_holds_expectations
            workflows_page_by_name

            without_history_says_so
            reopening_keeps_what_was_acknowledged
            reopening_voids_leases
            reopening_keeps_lines
        }
    };
}

crate::__store_cases!(table, ());

/// One `#[test]` for each case of the suite. Takes a function from a [`ManualClock`](flov7::testing::ManualClock) to a
/// future of a [`Fixture`](crate::store::Fixture): a fresh, empty store on that clock.
///
/// ```
/// # use flov7_conformance::store::Fixture;
/// # use flov7::{memory::InMemoryStore, testing::ManualClock};
/// # use std::sync::Arc;
/// async fn fixture(clock: ManualClock) -> Fixture {
///     Fixture::new(Arc::new(InMemoryStore::with_clock(Arc::new(clock.clone()))), clock)
/// }
/// mod in_memory {
///     flov7_conformance::store_suite!(super::fixture);
/// }
/// ```
#[macro_export]
macro_rules! store_suite {
    ($factory:expr) => {
        $crate::__store_cases!($crate::__store_tests, ($factory));
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __store_tests {
    (($factory:expr) $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $crate::store::test(stringify!($name), $factory);
            }
        )*
    };
}
