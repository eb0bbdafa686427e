"""Work on a case: who deals with it, by when, what came of it, and what 1022 tells the citizen.

A case comes from a citizen's own consent (``cases.open_case``) or out of a comment that was read.
Every step is a note that stays.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import ClassVar

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models, transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from survey.accounts.models import User
from survey.agencies.models import Agency
from survey.agencies.queries import versions_on
from survey.common.text import check_words
from survey.common.tokens import new_code
from survey.responses.cases import Case, Outcome, find_handler
from survey.responses.models import Comment
from survey.responses.reading import ReadableComment

INSPECTORATE = "Thanh tra"
"""How the name of the province's inspectorate begins."""


class CaseNote(models.Model):
    """One step of a case."""

    class Step(models.TextChoices):
        """What was done."""

        OPENED = "opened", gettext_lazy("opened from a comment")
        ASSIGNED = "assigned", gettext_lazy("assigned")
        NOTED = "noted", gettext_lazy("note")
        CLOSED = "closed", gettext_lazy("closed")
        REOPENED = "reopened", gettext_lazy("reopened")

    case = models.ForeignKey(
        Case, on_delete=models.CASCADE, related_name="notes", verbose_name=gettext_lazy("case")
    )
    step = models.CharField(gettext_lazy("step"), max_length=10, choices=Step.choices)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=gettext_lazy("by"),
    )
    at = models.DateTimeField(gettext_lazy("at"))
    text = models.TextField(gettext_lazy("note"), blank=True, max_length=2000)

    class Meta:
        verbose_name = gettext_lazy("note on a case")
        verbose_name_plural = gettext_lazy("notes on cases")
        ordering: ClassVar = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.case_id} {self.step}"


def find_inspectorate(day: date) -> int | None:
    """The agency allegations go to: the province's inspectorate, by its name; None without one."""
    found = versions_on(day).filter(name__istartswith=INSPECTORATE).order_by("parent_id", "pk")
    return found.values_list("agency_id", flat=True).first()


def choose_handler(comment: ReadableComment, day: date) -> int | None:
    """Who deals with a case out of a comment: above the rated agency; the inspectorate for
    allegations, or where there is none the top of the province.
    """
    above = find_handler(comment.agency_id)
    if comment.reserved:
        found = find_inspectorate(day)
        return found if found and found != comment.agency_id else above
    return above


@transaction.atomic
def open_case_from_comment(*, comment: ReadableComment, by: User, now: datetime) -> Case:
    """A case out of a comment; the words are the masked ones.

    Raises
    ------
    ValidationError
        Nobody stands above the rated agency, or a case of this answer is open.
    """
    day = timezone.localdate(now)
    handler = choose_handler(comment, day)
    if handler is None:
        raise ValidationError(_("No unit stands above this agency: nobody can handle the case."))
    # An erasure at the same moment comes before or after, never between.
    written = Comment.objects.select_for_update().filter(pk=comment.comment_id).first()
    if written is None:
        raise ValidationError(_("The citizen has erased this comment."))
    try:
        with transaction.atomic():
            case = Case.objects.create(
                code=new_code(8),
                response=written.submission.response,
                rated_id=comment.agency_id,
                handler_id=handler,
                # Without consent nobody gets to know what else was answered.
                level=0,
                text=comment.text,
                consent="",
                opened_on=day,
            )
    except IntegrityError as error:
        raise ValidationError(_("There is an open case about this answer already.")) from error
    add_note(case=case, step=CaseNote.Step.OPENED, by=by, now=now)
    return case


def add_note(
    *, case: Case, step: CaseNote.Step, by: User, now: datetime, text: str = ""
) -> CaseNote:
    """Keep a step."""
    return CaseNote.objects.create(
        case=case, step=step, by=by, at=now, text=check_words(text)[:2000]
    )


def _locked(case: Case) -> Case:
    return Case.objects.select_for_update().get(pk=case.pk)


@transaction.atomic
def assign_case(
    *, case: Case, owner: User, due_on: date, by: User, now: datetime, text: str = ""
) -> None:
    """Say who deals with it and by when.

    Raises
    ------
    ValidationError
        The case is closed, or the day has passed.
    """
    locked = _locked(case)
    _check_open(locked)
    if due_on < timezone.localdate(now):
        raise ValidationError(_("The deadline has passed. Choose a later day."))
    locked.owner, locked.deadline = owner, due_on
    locked.save(update_fields=["owner", "deadline"])
    told = f"{owner.get_full_name() or owner.username}, {due_on:%d/%m/%Y}. {text}"
    add_note(case=case, step=CaseNote.Step.ASSIGNED, by=by, now=now, text=told)


@transaction.atomic
def close_case(*, case: Case, outcome: str, answer: str, by: User, now: datetime) -> None:
    """End it with an outcome and the words 1022 tells the citizen.

    Raises
    ------
    ValidationError
        It is closed, or says no outcome or no answer.
    """
    locked = _locked(case)
    _check_open(locked)
    if outcome not in Outcome.values:
        raise ValidationError(_("Choose an outcome."))
    answer = check_words(answer)
    if not answer:
        raise ValidationError(_("Write what hotline 1022 tells the citizen."))
    locked.outcome, locked.answer = outcome, answer[:2000]
    locked.closed_on = timezone.localdate(now)
    locked.save(update_fields=["outcome", "answer", "closed_on"])
    add_note(case=case, step=CaseNote.Step.CLOSED, by=by, now=now, text=locked.answer)


@transaction.atomic
def reopen_case(*, case: Case, text: str, by: User, now: datetime) -> None:
    """Take it up again, for a reason.

    Raises
    ------
    ValidationError
        It is open, gives no reason, or another case of the answer was opened meanwhile.
    """
    locked = _locked(case)
    if locked.closed_on is None or locked.withdrawn_on is not None:
        raise ValidationError(_("Only a closed case can be reopened."))
    text = check_words(text)
    if not text:
        raise ValidationError(_("Please give a reason."))
    locked.closed_on, locked.outcome = None, ""
    try:
        with transaction.atomic():
            locked.save(update_fields=["closed_on", "outcome"])
    except IntegrityError as error:
        raise ValidationError(_("There is an open case about this answer already.")) from error
    add_note(case=case, step=CaseNote.Step.REOPENED, by=by, now=now, text=text)


def _check_open(case: Case) -> None:
    if case.closed_on is not None or case.withdrawn_on is not None:
        raise ValidationError(_("This case is closed."))


def find_owners(agency: Agency, day: date) -> list[User]:
    """People who can be given a case: of the handling agency, or of the whole province."""
    found = User.objects.filter(is_active=True).filter(
        models.Q(agency=agency) | models.Q(agency=None)
    )
    return [user for user in found.order_by("first_name", "username") if user.is_open(day)]
