"""Writes: a draft from a file, its words, publish, retire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from survey.questionnaires.faults import find_faults
from survey.questionnaires.file_shape import parse_questionnaire
from survey.questionnaires.files import texts_by_slot, write_questionnaire
from survey.questionnaires.kinds import KINDS
from survey.questionnaires.models import (
    Factor,
    Question,
    Questionnaire,
    Version,
    VersionStatus,
    Wording,
)
from survey.questionnaires.queries import list_wordings_slots, missing_wordings, read_form

LIBRARY: Final = Path(__file__).parent / "library"
LIBRARY_NAMES: Final = ("counter-short", "service-block")


def load_questionnaire(*, path: Path) -> Version:
    """A new draft version from a TOML file (see ``library/``)."""
    return draft_from_text(text=path.read_text(encoding="utf-8"))


@transaction.atomic
def draft_from_text(*, text: str) -> Version:
    """A new draft version from the text of a TOML file.

    Raises
    ------
    ValidationError
        The text is no questionnaire: says where and what to do; nothing is kept.
    """
    return make_draft(data=parse_questionnaire(text))


@transaction.atomic
def make_draft(*, data: dict[str, Any]) -> Version:
    """A new draft version from the data of a file, checked before."""
    questionnaire, _made = Questionnaire.objects.get_or_create(
        code=data["code"], defaults={"name": data["title"]["vi"][:200]}
    )
    Questionnaire.objects.select_for_update().get(pk=questionnaire.pk)
    latest = questionnaire.versions.order_by("-number").first()
    version = Version.objects.create(
        questionnaire=questionnaire,
        number=latest.number + 1 if latest else 1,
        extends=_find_extended(data),
        legal_basis=data.get("legal_basis", ""),
    )
    texts: dict[str, dict[str, str]] = {"title": data["title"], "intro": data["intro"]}
    for position, factor in enumerate(data["factor"], start=1):
        row = Factor.objects.create(version=version, code=factor["code"], position=position)
        texts[f"factor.{factor['code']}"] = factor["text"]
        for place, question in enumerate(factor["question"], start=1):
            texts |= _add_question(version, row, question, place)
    Wording.objects.bulk_create(
        Wording(version=version, slot=slot, language=language, text=text)
        for slot, by_language in texts.items()
        for language, text in by_language.items()
    )
    return version


def _find_extended(data: dict[str, Any]) -> Questionnaire | None:
    if "extends" not in data:
        return None
    found = Questionnaire.objects.filter(code=data["extends"]).first()
    if found is None or data["extends"] == data["code"]:
        raise ValidationError(
            _("There is no questionnaire “%(code)s” to extend.") % {"code": data["extends"]}
        )
    return found


def _find_rivals(version: Version) -> list[str]:
    """Sentences on another published form that goes on from the same one: citizens meet one."""
    if version.extends is None:
        return []
    rivals = Version.objects.filter(extends=version.extends, status=VersionStatus.PUBLISHED)
    other = rivals.exclude(questionnaire=version.questionnaire).first()
    return (
        [_("“%(other)s” goes on from the same form. Retire it first.") % {"other": other}]
        if other
        else []
    )


@transaction.atomic
def copy_to_draft(*, version: Version) -> Version:
    """A draft like a version, to be changed; there is one draft of a questionnaire at a time.

    Raises
    ------
    ValidationError
        There is a draft already.
    """
    Questionnaire.objects.select_for_update().get(pk=version.questionnaire_id)
    if version.questionnaire.versions.filter(status=VersionStatus.DRAFT).exists():
        raise ValidationError(_("This questionnaire already has a draft."))
    return draft_from_text(text=write_questionnaire(version))


@transaction.atomic
def save_wordings(*, version: Version, texts: Mapping[str, Mapping[str, str]]) -> int:
    """Words of a draft by slot and language; an empty text takes the words away. Returns how many
    changed.

    Raises
    ------
    ValidationError
        The version is no draft.
    """
    _check_draft(version)
    slots = set(list_wordings_slots(read_form(version)))
    before = texts_by_slot(version)
    changed = 0
    for slot, by_language in texts.items():
        for language, text in by_language.items():
            if slot not in slots or text == before.get(slot, {}).get(language, ""):
                continue
            rows = version.wordings.filter(slot=slot, language=language)
            if not text:
                rows.delete()
            elif not rows.update(text=text):
                version.wordings.create(slot=slot, language=language, text=text)
            changed += 1
    return changed


@transaction.atomic
def save_legal_basis(*, version: Version, text: str) -> bool:
    """By which rule a draft is asked. Returns whether that changed.

    Raises
    ------
    ValidationError
        The version is no draft.
    """
    _check_draft(version)
    changed = version.legal_basis != text
    Version.objects.filter(pk=version.pk).update(legal_basis=text)
    version.legal_basis = text
    return changed


@transaction.atomic
def delete_draft(*, version: Version) -> None:
    """A draft nobody needs; what was published stays for ever.

    Raises
    ------
    ValidationError
        The version is no draft.
    """
    _check_draft(version)
    version.delete()


def _check_draft(version: Version) -> None:
    if version.status != VersionStatus.DRAFT:
        raise ValidationError(_("Only a draft can be changed."))


def _add_question(
    version: Version, factor: Factor, data: dict[str, Any], position: int
) -> dict[str, dict[str, str]]:
    if data["kind"] not in KINDS:
        raise ValidationError(_("Unknown kind of question: “%(kind)s”.") % {"kind": data["kind"]})
    options = data.get("options", {})
    Question.objects.create(
        version=version,
        factor=factor,
        code=data["code"],
        kind=data["kind"],
        position=position,
        required=data.get("required", False),
        not_applicable=data.get("not_applicable", False),
        options=list(options),
        shown_when=data.get("shown_when", {}),
    )
    texts = {f"option.{data['code']}.{code}": text for code, text in options.items()}
    return {f"question.{data['code']}": data["text"], **texts}


@transaction.atomic
def publish_version(*, version: Version, now: datetime) -> Version:
    """Draft -> published; the version published before is retired. Refused while a wording is
    missing.
    """
    if version.status != VersionStatus.DRAFT:
        raise ValidationError(_("Only a draft can be published."))
    faults = [*find_faults(version), *_find_lost_core(version), *_find_rivals(version)]
    if faults:
        raise ValidationError(faults)
    for language, slots in missing_wordings(version).items():
        if slots:
            raise ValidationError(
                _(
                    "%(count)s texts are missing in “%(language)s”, first: %(slot)s. Add them, "
                    "then publish."
                )
                % {"count": len(slots), "language": language, "slot": slots[0]}
            )
    for other in Version.objects.filter(
        questionnaire=version.questionnaire, status=VersionStatus.PUBLISHED
    ):
        retire_version(version=other, now=now)
    version.status, version.published_at = VersionStatus.PUBLISHED, now
    version.save()
    return version


@lru_cache(maxsize=8)
def _read_shipped(name: str) -> dict[str, Any]:
    return parse_questionnaire((LIBRARY / f"{name}.toml").read_text(encoding="utf-8"))


def read_core(questionnaire: str) -> dict[str, str]:
    """Code -> kind of the questions every figure rests on; none in questionnaires of one's own."""
    if questionnaire not in LIBRARY_NAMES:
        return {}
    shipped = _read_shipped(questionnaire)
    every = [q for factor in shipped["factor"] for q in factor["question"]]
    return {q["code"]: q["kind"] for q in [q for q in every if q.get("required")] or every}


def _find_lost_core(version: Version) -> list[str]:
    """Sentences on questions every figure rests on that a version no longer asks as it did."""
    name = version.questionnaire.code
    if name not in LIBRARY_NAMES:
        return []
    asked = read_form(version).questions
    found = []
    if (version.extends.code if version.extends else None) != _read_shipped(name).get("extends"):
        found.append(_("This questionnaire goes on from another one: “extends” must stay."))
    return found + [
        _("Question “%(code)s” belongs to the core block: it must stay, with its kind.")
        % {"code": code}
        for code, kind in read_core(name).items()
        if code not in asked or asked[code].kind != kind
    ]


@transaction.atomic
def retire_version(*, version: Version, now: datetime) -> Version:
    """Published -> retired; answers already given stay."""
    version.status, version.retired_at = VersionStatus.RETIRED, now
    version.save(update_fields=["status", "retired_at"])
    return version


@transaction.atomic
def renew_library(*, now: datetime) -> list[Version]:
    """Publish the shipped questionnaires anew where their words or questions are others than those
    in use; answers already given stay with the version they were given to.
    """
    renewed = []
    for name in LIBRARY_NAMES:
        fresh = load_questionnaire(path=LIBRARY / f"{name}.toml")
        used = fresh.questionnaire.versions.filter(status=VersionStatus.PUBLISHED).first()
        if used is not None and _content(fresh) == _content(used):
            fresh.delete()
        else:
            renewed.append(publish_version(version=fresh, now=now))
    return renewed


def _content(version: Version) -> tuple[object, ...]:
    """What citizens meet of a version: its questions and every word."""
    words = version.wordings.order_by("slot", "language")
    return read_form(version).factors, list(words.values_list("slot", "language", "text"))


def ensure_library(*, now: datetime) -> None:
    """Load and publish the shipped questionnaires that are not there yet."""
    for name in LIBRARY_NAMES:
        if not Questionnaire.objects.filter(code=name).exists():
            publish_version(version=load_questionnaire(path=LIBRARY / f"{name}.toml"), now=now)
