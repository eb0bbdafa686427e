"""Reads: a version as frozen data, its wordings, and how complete a language is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import override

from survey.common.periods import parse_period
from survey.questionnaires.content import Form, QuestionSpec
from survey.questionnaires.kinds import KINDS
from survey.questionnaires.models import Assignment, Version, VersionStatus

SHORT_FORM: Final = "counter-short"
"""The first form of every entrance."""


@lru_cache(maxsize=64)
def _frozen_form(version_id: int) -> Form:
    return read_form(Version.objects.select_related("questionnaire", "extends").get(pk=version_id))


def load_form(version_id: int) -> Form:
    """The version as data. Published versions never change, so they are read once per process."""
    form = _frozen_form(version_id)
    if not form.published:
        _frozen_form.cache_clear()
    return form


def read_form(version: Version) -> Form:
    """The version as data, straight from the database."""
    factors: dict[str, tuple[QuestionSpec, ...]] = {}
    for factor in version.factors.order_by("position").prefetch_related("questions"):
        questions = sorted(factor.questions.all(), key=lambda question: question.position)
        factors[factor.code] = tuple(
            QuestionSpec(
                code=question.code,
                kind=question.kind,
                factor=factor.code,
                required=question.required,
                not_applicable=question.not_applicable,
                options=tuple(question.options),
                shown_when={code: tuple(values) for code, values in question.shown_when.items()},
            )
            for question in questions
        )
    return Form(
        version_id=version.pk,
        questionnaire=version.questionnaire.code,
        number=version.number,
        published=version.status != VersionStatus.DRAFT,
        extends=version.extends.code if version.extends else None,
        factors=factors,
    )


@lru_cache(maxsize=256)
def wordings(version_id: int, language: str) -> dict[str, str]:
    """Text of every slot in a language, of a version that never changes again."""
    return read_wordings(version_id, language)


def read_wordings(version_id: int, language: str) -> dict[str, str]:
    """Text of every slot in a language, straight from the database; a slot without it is shown in
    Vietnamese.
    """
    texts: dict[str, str] = {}
    rows = Version.objects.get(pk=version_id).wordings
    for code in (settings.LANGUAGE_CODE, language):
        texts |= dict(rows.filter(language=code).values_list("slot", "text"))
    return texts


def published_version(questionnaire: str) -> Version | None:
    """The version citizens are asked now."""
    return Version.objects.filter(
        questionnaire__code=questionnaire, status=VersionStatus.PUBLISHED
    ).first()


def is_alternative(
    version_id: int,
    current: int,
    since: datetime,
    place: tuple[int | None, int | None] | None = None,
) -> bool:
    """Whether a version is of the same questionnaire and was in use until after ``since``: what a
    page was opened with is taken.

    ``place`` (office, domain) of a first form: also a version of another questionnaire that is or
    was asked there.
    """
    same = Q(questionnaire__versions=current)
    if place is not None:
        office, domain = place
        asked = Assignment.objects.filter(valid_from__lte=timezone.localdate())
        asked = asked.filter(Q(office=None) | Q(office=office), Q(domain=None) | Q(domain=domain))
        here = Q(questionnaire__in=asked.values("questionnaire"))
        same |= Q(extends=None) & (here | Q(questionnaire__code=SHORT_FORM))
    found = Version.objects.filter(pk=version_id).exclude(status=VersionStatus.DRAFT).filter(same)
    return found.filter(Q(retired_at=None) | Q(retired_at__gt=since)).exists()


def published_extension(questionnaire: str) -> Version | None:
    """The published version of the form that continues this one, if there is any."""
    return (
        Version.objects.filter(extends__code=questionnaire, status=VersionStatus.PUBLISHED)
        .order_by("pk")
        .last()
    )


# Written by hand: it runs for every page of the full form.
_EXTENSION = """
    SELECT e.id FROM survey_version v
    JOIN survey_version e ON e.extends_id = COALESCE(v.extends_id, v.questionnaire_id) AND
        e.status = 'published'
    WHERE v.id = %s ORDER BY e.id DESC
"""


def extension_id(version_id: int) -> int | None:
    """The published form that continues the one a version belongs to or itself extends."""
    with connection.cursor() as cursor:
        cursor.execute(_EXTENSION, [version_id])
        row = cursor.fetchone()
    return row[0] if row else None


def _official(versions: QuerySet[Version]) -> QuerySet[Version]:
    """The short form and what continues it: what an office asks of its own is no part of the
    figures' words.
    """
    return versions.filter(Q(questionnaire__code=SHORT_FORM) | Q(extends__code=SHORT_FORM))


def question_texts(language: str) -> dict[str, str]:
    """Factor or question code -> its words in the published forms."""
    texts: dict[str, str] = {}
    for version in _official(Version.objects.filter(status=VersionStatus.PUBLISHED)).order_by("pk"):
        for slot, text in wordings(version.pk, language).items():
            kind, _dot, code = slot.partition(".")
            if kind in ("factor", "question"):
                texts[code] = text
    return texts


def choice_texts(code: str, language: str) -> dict[str, str]:
    """Answer -> its words, of a question in every version that was ever published; the latest
    wording wins.
    """
    texts: dict[str, str] = {}
    for version in Version.objects.exclude(status=VersionStatus.DRAFT).order_by("pk"):
        question = load_form(version.pk).questions.get(code)
        if question is not None and question.kind in KINDS:
            with override(language):
                texts |= dict(
                    KINDS[question.kind].choices(question, wordings(version.pk, language))
                )
    return texts


def list_wordings_slots(form: Form) -> Iterable[str]:
    """Every slot that needs a wording."""
    yield from ("title", "intro")
    for factor, questions in form.factors.items():
        yield f"factor.{factor}"
        for question in questions:
            yield f"question.{question.code}"
            yield from (f"option.{question.code}.{option}" for option in question.options)


def missing_wordings(version: Version) -> dict[str, list[str]]:
    """Language -> slots without a wording; what the completeness meter counts."""
    slots = list(list_wordings_slots(read_form(version)))
    missing = {}
    for language, _name in settings.LANGUAGES:
        present = set(
            version.wordings.filter(language=language)
            .exclude(text="")
            .values_list("slot", flat=True)
        )
        missing[language] = [slot for slot in slots if slot not in present]
    return missing


def complete_shares(version: Version) -> dict[str, int]:
    """Language -> texts that are there, per hundred, rounded down: only a complete form has 100."""
    slots = set(list_wordings_slots(read_form(version)))
    present = version.wordings.exclude(text="").values_list("language", "slot")
    found = Counter(language for language, slot in present if slot in slots)
    return {
        code: 100 * found[code] // len(slots) if slots else 0 for code, _name in settings.LANGUAGES
    }


def wordings_changed(first: date, last: date) -> list[Version]:
    """Versions that took the place of an earlier one between two days: a break a series has to
    show.
    """
    start, end = (
        timezone.make_aware(datetime.combine(day, time.min))
        for day in (first, last + timedelta(days=1))
    )
    changed = _official(Version.objects.select_related("questionnaire"))
    changed = changed.exclude(status=VersionStatus.DRAFT)
    within = changed.filter(number__gt=1, published_at__gte=start, published_at__lt=end)
    return list(within.order_by("published_at"))


def periods_reworded(periods: Sequence[str]) -> list[str]:
    """Those of these periods, like ``2026-Q3``, in which questions got other words, or between the
    period before and it.
    """
    spans = sorted(((parse_period(name), name) for name in periods), key=lambda s: s[0].last)
    if not spans:
        return []
    changed = wordings_changed(min(span.first for span, _name in spans), spans[-1][0].last)
    days = [timezone.localdate(version.published_at) for version in changed]
    found, since = [], date.min
    for span, name in spans:
        if any(since < day <= span.last for day in days):
            found.append(name)
        since = span.last
    return found


ASSIGNED: Final = """
    SELECT v.id FROM survey_assignment a
    JOIN survey_version v ON v.questionnaire_id = a.questionnaire_id AND v.status = 'published'
        AND v.extends_id IS NULL
    WHERE a.valid_from <= {today} AND (a.office_id IS NULL OR a.office_id = {office})
        AND (a.domain_id IS NULL OR a.domain_id = {domain})
    ORDER BY (a.office_id IS NULL), (a.domain_id IS NULL), a.valid_from DESC, a.id DESC LIMIT 1
"""
"""The published form an office and domain ask by assignment, to stand in a statement."""
_FIRST_FORM = """
    SELECT COALESCE((@),
        (SELECT v.id FROM survey_version v JOIN survey_questionnaire q
         ON q.id = v.questionnaire_id WHERE q.code = %s AND v.status = 'published'))
""".replace("@", ASSIGNED.format(today="%s", office="%s", domain="%s"))


def find_first_form(*, office_id: int | None, domain_id: int | None, today: date) -> int | None:
    """The form asked at an office and about a domain: the assigned one, else the short form."""
    with connection.cursor() as cursor:
        cursor.execute(_FIRST_FORM, [today, office_id, domain_id, SHORT_FORM])
        row = cursor.fetchone()
    return row[0] if row else None


def newest_version() -> int:
    """Key of the version published last, 0 without one."""
    published = Version.objects.exclude(status=VersionStatus.DRAFT).order_by("-published_at")
    return published.values_list("pk", flat=True).first() or 0


def published_short_form() -> int | None:
    """The published form behind links and slips; None while there is none."""
    found = Version.objects.filter(questionnaire__code=SHORT_FORM, status="published").values_list(
        "pk", flat=True
    )
    return found.first()
