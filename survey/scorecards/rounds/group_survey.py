"""The sociological survey of a round: groups who are no citizens (deputies, leaders, heads) rate
agencies by anonymous single-use links; their counts become figures of the lines that ask for them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar, Final

from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from survey.common.tokens import keyed_hash, keyed_hashes, new_code, normalise_code
from survey.scorecards.bridge.frameworks import Framework
from survey.scorecards.rounds.models import AgencyScoring, ScoringRound

PURPOSE: Final = "group-ballot"
LINK_LENGTH: Final = 16
MIN_BALLOTS: Final = 5
"""Forms of each group about an agency, and links made at once: fewer would tell who said what."""
MAX_BALLOTS: Final = 2000
MAX_CHOICES: Final = 150
"""Answers one page can ask for."""
Choices = Mapping[str, Mapping[str, str]]
"""By number of the agency's scoring, then by code of the line: the code of the chosen answer."""
Counts = dict[int, dict[str, dict[str, str]]]
"""Declared figures by agency and line: ``group.answer`` -> how many."""


class GroupBallot(models.Model):
    """A link that was handed out: to which group, about which agencies. Who holds it is known to
    nobody, and what is sent by it is added to sums.
    """

    class State(models.TextChoices):
        """What it is good for."""

        OPEN = "open", pgettext_lazy("ballot", "open")
        USED = "used", pgettext_lazy("ballot", "used")
        WITHDRAWN = "withdrawn", pgettext_lazy("ballot", "withdrawn")

    scoring_round = models.ForeignKey(
        ScoringRound,
        on_delete=models.PROTECT,
        related_name="group_ballots",
        verbose_name=gettext_lazy("scoring round"),
    )
    group = models.CharField(gettext_lazy("group"), max_length=40)
    agencies = models.JSONField(gettext_lazy("agencies"))
    """Numbers of their scorings, in the order of the page."""
    lookup = models.CharField(gettext_lazy("keyed hash"), max_length=64, unique=True)
    state = models.CharField(
        gettext_lazy("state"), max_length=10, choices=State.choices, default=State.OPEN
    )

    class Meta:
        verbose_name = gettext_lazy("link of a group survey")
        verbose_name_plural = gettext_lazy("links of group surveys")
        ordering: ClassVar = ["pk"]

    def __str__(self) -> str:
        return f"{self.scoring_round_id} {self.group}"


class GroupCount(models.Model):
    """How many of a group chose an answer for a line of an agency. Sums are all that is kept: there
    is no form of one person anywhere.
    """

    scoring = models.ForeignKey(
        AgencyScoring,
        on_delete=models.PROTECT,
        related_name="group_counts",
        verbose_name=gettext_lazy("scoring of an agency"),
    )
    criterion = models.CharField(gettext_lazy("criterion"), max_length=40)
    group = models.CharField(gettext_lazy("group"), max_length=40)
    option = models.CharField(gettext_lazy("answer"), max_length=40)
    count = models.PositiveIntegerField(gettext_lazy("count"), default=0)

    class Meta:
        verbose_name = gettext_lazy("count of a group survey")
        verbose_name_plural = gettext_lazy("counts of group surveys")
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["scoring", "criterion", "group", "option"], name="group_count_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.scoring_id} {self.criterion} {self.group} {self.option}"


def list_groups(framework: Framework) -> dict[str, str]:
    """Code and name of every group some line asks."""
    return {group.code: group.title for line in _surveyed(framework) for group in line.groups}


def _surveyed(framework: Framework) -> list[Any]:
    return [line for line in framework.leaves() if line.input == "survey_group"]


def asked_lines(framework: Framework, group: str, kind: str) -> list[Any]:
    """Lines a group is asked of agencies of a kind."""
    return [
        line
        for line in _surveyed(framework)
        if framework.applies(line, kind) and group in {one.code for one in line.groups}
    ]


@transaction.atomic
def issue_links(
    *,
    scoring_round: ScoringRound,
    framework: Framework,
    group: str,
    agencies: Sequence[AgencyScoring],
    count: int,
    now: datetime,
) -> list[str]:
    """Make links for a group; they are told here and nowhere else.

    Raises
    ------
    ValidationError
        The round no longer takes answers, there is no such group, too many links, or more answers
        than a page can ask for.
    """
    if not takes_answers(scoring_round, now):
        raise ValidationError(_("The self-scoring of this round is over."))
    if group not in list_groups(framework):
        raise ValidationError(_("There is no such group."))
    if not MIN_BALLOTS <= count <= MAX_BALLOTS:
        raise ValidationError(
            _("From %(least)s to %(most)s links at a time.")
            % {"least": MIN_BALLOTS, "most": MAX_BALLOTS}
        )
    asked = sum(len(asked_lines(framework, group, one.kind)) for one in agencies)
    if not 1 <= asked <= MAX_CHOICES:
        raise ValidationError(
            _("A page asks for 1 to %(most)s answers; this would be %(asked)s: choose agencies.")
            % {"most": MAX_CHOICES, "asked": asked}
        )
    tokens = [new_code(LINK_LENGTH) for _number in range(count)]
    GroupBallot.objects.bulk_create(
        GroupBallot(
            scoring_round=scoring_round,
            group=group,
            agencies=[one.pk for one in agencies],
            lookup=keyed_hash(PURPOSE, token),
        )
        for token in tokens
    )
    return tokens


def takes_answers(scoring_round: ScoringRound, now: datetime) -> bool:
    """Until the last day of the self-scoring, while nothing is published: the appraisers have the
    counts before them.
    """
    day = timezone.localdate(now)
    return scoring_round.published_at is None and day <= scoring_round.self_due


def find_ballot(token: str) -> GroupBallot | None:
    """The ballot of a link."""
    code = normalise_code(token)
    if len(code) != LINK_LENGTH:
        return None
    rows = GroupBallot.objects.select_related("scoring_round__framework")
    return rows.filter(lookup__in=list(keyed_hashes(PURPOSE, code))).first()


def withdraw_ballots(*, scoring_round: ScoringRound, group: str) -> int:
    """Links of a group that were not used work no more; how many."""
    rows = GroupBallot.objects.filter(scoring_round=scoring_round, group=group)
    return rows.filter(state=GroupBallot.State.OPEN).update(state=GroupBallot.State.WITHDRAWN)


def record_choices(
    *, ballot: GroupBallot, framework: Framework, choices: Choices, now: datetime
) -> None:
    """Add what was chosen to the sums, once.

    Raises
    ------
    ValidationError
        Nothing was chosen, an answer is not offered, or the link works no more.
    """
    chosen = _check_choices(ballot, framework, choices)
    with transaction.atomic():
        rows = GroupBallot.objects.filter(
            pk=ballot.pk,
            state=GroupBallot.State.OPEN,
            scoring_round__published_at=None,
            scoring_round__self_due__gte=timezone.localdate(now),
        )
        if not rows.update(state=GroupBallot.State.USED):
            raise ValidationError(_("This link has been used, or works no more."))
        for scoring, line, option in chosen:
            _add_one(scoring, line, ballot.group, option)
        # Every link of the group is written anew with this one: no number of a transaction tells
        # which of them was used just now.
        siblings = GroupBallot.objects.filter(
            scoring_round=ballot.scoring_round, group=ballot.group
        )
        siblings.update(group=ballot.group)


def _add_one(scoring: AgencyScoring, line: str, group: str, option: str) -> None:
    place = {"scoring": scoring, "criterion": line, "group": group, "option": option}
    if not GroupCount.objects.filter(**place).update(count=models.F("count") + 1):
        row, made = GroupCount.objects.get_or_create(**place, defaults={"count": 1})
        if not made:
            GroupCount.objects.filter(pk=row.pk).update(count=models.F("count") + 1)


def _check_choices(
    ballot: GroupBallot, framework: Framework, choices: Choices
) -> list[tuple[AgencyScoring, str, str]]:
    found = []
    for scoring in ballot_agencies(ballot):
        for line in asked_lines(framework, ballot.group, scoring.kind):
            chosen = choices.get(str(scoring.pk), {}).get(line.code, "")
            if chosen and chosen not in {option.code for option in line.options}:
                raise ValidationError(_("Choose one of the answers on the page."))
            if chosen:
                found.append((scoring, line.code, chosen))
    if not found:
        raise ValidationError(_("Please choose at least one answer."))
    return found


def ballot_agencies(ballot: GroupBallot) -> QuerySet[AgencyScoring]:
    """The scorings a ballot asks about."""
    rows = AgencyScoring.objects.filter(pk__in=ballot.agencies)
    return rows.filter(scoring_round=ballot.scoring_round_id).order_by("name", "pk")


def group_figures(scoring_round: ScoringRound, framework: Framework, now: datetime) -> Counts:
    """What the groups say of each agency, line by line, once their time is over: two looks apart
    would tell what one person said, also where no link is open, for more can be made. Nothing where
    a group that is asked has too few.
    """
    if takes_answers(scoring_round, now):
        return {}
    rows = GroupCount.objects.filter(scoring__scoring_round=scoring_round)
    counts = Counter({(r.scoring_id, r.criterion, f"{r.group}.{r.option}"): r.count for r in rows})
    found: Counts = {}
    for scoring in AgencyScoring.objects.filter(scoring_round=scoring_round):
        for line in _surveyed(framework):
            names = [f"{g.code}.{o.code}" for g in line.groups for o in line.options]
            told = {name: counts[scoring.pk, line.code, name] for name in names}
            if _are_enough(line, told):
                figures = {name: str(n) for name, n in told.items()}
                found.setdefault(scoring.agency_id, {})[line.code] = figures
    return found


def _are_enough(line: Any, told: Mapping[str, int]) -> bool:
    sums = [
        sum(told[f"{group.code}.{option.code}"] for option in line.options) for group in line.groups
    ]
    return min(sums, default=0) >= MIN_BALLOTS


def count_ballots(scoring_round: ScoringRound) -> dict[str, dict[str, int]]:
    """By group how many links are open, used and withdrawn."""
    rows = GroupBallot.objects.filter(scoring_round=scoring_round).order_by()
    found: dict[str, dict[str, int]] = {}
    for group, state, n in rows.values_list("group", "state").annotate(n=models.Count("pk")):
        found.setdefault(group, {})[state] = n
    return found


def ended_surveys(day: date) -> QuerySet[ScoringRound]:
    """Rounds that are not published, whose links take no more answers since the day before."""
    rows = ScoringRound.objects.filter(published_at=None, self_due__lt=day)
    return rows.filter(group_ballots__isnull=False).distinct()
