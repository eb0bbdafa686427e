"""The second layer of isolation, run on PostgreSQL by tests/servers/test_postgresql.py: as a role
that owns nothing, with the queries' own scope left out.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, Final

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.db.models import Count, Q
from django.test import Client
from django.utils import timezone

from survey.accounts.api_keys import make_api_key
from survey.accounts.models import Role, User
from survey.agencies.improvements import Improvement
from survey.agencies.models import Agency
from survey.agencies.scope import ScopeMiddleware, also_in_scope, set_scope
from survey.api import v1
from survey.followup.models import Addressee, FollowUp, FollowUpFile, FollowUpStep, Reading
from survey.reports.models import (
    ExportLink,
    ExportSchedule,
    KeptExport,
    Report,
    ReportSchedule,
)
from survey.reports.table_exports import make_link
from survey.responses.case_work import CaseNote, add_note
from survey.responses.cases import Case, open_case
from survey.responses.models import Comment, Response
from survey.responses.reading import CommentMark, ReadableComment, prepare_comments
from survey.responses.services import record_response
from survey.scorecards.models import AgencyResult
from survey.scorecards.rounds.editions import make_score_edition
from survey.scorecards.rounds.group_survey import find_ballot, issue_links, record_choices
from survey.scorecards.rounds.models import (
    AgencyScore,
    AgencyScoring,
    Evidence,
    HandOver,
    ScoreEntry,
)
from survey.scorecards.rounds.queries import framework_scored_by
from survey.transactions.models import DossierEvent, MonthlyTotal
from survey.transactions.services import import_totals
from tests.survey.console.builders import release, signed_in
from tests.survey.factories import NOW, PASSWORD, Cast
from tests.survey.followup.builders import opened
from tests.survey.messaging.messages import event
from tests.survey.scorecards.builders import (
    FRAMEWORK,
    fill,
    opened_scoring,
    snapshot,
    surveyed_round,
)
from tests.survey.transactions.builders import csv_file

QUERIES: Final = int(os.environ.get("ISOLATION_QUERIES", "200"))
"""2,000 in the slow suite."""
OWNER: Final[dict[type[models.Model], str]] = {
    Response: "agency_id",
    Comment: "submission__agency_id",
    ReadableComment: "agency_id",
    CommentMark: "agency_id",
    Case: "handler_id",
    CaseNote: "case__handler_id",
    AgencyResult: "agency_id",
    MonthlyTotal: "agency_id",
    Improvement: "agency_id",
    DossierEvent: "agency_id",
    AgencyScoring: "agency_id",
    ScoreEntry: "scoring__agency_id",
    HandOver: "scoring__agency_id",
    Evidence: "scoring__agency_id",
    AgencyScore: "agency_id",
    Report: "agency_id",
    ReportSchedule: "agency_id",
    ExportSchedule: "owner__agency_id",
    KeptExport: "scope_id",
    ExportLink: "export__scope_id",
    FollowUp: "agency_id",
    FollowUpStep: "follow_up__agency_id",
    FollowUpFile: "step__follow_up__agency_id",
    Addressee: "agency_id",
    Reading: "addressee__agency_id",
}


@pytest.fixture
def filled(cast: Cast, tmp_path: Any) -> Cast:
    """One of everything, of both agencies."""
    now = timezone.now()
    fill(cast, good=40, bad=10)
    for agency, counter in ((cast.land, cast.land_counter), (cast.commune, cast.commune_counter)):
        place = type(cast.submission("x").place)(
            agency_id=agency.pk, office_id=counter.office_id, counter_id=counter.pk
        )
        for number in range(12):
            answers = {"overall": 2, "comment": "Chờ lâu"}
            seed = f"{agency.pk}/{number}"
            row = record_response(
                submission=cast.submission(seed, 2, answers=answers, place=place)
            ).row
        case = open_case(row=row, now=now)
        assert case is not None
        add_note(case=case, step=CaseNote.Step.NOTED, by=cast.analyst, now=now)
        Improvement.objects.create(
            agency=agency, said="a", did="b", author=cast.analyst, done_on=now.date()
        )
    prepare_comments(now - timedelta(days=1))
    prepare_comments(now)
    lines = ("2026-07,H20.01,land,counter,600,500", "2026-07,28261,civil-status,counter,90,80")
    import_totals(content=csv_file(*lines), file_name="t.csv", by=None, now=NOW)
    edition = release(snapshot(tmp_path))
    for agency in (cast.land, cast.commune):
        Report.objects.create(
            edition=edition, agency=agency, content={}, made_by=cast.analyst, made_at=NOW
        )
        ReportSchedule.objects.create(
            owner=cast.analyst, agency=agency, interval="year", made_at=NOW
        )
        owner = User.objects.create_user(
            username=f"export {agency.pk}", role=Role.AGENCY_HEAD, agency=agency
        )
        ExportSchedule.objects.create(owner=owner, interval="year", kind="csv", made_at=NOW)
        kept = KeptExport.objects.create(
            owner=owner, edition=edition, kind="csv", scope=agency, sha256="0", made_at=NOW
        )
        make_link(export=kept, now=NOW)
    score_both(cast)
    follow_up_both(cast)
    event(cast)
    event(cast, code="H20.01.05-261110-0009", agency=cast.commune)
    return cast


def score_both(cast: Cast) -> None:
    """A scorecard of each agency with a figure, evidence and a stage signed off."""
    text = FRAMEWORK.replace('["department"]', '["department", "commune"]')
    by = {"made_by": cast.analyst, "made_at": NOW}
    for scoring in opened_scoring(cast, NOW, text).scoring_round.scorings.all():
        ScoreEntry.objects.create(
            scoring=scoring, criterion="2", stage="self", declared={"number": "1"}, **by
        )
        HandOver.objects.create(scoring=scoring, stage="self", points=1, **by)
        Evidence.objects.create(
            scoring=scoring, criterion="2", stage="self", name="a.pdf", suffix="pdf", size=1, **by
        )
    make_score_edition(scoring_round=scoring.scoring_round, reason="", now=NOW)


def follow_up_both(cast: Cast) -> None:
    """A matter of each agency with a file, sent to it and read."""
    for agency in (cast.land, cast.commune):
        row = opened(cast, "task", agency=agency)
        FollowUpFile.objects.create(step=row.steps.get(), name="a.pdf", suffix="pdf", size=1)
        sent = Addressee.objects.create(follow_up=row, agency=agency)
        Reading.objects.create(addressee=sent, reader=cast.analyst, read_at=NOW)


@pytest.fixture
def as_application(filled: Cast) -> Iterator[Cast]:
    """A role that owns no table and may read and write all of them."""
    with connection.cursor() as cursor:
        cursor.execute("DROP ROLE IF EXISTS hailong_app_test")
        cursor.execute("CREATE ROLE hailong_app_test NOLOGIN NOSUPERUSER")
        cursor.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO hailong_app_test")
        cursor.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO hailong_app_test")
        cursor.execute("SET ROLE hailong_app_test")
    yield filled
    set_scope(None)
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")


def ask(model: type[models.Model], dice: random.Random, foreign: list[Any]) -> set[Any]:
    """One query made up at random; the agencies of the rows it tells of."""
    owner = OWNER[model]
    found = model._default_manager.all()
    kind = dice.randrange(7)
    if kind == 0 and foreign:
        found = found.filter(pk__in=dice.sample(foreign, min(3, len(foreign))))
    elif kind == 1:
        found = found.filter(Q(pk__isnull=False) | Q(pk=dice.choice(foreign or [0])))
    elif kind == 2:
        found = found.exclude(pk__in=dice.sample(foreign, min(2, len(foreign))))
    elif kind == 3:
        found = found.order_by("-pk")[: dice.randrange(1, 50)]
    elif kind == 4:
        return set(found.values_list(owner, flat=True).annotate(Count("pk")))
    elif kind == 5:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {model._meta.db_table}")
            keys = [row[0] for row in cursor.fetchall()]
        assert not {str(key) for key in keys} & {str(key) for key in foreign}
    return set(found.values_list(owner, flat=True))


def test_two_thousand_random_queries_tell_nothing_of_another_agency(as_application: Cast) -> None:
    cast = as_application
    own = {Case: cast.province.pk, CaseNote: cast.province.pk}
    foreign = {
        model: list(
            model._default_manager.exclude(**{owner: own.get(model, cast.land.pk)})
            .exclude(**{owner: None})
            .values_list("pk", flat=True)
        )
        for model, owner in OWNER.items()
    }
    assert all(foreign[model] for model in OWNER if model not in own), "there is something to find"
    dice, seen = random.Random(20261126), 0
    set_scope([cast.land.pk])
    for _number in range(QUERIES):
        model = dice.choice(list(OWNER))
        agencies = ask(model, dice, foreign[model])
        assert agencies <= {cast.land.pk, None}, model
        assert None not in agencies or model is AgencyResult
        seen += bool(agencies)
    assert seen > QUERIES / 3, "the own rows are there"
    assert not Case.objects.exists(), "the rated agency has no case in its hands"


def test_nothing_is_written_for_another_agency(as_application: Cast) -> None:
    cast = as_application
    set_scope([cast.land.pk])
    with pytest.raises(DatabaseError), transaction.atomic():
        Improvement.objects.create(
            agency=cast.commune,
            said="a",
            did="b",
            author=cast.analyst,
            done_on=timezone.localdate(),
        )
    with pytest.raises(DatabaseError), transaction.atomic():
        Improvement.objects.filter(agency=cast.land).update(agency=cast.commune)
    assert Improvement.objects.filter(agency=cast.commune).update(did="c") == 0
    assert Improvement.objects.filter(agency=cast.commune).delete()[0] == 0
    set_scope(None)
    assert Improvement.objects.filter(agency=cast.commune, did="b").count() == 1


def test_an_empty_scope_is_none_and_no_scope_is_all(as_application: Cast) -> None:
    set_scope([])
    assert not Response.objects.exists()
    assert not Comment.objects.exists()
    set_scope(None)
    assert set(Response.objects.values_list("agency", flat=True)) == {
        as_application.land.pk,
        as_application.commune.pk,
    }


def test_a_scope_is_wider_for_a_while_and_comes_back(as_application: Cast) -> None:
    """As a page of an owner of criteria needs it; a refused statement inside leaves it no wider."""
    cast = as_application
    set_scope([cast.land.pk])
    with also_in_scope([cast.commune.pk]):
        assert AgencyScoring.objects.count() == 2
    assert AgencyScoring.objects.get().agency == cast.land
    with pytest.raises(ValueError, match="stop"), also_in_scope([cast.commune.pk]):
        raise ValueError("stop")
    assert AgencyScoring.objects.get().agency == cast.land
    set_scope(None)
    with also_in_scope([cast.commune.pk]):
        assert AgencyScoring.objects.count() == 2


def test_pages_name_the_scope_of_their_account_and_forget_it(
    as_application: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    cast = as_application
    named: list[str] = []
    real = ScopeMiddleware.__call__

    def note(self: ScopeMiddleware, request: Any) -> Any:
        inner = self.get_response

        def look(given: Any) -> Any:
            with connection.cursor() as cursor:
                cursor.execute("SELECT current_setting('hailong.scope', true)")
                named.append(cursor.fetchone()[0])
            return inner(given)

        self.get_response = look
        try:
            return real(self, request)
        finally:
            self.get_response = inner

    monkeypatch.setattr(ScopeMiddleware, "__call__", note)
    auditor = User.objects.create_user(
        username="auditor", password=PASSWORD, role=Role.AUDITOR, agency=cast.commune
    )
    for user, scope in ((cast.head, str(cast.land.pk)), (cast.analyst, "")):
        assert signed_in(user).get("/staff/").status_code == 200
        assert named[-1] == scope
    answer = signed_in(auditor).get("/staff/audit.csv")
    assert named[-1] == str(cast.commune.pk)
    assert b"".join(answer)
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('hailong.scope', true)")
        assert cursor.fetchone()[0] == ""
    assert Agency.objects.count() == 3


def test_programs_read_within_the_scope_of_their_account(
    as_application: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where a query forgot it; and the next request of the process is not limited by it."""
    cast, now = as_application, timezone.now()
    monkeypatch.setattr(v1, "visible_results", lambda edition, _user: edition.results.all())
    branch = User.objects.create_user(
        username="branch", password=None, role=Role.ANALYST, agency=cast.land
    )
    last, edition = timezone.localdate(now), AgencyResult.objects.latest("pk").edition_id
    seen = {}
    for user in (branch, cast.analyst):
        _key, text = make_api_key(
            owner=user, name="x", scopes=["figures"], expires_on=last, now=now
        )
        path = f"/api/v1/editions/{edition}/figures?limit=500"
        answer = Client().get(path, headers={"Authorization": f"Bearer {text}"})
        seen[user] = {row["agency"] for row in answer.json()["items"]}
    assert seen == {branch: {"*", "h20.01"}, cast.analyst: {"*", "h20.01", "28261"}}


def test_no_transaction_number_joins_a_form_of_a_group_to_its_link(cast: Cast) -> None:
    now = timezone.now()
    asked = surveyed_round(cast, now)
    framework = framework_scored_by(asked)
    scorings = list(asked.scorings.all())
    tokens = issue_links(
        scoring_round=asked,
        framework=framework,
        group="heads",
        agencies=scorings,
        count=5,
        now=now,
    )
    for token in tokens[2:4]:
        ballot = find_ballot(token)
        assert ballot is not None
        choices = {str(scorings[0].pk): {"V.1": "good"}}
        record_choices(ballot=ballot, framework=framework, choices=choices, now=now)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(DISTINCT xmin::text) FROM survey_groupballot")
        assert cursor.fetchone() == (1,), "every link was written by the last one that was used"
