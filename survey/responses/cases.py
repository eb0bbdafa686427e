"""A low rating handed over on the citizen's own wish, to a unit above the rated one, under a case
code.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Final

from django.conf import settings
from django.db import connection, models, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.agencies.calendar import read_holidays
from survey.agencies.models import Agency
from survey.common.happenings import Event, tell
from survey.common.periods import add_working_days
from survey.common.tokens import new_code
from survey.responses.models import Comment, Response

CONSENT: Final = "2026-11-3"
"""Version of the sentence the citizen agreed to."""


class Outcome(models.TextChoices):
    """What came of a case."""

    SOLVED = "solved", _("put right")
    EXPLAINED = "explained", _("explained")
    UNFOUNDED = "unfounded", _("not confirmed")
    FORWARDED = "forwarded", _("handed to another body")


class Case(models.Model):
    """What was handed over, by consent: level, reasons and comment, to whom, and the code to ask
    about it at 1022.
    """

    code = models.CharField(_("case code"), max_length=8, unique=True)
    response = models.UUIDField(_("response"), db_index=True, editable=False)
    rated = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="cases_about", verbose_name=_("rated agency")
    )
    handler = models.ForeignKey(
        Agency, on_delete=models.PROTECT, related_name="cases", verbose_name=_("handled by")
    )
    level = models.PositiveSmallIntegerField(_("level"))
    reasons = models.JSONField(_("reasons"), default=list)
    text = models.TextField(_("comment"), blank=True)
    consent = models.CharField(_("version of the consent"), max_length=10)
    opened_on = models.DateField(_("opened on"))
    withdrawn_on = models.DateField(_("withdrawn on"), null=True)
    closed_on = models.DateField(_("closed on"), null=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("dealt with by"),
    )
    deadline = models.DateField(_("deadline"), null=True)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome.choices, blank=True)
    answer = models.TextField(_("what 1022 tells the citizen"), max_length=2000, blank=True)
    behind = models.BooleanField(_("something was added later"), default=False)
    """Set by whatever is sent after it was handed over, the same again too: to compare the contents
    would tell who holds the receipt which rating the case has.
    """

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(rated=models.F("handler")), name="case_not_to_the_rated"
            ),
            models.UniqueConstraint(
                fields=["response"],
                condition=models.Q(withdrawn_on=None, closed_on=None),
                name="one_open_case_per_response",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def due_on(self, holidays: Container[date] | None = None) -> date:
        """The day the hotline has an answer by; ``holidays`` where many cases are asked."""
        if self.deadline is not None:
            return self.deadline
        days = read_holidays() if holidays is None else holidays
        return add_working_days(self.opened_on, settings.CASE_WORKING_DAYS, days)


def _contents(row: Response) -> dict[str, Any]:
    """What is handed over of a response as it is now; the latest revision counts."""
    latest = Response.objects.filter(response=row.response).order_by("-revision").first() or row
    texts = Comment.objects.filter(submission__response=row.response).order_by(
        "submission__revision", "question"
    )
    return {
        "level": latest.answers.get("overall", 0),
        "reasons": latest.answers.get("reasons", []),
        "text": "\n".join(texts.values_list("text", flat=True)),
    }


# Written by hand: every citizen who has answered waits for it, and building a query for each step
# took longer than the rest of the page.
_HANDLER: Final = """
    WITH RECURSIVE above (agency, step) AS (
        SELECT parent_id, 1 FROM survey_agencyversion
        WHERE agency_id = %s AND valid_to IS NULL AND parent_id IS NOT NULL
        UNION ALL
        SELECT v.parent_id, above.step + 1 FROM above
        JOIN survey_agencyversion v ON v.agency_id = above.agency
        WHERE v.valid_to IS NULL AND v.parent_id IS NOT NULL AND above.step < 10
    )
    SELECT agency FROM above ORDER BY step DESC LIMIT 1
"""


def find_handler(agency_id: int) -> int | None:
    """The unit that handles cases about an agency: the top of its tree, never itself."""
    with connection.cursor() as cursor:
        cursor.execute(_HANDLER, [agency_id])
        row = cursor.fetchone()
    return row[0] if row and row[0] != agency_id else None


@transaction.atomic
def open_case(*, row: Response, now: datetime) -> Case | None:
    """Hand a rating over; an open case is brought up to date, after a closed or withdrawn one a new
    one begins.

    None when nobody stands above the rated agency. Offered whatever the level: an offer after low
    ones only would tell what was answered.
    """
    handler = find_handler(row.agency_id)
    if handler is None:
        return None
    case, made = Case.objects.get_or_create(
        response=row.response,
        withdrawn_on=None,
        closed_on=None,
        defaults={
            "code": new_code(8),
            "rated_id": row.agency_id,
            "handler_id": handler,
            "consent": CONSENT,
            "opened_on": timezone.localtime(now).date(),
            **_contents(row),
        },
    )
    if made:
        opened = case.opened_on.isoformat()
        tell(Event.CASE, case=case.pk, agency=case.handler_id, opened_on=opened)
    else:
        Case.objects.filter(pk=case.pk).update(**_contents(row), consent=CONSENT, behind=False)
    return case


def find_case(row: Response) -> Case | None:
    """The latest case a citizen agreed to that was not withdrawn; one officials opened from a
    comment is none of the receipt's business.
    """
    found = Case.objects.filter(response=row.response, withdrawn_on=None).exclude(consent="")
    return found.order_by("-pk").first()


def note_addition(row: Response) -> None:
    """Something was sent after a rating was handed over."""
    Case.objects.filter(response=row.response, withdrawn_on=None).update(behind=True)


def has_words(row: Response) -> bool:
    """Whether anything was written with a response that can be erased."""
    cases = Case.objects.filter(response=row.response, withdrawn_on=None)
    cases = cases.exclude(text="", closed_on__isnull=False)
    written = Comment.objects.filter(submission__response=row.response)
    return written.exists() or cases.exists()


@transaction.atomic
def erase_comments(*, row: Response, now: datetime) -> int:
    """Erase every comment of a response, and what cases hold of it; the levels stay. Returns how
    many went.

    Open cases are withdrawn with their words; of closed ones the words go.
    """
    erased, _tables = Comment.objects.filter(submission__response=row.response).delete()
    cases = Case.objects.filter(response=row.response, withdrawn_on=None)
    cases.exclude(closed_on=None).update(text="")
    withdrawn = cases.filter(closed_on=None).update(
        text="", reasons=[], withdrawn_on=timezone.localtime(now).date()
    )
    return erased + withdrawn


def open_cases(agencies: Sequence[int] | models.QuerySet[Agency]) -> models.QuerySet[Case]:
    """Cases to be handled by these agencies, oldest first."""
    return (
        Case.objects.select_related("rated", "owner")
        .filter(handler__in=agencies, withdrawn_on=None)
        .order_by("opened_on")
    )
