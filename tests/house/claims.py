"""Sentences that say something was done, and the test that holds each against the database."""

from __future__ import annotations

from typing import Final

CITIZEN: Final = "survey/citizen/test_citizen.py::"
BALLOTS: Final = "survey/access/test_ballots.py::"
CALLS: Final = "survey/console/test_calls.py::"
SECOND: Final = "survey/citizen/test_second_page.py::"
READER: Final = "flows/test_every_reader.py::"
RIGHTS: Final = "survey/citizen/test_rights.py::"
PRESENCE: Final = "survey/citizen/test_presence.py::"
KIOSK: Final = "flows/test_kiosk.py::"
STAFF: Final = "survey/console/test_staff.py::"
DOORS: Final = "survey/accounts/test_invitations.py::"
APPROVALS: Final = "survey/accounts/test_approvals.py::"
FORMS: Final = "survey/console/test_questionnaires.py::"
PLACES: Final = "survey/console/test_places.py::"
INVITED: Final = "survey/messaging/test_invitations.py::"
VERSIONS: Final = "survey/questionnaires/test_versions.py::"
CASES: Final = (
    "survey/responses/test_reading.py::"
    "test_a_comment_becomes_a_case_with_owner_deadline_answer_and_history"
)
IMPORTS: Final = "survey/imports/test_imports.py::"
DISPUTE: Final = PRESENCE + "test_a_disputed_pair_counts_for_neither_and_both_keep_their_receipts"
WALK: Final = (
    "survey/console/test_walk.py::test_every_form_and_link_of_every_page_works_for_every_role"
)

PREVIEW: Final = (
    "survey/questionnaires/test_shipped.py::"
    "test_the_preview_asks_on_as_the_answers_say_and_stores_nothing"
)

METHODS: Final = "survey/console/test_methods.py::"
PRINTING: Final = "survey/console/test_printing.py::"
SPLITS: Final = "survey/console/test_splits.py::"
CALENDAR: Final = "survey/console/test_opening_hours.py::"

FRAMEWORKS: Final = "survey/console/test_frameworks.py::"

SCORING: Final = "survey/console/test_scoring.py::"
ROUNDS: Final = "survey/scorecards/test_rounds.py::"

FOLLOW_UP: Final = "survey/console/test_follow_up.py::"
MATTERS: Final = "survey/followup/test_states.py::"

REPORTS: Final = "survey/reports/test_reports.py::"

WEBHOOKS: Final = "survey/webhooks/test_webhooks.py::"

REQUESTS: Final = "survey/privacy/test_requests.py::"
BACK_CHECKS: Final = "survey/integrity/test_back_checks.py::"
PERIODS: Final = "survey/console/test_periods.py::"
GROUPS: Final = "survey/scorecards/test_group_survey.py::"
REMINDERS: Final = "survey/console/test_reminders.py::"
HELD: Final = {
    "Your answers have been added, without a name. The link no longer works.": GROUPS
    + "test_a_form_is_shown_sent_once_and_only_added_to_sums",
    "The link has been used or withdrawn, or its time is over.": GROUPS
    + "test_links_end_with_the_self_scoring_and_when_they_are_withdrawn",
    "This link has been used, or works no more.": GROUPS
    + "test_links_end_with_the_self_scoring_and_when_they_are_withdrawn",
    "Line %(code)s is scored by a rule of its own.": "survey/scorecards/test_editing.py::"
    "test_a_line_that_gains_a_part_is_scored_by_its_parts",
    "The table will be made after each release.": "survey/reports/test_table_exports.py::"
    "test_a_schedule_by_a_page_makes_each_table_once",
    "Line %(code)s has been saved.": "survey/console/test_framework_lines.py::"
    "test_a_line_is_added_and_the_sums_follow",
    "No reminders will be sent to you.": REMINDERS
    + "test_everybody_turns_their_own_mails_off_and_on",
    "You will be reminded by mail.": REMINDERS + "test_everybody_turns_their_own_mails_off_and_on",
    "The period will be cut off on %(day)s.": PERIODS
    + "test_a_planned_cut_off_is_done_in_its_night",
    "This period has been cut off already.": "survey/responses/test_cut_offs.py::"
    "test_a_period_that_was_cut_off_is_not_planned_and_its_plan_is_done",
    "every agency has been appraised once; answers": ROUNDS
    + "test_a_period_is_scored_appraised_locked_and_published",
    "Your rating is kept": "survey/responses/test_spool.py::"
    "test_an_answer_is_kept_told_and_taken_in_once",
    "The code works as soon as the rating has been added.": "survey/responses/test_spool.py::"
    "test_an_answer_is_kept_told_and_taken_in_once",
    "The first answer has been noted already.": REQUESTS + "test_the_register_is_kept_by_pages",
    "It has been extended already: once is what the decree allows.": REQUESTS
    + "test_a_request_is_extended_once_in_time_and_by_no_more_than_the_decree_allows",
    "Stored. Nothing leads from the call to the answer.": BACK_CHECKS
    + "test_the_pages_announce_call_and_compare",
    "What came of this call has been stored already.": BACK_CHECKS
    + "test_only_another_body_calls_and_each_outcome_is_stored_once",
    "%(count)s answers were taken out by two bodies": "survey/console/test_exclusions.py::"
    "test_a_figure_says_what_it_would_be_with_excluded_answers",
    "How long data is kept": "survey/privacy/test_retention.py::"
    "test_the_command_and_the_page_tell_what_was_erased",
    "The answer is stored; it is not changed any more.": "survey/integrity/test_flags.py::"
    "test_heads_see_their_own_flags_of_months_that_are_over_and_answer",
    "Your rating is stored.": "survey/integrity/test_witnesses.py::"
    "test_a_receipt_gives_a_proof_that_shows_no_answer",
    "A program that listens is told within seconds what happened here; of a rating that was handed "
    "over the next night, so that the moment tells nobody. A message has numbers of things in it, "
    "never an answer or a person; the program fetches the rest with its own key.": WEBHOOKS
    + "test_the_rooms_tell_what_happens",
    "Cut off while it was sent.": WEBHOOKS + "test_the_night_takes_up_what_a_dead_worker_left",
    "The key “%(name)s” has been revoked.": "survey/api/test_v1.py::"
    "test_keys_are_made_shown_once_and_revoked_by_pages",
    "“%(report)s” has been made.": REPORTS + "test_reports_are_made_and_drawn_by_pages",
    "The schedule has been set up.": REPORTS + "test_schedules_are_set_up_and_ended_by_pages",
    "The schedule has been ended.": REPORTS + "test_schedules_are_set_up_and_ended_by_pages",
    "The template is in use from now on.": REPORTS + "test_the_office_edits_the_template_in_word",
    "The office's own template is in use.": REPORTS + "test_the_office_edits_the_template_in_word",
    "The shipped template is in use.": REPORTS + "test_the_office_edits_the_template_in_word",
    "%(method)s; per agency, factor and procedure domain.": REPORTS
    + "test_the_report_of_the_province_says_what_is_released",
    "Without any action recorded for 30 days": MATTERS
    + "test_a_month_without_a_step_of_the_agency_is_no_action",
    "In the form of administrative documents": REPORTS
    + "test_what_happens_later_changes_no_report",
    "None has been entered yet.": FOLLOW_UP + "test_national_indices_stand_beside_the_own_one",
    "None has been made yet.": REPORTS + "test_reports_are_made_and_drawn_by_pages",
    "handed over to the agency that goes on": "survey/followup/test_effects.py::"
    "test_open_work_goes_to_who_goes_on_with_the_tasks",
    "no action recorded": MATTERS + "test_a_month_without_a_step_of_the_agency_is_no_action",
    "“%(title)s” has been entered.": FOLLOW_UP
    + "test_each_kind_is_entered_by_its_form_and_read_again",
    "Your confirmation has been kept.": FOLLOW_UP + "test_a_document_is_confirmed_by_a_button",
    "This document was not sent to your agency.": MATTERS
    + "test_a_document_is_one_for_all_and_says_who_has_read_it",
    "“%(name)s” has been handed over.": SCORING + "test_a_head_saves_and_signs_off_and_sees_points",
    "“%(round)s” has been opened.": SCORING + "test_a_round_is_opened_by_a_page_with_days_in_order",
    "The deadlines have been changed.": SCORING
    + "test_deadlines_are_changed_and_figures_counted_again_by_buttons",
    "Meanwhile the scoring has moved on to": SCORING + "test_a_stale_page_saves_nothing",
    "The results of this round have been published.": ROUNDS
    + "test_a_round_is_published_when_all_is_closed_and_stays",
    "Agencies score themselves, are appraised": ROUNDS + "test_the_whole_way_with_an_appeal",
    "No round has been opened yet.": SCORING
    + "test_a_round_is_opened_by_a_page_with_days_in_order",
    "Possible once every agency has been appraised": SCORING
    + "test_publication_waits_for_every_agency",
    "requested that a framework is published": FRAMEWORKS + "test_two_people_publish_and_retire",
    "This framework has been published or changed already.": FRAMEWORKS
    + "test_publishing_and_retiring_twice_says_so",
    "“%(title)s” has been saved.": FRAMEWORKS
    + "test_a_draft_begins_from_a_shipped_one_and_keeps_every_letter",
    "The draft “%(title)s” has been deleted.": FRAMEWORKS
    + "test_a_draft_can_be_deleted_and_a_published_one_cannot",
    "This exclusion has been lifted already.": "survey/console/test_exclusions.py::"
    "test_two_people_take_answers_out_and_count_them_again",
    "Something has been counted or recorded for": SPLITS
    + "test_what_was_counted_is_not_taken_back",
    "Possible until something has been counted": SPLITS + "test_what_was_counted_is_not_taken_back",
    "%(count)s code has been issued.": PRINTING + "test_codes_are_issued_where_there_are_none",
    "%(count)s code has been withdrawn.": PRINTING
    + "test_codes_are_withdrawn_together_by_who_is_sure",
    "Tick the box that says the posters": PRINTING
    + "test_codes_are_withdrawn_together_by_who_is_sure",
    "The posters of the chosen offices will be taken down": PRINTING
    + "test_codes_are_withdrawn_together_by_who_is_sure",
    "No code has been issued yet.": PRINTING + "test_the_log_tells_every_issue",
    "“%(method)s” has been added.": METHODS + "test_a_method_of_the_province_is_brought_once",
    "How answers become an index.": METHODS + "test_what_was_released_keeps_its_method",
    "Figures of %(period)s have been computed": METHODS + "test_what_was_released_keeps_its_method",
    "%(count)s days have been added.": CALENDAR
    + "test_holidays_are_added_and_taken_back_by_a_page",
    "The day has been removed.": CALENDAR + "test_holidays_are_added_and_taken_back_by_a_page",
    "This day has passed": CALENDAR + "test_a_holiday_that_has_passed_stays",
    "No coming holiday has been entered.": CALENDAR
    + "test_holidays_are_added_and_taken_back_by_a_page",
    "No hours have been saved": CALENDAR + "test_hours_are_set_by_a_page_and_shown_at_the_office",
    "Nothing was changed.": CALENDAR + "test_all_fields_empty_leave_the_devices_hours_alone",
    "Preview: nothing you send here is stored.": PREVIEW,
    "A preview works for one day": PREVIEW,
    "Nothing was stored. Citizens": PREVIEW,
    "This request has been decided.": APPROVALS
    + "test_one_asks_another_approves_and_it_is_done_once",
    "This has been changed since": APPROVALS
    + "test_a_thing_changed_since_or_a_swapped_payload_is_refused",
    "The request has been withdrawn.": FORMS
    + "test_a_draft_changed_after_the_request_is_not_published",
    "The agency has been created.": PLACES + "test_a_new_agency_and_a_new_name_hold_from_their_day",
    "The office has been created.": PLACES + "test_from_a_new_office_to_an_answer_by_pages_only",
    "%(version)s has been created as a draft.": FORMS + "test_a_file_goes_out_and_in_the_same",
    "The draft has been created.": FORMS
    + "test_a_question_gets_other_words_by_pages_and_citizens_read_them",
    "The draft has been deleted.": FORMS + "test_a_file_goes_out_and_in_the_same",
    "Citizens are no longer asked": FORMS + "test_a_published_version_is_retired_by_two",
    "This invitation has been used.": DOORS
    + "test_an_invitation_opens_one_account_with_what_was_decided",
    "The invitation has been withdrawn.": DOORS
    + "test_links_that_are_too_old_withdrawn_or_made_up_say_so",
    "The invitation was sent to": DOORS
    + "test_a_mail_server_takes_the_link_and_the_page_shows_it_to_nobody",
    "All other devices have been signed out.": DOORS
    + "test_the_owner_sees_and_ends_other_sessions",
    "Dear %(name)s": DOORS + "test_a_mail_server_takes_the_link_and_the_page_shows_it_to_nobody",
    "Your password has been changed.": STAFF
    + "test_everybody_changes_the_own_password_and_other_devices_are_signed_out",
    "New code %(code)s is in use": STAFF + "test_an_operator_reissues_and_withdraws",
    "Code %(code)s has been withdrawn.": STAFF + "test_an_operator_reissues_and_withdraws",
    "The assignment has been withdrawn.": (
        "survey/questionnaires/test_assignments.py::"
        "test_an_extension_cannot_be_chosen_and_what_began_stays"
    ),
    "The opening hours have been saved.": (
        "survey/console/test_device.py::test_the_province_sets_the_hours_and_the_trail_says_which"
    ),
    "The question has been added to the draft.": (
        "survey/console/test_questions.py::test_a_new_question_is_typed_into_a_form_and_published"
    ),
    "The question has been changed in the draft.": (
        "survey/console/test_questions.py::test_the_core_block_stays_with_its_kind"
    ),
    "The question has been removed from the draft.": (
        "survey/console/test_questions.py::test_a_question_that_is_removed_takes_its_words_along"
    ),
    "Case %(code)s has been opened.": CASES,
    "The case has been assigned.": CASES,
    "The case has been closed.": CASES,
    "The case has been reopened.": CASES,
    "The note has been added.": CASES,
    "What a message says. A text that was sent stays": (
        "survey/messaging/test_settings_pages.py::test_a_text_that_was_sent_stays_as_it_was"
    ),
    "Numbers of staff, who are never asked": (
        "survey/messaging/test_settings_pages.py::"
        "test_samples_and_numbers_are_kept_once_and_numbers_as_a_hash"
    ),
    "The file has been discarded.": IMPORTS + "test_a_discarded_file_is_gone_and_imports_nothing",
    "The import has been undone.": IMPORTS
    + "test_what_would_go_is_named_and_is_put_back_by_undoing",
    "All invitations have been sent by e-mail.": IMPORTS
    + "test_links_go_by_mail_where_there_is_a_server",
    "The links have been shown already.": IMPORTS
    + "test_colleagues_get_a_link_each_shown_once_to_who_invited_them",
    "%(period)s has been computed with these totals.": IMPORTS
    + "test_totals_of_a_computed_period_cannot_be_undone",
    "Nothing was imported": (
        "survey/transactions/test_import.py::test_all_faults_are_listed_and_good_rows_are_not_kept"
    ),
    "Nothing was stored.": CITIZEN + "test_bad_answers_get_a_kind_page_and_store_nothing",
    "The sender is paused": STAFF
    + "test_operators_pause_senders_and_everybody_sees_the_funnel_of_their_scope",
    "Sending resumed.": STAFF
    + "test_operators_pause_senders_and_everybody_sees_the_funnel_of_their_scope",
    "%(count)s messages updated.": WALK,
    "It has been withdrawn and can no longer": WALK,
    "Poster check recorded.": WALK,
    "This issue is no longer in use; nothing": STAFF + "test_an_operator_reissues_and_withdraws",
    "This issue has been replaced or withdrawn.": CITIZEN
    + "test_a_replaced_poster_is_answered_for_the_office_with_a_mark",
    "This page has been open for too long.": CITIZEN
    + "test_an_old_form_keeps_its_answers_and_gets_a_new_ticket",
    "This page has been open for too long": CITIZEN + "test_an_expired_state_offers_to_start_again",
    "This code has been used": PRESENCE + "test_a_slip_is_answered_once_however_it_is_typed",
    "If it was not you, open the address": DISPUTE,
    "Your rating is kept beside": DISPUTE,
    "A rating was sent with this code.": DISPUTE,
    "%(count)s slip code is said": DISPUTE,
    "Your answer was not stored.": CITIZEN + "test_bad_answers_get_a_kind_page_and_store_nothing",
    "Your answer may not have been stored.": RIGHTS + "test_a_database_that_is_down_loses_nothing",
    "What you sent may not have been stored.": RIGHTS
    + "test_a_database_that_is_down_loses_nothing",
    "A rating can be changed or completed": CITIZEN
    + "test_the_window_for_changes_counts_from_the_first_answer",
    "A newer poster hangs": CITIZEN
    + "test_a_replaced_poster_is_answered_for_the_office_with_a_mark",
    "We cannot tell whether you stand": PRESENCE + "test_no_post_proves_presence",
    "These dossiers were stored": (
        "survey/messaging/test_intake.py::test_the_command_says_what_became_of_every_row"
    ),
    "Your comments will be permanently": RIGHTS + "test_words_are_added_and_erased_for_thirty_days",
    "Your comments have been erased.": RIGHTS + "test_words_are_added_and_erased_for_thirty_days",
    "Your comment has been added.": RIGHTS + "test_words_are_added_and_erased_for_thirty_days",
    "Your report is withdrawn with them": RIGHTS
    + "test_a_rating_is_handed_over_by_a_consent_of_its_own_to_a_unit_above",
    "Sent to hotline 1022": RIGHTS
    + "test_a_rating_is_handed_over_by_a_consent_of_its_own_to_a_unit_above",
    "Thank you. This tablet has kept": KIOSK + "test_days_without_network_restarts_and_crashes",
    "It is sent by itself.": KIOSK + "test_days_without_network_restarts_and_crashes",
    "This tablet has been withdrawn": KIOSK
    + "test_the_page_forgets_the_citizen_and_a_withdrawn_tablet_can_be_set_up_anew",
    "Without a code from the counter": SECOND
    + "test_without_a_code_the_page_says_that_it_does_not_count",
    "What you chose has been added": SECOND
    + "test_what_was_chosen_is_said_to_be_added_only_when_it_was",
    "Hotline 1022 does not have": RIGHTS
    + "test_a_rating_is_handed_over_by_a_consent_of_its_own_to_a_unit_above",
    "Stored: %(level)s.": KIOSK + "test_the_touch_is_the_answer_also_for_who_leaves",
    "You have sent your rating already.": READER
    + "test_who_comes_back_is_told_that_it_was_sent_and_nobody_sees_what",
    "Nothing was counted: write": BALLOTS + "test_what_cannot_have_been_in_the_box_is_refused",
    "Kept, but the two counts differ.": BALLOTS
    + "test_counts_that_differ_store_nothing_until_they_agree",
    "This batch was stored before.": BALLOTS
    + "test_two_equal_counts_of_two_people_become_answers_once",
    "Two counts agreed and": BALLOTS + "test_a_batch_is_printed_counted_and_stored_on_the_pages",
    "This call was stored before;": CALLS + "test_a_call_is_stored_once_in_a_class_of_its_own",
    "Stored. Tell the caller": CALLS + "test_a_call_is_stored_once_in_a_class_of_its_own",
    "Only your answers, the office and counter": "servers/test_linkage.py::"
    "test_the_best_assignment_of_answers_to_invitations_is_chance",
    "Officers at the counter": STAFF + "test_the_admin_is_for_staff_accounts_and_shows_no_answers",
    "No connection. Your rating is kept": KIOSK
    + "test_a_rating_that_cannot_be_sent_is_sent_again_by_itself",
    "After you press the button, this number": INVITED + "test_who_has_opted_out_is_not_invited",
    "Thank you. Your rating has been received.": CITIZEN
    + "test_an_answer_is_stored_once_with_everything_the_code_knows",
    "You had already sent this rating.": CITIZEN
    + "test_double_tap_reload_and_back_show_the_same_receipt",
    "You have already rated with this link.": INVITED
    + "test_a_link_is_answered_once_and_leads_to_evidence_e3",
    "Your answers to the further questions": CITIZEN
    + "test_the_full_form_is_a_revision_and_history_stays",
    "You need not. You can close this page": CITIZEN
    + "test_an_answer_is_stored_once_with_everything_the_code_knows",
}
"""Beginning of a sentence in English -> file under ``tests/`` and function."""

NONE: Final = (
    "No check has been announced.",
    "Please wait a minute and try again. If you had just sent a form,",
    "a rating was handed over at the citizen's wish",
    "recorded a call",
    "“%(other)s” goes on from the same form.",
    "This questionnaire goes on from another one",
    "paused or resumed a sender",
    "No questionnaire is published.",
    "For who has no phone",
    "Read the question and the five answers",
    "One of these agencies is in use",
    "One of these counters is in use",
    "E-mail address; may be empty",
    "%(mailed)s invitations go by e-mail",
    "Something in the file has been taken meanwhile.",
    "Possible until what was imported has been used.",
    "Decided",
    "Nothing has been set up yet.",
    "Nothing has been done with this case yet.",
    "No file has been uploaded yet.",
    "Nothing has been computed for this period yet.",
    "Only what has been done is shown",
    "not asked: no message text is in use",
    "The interval shows how exact the figure is",
    "No dossier totals were imported",
    "Cases handed over",
    "No figures have been computed yet.",
    "Citizens see the three latest",
    "No figures have been released yet.",
    "No scoring round has been published yet.",
    "No finding or task has been opened this year.",
    "No edition has been corrected.",
    "No figures have been published yet.",
    "Nothing has been reported yet.",
)
"""Sentences with the words of a claim that claim nothing was done."""
