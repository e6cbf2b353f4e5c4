//! Stores and executors with one planted defect each: the case that is named for it catches it, and no case holds for all of them.

#[path = "broken/executor.rs"]
mod executor_wrapper;
mod store;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use flov7::testing::ManualClock;
use flov7_conformance::store::{Fixture, Verdict, cases, check};

use executor_wrapper::Flaw;
use flov7_conformance::executor::check_alone;
use store::{BrokenStore, Defect};

/// Each defect with the case that is named for it.
const CAUGHT: &[(Defect, &str)] = &[
    (Defect::AcknowledgesWithoutWriting, "commit_appends_in_order"),
    (Defect::WritesNothingAtAll, "create_shows_row_bundle_and_first_turn_at_once"),
    (Defect::IgnoresKey, "create_with_a_known_key_gives_existing"),
    (Defect::SharesKeysBetweenWorkflows, "create_keys_are_per_workflow"),
    (Defect::TakesAnything, "create_refuses_bad_keys_and_first_turns"),
    (Defect::LooksBeforeItCreates, "create_at_once_with_one_key_makes_one"),
    (Defect::WakesWhatRests, "create_of_one_that_rests_waits_until_it_is_due"),
    (Defect::LosesTags, "create_keeps_tags"),
    (Defect::ForgetsLines, "lines_tell_the_first_at_once"),
    (Defect::ForgetsLines, "lines_go_on_in_the_order_of_creation"),
    (Defect::NeverRefuses, "lines_reject_while_an_earlier_one_lives"),
    (Defect::ReplacesNobody, "lines_replace_cancels_those_before"),
    (Defect::SharesKeysBetweenWorkflows, "lines_are_per_key_and_workflow"),
    (Defect::MergesNamespaces, "lines_are_per_namespace"),
    (Defect::IgnoresKey, "lines_come_after_start_keys"),
    (Defect::RefusesQuietly, "lines_refuse_children_and_tell_the_caller"),
    (Defect::TakesAnything, "lines_refuse_bad_keys"),
    (Defect::IgnoresQueries, "executions_filter_by_tags"),
    (Defect::IgnoresQueries, "executions_filter_by_start"),
    (Defect::PurgesTooMuch, "purge_takes_what_ended_long_ago"),
    (Defect::PurgesTooMuch, "purge_keeps_its_limit_and_namespace"),
    (Defect::PurgesNothing, "purge_frees_start_keys"),
    (Defect::PurgesNothing, "purge_takes_bundles_that_nothing_has"),
    (Defect::PurgesTooMuch, "purge_takes_old_events"),
    (Defect::ForgetsOnReopening, "reopening_keeps_lines"),
    (Defect::IgnoresConflict, "commit_of_a_gap_is_conflict"),
    (Defect::IgnoresConflict, "commit_of_a_repetition_is_conflict"),
    (Defect::NoFence, "commit_under_an_old_lease_is_fenced"),
    (Defect::NoFence, "commit_under_a_foreign_lease_is_fenced"),
    (Defect::KeepsLeaseOnParking, "commit_after_release_is_fenced"),
    (Defect::FencesByTime, "commit_holds_past_the_lapse_until_claimed"),
    (Defect::StopsBatchAtFirstFailure, "commit_turns_of_a_batch_do_not_touch_each_other"),
    (Defect::ReversesBatch, "commit_applies_a_batch_in_order"),
    (Defect::DropsPosts, "commit_writes_all_parts_of_a_turn"),
    (Defect::WritesPartsOfFailedTurns, "commit_that_fails_writes_no_part_of_the_turn"),
    (Defect::DropsChildren, "commit_creates_children_with_the_turn"),
    (Defect::DropsEvents, "commit_emits_events_with_the_turn"),
    (Defect::ChildrenOfConflict, "commit_passes_over_children_that_are_known"),
    (Defect::EmitsBackwards, "emitted_pages_in_order"),
    (Defect::EmitsFromTheBeginning, "emitted_pages_in_order"),
    (Defect::MergesNamespaces, "emitted_is_per_namespace"),
    (Defect::WritesPartsOfFailedTurns, "commit_that_fails_creates_and_emits_nothing"),
    (Defect::LosesHead, "commit_without_a_body_changes_the_head_alone"),
    (Defect::PostsOfTurnsMayBeBusy, "commit_posts_are_never_busy"),
    (Defect::AcceptsDuplicates, "post_same_id_is_duplicate"),
    (Defect::ForgetsConsumedIds, "post_same_id_is_duplicate_after_consumption"),
    (Defect::PostsToEnded, "post_to_an_ended_execution_is_closed"),
    (Defect::NeverBusy, "post_past_a_thousand_signals_is_busy"),
    (Defect::NeverBusy, "post_past_a_mebibyte_is_busy"),
    (Defect::NeverBusy, "post_counts_what_the_machine_holds"),
    (Defect::BusyForControls, "post_of_a_control_is_never_busy"),
    (Defect::ArrivesForAnyone, "arrived_gives_messages_of_owned_executions"),
    (Defect::ArrivesOnce, "arrived_repeats_until_consumed"),
    (Defect::ClockRunsAhead, "claim_gives_due_executions_by_the_stores_clock"),
    (Defect::ClaimsEnded, "claim_never_gives_ended_executions"),
    (Defect::ClaimsBackwards, "claim_gives_the_first_claimable_first"),
    (Defect::LosesTurnsThatFollow, "create_writes_the_turns_that_follow_at_once"),
    (Defect::IgnoresWhomToClaim, "claim_of_one_gives_it_although_it_rests"),
    (Defect::IgnoresWhomToClaim, "claim_leaves_out_namespaces"),
    (Defect::IgnoresWhomToClaim, "claim_keeps_to_those_it_names"),
    (Defect::LosesHead, "claim_leaves_blocked_executions_until_they_are_due"),
    (Defect::SameEpoch, "claim_raises_epochs"),
    (Defect::RenewsAll, "renew_says_which_leases_hold"),
    (Defect::IgnoresRelease, "release_makes_claimable_at_once"),
    (Defect::ReleasesAnyLease, "release_passes_over_lost_leases"),
    (Defect::CutsBodies, "restore_gives_exact_bytes"),
    (Defect::ReversesTurns, "turns_page_without_gaps"),
    (Defect::OldestFirst, "executions_are_newest_first"),
    (Defect::EndsPagesEarly, "executions_page_without_gaps"),
    (Defect::NeverWaits, "changed_waits_while_nothing_comes"),
    (Defect::LeaksNamespaces, "namespaces_see_no_execution_of_each_other"),
    (Defect::TouchesNamespaces, "namespaces_cannot_touch_each_others_executions"),
    (Defect::MergesNamespaces, "namespaces_keep_equal_ids_and_keys_apart"),
    (Defect::MergesNamespaces, "namespaces_keep_workflows_apart"),
    (Defect::SavesAgain, "save_of_the_heads_bundle_writes_nothing"),
    (Defect::IgnoresExpectations, "save_holds_expectations"),
    (Defect::IgnoresExpectations, "activate_holds_expectations"),
    (Defect::LoadsTheHead, "load_gives_what_was_saved"),
    (Defect::LeavesCreatedUnowned, "create_with_a_lease_is_owned_from_the_start"),
    (Defect::SharesIdsBetweenExecutions, "post_ids_are_per_execution"),
    (Defect::NobodyHasNoTurns, "restore_of_nobody_is_not_found"),
    (Defect::HistoryWithoutSaying, "without_history_says_so"),
    (Defect::ForgetsOnReopening, "reopening_keeps_what_was_acknowledged"),
    (Defect::KeepsLeasesOnReopening, "reopening_voids_leases"),
];

/// A store whose hint never comes is caught by the runner's limit alone, which takes a minute.
const NEEDS_PATIENCE: &[&str] =
    &["changed_returns_after_a_message", "changed_returns_after_a_start_and_a_release"];

async fn fixture(defect: Option<Defect>, clock: ManualClock) -> Fixture {
    let store = Arc::new(BrokenStore::new(defect, clock.clone()));
    let closed = Arc::clone(&store);
    Fixture::new(store, clock).with_reopen(move || {
        let store = closed.reopened();
        async move { Ok(Arc::new(store) as Arc<dyn flov7::store::Store>) }
    })
}

#[test]
fn each_defect_is_caught_by_the_case_named_for_it() {
    for (defect, case) in CAUGHT {
        let verdict = check(case, |clock| fixture(Some(*defect), clock));
        assert!(verdict.is_err(), "{case} does not catch {defect:?}: {verdict:?}");
    }
}

#[test]
fn the_wrapper_without_a_defect_passes() {
    for case in cases().iter().filter(|case| !case.name.starts_with("reopening")) {
        assert_eq!(check(case.name, |clock| fixture(None, clock)), Ok(Verdict::Held), "{}", case.name);
    }
}

#[test]
fn every_case_fails_for_some_defect() {
    let patient = cases().iter().map(|case| case.name).filter(|name| !NEEDS_PATIENCE.contains(name));
    let mut unproven: BTreeSet<&str> = patient.collect();
    for defect in Defect::ALL {
        unproven.retain(|case| check(case, |clock| fixture(Some(*defect), clock)).is_ok());
    }
    assert!(unproven.is_empty(), "no planted defect fails {unproven:?}");
}

/// The page that says which evidence catches which defect names cases that are there, each of which catches a defect here;
/// what the simulation alone catches has a planted defect there (`benches/tests/it/simulate.rs`).
#[test]
fn the_page_of_faults_names_cases_that_catch_something() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let page = fs::read_to_string(root.join("docs/decisions/faults.md")).unwrap();
    let (_, table) = page.split_once("| defect | caught by |").unwrap();
    let rows: Vec<&str> = table.lines().skip(2).take_while(|line| line.starts_with('|')).collect();
    assert!(rows.len() >= 9, "{rows:?}");
    let stores = CAUGHT.iter().map(|(_, case)| *case);
    let proven: BTreeSet<&str> = stores.chain(EXECUTORS.iter().map(|(_, case)| *case)).collect();
    for row in rows {
        let named: Vec<&str> = row.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty() || row.contains("| simulation |"), "nothing catches it: {row}");
        for case in named {
            let own = include_str!("kit.rs").contains(&format!("fn {case}()"));
            assert!(own || proven.contains(case), "`{case}` is not shown to catch anything: {row}");
        }
    }
}

/// Each flaw of an executor with the case that is named for it.
const EXECUTORS: &[(Flaw, &str)] = &[
    (Flaw::AcknowledgesBeforeCommit, "start_that_returned_is_there"),
    (Flaw::TakesAnyInput, "start_of_bad_input_starts_nothing"),
    (Flaw::DuplicateStart, "start_key_gives_the_same_execution"),
    (Flaw::DuplicateStart, "start_at_once_with_one_key_makes_one"),
    (Flaw::DuplicateStart, "restart_keeps_start_keys_and_ids"),
    (Flaw::SharesKeysBetweenWorkflows, "start_keys_are_per_workflow"),
    (Flaw::DeclaresNothing, "fork_undeclared_is_unsupported"),
    (Flaw::DeclaresNothing, "pause_undeclared_is_unsupported"),
    (Flaw::ForgetsDelay, "delayed_start_begins_at_its_instant"),
    (Flaw::ClockRunsAhead, "delayed_start_begins_at_its_instant"),
    (Flaw::ForgetsDelay, "delayed_start_that_is_cancelled_runs_nothing"),
    (Flaw::ForgetsDelay, "restart_keeps_lines_and_delays"),
    (Flaw::ForgetsOnRestart, "restart_keeps_lines_and_delays"),
    (Flaw::SpreadsLines, "restart_keeps_lines_and_delays"),
    (Flaw::SpreadsLines, "line_runs_one_at_a_time_in_order"),
    (Flaw::SpreadsLines, "line_rejects_and_says_who_is_in_the_way"),
    (Flaw::SpreadsLines, "line_replaces_and_begins_once_the_others_ended"),
    (Flaw::UndoesNothing, "line_replaces_and_begins_once_the_others_ended"),
    (Flaw::TakesAnyInput, "line_key_that_cannot_be_made_starts_nothing"),
    (Flaw::ForksNothing, "fork_keeps_what_was_before_the_step"),
    (Flaw::KeyPerAction, "fork_keeps_what_was_before_the_step"),
    (Flaw::ForksAnyway, "fork_is_refused_where_a_kept_step_was_undone"),
    (Flaw::ForksAnyway, "fork_is_of_what_ended_at_a_step_that_began"),
    (Flaw::JournalIsBent, "export_replays_to_what_is_shown"),
    (Flaw::IgnoresFilters, "list_filters_by_tags"),
    (Flaw::IgnoresPause, "pause_reaches_what_was_called"),
    (Flaw::PausesItselfAlone, "pause_reaches_what_was_called"),
    (Flaw::ShowsTooMuch, "describe_shows_what_is_committed"),
    (Flaw::KnowsEverybody, "namespaces_see_nothing_of_each_other"),
    (Flaw::SkipsAnEvent, "events_miss_nothing_and_repeat_nothing"),
    (Flaw::RepeatsAnEvent, "events_miss_nothing_and_repeat_nothing"),
    (Flaw::SkipsAnEvent, "events_after_a_cursor_begin_behind_it"),
    (Flaw::SkipsAnEvent, "restart_keeps_cursors"),
    (Flaw::NeverSaysThatItEnded, "events_miss_nothing_and_repeat_nothing"),
    (Flaw::NeverWaits, "events_wait_until_something_happens"),
    (Flaw::OldestFirst, "list_is_newest_first_and_pages"),
    (Flaw::EndsPagesEarly, "list_is_newest_first_and_pages"),
    (Flaw::IgnoresFilters, "list_filters_by_status"),
    (Flaw::MergesNamespaces, "namespaces_keep_start_keys_apart"),
    (Flaw::SignalLost, "signal_wakes_who_waits"),
    (Flaw::SignalLost, "signal_before_its_wait_is_kept"),
    (Flaw::ForgetsKeysOfSignals, "signal_goes_to_the_wait_of_its_key"),
    (Flaw::ForgetsIdsOfSignals, "signal_of_one_id_counts_once"),
    (Flaw::TakesAnySignal, "signal_that_is_wrong_is_refused_at_the_door"),
    (Flaw::SendsInItsOwnName, "signal_carries_its_actor"),
    (Flaw::OpenAfterTheEnd, "signal_to_an_ended_execution_is_closed"),
    (Flaw::OpenAfterTheEnd, "control_of_an_ended_execution_is_closed"),
    (Flaw::KeyPerAttempt, "effect_key_is_the_same_for_all_attempts"),
    (Flaw::KeyPerAttempt, "restart_repeats_with_the_same_key_and_input"),
    (Flaw::KeyPerAction, "effect_key_is_each_steps_own"),
    (Flaw::LostIsARetry, "journal_lost_attempts_are_no_retries"),
    (Flaw::LostIsARetry, "effect_once_of_unknown_outcome_is_never_repeated"),
    (Flaw::RetryIsLost, "retry_ends_with_its_attempts"),
    (Flaw::RetriesWhatFailedForGood, "retry_what_failed_for_good_is_not_tried_again"),
    (Flaw::ForgetsRetryAfter, "retry_respects_what_the_other_side_asks_for"),
    (Flaw::ClockRunsAhead, "timer_fires_at_its_instant_and_once"),
    (Flaw::ClockRunsAhead, "retry_comes_after_its_delay_and_not_before"),
    (Flaw::ClockRunsAhead, "time_out_ends_an_attempt_at_its_deadline"),
    (Flaw::FiresAgain, "timer_fires_at_its_instant_and_once"),
    (Flaw::FiresAgain, "restart_fires_what_came_due_meanwhile_once"),
    (Flaw::IgnoresCancel, "cancel_ends_a_wait_at_once"),
    (Flaw::TerminateCancels, "terminate_stops_at_once_and_undoes_nothing"),
    (Flaw::IgnoresPause, "pause_starts_nothing_and_keeps_what_ends"),
    (Flaw::IgnoresPause, "pause_keeps_signals_and_timers_until_it_is_over"),
    (Flaw::UndoesNothing, "undo_runs_in_reverse_order_after_a_failure"),
    (Flaw::ForgetsOnRestart, "restart_goes_on_where_the_journal_stands"),
    (Flaw::ForgetsOnRestart, "restart_keeps_waits_and_what_came_for_them"),
    (Flaw::ForgetsOnRestart, "restart_never_repeats_a_once_effect_in_flight"),
    (Flaw::AsksAgainOnRestart, "restart_goes_on_where_the_journal_stands"),
];

#[test]
fn each_flaw_of_an_executor_is_caught_by_the_case_named_for_it() {
    for (flaw, case) in EXECUTORS {
        let verdict = check_alone(case, |setting| executor_wrapper::fixture(setting, Some(*flaw)));
        assert!(verdict.is_err(), "{case} does not catch {flaw:?}: {verdict:?}");
        assert!(check_alone(case, |setting| executor_wrapper::fixture(setting, None)).is_ok(), "{case}");
    }
}
