"""How a citizen proves where he was: codes of counters, screens, slips and tablets, and what was
used of them.
"""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import ClassVar, Final

from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from survey.agencies.calendar import is_office_open
from survey.agencies.models import Agency, Counter, ProcedureDomain
from survey.questionnaires.models import Questionnaire
from survey.transactions.models import Channel, SourceSystem

SLACK: Final = timedelta(minutes=10)
"""How far a tablet's clock may be off."""
NUMBER: Final = 4


class OpeningHours(models.Model):
    """When the counter of a device is open: at other times nobody can have stood there."""

    opens = models.TimeField(_("opens"), default=time(7, 0))
    closes = models.TimeField(_("closes"), default=time(17, 30))
    days = models.CharField(
        _("days of the week, 1 = Monday"),
        max_length=7,
        default="12345",
        validators=[
            RegexValidator(
                r"^(?!.*(.).*\1)[1-7]{1,7}\Z",
                _("Write the days as digits, 1 = Monday to 7 = Sunday: 12345."),
            )
        ],
    )

    counter: Counter

    class Meta:
        abstract = True

    def clean(self) -> None:
        times = (self.opens, self.closes)
        if all(isinstance(moment, time) for moment in times) and self.opens >= self.closes:
            raise ValidationError({"closes": _("A counter closes after it opens.")})

    def opens_at(self, moment: datetime) -> bool:
        """Whether the counter is open at a moment, in local time: by the device's hours and by
        those of its office; on public holidays never.
        """
        local = timezone.localtime(moment)
        on_day = str(local.isoweekday()) in self.days
        by_device = on_day and self.opens <= local.time() < self.closes
        return by_device and is_office_open(self.counter.office_id, moment)


class Kiosk(OpeningHours):
    """One tablet. It signs with a key of its own that it cannot give away; here is the
    public half.
    """

    counter = models.ForeignKey(
        Counter, on_delete=models.PROTECT, related_name="kiosks", verbose_name=_("counter")
    )
    name = models.CharField(_("name"), max_length=60)
    enrol_hash = models.CharField(_("one-time code (hash)"), max_length=64, null=True, unique=True)  # noqa: DJ001
    enrol_until = models.DateTimeField(_("one-time code until"), null=True)
    public_key = models.BinaryField(_("public key"), null=True)
    created_at = models.DateTimeField(_("created at"))
    enrolled_at = models.DateTimeField(_("enrolled at"), null=True)
    revoked_at = models.DateTimeField(_("withdrawn at"), null=True)
    seen_at = models.DateTimeField(_("last seen at"), null=True)
    emptied_at = models.DateTimeField(_("queue last empty at"), null=True)

    class Meta:
        verbose_name = _("kiosk")
        verbose_name_plural = _("kiosks")

    def __str__(self) -> str:
        return f"{self.counter} {self.name}"

    def can_have_kept(self, moment: datetime) -> bool:
        """Whether an answer of a moment can still have waited: not from before the tablet last had
        nothing left.
        """
        since = self.emptied_at or self.enrolled_at
        return since is None or moment >= since - SLACK


class KioskItem(models.Model):
    """One number of a kiosk's sequence has arrived; says nothing of the answer."""

    kiosk = models.ForeignKey(
        Kiosk, on_delete=models.PROTECT, related_name="items", verbose_name=_("kiosk")
    )
    sequence = models.PositiveIntegerField(_("sequence"))
    refused = models.BooleanField(_("refused"), default=False)

    class Meta:
        verbose_name = _("number of a kiosk")
        verbose_name_plural = _("numbers of kiosks")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["kiosk", "sequence"], name="kiosk_sequence_once")
        ]

    def __str__(self) -> str:
        return f"{self.kiosk_id} {self.sequence}"


class KioskUse(models.Model):
    """Answers counted as given at a counter's tablets, in slots of ten minutes: a sum, no answer
    can be found by it.
    """

    counter = models.ForeignKey(
        Counter, on_delete=models.CASCADE, related_name="kiosk_uses", verbose_name=_("counter")
    )
    slot = models.DateTimeField(_("ten minutes from"))
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("use of tablets")
        verbose_name_plural = _("uses of tablets")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["counter", "slot"], name="kiosk_slot_once")
        ]

    def __str__(self) -> str:
        return f"{self.counter_id} {self.slot:%H:%M}: {self.count}"


class Slip(models.Model):
    """A code given out with one transaction; only its hash is kept, and nothing here leads to an
    answer.
    """

    code_hash = models.CharField(_("code (hash)"), max_length=64, unique=True)
    agency = models.ForeignKey(Agency, on_delete=models.PROTECT, verbose_name=_("agency"))
    domain = models.ForeignKey(
        ProcedureDomain, on_delete=models.PROTECT, null=True, verbose_name=_("procedure domain")
    )
    counter = models.ForeignKey(
        Counter, on_delete=models.PROTECT, null=True, verbose_name=_("counter")
    )
    channel = models.CharField(_("channel"), max_length=10, choices=Channel.choices)
    source = models.ForeignKey(
        SourceSystem, on_delete=models.PROTECT, null=True, verbose_name=_("source")
    )
    issued_at = models.DateTimeField(_("issued at"))
    expires_at = models.DateTimeField(_("expires at"))

    class Meta:
        verbose_name = _("receipt slip code")
        verbose_name_plural = _("receipt slip codes")

    def __str__(self) -> str:
        return self.code_hash[:8]


class Dispute(models.Model):
    """Somebody with the slip in hand says the code was used by another: the incident, without the
    answer.
    """

    slip = models.OneToOneField(Slip, on_delete=models.PROTECT, verbose_name=_("receipt slip code"))
    on = models.DateField(_("day"))

    class Meta:
        verbose_name = _("disputed code")
        verbose_name_plural = _("disputed codes")

    def __str__(self) -> str:
        return f"{self.slip} {self.on}"


class Screen(OpeningHours):
    """A tablet or television at a counter that shows the changing code; its page is opened by a
    secret address.
    """

    number = models.CharField(_("number"), max_length=NUMBER, unique=True)
    counter = models.ForeignKey(
        Counter, on_delete=models.PROTECT, related_name="screens", verbose_name=_("counter")
    )
    display_hash = models.CharField(_("address (hash)"), max_length=64, unique=True)
    secret_sealed = models.BinaryField(_("sealed secret"))
    created_at = models.DateTimeField(_("created at"))
    revoked_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    class Meta:
        verbose_name = _("counter screen")
        verbose_name_plural = _("counter screens")

    def __str__(self) -> str:
        return f"{self.counter} ({self.number})"

    def is_open(self, now: datetime) -> bool:
        """Whether the office is open and the screen in use, so that codes exist."""
        return self.revoked_at is None and self.opens_at(now)


class ScreenUse(models.Model):
    """Answers counted as given at a screen, in slots of ten minutes: a sum, no answer can be found
    by it.
    """

    screen = models.ForeignKey(
        Screen, on_delete=models.CASCADE, related_name="uses", verbose_name=_("screen")
    )
    slot = models.DateTimeField(_("ten minutes from"))
    count = models.PositiveIntegerField(_("count"), default=0)

    class Meta:
        verbose_name = _("use of a screen")
        verbose_name_plural = _("uses of screens")
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["screen", "slot"], name="screen_slot_once")
        ]

    def __str__(self) -> str:
        return f"{self.screen_id} {self.slot:%H:%M}: {self.count}"


class CodeStatus(models.TextChoices):
    """Life of a printed code."""

    ACTIVE = "active", _("in use")
    RETIRED = "retired", _("replaced by a newer issue")
    REVOKED = "revoked", _("revoked")


class CounterCode(models.Model):
    """One issue of the poster of one counter; re-issuing retires the one before."""

    code = models.CharField(_("code"), max_length=12, unique=True)
    counter = models.ForeignKey(
        Counter, on_delete=models.PROTECT, related_name="codes", verbose_name=_("counter")
    )
    questionnaire = models.ForeignKey(
        Questionnaire, on_delete=models.PROTECT, verbose_name=_("questionnaire")
    )
    issue = models.PositiveSmallIntegerField(_("issue"))
    picture = models.PositiveSmallIntegerField(_("twin picture"), null=True, editable=False)
    """Number of the twin picture; None for issues printed before there were any."""
    status = models.CharField(
        _("status"), max_length=8, choices=CodeStatus.choices, default=CodeStatus.ACTIVE
    )
    issued_at = models.DateTimeField(_("issued at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    checked_at = models.DateTimeField(_("poster checked at"), null=True, blank=True)
    scanned_on = models.DateField(_("answered by it after it was replaced"), null=True, blank=True)
    """Of replaced issues only: that they still hang. No answer keeps the counter of one."""

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
