//! The cases by name, once for programs and once for `#[test]`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use super::World;
use super::cases::*;
use crate::store::Outcome;

/// One promise and how it is tried.
pub struct Case {
    /// The promise, as a test is named after it.
    pub name: &'static str,
    pub(super) test: for<'a> fn(&'a mut World) -> Pin<Box<dyn Future<Output = Outcome> + 'a>>,
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({})", self.name)
    }
}

/// All cases, in the order of the trait's methods, then of the rules.
pub fn cases() -> &'static [Case] {
    CASES
}

macro_rules! table {
    (() $($name:ident)*) => {
        const CASES: &[Case] = &[$(Case { name: stringify!($name), test: |world| Box::pin($name(world)) }),*];
    };
}

/// Hands the names of all cases to a macro: the one list of them.
#[doc(hidden)]
#[macro_export]
macro_rules! __executor_cases {
    ($then:path, $arguments:tt) => {
        $then! { $arguments
            start_gives_what_describe_shows
            start_that_returned_is_there
            start_of_bad_input_starts_nothing
            start_by_an_undeclared_trigger_starts_nothing
            start_key_gives_the_same_execution
            start_keys_are_per_workflow
            start_at_once_with_one_key_makes_one
            delayed_start_begins_at_its_instant
            delayed_start_that_is_cancelled_runs_nothing
            line_runs_one_at_a_time_in_order
            line_rejects_and_says_who_is_in_the_way
            line_replaces_and_begins_once_the_others_ended
            line_key_that_cannot_be_made_starts_nothing
            fork_undeclared_is_unsupported
            fork_keeps_what_was_before_the_step
            fork_is_refused_where_a_kept_step_was_undone
            fork_is_of_what_ended_at_a_step_that_began

            describe_shows_what_is_committed
            describe_names_what_is_waited_for
            describe_of_nobody_is_not_found
            events_miss_nothing_and_repeat_nothing
            events_after_a_cursor_begin_behind_it
            events_wait_until_something_happens
            list_is_newest_first_and_pages
            list_filters_by_status
            list_filters_by_tags
            export_replays_to_what_is_shown

            signal_wakes_who_waits
            signal_before_its_wait_is_kept
            signals_are_taken_in_order_one_by_each_wait
            signal_goes_to_the_wait_of_its_key
            signal_that_is_wrong_is_refused_at_the_door
            signal_of_one_id_counts_once
            signal_to_an_ended_execution_is_closed
            signal_to_nobody_is_not_found
            signal_carries_its_actor
            token_leads_to_its_wait_alone
            token_of_nobody_is_not_found

            effect_key_is_the_same_for_all_attempts
            effect_key_is_each_steps_own
            effect_once_of_unknown_outcome_is_never_repeated
            effect_that_may_be_repeated_is_when_its_outcome_is_unknown
            journal_lost_attempts_are_no_retries
            retry_comes_after_its_delay_and_not_before
            retry_respects_what_the_other_side_asks_for
            retry_what_failed_for_good_is_not_tried_again
            retry_ends_with_its_attempts
            time_out_ends_an_attempt_at_its_deadline

            timer_fires_at_its_instant_and_once
            timers_fire_in_the_order_of_their_instants
            time_out_of_a_step_covers_all_of_it
            time_out_of_an_execution_cannot_be_caught

            cancel_stops_in_order_and_undoes
            cancel_abandons_what_does_not_stop_within_its_grace
            cancel_ends_a_wait_at_once
            cancel_again_is_terminate
            terminate_stops_at_once_and_undoes_nothing
            control_of_an_ended_execution_is_closed
            pause_undeclared_is_unsupported
            pause_starts_nothing_and_keeps_what_ends
            pause_keeps_signals_and_timers_until_it_is_over
            pause_reaches_what_was_called

            undo_runs_in_reverse_order_after_a_failure
            undo_that_fails_lets_the_next_run
            undo_does_not_run_of_what_completed

            call_runs_an_execution_of_its_own
            call_that_fails_fails_its_step
            call_is_cancelled_with_its_caller

            restart_goes_on_where_the_journal_stands
            restart_repeats_with_the_same_key_and_input
            restart_never_repeats_a_once_effect_in_flight
            restart_keeps_waits_and_what_came_for_them
            restart_fires_what_came_due_meanwhile_once
            restart_keeps_start_keys_and_ids
            restart_keeps_cursors
            restart_keeps_lines_and_delays

            peers_see_what_the_other_committed
            peers_share_start_keys
            peers_signal_and_steer_each_others_executions
            peers_call_each_step_once
            peers_go_on_with_what_the_other_left

            namespaces_see_nothing_of_each_other
            namespaces_keep_start_keys_apart
        }
    };
}

crate::__executor_cases!(table, ());

/// One `#[test]` for each case of the suite. Takes a function from a [`Setting`](crate::executor::Setting) to a future of
/// a [`Fixture`](crate::executor::Fixture): an executor of these parts, over an empty store.
///
/// ```
/// # use std::sync::Arc;
/// # use flov7::embedded::EmbeddedExecutor;
/// # use flov7::memory::InMemoryStore;
/// # use flov7_conformance::executor::{Fixture, Setting};
/// async fn fixture(setting: Setting) -> Fixture {
///     let clock = Arc::new(setting.clock.clone());
///     let store = Arc::new(InMemoryStore::with_clock(clock.clone()));
///     let open = move || {
///         EmbeddedExecutor::builder(store.clone(), setting.registry.clone()).with_clock(clock.clone()).open()
///     };
///     let executor = open().unwrap();
///     Fixture::new(Arc::new(executor)).with_restart(move || {
///         let executor = open();
///         async move { executor.map(|executor| Arc::new(executor) as _) }
///     })
/// }
/// mod embedded {
///     flov7_conformance::executor_suite!(super::fixture);
/// }
/// ```
#[macro_export]
macro_rules! executor_suite {
    ($factory:expr) => {
        $crate::__executor_cases!($crate::__executor_tests, ($factory));
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __executor_tests {
    (($factory:expr) $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                $crate::executor::test(stringify!($name), $factory);
            }
        )*
    };
}
