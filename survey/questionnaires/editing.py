"""Writes: the questions of a draft, one by one. What every figure rests on stays as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from survey.questionnaires.kinds import KINDS
from survey.questionnaires.models import Factor, Question, Version, VersionStatus
from survey.questionnaires.services import read_core


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A question as somebody wants it; ``options``: code -> words in Vietnamese."""

    code: str
    kind: str
    text: str
    required: bool = False
    not_applicable: bool = False
    options: Mapping[str, str] = field(default_factory=dict)
    shown_when: Mapping[str, Sequence[int | str]] = field(default_factory=dict)


def is_core(question: Question) -> bool:
    """Whether figures rest on it: its kind stays, and so does it."""
    return question.code in read_core(question.version.questionnaire.code)


def _lock(version: Version) -> Version:
    locked = Version.objects.select_for_update().get(pk=version.pk)
    if locked.status != VersionStatus.DRAFT:
        raise ValidationError(_("Only a draft can be changed."))
    return locked


@transaction.atomic
def add_question(*, factor: Factor, wanted: Wanted) -> Question:
    """A new question at the end of a factor.

    Raises
    ------
    ValidationError
        The version is no draft, or has a question with this code.
    """
    version = _lock(factor.version)
    if version.questions.filter(code=wanted.code).exists():
        raise ValidationError({"code": _("This version already has a question with this code.")})
    last = factor.questions.aggregate(n=Max("position"))["n"] or 0
    question = Question(version=version, factor=factor, code=wanted.code, position=last + 1)
    return _store(question, wanted)


@transaction.atomic
def change_question(*, question: Question, wanted: Wanted) -> Question:
    """Other words, choices, conditions; the code stays, so figures go on as one series.

    Raises
    ------
    ValidationError
        The version is no draft, or the question belongs to the core block and would change.
    """
    _lock(question.version)
    same = (question.kind, list(question.options)) == (wanted.kind, list(wanted.options))
    if is_core(question) and not same:
        raise ValidationError({"kind": _("This question belongs to the core block: it stays.")})
    return _store(question, wanted)


def _store(question: Question, wanted: Wanted) -> Question:
    if wanted.kind not in KINDS:
        raise ValidationError({"kind": _("Choose a kind of question.")})
    question.kind, question.required = wanted.kind, wanted.required
    question.not_applicable = wanted.not_applicable
    question.options = list(wanted.options)
    question.shown_when = {code: list(values) for code, values in wanted.shown_when.items()}
    question.save()
    words = {f"question.{question.code}": wanted.text}
    words |= {f"option.{question.code}.{code}": text for code, text in wanted.options.items()}
    own = question.version.wordings
    own.filter(slot__startswith=f"option.{question.code}.").exclude(slot__in=words).delete()
    for slot, text in words.items():
        own.update_or_create(slot=slot, language=settings.LANGUAGE_CODE, defaults={"text": text})
    return question


@transaction.atomic
def move_question(*, question: Question, up: bool) -> None:
    """Change places with the one before or after it in its factor."""
    _lock(question.version)
    order = list(question.factor.questions.order_by("position", "pk"))
    place = next(i for i, other in enumerate(order) if other.pk == question.pk)
    other = place + (-1 if up else 1)
    if 0 <= other < len(order):
        order[place], order[other] = order[other], order[place]
    for position, row in enumerate(order, start=1):
        if row.position != position:
            Question.objects.filter(pk=row.pk).update(position=position)


@transaction.atomic
def remove_question(*, question: Question) -> None:
    """Ask it no longer, from this draft on; its words go along, and its factor when it was the
    last one there.

    Raises
    ------
    ValidationError
        The version is no draft, or the question belongs to the core block.
    """
    version = _lock(question.version)
    if is_core(question):
        raise ValidationError(_("This question belongs to the core block: it stays."))
    version.wordings.filter(slot=f"question.{question.code}").delete()
    version.wordings.filter(slot__startswith=f"option.{question.code}.").delete()
    factor = question.factor
    question.delete()
    if not factor.questions.exists():
        version.wordings.filter(slot=f"factor.{factor.code}").delete()
        factor.delete()


@transaction.atomic
def add_factor(*, version: Version, code: str, text: str) -> Factor:
    """A new group of questions at the end.

    Raises
    ------
    ValidationError
        The version is no draft, or has a factor with this code.
    """
    _lock(version)
    if version.factors.filter(code=code).exists():
        raise ValidationError({"code": _("This version already has a factor with this code.")})
    last = version.factors.aggregate(n=Max("position"))["n"] or 0
    made = Factor.objects.create(version=version, code=code, position=last + 1)
    version.wordings.create(slot=f"factor.{code}", language=settings.LANGUAGE_CODE, text=text)
    return made
