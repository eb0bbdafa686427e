"""Requests about personal data, texts citizens were shown, incidents, what the night erased."""

from __future__ import annotations

from typing import ClassVar
from unicodedata import normalize

from django.db import models
from django.utils.text import capfirst
from django.utils.translation import get_language_info, gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from survey.accounts.models import User


class PrivacyRequest(models.Model):
    """What somebody asked about data of theirs. It holds as little of the person as the answer
    needs, and that is erased when the schedule says so.
    """

    class Kind(models.TextChoices):
        """A right of who is concerned; its days stand in ``rights.toml``."""

        VIEW = "view", _("see or copy the data")
        CORRECT = "correct", _("correct the data")
        ERASE = "erase", _("erase the data")
        WITHDRAW = "withdraw", _("withdraw a consent")
        RESTRICT = "restrict", _("restrict the processing")
        OBJECT = "object", _("object to the processing")

    class Outcome(models.TextChoices):
        """How it ended."""

        DONE = "done", _("done as asked")
        PARTLY = "partly", _("done in part")
        NOTHING = "nothing", _("no data of this person are held")
        REFUSED = "refused", _("refused")

    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    received_on = models.DateField(_("received on"))
    about = models.TextField(_("what is asked"), max_length=1000)
    reply_to = models.CharField(_("where the answer goes"), max_length=200, blank=True)
    by_processor = models.BooleanField(
        _("a contractor has to act too (SMS provider, hosting)"), default=False
    )
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    answered_on = models.DateField(_("first answer on"), null=True)
    extended_days = models.PositiveSmallIntegerField(_("extended by days"), default=0)
    extended_because = models.CharField(_("reason of the extension"), max_length=500, blank=True)
    closed_on = models.DateField(_("closed on"), null=True)
    outcome = models.CharField(_("outcome"), max_length=8, choices=Outcome.choices, blank=True)
    answer = models.TextField(_("what was done"), max_length=2000, blank=True)

    class Meta:
        verbose_name = _("request about personal data")
        verbose_name_plural = _("requests about personal data")
        ordering: ClassVar = ["-received_on", "-pk"]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(closed_on=None, outcome="")
                | (models.Q(closed_on__isnull=False) & ~models.Q(outcome="")),
                name="privacy_request_closed_with_outcome",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.kind}"


class ConsentText(models.Model):
    """What citizens were told about their data, in one language, from a day on; never changed."""

    language = models.CharField(_("language"), max_length=8)
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    text = models.TextField(_("text"))
    shown_from = models.DateTimeField(_("shown from"))

    class Meta:
        verbose_name = _("text on data protection")
        verbose_name_plural = _("texts on data protection")
        ordering: ClassVar = ["language", "-shown_from", "-pk"]

    def __str__(self) -> str:
        return f"{self.language} {self.shown_from:%Y-%m-%d}"

    @property
    def place(self) -> str:
        """In which language it was shown, and where."""
        code, _slash, on_tablets = self.language.partition("/")
        # Django spells some of them with letters and marks apart.
        name = capfirst(normalize("NFC", str(get_language_info(code)["name_local"])))
        return gettext("%(language)s, on tablets") % {"language": name} if on_tablets else name


class Incident(models.Model):
    """A leak or loss of data, or an exercise of one."""

    is_drill = models.BooleanField(_("exercise"), default=True)
    title = models.CharField(_("what happened"), max_length=200)
    known_at = models.DateTimeField(_("known since"))
    made_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("entered by")
    )
    closed_at = models.DateTimeField(pgettext_lazy("incident", "closed at"), null=True)

    class Meta:
        verbose_name = _("incident")
        verbose_name_plural = _("incidents")
        ordering: ClassVar = ["-known_at", "-pk"]

    def __str__(self) -> str:
        return self.title


class IncidentStep(models.Model):
    """A step of the checklist that was done, by whom and when; added, never changed."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="steps")
    code = models.CharField(_("step"), max_length=20)
    note = models.CharField(_("note"), max_length=500, blank=True)
    done_at = models.DateTimeField(_("done at"))
    done_by = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name=_("done by")
    )

    class Meta:
        verbose_name = _("step of an incident")
        verbose_name_plural = _("steps of incidents")
        ordering: ClassVar = ["done_at", "pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["incident", "code"], name="incident_step_once")
        ]

    def __str__(self) -> str:
        return f"{self.incident_id} {self.code}"


class RetentionRun(models.Model):
    """One application of the schedule: how many of each kind were erased."""

    made_at = models.DateTimeField(_("made at"))
    erased = models.JSONField(_("erased"))

    class Meta:
        verbose_name = _("application of the retention schedule")
        verbose_name_plural = _("applications of the retention schedule")
        ordering: ClassVar = ["-made_at", "-pk"]

    def __str__(self) -> str:
        return f"{self.made_at:%Y-%m-%d}"
