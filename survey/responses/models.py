"""What citizens said: append-only rows. The database refuses UPDATE and DELETE (migration 0002)."""

from __future__ import annotations

import secrets
import uuid
from typing import ClassVar, Final

from django.db import models
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Agency, Counter, Office, ProcedureDomain
from survey.questionnaires.models import Version
from survey.transactions.models import Channel

CHANGE_DAYS: Final = 7
"""Days in which an answer can be changed and completed by its receipt."""
COMMENT_DAYS: Final = 30
"""Days in which comments can be added and erased, and a rating handed over."""


class Evidence(models.TextChoices):
    """How sure it is that one real transaction lies behind an answer."""

    POSTER = "E0", _("E0: printed poster or open link")
    SCREEN = "E1", _("E1: rotating code on a screen, enrolled kiosk")
    RECEIPT = "E2", _("E2: code on the receipt of one transaction")
    SMS = "E3", _("E3: link sent for one transaction")
    AUDIT = "E4", _("E4: independent call-back")
    PAPER = "E5", _("E5: paper ballot, counted by two people")
    VOICE = "E6", _("E6: told to hotline 1022")


MONTH_ONLY: Final = (Evidence.SMS, Evidence.AUDIT)
"""Classes whose answers keep no hour: with it they could be joined to a message or to a call."""


class Response(models.Model):
    """One submission: the first of a response or a revision of it. The highest revision counts."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    response = models.UUIDField(_("response"), editable=False)
    revision = models.PositiveSmallIntegerField(_("revision"), default=0)
    submission_key = models.CharField(_("submission key"), max_length=64, unique=True)
    receipt_hash = models.CharField(_("receipt hash"), max_length=64, db_index=True)
    version = models.ForeignKey(
        Version, on_delete=models.PROTECT, verbose_name=_("questionnaire version")
    )
    base_version = models.ForeignKey(
        Version,
        on_delete=models.PROTECT,
        null=True,
        related_name="extended_responses",
        verbose_name=_("extended version"),
    )
    """The form answered before ``version``, whose answers the row carries on."""
    answers = models.JSONField(_("answers"))
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    office = models.ForeignKey(
        Office, on_delete=models.PROTECT, null=True, verbose_name=_("office")
    )
    counter = models.ForeignKey(
        Counter, on_delete=models.PROTECT, null=True, verbose_name=_("counter")
    )
    domain = models.ForeignKey(
        ProcedureDomain, on_delete=models.PROTECT, null=True, verbose_name=_("procedure domain")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    evidence = models.CharField(_("evidence class"), max_length=2, choices=Evidence.choices)
    language = models.CharField(_("language"), max_length=8)
    month = models.DateField(_("month"))
    answered_hour = models.DateTimeField(_("hour of the answer"))
    marks = models.JSONField(_("marks"), null=True)
    """How the answer came: ``assisted`` (by whom), ``flag`` (a rule's mark); None when there is
    nothing to say.
    """

    class Meta:
        verbose_name = _("response")
        verbose_name_plural = _("responses")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["response", "revision"], name="response_revision_once"),
            models.CheckConstraint(
                condition=~models.Q(submission_key=""), name="submission_key_not_empty"
            ),
        ]
        indexes: ClassVar = [
            models.Index(fields=["month", "agency"], name="response_month_agency"),
            # What came lately is looked for all day: among millions only by this.
            models.Index(fields=["answered_hour"], name="response_hour"),
        ]

    def __str__(self) -> str:
        return f"{self.response} r{self.revision}"


DAY_PURPOSE: Final = "answer-day"


def random_id() -> int:
    """A number that says nothing about when a row was made."""
    return secrets.randbelow(2**62)


class AnswerDay(models.Model):
    """The day of an answer by link, under a hash of its receipt: the receipt's rights end by it.

    The answer keeps the month only, and nothing but the receipt leads from here to it.
    """

    key_hash = models.CharField(_("receipt (hash)"), max_length=64, primary_key=True)
    day = models.DateField(_("day"))
    timing = models.CharField(_("timing"), max_length=8, blank=True, default="")
    applicant = models.CharField(_("applicant"), max_length=8, blank=True, default="")
    """What the event told: it decides what is asked, and stands here because in the row it would
    help to tell whose answer that is.
    """

    class Meta:
        verbose_name = _("day of an answer")
        verbose_name_plural = _("days of answers")

    def __str__(self) -> str:
        return self.key_hash[:8]


class Comment(models.Model):
    """A text a citizen added to one submission, apart so that it can be erased while the response
    stays.
    """

    id = models.BigIntegerField(primary_key=True, default=random_id, editable=False)
    submission = models.ForeignKey(
        Response, on_delete=models.PROTECT, related_name="comments", verbose_name=_("response")
    )
    question = models.CharField(_("question"), max_length=20)
    text = models.TextField(_("comment"))

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["submission", "question"], name="comment_once_per_question"
            )
        ]

    def __str__(self) -> str:
        return f"{self.submission_id} {self.question}"
