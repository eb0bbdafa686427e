"""How citizens are reached: the code on a counter's poster."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from survey.agencies.models import Counter
from survey.questionnaires.models import Questionnaire


class CodeStatus(models.TextChoices):
    """Life of a printed code."""

    ACTIVE = "active", _("in use")
    RETIRED = "retired", _("replaced by a newer issue")
    REVOKED = "revoked", _("revoked")


class CounterCode(models.Model):
    """One issue of the poster of one counter; re-issuing retires the one before."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    counter = models.ForeignKey(Counter, on_delete=models.PROTECT, related_name="codes", verbose_name=_("counter"))
    questionnaire = models.ForeignKey(Questionnaire, on_delete=models.PROTECT, verbose_name=_("questionnaire"))
    issue = models.PositiveSmallIntegerField(_("issue"))
    status = models.CharField(_("status"), max_length=8, choices=CodeStatus.choices, default=CodeStatus.ACTIVE)
    issued_at = models.DateTimeField(_("issued at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        verbose_name = _("counter code")
        verbose_name_plural = _("counter codes")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["counter", "issue"], name="counter_issue_once"),
            models.UniqueConstraint(
                fields=["counter"], condition=Q(status="active"), name="one_active_code_per_counter"
            ),
        ]

    def __str__(self) -> str:
        return self.code
