"""Writes: load a questionnaire from its file, publish, retire."""

from __future__ import annotations

import tomllib
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext as _

from survey.questionnaires.faults import find_faults
from survey.questionnaires.kinds import KINDS
from survey.questionnaires.models import (
    Factor,
    Question,
    Questionnaire,
    Version,
    VersionStatus,
    Wording,
)
from survey.questionnaires.queries import missing_wordings, read_form

LIBRARY: Final = Path(__file__).parent / "library"
LIBRARY_NAMES: Final = ("counter-short", "service-block")


@transaction.atomic
def load_questionnaire(*, path: Path) -> Version:
    """A new draft version from a TOML file (see ``library/``)."""
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    questionnaire, _made = Questionnaire.objects.get_or_create(
        code=data["code"], defaults={"name": data["title"]["vi"]}
    )
    latest = questionnaire.versions.order_by("-number").first()
    version = Version.objects.create(
        questionnaire=questionnaire,
        number=latest.number + 1 if latest else 1,
        extends=Questionnaire.objects.get(code=data["extends"]) if "extends" in data else None,
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
    if faults := find_faults(version):
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
